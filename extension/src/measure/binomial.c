/*
 * binomial.c
 *		How many will come: tails of the binomial distribution, overbooking.
 *
 * Whoever is asked comes or does not, each with the same probability and for
 * himself.  A tail is summed from exact ratios of neighbouring terms, from
 * the most probable one outwards, and divided by the sum of all terms: no
 * factorial, no logarithm, and nothing is ever subtracted, so both tails keep
 * their digits, however small.  What rounding does to the odds is carried
 * along, since a far tail has its power.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "cl_compat.h"

/* A term that adds less than this does not count, nor do those behind it. */
#define NEGLIGIBLE		1e-22

PG_FUNCTION_INFO_V1(binomial_tail);
PG_FUNCTION_INFO_V1(overbook);
PG_FUNCTION_INFO_V1(overbook_table);

/* Takes in a term; false when it and those beyond are too small to count. */
static inline bool
add_term(double term, double *sum)
{
	*sum += term;
	return term > *sum * NEGLIGIBLE;
}

/*
 * P(X > k) ("above") and P(X <= k) of n attempts with probability p, which
 * is neither 0 nor 1.  A tail below 1e-290 or so may become 0, since its terms
 * leave the range of a double; so no more than some 80 standard deviations of
 * terms are visited.
 */
static void
binomial_tails(int64 n, int64 k, double p, double *above, double *below)
{
	double		q = 1 - p;
	double		odds = p / q;

	/* the exact odds are these times 1 + error */
	double		q_error = (1 - q) - p;
	double		error = (fma(-odds, q, p) - odds * q_error) / p;
	int64		mode = Min((int64) floor((n + 1) * p), n);
	double		upper = 0;
	double		lower = 0;
	double		term = 1;
	double		all;

	for (int64 j = mode; j <= n; j++)
	{
		if (!add_term(term * (1 + error * (j - mode)), j > k ? &upper : &lower) &&
			(j > k || term < DBL_MIN))
			break;
		term *= (double) (n - j) / (double) (j + 1) * odds;
		if (j % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	term = 1;
	for (int64 j = mode; j > 0; j--)
	{
		term *= (double) j / (double) (n - j + 1) / odds;
		if (!add_term(term * (1 - error * (mode - j + 1)), j > k + 1 ? &upper : &lower) &&
			(j <= k + 1 || term < DBL_MIN))
			break;
		if (j % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	all = upper + lower;
	*above = upper / all;
	*below = lower / all;
}

static double
check_probability(const char *name, double p)
{
	if (!(p >= 0 && p <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be from 0 to 1", name),
				 errhint("A probability is a share: 30 %% are 0.3.")));
	return p;
}

/*
 * binomial_tail(n, k, p): P(X > k) for X successes of n attempts, each with
 * probability p.  22023 for a negative n or a p outside 0 to 1.
 */
Datum
binomial_tail(PG_FUNCTION_ARGS)
{
	int64		n = PG_GETARG_INT32(0);
	int64		k = PG_GETARG_INT32(1);
	double		p = check_probability("p", PG_GETARG_FLOAT8(2));
	double		above;
	double		below;

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must not be negative")));
	if (k < 0)
		PG_RETURN_FLOAT8(1.0);
	if (k >= n || p == 0)
		PG_RETURN_FLOAT8(0.0);
	if (p == 1)
		PG_RETURN_FLOAT8(1.0);
	binomial_tails(n, k, p, &above, &below);
	PG_RETURN_FLOAT8(above);
}

/*
 * The probability that more than "wanted" of "ask" come: that fewer than
 * ask - wanted do not, since it is the rate of these that is known.
 */
static double
overflow_probability(int64 ask, int64 wanted, double no_show_rate)
{
	double		above;
	double		below;

	if (ask <= wanted || no_show_rate == 1)
		return 0;
	if (no_show_rate == 0)
		return 1;
	binomial_tails(ask, ask - wanted - 1, no_show_rate, &above, &below);
	return below;
}

static int64
check_wanted(int32 wanted)
{
	if (wanted < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wanted must not be negative")));
	return wanted;
}

/* Fills ask, expected and p_overflow. */
static void
overbook_values(int64 ask, int64 wanted, double no_show_rate, Datum *values)
{
	values[0] = Int32GetDatum((int32) ask);
	values[1] = Float8GetDatum(ask * (1 - no_show_rate));
	values[2] = Float8GetDatum(overflow_probability(ask, wanted, no_show_rate));
}

/*
 * overbook(wanted, no_show_rate, max_overflow_probability) -> (ask, expected,
 * p_overflow): the most that may be asked so that more than wanted come with
 * at most this probability; never fewer than wanted.  The more are asked, the
 * more probable it is, so the border is found by halving.  All NULL where no
 * integer is too many.  22023 for probabilities outside 0 to 1, a limit of 1,
 * which is none, and a negative wanted.
 */
Datum
overbook(PG_FUNCTION_ARGS)
{
	int64		wanted = check_wanted(PG_GETARG_INT32(0));
	double		no_show_rate = check_probability("no_show_rate", PG_GETARG_FLOAT8(1));
	double		limit = check_probability("max_overflow_probability", PG_GETARG_FLOAT8(2));
	int64		good = wanted;
	int64		bad = wanted + 1;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	TupleDesc	tupdesc;

	if (limit == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_overflow_probability must be less than 1"),
				 errhint("With a limit of 1 any number may be asked.")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	while (bad <= PG_INT32_MAX && overflow_probability(bad, wanted, no_show_rate) <= limit)
	{
		good = bad;
		bad = bad < PG_INT32_MAX ? Min(bad * 2, PG_INT32_MAX) : bad + 1;
	}
	while (bad - good > 1)
	{
		int64		middle = good + (bad - good) / 2;

		if (overflow_probability(middle, wanted, no_show_rate) <= limit)
			good = middle;
		else
			bad = middle;
	}
	if (good >= PG_INT32_MAX && wanted < PG_INT32_MAX)
		nulls[0] = nulls[1] = nulls[2] = true;
	else
		overbook_values(good, wanted, no_show_rate, values);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/*
 * overbook_table(wanted, no_show_rate, up_to) -> a row for each ask from
 * wanted to up_to: (ask, expected, p_overflow, p_all_come).  22023 as above.
 */
Datum
overbook_table(PG_FUNCTION_ARGS)
{
	int64		wanted = check_wanted(PG_GETARG_INT32(0));
	double		no_show_rate = check_probability("no_show_rate", PG_GETARG_FLOAT8(1));
	int64		up_to = PG_GETARG_INT32(2);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int64 ask = wanted; ask <= up_to; ask++)
	{
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		CHECK_FOR_INTERRUPTS();
		overbook_values(ask, wanted, no_show_rate, values);
		/* log1p keeps what 1 - rate would round away */
		values[3] = Float8GetDatum(ask == 0 ? 1.0 : exp(ask * log1p(-no_show_rate)));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
