/*
 * plan_model.c
 *		The model of a plan: who may take whom, in integers.
 *
 * What comes in are rows in the order of their ids.  Weights are divided by
 * what divides all of them, so that a plan does not depend on the unit they
 * were given in.  Clients who may go to the same therapists share a class.
 *
 * Everything that a plan compares is a product of a weight, a load and the
 * reciprocal of an FTE.  The scale of the reciprocals is chosen so that such a
 * product, and what is added to it, fits in 61 bits: with the usual FTEs they
 * are then exact, and otherwise right to one in a thousand at least, the same
 * ones for plans and for bounds.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "plan.h"

#define PRODUCT_BITS	61
#define LEAST_RECIPROCAL	1024

/* The lists of pairs by client. */
typedef struct PairLists
{
	int64	   *first;			/* n_clients + 1 */
	int32	   *therapist;
} PairLists;

/* For the median of the weights of a component. */
typedef struct WeightOf
{
	int32		component;
	int64		weight;
} WeightOf;

int64
cl_gcd(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * The pairs by client, each once and in order, without those who take nobody:
 * first by therapist, and then in that order by client.
 */
static void
make_lists(const PlanInput *rows, PairLists *lists)
{
	int64	   *first = cl_plan_allocate(sizeof(int64) * (rows->n_therapists + 3));
	int32	   *client = cl_plan_allocate(sizeof(int32) * rows->n_pairs);
	int64		kept = 0;
	int64		start = 0;

	lists->first = cl_plan_allocate(sizeof(int64) * (rows->n_clients + 2));
	lists->therapist = cl_plan_allocate(sizeof(int32) * rows->n_pairs);
	for (int64 i = 0; i < rows->n_pairs; i++)
	{
		if ((i & 65535) == 0)
			CHECK_FOR_INTERRUPTS();
		lists->first[rows->pair_client[i] + 2]++;
		first[rows->pair_therapist[i] + 2]++;
	}
	for (int j = 2; j <= rows->n_clients; j++)
		lists->first[j] += lists->first[j - 1];
	for (int i = 2; i <= rows->n_therapists + 1; i++)
		first[i] += first[i - 1];
	for (int64 i = 0; i < rows->n_pairs; i++)
	{
		if ((i & 65535) == 0)
			CHECK_FOR_INTERRUPTS();
		client[first[rows->pair_therapist[i] + 1]++] = rows->pair_client[i];
	}
	/* now first[i + 1] is where the list of i ends */
	for (int i = 0; i <= rows->n_therapists; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 at = first[i]; at < first[i + 1]; at++)
			lists->therapist[lists->first[client[at] + 1]++] = i;
	}
	pfree(first);
	pfree(client);
	/* and lists->first[j + 1] that of j */
	for (int j = 0; j < rows->n_clients; j++)
	{
		int64		end = lists->first[j + 1];
		int32		last = CL_NO_THERAPIST;

		if ((j & 4095) == 0)
			CHECK_FOR_INTERRUPTS();
		lists->first[j] = kept;
		for (int64 i = start; i < end; i++)
		{
			int32		therapist = lists->therapist[i];

			if (therapist == last || rows->fte[therapist] == 0)
				continue;
			lists->therapist[kept++] = last = therapist;
		}
		start = end;
	}
	lists->first[rows->n_clients] = kept;
}

static ClientState
find_state(const PlanInput *rows, const PairLists *lists, int client)
{
	int32		home = rows->home[client];
	int64		others = 0;
	bool		may_stay = false;

	if (home == CL_NO_THERAPIST)
		return rows->placing && lists->first[client] < lists->first[client + 1] ? CLIENT_MOVABLE : CLIENT_WAITING;
	if (rows->placing)
		return CLIENT_LOCKED;
	if (rows->locked[client])
		return CLIENT_LOCKED;
	for (int64 i = lists->first[client]; i < lists->first[client + 1]; i++)
	{
		if (lists->therapist[i] == home)
			may_stay = true;
		else
			others++;
	}
	/* what an option frees depends on its clients, who stay if they may */
	if (may_stay && rows->in_option != NULL && client < rows->n_clients - rows->n_options && rows->in_option[client])
		return CLIENT_LOCKED;
	if (may_stay)
		return others > 0 ? CLIENT_MOVABLE : CLIENT_SETTLED;
	return others > 0 ? CLIENT_FORCED : CLIENT_STRANDED;
}

