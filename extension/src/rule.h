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
extern ErrorData *cl_guarded(void (*body) (void *), void *arg);
extern Expr *cl_expression_analyze(const char *source, TupleDesc facts, Oid result_type);

/* rule.c */
extern const RuleSet *cl_rules(const char *subject);

#endif							/* CL_RULE_H */
