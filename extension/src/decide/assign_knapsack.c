/*
 * assign_knapsack.c
 *		A closer bound: each therapist by itself, with what clients bring.
 *
 * For any numbers m of the clients, every assignment costs at least
 *
 *		sum over clients of m + sum over therapists of min over sets of clients
 *		that have room there of the sum of (cost - m)
 *
 * (Lagrangian relaxation of "each client once"; Guignard, Rosenwein 1989).
 * Rooms are kept here, not priced, so it is never below the bound of prices
 * from which it begins, and often above.  The best set of a therapist is a
 * knapsack, counted exactly in whole weights; where rooms have too many units
 * for that, the bound of prices has to do.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "assign.h"

#define VALUE_BITS		58		/* of all costs together, scaled */
#define PATIENCE		8		/* rounds without a better bound before steps become smaller */
#define WHOLE_STEP		64		/* a step of 1 */
#define MOST_ROUNDS		300

/* The bound in work. */
typedef struct Knapsacks
{
	const AssignGroup *group;
	const AssignCosts *costs;
	int			shift;
	int64	   *brings;			/* of a client, scaled */
	int32	   *times;			/* how often a client is taken */
	/* of a therapist, all pairs */
	int64	   *first;
	int32	   *pair;
	int32	   *client;
	/* for one knapsack */
	int64	   *value;			/* the most that a room is worth */
	uint8	   *bits;			/* of an item and a room: is it taken? */
	int32	   *item;
	int64		cells;
} Knapsacks;

/* Pairs by therapist. */
static void
turn_round(Knapsacks *sacks)
{
	const AssignGroup *group = sacks->group;
	int64		pairs = group->first[group->n_clients];

	sacks->first = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 3));
	sacks->pair = cl_plan_allocate(sizeof(int32) * pairs);
	sacks->client = cl_plan_allocate(sizeof(int32) * pairs);
	for (int64 pair = 0; pair < pairs; pair++)
		sacks->first[group->to[pair] + 2]++;
	for (int i = 2; i <= group->n_therapists + 1; i++)
		sacks->first[i] += sacks->first[i - 1];
	for (int j = 0; j < group->n_clients; j++)
		for (int32 pair = group->first[j]; pair < group->first[j + 1]; pair++)
		{
			int64		at = sacks->first[group->to[pair] + 1]++;

			sacks->pair[at] = pair;
			sacks->client[at] = j;
		}
}

/* The most that a therapist can gain; whom it takes for that is counted. */
static int64
fill(Knapsacks *sacks, int therapist, PlanWork *clock)
{
	const AssignCosts *costs = sacks->costs;
	int64		room = costs->room[therapist];
	int64		width = room / 8 + 1;
	int64		asked = 0;
	int64		gained = 0;
	int			n = 0;

	for (int64 at = sacks->first[therapist]; at < sacks->first[therapist + 1]; at++)
		if (sacks->brings[sacks->client[at]] > costs->cost[sacks->pair[at]] << sacks->shift)
		{
			sacks->item[n++] = (int32) (at - sacks->first[therapist]);
			asked += costs->weight[sacks->pair[at]];
		}
	if (asked > room)
	{
		memset(sacks->value, 0, sizeof(int64) * (room + 1));
		memset(sacks->bits, 0, width * n);
		sacks->cells += n * (room + 1);
		cl_plan_count_many(clock, n * (room / 8 + 1));
	}
	for (int k = 0; k < n; k++)
	{
		int64		at = sacks->first[therapist] + sacks->item[k];
		int64		weight = costs->weight[sacks->pair[at]];
		int64		gain = sacks->brings[sacks->client[at]] - (costs->cost[sacks->pair[at]] << sacks->shift);
		uint8	   *bits = sacks->bits + width * k;

		if (asked <= room)
		{
			gained += gain;
			sacks->times[sacks->client[at]]++;
			continue;
		}
		for (int64 r = room; r >= weight; r--)
			if (sacks->value[r - weight] + gain > sacks->value[r])
			{
				sacks->value[r] = sacks->value[r - weight] + gain;
				bits[r / 8] |= 1 << (r % 8);
			}
	}
	if (asked <= room)
		return gained;
	for (int64 k = n - 1, r = room; k >= 0; k--)
		if (sacks->bits[width * k + r / 8] >> (r % 8) & 1)
		{
			int64		at = sacks->first[therapist] + sacks->item[k];

			sacks->times[sacks->client[at]]++;
			r -= costs->weight[sacks->pair[at]];
		}
	return sacks->value[room];
}

