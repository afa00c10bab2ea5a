/*
 * availability_zone.c
 *		Availabilities and the clock: instants, and other time zones.
 *
 * A week of local times meets instants only through a zone, and everything
 * here goes from instants to local times, never back: an instant has one
 * local time, while a local time may have none (the hour that is skipped in
 * spring) or two (the hour that comes twice in autumn).  So a local time that
 * does not exist says nothing, and one that exists twice says both, and both
 * follow from the instants without a rule of their own.
 *
 * Instants are taken span by span between changes of the clock, in which
 * local time is a constant away from UTC.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "attendance.h"
#include "availability.h"

#define SECS_PER_WEEK		(CL_WEEKDAYS * SECS_PER_DAY)
#define USECS_PER_WEEK		(CL_WEEKDAYS * USECS_PER_DAY)
/* 2000-01-01 was a Saturday */
#define DAYS_FROM_MONDAY	5
#define UNIX_TO_PG_SECS		((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)
/* no zone has ever been farther from UTC */
#define FARTHEST_ZONE		((int64) 25 * SECS_PER_HOUR)

PG_FUNCTION_INFO_V1(availability_at_local);
PG_FUNCTION_INFO_V1(availability_at_instant);
PG_FUNCTION_INFO_V1(availability_at_zone);

static int64
floor_div(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/* The zone of a text argument, NULL for UTC; 22023 for an unknown one. */
static pg_tz *
zone_arg(FunctionCallInfo fcinfo, int n)
{
	text	   *name = PG_GETARG_TEXT_PP(n);
	char		zone[CL_MAX_ZONE + 1];
	LocalClock	clock;

	cl_clock_init(&clock, zone, cl_zone_canonical(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), zone));
	return clock.zone;
}

/*
 * Seconds by which a zone is east of UTC from an instant (Unix) on, and until
 * when, at the latest "end".
 */
static int64
offset_from(pg_tz *zone, int64 instant, int64 *end)
{
	pg_time_t	at = instant;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			before_dst;
	int			after_dst;
	int			found;

	if (zone == NULL)
		return 0;
	found = pg_next_dst_boundary(&at, &before, &before_dst, &boundary, &after, &after_dst, zone);
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	if (found > 0 && boundary < *end)
		*end = boundary;
	return before;
}

/* Argument "minutes" of is_available(). */
static int64
minutes_arg(FunctionCallInfo fcinfo, int n)
{
	int32		minutes = PG_GETARG_INT32(n);

	if (minutes < 0 || minutes > CL_MINUTES_PER_WEEK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minutes must be between 0 and %d", CL_MINUTES_PER_WEEK)));
	return minutes;
}

/* Is all the time from a local time on, that many microseconds, in the week? */
static bool
covers_local(const Week *week, int64 local, int64 usecs)
{
	int64		in_week = local + DAYS_FROM_MONDAY * USECS_PER_DAY;

	in_week -= floor_div(in_week, USECS_PER_WEEK) * USECS_PER_WEEK;
	return cl_week_covers(week, in_week / USECS_PER_MINUTE,
						  (in_week + usecs + USECS_PER_MINUTE - 1) / USECS_PER_MINUTE);
}

static void
check_finite(int64 at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time must be finite")));
}

/*
 * is_available(availability, at timestamp, minutes int) -> boolean: is all of
 * the time from a local time on, "minutes" long, available?  0: that instant.
 * 22023 for minutes below 0 or above a week, 22008 for infinity.
 */
Datum
availability_at_local(PG_FUNCTION_ARGS)
{
	Week		week;
	Timestamp	at = PG_GETARG_TIMESTAMP(1);
	int64		minutes = minutes_arg(fcinfo, 2);

	check_finite(at);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	PG_RETURN_BOOL(covers_local(&week, at, Max(minutes * USECS_PER_MINUTE, 1)));
}

/*
 * is_available(availability, at timestamptz, zone text, minutes int) ->
 * boolean: the same for an instant and a length of real time, where the
 * availability is in local times of that zone.
 */
Datum
availability_at_instant(PG_FUNCTION_ARGS)
{
	Week		week;
	int64		at = PG_GETARG_TIMESTAMPTZ(1);
	pg_tz	   *zone = zone_arg(fcinfo, 2);
	int64		minutes = minutes_arg(fcinfo, 3);
	int64		end;

	check_finite(at);
	end = at + Max(minutes * USECS_PER_MINUTE, 1);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	while (at < end)
	{
		int64		span_end = floor_div(end, USECS_PER_SEC) + 1 + UNIX_TO_PG_SECS;
		int64		offset = offset_from(zone, floor_div(at, USECS_PER_SEC) + UNIX_TO_PG_SECS, &span_end);
		int64		until = Min(end, (span_end - UNIX_TO_PG_SECS) * USECS_PER_SEC);

		if (!covers_local(&week, at + offset * USECS_PER_SEC, until - at))
			PG_RETURN_BOOL(false);
		at = until;
	}
	PG_RETURN_BOOL(true);
}

/*
 * at_zone(availability, from_zone text, to_zone text, on_date date) ->
 * availability: the local times in to_zone of the instants at which clocks in
 * from_zone show one of these times in the week, Monday to Sunday, that has
 * the date.  Minutes are whole also where a zone is not a whole number of
 * minutes from UTC (before 1972): rounded down.  22023 for unknown zones,
 * 22008 for infinity, 54000 for too many intervals.
 */
Datum
availability_at_zone(PG_FUNCTION_ARGS)
{
	Week		week;
	WeekMap		map;
	pg_tz	   *from_zone = zone_arg(fcinfo, 1);
	pg_tz	   *to_zone = zone_arg(fcinfo, 2);
	DateADT		date = PG_GETARG_DATEADT(3);
	int64		monday;			/* Monday 00:00 as if in UTC, Unix seconds */
	int64		at;
	int64		end;

	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("on_date must be finite")));
	monday = floor_div((int64) date + DAYS_FROM_MONDAY, CL_WEEKDAYS) * CL_WEEKDAYS - DAYS_FROM_MONDAY;
	monday = monday * SECS_PER_DAY + UNIX_TO_PG_SECS;

	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	cl_week_clear(&map);
	end = monday + SECS_PER_WEEK + FARTHEST_ZONE;
	for (at = monday - FARTHEST_ZONE; at < end;)
	{
		int64		until = end;
		int64		from_offset = offset_from(from_zone, at, &until);
		int64		to_offset = offset_from(to_zone, at, &until);
		int64		low = at + from_offset - monday;
		int64		high = until + from_offset - monday;

		for (int i = 0; i < week.count; i += 2)
		{
			int64		x = Max(week.point[i] * SECS_PER_MINUTE, low);
			int64		y = Min(week.point[i + 1] * SECS_PER_MINUTE, high);
			int64		begin;

			if (x >= y)
				continue;
			begin = floor_div(x + to_offset - from_offset, SECS_PER_MINUTE);
			y = floor_div(y + to_offset - from_offset, SECS_PER_MINUTE);
			cl_week_fill(&map, (int) ((begin + CL_MINUTES_PER_WEEK) % CL_MINUTES_PER_WEEK), (int) (y - begin));
		}
		at = until;
	}
	PG_RETURN_AVAILABILITY_P(cl_week_write_map(&map));
}
