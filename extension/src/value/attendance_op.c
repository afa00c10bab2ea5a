/*
 * attendance_op.c
 *		Merge, remove, compare and hash attendance values.
 *
 * Both operands are sorted, so merging and removing are one walk over both,
 * and since a value is canonical, comparing is comparing bytes.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "attendance.h"

PG_FUNCTION_INFO_V1(attendance_add);
PG_FUNCTION_INFO_V1(attendance_subtract);
PG_FUNCTION_INFO_V1(attendance_cmp);
PG_FUNCTION_INFO_V1(attendance_eq);
PG_FUNCTION_INFO_V1(attendance_ne);
PG_FUNCTION_INFO_V1(attendance_lt);
PG_FUNCTION_INFO_V1(attendance_le);
PG_FUNCTION_INFO_V1(attendance_gt);
PG_FUNCTION_INFO_V1(attendance_ge);
PG_FUNCTION_INFO_V1(attendance_hash);
PG_FUNCTION_INFO_V1(attendance_hash_extended);

static void
open_pair(FunctionCallInfo fcinfo, AttendanceReader *a, AttendanceReader *b)
{
	cl_attendance_open(a, PG_GETARG_ATTENDANCE_PP(0));
	cl_attendance_open(b, PG_GETARG_ATTENDANCE_PP(1));
	cl_check_same_zone(a->zone, a->zone_length, b->zone, b->zone_length);
}

/*
 * Append the events of b to those of a, which nearly always are older; false,
 * and nothing done, where they are not.
 */
static bool
append_events(AttendanceBuilder *builder, AttendanceReader a, AttendanceReader b)
{
	const uint8 *bytes = a.at;

	while (cl_attendance_next(&a))
	{
		if ((a.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (!cl_attendance_next(&b) || a.count == 0 || b.last < a.last)
		return false;
	memcpy(builder->bytes, bytes, a.at - bytes);
	builder->used = a.at - bytes;
	builder->count = a.count;
	builder->second = a.second;
	do
	{
		cl_builder_add(builder, b.last);
		if ((b.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	} while (cl_attendance_next(&b));
	return true;
}

/*
 * attendance + attendance: the events of both.  22023 for different zones,
 * 54000 for too many events.
 */
Datum
attendance_add(PG_FUNCTION_ARGS)
{
	AttendanceReader a,
				b;
	AttendanceBuilder builder;
	bool		more_a,
				more_b;

	open_pair(fcinfo, &a, &b);
	if ((uint64) a.count + b.count > CL_MAX_EVENTS)
		cl_too_many_events();

	/* merging makes the gaps, and so the varints, smaller, never larger */
	cl_builder_init(&builder, (a.end - a.at) + (b.end - b.at));
	if (append_events(&builder, a, b))
		PG_RETURN_ATTENDANCE_P(cl_builder_finish(&builder, a.zone, a.zone_length));
	more_a = cl_attendance_next(&a);
	more_b = cl_attendance_next(&b);
	while (more_a || more_b)
	{
		if (more_a && (!more_b || a.last <= b.last))
		{
			cl_builder_add(&builder, a.last);
			more_a = cl_attendance_next(&a);
		}
		else
		{
			cl_builder_add(&builder, b.last);
			more_b = cl_attendance_next(&b);
		}
		if ((builder.count & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_ATTENDANCE_P(cl_builder_finish(&builder, a.zone, a.zone_length));
}

/*
 * attendance - attendance: the first without the events of the second.
 * 22023 when one of those is not there, so that drift shows at once.
 */
Datum
attendance_subtract(PG_FUNCTION_ARGS)
{
	AttendanceReader a,
				b;
	AttendanceBuilder builder;
	bool		more_b;
	uint32		missing = 0;

	open_pair(fcinfo, &a, &b);

	/* the varint of a sum of gaps is no longer than theirs together */
	cl_builder_init(&builder, a.end - a.at);
	more_b = cl_attendance_next(&b);
	while (cl_attendance_next(&a))
	{
		while (more_b && b.last < a.last)
		{
			missing++;
			more_b = cl_attendance_next(&b);
		}
		if (more_b && b.last == a.last)
			more_b = cl_attendance_next(&b);
		else
			cl_builder_add(&builder, a.last);
		if ((a.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (more_b)
		missing += b.left + 1;
	if (missing > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot remove events that are not in the attendance value"),
				 errdetail("%u of %u events to remove are not there.", missing, b.count),
				 errhint("If the value is that of client_activity, somebody has changed it: caseload.rebuild() makes it anew.")));
	PG_RETURN_ATTENDANCE_P(cl_builder_finish(&builder, a.zone, a.zone_length));
}

/* Order by bytes: total, agrees with equality, otherwise without meaning. */
static int
compare_args(FunctionCallInfo fcinfo)
{
	Attendance *a = PG_GETARG_ATTENDANCE_PP(0);
	Attendance *b = PG_GETARG_ATTENDANCE_PP(1);
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
attendance_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

Datum
attendance_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) == 0);
}

Datum
attendance_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) != 0);
}

Datum
attendance_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

Datum
attendance_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

Datum
attendance_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

Datum
attendance_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

Datum
attendance_hash(PG_FUNCTION_ARGS)
{
	Attendance *a = PG_GETARG_ATTENDANCE_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}

Datum
attendance_hash_extended(PG_FUNCTION_ARGS)
{
	Attendance *a = PG_GETARG_ATTENDANCE_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}
