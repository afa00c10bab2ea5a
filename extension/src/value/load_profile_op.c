/*
 * load_profile_op.c
 *		Order and hash of load profiles.
 *
 * Equal profiles are equal bytes.  The order says nothing about more or less
 * load: it is that of the bytes, so that DISTINCT, GROUP BY, joins and row
 * comparisons work as they do for any other type.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "load_profile.h"

PG_FUNCTION_INFO_V1(load_profile_cmp);
PG_FUNCTION_INFO_V1(load_profile_eq);
PG_FUNCTION_INFO_V1(load_profile_ne);
PG_FUNCTION_INFO_V1(load_profile_lt);
PG_FUNCTION_INFO_V1(load_profile_le);
PG_FUNCTION_INFO_V1(load_profile_gt);
PG_FUNCTION_INFO_V1(load_profile_ge);
PG_FUNCTION_INFO_V1(load_profile_hash);
PG_FUNCTION_INFO_V1(load_profile_hash_extended);

/* -1, 0 or 1; operator classes may not leak what they unpack. */
static int
compare_args(FunctionCallInfo fcinfo)
{
	LoadProfile *a = DatumGetLoadProfilePP(PG_GETARG_DATUM(0));
	LoadProfile *b = DatumGetLoadProfilePP(PG_GETARG_DATUM(1));
	Size		a_length = VARSIZE_ANY_EXHDR(a);
	Size		b_length = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_length, b_length));

	if (order == 0)
		order = a_length < b_length ? -1 : a_length > b_length;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order < 0 ? -1 : order > 0;
}

Datum
load_profile_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

Datum
load_profile_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) == 0);
}

Datum
load_profile_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) != 0);
}

Datum
load_profile_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

Datum
load_profile_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

Datum
load_profile_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

Datum
load_profile_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

Datum
load_profile_hash(PG_FUNCTION_ARGS)
{
	LoadProfile *a = DatumGetLoadProfilePP(PG_GETARG_DATUM(0));
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}

Datum
load_profile_hash_extended(PG_FUNCTION_ARGS)
{
	LoadProfile *a = DatumGetLoadProfilePP(PG_GETARG_DATUM(0));
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(a), (int) VARSIZE_ANY_EXHDR(a), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}
