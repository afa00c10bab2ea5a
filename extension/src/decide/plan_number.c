/*
 * plan_number.c
 *		Numbers of plans: what comes as numeric is counted in thousandths.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "plan_read.h"

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
