/*
 * equity.c
 *		How evenly a load is spread: Gini, Jain, Hoover, coefficient of variation.
 *
 * Every measure is an aggregate over loads, with an optional weight that
 * says how much of a person each load stands for: loads per FTE weighted by
 * FTE, so that a half-time therapist counts half.  A weight is exactly a
 * repetition: weight 2 gives what the same row twice would give.
 *
 * All measures share one state, the loads themselves, since Gini needs their
 * order; they are few, one for each therapist.  The final functions sort
 * first and add up in that order, so a result does not depend on how the
 * rows were split or in which order they came, to the last bit.
 *
 * Sources: docs/models.md.  NULL loads and weights are skipped, as are
 * weights of 0; nothing gives NULL; loads that are all 0 are equal.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "aggregate.h"

#define STATE_MAGIC		0x4571
#define FIRST_CAPACITY	16

typedef struct Load
{
	double		value;
	double		weight;
} Load;

typedef struct EquityState
{
	int32		vl_len_;
	uint32		magic;
	uint32		count;
	uint32		unused;			/* so that the loads are aligned */
	Load		loads[FLEXIBLE_ARRAY_MEMBER];
} EquityState;

/* What all measures are made of. */
typedef struct EquitySums
{
	double		weight;			/* sum of w */
	double		total;			/* sum of w x */
	double		squares;		/* sum of w x^2 */
	double		deviation;		/* sum of w |x - mean| */
	double		variance;		/* sum of w (x - mean)^2 */
	double		ranked;			/* sum of w x (W_before - W_after) */
} EquitySums;

PG_FUNCTION_INFO_V1(equity_trans);
PG_FUNCTION_INFO_V1(equity_combine);
PG_FUNCTION_INFO_V1(equity_gini);
PG_FUNCTION_INFO_V1(equity_jain);
PG_FUNCTION_INFO_V1(equity_cv);
PG_FUNCTION_INFO_V1(equity_hoover);

static Size
state_size(uint32 capacity)
{
	return offsetof(EquityState, loads) + sizeof(Load) * (Size) capacity;
}

static EquityState *
state_arg(FunctionCallInfo fcinfo, int n)
{
	EquityState *state = (EquityState *) PG_GETARG_BYTEA_P(n);

	if (VARSIZE(state) < state_size(0) || state->magic != STATE_MAGIC ||
		VARSIZE(state) < state_size(state->count))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid state of an equity aggregate")));
	return state;
}

/* The state (NULL: a new one) with room for "more" loads. */
static EquityState *
with_room(EquityState *state, uint32 more)
{
	uint32		count = state ? state->count : 0;
	Size		needed = state_size(count) + sizeof(Load) * (Size) more;
	EquityState *larger;
	Size		size;

	if (state != NULL && VARSIZE(state) >= needed)
		return state;
	size = Max(needed * 2, state_size(FIRST_CAPACITY));
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many loads for an equity measure"),
				 errhint("Aggregate per therapist first.")));
	larger = palloc0(size);
	SET_VARSIZE(larger, size);
	larger->magic = STATE_MAGIC;
	larger->count = count;
	if (count > 0)
		memcpy(larger->loads, state->loads, sizeof(Load) * (Size) count);
	return larger;
}

/*
 * equity_trans(state, load [, weight]) -> state.  22003 for what no share of
 * a load can be: negative, NaN, infinite.
 */
Datum
equity_trans(PG_FUNCTION_ARGS)
{
	EquityState *state;
	double		value;
	double		weight = 1.0;

	cl_check_aggregate_call(fcinfo);
	state = PG_ARGISNULL(0) ? NULL : state_arg(fcinfo, 0);
	if (PG_ARGISNULL(1) || (PG_NARGS() > 2 && PG_ARGISNULL(2)))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_BYTEA_P(state);
	}
	value = PG_GETARG_FLOAT8(1);
	if (PG_NARGS() > 2)
		weight = PG_GETARG_FLOAT8(2);
	if (!(value >= 0) || isinf(value) || !(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("loads and weights of an equity measure must be finite and not negative")));

	state = with_room(state, 1);
	if (weight > 0)
	{
		/* minus zero sorts and adds like zero, but has other bits */
		state->loads[state->count].value = value + 0.0;
		state->loads[state->count++].weight = weight;
	}
	PG_RETURN_BYTEA_P(state);
}

