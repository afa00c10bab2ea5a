/*
 * equity_state.c
 *		The loads of the equity measures: collected, joined, sent, sorted.
 *
 * All measures share one state, the loads themselves, since Gini needs their
 * order.  Measures of the same arguments in one query share it in fact: the
 * executor keeps one state for aggregates with the same transition, and the
 * final functions keep in it what they have computed.
 *
 * The state is "internal": a load is appended in place, arrays may grow
 * beyond a gigabyte, and only a partial result that goes to another process
 * is packed.  What the final functions change cannot be seen from outside,
 * an order of the loads and results that belong to exactly these loads, so
 * they count as read-only: a window may go on adding afterwards, and only the
 * loads that are new are put in their places.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "aggregate.h"
#include "equity.h"

#define FIRST_CAPACITY	8
#define STATE_VERSION	1
#define STATE_HEAD		(1 + 1 + 8 + 8) /* version, weighted, epsilon, count */

/* Up to so many new loads are put into their places one by one. */
#define FEW_LOADS		32

/* Beyond these, sums of weighted loads could leave the range of a double. */
#define LEAST_WEIGHT	1e-100
#define GREATEST_WEIGHT	1e100

/* between two looks for a cancel */
#define LOADS_AT_ONCE	65536

#define DIGITS			8
#define BUCKETS			256
#define DIGIT(bits, d)	(((bits) >> (8 * (d))) & (BUCKETS - 1))

PG_FUNCTION_INFO_V1(equity_trans);
PG_FUNCTION_INFO_V1(equity_atkinson_trans);
PG_FUNCTION_INFO_V1(equity_combine);
PG_FUNCTION_INFO_V1(equity_serial);
PG_FUNCTION_INFO_V1(equity_deserial);

static EquityState *
new_state(MemoryContext context, Size capacity, bool weighted)
{
	EquityState *state = MemoryContextAllocZero(context, sizeof(EquityState));

	state->capacity = Max(capacity, FIRST_CAPACITY);
	state->loads = MemoryContextAllocHuge(context, sizeof(double) * state->capacity);
	if (weighted)
		state->weights = MemoryContextAllocHuge(context, sizeof(double) * state->capacity);
	state->epsilon = NAN;
	return state;
}

static void
make_room(EquityState *state, Size more)
{
	Size		needed = state->count + more;

	if (needed <= state->capacity)
		return;
	state->capacity = Max(needed, state->capacity * 2);
	state->loads = repalloc_huge(state->loads, sizeof(double) * state->capacity);
	if (state->weights)
		state->weights = repalloc_huge(state->weights, sizeof(double) * state->capacity);
}

static void
forget_results(EquityState *state)
{
	state->spread_known = state->entropy_known = false;
}

/* Takes in one load; those of weight 0 are none. */
static void
add_load(EquityState *state, double load, double weight)
{
	if (!(load >= 0) || isinf(load) || !(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("loads and weights of an equity measure must be finite and not negative")));
	if (weight == 0)
		return;
	if (weight < LEAST_WEIGHT || weight > GREATEST_WEIGHT)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weights of an equity measure must be 0, or from 1e-100 to 1e100")));

	make_room(state, 1);
	/* minus zero is equal to zero, but has other bits */
	state->loads[state->count] = load + 0.0;
	if (state->weights)
		state->weights[state->count] = weight;
	state->count++;
	forget_results(state);
}

/*
 * equity_trans(state, load [, weight]) -> state.  A row with a NULL is
 * skipped.  22003 for what no load or weight can be: negative, NaN, infinite,
 * or a weight so small or large that it is a mistake.
 */
Datum
equity_trans(PG_FUNCTION_ARGS)
{
	bool		weighted = PG_NARGS() > 2;
	EquityState *state = PG_ARGISNULL(0) ? NULL : (EquityState *) PG_GETARG_POINTER(0);
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		cl_check_aggregate_call(fcinfo);
	if (state == NULL)
		state = new_state(context, FIRST_CAPACITY, weighted);
	if (!PG_ARGISNULL(1) && !(weighted && PG_ARGISNULL(2)))
		add_load(state, PG_GETARG_FLOAT8(1), weighted ? PG_GETARG_FLOAT8(2) : 1.0);
	PG_RETURN_POINTER(state);
}

/*
 * equity_atkinson_trans(state, load, epsilon [, weight]) -> state.  A row
 * with a NULL is skipped.  22023 for an epsilon that is negative, NaN or
 * infinite, or not the same in all rows; 22003 as above.
 */
