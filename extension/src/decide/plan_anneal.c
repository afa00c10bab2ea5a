/*
 * plan_anneal.c
 *		The polish of a plan for a band: fewer or cheaper moves, found by chance.
 *
 * Descent brings loads into the band by the moves that gain most for their
 * cost, and never takes back what later moves have made unnecessary but for
 * single ones.  Here up to three moves at a time are tried at random: who has
 * moved goes home or elsewhere, two change places, one goes instead of another
 * or instead of two.  What makes it a little worse is accepted with a
 * probability that falls (simulated annealing; Kirkpatrick, Gelatt, Vecchi
 * 1983), from a temperature that leaves most of the descent as it is; what is
 * out of the band costs more and more.  The best that was seen remains.
 *
 * Each component is polished by itself, with the same random numbers, so that
 * a team that has nothing to do with another does not change its plan.
 */
#include "postgres.h"

#include "chance.h"
#include "plan.h"

#define MOVE			65536	/* what a move that costs 1 counts */
#define BAND_PRICE		8		/* the mean weight of a move out of the band counts as so many moves, */
#define BAND_RISE		4		/* and as so many times that in the end */
#define HOT				(MOVE * 8 / 100)
#define COLD			(MOVE * 5 / 100)
#define LEVELS			256		/* of the temperature */
#define DRAWS			6		/* the best of so many goes instead of another */
#define TRIES_PER_MOVE	400
#define LEAST_TRIES		100000	/* but not more of each client than of a move */
#define MOST_TRIES		2000000

/* Some moves at once. */
typedef struct Trial
{
	int			n;
	int32		client[3];
	int32		to[3];
} Trial;

/* The polish of a component. */
typedef struct Anneal
{
	PlanWork   *state;
	const PlanStop *stop;
	uint64		random;
	int64		price;			/* of a unit out of the band, at first */
	/* clients of the component who have a weight and may move */
	int			n_clients;
	int32	   *client;
	/* of these, those who are not at home, and where in it each is; -1: nowhere */
	int			n_moved;
	int32	   *moved;
	int32	   *place;
	/* of therapist p, those whose home it is: mine[first[p]] and so on, who are away first */
	int64	   *first;
	int32	   *away;
	int32	   *mine;
	int32	   *mine_place;
	/* the best so far */
	int32	   *best;			/* of client[n] */
	int64		best_outside;
	int64		best_cost;
} Anneal;

/* ---------------------------------------------------------------- lists --- */

static void
exchange(Anneal *anneal, int64 one, int64 other)
{
	int32		client = anneal->mine[one];

	anneal->mine[one] = anneal->mine[other];
	anneal->mine[other] = client;
	anneal->mine_place[anneal->mine[one]] = (int32) one;
	anneal->mine_place[anneal->mine[other]] = (int32) other;
}

static void
move(Anneal *anneal, int client, int to)
{
	PlanWork   *state = anneal->state;
	int			home = state->model->home[client];
	bool		was_home = state->at[client] == home;

	cl_plan_move(state, client, to);
	if (was_home && to != home)
	{
		anneal->place[client] = anneal->n_moved;
		anneal->moved[anneal->n_moved++] = client;
		exchange(anneal, anneal->mine_place[client], anneal->first[home] + anneal->away[home]++);
	}
	else if (!was_home && to == home)
	{
		int32		last = anneal->moved[--anneal->n_moved];

		anneal->moved[anneal->place[client]] = last;
		anneal->place[last] = anneal->place[client];
		anneal->place[client] = -1;
		exchange(anneal, anneal->mine_place[client], anneal->first[home] + --anneal->away[home]);
	}
}

static void
do_trial(Anneal *anneal, const Trial *trial)
{
	for (int n = 0; n < trial->n; n++)
		move(anneal, trial->client[n], trial->to[n]);
}

/* ------------------------------------------------------------ proposals --- */

static void
add(Trial *trial, int client, int to)
{
	trial->client[trial->n] = client;
	trial->to[trial->n++] = to;
}

