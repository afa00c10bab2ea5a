/*
 * availability_slot.c
 *		An availability as rows: its intervals, and the openings in them.
 *
 * An interval that goes on over Sunday midnight is two in the value and one
 * in the world, so openings are cut from the two together.
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "availability.h"

PG_FUNCTION_INFO_V1(availability_intervals);
PG_FUNCTION_INFO_V1(availability_openings);
PG_FUNCTION_INFO_V1(availability_opening_count);

/* A stretch of time without a gap, which may go over the end of the week. */
typedef struct Stretch
{
	int			begin;
	int			minutes;
} Stretch;

static TimeADT
time_of_day(int minute)
{
	return (TimeADT) minute * USECS_PER_MINUTE;
}

/* day, day_name, begins, ends, and as many columns more as the caller has */
static void
put_row(ReturnSetInfo *rsinfo, int day, int begin, int end, int minutes)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int32GetDatum(day + 1);
	values[1] = CStringGetTextDatum(cl_day_names[day]);
	values[2] = TimeADTGetDatum(time_of_day(begin));
	values[3] = TimeADTGetDatum(time_of_day(end));
	values[4] = Int32GetDatum(minutes);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	pfree(DatumGetPointer(values[1]));
}

/*
 * intervals(availability) -> rows (day int, day_name text, begins time, ends
 * time, minutes int), in order; an interval across midnight is a row for
 * each day.
 */
Datum
availability_intervals(PG_FUNCTION_ARGS)
{
	Week		week;
	PieceReader reader = {NULL, 0, 0, 0};
	DayPiece	piece;

	InitMaterializedSRF(fcinfo, 0);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	reader.points = week.point;
	reader.count = week.count;
	while (cl_next_piece(&reader, &piece))
		put_row((ReturnSetInfo *) fcinfo->resultinfo, piece.day, piece.begin, piece.end, piece.end - piece.begin);
	return (Datum) 0;
}

/* The stretches of a week, in the order of their beginnings. */
static int
find_stretches(const Week *week, Stretch stretches[CL_MAX_INTERVALS])
{
	int			count = week->count / 2;
	int			first = 0;

	/* Monday's first goes to Sunday's last, unless they are the same */
	if (count > 1 && week->point[0] == 0 && week->point[week->count - 1] == CL_MINUTES_PER_WEEK)
		first = 1;
	for (int i = first; i < count; i++)
	{
		stretches[i - first].begin = week->point[2 * i];
		stretches[i - first].minutes = week->point[2 * i + 1] - week->point[2 * i];
	}
	if (first == 1)
		stretches[count - 2].minutes += week->point[1];
	return count - first;
}

/* Arguments 1 and 2: how long an opening is, and how far apart they begin. */
static void
opening_args(FunctionCallInfo fcinfo, int *minutes, int *step)
{
	*minutes = PG_GETARG_INT32(1);
	*step = PG_ARGISNULL(2) ? *minutes : PG_GETARG_INT32(2);
	if (*minutes < 1 || *minutes > CL_MINUTES_PER_WEEK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("minutes of an opening must be between 1 and %d", CL_MINUTES_PER_WEEK)));
	if (*step < 1 || *step > CL_MINUTES_PER_WEEK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step between openings must be between 1 and %d minutes", CL_MINUTES_PER_WEEK)));
}

/*
 * openings(availability, minutes int, step int) -> rows (day int, day_name
 * text, begins time, ends time): times of that many minutes, the first at the
 * beginning of each interval, the next one step later; step NULL is minutes.
 * No rows where another argument is NULL.  22023 for numbers out of range.
 */
Datum
availability_openings(PG_FUNCTION_ARGS)
{
	Week		week;
	Stretch		stretches[CL_MAX_INTERVALS];
	int			count;
	int			minutes;
	int			step;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	opening_args(fcinfo, &minutes, &step);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	count = find_stretches(&week, stretches);
	for (int i = 0; i < count; i++)
	{
		for (int at = 0; at + minutes <= stretches[i].minutes; at += step)
		{
			int			begin = (stretches[i].begin + at) % CL_MINUTES_PER_WEEK;
			int			day = begin / CL_MINUTES_PER_DAY;
			int			end;

			begin %= CL_MINUTES_PER_DAY;
			/* midnight ends a day; it is 24:00 */
			end = (begin + minutes - 1) % CL_MINUTES_PER_DAY + 1;
			put_row((ReturnSetInfo *) fcinfo->resultinfo, day, begin, end, minutes);
		}
	}
	return (Datum) 0;
}

/*
 * opening_count(availability, minutes int, step int) -> int: how many rows
 * openings() has.  NULL where the first or the second is.
 */
Datum
availability_opening_count(PG_FUNCTION_ARGS)
{
	Week		week;
	Stretch		stretches[CL_MAX_INTERVALS];
	int			count;
	int			minutes;
	int			step;
	int			openings = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	opening_args(fcinfo, &minutes, &step);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	count = find_stretches(&week, stretches);
	for (int i = 0; i < count; i++)
	{
		if (stretches[i].minutes >= minutes)
			openings += (stretches[i].minutes - minutes) / step + 1;
	}
	PG_RETURN_INT32(openings);
}
