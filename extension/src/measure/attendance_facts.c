/*
 * attendance_facts.c
 *		What an attendance value says as of a date.
 *
 * One pass over the events answers every question at once, and the single
 * SQL functions are windows onto that pass: so no-shows, strikes and runs
 * have one definition each, whoever asks.  The meaning of every number is in
 * docs/attendance.md.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "attendance.h"

/* longest distance between two instants whose local days run backwards */
#define CLOCK_SETBACK	((int64) 25 * SECS_PER_HOUR)

PG_FUNCTION_INFO_V1(attendance_appointments);
PG_FUNCTION_INFO_V1(attendance_attended);
PG_FUNCTION_INFO_V1(attendance_no_shows);
PG_FUNCTION_INFO_V1(attendance_late_cancels);
PG_FUNCTION_INFO_V1(attendance_strikes);
PG_FUNCTION_INFO_V1(attendance_unresolved);
PG_FUNCTION_INFO_V1(attendance_misses_in);
PG_FUNCTION_INFO_V1(attendance_strikes_in);
PG_FUNCTION_INFO_V1(attendance_most_misses_in);
PG_FUNCTION_INFO_V1(attendance_miss_run);
PG_FUNCTION_INFO_V1(attendance_longest_miss_run);
PG_FUNCTION_INFO_V1(attendance_cancel_run);
PG_FUNCTION_INFO_V1(attendance_on_time_run);
PG_FUNCTION_INFO_V1(attendance_late_run);
PG_FUNCTION_INFO_V1(attendance_last_attended);
PG_FUNCTION_INFO_V1(attendance_last_contact);
PG_FUNCTION_INFO_V1(attendance_next_appointment);
PG_FUNCTION_INFO_V1(attendance_span);
PG_FUNCTION_INFO_V1(attendance_zone);
PG_FUNCTION_INFO_V1(attendance_event_count);
PG_FUNCTION_INFO_V1(attendance_events);

/* Keep the instant of the later local day (usually the later instant). */
static void
keep_latest(LocalClock *clock, int64 *best, int64 second)
{
	if (*best == CL_NEVER || second - *best >= CLOCK_SETBACK ||
		cl_local_day(clock, second) >= cl_local_day(clock, *best))
		*best = second;
}

static void
keep_earliest(LocalClock *clock, int64 *best, int64 second)
{
	if (*best == CL_NEVER ||
		(second - *best < CLOCK_SETBACK &&
		 cl_local_day(clock, second) < cl_local_day(clock, *best)))
		*best = second;
}

/* The miss run after one more event. */
static int32
next_run(int32 run, EventStatus status)
{
	if (status == CL_NO_SHOW)
		return run + 1;
	return cl_is_session(status) ? 0 : run;
}

/*
 * The pass.  Everything counts up to the local day "as_of", except where
 * AttendanceFacts says otherwise; the window is the "window" days that end with it.
 */
