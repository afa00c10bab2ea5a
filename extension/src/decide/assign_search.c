/*
 * assign_search.c
 *		A good assignment of a group: greedy, then annealing, then polish.
 *
 * Prices of room (assign_bound.c) say what a place really costs: cost + price *
 * weight.  Clients are placed in the order of what their second best place
 * would cost them more (regret).  Then, again and again, a few clients who are
 * near to each other are taken out and put back the same way, with a little
 * chance in it (ruin and recreate; Schrimpf and others 2000), and the change
 * is kept if it is good, or, while the search is hot, not too bad (simulated
 * annealing; Kirkpatrick, Gelatt, Vecchi 1983).  No room is ever exceeded.
 *
 * All is in whole numbers, random ones from a generator of our own that begins
 * the same in every group, so no group changes what another finds.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "assign.h"
#include "chance.h"

#define VALUE_BITS		36		/* of the highest cost, scaled */
#define WAITING_BITS	50		/* of what somebody who goes on waiting costs the search */
#define MOST_CHOICES	12
#define LEAST_TAKEN		2
#define MOST_TAKEN		8
#define LEVELS			200		/* of the temperature, in a run */
#define RUN				10000000	/* evaluations of a run */

/* The search in work. */
struct AssignSearch
{
	AssignWork *work;
	int64	   *real;			/* of pairs: scaled cost, without prices */
	int		   *n_choices;
	uint64		random;
	/* as it is now */
	int64		unplaced;
	int64		cost;
	/* the best so far */
	int32	   *best;
	int64		best_unplaced;
	int64		best_cost;
};

/* -------------------------------------------------------------- values --- */

/* What pairs cost with the prices, scaled, and the choices of each client, best first. */
static void
set_values(AssignWork *work, const AssignCosts *prices, int shift, int64 waiting)
{
	const AssignGroup *group = work->group;

	for (int j = 0; j < group->n_clients; j++)
	{
		int32		last = group->first[j + 1] - 1;

		cl_plan_count_many(work->clock, last + 1 - group->first[j]);
		for (int32 pair = group->first[j]; pair <= last; pair++)
		{
			int64		value = waiting * group->worth[j];
			int32		at = pair;

			if (pair < last)
				value = ((group->cost[pair] << prices->shift) + prices->price[group->to[pair]] * group->weight[pair]) >>
					(prices->shift - shift);
			work->value[pair] = value;
			/* into its place */
			while (at > group->first[j] && work->value[work->choice[at - 1]] > value)
			{
				work->choice[at] = work->choice[at - 1];
				at--;
			}
			work->choice[at] = pair;
		}
	}
}

/* A worth of 1 that goes on waiting costs the search so much: four times what the dearest place does, as far as it fits. */
static int64
waiting_value(const AssignWork *work)
{
	const AssignGroup *group = work->group;
	int64		dearest = 1;
	int64		least = PG_INT64_MAX;
	int64		most = 1;

	for (int j = 0; j < group->n_clients; j++)
	{
		least = Min(least, group->worth[j]);
		most = Max(most, group->worth[j]);
		for (int32 pair = group->first[j]; pair < group->first[j + 1] - 1; pair++)
			dearest = Max(dearest, work->value[pair]);
	}
	return Max(Min(dearest / least, (INT64CONST(1) << (WAITING_BITS - 2)) / most) * 4, 1);
}

/* What a second choice costs more than the first, in the mean. */
static int64
mean_regret(const AssignWork *work)
{
	const AssignGroup *group = work->group;
	int128		sum = 0;
	int			n = 0;

	for (int j = 0; j < group->n_clients; j++)
	{
		const int32 *choice = work->choice + group->first[j];

		/* the list is no choice here */
		if (group->first[j + 1] - group->first[j] < 3)
			continue;
		sum += work->value[choice[1]] - work->value[choice[0]];
		n++;
	}
	return n == 0 ? 0 : (int64) (sum / n);
}

/* -------------------------------------------------------------- greedy --- */

