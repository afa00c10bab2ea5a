/*
 * equity_sums.c
 *		What the equity measures are made of, in two or three passes over the
 *		sorted loads.
 *
 * Equal loads lie together and are taken at once, with the sum of their
 * weights: so a weight of 3 and three rows give the same bits.
 *
 * Sums run over differences from the mean wherever the formula allows it.
 * The terms of Theil's T, of the mean log deviation and of Atkinson's index
 * are written so that none is negative and all vanish at the mean: with
 * d = x / mean - 1, whose mean is 0, a multiple of d may be added to each
 * term.  Loads that differ little are then measured as precisely as others,
 * and no result is below 0 by rounding.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "equity.h"

/* Below it the series are used, which then have the precision of a double. */
#define SMALL			(1.0 / 128)

/* The next run of equal loads from *i on, with the sum of its weights. */
static inline bool
next_run(const EquityState *state, Size *i, double *load, double *weight)
{
	Size		first = *i;
	Size		end = first;
	double		value;

	CHECK_FOR_INTERRUPTS();
	if (first == state->count)
		return false;
	value = state->loads[first];
	if (state->weights == NULL)
	{
		while (++end < state->count && state->loads[end] == value)
			;
		*weight = (double) (end - first);
	}
	else
	{
		Sum			sum = {0, 0};

		do
			sum_add(&sum, state->weights[end]);
		while (++end < state->count && state->loads[end] == value);
		*weight = sum_value(&sum);
	}
	*load = value;
	*i = end;
	return true;
}

/* How much of the weight from "begin" on lies between these borders. */
static inline double
weight_between(double begin, double weight, double low, double high)
{
	return Max(Min(begin + weight, high) - Max(begin, low), 0.0);
}

/*
 * The sums behind Gini, Jain, Hoover, the coefficient of variation and the
 * shares.  A load that lies across the border of a share counts in part.
 */
const EquitySpread *
cl_equity_spread(EquityState *state)
{
	EquitySpread *s = &state->spread;
	Sum			weight = {0, 0};
	Sum			total = {0, 0};
	Sum			before = {0, 0};
	Sum			above = {0, 0};
	Sum			below = {0, 0};
	double		weight_above = 0;
	double		weight_below = 0;
	Sum			variance = {0, 0};
	Sum			ranked = {0, 0};
	Sum			bottom40 = {0, 0};
	Sum			bottom20 = {0, 0};
	Sum			top20 = {0, 0};
	Sum			top10 = {0, 0};
	double		lowest;
	double		highest;
	double		load;
	double		w;

	if (state->spread_known)
		return s;
	cl_equity_sort(state);

	memset(s, 0, sizeof(*s));
	if (state->loads[state->count - 1] > 0)
		(void) frexp(state->loads[state->count - 1], &s->exponent);
	s->exponent = Max(s->exponent, DBL_MIN_EXP);
	s->unit = ldexp(1.0, -s->exponent);
	lowest = state->loads[0] * s->unit;
	highest = state->loads[state->count - 1] * s->unit;

	for (Size i = 0; next_run(state, &i, &load, &w);)
	{
		sum_add(&weight, w);
		sum_add(&total, w * (load * s->unit));
	}
	s->weight = sum_value(&weight);
	s->total = sum_value(&total);
	/* equal loads must be at the mean, and rounding must not take it further */
	s->mean = Min(Max(s->total / s->weight, lowest), highest);

	for (Size i = 0; next_run(state, &i, &load, &w);)
	{
		double		x = load * s->unit;
		double		distance = x - s->mean;
		double		begin = sum_value(&before);
		double		heaviest = (state->weights ? state->weights[i - 1] : 1.0) * x;

		if (distance > 0)
		{
			sum_add(&above, w * distance);
			weight_above += w;
		}
		else if (distance < 0)
		{
			sum_add(&below, -w * distance);
			weight_below += w;
		}
		sum_add(&variance, w * distance * distance);
		sum_add(&ranked, w * distance * (begin - (s->weight - begin - w)));
		if (begin < s->weight * 2 / 5)
		{
			sum_add(&bottom40, x * weight_between(begin, w, 0, s->weight * 2 / 5));
			sum_add(&bottom20, x * weight_between(begin, w, 0, s->weight / 5));
		}
		if (begin + w > s->weight - s->weight / 5)
		{
			sum_add(&top20, x * weight_between(begin, w, s->weight - s->weight / 5, s->weight));
			sum_add(&top10, x * weight_between(begin, w, s->weight - s->weight / 10, s->weight));
		}
		s->heaviest = Max(s->heaviest, heaviest);
		sum_add(&before, w);
	}
	/*
	 * From the exact mean both would be the same; this takes out what the
	 * rounding of the mean has moved from one to the other.
	 */
	if (weight_above > 0 && weight_below > 0)
		s->to_move = sum_value(&above) * (weight_below / (weight_above + weight_below)) +
			sum_value(&below) * (weight_above / (weight_above + weight_below));
	s->variance = sum_value(&variance);
	s->ranked = Max(sum_value(&ranked), 0.0);
	s->bottom40 = sum_value(&bottom40);
	s->bottom20 = sum_value(&bottom20);
	s->top20 = sum_value(&top20);
	s->top10 = sum_value(&top10);
	state->spread_known = true;
	return s;
}

