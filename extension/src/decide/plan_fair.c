/*
 * plan_fair.c
 *		The fair share: how evenly load could be spread if clients could be split.
 *
 * Who may take whom makes the even share unreachable for some.  With fractions
 * of clients there is one vector of loads that is best by every convex measure
 * (Megiddo 1974; Fujishige 1980): therapists fall into blocks with the same
 * load per FTE, and the heavier block carries what only it, and those heavier
 * still, may take.  It is found by halving (Groenevelt 1991): send all load of
 * a set to its therapists with room for the mean each; if all of it arrives,
 * the set is a block; if not, the minimum cut is the part that is heavier than
 * the mean, whatever is done, and both parts are looked at by themselves.
 *
 * A flow is one of whole numbers: loads are multiplied by the parts of an FTE
 * in the set, rooms by its load.  The augmenting paths (Dinitz 1970) begin from
 * the plan at hand, which has nearly all of it in place.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "plan.h"

typedef struct Flow
{
	const PlanModel *model;
	int64	   *fixed;			/* load of a therapist that cannot go */
	/* the pairs of a class and a member, and their places by therapist */
	int64	   *class_load;		/* load of the clients of a class */
	int64	   *start;			/* of a pair, load that is there now */
	int64	   *sent;			/* of a pair, in units times parts */
	int64	   *place_first;	/* of therapist i the pairs place[place_first[i]] and so on */
	int64	   *place;
	int32	   *place_class;
	/* the set in work */
	int32	   *set_of;			/* of a therapist */
	int32	   *class_set;		/* of a class */
	int64	   *room;			/* of a therapist, what is left */
	int64	   *unsent;			/* of a class */
	int64	   *excess;			/* of a therapist, fixed load above the room */
	int32	   *therapist_level;
	int32	   *class_level;
	int64	   *class_at;		/* the pair to look at next */
	int64	   *therapist_at;
	int32	   *queue;			/* classes, and therapists as -1 - i */
	int32	   *path_class;		/* of a path: class, pair, class, pair … */
	int64	   *path_pair;
	int64	   *path_back;
	FairShare  *fair;
	MemoryContext context;		/* where that is */
	int			last_set;
	int64		work;
} Flow;

/* A set of therapists and the classes that are theirs. */
typedef struct Part
{
	int			id;
	int			n_therapists;
	int32	   *therapist;
	int			n_classes;
	int32	   *class;
	int64		load;
	int64		parts;
} Part;

static inline void
count_work(Flow *flow)
{
	if ((++flow->work & 4095) == 0)
		CHECK_FOR_INTERRUPTS();
}

/* Loads of the classes, where they are in the plan, and what is fixed. */
static Flow *
make_flow(const PlanModel *model, const PlanWork *start, bool freed)
{
	Flow	   *flow = cl_plan_allocate(sizeof(Flow));
	int64		pairs = model->n_classes > 0 ? model->first[model->n_classes] : 0;
	int64	   *fill;

	flow->model = model;
	flow->fixed = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	flow->class_load = cl_plan_allocate(sizeof(int64) * (model->n_classes + 1));
	flow->start = cl_plan_allocate(sizeof(int64) * pairs);
	flow->sent = cl_plan_allocate(sizeof(int64) * pairs);
	for (int i = 0; i < model->n_therapists; i++)
		flow->fixed[i] = model->base[i];
	for (int j = 0; j < model->n_clients; j++)
	{
		int			class = model->class_of[j];

		if (model->home[j] == CL_NO_THERAPIST)
			continue;
		if (class < 0 || cl_plan_option(model, j) != NULL)
		{
			if (!freed || cl_plan_option(model, j) == NULL)
				flow->fixed[model->home[j]] += model->weight[j];
			continue;
		}
		flow->class_load[class] += model->weight[j];
		for (int64 pair = model->first[class]; pair < model->first[class + 1]; pair++)
			if (model->member[pair] == start->at[j])
				flow->start[pair] += model->weight[j];
	}
	flow->place_first = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 2));
	flow->place = cl_plan_allocate(sizeof(int64) * pairs);
	flow->place_class = cl_plan_allocate(sizeof(int32) * pairs);
	for (int64 pair = 0; pair < pairs; pair++)
		flow->place_first[model->member[pair] + 1]++;
	for (int i = 0; i < model->n_therapists; i++)
		flow->place_first[i + 1] += flow->place_first[i];
	fill = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	for (int k = 0; k < model->n_classes; k++)
		for (int64 pair = model->first[k]; pair < model->first[k + 1]; pair++)
		{
			int32		i = model->member[pair];
			int64		at = flow->place_first[i] + fill[i]++;

			flow->place[at] = pair;
			flow->place_class[at] = k;
		}
	pfree(fill);
	flow->set_of = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	flow->class_set = cl_plan_allocate(sizeof(int32) * (model->n_classes + 1));
	flow->room = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	flow->excess = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	flow->unsent = cl_plan_allocate(sizeof(int64) * (model->n_classes + 1));
	flow->therapist_level = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	flow->class_level = cl_plan_allocate(sizeof(int32) * (model->n_classes + 1));
	flow->therapist_at = cl_plan_allocate(sizeof(int64) * (model->n_therapists + 1));
	flow->class_at = cl_plan_allocate(sizeof(int64) * (model->n_classes + 1));
	flow->queue = cl_plan_allocate(sizeof(int32) * (model->n_therapists + model->n_classes + 1));
	flow->path_class = cl_plan_allocate(sizeof(int32) * (model->n_therapists + model->n_classes + 2));
	flow->path_pair = cl_plan_allocate(sizeof(int64) * (model->n_therapists + model->n_classes + 2));
	flow->path_back = cl_plan_allocate(sizeof(int64) * (model->n_therapists + model->n_classes + 2));
	return flow;
}