/* The bound with what clients bring now, scaled. */
static int128
bound_now(Knapsacks *sacks, PlanWork *clock)
{
	const AssignGroup *group = sacks->group;
	const AssignCosts *costs = sacks->costs;
	int			list = group->n_therapists;
	int64		price = costs->price[list] >> (costs->shift - sacks->shift);
	int128		bound = -(int128) price * costs->room[list];

	for (int j = 0; j < group->n_clients; j++)
	{
		int32		pair = group->first[j + 1] - 1;
		int64		waits = (costs->cost[pair] << sacks->shift) + price * costs->weight[pair];

		/* the list has a price instead of its room */
		bound += Min(sacks->brings[j], waits);
		sacks->times[j] = sacks->brings[j] > waits;
	}
	for (int i = 0; i < list && !clock->out_of_time; i++)
		bound -= fill(sacks, i, clock);
	return clock->out_of_time ? -((int128) 1 << 100) : bound;
}

/*
 * A bound for the cost of every assignment, from the prices that costs has on;
 * upper is the cost of one that is known.  It takes about so many cells of
 * knapsacks; 0 where they do not suffice for a few rounds.
 */
int64
cl_assign_knapsacks(const AssignGroup *group, const AssignCosts *costs, int64 upper, int64 cells, PlanWork *clock)
{
	Knapsacks	sacks = {group, costs};
	int64	   *best_brings = cl_plan_allocate(sizeof(int64) * group->n_clients);
	int64		step = WHOLE_STEP;
	int64		widest = 0;
	int64		highest = 1;
	int64		comers = 0;
	int128		bound;
	int128		best = 0;
	int			stale = 0;

	turn_round(&sacks);
	for (int i = 0; i < group->n_therapists; i++)
	{
		widest = Max(widest, costs->room[i]);
		comers = Max(comers, sacks.first[i + 1] - sacks.first[i]);
	}
	/* a table of all items and rooms must be a small part of it */
	if (widest > cells / 64 || comers * (widest / 8 + 1) > cells / 4)
		return 0;
	for (int64 pair = 0; pair < group->first[group->n_clients]; pair++)
		highest = Max(highest, costs->cost[pair]);
	while (sacks.shift < costs->shift && ((int128) highest * group->n_clients << (sacks.shift + 1)) < ((int128) 1 << VALUE_BITS))
		sacks.shift++;
	sacks.brings = cl_plan_allocate(sizeof(int64) * group->n_clients);
	sacks.times = cl_plan_allocate(sizeof(int32) * group->n_clients);
	sacks.value = cl_plan_allocate(sizeof(int64) * (widest + 1));
	sacks.item = cl_plan_allocate(sizeof(int32) * (comers + 1));
	sacks.bits = cl_plan_allocate((comers + 1) * (widest / 8 + 1));
	for (int j = 0; j < group->n_clients; j++)
	{
		int64		least = PG_INT64_MAX;

		for (int32 pair = group->first[j]; pair < group->first[j + 1]; pair++)
			least = Min(least, (costs->cost[pair] << costs->shift) + costs->price[group->to[pair]] * costs->weight[pair]);
		sacks.brings[j] = Min(least >> (costs->shift - sacks.shift), (INT64CONST(1) << VALUE_BITS) / group->n_clients);
	}
	bound = best = bound_now(&sacks, clock);
	memcpy(best_brings, sacks.brings, sizeof(int64) * group->n_clients);
	for (int round = 0; round < MOST_ROUNDS && sacks.cells < cells && !clock->out_of_time; round++)
	{
		int64		norm = 0;
		int128		by;

		if (best > 0 && (best >> sacks.shift) + ((best & (((int128) 1 << sacks.shift) - 1)) != 0) >= upper)
			break;
		for (int j = 0; j < group->n_clients; j++)
			norm += (int64) (1 - sacks.times[j]) * (1 - sacks.times[j]);
		if (norm == 0)
			break;
		by = (((int128) upper << sacks.shift) - bound) * step / WHOLE_STEP / norm;
		for (int j = 0; j < group->n_clients; j++)
		{
			int128		brings = sacks.brings[j] + by * (1 - sacks.times[j]);

			/* whatever they are, it is a bound; these can be added up */
			brings = Max(Min(brings, ((int128) 1 << VALUE_BITS) / group->n_clients), -((int128) 1 << VALUE_BITS) / group->n_clients);
			sacks.brings[j] = (int64) brings;
		}
		bound = bound_now(&sacks, clock);
		if (bound > best)
		{
			best = bound;
			stale = 0;
			memcpy(best_brings, sacks.brings, sizeof(int64) * group->n_clients);
		}
		else if (++stale >= PATIENCE)
		{
			stale = 0;
			step /= 2;
			if (step == 0)
				break;
			memcpy(sacks.brings, best_brings, sizeof(int64) * group->n_clients);
			bound = bound_now(&sacks, clock);
		}
	}
	if (best <= 0)
		return 0;
	return (int64) ((best + ((int128) 1 << sacks.shift) - 1) >> sacks.shift);
}
