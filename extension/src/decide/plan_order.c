/*
 * plan_order.c
 *		The moves of a plan in an order in which each prefix is a plan.
 *
 * What a search leaves behind is where everybody ends; how it got there does
 * not matter.  From today, those who end elsewhere are moved there, always the
 * one who gains most for the cost.  When no single move is good, moves that
 * meet at a therapist are joined to a swap or a chain; and when no pair is
 * good, all that are left of a component go together.  What would only do
 * harm is left out, so the plan can be better than its goal, never worse.
 * With a band, no bundle brings more load out of it, whatever that does to the
 * squares.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "plan.h"

typedef struct Order
{
	PlanModel  *model;
	PlanWork   *state;
	const int32 *goal;
	PlanStep   *steps;
	int			n_steps;
	int			n_bundles;
	/* clients who are not at their goal yet, by where they are and where they go */
	int32	   *from_head;
	int32	   *from_next;
	int32	   *to_head;
	int32	   *to_next;
} Order;

/* Two moves that are good together. */
typedef struct Pair
{
	int64		gain;
	int32		cost;
	int32		one;
	int32		other;
} Pair;

static void
add_step(Order *order, int client, int kind)
{
	PlanStep   *step = &order->steps[order->n_steps++];

	step->client = client;
	step->from = order->state->at[client];
	step->to = order->goal[client];
	step->bundle = order->n_bundles;
	step->kind = kind;
	cl_plan_move(order->state, client, order->goal[client]);
}

/* Those who are left, in lists. */
static int
list_remaining(Order *order)
{
	const PlanModel *model = order->model;
	int			n = 0;

	for (int i = 0; i <= model->n_therapists; i++)
		order->from_head[i] = order->to_head[i] = -1;
	for (int j = model->n_clients - 1; j >= 0; j--)
	{
		if (order->goal[j] == order->state->at[j])
			continue;
		order->from_next[j] = order->from_head[order->state->at[j]];
		order->from_head[order->state->at[j]] = j;
		order->to_next[j] = order->to_head[order->goal[j]];
		order->to_head[order->goal[j]] = j;
		n++;
	}
	return n;
}

/*
 * What moving a set of clients to their goals gains; false where somebody
 * would be brought above the room, or more would be out of the band.
 */
static bool
joint_gain(Order *order, const int32 *clients, int n, int64 *gain)
{
	PlanWork   *state = order->state;
	int32		touched[4];
	int64		by[4];
	int64		outside = 0;
	int			used = 0;

	Assert(n <= 2);
	for (int i = 0; i < n; i++)
	{
		int32		ends[2];

		ends[0] = state->at[clients[i]];
		ends[1] = order->goal[clients[i]];
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
			by[at] += (side == 0 ? -1 : 1) * state->model->weight[clients[i]];
		}
	}
	*gain = 0;
	for (int at = 0; at < used; at++)
	{
		if (by[at] > 0 && state->load[touched[at]] + by[at] > state->model->room[touched[at]])
			return false;
		*gain -= cl_plan_step(state, touched[at], by[at]);
		outside += cl_plan_more_outside(state, touched[at], by[at]);
	}
	return outside <= 0;
}

static void
try_pair(Order *order, int one, int other, Pair *best)
{
	int32		clients[2];
	int64		gain;
	int32		cost = order->model->cost[one] + order->model->cost[other];
	int128		a;
	int128		b;

	if (one == other)
		return;
	cl_plan_count(order->state);
	clients[0] = one;
	clients[1] = other;
	if (!joint_gain(order, clients, 2, &gain) || gain <= 0)
		return;
	a = (int128) gain * best->cost;
	b = (int128) best->gain * cost;
	if (best->gain > 0 && (a < b || (a == b && (one > best->one || (one == best->one && other >= best->other)))))
		return;
	best->gain = gain;
	best->cost = cost;
	best->one = one;
	best->other = other;
}

static int
compare_pairs(const void *a, const void *b)
{
	const Pair *one = a;
	const Pair *other = b;
	int128		left = (int128) one->gain * other->cost;
	int128		right = (int128) other->gain * one->cost;

	if (left != right)
		return left > right ? -1 : 1;
	return one->one < other->one ? -1 : one->one > other->one;
}