/* The best pair of a client for which there is room, and what another would cost more; of equal ones the one that evens out loads. */
static int32
best_with_room(AssignWork *work, int client, int64 *regret)
{
	const AssignGroup *group = work->group;
	int32		best = -1;
	int128		least = 0;
	int			found = 0;

	*regret = PG_INT64_MAX;
	for (int32 c = group->first[client]; c < group->first[client + 1]; c++)
	{
		int32		pair = work->choice[c];
		int			to = group->to[pair];
		int128		squares;

		cl_plan_count(work->clock);
		if (work->load[to] + group->weight[pair] > group->room[to])
			continue;
		if (++found == 2)
			*regret = work->value[pair] - work->value[best];
		if (best >= 0 && work->value[pair] > work->value[best])
			break;
		squares = cl_assign_squares(work, to, group->weight[pair]);
		if (best < 0 || squares < least)
		{
			best = pair;
			least = squares;
		}
	}
	return best;
}

/* More regret, then more weight, then the first. */
static bool
goes_first(const AssignGroup *group, const int64 *regret, int one, int other)
{
	int64		weight = group->weight[group->first[one]];
	int64		other_weight = group->weight[group->first[other]];

	if (regret[one] != regret[other])
		return regret[one] > regret[other];
	if (weight != other_weight)
		return weight > other_weight;
	return one < other;
}

static void
sink(const AssignGroup *group, const int64 *regret, int32 *heap, int n, int at)
{
	int32		client = heap[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child >= n)
			break;
		if (child + 1 < n && goes_first(group, regret, heap[child + 1], heap[child]))
			child++;
		if (!goes_first(group, regret, heap[child], client))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = client;
}

/* Everybody to the best place that is left, who would lose most first. */
static void
place_greedily(AssignWork *work)
{
	const AssignGroup *group = work->group;
	int			n = group->n_clients;
	int64	   *regret = cl_plan_allocate(sizeof(int64) * n);
	int32	   *heap = cl_plan_allocate(sizeof(int32) * n);

	for (int j = 0; j < n; j++)
	{
		heap[j] = j;
		best_with_room(work, j, &regret[j]);
	}
	for (int at = n / 2 - 1; at >= 0; at--)
		sink(group, regret, heap, n, at);
	while (n > 0)
	{
		int			client = heap[0];
		int64		now;
		int32		pair = best_with_room(work, client, &now);

		if (now != regret[client])
		{
			regret[client] = now;
			sink(group, regret, heap, n, 0);
			if (heap[0] != client)
				continue;
		}
		cl_assign_put(work, client, pair);
		heap[0] = heap[--n];
		if (n > 0)
			sink(group, regret, heap, n, 0);
	}
	pfree(regret);
	pfree(heap);
}

/* ----------------------------------------------------------- annealing --- */

static void
sum_up(AssignSearch *search)
{
	const AssignGroup *group = search->work->group;

	search->unplaced = search->cost = 0;
	for (int j = 0; j < group->n_clients; j++)
	{
		int32		pair = search->work->at[j];

		search->unplaced += group->to[pair] == group->n_therapists ? group->worth[j] : 0;
		search->cost += group->cost[pair];
	}
}

static void
keep_if_best(AssignSearch *search)
{
	if (search->unplaced > search->best_unplaced ||
		(search->unplaced == search->best_unplaced && search->cost >= search->best_cost))
		return;
	search->best_unplaced = search->unplaced;
	search->best_cost = search->cost;
	memcpy(search->best, search->work->at, sizeof(int32) * search->work->group->n_clients);
}

/* Everybody to where they were in the best assignment. */
static void
go_to_best(AssignSearch *search)
{
	AssignWork *work = search->work;

	for (int j = 0; j < work->group->n_clients; j++)
		if (work->at[j] != search->best[j])
			cl_assign_move(work, j, search->best[j]);
	search->unplaced = search->best_unplaced;
	search->cost = search->best_cost;
}

static bool
is_proven(const AssignSearch *search)
{
	const AssignGroup *group = search->work->group;

	return search->best_unplaced <= group->unplaced_bound && search->best_cost <= group->cost_bound;
}

