/*
 * assign_bound.c
 *		What no assignment can do better than: prices of room.
 *
 * For any prices that are not negative, every assignment costs at least
 *
 *		sum over clients of min over pairs (cost + price of the therapist * weight)
 *		- sum over therapists of price * room
 *
 * (Lagrangian relaxation of the rooms; Fisher 1981).  Prices are whole
 * numbers, the sum is exact, so it is a bound whatever they are.  They are made
 * better by steps along what is asked for beyond the room (subgradient; Held,
 * Wolfe, Crowder 1974), with the direction of the step before in it (Camerini,
 * Fratta, Maffioli 1975).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "assign.h"

#define COST_BITS		50		/* of the highest cost, scaled */
#define PRODUCT_BITS	58		/* of a price and a weight */
#define PATIENCE		20		/* rounds without a better bound before steps become smaller */
#define WHOLE_STEP		512		/* a step of 1 */
#define MEMORY			179		/* of 256: how much of the direction before stays */

/* The bound at these prices, times 2^shift, and what is asked for beyond each room. */
static int128
bound_at(const AssignGroup *group, const AssignCosts *costs, const int64 *price, int64 *excess)
{
	int128		bound = 0;

	for (int i = 0; i <= group->n_therapists; i++)
	{
		excess[i] = -costs->room[i];
		bound -= (int128) price[i] * costs->room[i];
	}
	for (int j = 0; j < group->n_clients; j++)
	{
		int32		best = group->first[j];
		int64		least = PG_INT64_MAX;

		for (int32 pair = group->first[j]; pair < group->first[j + 1]; pair++)
		{
			int64		value = (costs->cost[pair] << costs->shift) + price[group->to[pair]] * costs->weight[pair];

			if (value < least)
			{
				least = value;
				best = pair;
			}
		}
		bound += least;
		excess[group->to[best]] += costs->weight[best];
	}
	return bound;
}

/* The least whole cost that is not below the bound. */
static int64
whole(int128 bound, int shift)
{
	return (int64) ((bound + ((int128) 1 << shift) - 1) >> shift);
}

/*
 * A bound for the cost of every assignment that keeps the rooms, from the
 * prices that costs has on; it leaves the best ones there.  Upper is the cost
 * of an assignment that is known, or -1.  The greatest cost and the sum of
 * weights must fit in 44 bits.
 */
int64
cl_assign_prices(const AssignGroup *group, AssignCosts *costs, int64 upper, int rounds, PlanWork *clock)
{
	int			n = group->n_therapists + 1;
	int64		pairs = group->first[group->n_clients];
	int64	   *price = cl_plan_allocate(sizeof(int64) * n);
	int64	   *limit = cl_plan_allocate(sizeof(int64) * n);
	int64	   *excess = cl_plan_allocate(sizeof(int64) * n);
	int64	   *direction = cl_plan_allocate(sizeof(int64) * n);
	int64		step = 2 * WHOLE_STEP;
	int128		best;
	int128		bound;
	int			stale = 0;

	for (int i = 0; i < n; i++)
		limit[i] = 1;
	for (int64 pair = 0; pair < pairs; pair++)
		limit[group->to[pair]] = Max(limit[group->to[pair]], costs->weight[pair]);
	for (int i = 0; i < n; i++)
	{
		limit[i] = (INT64CONST(1) << PRODUCT_BITS) / limit[i];
		price[i] = costs->price[i];
	}
	best = bound = bound_at(group, costs, price, excess);
	for (int round = 0; round < rounds && !clock->out_of_time; round++)
	{
		int128		norm = 0;
		int128		target;

		/* a pair is looked at in no time, compared with one of the search */
		cl_plan_count_many(clock, pairs / 8 + 1);
		if (upper >= 0 && whole(best, costs->shift) >= upper)
			break;
		for (int i = 0; i < n; i++)
		{
			direction[i] = excess[i] * 256 + direction[i] * MEMORY / 256;
			/* who has room and a price of nothing cannot become cheaper */
			if (price[i] == 0 && direction[i] < 0)
				direction[i] = 0;
			norm += (int128) direction[i] * direction[i];
		}
		if (norm == 0)
			break;
		if (upper >= 0)
			target = ((int128) upper << costs->shift) - bound;
		else
			target = best + (best < 0 ? -best : best) / 32 + ((int128) 1 << costs->shift) - bound;
		for (int i = 0; i < n; i++)
		{
			int128		by = target * step / WHOLE_STEP * direction[i] / Max(norm / 256, 1);

			price[i] = (int64) Max(Min((int128) price[i] + by, limit[i]), 0);
		}
		bound = bound_at(group, costs, price, excess);
		if (bound > best)
		{
			best = bound;
			stale = 0;
			memcpy(costs->price, price, sizeof(int64) * n);
		}
		else if (++stale >= PATIENCE)
		{
			stale = 0;
			step /= 2;
			if (step == 0)
				break;
			memcpy(price, costs->price, sizeof(int64) * n);
			memset(direction, 0, sizeof(int64) * n);
			bound = bound_at(group, costs, price, excess);
		}
	}
	pfree(price);
	pfree(limit);
	pfree(excess);
	pfree(direction);
	return whole(best, costs->shift);
}