/* Put clients with equal lists into a class, numbered as they come. */
static void
make_classes(PlanModel *model, const PairLists *lists)
{
	uint32		size = 64;
	int32	   *table;
	uint32	   *hash;
	int64		used = 0;

	while (size < (uint32) model->n_clients * 2)
		size *= 2;
	table = cl_plan_allocate(sizeof(int32) * size);
	hash = cl_plan_allocate(sizeof(uint32) * (model->n_clients + 1));
	model->first = cl_plan_allocate(sizeof(int64) * (model->n_clients + 1));
	model->member = cl_plan_allocate(sizeof(int32) * lists->first[model->n_clients]);
	for (int j = 0; j < model->n_clients; j++)
	{
		const int32 *list = lists->therapist + lists->first[j];
		int64		length = lists->first[j + 1] - lists->first[j];
		uint32		value;
		uint32		at;

		if ((j & 4095) == 0)
			CHECK_FOR_INTERRUPTS();
		model->class_of[j] = -1;
		if (cl_plan_fixed(model, j))
			continue;
		value = hash_bytes((const unsigned char *) list, (int) (length * sizeof(int32)));
		for (at = value & (size - 1); table[at] != 0; at = (at + 1) & (size - 1))
		{
			int			class = table[at] - 1;

			if (hash[class] == value && model->first[class + 1] - model->first[class] == length &&
				memcmp(model->member + model->first[class], list, length * sizeof(int32)) == 0)
				break;
		}
		if (table[at] == 0)
		{
			memcpy(model->member + used, list, length * sizeof(int32));
			hash[model->n_classes] = value;
			model->first[model->n_classes] = used;
			used += length;
			model->first[++model->n_classes] = used;
			table[at] = model->n_classes;
		}
		model->class_of[j] = table[at] - 1;
	}
	pfree(table);
	pfree(hash);
}

/* For each therapist the clients who may go there, in order. */
static void
make_takers(PlanModel *model)
{
	int64		total = 0;

	model->taker_first = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 3));
	for (int j = 0; j < model->n_clients; j++)
	{
		int			class = model->class_of[j];

		if (class < 0)
			continue;
		if ((j & 4095) == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
			model->taker_first[model->member[i] + 2]++;
		total += model->first[class + 1] - model->first[class];
	}
	model->pairs = total;
	model->taker = cl_plan_allocate(sizeof(int32) * total);
	for (int i = 2; i <= model->n_therapists + 1; i++)
		model->taker_first[i] += model->taker_first[i - 1];
	for (int j = 0; j < model->n_clients; j++)
	{
		int			class = model->class_of[j];

		if (class < 0)
			continue;
		if ((j & 4095) == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
			model->taker[model->taker_first[model->member[i] + 1]++] = j;
	}
}

static int32
find_root(int32 *parent, int32 i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* Therapists whom clients connect; those of a component decide nothing for others. */
static void
make_components(PlanModel *model)
{
	model->component = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	for (int i = 0; i < model->n_therapists; i++)
		model->component[i] = i;
	for (int k = 0; k < model->n_classes; k++)
	{
		int32		root = find_root(model->component, model->member[model->first[k]]);

		for (int64 i = model->first[k] + 1; i < model->first[k + 1]; i++)
		{
			int32		other;

			/* where options go connects nobody */
			if (model->member[i] == model->n_therapists)
				continue;
			other = find_root(model->component, model->member[i]);
			if (other < root)
			{
				model->component[root] = other;
				root = other;
			}
			else
				model->component[other] = root;
		}
	}
	for (int i = 0; i < model->n_therapists; i++)
		model->component[i] = find_root(model->component, i);
}

static int
compare_weights(const void *a, const void *b)
{
	const WeightOf *one = a;
	const WeightOf *other = b;

	CHECK_FOR_INTERRUPTS();
	if (one->component != other->component)
		return one->component < other->component ? -1 : 1;
	return one->weight < other->weight ? -1 : one->weight > other->weight;
}

/*
 * Moving somebody who weighs more than the median of the component costs 2,
 * moving others 1: counting moves alone would always pick the heaviest.  By
 * component, so that a team that has nothing to do with another does not
 * change its plan.
 */
static void
set_costs(PlanModel *model, const PlanInput *rows)
{
	WeightOf   *list = cl_plan_allocate(sizeof(WeightOf) * (model->n_clients + 1));
	int64	   *median = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	int			n = 0;

	for (int j = 0; j < model->n_clients - model->n_options; j++)
		if (model->class_of[j] >= 0)
		{
			list[n].component = model->component[model->member[model->first[model->class_of[j]]]];
			list[n++].weight = model->weight[j];
		}
	qsort(list, n, sizeof(WeightOf), compare_weights);
	for (int start = 0, end; start < n; start = end)
	{
		for (end = start; end < n && list[end].component == list[start].component; end++)
			;
		median[list[start].component] = list[start + (end - start - 1) / 2].weight;
	}
	for (int j = 0; j < model->n_clients; j++)
	{
		model->cost[j] = rows->cost[j];
		if (model->cost[j] == 0)
			model->cost[j] = model->class_of[j] >= 0 &&
				model->weight[j] > median[model->component[model->member[model->first[model->class_of[j]]]]] ? 2 : 1;
	}
	pfree(list);
	pfree(median);
}

pg_noreturn static void
too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("loads of the plan are too large or too fine to be compared exactly"),
			 errhint("Round weights, base_load and fte, to quarters of a point or to minutes, for instance.")));
}

