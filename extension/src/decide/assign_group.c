/*
 * assign_group.c
 *		Who waits and who may take them, in groups that share nobody.
 *
 * Weights of a group are divided by what divides them all, and rooms become
 * what can be filled with them, so that what becomes of a group depends on
 * nothing outside of it, and bounds are not spoiled by room that nobody fits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "assign.h"

#define SUM_BITS		44		/* of all weights of a group, and of all costs */
#define WORTH_BITS		44		/* of all worth */
#define MOST_DENSE		(INT64CONST(1) << 24)	/* pairs of a table of all pairs */
#define MOST_FILLING	(INT64CONST(1) << 28)	/* words to find out what fills a room */
#define PRICE_ROUNDS	600
#define MORE_ROUNDS		300
#define COST_BITS		50
#define BY_CLIENT		200000	/* evaluations for each client, at most */
#define BY_CELL			2		/* evaluations for a cell of knapsacks */

/* A pair as it was read. */
typedef struct ReadPair
{
	int32		client;
	int32		therapist;
	int32		cost;
	int64		weight;			/* units */
} ReadPair;

/* By client and therapist; of two of the same the cheaper, then the lighter first. */
static int
compare_pairs(const void *a, const void *b)
{
	const ReadPair *one = a;
	const ReadPair *other = b;

	CHECK_FOR_INTERRUPTS();
	if (one->client != other->client)
		return one->client < other->client ? -1 : 1;
	if (one->therapist != other->therapist)
		return one->therapist < other->therapist ? -1 : 1;
	if (one->cost != other->cost)
		return one->cost < other->cost ? -1 : 1;
	return one->weight < other->weight ? -1 : one->weight > other->weight;
}

/* Pairs of those who wait with those who take somebody, each once, in order. */
static ReadPair *
read_pairs(const PlanModel *model, const PlanInput *input, int64 *n)
{
	ReadPair   *pairs = cl_plan_allocate(sizeof(ReadPair) * input->n_pairs);
	int64		kept = 0;

	*n = 0;
	for (int64 i = 0; i < input->n_pairs; i++)
	{
		int			client = input->pair_client[i];
		int			therapist = input->pair_therapist[i];

		if ((i & 65535) == 0)
			CHECK_FOR_INTERRUPTS();
		if (model->home[client] != CL_NO_THERAPIST || model->part[therapist] == 0)
			continue;
		pairs[*n].client = client;
		pairs[*n].therapist = therapist;
		pairs[*n].cost = input->pair_cost[i];
		pairs[(*n)++].weight = input->pair_weight[i] < 0 ? model->weight[client] : input->pair_weight[i] / model->unit;
	}
	qsort(pairs, *n, sizeof(ReadPair), compare_pairs);
	for (int64 i = 0; i < *n; i++)
		if (kept == 0 || pairs[i].client != pairs[kept - 1].client || pairs[i].therapist != pairs[kept - 1].therapist)
			pairs[kept++] = pairs[i];
	*n = kept;
	return pairs;
}

pg_noreturn static void
too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("weights, costs or priorities of those who wait are too large to be compared exactly"),
			 errhint("Round weights, and take smaller numbers for cost and priority.")));
}

/* Numbers of the group, which must fit. */
static void
set_limits(AssignGroup *group)
{
	int128		worth = 0;
	int128		weight = 0;
	int128		cost = 0;

	for (int j = 0; j < group->n_clients; j++)
	{
		int64		heaviest = 0;
		int64		dearest = 0;

		for (int32 pair = group->first[j]; pair < group->first[j + 1]; pair++)
		{
			heaviest = Max(heaviest, group->weight[pair]);
			dearest = Max(dearest, group->cost[pair]);
		}
		worth += group->worth[j];
		weight += heaviest;
		cost += dearest;
		group->highest_cost = Max(group->highest_cost, dearest);
	}
	if (worth >> WORTH_BITS != 0 || weight >> SUM_BITS != 0 || cost >> SUM_BITS != 0)
		too_large();
}