static int
draw_member(Anneal *anneal, int client)
{
	const PlanModel *model = anneal->state->model;
	int			class = model->class_of[client];

	return model->member[model->first[class] + cl_draw_below(&anneal->random, (int) (model->first[class + 1] - model->first[class]))];
}

/* One whose home it is and who is there; -1: nobody. */
static int
draw_at_home(Anneal *anneal, int therapist)
{
	int64		first = anneal->first[therapist] + anneal->away[therapist];
	int			n = (int) (anneal->first[therapist + 1] - first);

	return n == 0 ? -1 : anneal->mine[first + cl_draw_below(&anneal->random, n)];
}

/* Another than the client who has left the same home; -1: there is none. */
static int
draw_companion(Anneal *anneal, int client)
{
	int			home = anneal->state->model->home[client];
	int			other;

	if (anneal->away[home] < 2)
		return -1;
	other = anneal->mine[anneal->first[home] + cl_draw_below(&anneal->random, anneal->away[home])];
	return other == client ? -1 : other;
}

/* What it would change; false: somebody would be brought above the room. */
static bool
judge(const PlanWork *state, const Trial *trial, int64 *outside, int64 *cost)
{
	int32		touched[6];
	int64		by[6];
	int			used = 0;

	*outside = *cost = 0;
	for (int n = 0; n < trial->n; n++)
	{
		int32		ends[2] = {state->at[trial->client[n]], trial->to[n]};

		*cost += cl_plan_extra_cost(state, trial->client[n], trial->to[n]);
		for (int side = 0; side < 2; side++)
		{
			int			at = 0;

			while (at < used && touched[at] != ends[side])
				at++;
			if (at == used)
			{
				touched[used] = ends[side];
				by[used++] = 0;
			}
			by[at] += (side == 0 ? -1 : 1) * state->model->weight[trial->client[n]];
		}
	}
	for (int at = 0; at < used; at++)
	{
		if (by[at] > 0 && state->load[touched[at]] + by[at] > state->model->room[touched[at]])
			return false;
		*outside += cl_plan_more_outside(state, touched[at], by[at]);
	}
	return true;
}

/* What a change of cost and of what is out of the band is worth together. */
static int64
worth(int64 cost, int64 outside, int64 price)
{
	int64		most = PG_INT64_MAX / 4 / price;

	return cost * MOVE + Min(Max(outside, -most), most) * price;
}

/* With the trial so far, the best of a few at home goes from there; false: none of them may. */
static bool
add_best(Anneal *anneal, Trial *trial, int home, int to)
{
	int			best = -1;
	int64		least = 0;

	for (int n = 0; n < DRAWS; n++)
	{
		int			client = draw_at_home(anneal, home);
		int64		outside;
		int64		cost;
		int64		value;

		if (client < 0)
			return false;
		if (!cl_plan_may(anneal->state->model, client, to))
			continue;
		cl_plan_count(anneal->state);
		add(trial, client, to);
		if (judge(anneal->state, trial, &outside, &cost))
		{
			value = worth(cost, outside, anneal->price);
			if (best < 0 || value < least)
			{
				best = client;
				least = value;
			}
		}
		trial->n--;
	}
	if (best < 0)
		return false;
	add(trial, best, to);
	return true;
}

