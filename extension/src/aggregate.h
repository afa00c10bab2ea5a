/*
 * aggregate.h
 *		What all functions of our aggregates do first.
 */
#ifndef CL_AGGREGATE_H
#define CL_AGGREGATE_H

#include "cl_compat.h"

/* They change their state in place, which only the executor may let them. */
static inline void
cl_check_aggregate_call(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function of an aggregate called in non-aggregate context")));
}

#endif							/* CL_AGGREGATE_H */