/* The most of a room that can be filled: sums of weights of some of those who may come, as bits. */
static int64
can_be_filled(const AssignGroup *group, int therapist, uint64 *bits, PlanWork *clock)
{
	int64		room = group->room[therapist];
	int64		words = room / 64 + 1;
	int64		at;

	memset(bits, 0, words * sizeof(uint64));
	bits[0] = 1;
	for (int j = 0; j < group->n_clients; j++)
	{
		int32		pair = cl_assign_pair(group, j, therapist);
		int64		by;
		int			shift;

		if (pair < 0 || group->weight[pair] == 0)
			continue;
		by = group->weight[pair] / 64;
		shift = group->weight[pair] % 64;
		cl_plan_count_many(clock, words / 8 + 1);
		for (at = words - 1; at >= by; at--)
		{
			bits[at] |= bits[at - by] << shift;
			if (shift > 0 && at > by)
				bits[at] |= bits[at - by - 1] >> (64 - shift);
		}
	}
	for (at = room; at > 0 && (bits[at / 64] >> (at % 64) & 1) == 0; at--)
		;
	return at;
}

/* Rooms in the grid of the group, as far as they can be filled. */
static void
set_rooms(AssignGroup *group, const PlanWork *today, PlanWork *clock)
{
	const PlanModel *model = group->model;
	int			n = group->n_therapists;
	int64	   *asked = cl_plan_allocate(sizeof(int64) * (n + 1));
	int64	   *comers = cl_plan_allocate(sizeof(int64) * (n + 1));
	int64		work = 0;
	int64		largest = 0;

	for (int64 pair = 0; pair < group->first[group->n_clients]; pair++)
	{
		asked[group->to[pair]] += group->weight[pair];
		comers[group->to[pair]]++;
	}
	for (int i = 0; i < n; i++)
	{
		int			therapist = group->therapist[i];

		group->base[i] = today->load[therapist];
		group->room[i] = Min((model->room[therapist] - today->load[therapist]) / group->grid, asked[i]);
		if (group->room[i] < asked[i])
		{
			largest = Max(largest, group->room[i]);
			work += comers[i] * (group->room[i] / 64 + 1);
		}
	}
	/* the list takes everybody */
	group->room[n] = PG_INT64_MAX / 4;
	if (work <= MOST_FILLING)
	{
		uint64	   *bits = cl_plan_allocate((largest / 64 + 1) * sizeof(uint64));

		for (int i = 0; i < n; i++)
			if (group->room[i] < asked[i])
				group->room[i] = can_be_filled(group, i, bits, clock);
		pfree(bits);
	}
	pfree(asked);
	pfree(comers);
}

/* A table of all pairs, where it is not mostly empty. */
static void
set_table(AssignGroup *group)
{
	int64		width = group->n_therapists + 1;
	int64		pairs = group->first[group->n_clients];

	if (width * group->n_clients > MOST_DENSE || width * group->n_clients > pairs * 16)
		return;
	group->pair_of = cl_plan_allocate(sizeof(int32) * width * group->n_clients);
	memset(group->pair_of, 0xFF, sizeof(int32) * width * group->n_clients);
	for (int j = 0; j < group->n_clients; j++)
		for (int32 pair = group->first[j]; pair < group->first[j + 1]; pair++)
			group->pair_of[j * width + group->to[pair]] = pair;
}