/* Something to try; false: nothing came of it. */
static bool
propose(Anneal *anneal, Trial *trial)
{
	PlanWork   *state = anneal->state;
	const PlanModel *model = state->model;
	int			kind = cl_draw_below(&anneal->random, 16);
	int			client;
	int			home;
	int			at;
	int			other;

	trial->n = 0;
	if (kind < 4 || anneal->n_moved == 0)
	{
		/* anybody anywhere */
		client = anneal->client[cl_draw_below(&anneal->random, anneal->n_clients)];
		add(trial, client, draw_member(anneal, client));
		return trial->to[0] != state->at[client];
	}
	client = anneal->moved[cl_draw_below(&anneal->random, anneal->n_moved)];
	home = model->home[client];
	at = state->at[client];
	if (kind < 7)
	{
		/* elsewhere */
		add(trial, client, draw_member(anneal, client));
		return trial->to[0] != at;
	}
	if (kind < 9)
	{
		/* two who have moved change places */
		other = draw_companion(anneal, client);
		if (other < 0)
			other = anneal->moved[cl_draw_below(&anneal->random, anneal->n_moved)];
		if (other == client || state->at[other] == at || !cl_plan_may(model, other, at) || !cl_plan_may(model, client, state->at[other]))
			return false;
		add(trial, client, state->at[other]);
		add(trial, other, at);
		return true;
	}
	if (model->state[client] != CLIENT_MOVABLE)
		return false;
	add(trial, client, home);
	if (kind < 11)
		return true;
	if (kind >= 13)
	{
		/* one instead of two */
		int			companion = draw_companion(anneal, client);

		if (companion < 0 || model->state[companion] != CLIENT_MOVABLE)
			return false;
		add(trial, companion, home);
	}
	/* one instead of another */
	return add_best(anneal, trial, home, at);
}

/* ------------------------------------------------------------ component --- */

static void
keep(Anneal *anneal)
{
	for (int n = 0; n < anneal->n_clients; n++)
		anneal->best[n] = anneal->state->at[anneal->client[n]];
}

/* Better than the best, and allowed? */
static bool
improved(const Anneal *anneal)
{
	const PlanWork *state = anneal->state;
	const PlanStop *stop = anneal->stop;

	return (state->out_of_band < anneal->best_outside ||
			(state->out_of_band == anneal->best_outside && state->cost < anneal->best_cost)) &&
		(stop->max_moves < 0 || state->moves <= stop->max_moves) && (stop->max_cost < 0 || state->cost <= stop->max_cost);
}

/* Tries at falling temperatures; ends with the best. */
static void
cool(Anneal *anneal)
{
	PlanWork   *state = anneal->state;
	int64		least = Min((int64) TRIES_PER_MOVE * anneal->n_clients, LEAST_TRIES);
	int64		tries = (Min(Max((int64) TRIES_PER_MOVE * anneal->n_moved, least), MOST_TRIES) + LEVELS - 1) / LEVELS;
	bool		is_best = true;

	anneal->best_outside = state->out_of_band;
	anneal->best_cost = state->cost;
	for (int level = LEVELS; level > 0 && !state->out_of_time && !state->out_of_evaluations; level--)
	{
		int64		temperature = COLD + (HOT - COLD) * level / LEVELS * level / LEVELS;
		int64		price = anneal->price * (LEVELS + (BAND_RISE - 1) * (LEVELS - level)) / LEVELS;

		for (int64 n = 0; n < tries; n++)
		{
			Trial		trial;
			int64		more_outside;
			int64		more_cost;
			int64		change;

			cl_plan_count(state);
			if (!propose(anneal, &trial) || !judge(state, &trial, &more_outside, &more_cost))
				continue;
			change = worth(more_cost, more_outside, price);
			if (change > 0 && change > cl_draw_heat(&anneal->random, temperature))
				continue;
			if (more_outside == 0 && more_cost == 0 && anneal->stop->max_moves < 0)
			{
				/* as good as before */
				do_trial(anneal, &trial);
				continue;
			}
			if (is_best)
				keep(anneal);
			do_trial(anneal, &trial);
			is_best = improved(anneal);
			if (is_best)
			{
				anneal->best_outside = state->out_of_band;
				anneal->best_cost = state->cost;
			}
		}
	}
	for (int n = 0; n < anneal->n_clients && !is_best; n++)
		if (state->at[anneal->client[n]] != anneal->best[n])
			move(anneal, anneal->client[n], anneal->best[n]);
}