/* Some clients: one by chance, others of the same therapist and of those it would rather be with. */
static int
choose_clients(AssignSearch *search, int *taken)
{
	const AssignWork *work = search->work;
	const AssignGroup *group = work->group;
	int			want = LEAST_TAKEN + cl_draw_below(&search->random, MOST_TAKEN - LEAST_TAKEN + 1);
	int			seed = cl_draw_below(&search->random, group->n_clients);
	int			n = 0;

	taken[n++] = seed;
	for (int attempt = 0; n < want && attempt < 2 * want; attempt++)
	{
		int			near = cl_draw_below(&search->random, Min(search->n_choices[seed], 5));
		int			to = (attempt & 1) != 0 ? group->to[work->at[seed]] : group->to[work->choice[group->first[seed] + near]];
		int			client;
		bool		new = true;

		if (work->n_members[to] == 0)
			continue;
		client = work->member[to][cl_draw_below(&search->random, work->n_members[to])];
		for (int t = 0; t < n; t++)
			new &= taken[t] != client;
		if (new)
			taken[n++] = client;
	}
	return n;
}

/* For putting back: the best pair with room, with a little chance, and the second. */
typedef struct Option
{
	int32		pair;
	int			second_to;		/* therapist of the second; -1: none */
	int64		regret;
} Option;

static Option
choose_pair(AssignSearch *search, int client, int64 temperature)
{
	const AssignWork *work = search->work;
	const AssignGroup *group = work->group;
	Option		option = {group->first[client + 1] - 1, -1, 0};
	int64		best = PG_INT64_MAX;
	int64		second = PG_INT64_MAX;
	int			to_best = -1;

	for (int c = 0; c < search->n_choices[client]; c++)
	{
		int32		pair = work->choice[group->first[client] + c];
		int			to = group->to[pair];
		int64		value;

		/* chance only adds to a value, and the rest have more */
		if (work->value[pair] >= second)
			break;
		if (work->load[to] + group->weight[pair] > group->room[to])
			continue;
		value = work->value[pair] + cl_draw_heat(&search->random, temperature);
		if (value < best)
		{
			second = best;
			option.second_to = to_best;
			best = value;
			option.pair = pair;
			to_best = to;
		}
		else if (value < second)
		{
			second = value;
			option.second_to = to;
		}
	}
	if (best != PG_INT64_MAX)
		option.regret = second - best;
	return option;
}

/* Take some clients out and put them back. */
static void
attempt(AssignSearch *search, int64 temperature)
{
	AssignWork *work = search->work;
	const AssignGroup *group = work->group;
	int			taken[MOST_TAKEN];
	int32		old[MOST_TAKEN];
	int32		now[MOST_TAKEN];
	Option		option[MOST_TAKEN];
	int			n = choose_clients(search, taken);
	int			looks = n;
	int64		change = 0;
	/* who would lose most chooses first, but not always: two may be worth more than one */
	bool		any_order = (cl_draw(&search->random) & 3) == 0;

	for (int t = 0; t < n; t++)
	{
		old[t] = work->at[taken[t]];
		now[t] = -1;
		work->load[group->to[old[t]]] -= group->weight[old[t]];
		change -= search->real[old[t]];
	}
	for (int t = 0; t < n; t++)
	{
		option[t] = choose_pair(search, taken[t], temperature);
		if (any_order)
			option[t].regret = cl_draw_below(&search->random, 1024);
	}
	for (int left = n; left > 0; left--)
	{
		int			chosen = -1;
		int			to;

		for (int t = 0; t < n; t++)
			if (now[t] < 0 && (chosen < 0 || option[t].regret > option[chosen].regret))
				chosen = t;
		now[chosen] = option[chosen].pair;
		to = group->to[now[chosen]];
		work->load[to] += group->weight[now[chosen]];
		change += search->real[now[chosen]];
		/* others who would have gone there think again */
		for (int t = 0; t < n; t++)
			if (now[t] < 0 && (group->to[option[t].pair] == to || option[t].second_to == to))
			{
				int64		order = option[t].regret;

				option[t] = choose_pair(search, taken[t], temperature);
				if (any_order)
					option[t].regret = order;
				looks++;
			}
	}
	cl_plan_count_many(work->clock, looks * 4);
	/* loads as they were: moving will count them */
	for (int t = 0; t < n; t++)
	{
		work->load[group->to[now[t]]] -= group->weight[now[t]];
		work->load[group->to[old[t]]] += group->weight[old[t]];
	}
	if (change > 0 && change > cl_draw_heat(&search->random, temperature))
		return;
	for (int t = 0; t < n; t++)
	{
		int			client = taken[t];

		if (now[t] == old[t])
			continue;
		search->unplaced += group->worth[client] * ((group->to[now[t]] == group->n_therapists) - (group->to[old[t]] == group->n_therapists));
		search->cost += group->cost[now[t]] - group->cost[old[t]];
		cl_assign_move(work, client, now[t]);
	}
	keep_if_best(search);
}