/* One group of its pairs, which are in the order of clients. */
static AssignGroup *
make_group(const PlanModel *model, const PlanInput *input, const PlanWork *today, const ReadPair *pairs, int64 n, int32 *place, PlanWork *clock)
{
	AssignGroup *group = cl_plan_allocate(sizeof(AssignGroup));
	int32		at = 0;

	group->model = model;
	group->grid = 0;
	for (int64 i = 0; i < n; i++)
	{
		group->n_clients += i == 0 || pairs[i].client != pairs[i - 1].client;
		place[pairs[i].therapist] = 0;
		group->grid = cl_gcd(pairs[i].weight, group->grid);
	}
	group->grid = Max(group->grid, 1);
	if (n + group->n_clients > PG_INT32_MAX / 2)
		too_large();
	for (int i = 0; i < model->n_therapists; i++)
		if (place[i] == 0)
			group->n_therapists++;
	group->therapist = cl_plan_allocate(sizeof(int32) * (group->n_therapists + 1));
	group->n_therapists = 0;
	for (int i = 0; i < model->n_therapists; i++)
		if (place[i] == 0)
		{
			place[i] = group->n_therapists;
			group->therapist[group->n_therapists++] = i;
		}
	group->room = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 1));
	group->base = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 1));
	group->client = cl_plan_allocate(sizeof(int32) * group->n_clients);
	group->worth = cl_plan_allocate(sizeof(int64) * group->n_clients);
	group->at = cl_plan_allocate(sizeof(int32) * group->n_clients);
	group->first = cl_plan_allocate(sizeof(int32) * (group->n_clients + 1));
	group->to = cl_plan_allocate(sizeof(int32) * (n + group->n_clients));
	group->weight = cl_plan_allocate(sizeof(int64) * (n + group->n_clients));
	group->cost = cl_plan_allocate(sizeof(int64) * (n + group->n_clients));
	group->n_clients = 0;
	for (int64 i = 0; i < n; i++)
	{
		int			j = group->n_clients;

		if (i == 0 || pairs[i].client != pairs[i - 1].client)
		{
			group->client[j] = pairs[i].client;
			group->worth[j] = input->priority[pairs[i].client];
			group->first[j] = at;
		}
		group->to[at] = place[pairs[i].therapist];
		group->weight[at] = pairs[i].weight / group->grid;
		group->cost[at++] = pairs[i].cost;
		if (i + 1 == n || pairs[i + 1].client != pairs[i].client)
		{
			group->to[at++] = group->n_therapists;
			group->first[++group->n_clients] = at;
		}
	}
	for (int i = 0; i < group->n_therapists; i++)
		place[group->therapist[i]] = -1;
	set_limits(group);
	set_table(group);
	set_rooms(group, today, clock);
	return group;
}

/* By component of the therapist, then as they were. */
static int
compare_components(const void *a, const void *b, void *arg)
{
	const PlanModel *model = arg;
	int32		one = model->component[((const ReadPair *) a)->therapist];
	int32		other = model->component[((const ReadPair *) b)->therapist];

	if (one != other)
		return one < other ? -1 : 1;
	return compare_pairs(a, b);
}

/*
 * The groups of those who wait, in the order of their first therapists.
 * Clients whom nobody may take, or for whom no therapist has room, are in none.
 */
AssignGroup **
cl_assign_groups(PlanModel *model, const PlanInput *input, const PlanWork *today, PlanWork *clock, int *n_groups)
{
	int64		n;
	int64		kept = 0;
	ReadPair   *pairs = read_pairs(model, input, &n);
	AssignGroup **groups = cl_plan_allocate(sizeof(AssignGroup *) * (model->n_therapists + 1));
	int32	   *place = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));

	memset(place, 0xFF, sizeof(int32) * (model->n_therapists + 1));
	for (int64 i = 0; i < n; i++)
		if (today->load[pairs[i].therapist] + pairs[i].weight <= model->room[pairs[i].therapist])
			pairs[kept++] = pairs[i];
	qsort_arg(pairs, kept, sizeof(ReadPair), compare_components, model);
	*n_groups = 0;
	for (int64 start = 0, end; start < kept; start = end)
	{
		for (end = start; end < kept && model->component[pairs[end].therapist] == model->component[pairs[start].therapist]; end++)
			;
		groups[(*n_groups)++] = make_group(model, input, today, pairs + start, end - start, place, clock);
	}
	pfree(pairs);
	pfree(place);
	return groups;
}

/* ------------------------------------------------------------- solving --- */

/* The linear model in which places cost what they cost, and those who wait may be worth no more than so much. */
static AssignCosts *
make_costs(const AssignGroup *group, int64 unplaced, bool of_worth)
{
	AssignCosts *costs = cl_plan_allocate(sizeof(AssignCosts));
	int64		pairs = group->first[group->n_clients];
	int64		highest = 1;

	costs->cost = cl_plan_allocate(sizeof(int64) * pairs);
	costs->weight = cl_plan_allocate(sizeof(int64) * pairs);
	costs->room = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 1));
	costs->price = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 1));
	memcpy(costs->weight, group->weight, sizeof(int64) * pairs);
	memcpy(costs->room, group->room, sizeof(int64) * group->n_therapists);
	costs->room[group->n_therapists] = unplaced;
	if (!of_worth)
		memcpy(costs->cost, group->cost, sizeof(int64) * pairs);
	for (int j = 0; j < group->n_clients; j++)
	{
		if (of_worth)
			costs->cost[group->first[j + 1] - 1] = group->worth[j];
		else
			costs->weight[group->first[j + 1] - 1] = group->worth[j];
	}
	for (int64 pair = 0; pair < pairs; pair++)
		highest = Max(highest, costs->cost[pair]);
	while ((highest << (costs->shift + 1)) < (INT64CONST(1) << COST_BITS))
		costs->shift++;
	return costs;
}

