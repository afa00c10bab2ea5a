/*
 * plan_value.c
 *		Values of the rows that a plan is read from, each checked and named.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "plan_reader.h"

#define MOST_THOUSANDTHS	INT64CONST(1000000000000)	/* a thousand million of anything */

/* A number in thousandths; not good when it has more decimals or is out of range. */
int64
cl_plan_thousandths(Datum value, Oid type, bool *good)
{
	Numeric		number;
	Numeric		whole;
	int64		result = 0;

	*good = true;
	switch (type)
	{
		case INT2OID:
			return (int64) DatumGetInt16(value) * 1000;
		case INT4OID:
			return (int64) DatumGetInt32(value) * 1000;
		case INT8OID:
			result = DatumGetInt64(value);
			*good = result >= -MOST_THOUSANDTHS && result <= MOST_THOUSANDTHS / 1000;
			return *good ? result * 1000 : 0;
		default:
			break;
	}
	number = DatumGetNumeric(value);
	if (numeric_is_nan(number) || numeric_is_inf(number))
	{
		*good = false;
		return 0;
	}
	number = DatumGetNumeric(DirectFunctionCall2(numeric_mul, value,
												 DirectFunctionCall1(int4_numeric, Int32GetDatum(1000))));
	whole = DatumGetNumeric(DirectFunctionCall2(numeric_trunc, NumericGetDatum(number), Int32GetDatum(0)));
	*good = DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(number), NumericGetDatum(whole))) == 0 &&
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(whole),
										  DirectFunctionCall1(int8_numeric, Int64GetDatum(MOST_THOUSANDTHS)))) <= 0 &&
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(whole),
										  DirectFunctionCall1(int8_numeric, Int64GetDatum(-MOST_THOUSANDTHS)))) >= 0;
	return *good ? DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole))) : 0;
}

void
cl_reader_bad_value(const Reader *reader, const Column *column, const char *id, const char *wrong, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of row " INT64_FORMAT " of the query for %s %s", column->name, reader->row, reader->what, wrong),
			 id != NULL ? errdetail("It is the row of \"%s\".", id) : 0,
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* The id in a column as text; NULL where it is NULL or there is no such column. */
Datum
cl_reader_id(const Reader *reader, const Column *column, bool *isnull)
{
	Datum		value = cl_reader_column(reader, column, isnull);

	if (*isnull || column->type == TEXTOID || column->type == VARCHAROID)
		return value;
	return CStringGetTextDatum(OutputFunctionCall(unconstify(FmgrInfo *, &column->output), value));
}

/* Thousandths of a numeric, which are looked up where it was seen lately. */
static int64
known_thousandths(const Reader *reader, Datum value, bool *good)
{
	const struct varlena *number = PG_DETOAST_DATUM_PACKED(value);
	size_t		length = VARSIZE_ANY_EXHDR(number);
	KnownNumber *known;
	uint32		hash = 0;
	int64		result;

	if (length > KNOWN_BYTES)
		return cl_plan_thousandths(value, NUMERICOID, good);
	for (size_t i = 0; i < length; i++)
		hash = hash * 31 + (uint8) VARDATA_ANY(number)[i];
	known = &reader->known[(hash ^ hash >> 8) & (KNOWN_NUMBERS - 1)];
	*good = true;
	if (known->length == length && memcmp(known->bytes, VARDATA_ANY(number), length) == 0)
		return known->thousandths;
	result = cl_plan_thousandths(value, NUMERICOID, good);
	if (*good)
	{
		known->length = (uint8) length;
		memcpy(known->bytes, VARDATA_ANY(number), length);
		known->thousandths = result;
	}
	return result;
}

/* A number that must not be below 0. */
int64
cl_reader_number(const Reader *reader, const Column *column, const char *id, int64 when_null, bool may_be_null)
{
	bool		isnull;
	bool		good;
	Datum		value = cl_reader_column(reader, column, &isnull);
	int64		result;

	if (isnull)
	{
		if (!may_be_null)
			cl_reader_bad_value(reader, column, id, "is NULL", NULL);
		return when_null;
	}
	if (column->type == NUMERICOID)
		result = known_thousandths(reader, value, &good);
	else
		result = cl_plan_thousandths(value, column->type, &good);
	if (!good)
		cl_reader_bad_value(reader, column, id, "has more than three decimals or is out of range", "Round it.");
	if (result < 0)
		cl_reader_bad_value(reader, column, id, "is negative", NULL);
	return result;
}

/* A whole number from least to most. */
int64
cl_reader_whole(const Reader *reader, const Column *column, const char *id, int64 least, int64 most, int64 when_null, const char *hint)
{
	int64		value = cl_reader_number(reader, column, id, -1, true);

	if (value < 0)
		return when_null;
	if (value % 1000 != 0 || value < least * 1000 || value > most * 1000)
		cl_reader_bad_value(reader, column, id, psprintf("is no whole number from " INT64_FORMAT " to " INT64_FORMAT, least, most), hint);
	return value / 1000;
}

bool
cl_reader_boolean(const Reader *reader, const Column *column, bool when_null)
{
	bool		isnull;
	Datum		value = cl_reader_column(reader, column, &isnull);

	return isnull ? when_null : DatumGetBool(value);
}

/* The place of an id that must be known; -1 where it is NULL. */
int
cl_reader_known(const Reader *reader, const KeySet *set, const Column *column, const char *id, const char *where)
{
	bool		isnull;
	Datum		value = cl_reader_id(reader, column, &isnull);
	int			place;

	if (isnull)
		return -1;
	place = cl_keys_place(set, reader->no_district, value);
	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" of row " INT64_FORMAT " of the query for %s is not among the %s",
						column->name, TextDatumGetCString(value), reader->row, reader->what, where),
				 id != NULL ? errdetail("It is the row of \"%s\".", id) : 0));
	return place;
}
