/*
 * plan_swap.c
 *		Two moves at once, where no single move is good any more.
 *
 * A swap sends a client from p to q and a lighter one back; a chain sends one
 * from p to q and another from q to a third, s.  Either moves load from p to
 * the other end, and by convexity it can only be good where moving the least
 * load there is would be: that is asked first, and nearly always the answer.
 */
#include "postgres.h"

#include "plan.h"

/*
 * So many looks for a chain from one therapist, then the best so far is taken.
 * It is a limit of each by itself: what others look at does not use it up.
 */
#define CHAIN_LOOKS		20000

/* Would the least load be better off at to? */
static inline bool
downhill(const PlanWork *state, int from, int to)
{
	int64		grid = state->model->grid;

	return cl_plan_step(state, from, -grid) + cl_plan_step(state, to, grid) < 0;
}

static bool
stopped(const PlanWork *state)
{
	return state->out_of_time || state->out_of_evaluations;
}

/* The best swap that relieves a therapist, done; false: there is none. */
static bool
swap_from(PlanWork *state, int from)
{
	const PlanModel *model = state->model;
	int64		most = 0;
	int			gives = -1;
	int			takes = -1;

	for (int one = state->head[from]; one >= 0; one = state->next[one])
	{
		int			class = model->class_of[one];

		for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
		{
			int			to = model->member[i];

			cl_plan_count(state);
			if (to == from || !downhill(state, from, to))
				continue;
			for (int other = state->head[to]; other >= 0; other = state->next[other])
			{
				int64		by = model->weight[one] - model->weight[other];
				int64		gain;

				cl_plan_count(state);
				if (by <= 0 || state->load[to] + by > model->room[to] ||
					cl_plan_more_outside(state, from, -by) + cl_plan_more_outside(state, to, by) > 0)
					continue;
				gain = -(cl_plan_step(state, from, -by) + cl_plan_step(state, to, by));
				if (gain < most || gain <= 0 || (gain == most && (one > gives || (one == gives && other >= takes))))
					continue;
				if (!cl_plan_may(model, other, from))
					continue;
				most = gain;
				gives = one;
				takes = other;
			}
		}
		if (stopped(state))
			return false;
	}
	if (gives < 0)
		return false;
	{
		int			to = state->at[takes];

		cl_plan_move(state, gives, to);
		cl_plan_move(state, takes, from);
	}
	return true;
}

/* Swaps until there is none; true when there was one. */
bool
cl_plan_swaps(PlanWork *state)
{
	bool		any = false;

	for (int from = 0; from < state->model->n_therapists && !stopped(state); from++)
		while (swap_from(state, from))
			any = true;
	return any;
}

/* The best chain that relieves a therapist, done; false: there is none. */
static bool
chain_from(PlanWork *state, int from, bool *good)
{
	const PlanModel *model = state->model;
	int64		most = 0;
	int			first = -1;
	int			second = -1;
	int			end = -1;
	bool		any = false;
	int64		last_look = state->evaluations + CHAIN_LOOKS;

	good[model->n_therapists] = false;
	for (int i = 0; i < model->n_therapists; i++)
	{
		good[i] = i != from && model->part[i] > 0 && model->component[i] == model->component[from] && downhill(state, from, i);
		any |= good[i];
	}
	if (!any)
		return false;
	for (int one = state->head[from]; one >= 0 && state->evaluations < last_look; one = state->next[one])
	{
		int			class = model->class_of[one];

		for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
		{
			int			through = model->member[i];

			if (through == from)
				continue;
			for (int other = state->head[through]; other >= 0; other = state->next[other])
			{
				int			other_class = model->class_of[other];
				int64		by = model->weight[one] - model->weight[other];
				int64		fixed;
				int64		outside;

				cl_plan_count(state);
				if (state->load[through] + by > model->room[through])
					continue;
				fixed = -(cl_plan_step(state, from, -model->weight[one]) + cl_plan_step(state, through, by));
				if (fixed <= most)
					continue;
				outside = cl_plan_more_outside(state, from, -model->weight[one]) + cl_plan_more_outside(state, through, by);
				for (int64 k = model->first[other_class]; k < model->first[other_class + 1]; k++)
				{
					int			to = model->member[k];
					int64		gain;

					cl_plan_count(state);
					if (!good[to] || to == through || state->load[to] + model->weight[other] > model->room[to] ||
						outside + cl_plan_more_outside(state, to, model->weight[other]) > 0)
						continue;
					gain = fixed - cl_plan_step(state, to, model->weight[other]);
					if (gain < most || gain <= 0 ||
						(gain == most && (one > first || (one == first && (other > second || (other == second && to >= end))))))
						continue;
					most = gain;
					first = one;
					second = other;
					end = to;
				}
			}
			if (stopped(state))
				return false;
		}
	}
	if (first < 0)
		return false;
	{
		int			through = state->at[second];

		cl_plan_move(state, second, end);
		cl_plan_move(state, first, through);
	}
	return true;
}

/* Chains until there is none; true when there was one. */
bool
cl_plan_chains(PlanWork *state)
{
	bool	   *good = palloc(sizeof(bool) * (state->model->n_therapists + 1));
	bool		any = false;

	for (int from = 0; from < state->model->n_therapists && !stopped(state); from++)
		while (chain_from(state, from, good))
			any = true;
	pfree(good);
	return any;
}

/* Does the band hold, and nobody have too much, at these two? */
static bool
holds_at(const PlanWork *state, int one, int other)
{
	return state->out_of_band == 0 && state->load[one] <= state->model->room[one] && state->load[other] <= state->model->room[other];
}

/* One who is at home, instead of two who went from there to the same therapist; false: there is none. */
static bool
replace_two(PlanWork *state, int client, int home, int at)
{
	const PlanModel *model = state->model;

	for (int64 i = model->taker_first[at]; i < model->taker_first[at + 1]; i++)
	{
		int			instead = model->taker[i];

		cl_plan_glance(state);
		if (stopped(state))
			return false;
		if (state->at[instead] != home || model->home[instead] != home || instead == client || cl_plan_fixed(model, instead))
			continue;
		for (int64 k = model->taker_first[home]; k < model->taker_first[home + 1]; k++)
		{
			int			other = model->taker[k];

			cl_plan_glance(state);
			if (state->at[other] != at || model->home[other] != home || cl_plan_fixed(model, other) ||
				model->cost[instead] >= model->cost[client] + model->cost[other])
				continue;
			cl_plan_count(state);
			cl_plan_move(state, instead, at);
			cl_plan_move(state, other, home);
			if (holds_at(state, home, at))
				return true;
			cl_plan_move(state, other, at);
			cl_plan_move(state, instead, home);
		}
	}
	return false;
}

/*
 * For a band that is met: who need not have moved goes home, and two who went
 * the same way are replaced by one, where that costs less.  False: there was
 * nothing to save.
 */
bool
cl_plan_save_moves(PlanWork *state)
{
	const PlanModel *model = state->model;
	bool		any = false;

	for (int client = 0; client < model->n_clients && !stopped(state); client++)
	{
		int			home = model->home[client];
		int			at = state->at[client];

		if (home == CL_NO_THERAPIST || at == home || model->state[client] != CLIENT_MOVABLE)
			continue;
		cl_plan_count(state);
		cl_plan_move(state, client, home);
		if (holds_at(state, home, at) || replace_two(state, client, home, at))
			any = true;
		else
			cl_plan_move(state, client, at);
	}
	return any;
}
