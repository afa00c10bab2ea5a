/*
 * availability.c
 *		The SQL face of the type availability: its forms, its order, its hash.
 *
 * Text is read and printed in availability_parse.c; what can be asked of
 * weeks stands in availability_op.c, availability_slot.c and
 * availability_zone.c.  A value is canonical and keeps its points high byte
 * first, so comparing is comparing bytes, and gives the order of
 * int4multirange: by the first minute that differs, a shorter list first.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "availability.h"

PG_FUNCTION_INFO_V1(availability_in);
PG_FUNCTION_INFO_V1(availability_out);
PG_FUNCTION_INFO_V1(availability_recv);
PG_FUNCTION_INFO_V1(availability_send);
PG_FUNCTION_INFO_V1(availability_of_day);
PG_FUNCTION_INFO_V1(availability_of_day_name);
PG_FUNCTION_INFO_V1(availability_cmp);
PG_FUNCTION_INFO_V1(availability_eq);
PG_FUNCTION_INFO_V1(availability_ne);
PG_FUNCTION_INFO_V1(availability_lt);
PG_FUNCTION_INFO_V1(availability_le);
PG_FUNCTION_INFO_V1(availability_gt);
PG_FUNCTION_INFO_V1(availability_ge);
PG_FUNCTION_INFO_V1(availability_hash);
PG_FUNCTION_INFO_V1(availability_hash_extended);

#define TOO_MANY_INTERVALS \
	(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), \
	 errmsg("availability cannot have more than %d intervals", CL_MAX_INTERVALS), \
	 errhint("Leave out gaps of a few minutes."))

void
cl_too_many_intervals(void)
{
	ereport(ERROR, TOO_MANY_INTERVALS);
}

/* The points of a value; XX001 for bytes that nothing of ours has written. */
void
cl_week_read(const Availability *value, Week *week)
{
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(value);
	Size		size = VARSIZE_ANY_EXHDR(value);
	int			count = (int) (size / 2);
	int			last = -1;
	bool		good;

	good = size % 4 == 1 && count <= CL_MAX_POINTS && bytes[0] == CL_AVAILABILITY_VERSION;
	for (int i = 0; good && i < count; i++)
	{
		int			point = bytes[1 + 2 * i] << 8 | bytes[2 + 2 * i];

		good = point > last;
		week->point[i] = (uint16) point;
		last = point;
	}
	if (!good || last > CL_MINUTES_PER_WEEK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid availability value in storage")));
	week->count = count;
}

/* A new value; 54000 for more intervals than one can have. */
Availability *
cl_week_write(const uint16 *points, int count)
{
	Size		size = VARHDRSZ + 1 + 2 * (Size) count;
	Availability *value;
	uint8	   *bytes;

	if (count > CL_MAX_POINTS)
		cl_too_many_intervals();
	value = palloc(size);
	SET_VARSIZE(value, size);
	bytes = (uint8 *) VARDATA(value);
	*bytes++ = CL_AVAILABILITY_VERSION;
	for (int i = 0; i < count; i++)
	{
		*bytes++ = (uint8) (points[i] >> 8);
		*bytes++ = (uint8) points[i];
	}
	return value;
}

Availability *
cl_week_write_map(const WeekMap *map)
{
	uint16		points[CL_MAX_POINTS];
	int			count = cl_week_points(map, points);

	if (count < 0)
		cl_too_many_intervals();
	return cl_week_write(points, count);
}

/*
 * availability_in(cstring) -> availability.  22P02 or 54000, soft where the
 * server can.
 */
Datum
availability_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	WeekMap		map;
	uint16		points[CL_MAX_POINTS];
	int			count;
	const char *detail = NULL;

	if (!cl_week_parse(text, &map, &detail))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "availability", text),
				 errdetail("%s", detail),
				 errhint("Write days and times, for example \"Mon 08:00-12:00, Wed 13:00-15:30\", \"Mon-Fri 9am-5pm\", \"always\" or \"never\".")));
	count = cl_week_points(&map, points);
	if (count < 0)
		ereturn(fcinfo->context, (Datum) 0, TOO_MANY_INTERVALS);
	PG_RETURN_AVAILABILITY_P(cl_week_write(points, count));
}

