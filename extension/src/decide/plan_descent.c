/*
 * plan_descent.c
 *		Steepest descent: always the move that gains most for what it costs.
 *
 * For each therapist the best move away from there is kept, and the best of
 * those at the root of a tree.  A move changes two loads.  Moves into the one
 * that got heavier have become worse, and are looked at again when they come
 * to the top; moves into the one that got lighter have become better, and are
 * found through the list of those who may go there; the two themselves are
 * searched again.  That holds since the objective is convex in each load.
 *
 * Most clients need not be looked at in a search.  A price is what the next
 * unit of load adds to a therapist, and by convexity w units add at least w
 * times that and the squares w (w - 1) / FTE; so who would not be the best at
 * the lowest price of the class is not.  What is kept of a class is never above that price.  In the same way
 * nobody comes to a therapist from where the last unit adds less, or too little
 * more to be better than the best from there.
 *
 * With a goal, clients go nowhere else than there: that puts the moves of a
 * plan in order.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "plan.h"

/* The best way out of a therapist. */
typedef struct Best
{
	int64		gain;			/* 0: there is none */
	int32		cost;
	int32		client;
	int32		to;
	uint32		version;		/* of to, when it was found */
} Best;

typedef struct Descent
{
	PlanWork   *state;
	const int32 *goal;
	const PlanStop *stop;
	bool		only_free;		/* no move is left: those who have moved may go on */
	bool		too_dear;		/* something good costs more than is left */
	Best	   *best;
	uint32	   *version;		/* of a therapist's load */
	int32	   *winner;			/* a tree over the therapists; leaves begin at leaves */
	int			leaves;
	int64	   *limit;			/* of a therapist: nobody comes from there to where a unit adds so much */
	int32	   *away;			/* at a therapist, those who are not at home there */
	int64		heaviest;
	int64	   *floor;			/* of a class: no member has a lower price */
	int64	   *least_reciprocal;	/* of the members of a class */
	int64	   *class_first;	/* of therapist i the classes class[class_first[i]] and so on */
	int32	   *class;
} Descent;

/* Is a the better move?  Ties go to more gain, then to the client and the therapist whose ids are first. */
static bool
better(const Best *a, const Best *b)
{
	int128		one;
	int128		other;

	if (a->gain <= 0)
		return false;
	if (b->gain <= 0)
		return true;
	one = (int128) a->gain * Max(b->cost, 0);
	other = (int128) b->gain * Max(a->cost, 0);
	if (one != other)
		return one > other;
	if (a->gain != b->gain)
		return a->gain > b->gain;
	if (a->client != b->client)
		return a->client < b->client;
	return a->to < b->to;
}

static void
climb(Descent *descent, int therapist)
{
	int			node = (descent->leaves + therapist) / 2;

	for (; node >= 1; node /= 2)
	{
		int32		left = descent->winner[2 * node];
		int32		right = descent->winner[2 * node + 1];

		if (right >= 0 && (left < 0 || better(&descent->best[right], &descent->best[left])))
			left = right;
		descent->winner[node] = left;
	}
}

/* Compare a move with the best of its therapist so far. */
static bool
consider(Descent *descent, int client, int to, int64 gain, Best *best)
{
	PlanWork   *state = descent->state;
	const PlanModel *model = state->model;
	Best		move;

	if (gain <= 0 || (descent->only_free && state->at[client] == model->home[client]))
		return false;
	move.gain = gain;
	move.cost = cl_plan_extra_cost(state, client, to);
	if (descent->stop->max_cost >= 0 && state->cost + move.cost > descent->stop->max_cost)
	{
		descent->too_dear = true;
		return false;
	}
	move.client = client;
	move.to = to;
	if (!better(&move, best))
		return false;
	move.version = descent->version[to];
	*best = move;
	return true;
}

/*
 * Where the client adds least: of all members of the class but from and home,
 * the first of equals; CL_NO_THERAPIST: there is no room anywhere, or only
 * where it would bring more load out of the band.  On the way, the lowest
 * price of all members.
 */