/* For everybody who is left, the best move that meets theirs: somebody goes where they come; best first. */
static Pair *
good_pairs(Order *order, int left, int *n)
{
	Pair	   *pairs = palloc_extended(sizeof(Pair) * (left + 1), MCXT_ALLOC_HUGE);

	*n = 0;
	for (int i = 0; i < order->model->n_therapists; i++)
		for (int one = order->to_head[i]; one >= 0; one = order->to_next[one])
		{
			Pair		best = {0};

			for (int other = order->from_head[i]; other >= 0; other = order->from_next[other])
				try_pair(order, one, other, &best);
			if (best.gain > 0)
				pairs[(*n)++] = best;
		}
	qsort(pairs, *n, sizeof(Pair), compare_pairs);
	return pairs;
}

static int
kind_of_pair(const Order *order, int one, int other)
{
	return order->state->at[one] == order->goal[other] && order->state->at[other] == order->goal[one] ? PLAN_SWAP : PLAN_CHAIN;
}

/* Where a move belongs; an option is taken where it is. */
static int
component_of(const Order *order, int client)
{
	const PlanModel *model = order->model;

	return model->component[cl_plan_option(model, client) != NULL ? model->home[client] : order->goal[client]];
}

/* All moves of a component that are left, as one bundle, if that is good; else they are left out. */
static bool
join_all(Order *order)
{
	PlanWork   *state = order->state;
	const PlanModel *model = order->model;
	int64	   *by = palloc0(sizeof(int64) * (model->n_therapists + 1));
	int128	   *gain = palloc0(sizeof(int128) * (model->n_therapists + 1));
	int64	   *outside = palloc0(sizeof(int64) * (model->n_therapists + 1));
	bool	   *full = palloc0(sizeof(bool) * (model->n_therapists + 1));
	int		   *moves = palloc0(sizeof(int) * (model->n_therapists + 1));
	bool		any = false;

	for (int j = 0; j < model->n_clients; j++)
		if (order->goal[j] != state->at[j])
		{
			by[state->at[j]] -= model->weight[j];
			by[order->goal[j]] += model->weight[j];
			moves[component_of(order, j)]++;
		}
	for (int i = 0; i < model->n_therapists; i++)
	{
		gain[model->component[i]] -= cl_plan_step(state, i, by[i]);
		outside[model->component[i]] += cl_plan_more_outside(state, i, by[i]);
		if (by[i] > 0 && state->load[i] + by[i] > model->room[i])
			full[model->component[i]] = true;
	}
	for (int i = 0; i < model->n_therapists; i++)
	{
		if (moves[i] == 0 || gain[i] <= 0 || outside[i] > 0 || full[i])
			continue;
		any = true;
		order->n_bundles++;
		for (int j = 0; j < model->n_clients; j++)
			if (order->goal[j] != state->at[j] && component_of(order, j) == i)
				add_step(order, j, PLAN_CHAIN);
	}
	pfree(by);
	pfree(gain);
	pfree(outside);
	pfree(full);
	pfree(moves);
	return any;
}

static bool
enough(const Order *order, const PlanStop *stop)
{
	return cl_plan_target_met(order->state, stop);
}

/*
 * Do the pairs that are good, best first, none that meets one that was done
 * before: what it gains is another thing by then.  False: none was done.
 */
static bool
join_pairs(Order *order, const PlanStop *stop, int left, bool *out_of_budget)
{
	const PlanWork *state = order->state;
	bool	   *touched = palloc0(sizeof(bool) * (order->model->n_therapists + 1));
	bool		any = false;
	int			n;
	Pair	   *pairs = good_pairs(order, left, &n);

	for (int i = 0; i < n && !enough(order, stop); i++)
	{
		const Pair *pair = &pairs[i];
		int			kind = kind_of_pair(order, pair->one, pair->other);

		if (touched[state->at[pair->one]] || touched[state->at[pair->other]] ||
			touched[order->goal[pair->one]] || touched[order->goal[pair->other]])
			continue;
		if ((stop->max_moves >= 0 && state->moves + 2 > stop->max_moves) ||
			(stop->max_cost >= 0 && state->cost + pair->cost > stop->max_cost))
		{
			*out_of_budget = true;
			break;
		}
		touched[state->at[pair->one]] = touched[state->at[pair->other]] = true;
		touched[order->goal[pair->one]] = touched[order->goal[pair->other]] = true;
		order->n_bundles++;
		add_step(order, pair->one, kind);
		add_step(order, pair->other, kind);
		any = true;
	}
	pfree(pairs);
	pfree(touched);
	return any;
}

