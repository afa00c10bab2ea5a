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

#include "utils/builtins.h"

#include "attendance.h"

#define FARTHEST_ZONE	((int64) 25 * SECS_PER_HOUR)

PG_FUNCTION_INFO_V1(canonical_zone);

/*
 * Open the clock of a zone that cl_zone_canonical() has accepted before.
 */
void
cl_clock_init(LocalClock *clock, const char *zone, int zone_length)
{
	char		name[CL_MAX_ZONE + 1];

	clock->zone = NULL;
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

/* The local day of an instant. */
int32
cl_local_day(const LocalClock *clock, int64 second)
{
	pg_time_t	at = second - CL_SECS_TO_UNIX_EPOCH;
	struct pg_tm *tm;

	if (clock->zone == NULL)
		return (int32) (second / SECS_PER_DAY);
	tm = pg_localtime(&at, clock->zone);
	if (tm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return date2j(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday) - CL_EPOCH_JDATE;
}

/* Is the local day of this instant on or after that day? */
bool
cl_day_reached(const LocalClock *clock, int64 second, int32 day)
{
	int64		since = second - (int64) day * SECS_PER_DAY;

	if (since < -FARTHEST_ZONE)
		return false;
	if (since >= FARTHEST_ZONE)
		return true;
	return cl_local_day(clock, second) >= day;
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