/* Is there something to polish?  Sets the price of a unit. */
static bool
prepare(Anneal *anneal, int component)
{
	const PlanWork *state = anneal->state;
	const PlanModel *model = state->model;
	int64		weight = 0;
	int64		outside = 0;

	anneal->n_moved = 0;
	for (int n = 0; n < anneal->n_clients; n++)
	{
		int			client = anneal->client[n];

		if (state->at[client] == model->home[client])
			continue;
		anneal->place[client] = anneal->n_moved;
		anneal->moved[anneal->n_moved++] = client;
		weight += model->weight[client];
	}
	if (anneal->n_moved > 0)
	{
		anneal->price = Max((int64) BAND_PRICE * MOVE * anneal->n_moved / weight, 1);
		return true;
	}
	for (int i = 0; i < model->n_therapists; i++)
		if (model->component[i] == component && model->part[i] > 0)
			outside += cl_plan_outside(&state->objective, i, state->load[i]);
	for (int n = 0; n < anneal->n_clients; n++)
		weight += model->weight[anneal->client[n]];
	anneal->price = Max((int64) BAND_PRICE * MOVE * anneal->n_clients / Max(weight, 1), 1);
	return outside > 0;
}

/* Does the client take part? */
static bool
takes_part(const PlanModel *model, int client)
{
	return model->home[client] != CL_NO_THERAPIST && !cl_plan_fixed(model, client) && model->weight[client] > 0;
}

static int
component_of(const PlanModel *model, int client)
{
	return model->component[model->member[model->first[model->class_of[client]]]];
}

/* Of each therapist those whose home it is, who are away first. */
static void
list_homes(Anneal *anneal)
{
	const PlanWork *state = anneal->state;
	const PlanModel *model = state->model;
	int64	   *end = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));

	for (int j = 0; j < model->n_clients; j++)
		if (takes_part(model, j))
			anneal->first[model->home[j] + 1]++;
	for (int i = 0; i < model->n_therapists; i++)
		end[i] = anneal->first[i + 1] += anneal->first[i];
	for (int j = 0; j < model->n_clients; j++)
	{
		int			home = model->home[j];
		int64		at;

		if (!takes_part(model, j))
			continue;
		at = state->at[j] == home ? --end[home] : anneal->first[home] + anneal->away[home]++;
		anneal->mine[at] = j;
		anneal->mine_place[j] = (int32) at;
	}
	pfree(end);
}

/*
 * Polish a plan: less out of the band than before, or as much for less cost,
 * or as it was.
 */
void
cl_plan_anneal(PlanWork *state, const PlanStop *stop, int64 seed)
{
	const PlanModel *model = state->model;
	Anneal		anneal = {0};
	int32	   *sorted = cl_plan_allocate(sizeof(int32) * model->n_clients);
	int64	   *start = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 2));

	anneal.state = state;
	anneal.stop = stop;
	anneal.moved = cl_plan_allocate(sizeof(int32) * model->n_clients);
	anneal.place = cl_plan_allocate(sizeof(int32) * model->n_clients);
	anneal.first = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	anneal.away = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	anneal.mine = cl_plan_allocate(sizeof(int32) * model->n_clients);
	anneal.mine_place = cl_plan_allocate(sizeof(int32) * model->n_clients);
	anneal.best = cl_plan_allocate(sizeof(int32) * model->n_clients);
	list_homes(&anneal);
	for (int j = 0; j < model->n_clients; j++)
		if (takes_part(model, j))
			start[component_of(model, j) + 2]++;
	for (int i = 2; i <= model->n_therapists; i++)
		start[i] += start[i - 1];
	for (int j = 0; j < model->n_clients; j++)
		if (takes_part(model, j))
			sorted[start[component_of(model, j) + 1]++] = j;
	for (int i = 0; i < model->n_therapists; i++)
	{
		anneal.client = sorted + start[i];
		anneal.n_clients = (int) (start[i + 1] - start[i]);
		anneal.random = cl_chance(seed);
		if (anneal.n_clients > 0 && prepare(&anneal, i))
			cool(&anneal);
	}
	pfree(sorted);
	pfree(start);
	pfree(anneal.moved);
	pfree(anneal.place);
	pfree(anneal.first);
	pfree(anneal.away);
	pfree(anneal.mine);
	pfree(anneal.mine_place);
	pfree(anneal.best);
}