/* Send what the plan at hand sends, as far as there is room. */
static void
send_start(Flow *flow, const Part *part)
{
	const PlanModel *model = flow->model;

	for (int n = 0; n < part->n_therapists; n++)
	{
		int32		i = part->therapist[n];
		int64		room = part->load * model->part[i] - flow->fixed[i] * part->parts;

		flow->room[i] = Max(room, 0);
		flow->excess[i] = Max(-room, 0);
	}
	for (int n = 0; n < part->n_classes; n++)
	{
		int32		k = part->class[n];

		flow->unsent[k] = flow->class_load[k] * part->parts;
		for (int64 pair = model->first[k]; pair < model->first[k + 1]; pair++)
		{
			int32		i = model->member[pair];

			count_work(flow);
			flow->sent[pair] = 0;
			if (flow->set_of[i] != part->id)
				continue;
			flow->sent[pair] = Min(Min(flow->start[pair] * part->parts, flow->room[i]), flow->unsent[k]);
			flow->room[i] -= flow->sent[pair];
			flow->unsent[k] -= flow->sent[pair];
		}
	}
}

/*
 * Levels of a shortest path from what is unsent.  With to_all, therapists
 * without room do not end it, so that all that can be reached has a level.
 */
static bool
find_levels(Flow *flow, const Part *part, bool with_excess)
{
	const PlanModel *model = flow->model;
	int			head = 0;
	int			tail = 0;
	bool		found = false;

	for (int n = 0; n < part->n_therapists; n++)
	{
		int32		i = part->therapist[n];

		flow->therapist_level[i] = -1;
		flow->therapist_at[i] = flow->place_first[i];
		if (with_excess && flow->excess[i] > 0)
		{
			flow->therapist_level[i] = 0;
			flow->queue[tail++] = -1 - i;
		}
	}
	for (int n = 0; n < part->n_classes; n++)
	{
		int32		k = part->class[n];

		flow->class_level[k] = -1;
		flow->class_at[k] = model->first[k];
		if (flow->unsent[k] > 0)
		{
			flow->class_level[k] = 0;
			flow->queue[tail++] = k;
		}
	}
	while (head < tail)
	{
		int32		node = flow->queue[head++];

		if (node >= 0)
		{
			for (int64 pair = model->first[node]; pair < model->first[node + 1]; pair++)
			{
				int32		i = model->member[pair];

				count_work(flow);
				if (flow->set_of[i] != part->id || flow->therapist_level[i] >= 0)
					continue;
				flow->therapist_level[i] = flow->class_level[node] + 1;
				if (flow->room[i] > 0)
					found = true;
				flow->queue[tail++] = -1 - i;
			}
		}
		else
		{
			int32		i = -1 - node;

			for (int64 at = flow->place_first[i]; at < flow->place_first[i + 1]; at++)
			{
				int32		k = flow->place_class[at];

				count_work(flow);
				if (flow->class_set[k] != part->id || flow->class_level[k] >= 0 || flow->sent[flow->place[at]] == 0)
					continue;
				flow->class_level[k] = flow->therapist_level[i] + 1;
				flow->queue[tail++] = k;
			}
		}
	}
	return found;
}