/* d - ln(1 + d) near 0, where the difference would lose its digits. */
static double
log_excess(double d)
{
	double		series = 0;

	for (int k = 10; k >= 2; k--)
		series = 1.0 / k - d * series;
	return d * d * series;
}

/* exp(y) - 1 - y, in the same way. */
static double
exp_excess(double y)
{
	double		series = 1;

	if (fabs(y) >= SMALL)
		return expm1(y) - y;
	for (int k = 9; k >= 3; k--)
		series = 1 + y / k * series;
	return y * y / 2 * series;
}

/* A load as a part of the mean. */
typedef struct Relative
{
	double		ratio;			/* r = x / mean */
	double		distance;		/* r - 1 */
	double		log;			/* ln r; minus infinity for 0 */
	double		excess;			/* r - 1 - ln r */
} Relative;

static inline void
relate(const EquitySpread *s, double load, Relative *r)
{
	double		x = load * s->unit;

	r->ratio = x / s->mean;
	r->distance = (x - s->mean) / s->mean;
	if (r->ratio >= 0.5 && r->ratio <= 2)
	{
		if (fabs(r->distance) < SMALL)
		{
			r->excess = log_excess(r->distance);
			r->log = r->distance - r->excess;
			return;
		}
		/* log1p(distance): the ratio is rounded more than the distance is */
		r->log = log(r->ratio) + (r->distance - (r->ratio - 1)) / r->ratio;
		r->excess = r->distance - r->log;
		return;
	}
	/* a load too small for the common unit still has its own logarithm */
	r->log = x >= DBL_MIN ? log(r->ratio) : log(load) - s->exponent * M_LN2 - log(s->mean);
	r->excess = r->distance - r->log;
}

/*
 * Theil's T, the mean log deviation and Atkinson's index for 0.5; the means of
 * r ln r, -ln r and 1 - sqrt(r), written so as to be sums of squares, nearly.
 */
const EquityEntropy *
cl_equity_entropy(EquityState *state)
{
	const EquitySpread *s = cl_equity_spread(state);
	EquityEntropy *e = &state->entropy;
	Sum			theil = {0, 0};
	Sum			log_deviation = {0, 0};
	Sum			roots = {0, 0};
	double		load;
	double		w;
	double		half;

	if (state->entropy_known)
		return e;
	memset(e, 0, sizeof(*e));
	state->entropy_known = true;
	if (s->mean == 0)
		return e;

	for (Size i = 0; next_run(state, &i, &load, &w);)
	{
		Relative	r;
		double		root;

		relate(s, load, &r);
		if (load == 0)
			sum_add(&theil, w); /* 0 ln 0 = 0 */
		else
		{
			sum_add(&theil, w * (fabs(r.distance) < SMALL ?
								 r.distance * r.distance - r.excess * r.ratio :
								 r.ratio * r.log - r.distance));
			sum_add(&log_deviation, w * r.excess);
		}
		root = r.distance / (1 + sqrt(r.ratio));
		sum_add(&roots, w * root * root);
	}
	e->theil = Max(sum_value(&theil) / s->weight, 0.0);
	e->mean_log_deviation = state->loads[0] == 0 ? NAN : Max(sum_value(&log_deviation) / s->weight, 0.0);
	/* 1 - (1 - half)^2, where half is the mean of 1 - sqrt(r) */
	half = Min(sum_value(&roots) / s->weight / 2, 1.0);
	e->atkinson_05 = half * (2 - half);
	return e;
}

/*
 * Atkinson's index 1 - (mean of r^(1 - epsilon))^(1 / (1 - epsilon)); for
 * epsilon = 1 one minus the geometric mean of r.  With a load of 0 it is 1
 * from there on, unless all are.
 */
double
cl_equity_atkinson(EquityState *state, double epsilon)
{
	const EquitySpread *s = cl_equity_spread(state);
	double		power = 1 - epsilon;
	double		result;
	Sum			sum = {0, 0};
	Relative	lowest;
	double		load;
	double		w;

	if (s->mean == 0 || epsilon == 0)
		return 0;
	if (epsilon == 0.5)
		return cl_equity_entropy(state)->atkinson_05;
	if (epsilon >= 1 && state->loads[0] == 0)
		return 1;
	if (epsilon == 1)
		return -expm1(-cl_equity_entropy(state)->mean_log_deviation);

	relate(s, state->loads[0], &lowest);
	if (power * lowest.log > 600)
	{
		/* the lowest load decides: powers of the others relative to its own */
		for (Size i = 0; next_run(state, &i, &load, &w);)
		{
			Relative	r;

			relate(s, load, &r);
			sum_add(&sum, w * exp(power * (r.log - lowest.log)));
		}
		result = -expm1(lowest.log + log(sum_value(&sum) / s->weight) / power);
	}
	else
	{
		for (Size i = 0; next_run(state, &i, &load, &w);)
		{
			Relative	r;

			relate(s, load, &r);
			/* r^power - 1 - power d */
			if (load == 0)
				sum_add(&sum, w * (power - 1));
			else
				sum_add(&sum, w * (exp_excess(power * r.log) - power * r.excess));
		}
		result = -expm1(log1p(Max(sum_value(&sum) / s->weight, -1.0)) / power);
	}
	return Min(Max(result, 0.0), 1.0);
}
