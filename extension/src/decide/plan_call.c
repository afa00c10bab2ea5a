/*
 * plan_call.c
 *		What every function of plans is asked with: numbers, limits, and the rows
 *		of which the model is made.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "plan_read.h"

/* A number between two limits. */
int64
cl_plan_argument(FunctionCallInfo fcinfo, int n, const char *name, int64 least, int64 most, int64 when_null)
{
	int64		value;

	if (PG_ARGISNULL(n))
		return when_null;
	value = get_fn_expr_argtype(fcinfo->flinfo, n) == INT8OID ? PG_GETARG_INT64(n) : PG_GETARG_INT32(n);
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between " INT64_FORMAT " and " INT64_FORMAT, name, least, most)));
	return value;
}

/* A time limit as the moment when it is over, on the clock of cl_plan_clock(); 0: none. */
int64
cl_plan_deadline(FunctionCallInfo fcinfo, int n)
{
	Interval   *limit;

	if (PG_ARGISNULL(n))
		return 0;
	limit = PG_GETARG_INTERVAL_P(n);
	if (limit->time < 0 || limit->day != 0 || limit->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time_limit must be hours, minutes and seconds, and not below 0")));
	return cl_plan_clock() + limit->time;
}

/*
 * The first six arguments are the same everywhere: three queries, the day, the
 * district, the discipline; memory_limit is where it is, and behind it
 * options, if there are any.
 */
void
cl_plan_begin(FunctionCallInfo fcinfo, PlanCall *call, int memory_argument, bool placing, bool waiting)
{
	PlanSource	source = {0};
	int64		memory_limit = cl_plan_argument(fcinfo, memory_argument, "memory_limit", 1, 1024 * 1024, 1024) * 1024 * 1024;
	MemoryContext oldcontext;

	source.therapists = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	source.clients = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	source.eligible = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (PG_NARGS() > memory_argument + 1 && !PG_ARGISNULL(memory_argument + 1))
		source.options = text_to_cstring(PG_GETARG_TEXT_PP(memory_argument + 1));
	for (int i = 0; i < CL_PLAN_PARAMETERS; i++)
	{
		source.nulls[i] = PG_ARGISNULL(3 + i);
		source.args[i] = PG_ARGISNULL(3 + i) ? (Datum) 0 : PG_GETARG_DATUM(3 + i);
	}
	call->context = AllocSetContextCreate(CurrentMemoryContext, "caseload plan", ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(call->context);
	source.placing = placing;
	source.waiting = waiting;
	call->input = cl_plan_read(&source, memory_limit);
	call->input->placing = waiting;
	call->model = cl_plan_model(call->input, memory_limit);
	call->today = cl_plan_state(call->model);
	if (call->model->n_options > 0)
	{
		cl_plan_offer_options(call->model, call->today, cl_plan_fair(call->model, call->today, false));
		call->today = cl_plan_state(call->model);
	}
	MemoryContextSwitchTo(oldcontext);
}