/* Everything in units; how high loads can get; reciprocals. */
static void
set_numbers(PlanModel *model, const PlanInput *rows)
{
	int64	   *load = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	int64	   *waiting = cl_plan_allocate(sizeof(int64) * (model->n_clients + 1));
	int64		highest = 0;
	int64		most;
	int64		forced = 0;
	int64		heaviest = 1;
	int64		common = 1;
	int128		total = 0;
	int128		scale_limit;
	int32		largest_part = 1;

	model->unit = 0;
	model->grid = 0;
	for (int j = 0; j < model->n_clients; j++)
		if (rows->home[j] != CL_NO_THERAPIST || rows->placing)
			model->grid = cl_gcd(rows->weight[j], model->grid);
	for (int64 i = 0; i < rows->n_pairs && rows->placing; i++)
		if (rows->pair_weight[i] >= 0)
			model->grid = cl_gcd(rows->pair_weight[i], model->grid);
	model->unit = model->grid;
	for (int i = 0; i < model->n_therapists; i++)
		model->unit = cl_gcd(rows->base[i] < 0 ? -rows->base[i] : rows->base[i], model->unit);
	model->unit = Max(model->unit, 1);
	model->grid = Max(model->grid, 1) / model->unit;
	model->grid = Max(model->grid, 1);
	for (int j = 0; j < model->n_clients; j++)
	{
		model->weight[j] = rows->weight[j] / model->unit;
		if (model->home[j] == CL_NO_THERAPIST)
		{
			if (rows->placing)
				waiting[j] = model->weight[j];
			continue;
		}
		load[model->home[j]] += model->weight[j];
		total += model->weight[j];
		heaviest = Max(heaviest, model->weight[j]);
		if (model->state[j] == CLIENT_FORCED)
			forced += model->weight[j];
	}
	if (rows->placing)
	{
		/* everybody might come, with what they weigh most */
		for (int64 i = 0; i < rows->n_pairs; i++)
			if (model->home[rows->pair_client[i]] == CL_NO_THERAPIST)
				waiting[rows->pair_client[i]] = Max(waiting[rows->pair_client[i]], rows->pair_weight[i] / model->unit);
		for (int j = 0; j < model->n_clients; j++)
		{
			forced += waiting[j];
			total += waiting[j];
			heaviest = Max(heaviest, waiting[j]);
		}
	}
	for (int i = 0; i < model->n_therapists; i++)
	{
		model->base[i] = rows->base[i] / model->unit;
		total += model->base[i];
		highest = Max(highest, load[i] + model->base[i]);
		model->fte_unit = (int32) cl_gcd(rows->fte[i], model->fte_unit);
	}
	model->fte_unit = Max(model->fte_unit, 1);
	for (int i = 0; i < model->n_therapists; i++)
	{
		model->fte[i] = (int32) rows->fte[i];
		model->part[i] = (int32) (rows->fte[i] / model->fte_unit);
		model->fte_total += model->part[i];
		largest_part = Max(largest_part, model->part[i]);
		if (model->part[i] > 0 && common > 0)
		{
			int128		multiple = (int128) common / cl_gcd(common, model->part[i]) * model->part[i];

			common = multiple < ((int128) 1 << 50) ? (int64) multiple : 0;
		}
	}

	/* a sensible plan brings nobody above four times what the highest has today, and what must be placed */
	if (total * Max(model->fte_total, 1) >= ((int128) 1 << PRODUCT_BITS))
		too_large();
	most = 4 * highest + forced;
	scale_limit = ((int128) 1 << PRODUCT_BITS) / ((int128) heaviest * (2 * most + heaviest) * 32);
	model->exact = common > 0 && common <= scale_limit;
	model->scale = model->exact ? common : 1;
	/* prices are whole numbers, too */
	while (model->scale * 2 <= scale_limit && model->scale < (INT64CONST(1) << 40))
		model->scale *= 2;
	if (!model->exact && model->scale / largest_part < LEAST_RECIPROCAL)
		too_large();
	for (int i = 0; i < model->n_therapists; i++)
	{
		if (model->part[i] > 0)
			model->reciprocal[i] = (model->scale + model->part[i] / 2) / model->part[i];
		model->capacity[i] = rows->capacity[i] < 0 ? -1 : rows->capacity[i] / model->unit;
		model->room[i] = model->capacity[i] < 0 ? most : Min(model->capacity[i], most);
	}
	model->room[model->n_therapists] = PG_INT64_MAX / 4;
	pfree(load);
	pfree(waiting);
}

