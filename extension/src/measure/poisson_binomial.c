/*
 * poisson_binomial.c
 *		How many of those come who come each with a probability of his own.
 *
 * The distribution is built up client by client, over as many numbers as are
 * asked about and one for "more": exact but for rounding, nothing is ever
 * subtracted, and each client costs as many steps as there are slots.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cl_compat.h"

/* So many are no clinic's; their distribution would take too long. */
#define MOST_SLOTS		100000
#define MOST_MIXED		1000	/* of a mix, of which every number is tried */
#define MOST_CLIENTS	20000

PG_FUNCTION_INFO_V1(poisson_binomial_tail);
PG_FUNCTION_INFO_V1(accept_count);
PG_FUNCTION_INFO_V1(accept_mix);

/* The probabilities of an array; 22004 for NULL in it, 22023 for what is no probability. */
static int
read_probabilities(ArrayType *array, const double **probabilities)
{
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("probabilities must not contain nulls")));
	/* as ARR_DATA_PTR(), which mixes signed and unsigned */
	*probabilities = (const double *) ((const char *) array +
									   (ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array))));
	for (int i = 0; i < count; i++)
	{
		if (!((*probabilities)[i] >= 0 && (*probabilities)[i] <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("probability must be between 0 and 1"),
					 errdetail("Element %d is %g.", i + 1, (*probabilities)[i])));
	}
	return count;
}

static void
check_slots(int64 slots)
{
	if (slots < 0 || slots > MOST_SLOTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("slots must be between 0 and %d", MOST_SLOTS)));
}

/*
 * One client more, who comes with probability p: at[0] to at[slots] are the
 * probabilities of so many, at[slots + 1] that of more.  "known" clients are
 * in already.
 */
static void
take_in(double *at, int slots, int known, double p)
{
	int			top = Min(known + 1, slots);

	if (known >= slots)
		at[slots + 1] += at[slots] * p;
	/* beyond what is known there are zeros */
	for (int k = top; k > 0; k--)
		at[k] = at[k] * (1 - p) + at[k - 1] * p;
	at[0] *= 1 - p;
}

/*
 * poisson_binomial_tail(probabilities double precision[], k int) -> double
 * precision: probability that more than k come.  Empty: 0.  22004 for NULL
 * in it, 22023 for what is no probability, and for k beyond 100,000.
 */
Datum
poisson_binomial_tail(PG_FUNCTION_ARGS)
{
	const double *p;
	int			count = read_probabilities(PG_GETARG_ARRAYTYPE_P(0), &p);
	int32		k = PG_GETARG_INT32(1);
	double	   *at;

	if (k < 0)
		PG_RETURN_FLOAT8(1);
	if (k >= count)
		PG_RETURN_FLOAT8(0);
	check_slots(k);
	at = palloc0(sizeof(double) * (k + 2));
	at[0] = 1;
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_in(at, k, i, p[i]);
	}
	PG_RETURN_FLOAT8(Min(at[k + 1], 1));
}

/*
 * accept_count(slots int, probabilities double precision[],
 * max_overflow_probability double precision, idle_share double precision) ->
 * (accept int, expected, p_overflow, p_idle double precision): how many of
 * these clients, in their order, may be accepted for so many slots a week.
 * Without idle_share: the most so that more than "slots" come with at most
 * the given probability.  With it (the cost of an idle slot in the sum of the
 * costs of an idle one and of one too many): the next is accepted as long as
 * all slots are taken without him with a smaller probability than that.
 * p_idle is the probability that a slot stays free.  NULL where slots or
 * probabilities are.  22023 for what is no
 * probability or no number of slots.
 */