static int
least_step(const PlanWork *state, int class, int64 weight, int from, int home, int64 *least, int64 *lowest)
{
	const PlanModel *model = state->model;
	const int32 *member = model->member + model->first[class];
	const int32 *end = model->member + model->first[class + 1];
	int			best = CL_NO_THERAPIST;

	*lowest = PG_INT64_MAX;
	if (state->objective.low != NULL)
	{
		int64		relieved = cl_plan_more_outside(state, from, -weight);

		for (; member < end; member++)
		{
			int64		step;

			*lowest = Min(*lowest, cl_plan_step(state, *member, 1));
			if (*member == from || *member == home || state->load[*member] + weight > model->room[*member] ||
				relieved + cl_plan_more_outside(state, *member, weight) > 0)
				continue;
			step = cl_plan_step(state, *member, weight);
			if (best == CL_NO_THERAPIST || step < *least)
			{
				best = *member;
				*least = step;
			}
		}
		return best;
	}
	for (; member < end; member++)
	{
		int64		load = state->load[*member];
		int64		reciprocal = model->reciprocal[*member];
		int64		step = reciprocal * (2 * load + weight);

		*lowest = Min(*lowest, step - reciprocal * (weight - 1));
		if (best != CL_NO_THERAPIST && step >= *least)
			continue;
		if (*member == from || *member == home || load + weight > model->room[*member])
			continue;
		best = *member;
		*least = step;
	}
	*least *= weight;
	return best;
}

/* Would a gain of at most so much be worse than the best, whatever the client and the therapist? */
static bool
hopeless(const Descent *descent, int client, int64 most, const Best *best)
{
	const PlanWork *state = descent->state;

	if (most <= 0)
		return true;
	/* whoever has moved already goes on for less than the move costs */
	return best->gain > 0 && state->at[client] == state->model->home[client] &&
		(int128) most * Max(best->cost, 0) < (int128) best->gain * state->model->cost[client];
}

/* Would a move bring no more load out of the band? */
static inline bool
stays_inside(const PlanWork *state, int client, int to)
{
	int64		weight = state->model->weight[client];

	return state->objective.low == NULL ||
		cl_plan_more_outside(state, state->at[client], -weight) + cl_plan_more_outside(state, to, weight) <= 0;
}

/* Compare the ways of a client with the best of its therapist so far. */
static void
look_at(Descent *descent, int client, int from, Best *best)
{
	PlanWork   *state = descent->state;
	const PlanModel *model = state->model;
	int64		weight = model->weight[client];
	int64		relief = -cl_plan_step(state, from, -weight);
	int			class = model->class_of[client];
	int			home = model->home[client];
	int64		step = 0;
	int64		lowest;
	int			to;

	cl_plan_count(state);
	if (descent->only_free && home == from)
		return;
	/* below the band, leaving can cost more than it gains, and yet be good */
	if (relief <= 0 && state->objective.low == NULL)
		return;
	if (descent->goal != NULL)
	{
		to = descent->goal[client];
		if (to != from && state->load[to] + weight <= model->room[to] && stays_inside(state, client, to))
			consider(descent, client, to, relief - cl_plan_step(state, to, weight), best);
		return;
	}
	if (weight > 0 &&
		hopeless(descent, client, relief - weight * (descent->floor[class] + descent->least_reciprocal[class] * (weight - 1)), best))
		return;
	cl_plan_count_many(state, model->first[class + 1] - model->first[class]);
	to = least_step(state, class, weight, from, home, &step, &lowest);
	descent->floor[class] = lowest;
	if (to != CL_NO_THERAPIST)
		consider(descent, client, to, relief - step, best);
	/* back home costs less than anywhere else */
	if (home != from && model->state[client] == CLIENT_MOVABLE && state->load[home] + weight <= model->room[home] &&
		stays_inside(state, client, home))
		consider(descent, client, home, relief - cl_plan_step(state, home, weight), best);
}