/*
 * Who must leave, as soon as there is room where they go.  Where they wait for
 * each other, or for others to go, all moves of the component go together.
 */
static void
move_forced(Order *order)
{
	PlanWork   *state = order->state;
	const PlanModel *model = order->model;
	bool	   *stuck = palloc0(sizeof(bool) * (model->n_therapists + 1));
	bool		waits = false;
	bool		any = true;

	while (any)
	{
		any = waits = false;
		for (int j = 0; j < model->n_clients; j++)
		{
			int			to = order->goal[j];

			if (model->state[j] != CLIENT_FORCED || to == state->at[j])
				continue;
			if (state->load[to] + model->weight[j] > model->room[to])
			{
				waits = true;
				continue;
			}
			order->n_bundles++;
			add_step(order, j, PLAN_FORCED);
			any = true;
		}
	}
	for (int j = 0; j < model->n_clients && waits; j++)
		if (model->state[j] == CLIENT_FORCED && order->goal[j] != state->at[j])
			stuck[component_of(order, j)] = true;
	for (int i = 0; i < model->n_therapists && waits; i++)
	{
		if (!stuck[i])
			continue;
		order->n_bundles++;
		for (int pass = 0; pass < 2; pass++)
			for (int j = 0; j < model->n_clients; j++)
				if (order->goal[j] != state->at[j] && (model->state[j] == CLIENT_FORCED) == (pass == 0) && component_of(order, j) == i)
					add_step(order, j, pass == 0 ? PLAN_FORCED : PLAN_CHAIN);
	}
	pfree(stuck);
}

/*
 * The steps from today to the goal, in the current memory context, and the
 * plan they lead to.  Who must leave goes first.
 */
PlanStep *
cl_plan_order(PlanModel *model, const PlanWork *goal, const PlanStop *stop, PlanWork **end, int *n_steps, int *n_bundles)
{
	Order		order = {0};
	int			left;

	order.model = model;
	order.goal = goal->at;
	order.state = cl_plan_state(model);
	cl_plan_objective(order.state, goal->objective.low, goal->objective.high);
	order.steps = palloc_extended(sizeof(PlanStep) * (goal->moves + 1), MCXT_ALLOC_HUGE);
	order.from_head = palloc(sizeof(int32) * (model->n_therapists + 1));
	order.to_head = palloc(sizeof(int32) * (model->n_therapists + 1));
	order.from_next = palloc_extended(sizeof(int32) * (model->n_clients + 1), MCXT_ALLOC_HUGE);
	order.to_next = palloc_extended(sizeof(int32) * (model->n_clients + 1), MCXT_ALLOC_HUGE);

	move_forced(&order);
	for (;;)
	{
		bool		out_of_budget = false;

		if (cl_plan_descend(order.state, stop, order.goal, order.steps, &order.n_steps, &order.n_bundles) == PLAN_END_BUDGET ||
			enough(&order, stop))
			break;
		left = list_remaining(&order);
		if (left == 0)
			break;
		if (join_pairs(&order, stop, left, &out_of_budget))
			continue;
		if (out_of_budget)
			break;
		if ((stop->max_moves >= 0 && order.state->moves + left > stop->max_moves) || stop->max_cost >= 0 || !join_all(&order))
			break;
	}
	*end = order.state;
	*n_steps = order.n_steps;
	*n_bundles = order.n_bundles;
	pfree(order.from_head);
	pfree(order.to_head);
	pfree(order.from_next);
	pfree(order.to_next);
	return order.steps;
}
