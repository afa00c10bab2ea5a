/*
 * dosage.c
 *		The SQL face of the type dosage.
 *
 * The parts and their text live in dosage_parse.c; here are input and
 * output, the order, and weekly minutes and sessions.
 *
 * The order goes by weekly minutes in a school year of 36 weeks, 9 months
 * and 4 quarters, then by the parts, so that it is total and agrees with
 * equality of the parts; it is compared in integers.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "cl_compat.h"
#include "dosage.h"

#define SCHOOL_WEEKS	36
#define SCHOOL_MONTHS	9

#define PG_GETARG_DOSAGE(n)		cl_stored_dosage(PG_GETARG_INT64(n))

PG_FUNCTION_INFO_V1(dosage_in);
PG_FUNCTION_INFO_V1(dosage_out);
PG_FUNCTION_INFO_V1(dosage_recv);
PG_FUNCTION_INFO_V1(dosage_send);
PG_FUNCTION_INFO_V1(dosage_cmp);
PG_FUNCTION_INFO_V1(dosage_eq);
PG_FUNCTION_INFO_V1(dosage_ne);
PG_FUNCTION_INFO_V1(dosage_lt);
PG_FUNCTION_INFO_V1(dosage_le);
PG_FUNCTION_INFO_V1(dosage_gt);
PG_FUNCTION_INFO_V1(dosage_ge);
PG_FUNCTION_INFO_V1(dosage_smaller);
PG_FUNCTION_INFO_V1(dosage_larger);
PG_FUNCTION_INFO_V1(dosage_hash);
PG_FUNCTION_INFO_V1(dosage_hash_extended);
PG_FUNCTION_INFO_V1(dosage_sessions);
PG_FUNCTION_INFO_V1(dosage_minutes);
PG_FUNCTION_INFO_V1(dosage_every);
PG_FUNCTION_INFO_V1(dosage_unit);
PG_FUNCTION_INFO_V1(dosage_minutes_per_week);
PG_FUNCTION_INFO_V1(dosage_sessions_per_week);

/* The parts of a value; XX001 for bits that nothing of ours has written. */
Dosage
cl_stored_dosage(int64_t packed)
{
	Dosage		d = cl_dosage_unpack(packed);
	const char *detail;

	if (d.unit >= DOSAGE_UNITS || cl_dosage_check(&d, &detail) != DOSAGE_GOOD)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid dosage value in storage")));
	return d;
}

/*
 * dosage_in(cstring) -> dosage.  22P02 or 22003, soft where the server can.
 */
Datum
dosage_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Dosage		d;
	const char *detail = NULL;
	DosageFault fault = cl_dosage_parse(text, &d, &detail);

	if (fault != DOSAGE_GOOD)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(fault == DOSAGE_OUT_OF_RANGE ?
						 ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE :
						 ERRCODE_INVALID_TEXT_REPRESENTATION),
				 fault == DOSAGE_OUT_OF_RANGE ?
				 errmsg("value out of range for type %s: \"%s\"", "dosage", text) :
				 errmsg("invalid input syntax for type %s: \"%s\"", "dosage", text),
				 errdetail("%s", detail),
				 errhint("Write sessions x minutes / period, for example \"2x30/week\", \"1x45/2 weeks\" or \"90/year\".")));

	PG_RETURN_INT64(cl_dosage_pack(&d));
}

Datum
dosage_out(PG_FUNCTION_ARGS)
{
	Dosage		d = PG_GETARG_DOSAGE(0);
	char	   *text = palloc(DOSAGE_TEXT_LEN);

	cl_dosage_print(&d, text);
	PG_RETURN_CSTRING(text);
}

/*
 * Binary form: sessions int16 (0 = not said), minutes int32, every int8,
 * unit int8 (0 week, 1 month, 2 quarter, 3 year).
 */
Datum
dosage_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Dosage		d;
	int			unit;
	const char *detail = "The unit must be between 0 and 3.";

	d.sessions = pq_getmsgint(buf, 2);
	d.minutes = (int32) pq_getmsgint(buf, 4);
	d.every = pq_getmsgbyte(buf);
	unit = pq_getmsgbyte(buf);
	d.unit = (DosageUnit) unit;
	if (unit >= DOSAGE_UNITS || cl_dosage_check(&d, &detail) != DOSAGE_GOOD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "dosage"),
				 errdetail("%s", detail)));
	PG_RETURN_INT64(cl_dosage_pack(&d));
}

