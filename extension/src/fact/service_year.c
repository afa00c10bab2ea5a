/*
 * service_year.c
 *		A line of a plan a week, in the service year of its discipline and site.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "dosage.h"
#include "workload.h"

PG_FUNCTION_INFO_V1(service_minutes);
PG_FUNCTION_INFO_V1(service_weeks);

typedef struct MinutesCache
{
	PolicyBook	book;
	TupleDesc	result;
} MinutesCache;

static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* The row type that a function returns, kept with its cache. */
TupleDesc
cl_result_type(FunctionCallInfo fcinfo, MemoryContext context, int columns)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts != columns)
		elog(ERROR, "return type is not the row type that is expected");
	tupdesc = BlessTupleDesc(tupdesc);
	MemoryContextSwitchTo(oldcontext);
	return tupdesc;
}

/*
 * service_minutes(dosage, group_size, district_id, discipline, level, site_id,
 * day) -> (client_minutes, therapist_minutes, weekly_sessions,
 * weeks_per_year): a line of a plan a week, in the service year of its
 * discipline and site.  Of a NULL dosage all but the last is NULL, of one
 * that does not say sessions weekly_sessions.
 */
Datum
service_minutes(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MinutesCache *cache = cl_query_cache(fcinfo->flinfo, sizeof(MinutesCache), &context);
	Datum		values[4];
	bool		nulls[4] = {true, true, true, false};
	ServiceYear year;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	cache->book.context = context;
	if (cache->result == NULL)
		cache->result = cl_result_type(fcinfo, context, 4);
	year = cl_service_year(cl_work_policies(cl_district_policies(&cache->book, text_arg(fcinfo, 2)),
											text_arg(fcinfo, 3), text_arg(fcinfo, 4), PG_GETARG_DATEADT(6)),
						   text_arg(fcinfo, 5));
	values[3] = Int32GetDatum(year.weeks);
	if (!PG_ARGISNULL(0))
	{
		Dosage		d = cl_stored_dosage(PG_GETARG_INT64(0));
		int64		amount = (int64) d.minutes * Max(d.sessions, 1);
		int			share = PG_GETARG_INT32(1);

		if (share < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a group has at least one client")));
		values[0] = NumericGetDatum(cl_millionths(cl_dosage_weekly(&d, amount, year.weeks, year.months, 1)));
		values[1] = NumericGetDatum(cl_millionths(cl_dosage_weekly(&d, amount, year.weeks, year.months, share)));
		nulls[0] = nulls[1] = false;
		if (d.sessions > 0)
		{
			values[2] = NumericGetDatum(cl_millionths(cl_dosage_weekly(&d, d.sessions, year.weeks, year.months, 1)));
			nulls[2] = false;
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(cache->result, values, nulls)));
}

/*
 * service_weeks(district_id, site_id, as_of) -> integer: weeks with a day that
 * is not closed in the service year around a date; site NULL: closures of the
 * whole district only.  NULL around infinity.
 */
Datum
service_weeks(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	PolicyBook *book = cl_query_cache(fcinfo->flinfo, sizeof(PolicyBook), &context);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || DATE_NOT_FINITE(PG_GETARG_DATEADT(2)))
		PG_RETURN_NULL();
	book->context = context;
	PG_RETURN_INT32(cl_service_weeks(cl_district_policies(book, text_arg(fcinfo, 0)),
									 text_arg(fcinfo, 1), PG_GETARG_DATEADT(2)));
}
