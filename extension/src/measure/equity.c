/*
 * equity.c
 *		How evenly a load is spread: Gini, Jain, Hoover, Theil, Atkinson and
 *		others.
 *
 * Every measure is an aggregate over loads, with an optional weight that
 * says how much of a person each load stands for: loads per FTE weighted by
 * FTE, so that a half-time therapist counts half.  A weight is exactly a
 * repetition: weight 2 gives what the same row twice would give.  Three
 * figures of equity() ask for the number of persons and are the exception,
 * see below.
 *
 * Sources: docs/models.md.  NULL loads and weights are skipped, as are
 * weights of 0; nothing gives NULL; loads that are all 0 are equal.  What has
 * no finite value, a ratio to 0 say, is NULL: no measure is ever NaN or
 * infinite.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"

#include "aggregate.h"
#include "equity.h"

/* Fewer loads have no top 10 % and no bottom fifth. */
#define LEAST_FOR_PALMA	10
#define LEAST_FOR_20_20	5

PG_FUNCTION_INFO_V1(equity_gini);
PG_FUNCTION_INFO_V1(equity_jain);
PG_FUNCTION_INFO_V1(equity_cv);
PG_FUNCTION_INFO_V1(equity_hoover);
PG_FUNCTION_INFO_V1(equity_theil);
PG_FUNCTION_INFO_V1(equity_mean_log_deviation);
PG_FUNCTION_INFO_V1(equity_atkinson);
PG_FUNCTION_INFO_V1(equity_palma);
PG_FUNCTION_INFO_V1(equity_max_min_ratio);
PG_FUNCTION_INFO_V1(equity_final);

/* The state of a final function; NULL when there is no load at all. */
static EquityState *
loads_arg(FunctionCallInfo fcinfo)
{
	EquityState *state = PG_ARGISNULL(0) ? NULL : (EquityState *) PG_GETARG_POINTER(0);

	cl_check_aggregate_call(fcinfo);
	return state && state->count > 0 ? state : NULL;
}

/* A figure, or NAN for those that become NULL. */
static Datum
figure(FunctionCallInfo fcinfo, double value)
{
	if (!isfinite(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

static double
gini(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);

	return s->mean > 0 ? Min(s->ranked / (s->weight * s->total), 1.0) : 0;
}

/* Standard deviation of the population, over the mean. */
static double
cv(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);

	return s->mean > 0 ? sqrt(s->variance / s->weight) / s->mean : 0;
}

/* (sum x)^2 / (n sum x^2) is 1 / (1 + cv^2), and then never beyond 1 */
static double
jain(EquityState *state)
{
	double		variation = cv(state);

	return 1 / (1 + variation * variation);
}

static double
hoover(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);

	/* half of the absolute differences lies above the mean */
	return s->mean > 0 ? Min(s->to_move / s->total, 1.0) : 0;
}

static double
palma(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);

	return state->count >= LEAST_FOR_PALMA && s->bottom40 > 0 ? s->top10 / s->bottom40 : NAN;
}

static double
top20_bottom20(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);

	return state->count >= LEAST_FOR_20_20 && s->bottom20 > 0 ? s->top20 / s->bottom20 : NAN;
}

static double
max_min_ratio(EquityState *state)
{
	cl_equity_sort(state);
	return state->loads[0] > 0 ? state->loads[state->count - 1] / state->loads[0] : NAN;
}

/*
 * gini: sum over ranks (2i - n - 1) x_i / (n sum x), written with weights;
 * 0 (equal) to (n - 1) / n.
 */
Datum
equity_gini(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? gini(state) : NAN);
}

/* jain: (sum x)^2 / (n sum x^2); 1/n to 1 (equal). */
Datum
equity_jain(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? jain(state) : NAN);
}

/* cv: population standard deviation / mean; 0 (equal) to sqrt(n - 1). */
Datum
equity_cv(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? cv(state) : NAN);
}

/* hoover: sum |x - mean| / (2 sum x): the share of the load that would have to move. */
Datum
equity_hoover(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? hoover(state) : NAN);
}

