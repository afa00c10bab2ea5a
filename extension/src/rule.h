/*
 * rule.h
 *		Expressions over facts, and the rules made of them.
 */
#ifndef CL_RULE_H
#define CL_RULE_H

#include "cl_compat.h"
#include "access/tupdesc.h"
#include "executor/executor.h"
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
extern Expr *cl_expression_analyze(const char *source, TupleDesc facts, Oid result_type);

/*
 * Is this the fault of an expression, or of the server that runs it?  A
 * cancel, a lack of memory or of stack must go on to the user.
 */
static inline bool
cl_is_expression_fault(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_DATA_EXCEPTION ||
		category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		category == ERRCODE_FEATURE_NOT_SUPPORTED ||
		sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX ||
		sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* rule.c */
extern const RuleSet *cl_rules(const char *subject);

#endif							/* CL_RULE_H */