/* May this therapist take the client? */
bool
cl_plan_may(const PlanModel *model, int client, int therapist)
{
	int			class = model->class_of[client];
	int64		low;
	int64		high;

	if (class < 0)
		return false;
	low = model->first[class];
	high = model->first[class + 1];
	while (low < high)
	{
		int64		middle = (low + high) / 2;

		if (model->member[middle] < therapist)
			low = middle + 1;
		else
			high = middle;
	}
	return low < model->first[class + 1] && model->member[low] == therapist;
}

/* Does the client stay, whatever is planned? */
bool
cl_plan_fixed(const PlanModel *model, int client)
{
	return model->state[client] != CLIENT_MOVABLE && model->state[client] != CLIENT_FORCED;
}

/*
 * The model of rows in the order of their ids, in the current memory context.
 * 54000 for numbers that cannot be compared in 61 bits, and where it would
 * take more than memory_limit bytes.
 */
PlanModel *
cl_plan_model(PlanInput *rows, int64 memory_limit)
{
	PlanModel  *model = cl_plan_allocate(sizeof(PlanModel));
	PairLists	lists;
	/* lists both ways, the flow, and fractions of clients, where no two share a class */
	int64		needed = rows->n_pairs * 48 + (int64) rows->n_clients * 120;

	/* groups of who waits, and what the search knows of each pair */
	if (rows->placing)
		needed += rows->n_pairs * 120;
	if (needed + (int64) MemoryContextMemAllocated(CurrentMemoryContext, true) > memory_limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the plan needs more memory than its limit of " INT64_FORMAT " megabytes", memory_limit >> 20),
				 errdetail("There are " INT64_FORMAT " pairs of a client and a therapist.", rows->n_pairs),
				 errhint("Raise memory_limit, or plan for one discipline or region at a time.")));
	model->context = CurrentMemoryContext;
	model->n_therapists = rows->n_therapists;
	model->therapist = rows->therapist;
	model->fte = cl_plan_allocate(sizeof(int32) * (rows->n_therapists + 1));
	model->part = cl_plan_allocate(sizeof(int32) * (rows->n_therapists + 1));
	model->base = cl_plan_allocate(sizeof(int64) * (rows->n_therapists + 1));
	model->room = cl_plan_allocate(sizeof(int64) * (rows->n_therapists + 1));
	model->capacity = cl_plan_allocate(sizeof(int64) * (rows->n_therapists + 1));
	model->reciprocal = cl_plan_allocate(sizeof(int64) * (rows->n_therapists + 1));
	model->n_clients = rows->n_clients;
	model->n_options = rows->n_options;
	model->option = rows->option;
	model->client = rows->client;
	model->label = rows->label;
	model->home = rows->home;
	model->weight = cl_plan_allocate(sizeof(int64) * (rows->n_clients + 1));
	model->cost = cl_plan_allocate(sizeof(int32) * (rows->n_clients + 1));
	model->state = cl_plan_allocate(sizeof(uint8) * (rows->n_clients + 1));
	model->class_of = cl_plan_allocate(sizeof(int32) * (rows->n_clients + 1));
	make_lists(rows, &lists);
	for (int j = 0; j < rows->n_clients; j++)
		model->state[j] = find_state(rows, &lists, j);
	make_classes(model, &lists);
	pfree(lists.first);
	pfree(lists.therapist);
	make_takers(model);
	make_components(model);
	set_numbers(model, rows);
	set_costs(model, rows);
	return model;
}
