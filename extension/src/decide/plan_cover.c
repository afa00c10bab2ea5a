/*
 * plan_cover.c
 *		The least cost of bringing everybody into a band, with whole clients.
 *
 * Whoever is above the band must give away clients that weigh as much as the
 * excess at least: a knapsack to be covered, and a fraction of a client covers
 * nothing.  That is kept; what couples therapists is relaxed.  Let v be a
 * price that whoever sends a unit of load to a therapist pays, and that the
 * therapist gets for each of the y units he takes.  What arrives is what is
 * taken, so every plan in the band has
 *
 *		u cost = sum over therapists of (u c + v(where to) w of those who leave) - v y
 *			  >= sum over therapists of the least that can be, each by himself:
 *				 who leaves, each to the cheapest place, and how much is taken,
 *				 with a load in the band afterwards
 *
 * whatever the prices are (Held and Karp 1971: they are moved along the
 * difference of what arrives and what is taken).  With prices of the plan with
 * fractions it is the bound of that; moving them makes use of the knapsacks.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "plan.h"

#define COST_BITS		20		/* a move that costs 1 costs so much here */
#define PRICE_BITS		40		/* no price times a weight is above */
#define MOST_STEPS		512		/* of a knapsack; a finer one is made coarser, which can only lower the bound */
#define MOST_ITEMS		4000	/* of more nothing is asked, which is a bound, too */
#define ROUNDS			60
#define PATIENCE		5		/* rounds without a better bound until steps become half as long */

typedef struct Cover
{
	const PlanModel *model;
	const PlanObjective *band;
	int64	   *today;			/* of a therapist, the load */
	int32	   *head;			/* of a therapist, the first of those at home who may leave */
	int32	   *next;
	int64	   *price;			/* of a unit that arrives, in 2^-20 of a move */
	int64		highest_price;	/* or lowest */
	/* of a class: the cheapest member, and the cheapest of the others */
	int32	   *cheapest;
	int32	   *second;
	/* what the therapists choose by themselves */
	int64	   *arrives;
	int64	   *taken;
	int64	   *least_taken;	/* as good as taken: where the price is 0 */
	/* a knapsack in work */
	int32	   *item;			/* clients */
	int64	   *value;
	int64	   *best;			/* the least value that covers so much */
	uint8	   *chosen;			/* of item n and a step, whether it is part of the best */
	int64		n_chosen;		/* allocated */
} Cover;

