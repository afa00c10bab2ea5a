/*
 * plan_read.h
 *		Where the rows of a plan come from: queries of the caller, or the tables.
 */
#ifndef CL_PLAN_READ_H
#define CL_PLAN_READ_H

#include "plan.h"

#define CL_PLAN_PARAMETERS	3

typedef struct PlanSource
{
	const char *therapists;		/* NULL: of the tables */
	const char *clients;
	const char *eligible;
	const char *options;		/* NULL: none */
	Datum		args[CL_PLAN_PARAMETERS];	/* of each query: as_of, in_district, in_discipline */
	bool		nulls[CL_PLAN_PARAMETERS];
	bool		placing;		/* there may be priorities, and costs and weights of pairs */
	bool		waiting;		/* of the tables, those who wait have them */
} PlanSource;

/* What every function of plans is asked with. */
typedef struct PlanCall
{
	MemoryContext context;
	PlanInput  *input;
	PlanModel  *model;
	PlanWork   *today;			/* before anything */
} PlanCall;

/* plan_call.c */
extern int64 cl_plan_argument(FunctionCallInfo fcinfo, int n, const char *name, int64 least, int64 most, int64 when_null);
extern int64 cl_plan_deadline(FunctionCallInfo fcinfo, int n);
extern void cl_plan_begin(FunctionCallInfo fcinfo, PlanCall *call, int memory_argument, bool placing, bool waiting);

/* plan_read.c, plan_value.c */
extern PlanInput *cl_plan_read(const PlanSource *source, int64 memory_limit);
extern int64 cl_plan_thousandths(Datum value, Oid type, bool *good);

#endif							/* CL_PLAN_READ_H */
