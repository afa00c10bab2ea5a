/*
 * availability_op.c
 *		Availabilities as sets of minutes: union, common time, difference.
 *
 * A list of points says where a week changes between available and not.  So
 * every operation is one walk over the points of both, and an operation is
 * told by the answers to "in a, in b, in both?": four bits.  The result
 * changes where its answer does, and is canonical by itself.
 */
#include "postgres.h"

#include "availability.h"

/* Bit (in a) + 2 * (in b): is such a minute in the result? */
#define IN_EITHER	0xe
#define IN_BOTH		0x8
#define IN_A_ONLY	0x2
#define IN_B_ONLY	0x4

PG_FUNCTION_INFO_V1(availability_add);
PG_FUNCTION_INFO_V1(availability_subtract);
PG_FUNCTION_INFO_V1(availability_intersect);
PG_FUNCTION_INFO_V1(availability_contains);
PG_FUNCTION_INFO_V1(availability_contained);
PG_FUNCTION_INFO_V1(availability_overlaps);
PG_FUNCTION_INFO_V1(availability_minutes);
PG_FUNCTION_INFO_V1(availability_shift);

static void
read_pair(FunctionCallInfo fcinfo, Week *a, Week *b)
{
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), a);
	cl_week_read(PG_GETARG_AVAILABILITY_PP(1), b);
}

/*
 * The points of the result and how many.  With points NULL it ends at the
 * first: is there any such minute?
 */
static int
walk(const Week *a, const Week *b, unsigned wanted, uint16 *points)
{
	int			i = 0;
	int			j = 0;
	int			count = 0;

	while (i < a->count || j < b->count)
	{
		int			x = i < a->count ? a->point[i] : CL_MINUTES_PER_WEEK + 1;
		int			y = j < b->count ? b->point[j] : CL_MINUTES_PER_WEEK + 1;

		i += x <= y;
		j += y <= x;
		if (((wanted >> ((i & 1) + 2 * (j & 1))) & 1) != (unsigned) (count & 1))
		{
			if (points == NULL)
				return 1;
			points[count++] = (uint16) Min(x, y);
		}
	}
	return count;
}

static Datum
combine(FunctionCallInfo fcinfo, unsigned wanted)
{
	Week		a;
	Week		b;
	uint16		points[2 * CL_MAX_POINTS];

	read_pair(fcinfo, &a, &b);
	PG_RETURN_AVAILABILITY_P(cl_week_write(points, walk(&a, &b, wanted, points)));
}

static bool
has_any(FunctionCallInfo fcinfo, unsigned wanted)
{
	Week		a;
	Week		b;

	read_pair(fcinfo, &a, &b);
	return walk(&a, &b, wanted, NULL) > 0;
}

/* availability + availability: the time of either.  54000 for too many intervals. */
Datum
availability_add(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, IN_EITHER);
}

/* availability - availability: the time of the first only.  54000 as above. */
Datum
availability_subtract(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, IN_A_ONLY);
}

/* availability * availability: the time of both.  54000 as above. */
Datum
availability_intersect(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, IN_BOTH);
}

/* availability @> availability: all the time of the second is in the first. */
Datum
availability_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!has_any(fcinfo, IN_B_ONLY));
}

Datum
availability_contained(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!has_any(fcinfo, IN_A_ONLY));
}

/* availability && availability: there is time in common. */
Datum
availability_overlaps(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_any(fcinfo, IN_BOTH));
}

/*
 * Is every minute from begin up to end in the week?  Minutes of the week; an
 * end beyond 10080 goes on on Monday.
 */
bool
cl_week_covers(const Week *week, int64 begin, int64 end)
{
	while (begin < end)
	{
		int			from = (int) (begin % CL_MINUTES_PER_WEEK);
		int			low = 0;
		int			high = week->count / 2;

		/* the last interval that begins at or before from */
		while (low < high)
		{
			int			middle = (low + high) / 2;

			if (week->point[2 * middle] <= from)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == 0 || week->point[2 * low - 1] <= from)
			return false;
		begin += week->point[2 * low - 1] - from;
		/* the whole week is in: whatever comes is, too */
		if (week->count == 2 && week->point[1] - week->point[0] == CL_MINUTES_PER_WEEK)
			return true;
	}
	return true;
}

/* The time of both; 54000 for too many intervals. */
void
cl_week_common(const Week *a, const Week *b, Week *common)
{
	uint16		points[2 * CL_MAX_POINTS];
	int			count = walk(a, b, IN_BOTH, points);

	if (count > CL_MAX_POINTS)
		cl_too_many_intervals();
	memcpy(common->point, points, sizeof(uint16) * count);
	common->count = count;
}

int
cl_week_minutes(const Week *week)
{
	int			minutes = 0;

	for (int i = 0; i < week->count; i += 2)
		minutes += week->point[i + 1] - week->point[i];
	return minutes;
}

/* minutes(availability) -> int: minutes in a week. */
Datum
availability_minutes(PG_FUNCTION_ARGS)
{
	Week		week;

	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	PG_RETURN_INT32(cl_week_minutes(&week));
}

/*
 * shift(availability, minutes int) -> availability: everything that much
 * later (earlier, if negative), over the week's end.  54000 as above.
 */
Datum
availability_shift(PG_FUNCTION_ARGS)
{
	int32		by = PG_GETARG_INT32(1) % CL_MINUTES_PER_WEEK;
	Week		week;
	WeekMap		map;

	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	cl_week_clear(&map);
	for (int i = 0; i < week.count; i += 2)
		cl_week_fill(&map, (week.point[i] + by + CL_MINUTES_PER_WEEK) % CL_MINUTES_PER_WEEK, week.point[i + 1] - week.point[i]);
	PG_RETURN_AVAILABILITY_P(cl_week_write_map(&map));
}
