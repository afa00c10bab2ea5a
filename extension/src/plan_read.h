/*
 * plan_read.h
 *		Where the rows of a plan come from: queries of the caller, or the tables.
 */
#ifndef CL_PLAN_READ_H
#define CL_PLAN_READ_H

#include "plan.h"

typedef struct PlanSource
{
	const char *therapists;		/* NULL: of the tables */
	const char *clients;
	const char *eligible;
	const char *options;		/* NULL: none */
	Datum		args[2];		/* as_of, in_district, for the tables */
	char		nulls[3];
} PlanSource;

extern PlanInput *cl_plan_read(const PlanSource *source, int64 memory_limit);
extern int64 cl_plan_thousandths(Datum value, Oid type, bool *good);

#endif							/* CL_PLAN_READ_H */