/* From hot to cold in so many evaluations. */
static void
anneal(AssignSearch *search, int64 hot, int64 cold, int64 evaluations)
{
	PlanWork   *clock = search->work->clock;
	int64		start = clock->evaluations;
	int			octaves = 0;

	while (octaves < 30 && (cold << octaves) < hot)
		octaves++;
	for (int level = LEVELS - 1; level >= 0; level--)
	{
		/* cold * 2^x, piecewise linear */
		int64		x = (int64) octaves * 65536 * level / (LEVELS - 1);
		int64		temperature = (cold * (65536 + (x & 65535)) / 65536) << (x >> 16);
		int64		end = start + evaluations / LEVELS * (LEVELS - level);

		while (clock->evaluations < end && !clock->out_of_time && !clock->out_of_evaluations)
			attempt(search, temperature);
	}
}

/* What is now is the best, and what the group knows of. */
static void
report(AssignSearch *search)
{
	AssignWork *work = search->work;
	AssignGroup *group = work->group;

	sum_up(search);
	memcpy(search->best, work->at, sizeof(int32) * group->n_clients);
	memcpy(group->at, work->at, sizeof(int32) * group->n_clients);
	group->unplaced = search->best_unplaced = search->unplaced;
	group->spent = search->best_cost = search->cost;
}

/* Begin a search: what is greedy, polished, is in the group then. */
AssignSearch *
cl_assign_begin(AssignGroup *group, const AssignCosts *prices, PlanWork *clock)
{
	AssignWork *work = cl_assign_work(group, clock);
	AssignSearch *search = cl_plan_allocate(sizeof(AssignSearch));
	int64		pairs = group->first[group->n_clients];
	int64		waiting;
	int			shift = 0;

	while (shift < prices->shift && (Max(group->highest_cost, 1) << (shift + 1)) < (INT64CONST(1) << VALUE_BITS))
		shift++;
	work->value = cl_plan_allocate(sizeof(int64) * pairs);
	work->choice = cl_plan_allocate(sizeof(int32) * pairs);
	set_values(work, prices, shift, 0);
	waiting = waiting_value(work);
	set_values(work, prices, shift, waiting);
	place_greedily(work);
	cl_assign_polish(work);

	search->work = work;
	search->random = cl_chance(0);
	search->best = cl_plan_allocate(sizeof(int32) * group->n_clients);
	search->real = cl_plan_allocate(sizeof(int64) * pairs);
	search->n_choices = cl_plan_allocate(sizeof(int) * group->n_clients);
	for (int64 pair = 0; pair < pairs; pair++)
		search->real[pair] = group->to[pair] < group->n_therapists ? group->cost[pair] << shift : work->value[pair];
	for (int j = 0; j < group->n_clients; j++)
		search->n_choices[j] = Min(group->first[j + 1] - group->first[j], MOST_CHOICES);
	report(search);
	return search;
}

/* Go on for so many evaluations, or until the bounds are met; the best is in the group then. */
void
cl_assign_continue(AssignSearch *search, int64 evaluations)
{
	PlanWork   *clock = search->work->clock;
	int64		end = clock->evaluations + evaluations;
	int64		regret = mean_regret(search->work);

	while (!is_proven(search) && clock->evaluations < end && !clock->out_of_time && !clock->out_of_evaluations)
	{
		anneal(search, Max(regret / 2, 2), Max(regret / 32, 1), Min(RUN, end - clock->evaluations));
		go_to_best(search);
		cl_assign_polish(search->work);
		report(search);
	}
}