Datum
availability_out(PG_FUNCTION_ARGS)
{
	Week		week;
	char	   *text;

	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	text = palloc(CL_WEEK_TEXT_LEN(week.count));
	cl_week_print(week.point, week.count, text);
	PG_RETURN_CSTRING(text);
}

/*
 * Binary form: number of intervals int16, then for each its first minute of
 * the week and the minute after its last, int16.  22P03 unless they are in
 * order, with time between them, from 0 to 10080.
 */
Datum
availability_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	uint16		points[CL_MAX_POINTS];
	int			intervals = (int) pq_getmsgint(buf, 2);
	int			last = -1;

	if (intervals > CL_MAX_INTERVALS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "availability"),
				 errdetail("It says %d intervals; there can be %d.", intervals, CL_MAX_INTERVALS)));
	for (int i = 0; i < 2 * intervals; i++)
	{
		int			point = (int) pq_getmsgint(buf, 2);

		if (point <= last || point > CL_MINUTES_PER_WEEK)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid external \"%s\" value", "availability"),
					 errdetail("Minutes must ascend from 0 to %d.", CL_MINUTES_PER_WEEK)));
		points[i] = (uint16) point;
		last = point;
	}
	PG_RETURN_AVAILABILITY_P(cl_week_write(points, 2 * intervals));
}

Datum
availability_send(PG_FUNCTION_ARGS)
{
	Week		week;
	StringInfoData buf;

	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &week);
	pq_begintypsend(&buf);
	pq_sendint16(&buf, (uint16) (week.count / 2));
	for (int i = 0; i < week.count; i++)
		pq_sendint16(&buf, week.point[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* A whole minute of the day; 22023 for a time that has seconds. */
static int
minute_of_day(TimeADT time)
{
	if (time % USECS_PER_MINUTE != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("times of an availability must be whole minutes")));
	return (int) (time / USECS_PER_MINUTE);
}

static Datum
interval_of_day(int day, TimeADT begins, TimeADT ends)
{
	int			begin = minute_of_day(begins);
	int			end = minute_of_day(ends);
	WeekMap		map;

	if (begin == end || begin == CL_MINUTES_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an interval must have a beginning before 24:00 and another end"),
				 errhint("A whole day is 00:00 to 24:00.")));
	if (end < begin)
		end += CL_MINUTES_PER_DAY;
	cl_week_clear(&map);
	cl_week_fill(&map, day * CL_MINUTES_PER_DAY + begin, end - begin);
	PG_RETURN_AVAILABILITY_P(cl_week_write_map(&map));
}

/*
 * availability(day int, begins time, ends time) -> availability.  Day 1 is
 * Monday; an end before the beginning is on the next day.  22023 for other
 * days, for seconds, and for times that are the same.
 */
Datum
availability_of_day(PG_FUNCTION_ARGS)
{
	int32		day = PG_GETARG_INT32(0);

	if (day < 1 || day > CL_WEEKDAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("day must be between 1 (Monday) and 7 (Sunday)")));
	return interval_of_day(day - 1, PG_GETARG_TIMEADT(1), PG_GETARG_TIMEADT(2));
}

/* The same with the name of a day, as in the text form. */
Datum
availability_of_day_name(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			day;

	if (!cl_day_parse(name, &day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no day of the week", name),
				 errhint("Write \"Mon\" or \"Monday\", and so on.")));
	return interval_of_day(day, PG_GETARG_TIMEADT(1), PG_GETARG_TIMEADT(2));
}

static int
compare_args(FunctionCallInfo fcinfo)
{
	Availability *a = PG_GETARG_AVAILABILITY_PP(0);
	Availability *b = PG_GETARG_AVAILABILITY_PP(1);
	Size		a_size = VARSIZE_ANY_EXHDR(a);
	Size		b_size = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	if (order == 0 && a_size != b_size)
		order = a_size < b_size ? -1 : 1;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order < 0 ? -1 : order > 0 ? 1 : 0;
}

Datum
availability_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

Datum
availability_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) == 0);
}

Datum
availability_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) != 0);
}

Datum
availability_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

Datum
availability_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

Datum
availability_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

Datum
availability_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

Datum
availability_hash(PG_FUNCTION_ARGS)
{
	Availability *a = PG_GETARG_AVAILABILITY_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}

Datum
availability_hash_extended(PG_FUNCTION_ARGS)
{
	Availability *a = PG_GETARG_AVAILABILITY_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}