Datum
accept_count(PG_FUNCTION_ARGS)
{
	int32		slots;
	const double *p;
	int			count;
	double		limit = PG_ARGISNULL(2) ? 0.05 : PG_GETARG_FLOAT8(2);
	bool		newsvendor = !PG_ARGISNULL(3);
	double		share = newsvendor ? PG_GETARG_FLOAT8(3) : 0;
	int			accept = 0;
	double		expected = 0;
	double	   *at;
	double	   *before;
	double		idle = 0;
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	slots = PG_GETARG_INT32(0);
	count = read_probabilities(PG_GETARG_ARRAYTYPE_P(1), &p);
	check_slots(slots);
	if (!(limit >= 0 && limit <= 1) || !(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be between 0 and 1")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	at = palloc0(sizeof(double) * (slots + 2));
	before = palloc(sizeof(double) * (slots + 2));
	at[0] = 1;
	while (accept < count)
	{
		CHECK_FOR_INTERRUPTS();
		if (newsvendor && at[slots] + at[slots + 1] >= share)
			break;
		memcpy(before, at, sizeof(double) * (slots + 2));
		take_in(at, slots, accept, p[accept]);
		if (!newsvendor && at[slots + 1] > limit)
		{
			memcpy(at, before, sizeof(double) * (slots + 2));
			break;
		}
		expected += p[accept++];
	}
	for (int k = 0; k < slots; k++)
		idle += at[k];
	values[0] = Int32GetDatum(accept);
	values[1] = Float8GetDatum(expected);
	values[2] = Float8GetDatum(Min(at[slots + 1], 1));
	values[3] = Float8GetDatum(Min(idle, 1));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* A share or a frequency: 22023 for what cannot be one. */
static void
check_mix(const double *shares, int n_shares, const double *frequencies, int n_frequencies)
{
	double		sum = 0;
	bool		good = n_shares == n_frequencies && n_shares > 0;

	for (int i = 0; good && i < n_shares; i++)
	{
		good = frequencies[i] > 0;
		sum += shares[i];
	}
	if (!good || fabs(sum - 1) > 1e-9)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shares must add up to 1 and have a frequency above 0 each")));
}

/*
 * accept_mix(slots int, show_rate, max_overflow_probability double precision,
 * shares double precision[], frequencies double precision[]) -> (accept int,
 * expected, p_overflow double precision): how many clients go with so many
 * weekly slots, of whom shares come with these frequencies a week and each
 * time appear with show_rate.  Of each number there are as many of each kind
 * as the share says, rounded, and the rest of the last kind.  22023 where
 * nobody comes, or nothing is too many.
 */
Datum
accept_mix(PG_FUNCTION_ARGS)
{
	int32		slots = PG_GETARG_INT32(0);
	double		show = PG_GETARG_FLOAT8(1);
	double		limit = PG_GETARG_FLOAT8(2);
	const double *shares;
	const double *frequencies;
	int			kinds = read_probabilities(PG_GETARG_ARRAYTYPE_P(3), &shares);
	int			n_frequencies = read_probabilities(PG_GETARG_ARRAYTYPE_P(4), &frequencies);
	int			accept = 0;
	double		expected = 0;
	double		overflow = 0;
	double	   *at;
	TupleDesc	tupdesc;
	Datum		values[3];
	bool		nulls[3] = {false};

	check_mix(shares, kinds, frequencies, n_frequencies);
	if (slots < 0 || slots > MOST_MIXED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("slots must be between 0 and %d", MOST_MIXED)));
	if (!(show > 0 && show <= 1 && limit >= 0 && limit < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be between 0 and 1"),
				 errhint("Where nobody comes, or everything is allowed, no number is too many.")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	at = palloc(sizeof(double) * (slots + 2));
	for (int clients = 1; clients <= MOST_CLIENTS; clients++)
	{
		int			known = 0;
		double		mean = 0;

		memset(at, 0, sizeof(double) * (slots + 2));
		at[0] = 1;
		for (int kind = 0; kind < kinds; kind++)
		{
			double		p = show * frequencies[kind];
			int			until = kind + 1 == kinds ? clients : Min(known + (int) rint(shares[kind] * clients), clients);

			CHECK_FOR_INTERRUPTS();
			while (known < until)
			{
				take_in(at, slots, known++, p);
				mean += p;
			}
		}
		if (at[slots + 1] > limit)
			break;
		accept = clients;
		expected = mean;
		overflow = at[slots + 1];
	}
	values[0] = Int32GetDatum(accept);
	values[1] = Float8GetDatum(expected);
	values[2] = Float8GetDatum(overflow);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
