/*
 * equity.h
 *		The loads that the equity measures look at, and what they are made of.
 */
#ifndef CL_EQUITY_H
#define CL_EQUITY_H

#include "cl_compat.h"

/*
 * What most measures are made of.  Sums of loads are in a unit of their own,
 * a power of two near the largest load: no measure depends on the unit, and
 * in this one no square over- or underflows.
 */
typedef struct EquitySpread
{
	int			exponent;		/* the unit of the sums is 2^exponent */
	double		unit;			/* 2^-exponent: what brings a load to it */
	double		weight;			/* W = sum of w */
	double		total;			/* sum of w x */
	double		mean;			/* total / W */
	double		to_move;		/* sum of w (x - mean) above the mean */
	double		variance;		/* sum of w (x - mean)^2 */
	double		ranked;			/* sum of w (x - mean) (W before - W after) */
	double		bottom40;		/* sum of w x in the lowest 40 % of W */
	double		bottom20;
	double		top20;
	double		top10;
	double		heaviest;		/* the greatest w x */
} EquitySpread;

/* The measures of information, which need a logarithm or a root of each load. */
typedef struct EquityEntropy
{
	double		theil;
	double		mean_log_deviation; /* NaN where a load is 0, and others are not */
	double		atkinson_05;
} EquityEntropy;

/*
 * The state of all equity aggregates.  A load of weight 1 takes eight bytes:
 * there are weights only where the aggregate has them.  The loads before
 * "sorted" are in order.
 */
typedef struct EquityState
{
	Size		count;
	Size		capacity;
	Size		sorted;
	double	   *loads;
	double	   *weights;		/* NULL: each is 1 */
	double		epsilon;		/* of atkinson(), else NaN */
	bool		spread_known;	/* the results below are those of all loads */
	bool		entropy_known;
	EquitySpread spread;
	EquityEntropy entropy;
} EquityState;

/* A sum that keeps what rounding takes away (Neumaier 1974, as Knuth's TwoSum). */
typedef struct Sum
{
	double		high;
	double		low;
} Sum;

static inline void
sum_add(Sum *sum, double x)
{
	double		high = sum->high + x;
	double		part = high - sum->high;

	sum->low += (sum->high - (high - part)) + (x - part);
	sum->high = high;
}

static inline double
sum_value(const Sum *sum)
{
	return sum->high + sum->low;
}

/* equity_state.c */
extern void cl_equity_sort(EquityState *state);

/* equity_sums.c */
extern const EquitySpread *cl_equity_spread(EquityState *state);
extern const EquityEntropy *cl_equity_entropy(EquityState *state);
extern double cl_equity_atkinson(EquityState *state, double epsilon);

#endif							/* CL_EQUITY_H */
