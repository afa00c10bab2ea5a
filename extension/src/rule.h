/*
 * rule.h
 *		Expressions over facts, and the rules made of them.
 */
#ifndef CL_RULE_H
#define CL_RULE_H

#include "cl_compat.h"
#include "access/tupdesc.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#define CL_MAX_EXPRESSION_LENGTH	4000	/* bytes */
#define CL_MAX_EXPRESSION_DEPTH		50
#define CL_MAX_EXPRESSION_NODES		1000

/*
 * What an expression may consist of: conditions and weights over facts, or
 * the mapping of a source over the columns of its relation.
 */
typedef struct Dialect
{
	const char *over;			/* "facts": what messages say it is over */
	const char *name;			/* "fact": what one of them is called */
	const char *hint;			/* what such expressions look like */
	const char *type_hint;
	const char *name_hint;
	bool		(*type_allowed) (Oid type);
	const char *const *operators;
	int			n_operators;
	const char *const *functions;
	int			n_functions;
	bool		reads_text;		/* casts by way of text, LIKE, SQL's own call syntax, functions that settings guide */
} Dialect;

/* What facts a subject has and what names one row of them. */
typedef struct Subject
{
	char	   *name;
	TupleDesc	facts;
	Oid			facts_relid;	/* pg_class row of the type */
	char	   *source;			/* FROM item of the facts; "$1" is as_of */
	bool		registered;		/* by register_subject(): has no as_of */
	char	   *zone;			/* expression for its time zone; NULL: UTC */
	int			district_column;	/* numbers of columns of the facts */
	int			key_columns[8];
	int			keys;
	int			client_column;	/* 0: no client's */
	int			episode_column;	/* 0: none */
	int			level_column;	/* 0: no site level */
	int			discipline_column;	/* 0: no discipline */
} Subject;

typedef uint8 Verdict;

#define RULE_SILENT	((Verdict) 0)	/* false or unknown */
#define RULE_HOLDS	((Verdict) 1)
#define RULE_FAILS	((Verdict) 2)

/* A rule as this backend knows it, compiled. */
typedef struct Rule
{
	char	   *district_id;	/* "*" = every district */
	char	   *rule_name;
	int32		version;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	char	   *site_level;		/* NULL: any */
	char	   *discipline;		/* NULL: any */
	char	   *supersedes;		/* NULL: only its own name */
	char	   *severity;
	char	   *action;
	char	   *message;
	Interval   *due_after;
	int32		priority;
	Datum		facts;			/* text[]: that the condition uses */
	bool		warns;			/* action warn */
	bool		late;			/* looks at warnings that stand */
	Expr	   *condition;		/* NULL: does not compile any more */
	char	   *fault;			/* then: why */
	ExprState  *state;			/* made when the rule is judged alone */
} Rule;

/* The rights before cl_restrict_rights(). */
typedef struct Restriction
{
	Oid			userid;
	int			sec_context;
} Restriction;

/* What decides whether a rule is meant for a subject; asked only when needed. */
typedef struct RuleScope
{
	const char *district_id;
	DateADT		day;
	const char *(*level) (void *arg);	/* NULL: not recorded */
	bool		(*treated) (void *arg, const char *discipline);
	void	   *arg;
} RuleScope;

/* Conditions that native.c understands. */
typedef struct NativeProgram NativeProgram;

/*
 * The rules of one district and those of all, as one program: those that
 * native.c understands, and one projection for the others.  Those that
 * look at warnings come last, and are judged when the others have been.
 */
typedef struct RuleProgram
{
	const struct KeySet *levels;	/* of the set */
	const char *district_id;
	Rule	  **rules;
	int			count;
	int			early;			/* how many of them are not late */
	NativeProgram *native[2];	/* early, late */
	ProjectionInfo **chunks[2];
	int			n_chunks[2];
	int		   *projected[2];	/* which rule each column of the chunks is */
	int			n_projected[2];
	int		   *asked;			/* rules that native.c has left to the executor */
	Bitmapset **superseders;	/* of each rule; NULL: none */
	bool		can_fail;
	bool		broken;			/* some rule does not compile */
	bool		unconditional;	/* all rules always speak */
	ExprContext *econtext;
	/* of the row judged last */
	Verdict    *verdicts;
	const char **faults;
} RuleProgram;

typedef struct RuleSet
{
	MemoryContext context;
	Subject    *subject;
	Rule	   *rules;
	int			count;
	RuleProgram **programs;		/* by district, made when needed; [0] is "*" */
	const char **districts;		/* that have rules of their own, from [1] */
	int			n_programs;
	struct KeySet *levels;		/* districts and the levels of their sites; NULL: no rule asks */
	struct KeySet *sites;		/* that have a level; NULL as well */
	Datum	   *site_levels;	/* by place in sites: text */
	Bitmapset  *facts;			/* columns that any rule uses, as pull_varattnos() numbers them */
	void	   *asks;			/* what decide/ makes of that; NULL: nothing yet */
	struct _SPI_plan *keyed_plan;	/* reads facts of a few keys; NULL: not made yet */
} RuleSet;

/* subject.c */
extern int	cl_find_fact(TupleDesc facts, const char *name, Oid type);
extern Subject *cl_subject(const char *name);
extern TupleDesc cl_facts_type(const char *subject);

/* expression.c */
extern ErrorData *cl_guarded(void (*body) (void *), void *arg);
extern Expr *cl_expression_check_in(const Dialect *dialect, const char *source, TupleDesc facts, Oid result_type);
extern Expr *cl_expression_check(const char *source, TupleDesc facts, Oid result_type);
extern Expr *cl_expression_analyze(const char *source, TupleDesc facts, Oid result_type);

/* expression_cost.c */
extern void cl_check_expression_cost(Node *expression);

/* expression_text.c */
extern bool cl_is_not_distinct(Node *node);
extern char *cl_expression_text(Node *node, TupleDesc facts);
extern char *cl_operand_words(Node *node, TupleDesc facts);
extern void cl_append_value(StringInfo out, Datum value, Oid type);

/* mapping.c */
extern bool cl_is_fixed_moment(const char *source, int location);

/* rule.c */
extern RuleSet *cl_rules(const char *subject);
extern Datum cl_fact_names(TupleDesc facts, const Bitmapset *used);

/* native.c */
extern NativeProgram *cl_native_new(void);
extern bool cl_native_add(NativeProgram *program, int rule, Expr *condition, bool can_fail);
extern void cl_native_finish(NativeProgram *program);

/* native_run.c */
extern int	cl_native_judge(NativeProgram *program, TupleTableSlot *facts, Verdict *verdicts, int *asked);

/* program.c */
extern void cl_restrict_rights(Restriction *before);
extern void cl_restore_rights(const Restriction *before);
extern RuleProgram *cl_rule_program(RuleSet *set, const char *district_id);
extern void cl_judge(RuleProgram *program, TupleTableSlot *facts, bool late);
extern void cl_judge_guarded(RuleProgram *program, TupleTableSlot *facts, bool late);
extern void cl_judge_each(RuleProgram *program, TupleTableSlot *facts, bool late);
extern bool cl_rule_speaks(const RuleProgram *program, int rule, const RuleScope *scope);
extern bool cl_can_fail(Expr *expression);
extern bool cl_any_warning(const RuleProgram *program, const RuleScope *scope);

#endif							/* CL_RULE_H */