Datum
equity_atkinson_trans(PG_FUNCTION_ARGS)
{
	bool		weighted = PG_NARGS() > 3;
	EquityState *state = PG_ARGISNULL(0) ? NULL : (EquityState *) PG_GETARG_POINTER(0);
	MemoryContext context;
	double		epsilon;

	if (!AggCheckCallContext(fcinfo, &context))
		cl_check_aggregate_call(fcinfo);
	if (state == NULL)
		state = new_state(context, FIRST_CAPACITY, weighted);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (weighted && PG_ARGISNULL(3)))
		PG_RETURN_POINTER(state);

	epsilon = PG_GETARG_FLOAT8(2);
	if (epsilon != state->epsilon)
	{
		if (!(epsilon >= 0) || isinf(epsilon))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("epsilon of the Atkinson index must be finite and not negative"),
					 errhint("0.5 is common; the higher, the more the lowest loads count.")));
		if (!isnan(state->epsilon))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("epsilon of the Atkinson index must be the same in all rows"),
					 errhint("Group by it.")));
		state->epsilon = epsilon;
	}
	add_load(state, PG_GETARG_FLOAT8(1), weighted ? PG_GETARG_FLOAT8(3) : 1.0);
	PG_RETURN_POINTER(state);
}

/* equity_combine(state, state) -> state; the second stays as it is. */
Datum
equity_combine(PG_FUNCTION_ARGS)
{
	EquityState *state = PG_ARGISNULL(0) ? NULL : (EquityState *) PG_GETARG_POINTER(0);
	EquityState *other = PG_ARGISNULL(1) ? NULL : (EquityState *) PG_GETARG_POINTER(1);
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		cl_check_aggregate_call(fcinfo);
	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(context, other->count, other->weights != NULL);
	if (isnan(state->epsilon))
		state->epsilon = other->epsilon;
	else if (!isnan(other->epsilon) && other->epsilon != state->epsilon)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("epsilon of the Atkinson index must be the same in all rows"),
				 errhint("Group by it.")));

	make_room(state, other->count);
	memcpy(state->loads + state->count, other->loads, sizeof(double) * other->count);
	if (state->weights)
		memcpy(state->weights + state->count, other->weights, sizeof(double) * other->count);
	state->count += other->count;
	forget_results(state);
	PG_RETURN_POINTER(state);
}

static void
send_doubles(StringInfo buf, const double *values, Size count)
{
	for (Size i = 0; i < count; i++)
	{
		uint64		bits;

		memcpy(&bits, &values[i], sizeof(bits));
		pq_writeint64(buf, bits);
	}
}

static void
receive_doubles(StringInfo buf, double *values, Size count)
{
	pq_copymsgbytes(buf, (char *) values, (int) (sizeof(double) * count));
	for (Size i = 0; i < count; i++)
	{
		uint64		bits;

		memcpy(&bits, &values[i], sizeof(bits));
		bits = pg_ntoh64(bits);
		memcpy(&values[i], &bits, sizeof(bits));
	}
}

/*
 * equity_serial(state) -> bytea.  54000 where a worker has more loads than
 * fit into one value.
 */
Datum
equity_serial(PG_FUNCTION_ARGS)
{
	EquityState *state = (EquityState *) PG_GETARG_POINTER(0);
	Size		size = sizeof(double) * state->count * (state->weights ? 2 : 1);
	StringInfoData buf;

	cl_check_aggregate_call(fcinfo);
	if (size > MaxAllocSize - STATE_HEAD - VARHDRSZ - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many loads for an equity measure in a parallel query"),
				 errhint("Turn parallel queries off (max_parallel_workers_per_gather = 0), or use more workers.")));

	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, (int) (STATE_HEAD + size));
	pq_writeint8(&buf, STATE_VERSION);
	pq_writeint8(&buf, state->weights != NULL);
	send_doubles(&buf, &state->epsilon, 1);
	pq_writeint64(&buf, state->count);
	send_doubles(&buf, state->loads, state->count);
	if (state->weights)
		send_doubles(&buf, state->weights, state->count);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* equity_deserial(bytea, internal) -> state, in the current memory context. */