Datum
dosage_send(PG_FUNCTION_ARGS)
{
	Dosage		d = PG_GETARG_DOSAGE(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, (uint16) d.sessions);
	pq_sendint32(&buf, (uint32) d.minutes);
	pq_sendint8(&buf, (uint8) d.every);
	pq_sendint8(&buf, (uint8) d.unit);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static int
compare(const Dosage *a, const Dosage *b)
{
	int64		left;
	int64		right;

	left = (int64) a->minutes * Max(a->sessions, 1) *
		cl_dosage_units(a->unit, SCHOOL_WEEKS, SCHOOL_MONTHS) * b->every;
	right = (int64) b->minutes * Max(b->sessions, 1) *
		cl_dosage_units(b->unit, SCHOOL_WEEKS, SCHOOL_MONTHS) * a->every;
	if (left != right)
		return left < right ? -1 : 1;
	if (a->sessions != b->sessions)
		return a->sessions < b->sessions ? -1 : 1;
	if (a->unit != b->unit)
		return a->unit < b->unit ? -1 : 1;
	if (a->every != b->every)
		return a->every < b->every ? -1 : 1;
	return 0;
}

static int
compare_args(FunctionCallInfo fcinfo)
{
	Dosage		a = PG_GETARG_DOSAGE(0);
	Dosage		b = PG_GETARG_DOSAGE(1);

	return compare(&a, &b);
}

Datum
dosage_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

Datum
dosage_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_INT64(0) == PG_GETARG_INT64(1));
}

Datum
dosage_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_INT64(0) != PG_GETARG_INT64(1));
}

Datum
dosage_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

Datum
dosage_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

Datum
dosage_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

Datum
dosage_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

Datum
dosage_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(compare_args(fcinfo) <= 0 ? PG_GETARG_INT64(0) : PG_GETARG_INT64(1));
}

Datum
dosage_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(compare_args(fcinfo) >= 0 ? PG_GETARG_INT64(0) : PG_GETARG_INT64(1));
}

Datum
dosage_hash(PG_FUNCTION_ARGS)
{
	int64		packed = PG_GETARG_INT64(0);

	return hash_any((unsigned char *) &packed, sizeof(packed));
}

Datum
dosage_hash_extended(PG_FUNCTION_ARGS)
{
	int64		packed = PG_GETARG_INT64(0);

	return hash_any_extended((unsigned char *) &packed, sizeof(packed),
							 PG_GETARG_INT64(1));
}

Datum
dosage_sessions(PG_FUNCTION_ARGS)
{
	Dosage		d = PG_GETARG_DOSAGE(0);

	if (d.sessions == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(d.sessions);
}

Datum
dosage_minutes(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_DOSAGE(0).minutes);
}

Datum
dosage_every(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_DOSAGE(0).every);
}

Datum
dosage_unit(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(cl_dosage_unit_name(PG_GETARG_DOSAGE(0).unit)));
}

/*
 * amount a period -> numeric a week, over the service year that arguments
 * 1 (weeks) and 2 (months) describe; exact but for the last division.
 */
static Datum
weekly(FunctionCallInfo fcinfo, const Dosage *d, int64 amount)
{
	int32		weeks = PG_GETARG_INT32(1);
	int32		months = PG_GETARG_INT32(2);
	int64		dividend;
	int64		divisor;

	if (weeks < 1 || weeks > 53)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weeks_per_year must be between 1 and 53")));
	if (months < 1 || months > 12)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months_per_year must be between 1 and 12")));

	if (d->unit == DOSAGE_WEEK)
	{
		dividend = amount;
		divisor = d->every;
	}
	else
	{
		dividend = amount * cl_dosage_units(d->unit, weeks, months);
		divisor = (int64) d->every * weeks;
	}
	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_div,
												   NumericGetDatum(int64_to_numeric(dividend)),
												   NumericGetDatum(int64_to_numeric(divisor))));
}

/*
 * minutes_per_week(dosage, weeks_per_year, months_per_year) -> numeric.
 */
Datum
dosage_minutes_per_week(PG_FUNCTION_ARGS)
{
	Dosage		d = PG_GETARG_DOSAGE(0);

	return weekly(fcinfo, &d, (int64) d.minutes * Max(d.sessions, 1));
}

/*
 * sessions_per_week(dosage, weeks_per_year, months_per_year) -> numeric;
 * NULL where the dosage does not say sessions.
 */
Datum
dosage_sessions_per_week(PG_FUNCTION_ARGS)
{
	Dosage		d = PG_GETARG_DOSAGE(0);

	if (d.sessions == 0)
		PG_RETURN_NULL();
	return weekly(fcinfo, &d, d.sessions);
}