/* What divides every worth: those who wait can only be worth a multiple of it. */
static int64
worth_step(const AssignGroup *group)
{
	int64		step = group->worth[0];

	for (int j = 1; j < group->n_clients; j++)
		step = cl_gcd(group->worth[j], step);
	return step;
}

/* No assignment leaves less worth waiting. */
static void
bound_unplaced(AssignGroup *group, int64 evaluations, PlanWork *clock)
{
	AssignCosts *costs = make_costs(group, 0, true);
	int64		step = worth_step(group);
	int64		bound = cl_assign_prices(group, costs, group->unplaced, PRICE_ROUNDS, clock);

	bound = Max((bound + step - 1) / step * step, 0);
	if (bound < group->unplaced)
	{
		int64		closer = cl_assign_knapsacks(group, costs, group->unplaced, evaluations / BY_CELL, clock);

		bound = Max(bound, (closer + step - 1) / step * step);
	}
	group->unplaced_bound = Min(Max(bound, group->unplaced_bound), group->unplaced);
}

/*
 * No assignment that leaves no more worth waiting than this one costs less: the
 * list is a therapist with room for just that, and has a price like others.
 * Where nobody waits it is the bound of the plain problem, since the price may
 * be as high as it likes.  What was a bound for those who leave more waiting is
 * one for those who leave less.
 */
static void
bound_cost(AssignGroup *group, AssignCosts *costs, int64 evaluations, PlanWork *clock)
{
	int64		bound;

	costs->room[group->n_therapists] = group->unplaced;
	bound = cl_assign_prices(group, costs, group->spent, MORE_ROUNDS, clock);
	bound = Max(bound, group->cost_bound);
	if (bound < group->spent)
	{
		int64		closer = cl_assign_knapsacks(group, costs, group->spent, evaluations / BY_CELL, clock);

		bound = Max(bound, closer);
	}
	group->cost_bound = Min(bound, group->spent);
}

/*
 * Solve a group: what it leaves waiting, what it costs, and what nothing can
 * do better than.
 */
void
cl_assign_solve(AssignGroup *group, int64 evaluations, PlanWork *clock)
{
	AssignCosts *costs = make_costs(group, 0, false);
	AssignSearch *search;
	int64		least = PG_INT64_MAX;
	int64	   *price = cl_plan_allocate(sizeof(int64) * (group->n_therapists + 1));
	int64		everybody;
	int64		unplaced;
	int64		spent;

	evaluations = Min(evaluations, (int64) BY_CLIENT * group->n_clients);
	for (int j = 0; j < group->n_clients; j++)
		least = Min(least, group->worth[j]);
	/* prices as if everybody found a place, which somebody who waits would pay four times for */
	costs->price[group->n_therapists] = ((group->highest_cost * 4) << costs->shift) / least;
	everybody = cl_assign_prices(group, costs, -1, PRICE_ROUNDS, clock);
	memcpy(price, costs->price, sizeof(int64) * (group->n_therapists + 1));
	search = cl_assign_begin(group, costs, clock);
	if (group->unplaced > 0)
		bound_unplaced(group, evaluations, clock);
	bound_cost(group, costs, evaluations, clock);
	unplaced = group->unplaced;
	spent = group->spent;
	cl_assign_continue(search, evaluations);
	if (group->unplaced > 0 && group->unplaced < unplaced && group->unplaced > group->unplaced_bound)
		bound_unplaced(group, evaluations, clock);
	if (group->unplaced == 0)
	{
		/* what was a bound where everybody finds a place, and the prices that go with it */
		group->cost_bound = Min(Max(group->cost_bound, everybody), group->spent);
		if (unplaced > 0)
			memcpy(costs->price, price, sizeof(int64) * (group->n_therapists + 1));
	}
	if ((group->unplaced < unplaced || group->spent < spent) && group->spent > group->cost_bound)
		bound_cost(group, costs, evaluations, clock);
}