static void
find_cheapest(Cover *cover)
{
	const PlanModel *model = cover->model;

	for (int k = 0; k < model->n_classes; k++)
	{
		int			first = -1;
		int			second = -1;

		if ((k & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 pair = model->first[k]; pair < model->first[k + 1]; pair++)
		{
			int			i = model->member[pair];

			if (first < 0 || cover->price[i] < cover->price[first])
			{
				second = first;
				first = i;
			}
			else if (second < 0 || cover->price[i] < cover->price[second])
				second = i;
		}
		cover->cheapest[k] = first;
		cover->second[k] = second;
	}
}

/* Where a client would go who leaves, and what that costs. */
static int
way_out(const Cover *cover, int client, int64 *cost)
{
	const PlanModel *model = cover->model;
	int			class = model->class_of[client];
	int			to = cover->cheapest[class];

	if (to == model->home[client])
		to = cover->second[class];
	*cost = ((int64) model->cost[client] << COST_BITS) + cover->price[to] * model->weight[client];
	return to;
}

static void
leave(Cover *cover, int client, int64 *left)
{
	int64		cost;

	cover->arrives[way_out(cover, client, &cost)] += cover->model->weight[client];
	*left += cover->model->weight[client];
}

/*
 * Of n items, those of least value together that weigh as much as is wanted,
 * which all of them do; they leave.
 */
static int64
cover_least(Cover *cover, int n, int64 wanted, int64 *left)
{
	const PlanModel *model = cover->model;
	int64		grain = (wanted + MOST_STEPS - 1) / MOST_STEPS;
	int			steps = (int) (wanted / grain);
	int			at = steps;
	int64		result;

	if ((int64) n * (steps + 1) > cover->n_chosen)
	{
		pfree(cover->chosen);
		cover->n_chosen = (int64) n * (MOST_STEPS + 1);
		cover->chosen = cl_plan_allocate(cover->n_chosen);
	}
	memset(cover->chosen, 0, (Size) n * (steps + 1));
	cover->best[0] = 0;
	for (int step = 1; step <= steps; step++)
		cover->best[step] = PG_INT64_MAX;
	for (int item = 0; item < n; item++)
	{
		int			weight = (int) Min((model->weight[cover->item[item]] + grain - 1) / grain, steps);

		for (int step = steps; step >= 1; step--)
		{
			int64		before = cover->best[Max(step - weight, 0)];

			if (before == PG_INT64_MAX || before + cover->value[item] >= cover->best[step])
				continue;
			cover->best[step] = before + cover->value[item];
			cover->chosen[(Size) item * (steps + 1) + step] = 1;
		}
	}
	result = cover->best[steps];
	for (int item = n - 1; item >= 0 && at > 0; item--)
		if (cover->chosen[(Size) item * (steps + 1) + at])
		{
			leave(cover, cover->item[item], left);
			at = (int) Max(at - (model->weight[cover->item[item]] + grain - 1) / grain, 0);
		}
	return result;
}

/*
 * What a therapist does by himself: the least of what those who leave cost,
 * less what is got for what is taken.
 */
static int64
alone(Cover *cover, int therapist)
{
	const PlanModel *model = cover->model;
	int64		load = cover->today[therapist];
	int64		low = model->part[therapist] > 0 ? cover->band->low[therapist] : 0;
	int64		high = model->part[therapist] > 0 ? cover->band->high[therapist] : 0;
	int64		price = cover->price[therapist];
	int64		left = 0;
	int64		result = 0;
	int64		loose = 0;
	int			n = 0;

	/* below the band load is wanted, above nobody pays for it; those in it do neither */
	Assert(price >= 0 || load < low);
	for (int client = cover->head[therapist]; client >= 0; client = cover->next[client])
	{
		int64		value;

		way_out(cover, client, &value);
		if (model->state[client] == CLIENT_FORCED)
		{
			result += value;
			leave(cover, client, &left);
			continue;
		}
		/* a unit that leaves makes room for one that is taken, or must be made up for */
		value -= price * model->weight[client];
		if (value < 0)
		{
			result += value + price * model->weight[client];
			leave(cover, client, &left);
			continue;
		}
		cover->item[n] = client;
		cover->value[n++] = value;
		loose += model->weight[client];
	}
	if (model->part[therapist] == 0)
		return result;
	if (load - left > high && loose > 0 && n <= MOST_ITEMS)
	{
		int64		wanted = load - left - high;
		int64		before = left;

		/* who is above the band whatever is done stays there */
		wanted = Min(wanted, loose);
		result += cover_least(cover, n, wanted, &left);
		result += price * (left - before);
	}
	load -= left;
	cover->taken[therapist] = price > 0 ? Max(high - load, 0) : Max(low - load, 0);
	cover->least_taken[therapist] = price != 0 ? cover->taken[therapist] : Max(low - load, 0);
	if (price == 0)
		cover->taken[therapist] = Max(high - load, 0);
	return result - price * cover->taken[therapist];
}

/* Move the prices along what arrives more than is taken, by the part of the gap that Polyak gives. */
static bool
move_prices(Cover *cover, int64 gap, int halvings)
{
	const PlanModel *model = cover->model;
	int128		square = 0;

	for (int i = 0; i < model->n_therapists; i++)
	{
		int64		more = cover->arrives[i];

		if (more > cover->taken[i])
			more -= cover->taken[i];
		else
			more = Min(more - cover->least_taken[i], 0);
		/* who takes part in nothing has no price */
		if (model->part[i] == 0)
			more = 0;
		cover->arrives[i] = more;
		square += (int128) more * more;
	}
	if (square == 0)
		return false;
	for (int i = 0; i < model->n_therapists; i++)
	{
		int64		price = cover->price[i] + (int64) ((int128) cover->arrives[i] * gap / (square << Min(halvings, 30)));

		if (price < 0 && cover->today[i] >= cover->band->low[i])
			price = 0;
		cover->price[i] = Max(Min(price, cover->highest_price), -cover->highest_price);
	}
	return true;
}

/*
 * No plan in the band costs less.  start are prices to begin with, at which a
 * move that costs 1 is worth move_price; enough is the cost of a plan that is
 * known.
 */
int64
cl_plan_cover_bound(const PlanModel *model, const PlanObjective *band, const int64 *start, int64 move_price, int64 enough)
{
	Cover		cover = {0};
	int64		heaviest = 1;
	int64		bound = 0;
	int64		best = PG_INT64_MIN;
	int			halvings = 0;
	int			waited = 0;

	cover.model = model;
	cover.band = band;
	cover.today = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	cover.head = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	cover.next = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	cover.price = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	cover.cheapest = cl_plan_allocate(sizeof(int32) * (model->n_classes + 1));
	cover.second = cl_plan_allocate(sizeof(int32) * (model->n_classes + 1));
	cover.arrives = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	cover.taken = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	cover.least_taken = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	cover.item = cl_plan_allocate(sizeof(int32) * (model->n_clients + 1));
	cover.value = cl_plan_allocate(sizeof(int64) * (model->n_clients + 1));
	cover.best = cl_plan_allocate(sizeof(int64) * (MOST_STEPS + 1));
	cover.chosen = cl_plan_allocate(1);
	for (int i = 0; i < model->n_therapists; i++)
	{
		cover.today[i] = model->base[i];
		cover.head[i] = -1;
	}
	for (int j = model->n_clients - 1; j >= 0; j--)
	{
		int			class = model->class_of[j];

		if (model->home[j] == CL_NO_THERAPIST)
			continue;
		cover.today[model->home[j]] += model->weight[j];
		/* who is alone in the class has nowhere to go */
		if (class < 0 || (model->weight[j] == 0 && model->state[j] != CLIENT_FORCED))
			continue;
		heaviest = Max(heaviest, model->weight[j]);
		cover.next[j] = cover.head[model->home[j]];
		cover.head[model->home[j]] = j;
	}
	cover.highest_price = (INT64CONST(1) << PRICE_BITS) / heaviest;
	for (int i = 0; i < model->n_therapists; i++)
	{
		int128		price = ((int128) start[i] << COST_BITS) / move_price;

		cover.price[i] = model->part[i] == 0 ? 0 : (int64) Max(Min(price, cover.highest_price), -cover.highest_price);
		if (cover.price[i] < 0 && cover.today[i] >= band->low[i])
			cover.price[i] = 0;
	}
	for (int round = 0; round < ROUNDS; round++)
	{
		int64		value = 0;

		find_cheapest(&cover);
		memset(cover.arrives, 0, sizeof(int64) * (model->n_therapists + 1));
		for (int i = 0; i < model->n_therapists; i++)
		{
			CHECK_FOR_INTERRUPTS();
			value += alone(&cover, i);
		}
		if (value > best)
		{
			best = value;
			waited = 0;
		}
		else if (++waited == PATIENCE)
		{
			halvings++;
			waited = 0;
		}
		if (best > 0)
			bound = Max(bound, (best + (INT64CONST(1) << COST_BITS) - 1) >> COST_BITS);
		if (bound >= enough || !move_prices(&cover, (enough << COST_BITS) - value, halvings))
			break;
	}
	pfree(cover.today);
	pfree(cover.head);
	pfree(cover.next);
	pfree(cover.price);
	pfree(cover.cheapest);
	pfree(cover.second);
	pfree(cover.arrives);
	pfree(cover.taken);
	pfree(cover.least_taken);
	pfree(cover.item);
	pfree(cover.value);
	pfree(cover.best);
	pfree(cover.chosen);
	return bound;
}