Datum
equity_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	EquityState *state;
	StringInfoData buf;
	bool		weighted;
	double		epsilon;
	uint64		count;

	cl_check_aggregate_call(fcinfo);
	buf.data = VARDATA_ANY(value);
	buf.len = buf.maxlen = VARSIZE_ANY_EXHDR(value);
	buf.cursor = 0;

	if (pq_getmsgbyte(&buf) != STATE_VERSION)
		elog(ERROR, "unknown version of an equity state");
	weighted = pq_getmsgbyte(&buf) != 0;
	epsilon = pq_getmsgfloat8(&buf);
	count = (uint64) pq_getmsgint64(&buf);
	if (count > MaxAllocSize / sizeof(double))
		elog(ERROR, "invalid size of an equity state");
	state = new_state(CurrentMemoryContext, (Size) count, weighted);
	state->epsilon = epsilon;
	state->count = (Size) count;
	receive_doubles(&buf, state->loads, state->count);
	if (weighted)
		receive_doubles(&buf, state->weights, state->count);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

static inline uint64
bits_of(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/*
 * Sorts by one of the arrays and carries the other (which may be NULL) along;
 * what is equal stays in its order.  Loads and weights are not negative, so
 * they are in the order of their bits, and go through one pass for each byte
 * in which they differ: none for a constant weight, few for whole numbers.
 */
static void
radix_sort(Size count, double **keys, double **others)
{
	MemoryContext context = GetMemoryChunkContext(*keys);
	Size		starts[DIGITS][BUCKETS];
	double	   *from = *keys;
	double	   *to = NULL;
	double	   *from_others = others ? *others : NULL;
	double	   *to_others = NULL;

	memset(starts, 0, sizeof(starts));
	for (Size i = 0; i < count;)
	{
		Size		end = Min(count, i + LOADS_AT_ONCE);

		CHECK_FOR_INTERRUPTS();
		for (; i < end; i++)
		{
			uint64		bits = bits_of(from[i]);

			for (int d = 0; d < DIGITS; d++)
				starts[d][DIGIT(bits, d)]++;
		}
	}

	for (int d = 0; d < DIGITS; d++)
	{
		Size		next = 0;
		double	   *swap;

		if (starts[d][DIGIT(bits_of(from[0]), d)] == count)
			continue;			/* all have the same digit */
		if (to == NULL)
		{
			to = MemoryContextAllocHuge(context, sizeof(double) * count);
			if (from_others)
				to_others = MemoryContextAllocHuge(context, sizeof(double) * count);
		}
		for (int b = 0; b < BUCKETS; b++)
		{
			Size		start = next;

			next += starts[d][b];
			starts[d][b] = start;
		}
		for (Size i = 0; i < count;)
		{
			Size		end = Min(count, i + LOADS_AT_ONCE);

			CHECK_FOR_INTERRUPTS();
			for (; i < end; i++)
			{
				Size		place = starts[d][DIGIT(bits_of(from[i]), d)]++;

				to[place] = from[i];
				if (from_others)
					to_others[place] = from_others[i];
			}
		}
		swap = from, from = to, to = swap;
		swap = from_others, from_others = to_others, to_others = swap;
	}

	/* the results may be in the arrays of this function: the caller's go */
	if (to != NULL)
		pfree(to);
	if (to_others != NULL)
		pfree(to_others);
	*keys = from;
	if (others)
		*others = from_others;
}

/* Puts the loads that are not sorted yet into their places, one by one. */
static void
insert_loads(EquityState *state)
{
	double	   *loads = state->loads;
	double	   *weights = state->weights;

	for (Size i = state->sorted; i < state->count; i++)
	{
		double		load = loads[i];
		double		weight = weights ? weights[i] : 1.0;
		Size		place = i;

		while (place > 0 && (loads[place - 1] > load ||
							 (weights && loads[place - 1] == load && weights[place - 1] > weight)))
		{
			loads[place] = loads[place - 1];
			if (weights)
				weights[place] = weights[place - 1];
			place--;
		}
		loads[place] = load;
		if (weights)
			weights[place] = weight;
	}
}

/*
 * Orders the loads, those that are equal by weight, so that sums over them do
 * not depend on the order of the rows or their split over workers.
 */
void
cl_equity_sort(EquityState *state)
{
	if (state->count - state->sorted <= FEW_LOADS)
		insert_loads(state);
	else
	{
		Size		count = state->count;

		if (state->weights)
			radix_sort(count, &state->weights, &state->loads);
		radix_sort(count, &state->loads, state->weights ? &state->weights : NULL);
		state->capacity = count;	/* that of the new arrays */
	}
	state->sorted = state->count;
}
