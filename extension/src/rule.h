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
#include "utils/date.h"

#define CL_MAX_EXPRESSION_LENGTH	4000	/* bytes */
#define CL_MAX_EXPRESSION_DEPTH		50
#define CL_MAX_EXPRESSION_NODES		1000

/* A rule in force in this backend, compiled. */
typedef struct Rule
{
	char	   *district_id;	/* "*" = every district */
	char	   *rule_name;
	int32		version;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	ExprState  *condition;		/* NULL: does not compile any more */
	char	   *fault;			/* then: why */
} Rule;

typedef struct RuleSet
{
	MemoryContext context;
	TupleDesc	facts;
	Rule	   *rules;
	int			count;
} RuleSet;

/* expression.c */
extern TupleDesc cl_facts_type(const char *subject);
extern ErrorData *cl_guarded(void (*body) (void *), void *arg);
extern Expr *cl_expression_check(const char *source, TupleDesc facts, Oid result_type);
extern Expr *cl_expression_analyze(const char *source, TupleDesc facts, Oid result_type);

/* expression_text.c */
extern bool cl_is_not_distinct(Node *node);
extern char *cl_expression_text(Node *node, TupleDesc facts);
extern char *cl_operand_words(Node *node, TupleDesc facts);
extern void cl_append_value(StringInfo out, Datum value, Oid type);

/* rule.c */
extern const RuleSet *cl_rules(const char *subject);

#endif							/* CL_RULE_H */
