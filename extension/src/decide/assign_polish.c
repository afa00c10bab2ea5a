/*
 * assign_polish.c
 *		An assignment in work, and what can be made better in small steps.
 *
 * What counts first is the worth of those who go on waiting, then cost, then
 * the sum of load^2 / FTE.  A step is a shift of one client, an exchange of
 * two, or a shift that pushes somebody out who finds another place; the list
 * is a place like others, so all of them also take somebody from it or put
 * somebody back.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "assign.h"

#define MOST_CHOICES	16			/* that are looked at, */
#define FEWER_CHOICES	6			/* where there are many clients */
#define MANY_CLIENTS	200

/* What a step changes; less is better, in this order. */
typedef struct Change
{
	int64		worth;
	int64		cost;
	int128		squares;
} Change;

/* The pair of a client and a therapist; -1: not eligible. */
int32
cl_assign_pair(const AssignGroup *group, int client, int therapist)
{
	int32		low;
	int32		high;

	if (group->pair_of != NULL)
		return group->pair_of[(int64) client * (group->n_therapists + 1) + therapist];
	low = group->first[client];
	high = group->first[client + 1];
	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (group->to[middle] < therapist)
			low = middle + 1;
		else
			high = middle;
	}
	return low < group->first[client + 1] && group->to[low] == therapist ? low : -1;
}

/* Nobody is anywhere yet. */
AssignWork *
cl_assign_work(AssignGroup *group, PlanWork *clock)
{
	AssignWork *work = cl_plan_allocate(sizeof(AssignWork));
	int			n = group->n_therapists + 1;

	work->group = group;
	work->clock = clock;
	work->at = cl_plan_allocate(sizeof(int32) * group->n_clients);
	work->place = cl_plan_allocate(sizeof(int32) * group->n_clients);
	work->load = cl_plan_allocate(sizeof(int64) * n);
	work->member = cl_plan_allocate(sizeof(int32 *) * n);
	work->n_members = cl_plan_allocate(sizeof(int) * n);
	work->capacity = cl_plan_allocate(sizeof(int) * n);
	for (int i = 0; i < n; i++)
	{
		work->capacity[i] = 16;
		work->member[i] = cl_plan_allocate(sizeof(int32) * 16);
	}
	return work;
}

/* Put a client who is nowhere. */
void
cl_assign_put(AssignWork *work, int client, int32 pair)
{
	int			to = work->group->to[pair];

	if (work->n_members[to] == work->capacity[to])
	{
		work->capacity[to] *= 2;
		work->member[to] = repalloc_huge(work->member[to], sizeof(int32) * work->capacity[to]);
	}
	work->place[client] = work->n_members[to];
	work->member[to][work->n_members[to]++] = client;
	work->at[client] = pair;
	work->load[to] += work->group->weight[pair];
}

void
cl_assign_move(AssignWork *work, int client, int32 pair)
{
	int			from = work->group->to[work->at[client]];
	int			last = work->member[from][--work->n_members[from]];

	work->load[from] -= work->group->weight[work->at[client]];
	work->member[from][work->place[client]] = last;
	work->place[last] = work->place[client];
	cl_assign_put(work, client, pair);
}

/* By how much the sum of squares grows when the load of a therapist does. */
int128
cl_assign_squares(const AssignWork *work, int therapist, int64 by)
{
	const AssignGroup *group = work->group;
	int64		load;

	if (therapist == group->n_therapists)
		return 0;
	load = group->base[therapist] + work->load[therapist] * group->grid;
	by *= group->grid;
	return (int128) group->model->reciprocal[group->therapist[therapist]] * by * (2 * load + by);
}

static bool
better(const Change *change, const Change *than)
{
	if (change->worth != than->worth)
		return change->worth < than->worth;
	if (change->cost != than->cost)
		return change->cost < than->cost;
	return change->squares < than->squares;
}

/* Worth and cost of going from one pair to another. */
static void
add_pairs(const AssignWork *work, int client, int32 from, int32 to, Change *change)
{
	const AssignGroup *group = work->group;
	int			list = group->n_therapists;

	change->worth += group->worth[client] * ((group->to[to] == list) - (group->to[from] == list));
	change->cost += group->cost[to] - group->cost[from];
}