static void
search(Descent *descent, int from)
{
	PlanWork   *state = descent->state;
	int			before = descent->best[from].client;
	Best		best = {0};

	/* options that are taken stay so */
	if (from == state->model->n_therapists)
		return;
	/* who was the best is good still: then most others need no look */
	if (descent->best[from].gain > 0 && state->at[before] == from)
		look_at(descent, before, from, &best);
	for (int client = state->head[from]; client >= 0; client = state->next[client])
		look_at(descent, client, from, &best);
	descent->best[from] = best;
	descent->limit[from] = -cl_plan_step(state, from, -1);
	if (best.gain > 0 && best.cost <= 1 && descent->away[from] == 0)
		descent->limit[from] -= (best.gain - 1) / descent->heaviest;
	climb(descent, from);
}

/* This therapist got lighter: prices of classes may be lower. */
static void
lower_floors(Descent *descent, int therapist)
{
	int64		price = cl_plan_step(descent->state, therapist, 1);

	for (int64 i = descent->class_first[therapist]; i < descent->class_first[therapist + 1]; i++)
		descent->floor[descent->class[i]] = Min(descent->floor[descent->class[i]], price);
}

/* This therapist got lighter: who would rather come here now? */
static void
invite(Descent *descent, int to)
{
	PlanWork   *state = descent->state;
	const PlanModel *model = state->model;
	int64		price = cl_plan_step(state, to, 1);

	cl_plan_count_many(state, model->taker_first[to + 1] - model->taker_first[to]);
	for (int64 i = model->taker_first[to]; i < model->taker_first[to + 1]; i++)
	{
		int			client = model->taker[i];
		int			from = state->at[client];
		int64		weight;
		const Best *best = &descent->best[from];
		int64		gain;

		if (from == model->n_therapists || descent->limit[from] <= price)
			continue;
		weight = model->weight[client];
		if (from == to || model->class_of[client] < 0 || (descent->goal != NULL && descent->goal[client] != to) ||
			state->load[to] + weight > model->room[to] || !stays_inside(state, client, to))
			continue;
		gain = -cl_plan_step(state, from, -weight) - cl_plan_step(state, to, weight);
		/* most are not better than the best, at no less cost */
		if (gain <= 0 || (gain < best->gain && best->cost <= 1 && from == model->home[client]))
			continue;
		if (consider(descent, client, to, gain, &descent->best[from]))
			climb(descent, from);
	}
}

/* The classes of each therapist, and their lowest prices. */
static void
list_classes(Descent *descent)
{
	const PlanModel *model = descent->state->model;
	int64		pairs = model->n_classes > 0 ? model->first[model->n_classes] : 0;

	descent->floor = palloc_extended(sizeof(int64) * (model->n_classes + 1), MCXT_ALLOC_HUGE);
	descent->least_reciprocal = palloc_extended(sizeof(int64) * (model->n_classes + 1), MCXT_ALLOC_HUGE);
	descent->class_first = palloc0(sizeof(int64) * (model->n_therapists + 3));
	descent->class = palloc_extended(sizeof(int32) * (pairs + 1), MCXT_ALLOC_HUGE);
	for (int64 pair = 0; pair < pairs; pair++)
		descent->class_first[model->member[pair] + 2]++;
	for (int i = 2; i <= model->n_therapists + 1; i++)
		descent->class_first[i] += descent->class_first[i - 1];
	for (int k = 0; k < model->n_classes; k++)
	{
		descent->floor[k] = descent->least_reciprocal[k] = PG_INT64_MAX;
		for (int64 pair = model->first[k]; pair < model->first[k + 1]; pair++)
		{
			int			i = model->member[pair];

			descent->class[descent->class_first[i + 1]++] = k;
			descent->floor[k] = Min(descent->floor[k], cl_plan_step(descent->state, i, 1));
			descent->least_reciprocal[k] = Min(descent->least_reciprocal[k], model->reciprocal[i]);
		}
	}
}

static void
search_all(Descent *descent)
{
	for (int i = 0; i < descent->state->model->n_therapists; i++)
		search(descent, i);
}