void
cl_collect_facts(AttendanceReader *reader, LocalClock *clock,
				 int32 as_of, int32 window, AttendanceFacts *facts)
{
	int32		window_begin = (int32) Max((int64) as_of - window + 1, PG_INT32_MIN);
	int32		run = 0;

	memset(facts, 0, sizeof(AttendanceFacts));
	facts->first_event = facts->last_event = CL_NEVER;
	facts->last_attended = facts->last_contact = facts->next_appointment = CL_NEVER;

	while (cl_attendance_next(reader))
	{
		int64		second = reader->second;
		EventStatus status = EVENT_STATUS(reader->last);
		bool		future = cl_day_reached(clock, second, as_of + 1);

		if ((reader->left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();

		keep_earliest(clock, &facts->first_event, second);
		keep_latest(clock, &facts->last_event, second);

		run = next_run(run, status);
		facts->longest_miss_run = Max(facts->longest_miss_run, run);

		if (future)
		{
			/* an appointment that was not called off stood on that date */
			if (status <= CL_NO_SHOW)
				keep_earliest(clock, &facts->next_appointment, second);
			continue;
		}

		if (status < CL_APPOINTMENT_STATUSES)
			facts->appointments++;
		switch (status)
		{
			case CL_SCHEDULED:
				if (cl_day_reached(clock, second, as_of))
					keep_earliest(clock, &facts->next_appointment, second);
				else
					facts->unresolved++;
				break;
			case CL_ATTENDED:
			case CL_LATE:
				facts->attended++;
				facts->miss_run = 0;
				facts->cancel_run = 0;
				if (status == CL_LATE)
				{
					facts->late++;
					facts->late_run++;
					facts->on_time_run = 0;
				}
				else
				{
					facts->late_run = 0;
					facts->on_time_run++;
				}
				if (cl_day_reached(clock, second, as_of))
					facts->attended_today++;
				if (cl_day_reached(clock, second, window_begin))
					facts->attended_in_window++;
				keep_latest(clock, &facts->last_attended, second);
				keep_latest(clock, &facts->last_contact, second);
				break;
			case CL_NO_SHOW:
				facts->no_shows++;
				facts->miss_run++;
				facts->cancel_run = 0;
				facts->on_time_run = 0;
				break;
			case CL_LATE_CANCEL:
			case CL_CLIENT_CANCEL:
				if (status == CL_LATE_CANCEL)
					facts->late_cancels++;
				else
					facts->client_cancels++;
				facts->cancel_run++;
				facts->on_time_run = 0;
				break;
			case CL_TWO_WAY:
				keep_latest(clock, &facts->last_contact, second);
				break;
			case CL_PROVIDER_CANCEL:
			case CL_CLOSURE:
			case CL_ATTEMPT:
				break;
		}
		if (cl_is_strike(status) && cl_day_reached(clock, second, window_begin))
		{
			facts->strikes_in_window++;
			if (status == CL_NO_SHOW)
				facts->misses_in_window++;
		}
	}
}

/* Argument 0 a value, argument "as_of" a date, window in days. */
static void
facts_of_args(FunctionCallInfo fcinfo, int as_of, int32 window,
			  LocalClock *clock, AttendanceFacts *facts)
{
	AttendanceReader reader;
	int32		day = cl_finite_day(PG_GETARG_DATEADT(as_of));

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	cl_clock_init(clock, reader.zone, reader.zone_length);
	cl_collect_facts(&reader, clock, day, window, facts);
}

static int32
checked_days(int32 days)
{
	if (days < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of days must be at least 1")));
	return days;
}

/* f(attendance, as_of) -> int, one member of AttendanceFacts */
#define FACT_FUNCTION(name, expression) \
Datum \
attendance_##name(PG_FUNCTION_ARGS) \
{ \
	LocalClock	clock; \
	AttendanceFacts facts; \
\
	facts_of_args(fcinfo, 1, 1, &clock, &facts); \
	PG_RETURN_INT32(expression); \
}

FACT_FUNCTION(appointments, facts.appointments)
FACT_FUNCTION(attended, facts.attended)
FACT_FUNCTION(no_shows, facts.no_shows)
FACT_FUNCTION(late_cancels, facts.late_cancels)
FACT_FUNCTION(strikes, facts.no_shows + facts.late_cancels)
FACT_FUNCTION(unresolved, facts.unresolved)
FACT_FUNCTION(miss_run, facts.miss_run)
FACT_FUNCTION(cancel_run, facts.cancel_run)
FACT_FUNCTION(on_time_run, facts.on_time_run)
FACT_FUNCTION(late_run, facts.late_run)

/* f(attendance, days, as_of) -> int */
#define WINDOW_FUNCTION(name, member) \
Datum \
attendance_##name(PG_FUNCTION_ARGS) \
{ \
	LocalClock	clock; \
	AttendanceFacts facts; \
\
	facts_of_args(fcinfo, 2, checked_days(PG_GETARG_INT32(1)), &clock, &facts); \
	PG_RETURN_INT32(facts.member); \
}

WINDOW_FUNCTION(misses_in, misses_in_window)
WINDOW_FUNCTION(strikes_in, strikes_in_window)

static Datum
day_datum(LocalClock *clock, int64 second)
{
	return DateADTGetDatum(cl_local_day(clock, second) - CL_DAYS_TO_PG_EPOCH);
}

/* f(attendance, as_of) -> date, NULL for never */
#define DATE_FUNCTION(name) \
Datum \
attendance_##name(PG_FUNCTION_ARGS) \
{ \
	LocalClock	clock; \
	AttendanceFacts facts; \
\
	facts_of_args(fcinfo, 1, 1, &clock, &facts); \
	if (facts.name == CL_NEVER) \
		PG_RETURN_NULL(); \
	return day_datum(&clock, facts.name); \
}

DATE_FUNCTION(last_attended)
DATE_FUNCTION(last_contact)
DATE_FUNCTION(next_appointment)

/*
 * longest_miss_run(attendance) -> int, over the whole history.
 */
Datum
attendance_longest_miss_run(PG_FUNCTION_ARGS)
{
	AttendanceReader reader;
	int32		run = 0;
	int32		longest = 0;

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	while (cl_attendance_next(&reader))
	{
		run = next_run(run, EVENT_STATUS(reader.last));
		longest = Max(longest, run);
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_INT32(longest);
}

static int
compare_days(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return left < right ? -1 : left > right ? 1 : 0;
}

/*
 * most_misses_in(attendance, days) -> int: the most no-shows in any "days"
 * consecutive local days, found by a window that slides from miss to miss.
 */
Datum
attendance_most_misses_in(PG_FUNCTION_ARGS)
{
	AttendanceReader reader;
	LocalClock	clock;
	int32		days = checked_days(PG_GETARG_INT32(1));
	int32	   *missed;
	uint32		misses = 0;
	uint32		first = 0;
	uint32		most = 0;
	bool		sorted = true;

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	cl_clock_init(&clock, reader.zone, reader.zone_length);
	missed = palloc(sizeof(int32) * Max(reader.count, 1));
	while (cl_attendance_next(&reader))
	{
		if (EVENT_STATUS(reader.last) == CL_NO_SHOW)
		{
			missed[misses] = cl_local_day(&clock, reader.second);
			if (misses > 0 && missed[misses] < missed[misses - 1])
				sorted = false;
			misses++;
		}
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	/* a clock put back across midnight */
	if (!sorted)
		qsort(missed, misses, sizeof(int32), compare_days);

	for (uint32 last = 0; last < misses; last++)
	{
		while ((int64) missed[last] - missed[first] >= days)
			first++;
		most = Max(most, last - first + 1);
	}
	pfree(missed);
	PG_RETURN_INT32((int32) most);
}

Datum
attendance_zone(PG_FUNCTION_ARGS)
{
	AttendanceReader reader;

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	if (reader.zone_length == 0)
		PG_RETURN_TEXT_P(cstring_to_text("UTC"));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(reader.zone, reader.zone_length));
}

Datum
attendance_event_count(PG_FUNCTION_ARGS)
{
	AttendanceReader reader;

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	PG_RETURN_INT32((int32) reader.count);
}

/*
 * span(attendance) -> daterange of local days, NULL when there is no event.
 */
Datum
attendance_span(PG_FUNCTION_ARGS)
{
	AttendanceReader reader;
	LocalClock	clock;
	AttendanceFacts facts;
	TypeCacheEntry *typcache;
	RangeBound	lower;
	RangeBound	upper;

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	cl_clock_init(&clock, reader.zone, reader.zone_length);
	cl_collect_facts(&reader, &clock, 0, 1, &facts);
	if (facts.first_event == CL_NEVER)
		PG_RETURN_NULL();

	typcache = range_get_typcache(fcinfo, DATERANGEOID);
	lower.val = day_datum(&clock, facts.first_event);
	upper.val = DateADTGetDatum(DatumGetDateADT(day_datum(&clock, facts.last_event)) + 1);
	lower.infinite = upper.infinite = false;
	lower.inclusive = lower.lower = true;
	upper.inclusive = upper.lower = false;
	PG_RETURN_RANGE_P(make_range_compat(typcache, &lower, &upper));
}

/*
 * events(attendance) -> setof (at timestamptz, status text), in order.
 */
Datum
attendance_events(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;
	AttendanceReader *reader;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext oldcontext;
		TupleDesc	tupdesc;

		funcctx = SRF_FIRSTCALL_INIT();
		oldcontext = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		funcctx->tuple_desc = BlessTupleDesc(tupdesc);
		reader = palloc(sizeof(AttendanceReader));
		/* the argument may not live to the next call */
		cl_attendance_open(reader, (Attendance *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
		funcctx->user_fctx = reader;
		MemoryContextSwitchTo(oldcontext);
	}

	funcctx = SRF_PERCALL_SETUP();
	reader = funcctx->user_fctx;
	if (!cl_attendance_next(reader))
		SRF_RETURN_DONE(funcctx);
	values[0] = TimestampTzGetDatum(cl_event_timestamp(reader->last));
	values[1] = CStringGetTextDatum(cl_status_name(EVENT_STATUS(reader->last)));
	SRF_RETURN_NEXT(funcctx, HeapTupleGetDatum(heap_form_tuple(funcctx->tuple_desc, values, nulls)));
}
