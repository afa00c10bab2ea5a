/*
 * attendance_clock.c
 *		Local days of instants.
 *
 * Asking the time zone library for the local date of every event would cost
 * more than all the rest together.  No zone has ever been more than 25 hours
 * from UTC, so for nearly every event a comparison of integers tells whether
 * a local day has been reached; only events within 25 hours of the day's
 * midnight in UTC are looked up.  The answer is exact in all zones, also
 * where the clock was put back across midnight and local days run backwards.
 *
 * Days are counted from 0001-01-01 here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"

#include "attendance.h"

PG_FUNCTION_INFO_V1(canonical_zone);

/*
 * Open the clock of a zone that cl_zone_canonical() has accepted before.
 */
void
cl_clock_init(LocalClock *clock, const char *zone, int zone_length)
{
	char		name[CL_MAX_ZONE + 1];

	clock->zone = NULL;
	clock->n_spans = clock->next_span = 0;
	if (zone_length == 0)
		return;
	memcpy(name, zone, zone_length);
	name[zone_length] = '\0';
	clock->zone = pg_tzset(name);
	if (clock->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" is no longer known to this server", name),
				 errhint("Update the server's time zone data.")));
}

/*
 * The distance of local time from UTC at an instant.  The zone's rules are
 * asked once a span; the clock remembers the spans.
 */
static int32
utc_offset(LocalClock *clock, int64 second)
{
	pg_time_t	at = second - CL_SECS_TO_UNIX_EPOCH;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			before_dst;
	int			after_dst;
	int			found;
	ClockSpan  *span;

	for (int i = 0; i < clock->n_spans; i++)
	{
		if (clock->spans[i].begin <= second && second < clock->spans[i].end)
			return clock->spans[i].offset;
	}
	found = pg_next_dst_boundary(&at, &before, &before_dst, &boundary, &after, &after_dst, clock->zone);
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	boundary = found == 0 ? PG_INT64_MAX : boundary + CL_SECS_TO_UNIX_EPOCH;
	for (int i = 0; i < clock->n_spans; i++)
	{
		if (clock->spans[i].end == boundary && clock->spans[i].begin > second)
		{
			clock->spans[i].begin = second;
			return clock->spans[i].offset;
		}
	}
	if (clock->n_spans < CL_CLOCK_SPANS)
		span = &clock->spans[clock->n_spans++];
	else
	{
		span = &clock->spans[clock->next_span];
		clock->next_span = (clock->next_span + 1) % CL_CLOCK_SPANS;
	}
	span->begin = second;
	span->end = boundary;
	span->offset = (int32) before;
	return span->offset;
}

/* The local day of an instant. */
int32
cl_local_day(LocalClock *clock, int64 second)
{
	if (clock->zone != NULL)
		second += utc_offset(clock, second);
	return (int32) (second >= 0 ? second / SECS_PER_DAY : -((SECS_PER_DAY - 1 - second) / SECS_PER_DAY));
}

/* The local day on which the transaction began. */
int32
cl_today(LocalClock *clock)
{
	int64		now = GetCurrentTransactionStartTimestamp() / USECS_PER_SEC;

	return cl_local_day(clock, now + CL_SECS_TO_PG_EPOCH);
}

/*
 * A finite date as a day number, which may be negative.  22008 for infinity:
 * windows that end there would have no beginning.
 */
int32
cl_finite_day(DateADT date)
{
	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of date must be finite")));
	return date + CL_DAYS_TO_PG_EPOCH;
}

/*
 * canonical_zone(text) -> text.  22023 for a name that is not known.
 */
Datum
canonical_zone(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	char		zone[CL_MAX_ZONE + 1];
	int			length = cl_zone_canonical(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), zone);

	if (length == 0)
		PG_RETURN_TEXT_P(cstring_to_text("UTC"));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(zone, length));
}