/* theil: Theil's T, the mean of x/m ln(x/m); 0 (equal) to ln n. */
Datum
equity_theil(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? cl_equity_entropy(state)->theil : NAN);
}

/* mean_log_deviation: Theil's L, the mean of ln(m/x); NULL where a load, but not each, is 0. */
Datum
equity_mean_log_deviation(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? cl_equity_entropy(state)->mean_log_deviation : NAN);
}

/* atkinson: 1 - the load that, had by all, would be as good as this spread, over the mean; 0 to 1. */
Datum
equity_atkinson(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? cl_equity_atkinson(state, state->epsilon) : NAN);
}

/* palma: the highest tenth of the weight against the lowest four tenths; NULL below ten loads. */
Datum
equity_palma(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? palma(state) : NAN);
}

/* max_min_ratio: the highest over the lowest load; NULL where that is 0. */
Datum
equity_max_min_ratio(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);

	return figure(fcinfo, state ? max_min_ratio(state) : NAN);
}

/* The columns of caseload.equity_measures. */
enum
{
	N, WEIGHT, TOTAL, MEAN, MINIMUM, MAXIMUM, RANGE, GINI, GINI_CORRECTED, JAIN, CV, CV_SAMPLE,
	HOOVER, THEIL, MEAN_LOG_DEVIATION, ATKINSON_05, PALMA, TOP20_BOTTOM20, MAX_SHARE, MAX_MIN_RATIO,
	COLUMNS
};

/*
 * equity: all measures of one pass as a row; over nothing n and weight are 0 and
 * the measures NULL.  gini_corrected, cv_sample and max_share are about persons:
 * they go by the number of loads, or by each of them, whatever its weight.
 */
Datum
equity_final(PG_FUNCTION_ARGS)
{
	EquityState *state = loads_arg(fcinfo);
	TupleDesc	tupdesc = fcinfo->flinfo->fn_extra;
	double		value[COLUMNS];
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS];

	if (tupdesc == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
			tupdesc->natts != COLUMNS)
			elog(ERROR, "equity() must give caseload.equity_measures");
		fcinfo->flinfo->fn_extra = tupdesc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
		MemoryContextSwitchTo(old);
	}

	for (int i = 0; i < COLUMNS; i++)
		value[i] = NAN;
	value[WEIGHT] = 0;
	if (state != NULL)
	{
		const EquitySpread *s = cl_equity_spread(state);
		const EquityEntropy *e = cl_equity_entropy(state);
		/* n / (n - 1), infinite for one load */
		double		correction = (double) state->count / ((double) state->count - 1);

		value[WEIGHT] = s->weight;
		value[TOTAL] = ldexp(s->total, s->exponent);
		value[MEAN] = ldexp(s->mean, s->exponent);
		value[MINIMUM] = state->loads[0];
		value[MAXIMUM] = state->loads[state->count - 1];
		value[RANGE] = value[MAXIMUM] - value[MINIMUM];
		value[GINI] = gini(state);
		value[GINI_CORRECTED] = value[GINI] * correction;
		value[JAIN] = jain(state);
		value[CV] = cv(state);
		value[CV_SAMPLE] = value[CV] * sqrt(correction);
		value[HOOVER] = hoover(state);
		value[THEIL] = e->theil;
		value[MEAN_LOG_DEVIATION] = e->mean_log_deviation;
		value[ATKINSON_05] = e->atkinson_05;
		value[PALMA] = palma(state);
		value[TOP20_BOTTOM20] = top20_bottom20(state);
		value[MAX_SHARE] = s->heaviest / s->total;
		value[MAX_MIN_RATIO] = max_min_ratio(state);
	}

	for (int i = 0; i < COLUMNS; i++)
	{
		nulls[i] = !isfinite(value[i]);
		values[i] = nulls[i] ? (Datum) 0 : Float8GetDatum(value[i]);
	}
	values[N] = Int64GetDatum(state ? (int64) state->count : 0);
	nulls[N] = false;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
