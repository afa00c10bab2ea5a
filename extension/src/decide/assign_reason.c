/*
 * assign_reason.c
 *		Why a client has this place, or none.
 *
 * Who goes on waiting has a witness where there is one: therapists among whom
 * all these clients must find a place, since nobody else may take them, and who
 * have less room than that.  The smallest that is looked at is those who may
 * take the client; where others are only there because somebody of theirs
 * might go elsewhere, the ones they might go to are added, step by step.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "utils/memutils.h"

#include "assign.h"
#include "plan_result.h"

#define MOST_NAMES	10
#define MANY_CLIENTS	1000
#define MOST_WITNESSES	100			/* more are counted, not listed */

static char *
load_text(const PlanModel *model, int64 load)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, cl_plan_load(model, load)));
}

/* Of somebody without a capacity what a plan would never fill. */
static int64
room_of(const PlanModel *model, const PlanWork *state, int therapist)
{
	int64		most = model->capacity[therapist] >= 0 ? model->capacity[therapist] : model->room[therapist];

	return Max(most - state->load[therapist], 0);
}

static void
append_names(StringInfo text, const PlanModel *model, const int32 *therapist, int n)
{
	for (int i = 0; i < n && i < MOST_NAMES; i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", model->therapist[therapist[i]]);
	if (n > MOST_NAMES)
		appendStringInfo(text, " and %d more", n - MOST_NAMES);
}

/* What the set must take, at least: clients of whom all pairs lie in it, each with the least it weighs there. */
static int64
captive_load(const AssignGroup *group, const bool *in)
{
	int64		load = 0;

	for (int j = 0; j < group->n_clients; j++)
	{
		int64		least = PG_INT64_MAX;
		int32		pair;

		for (pair = group->first[j]; pair < group->first[j + 1] - 1 && in[group->to[pair]]; pair++)
			least = Min(least, group->weight[pair]);
		if (pair == group->first[j + 1] - 1)
			load += least * group->grid;
	}
	return load;
}

/* Add whom the members of the set might go to; false: nobody new. */
static bool
widen(const AssignGroup *group, bool *in)
{
	bool	   *more = palloc0(sizeof(bool) * (group->n_therapists + 1));
	bool		any = false;

	for (int j = 0; j < group->n_clients; j++)
	{
		if (!in[group->to[group->at[j]]])
			continue;
		for (int32 pair = group->first[j]; pair < group->first[j + 1] - 1; pair++)
			more[group->to[pair]] = true;
	}
	for (int i = 0; i < group->n_therapists; i++)
	{
		any |= more[i] && !in[i];
		in[i] |= more[i];
	}
	pfree(more);
	return any;
}

/* Does the set have all who may take the client? */
static bool
has_all(const AssignGroup *group, int client, const bool *in)
{
	for (int32 pair = group->first[client]; pair < group->first[client + 1] - 1; pair++)
		if (!in[group->to[pair]])
			return false;
	return true;
}

/* Of a set what it must take, and its room. */
static bool
is_overfull(const AssignGroup *group, const bool *in, const PlanWork *today, AssignReason *reason)
{
	reason->captive = captive_load(group, in);
	reason->room = 0;
	for (int i = 0; i < group->n_therapists; i++)
		if (in[i])
			reason->room += room_of(group->model, today, group->therapist[i]);
	return reason->captive > reason->room;
}

static void
say_why_waiting(AssignGroup *group, int client, const PlanWork *today, const PlanWork *end, AssignReason *reason)
{
	const PlanModel *model = group->model;
	bool	   *in = palloc0(sizeof(bool) * (group->n_therapists + 1));
	bool		known;
	bool		full;
	int64		left = 0;
	int64		most_left = 0;
	int64		least = PG_INT64_MAX;
	StringInfoData text;

	for (int32 pair = group->first[client]; pair < group->first[client + 1] - 1; pair++)
	{
		in[group->to[pair]] = true;
		least = Min(least, group->weight[pair] * group->grid);
	}
	/* of many clients one witness must do for whoever it is one for */
	known = group->widened != NULL && has_all(group, client, group->widened);
	full = !(known && group->n_clients > MANY_CLIENTS) && is_overfull(group, in, today, reason);
	if (!full && known)
	{
		/* what another client has led to is a witness for this one, too */
		memcpy(in, group->widened, sizeof(bool) * group->n_therapists);
		reason->captive = group->widened_captive;
		reason->room = group->widened_room;
		full = reason->captive > reason->room;
	}
	else if (!full)
	{
		while (!full && widen(group, in))
		{
			CHECK_FOR_INTERRUPTS();
			full = is_overfull(group, in, today, reason);
		}
		if (group->widened == NULL)
			group->widened = MemoryContextAlloc(GetMemoryChunkContext(group), sizeof(bool) * (group->n_therapists + 1));
		memcpy(group->widened, in, sizeof(bool) * group->n_therapists);
		group->widened_captive = reason->captive;
		group->widened_room = reason->room;
	}
	reason->witness = palloc(sizeof(int32) * (group->n_therapists + 1));
	for (int i = 0; i < group->n_therapists; i++)
	{
		if (!in[i])
			continue;
		reason->witness[reason->n_witness++] = group->therapist[i];
		left += room_of(model, end, group->therapist[i]);
		most_left = Max(most_left, room_of(model, end, group->therapist[i]));
	}
	pfree(in);
	initStringInfo(&text);
	if (full)
	{
		reason->verdict = ASSIGN_FULL;
		append_names(&text, model, reason->witness, reason->n_witness);
		appendStringInfo(&text, ": %s can be taken by nobody else, and there is room for %s",
						 load_text(model, reason->captive), load_text(model, reason->room));
	}
	else
	{
		reason->verdict = ASSIGN_FRAGMENTED;
		appendStringInfo(&text, "weighs %s; room for %s is left with ", load_text(model, least), load_text(model, left));
		append_names(&text, model, reason->witness, reason->n_witness);
		appendStringInfo(&text, ", %s at most in one place", load_text(model, most_left));
	}
	reason->text = text.data;
	if (reason->n_witness > MOST_WITNESSES)
		reason->witness = NULL;
}

static void
say_why_placed(const AssignGroup *group, int client, const PlanWork *today, const PlanWork *end, AssignReason *reason)
{
	const PlanModel *model = group->model;
	int32		at = group->at[client];
	int			therapist = group->therapist[group->to[at]];
	int32		next = -1;
	StringInfoData text;

	for (int32 pair = group->first[client]; pair < group->first[client + 1] - 1; pair++)
		if (pair != at && group->weight[pair] * group->grid <= room_of(model, end, group->therapist[group->to[pair]]) &&
			(next < 0 || group->cost[pair] < group->cost[next]))
			next = pair;
	initStringInfo(&text);
	appendStringInfo(&text, "weighs %s; ", load_text(model, group->weight[at] * group->grid));
	if (model->capacity[therapist] >= 0)
		appendStringInfo(&text, "%s has room for %s, after the plan for %s", model->therapist[therapist],
						 load_text(model, room_of(model, today, therapist)), load_text(model, room_of(model, end, therapist)));
	else
		appendStringInfo(&text, "%s has no capacity that ends it", model->therapist[therapist]);
	if (next < 0)
		appendStringInfoString(&text, "; nobody else has room left");
	else if (group->cost[next] == group->cost[at])
		appendStringInfo(&text, "; %s costs the same", model->therapist[group->therapist[group->to[next]]]);
	else
		appendStringInfo(&text, "; %s costs " INT64_FORMAT " %s", model->therapist[group->therapist[group->to[next]]],
						 Max(group->cost[next] - group->cost[at], group->cost[at] - group->cost[next]),
						 group->cost[next] > group->cost[at] ? "more" : "less");
	reason->text = text.data;
}

/* Why the client of a group is where it is after the plan. */
AssignReason
cl_assign_reason(AssignGroup *group, int client, const PlanWork *today, const PlanWork *end)
{
	AssignReason reason = {ASSIGN_PLACED};

	if (group->to[group->at[client]] == group->n_therapists)
		say_why_waiting(group, client, today, end, &reason);
	else
		say_why_placed(group, client, today, end, &reason);
	return reason;
}

/* Why a client is in no group. */
AssignReason
cl_assign_left_out(const PlanModel *model, const PlanInput *input, int client, const PlanWork *today)
{
	AssignReason reason = {ASSIGN_NOBODY_ELIGIBLE};
	int			class = model->class_of[client];
	int			roomiest;
	int64		count;

	if (class < 0)
	{
		reason.text = pstrdup("nobody is eligible");
		return reason;
	}
	reason.verdict = ASSIGN_NO_ROOM;
	count = model->first[class + 1] - model->first[class];
	roomiest = model->member[model->first[class]];
	for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
		if (room_of(model, today, model->member[i]) > room_of(model, today, roomiest))
			roomiest = model->member[i];
	reason.text = psprintf("weighs %s; %s has most room of the " INT64_FORMAT " who are eligible: %s", load_text(model, model->weight[client]),
						   model->therapist[roomiest], count, load_text(model, room_of(model, today, roomiest)));
	return reason;
}