/* How many choices of the client are looked at. */
static int
choices_of(const AssignGroup *group, int client)
{
	return Min(group->first[client + 1] - group->first[client], group->n_clients > MANY_CLIENTS ? FEWER_CHOICES : MOST_CHOICES);
}

/* Somebody of the therapist gives way to the client, and goes where it is best.  What that would change, if it is better than the best. */
static void
push_out(AssignWork *work, int client, int32 pair, const Change *so_far, Change *best, int32 *best_pair, int *best_other, int32 *best_other_pair)
{
	const AssignGroup *group = work->group;
	int			from = group->to[work->at[client]];
	int			to = group->to[pair];
	int64		leaves = group->weight[work->at[client]];
	int64		comes = group->weight[pair];

	for (int m = 0; m < work->n_members[to]; m++)
	{
		int			other = work->member[to][m];
		int64		goes = group->weight[work->at[other]];
		int			choices = choices_of(group, other);

		if (work->load[to] + comes - goes > group->room[to] && comes > goes)
			continue;
		for (int c = 0; c < choices; c++)
		{
			int32		next = work->choice[group->first[other] + c];
			int			where = group->to[next];
			int64		free_there = group->room[where] - work->load[where] + (where == from ? leaves : 0);
			Change		change = *so_far;

			cl_plan_count(work->clock);
			if (where == to || group->weight[next] > free_there)
				continue;
			add_pairs(work, other, work->at[other], next, &change);
			if (change.worth > best->worth || (change.worth == best->worth && change.cost > best->cost))
				continue;
			change.squares = cl_assign_squares(work, to, comes - goes);
			if (where == from)
				change.squares += cl_assign_squares(work, from, group->weight[next] - leaves);
			else
				change.squares += cl_assign_squares(work, from, -leaves) + cl_assign_squares(work, where, group->weight[next]);
			if (better(&change, best))
			{
				*best = change;
				*best_pair = pair;
				*best_other = other;
				*best_other_pair = next;
			}
		}
	}
}

/* The best step that begins with the client; false: none is good. */
static bool
step_of(AssignWork *work, int client)
{
	const AssignGroup *group = work->group;
	Change		best = {0, 0, 0};
	int32		best_pair = -1;
	int			best_other = -1;
	int32		best_other_pair = -1;
	int			from = group->to[work->at[client]];
	int			choices = choices_of(group, client);

	for (int c = 0; c < choices; c++)
	{
		int32		pair = work->choice[group->first[client] + c];
		int			to = group->to[pair];
		Change		change = {0, 0, 0};

		if (to == from)
			continue;
		cl_plan_count(work->clock);
		add_pairs(work, client, work->at[client], pair, &change);
		if (work->load[to] + group->weight[pair] <= group->room[to])
		{
			change.squares = cl_assign_squares(work, from, -group->weight[work->at[client]]) + cl_assign_squares(work, to, group->weight[pair]);
			if (better(&change, &best))
			{
				best = change;
				best_pair = pair;
				best_other = -1;
			}
		}
		if (to != group->n_therapists)
			push_out(work, client, pair, &change, &best, &best_pair, &best_other, &best_other_pair);
	}
	if (best_pair < 0)
		return false;
	if (best_other >= 0)
		cl_assign_move(work, best_other, best_other_pair);
	cl_assign_move(work, client, best_pair);
	return true;
}

/* Steps until none is good, or a limit is met. */
void
cl_assign_polish(AssignWork *work)
{
	const AssignGroup *group = work->group;
	int			list = group->n_therapists;
	int			quiet = 0;

	/* those who wait first, who may go anywhere */
	for (int m = work->n_members[list] - 1; m >= 0 && !work->clock->out_of_time; m--)
		if (m < work->n_members[list])
			step_of(work, work->member[list][m]);
	for (int client = 0; quiet < group->n_clients; client = (client + 1) % group->n_clients)
	{
		if (work->clock->out_of_time)
			return;
		quiet = step_of(work, client) ? 0 : quiet + 1;
	}
}