/* No move is left for it. */
static bool
over_budget(const Descent *descent, const Best *best)
{
	const PlanWork *state = descent->state;
	const PlanStop *stop = descent->stop;

	return stop->max_moves >= 0 && state->moves >= stop->max_moves &&
		state->at[best->client] == state->model->home[best->client];
}

/*
 * Move until no single move is good, or what stop says.  Without a budget for
 * more, those who have moved already may still go elsewhere.  With steps, each
 * move is written there as a bundle of its own.
 */
PlanEnd
cl_plan_descend(PlanWork *state, const PlanStop *stop, const int32 *goal, PlanStep *steps, int *n_steps, int *n_bundles)
{
	const PlanModel *model = state->model;
	Descent		descent = {0};
	PlanEnd		end = PLAN_END_LOCAL;
	bool		stopped = false;

	descent.state = state;
	descent.goal = goal;
	descent.stop = stop;
	descent.leaves = 1;
	while (descent.leaves < model->n_therapists)
		descent.leaves *= 2;
	descent.best = palloc0(sizeof(Best) * (model->n_therapists + 1));
	descent.limit = palloc0(sizeof(int64) * (model->n_therapists + 1));
	descent.away = palloc0(sizeof(int32) * (model->n_therapists + 1));
	descent.heaviest = 1;
	for (int j = 0; j < model->n_clients; j++)
	{
		if (model->class_of[j] < 0)
			continue;
		descent.heaviest = Max(descent.heaviest, model->weight[j]);
		descent.away[state->at[j]] += state->at[j] != model->home[j];
	}
	descent.version = palloc0(sizeof(uint32) * (model->n_therapists + 1));
	descent.winner = palloc(sizeof(int32) * 2 * descent.leaves);
	for (int i = 0; i < 2 * descent.leaves; i++)
		descent.winner[i] = i >= descent.leaves && i - descent.leaves < model->n_therapists ? i - descent.leaves : -1;
	/* inner nodes must hold somebody before the first climb looks at them */
	for (int node = descent.leaves - 1; node >= 1; node--)
		descent.winner[node] = descent.winner[2 * node];
	if (goal == NULL)
		list_classes(&descent);
	search_all(&descent);

	while (!stopped)
	{
		int			from = model->n_therapists > 0 ? descent.winner[1] : -1;
		Best	   *best;
		int			to;

		if (cl_plan_target_met(state, stop))
		{
			end = PLAN_END_TARGET;
			break;
		}
		if (state->out_of_time || state->out_of_evaluations)
		{
			end = state->out_of_time ? PLAN_END_TIME : PLAN_END_ITERATIONS;
			break;
		}
		if (from < 0 || descent.best[from].gain <= 0)
		{
			if (descent.too_dear)
				end = PLAN_END_BUDGET;
			break;
		}
		best = &descent.best[from];
		to = best->to;
		if (best->version != descent.version[to] ||
			(stop->max_cost >= 0 && state->cost + best->cost > stop->max_cost))
		{
			search(&descent, from);
			continue;
		}
		if (over_budget(&descent, best))
		{
			end = PLAN_END_BUDGET;
			if (descent.only_free || goal != NULL)
				break;
			descent.only_free = true;
			search_all(&descent);
			continue;
		}
		if (steps != NULL)
		{
			PlanStep   *step = &steps[(*n_steps)++];

			step->client = best->client;
			step->from = from;
			step->to = to;
			step->bundle = ++*n_bundles;
			step->kind = PLAN_REASSIGN;
		}
		descent.away[from] -= from != model->home[best->client];
		descent.away[to] += to != model->home[best->client];
		cl_plan_move(state, best->client, to);
		descent.version[from]++;
		descent.version[to]++;
		if (goal == NULL)
			lower_floors(&descent, from);
		search(&descent, from);
		search(&descent, to);
		invite(&descent, from);
	}
	pfree(descent.best);
	pfree(descent.limit);
	pfree(descent.away);
	pfree(descent.version);
	pfree(descent.winner);
	if (goal == NULL)
	{
		pfree(descent.floor);
		pfree(descent.least_reciprocal);
		pfree(descent.class_first);
		pfree(descent.class);
	}
	return end;
}