/* equity_combine(state, state) -> state; the second stays as it is. */
Datum
equity_combine(PG_FUNCTION_ARGS)
{
	EquityState *state;
	EquityState *other;

	cl_check_aggregate_call(fcinfo);
	state = PG_ARGISNULL(0) ? NULL : state_arg(fcinfo, 0);
	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_BYTEA_P(state);
	}
	other = state_arg(fcinfo, 1);
	state = with_room(state, other->count);
	memcpy(state->loads + state->count, other->loads, sizeof(Load) * (Size) other->count);
	state->count += other->count;
	PG_RETURN_BYTEA_P(state);
}

static int
compare_loads(const void *a, const void *b)
{
	const Load *left = a;
	const Load *right = b;

	if (left->value != right->value)
		return left->value < right->value ? -1 : 1;
	if (left->weight != right->weight)
		return left->weight < right->weight ? -1 : 1;
	return 0;
}

/* False when there is no load at all. */
static bool
collect_sums(FunctionCallInfo fcinfo, EquitySums *sums)
{
	EquityState *state;
	Load	   *loads;
	uint32		count;
	double		largest;
	double		mean;
	double		before = 0;

	cl_check_aggregate_call(fcinfo);
	if (PG_ARGISNULL(0))
		return false;
	state = state_arg(fcinfo, 0);
	count = state->count;
	if (count == 0)
		return false;

	/* the state may be wanted again: a window goes on */
	loads = palloc(sizeof(Load) * (Size) count);
	memcpy(loads, state->loads, sizeof(Load) * (Size) count);
	qsort(loads, count, sizeof(Load), compare_loads);

	/* no measure depends on the unit; in this one no square over- or underflows */
	largest = loads[count - 1].value;
	for (uint32 i = 0; i < count && largest > 0; i++)
		loads[i].value /= largest;

	memset(sums, 0, sizeof(EquitySums));
	for (uint32 i = 0; i < count; i++)
	{
		sums->weight += loads[i].weight;
		sums->total += loads[i].weight * loads[i].value;
		sums->squares += loads[i].weight * loads[i].value * loads[i].value;
	}
	if (isinf(sums->squares) || isinf(sums->weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow")));
	mean = sums->total / sums->weight;
	for (uint32 i = 0; i < count; i++)
	{
		double		distance = loads[i].value - mean;
		double		after = sums->weight - before - loads[i].weight;

		sums->deviation += loads[i].weight * fabs(distance);
		sums->variance += loads[i].weight * distance * distance;
		sums->ranked += loads[i].weight * loads[i].value * (before - after);
		before += loads[i].weight;
	}
	pfree(loads);
	return true;
}

/*
 * gini: sum over ranks (2i - n - 1) x_i / (n sum x), written with weights;
 * 0 (equal) to (n - 1) / n.
 */
Datum
equity_gini(PG_FUNCTION_ARGS)
{
	EquitySums	s;

	if (!collect_sums(fcinfo, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s.total > 0 ? Max(s.ranked / (s.weight * s.total), 0.0) : 0.0);
}

/* jain: (sum x)^2 / (n sum x^2); 1/n to 1 (equal). */
Datum
equity_jain(PG_FUNCTION_ARGS)
{
	EquitySums	s;

	if (!collect_sums(fcinfo, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s.total > 0 ? Min(s.total * s.total / (s.weight * s.squares), 1.0) : 1.0);
}

/* cv: population standard deviation / mean; 0 (equal) and up. */
Datum
equity_cv(PG_FUNCTION_ARGS)
{
	EquitySums	s;

	if (!collect_sums(fcinfo, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s.total > 0 ? sqrt(s.variance / s.weight) / (s.total / s.weight) : 0.0);
}

/* hoover: sum |x - mean| / (2 sum x): the share of the load that would have to move. */
Datum
equity_hoover(PG_FUNCTION_ARGS)
{
	EquitySums	s;

	if (!collect_sums(fcinfo, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s.total > 0 ? s.deviation / (2 * s.total) : 0.0);
}
