/*
 * plan_bound.c
 *		What no plan can do better than.
 *
 * From the blocks of the fair share: sums of squares and the highest load, on
 * the grid of loads that clients can make.  Both are Lagrangian: whoever
 * carries less than the heavier blocks must carry is charged for it.
 *
 * From prices: let p be any price of a unit of load at each therapist, and u
 * the price of a move that costs 1.  Then every plan has
 *
 *		SSQ + u cost  >=  sum of min over L of (L^2 / f - p L)
 *						+ sum of min over therapists of (p w, and u c away from home)
 *
 * whatever the prices are: the bound is counted exactly, in integers, on the
 * grid.  Good prices are those of a plan with fractions of clients, where no
 * fraction wants to go elsewhere; that is found by moving fractions until
 * little changes, starting from a plan.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "plan.h"

#define FRACTION_BITS	12		/* a fraction is a unit / 4096 */

struct PlanRelaxation
{
	const PlanModel *model;
	int64	   *offset;			/* of a client, where its amounts begin; -1: fixed */
	int64	   *amount;			/* of a client at each member of its class, in fractions */
	int64	   *fixed;			/* of a therapist, units */
	int64	   *load;			/* of a therapist, in fractions */
	int64	   *price;			/* of a unit of load */
	int64		work;
};

/* Loads that stay; with freed, as if all options were taken, offered or not. */
static int64 *
fixed_loads(const PlanModel *model, bool freed)
{
	int64	   *fixed = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));

	for (int i = 0; i < model->n_therapists; i++)
		fixed[i] = model->base[i];
	for (int j = 0; j < model->n_clients; j++)
		if (model->class_of[j] < 0 && model->home[j] != CL_NO_THERAPIST && !(freed && cl_plan_option(model, j) != NULL))
			fixed[model->home[j]] += model->weight[j];
	return fixed;
}

/* How many steps of the grid a therapist takes when a unit of load is paid so much: those that cost no more. */
static int64
steps_taken(const PlanModel *model, int therapist, int64 fixed, int64 price)
{
	int64		grid = model->grid;
	int64		highest;

	/* from L to L + grid costs r (2 L + grid) for each unit */
	if (price < 0)
		return 0;
	highest = price / model->reciprocal[therapist] - grid;
	if (highest < 2 * fixed)
		return 0;
	return (highest / 2 - fixed) / grid + 1;
}

/* The least of r L^2 - price (L - fixed) on the grid. */
static int128
least_square(const PlanModel *model, int therapist, int64 fixed, int64 price)
{
	int64		paid = steps_taken(model, therapist, fixed, price) * model->grid;
	int64		load = fixed + paid;

	return (int128) model->reciprocal[therapist] * load * load - (int128) price * paid;
}