/*
 * Send along shortest paths from a class, until none is left.  A path goes
 * from class to therapist by any pair, and from therapist to class by a pair
 * that sends; path_pair[d] leads from path_class[d] to a therapist, and
 * path_back[d] from there to path_class[d + 1].
 */
static void
send_from(Flow *flow, const Part *part, int32 source)
{
	const PlanModel *model = flow->model;
	int			depth = 0;

	flow->path_class[0] = source;
	while (flow->unsent[source] > 0)
	{
		int32		k = flow->path_class[depth];
		int32		end = -1;
		bool		deeper = false;

		while (flow->class_at[k] < model->first[k + 1])
		{
			int64		pair = flow->class_at[k];
			int32		i = model->member[pair];

			count_work(flow);
			if (flow->set_of[i] != part->id || flow->therapist_level[i] != flow->class_level[k] + 1)
			{
				flow->class_at[k]++;
				continue;
			}
			if (flow->room[i] > 0)
			{
				flow->path_pair[depth] = pair;
				end = i;
				break;
			}
			while (flow->therapist_at[i] < flow->place_first[i + 1])
			{
				int64		at = flow->therapist_at[i];
				int32		next = flow->place_class[at];

				count_work(flow);
				if (flow->class_set[next] == part->id && flow->class_level[next] == flow->therapist_level[i] + 1 &&
					flow->sent[flow->place[at]] > 0 && flow->class_at[next] < model->first[next + 1])
				{
					flow->path_pair[depth] = pair;
					flow->path_back[depth] = flow->place[at];
					flow->path_class[depth + 1] = next;
					deeper = true;
					break;
				}
				flow->therapist_at[i]++;
			}
			if (deeper)
				break;
			flow->class_at[k]++;
		}
		if (end >= 0)
		{
			int64		amount = Min(flow->unsent[source], flow->room[end]);

			for (int d = 0; d < depth; d++)
				amount = Min(amount, flow->sent[flow->path_back[d]]);
			for (int d = 0; d <= depth; d++)
			{
				flow->sent[flow->path_pair[d]] += amount;
				if (d < depth)
					flow->sent[flow->path_back[d]] -= amount;
			}
			flow->unsent[source] -= amount;
			flow->room[end] -= amount;
			depth = 0;
		}
		else if (deeper)
			depth++;
		else if (depth > 0)
			depth--;
		else
			break;
	}
}

/* Send as much as can be sent; true: all of it arrives. */
static bool
send_all(Flow *flow, const Part *part)
{
	bool		all = true;

	send_start(flow, part);
	while (find_levels(flow, part, false))
		for (int n = 0; n < part->n_classes; n++)
			if (flow->unsent[part->class[n]] > 0)
				send_from(flow, part, part->class[n]);
	for (int n = 0; n < part->n_classes && all; n++)
		all = flow->unsent[part->class[n]] == 0;
	for (int n = 0; n < part->n_therapists && all; n++)
		all = flow->excess[part->therapist[n]] == 0;
	return all;
}

static void
add_block(Flow *flow, const Part *part, int component)
{
	FairShare  *fair = flow->fair;
	FairBlock  *block = &fair->block[fair->n_blocks];

	block->n = part->n_therapists;
	block->member = MemoryContextAlloc(flow->context, sizeof(int32) * part->n_therapists);
	memcpy(block->member, part->therapist, sizeof(int32) * part->n_therapists);
	block->load = part->load;
	block->parts = part->parts;
	block->component = component;
	block->heavier = fair->n_blocks > 0 && fair->block[fair->n_blocks - 1].component == component ? fair->n_blocks - 1 : -1;
	for (int n = 0; n < part->n_therapists; n++)
		fair->block_of[part->therapist[n]] = fair->n_blocks;
	fair->n_blocks++;
}

/* Therapists and classes of a part that are, or are not, reached. */
static Part
take_side(Flow *flow, const Part *part, bool reached, const bool *class_heavy)
{
	const PlanModel *model = flow->model;
	Part		side = {0};

	side.id = ++flow->last_set;
	side.therapist = cl_plan_allocate(sizeof(int32) * part->n_therapists);
	side.class = cl_plan_allocate(sizeof(int32) * (part->n_classes + 1));
	for (int n = 0; n < part->n_therapists; n++)
	{
		int32		i = part->therapist[n];

		if ((flow->therapist_level[i] >= 0) != reached)
			continue;
		side.therapist[side.n_therapists++] = i;
		side.load += flow->fixed[i];
		side.parts += model->part[i];
	}
	for (int n = 0; n < part->n_classes; n++)
		if (class_heavy[n] == reached)
		{
			side.class[side.n_classes++] = part->class[n];
			side.load += flow->class_load[part->class[n]];
		}
	return side;
}

