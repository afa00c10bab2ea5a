/*
 * plan_state.c
 *		A plan in work: who is where, and what a move would change.
 *
 * What is made small is the sum over the team of load^2 / FTE, which judges
 * every change of two loads by themselves: moving w from p to q changes it by
 * w ((w - 2 L_p) / f_p + (w + 2 L_q) / f_q).  With a band, what lies outside
 * of it counts first: no move brings more of it there, and a penalty for each
 * unit is more than all that a unit can change otherwise.
 *
 * Whose load is that of no part of the team (FTE 0) adds nothing.
 */
#include "postgres.h"

#include <time.h>

#include "miscadmin.h"

#include "plan.h"

/* Microseconds on a clock that nobody sets. */
int64
cl_plan_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Every 4,096 evaluations: does somebody want us to stop? */
void
cl_plan_look_up(PlanWork *state)
{
	CHECK_FOR_INTERRUPTS();
	if (state->evaluation_limit > 0 && state->evaluations >= state->evaluation_limit)
		state->out_of_evaluations = true;
	if (state->deadline > 0 && cl_plan_clock() >= state->deadline)
		state->out_of_time = true;
}

/* The sum of squares at which Jain's index reaches the target, where so much has been freed. */
int128
cl_plan_target_ssq(const PlanModel *model, const PlanStop *stop, int64 freed)
{
	int64		total = stop->total - freed;

	/* without a team all is even */
	if (model->fte_total == 0)
		return 0;
	return (int128) total * total * model->scale * 1000 / ((int128) stop->jain * model->fte_total);
}

/* Is the plan good enough? */
bool
cl_plan_target_met(const PlanWork *state, const PlanStop *stop)
{
	if (stop->band && state->out_of_band == 0)
		return true;
	return stop->jain > 0 && state->ssq <= cl_plan_target_ssq(state->model, stop, state->load[state->model->n_therapists]);
}

static void
link_client(PlanWork *state, int client, int therapist)
{
	state->next[client] = state->head[therapist];
	state->previous[client] = -1;
	if (state->next[client] >= 0)
		state->previous[state->next[client]] = client;
	state->head[therapist] = client;
}

static void
unlink_client(PlanWork *state, int client)
{
	if (state->previous[client] >= 0)
		state->next[state->previous[client]] = state->next[client];
	else
		state->head[state->at[client]] = state->next[client];
	if (state->next[client] >= 0)
		state->previous[state->next[client]] = state->previous[client];
}

/* Today, without a band. */
PlanWork *
cl_plan_state(const PlanModel *model)
{
	PlanWork   *state = cl_plan_allocate(sizeof(PlanWork));

	state->model = model;
	state->at = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	state->next = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	state->previous = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	state->load = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	state->head = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	for (int i = 0; i <= model->n_therapists; i++)
	{
		state->load[i] = model->base[i];
		state->head[i] = -1;
	}
	/* backwards, so that lists are in the order of clients */
	for (int j = model->n_clients - 1; j >= 0; j--)
	{
		state->at[j] = model->home[j];
		if (model->home[j] == CL_NO_THERAPIST)
			continue;
		state->load[model->home[j]] += model->weight[j];
		if (!cl_plan_fixed(model, j))
			link_client(state, j, model->home[j]);
	}
	for (int i = 0; i < model->n_therapists; i++)
		state->ssq += (int128) model->reciprocal[i] * state->load[i] * state->load[i];
	return state;
}

/* Give the plan a band; NULL: none.  A unit out of it counts more than what a unit can change in the squares. */
void
cl_plan_objective(PlanWork *state, int64 *low, int64 *high)
{
	const PlanModel *model = state->model;

	state->objective.low = low;
	state->objective.high = high;
	state->objective.penalty = NULL;
	state->out_of_band = 0;
	if (low == NULL)
		return;
	state->objective.penalty = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	for (int i = 0; i < model->n_therapists; i++)
	{
		int64	   *most = &state->objective.penalty[model->component[i]];

		/* the room was chosen so that 32 times of it fit */
		*most = Max(*most, 8 * model->reciprocal[i] * 2 * Max(state->load[i], high[i]));
		if (model->part[i] > 0)
			state->out_of_band += cl_plan_outside(&state->objective, i, state->load[i]);
	}
	for (int i = 0; i < model->n_therapists; i++)
		state->objective.penalty[i] = state->objective.penalty[model->component[i]];
}

/* What that costs beyond what the client's move has cost so far. */
int
cl_plan_extra_cost(const PlanWork *state, int client, int to)
{
	const PlanModel *model = state->model;

	return (to == model->home[client] ? 0 : model->cost[client]) -
		(state->at[client] == model->home[client] ? 0 : model->cost[client]);
}

static void
change_load(PlanWork *state, int therapist, int64 by)
{
	const PlanModel *model = state->model;
	int64		load = state->load[therapist];

	if (model->part[therapist] > 0)
	{
		state->ssq += (int128) model->reciprocal[therapist] * (by * (2 * load + by));
		state->out_of_band += cl_plan_more_outside(state, therapist, by);
	}
	state->load[therapist] += by;
}

void
cl_plan_move(PlanWork *state, int client, int to)
{
	const PlanModel *model = state->model;
	int			from = state->at[client];

	state->cost += cl_plan_extra_cost(state, client, to);
	state->moves += (to != model->home[client]) - (from != model->home[client]);
	change_load(state, from, -model->weight[client]);
	unlink_client(state, client);
	state->at[client] = to;
	link_client(state, client, to);
	change_load(state, to, model->weight[client]);
}

static int
compare_forced(const void *a, const void *b, void *arg)
{
	const PlanModel *model = arg;
	int			one = *(const int32 *) a;
	int			other = *(const int32 *) b;

	if (model->weight[one] != model->weight[other])
		return model->weight[one] > model->weight[other] ? -1 : 1;
	return one < other ? -1 : one > other;
}

/*
 * Place those who must leave, heaviest first, each where it weighs least.  Who
 * finds no room stays, stranded, and is fixed from now on, for bounds, too.
 */
void
cl_plan_place_forced(PlanModel *model, PlanWork *state)
{
	int32	   *forced = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	int			n = 0;

	for (int j = 0; j < model->n_clients; j++)
		if (model->state[j] == CLIENT_FORCED)
			forced[n++] = j;
	qsort_arg(forced, n, sizeof(int32), compare_forced, model);
	for (int at = 0; at < n; at++)
	{
		int			client = forced[at];
		int			class = model->class_of[client];
		int			best = CL_NO_THERAPIST;
		int64		least = 0;

		for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
		{
			int			to = model->member[i];
			int64		step;

			cl_plan_count(state);
			if (state->load[to] + model->weight[client] > model->room[to])
				continue;
			step = cl_plan_step(state, to, model->weight[client]);
			if (best == CL_NO_THERAPIST || step < least)
			{
				best = to;
				least = step;
			}
		}
		if (best != CL_NO_THERAPIST)
			cl_plan_move(state, client, best);
		else
		{
			unlink_client(state, client);
			model->state[client] = CLIENT_STRANDED;
			model->class_of[client] = -1;
		}
	}
	pfree(forced);
}