/* The lowest price at which a block takes what it must. */
static int64
clearing_price(const PlanModel *model, const FairBlock *block, const int64 *fixed, int64 steps)
{
	int64		low = -1;
	int64		high = 1;

	for (;;)
	{
		int128		taken = 0;

		for (int n = 0; n < block->n; n++)
			taken += steps_taken(model, block->member[n], fixed[block->member[n]], high);
		if (taken >= steps)
			break;
		low = high;
		high *= 2;
	}
	while (high - low > 1)
	{
		int64		middle = low + (high - low) / 2;
		int128		taken = 0;

		for (int n = 0; n < block->n; n++)
			taken += steps_taken(model, block->member[n], fixed[block->member[n]], middle);
		if (taken >= steps)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/*
 * No plan has a smaller sum of squares.  A block and the heavier ones of its
 * component carry at least what only they may take, so their prices must not
 * rise from a heavier to a lighter one; the last carries the rest.
 */
int128
cl_plan_ssq_bound(const PlanModel *model, const FairShare *fair)
{
	int64	   *fixed = fixed_loads(model, true);
	int128		bound = 0;
	int64		price = 0;

	/* from light to heavy: raising the price of a heavier block to that of a lighter one is allowed */
	for (int b = fair->n_blocks - 1; b >= 0; b--)
	{
		const FairBlock *block = &fair->block[b];
		int64		loose = block->load;
		int64		own = 0;

		for (int n = 0; n < block->n; n++)
			loose -= fixed[block->member[n]];
		CHECK_FOR_INTERRUPTS();
		if (loose > 0)
			own = clearing_price(model, block, fixed, loose / model->grid);
		if (b == fair->n_blocks - 1 || fair->block[b + 1].component != block->component)
			price = own;
		else
			price = Max(price, own);
		bound += (int128) price * loose;
		for (int n = 0; n < block->n; n++)
			bound += least_square(model, block->member[n], fixed[block->member[n]], price);
	}
	pfree(fixed);
	return bound;
}

/*
 * No plan has a smaller highest load per FTE: load / part, of the members of
 * a block.  False for a team of nobody.
 */
bool
cl_plan_max_bound(const PlanModel *model, const FairShare *fair, int64 *load, int64 *part, int *block_number)
{
	int64	   *fixed = fixed_loads(model, true);
	int64	   *level = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	bool		any = false;

	for (int b = 0; b < fair->n_blocks; b++)
	{
		const FairBlock *block = &fair->block[b];
		int64		left = block->load;
		int64		top = block->load;
		int64		top_part = block->parts;

		if (block->heavier >= 0)
			continue;
		/* what the grid allows below the mean, and then step by step the least above it */
		for (int n = 0; n < block->n; n++)
		{
			int			i = block->member[n];
			int64		mean = (int64) ((int128) block->load * model->part[i] / block->parts);

			level[i] = fixed[i] + Max(mean - fixed[i], 0) / model->grid * model->grid;
			left -= level[i];
		}
		for (; left > 0; left -= model->grid)
		{
			int			least = block->member[0];

			CHECK_FOR_INTERRUPTS();
			for (int n = 1; n < block->n; n++)
			{
				int			i = block->member[n];

				if ((int128) (level[i] + model->grid) * model->part[least] < (int128) (level[least] + model->grid) * model->part[i])
					least = i;
			}
			level[least] += model->grid;
			if ((int128) level[least] * top_part > (int128) top * model->part[least])
			{
				top = level[least];
				top_part = model->part[least];
			}
		}
		if (!any || (int128) top * *part > (int128) *load * top_part)
		{
			*load = top;
			*part = top_part;
			*block_number = b;
			any = true;
		}
	}
	pfree(fixed);
	pfree(level);
	return any;
}

/* A plan without fractions to begin with, in the current memory context. */
PlanRelaxation *
cl_plan_relax(const PlanModel *model, const PlanWork *start)
{
	PlanRelaxation *relaxation = cl_plan_allocate(sizeof(PlanRelaxation));
	int64		used = 0;

	relaxation->model = model;
	relaxation->offset = cl_plan_allocate(sizeof(int64) * (model->n_clients + 1));
	relaxation->amount = cl_plan_allocate(sizeof(int64) * model->pairs);
	relaxation->load = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	relaxation->price = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	relaxation->fixed = fixed_loads(model, false);
	for (int i = 0; i < model->n_therapists; i++)
		relaxation->load[i] = start->load[i] << FRACTION_BITS;
	for (int j = 0; j < model->n_clients; j++)
	{
		int			class = model->class_of[j];

		relaxation->offset[j] = -1;
		if (class < 0)
			continue;
		relaxation->offset[j] = used;
		for (int64 pair = model->first[class]; pair < model->first[class + 1]; pair++, used++)
			if (model->member[pair] == start->at[j])
				relaxation->amount[used] = model->weight[j] << FRACTION_BITS;
	}
	return relaxation;
}

/* What a unit more would add: to the square, or to the square of what is out of the band. */
static inline void
set_price(PlanRelaxation *relaxation, const PlanObjective *band, int i)
{
	int64		load = relaxation->load[i];

	if (band != NULL)
	{
		int64		low = band->low[i] << FRACTION_BITS;
		int64		high = band->high[i] << FRACTION_BITS;

		load = load > high ? load - high : load < low ? load - low : 0;
	}
	relaxation->price[i] = (int64) (((int128) relaxation->model->reciprocal[i] * 2 * load) / (1 << FRACTION_BITS));
}

/* Move fractions of clients to where they are cheapest, when a move that costs 1 has this price. */
void
cl_plan_relax_more(PlanRelaxation *relaxation, const PlanObjective *band, int64 move_price, int sweeps)
{
	const PlanModel *model = relaxation->model;

	for (int i = 0; i < model->n_therapists; i++)
		set_price(relaxation, band, i);
	while (sweeps-- > 0)
	{
		bool		changed = false;

		for (int j = 0; j < model->n_clients; j++)
		{
			int			class = model->class_of[j];
			int64	   *amount;
			const int32 *member;
			int			n;
			int64		extra;
			int			cheapest = 0;
			int64		least = 0;

			if (class < 0 || model->weight[j] == 0)
				continue;
			amount = relaxation->amount + relaxation->offset[j];
			member = model->member + model->first[class];
			n = (int) (model->first[class + 1] - model->first[class]);
			extra = (int64) ((int128) move_price * model->cost[j] / model->weight[j]);
			for (int m = 0; m < n; m++)
			{
				int64		price = relaxation->price[member[m]] + (member[m] == model->home[j] ? 0 : extra);

				if ((++relaxation->work & 4095) == 0)
					CHECK_FOR_INTERRUPTS();
				if (m == 0 || price < least)
				{
					least = price;
					cheapest = m;
				}
			}
			for (int m = 0; m < n; m++)
			{
				int64		above;
				int64		by;

				if (amount[m] == 0 || m == cheapest)
					continue;
				above = relaxation->price[member[m]] + (member[m] == model->home[j] ? 0 : extra) -
					relaxation->price[member[cheapest]] - (member[cheapest] == model->home[j] ? 0 : extra);
				if (above <= 0)
					continue;
				by = (int64) Min((int128) amount[m],
								 ((int128) above << FRACTION_BITS) /
								 (2 * ((int128) model->reciprocal[member[m]] + model->reciprocal[member[cheapest]])));
				if (by == 0)
					continue;
				amount[m] -= by;
				amount[cheapest] += by;
				relaxation->load[member[m]] -= by;
				relaxation->load[member[cheapest]] += by;
				set_price(relaxation, band, member[m]);
				set_price(relaxation, band, member[cheapest]);
				changed = true;
			}
		}
		if (!changed)
			break;
	}
}

const int64 *
cl_plan_relax_prices(const PlanRelaxation *relaxation)
{
	return relaxation->price;
}

/*
 * The bound at the prices found.  Without a band: every plan has SSQ +
 * move_price * cost at least that.  With one: every plan in the band has
 * move_price * cost at least that.
 */
int128
cl_plan_price_bound(const PlanRelaxation *relaxation, const PlanObjective *band, int64 move_price)
{
	const PlanModel *model = relaxation->model;
	int128		bound = 0;

	for (int i = 0; i < model->n_therapists; i++)
	{
		int64		fixed = relaxation->fixed[i];
		int64		price = relaxation->price[i];

		if (model->part[i] == 0)
			continue;
		if (band != NULL)
			bound -= (int128) price * (Max(price > 0 ? band->high[i] : band->low[i], fixed) - fixed);
		else
			bound += least_square(model, i, fixed, price);
	}
	for (int j = 0; j < model->n_clients; j++)
	{
		int			class = model->class_of[j];
		int64		least = PG_INT64_MAX;
		int128		away;

		if (class < 0)
			continue;
		for (int64 pair = model->first[class]; pair < model->first[class + 1]; pair++)
			least = Min(least, relaxation->price[model->member[pair]]);
		away = (int128) least * model->weight[j] + (int128) move_price * model->cost[j];
		if (model->state[j] == CLIENT_MOVABLE)
			away = Min(away, (int128) relaxation->price[model->home[j]] * model->weight[j]);
		bound += away;
	}
	return bound;
}