static void
split(Flow *flow, Part part, int component)
{
	const PlanModel *model = flow->model;
	bool	   *class_heavy;
	Part		heavy;
	Part		light;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (part.n_therapists == 1 || send_all(flow, &part))
	{
		add_block(flow, &part, component);
		return;
	}
	find_levels(flow, &part, true);
	class_heavy = cl_plan_allocate(sizeof(bool) * (part.n_classes + 1));
	for (int n = 0; n < part.n_classes; n++)
	{
		int32		k = part.class[n];

		class_heavy[n] = true;
		for (int64 pair = model->first[k]; pair < model->first[k + 1]; pair++)
		{
			int32		i = model->member[pair];

			if (flow->set_of[i] == part.id && flow->therapist_level[i] < 0)
				class_heavy[n] = false;
		}
	}
	heavy = take_side(flow, &part, true, class_heavy);
	light = take_side(flow, &part, false, class_heavy);
	for (int n = 0; n < heavy.n_therapists; n++)
		flow->set_of[heavy.therapist[n]] = heavy.id;
	for (int n = 0; n < light.n_therapists; n++)
		flow->set_of[light.therapist[n]] = light.id;
	for (int n = 0; n < heavy.n_classes; n++)
		flow->class_set[heavy.class[n]] = heavy.id;
	for (int n = 0; n < light.n_classes; n++)
		flow->class_set[light.class[n]] = light.id;
	pfree(class_heavy);
	split(flow, heavy, component);
	split(flow, light, component);
}

/*
 * The fair share, in the current memory context; start is any plan, the nearer
 * to the end the faster.  With all options taken, or with none.
 */
FairShare *
cl_plan_fair(const PlanModel *model, const PlanWork *start, bool freed)
{
	FairShare  *fair = cl_plan_allocate(sizeof(FairShare));
	MemoryContext context = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(context, "caseload plan flow", ALLOCSET_DEFAULT_SIZES);
	Flow	   *flow;
	Part	   *parts;

	fair->block = cl_plan_allocate(sizeof(FairBlock) * (model->n_therapists + 1));
	fair->block_of = cl_plan_allocate(sizeof(int32) * (model->n_therapists + 1));
	MemoryContextSwitchTo(work);
	flow = make_flow(model, start, freed);
	parts = cl_plan_allocate(sizeof(Part) * (model->n_therapists + 1));
	flow->context = context;
	flow->fair = fair;
	for (int i = 0; i < model->n_therapists; i++)
	{
		fair->block_of[i] = -1;
		flow->set_of[i] = -1;
		if (model->part[i] > 0)
			parts[model->component[i]].n_therapists++;
	}
	for (int k = 0; k < model->n_classes; k++)
		parts[model->component[model->member[model->first[k]]]].n_classes++;
	for (int i = 0; i < model->n_therapists; i++)
	{
		Part	   *part = &parts[i];

		if (part->n_therapists == 0)
			continue;
		part->id = ++flow->last_set;
		part->therapist = cl_plan_allocate(sizeof(int32) * part->n_therapists);
		part->class = cl_plan_allocate(sizeof(int32) * (part->n_classes + 1));
		part->n_therapists = part->n_classes = 0;
	}
	for (int i = 0; i < model->n_therapists; i++)
	{
		Part	   *part = &parts[model->component[i]];

		if (model->part[i] == 0)
			continue;
		part->therapist[part->n_therapists++] = i;
		part->load += flow->fixed[i];
		part->parts += model->part[i];
		flow->set_of[i] = part->id;
	}
	for (int k = 0; k < model->n_classes; k++)
	{
		Part	   *part = &parts[model->component[model->member[model->first[k]]]];

		part->class[part->n_classes++] = k;
		part->load += flow->class_load[k];
		flow->class_set[k] = part->id;
	}
	for (int i = 0; i < model->n_therapists; i++)
		if (parts[i].n_therapists > 0)
			split(flow, parts[i], i);
	MemoryContextSwitchTo(context);
	MemoryContextDelete(work);
	return fair;
}
