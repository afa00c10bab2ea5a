/*
 * assign_sql.c
 *		assign_waitlist(): places for those who wait, for whoever asks in SQL.
 *
 * Reading, memory and limits are those of plans (plan_call.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "assign.h"
#include "plan_read.h"
#include "plan_result.h"

#define ASSIGNMENT_VERSION	2

/* All that an assignment has to say. */
typedef struct AssignReport
{
	PlanCall	call;
	AssignGroup **groups;
	int			n_groups;
	int32	   *group_of;		/* of a client; -1: none */
	int32	   *place_of;		/* in the group */
	PlanWork   *end;			/* loads after it */
	int			waiting;
	int			placed;
	int64		unplaced;
	int64		unplaced_bound;
	int64		cost;
	int64		cost_bound;
	int128		ssq_bound;		/* -1: not known */
	int64		evaluations;
	bool		out_of_time;
	bool		out_of_iterations;
} AssignReport;

PG_FUNCTION_INFO_V1(assign_waitlist);

/* ------------------------------------------------------------- solving --- */

/* Solve the groups one by one; what they need on the way goes with them. */
static void
solve_groups(AssignReport *report, int64 iterations, int64 deadline)
{
	PlanModel  *model = report->call.model;
	PlanWork	clock = {0};

	clock.deadline = deadline;
	report->groups = cl_assign_groups(model, report->call.input, report->call.today, &clock, &report->n_groups);
	report->evaluations = clock.evaluations;
	for (int g = 0; g < report->n_groups; g++)
	{
		AssignGroup *group = report->groups[g];
		MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "caseload assignment", ALLOCSET_DEFAULT_SIZES);
		MemoryContext oldcontext = MemoryContextSwitchTo(work);
		PlanWork	own = {0};

		own.deadline = deadline;
		cl_assign_solve(group, iterations, &own);
		MemoryContextSwitchTo(oldcontext);
		MemoryContextDelete(work);
		report->evaluations += own.evaluations;
		report->unplaced += group->unplaced;
		report->unplaced_bound += group->unplaced_bound;
		report->cost += group->spent;
		report->cost_bound += group->cost_bound;
		if (group->unplaced > group->unplaced_bound || group->spent > group->cost_bound)
		{
			report->out_of_time |= own.out_of_time;
			report->out_of_iterations |= own.evaluations >= iterations;
		}
		for (int j = 0; j < group->n_clients; j++)
		{
			report->group_of[group->client[j]] = g;
			report->place_of[group->client[j]] = j;
		}
	}
}

/*
 * Loads after it, and a bound of their squares: that of a plan in which all who
 * were placed may go wherever they may, whatever the capacity.  Of another who
 * was not placed nothing is known.
 */
static void
find_end(AssignReport *report)
{
	PlanModel  *model = report->call.model;
	bool		same_weights = true;
	int64		in_groups = 0;

	report->ssq_bound = -1;
	for (int64 i = 0; i < report->call.input->n_pairs; i++)
		same_weights &= report->call.input->pair_weight[i] < 0;
	for (int g = 0; g < report->n_groups; g++)
		in_groups += report->groups[g]->unplaced;
	for (int j = 0; j < model->n_clients; j++)
	{
		const AssignGroup *group;
		int32		pair;

		if (report->group_of[j] < 0)
		{
			if (model->home[j] == CL_NO_THERAPIST)
			{
				model->state[j] = CLIENT_WAITING;
				report->waiting++;
				report->unplaced += report->call.input->priority[j];
				report->unplaced_bound += report->call.input->priority[j];
			}
			continue;
		}
		report->waiting++;
		group = report->groups[report->group_of[j]];
		pair = group->at[report->place_of[j]];
		if (group->to[pair] == group->n_therapists)
		{
			model->state[j] = CLIENT_WAITING;
			continue;
		}
		report->placed++;
		model->home[j] = group->therapist[group->to[pair]];
		model->weight[j] = group->weight[pair] * group->grid;
	}
	report->end = cl_plan_state(model);
	if (same_weights && in_groups == 0)
	{
		int32	   *class_of = model->class_of;

		/* who is in no group has nothing to do with it */
		model->class_of = palloc_extended(sizeof(int32) * (model->n_clients + 1), MCXT_ALLOC_HUGE);
		for (int j = 0; j < model->n_clients; j++)
			model->class_of[j] = report->group_of[j] < 0 ? -1 : class_of[j];
		report->ssq_bound = cl_plan_ssq_bound(model, cl_plan_fair(model, report->end, false));
		model->class_of = class_of;
	}
}

/* ---------------------------------------------------------------- rows --- */

static const char *
verdict_name(AssignVerdict verdict)
{
	switch (verdict)
	{
		case ASSIGN_PLACED:
			return "placed";
		case ASSIGN_NOBODY_ELIGIBLE:
			return "nobody_eligible";
		case ASSIGN_NO_ROOM:
			return "no_room";
		case ASSIGN_FULL:
			return "full";
		default:
			return "fragmented";
	}
}

static Datum
place_row(TupleDesc desc, const AssignReport *report, int client)
{
	const PlanModel *model = report->call.model;
	const PlanWork *today = report->call.today;
	int			home = model->home[client];
	AssignGroup *group = NULL;
	AssignReason reason;
	RowBuilder	row;

	if (report->group_of[client] < 0)
		reason = cl_assign_left_out(model, report->call.input, client, today);
	else
	{
		group = report->groups[report->group_of[client]];
		reason = cl_assign_reason(group, report->place_of[client], today, report->end);
	}
	cl_row_begin(&row, desc);
	if (model->label[client] != NULL)
	{
		cl_row_text(&row, model->label[client]);
		cl_row_text(&row, model->client[client]);
	}
	else
	{
		cl_row_text(&row, model->client[client]);
		cl_row_null(&row);
	}
	cl_row_text(&row, home < 0 ? NULL : model->therapist[home]);
	cl_row_text(&row, verdict_name(reason.verdict));
	cl_row_add(&row, Int64GetDatum(report->call.input->priority[client]));
	cl_row_add(&row, cl_plan_load(model, model->weight[client]));
	if (group != NULL && home >= 0)
	{
		cl_row_add(&row, Int32GetDatum((int32) group->cost[group->at[report->place_of[client]]]));
		cl_row_add(&row, cl_plan_per_fte(model, today->load[home], model->part[home]));
		cl_row_add(&row, cl_plan_per_fte(model, report->end->load[home], model->part[home]));
	}
	else
		for (int n = 0; n < 3; n++)
			cl_row_null(&row);
	if (reason.witness == NULL)
		for (int n = 0; n < 3; n++)
			cl_row_null(&row);
	else
	{
		cl_row_add(&row, cl_plan_ids(model, reason.witness, reason.n_witness));
		cl_row_add(&row, cl_plan_load(model, reason.captive));
		cl_row_add(&row, cl_plan_load(model, reason.room));
	}
	cl_row_text(&row, reason.text);
	return cl_row_end(&row);
}

/* The row alone, without what it was made of. */
static Datum
place_in(MemoryContext row_context, TupleDesc desc, const AssignReport *report, int client)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(row_context);
	Datum		row = place_row(desc, report, client);

	MemoryContextSwitchTo(oldcontext);
	row = datumCopy(row, false, -1);
	MemoryContextReset(row_context);
	return row;
}

static Datum
places_array(TupleDesc desc, int column, const AssignReport *report)
{
	const PlanModel *model = report->call.model;
	Datum	   *rows = palloc_extended(sizeof(Datum) * (report->waiting + 1), MCXT_ALLOC_HUGE);
	Oid			type = get_element_type(TupleDescAttr(desc, column)->atttypid);
	TupleDesc	row_desc = lookup_rowtype_tupdesc_copy(type, -1);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "caseload plan row", ALLOCSET_DEFAULT_SIZES);
	int			n = 0;

	for (int j = 0; j < model->n_clients; j++)
	{
		/* who was there before is no part of it */
		if (report->call.today->at[j] != CL_NO_THERAPIST)
			continue;
		CHECK_FOR_INTERRUPTS();
		rows[n++] = place_in(row_context, row_desc, report, j);
	}
	MemoryContextDelete(row_context);
	return PointerGetDatum(construct_array(rows, n, type, -1, false, TYPALIGN_DOUBLE));
}

static const char *
find_status(const AssignReport *report)
{
	if (report->unplaced == report->unplaced_bound && report->cost == report->cost_bound)
		return report->end->ssq == report->ssq_bound ? "optimal" : "least_cost";
	return report->out_of_time ? "time" : report->out_of_iterations ? "iterations" : "local";
}

/* An assignment as a row of the type caseload.assignment. */
static Datum
assignment_row(TupleDesc desc, const AssignReport *report)
{
	const PlanModel *model = report->call.model;
	int			team = 0;
	RowBuilder	row;

	for (int i = 0; i < model->n_therapists; i++)
		team += model->part[i] > 0;
	cl_row_begin(&row, desc);
	cl_row_text(&row, find_status(report));
	cl_row_text(&row, report->out_of_time ? "time" : report->out_of_iterations ? "iterations" : NULL);
	cl_row_add(&row, Int32GetDatum(team));
	cl_row_add(&row, Int32GetDatum(report->waiting));
	cl_row_add(&row, Int32GetDatum(report->placed));
	cl_row_add(&row, Int64GetDatum(report->unplaced));
	cl_row_add(&row, Int64GetDatum(report->unplaced_bound));
	cl_row_add(&row, Int64GetDatum(report->cost));
	cl_row_add(&row, Int64GetDatum(report->cost_bound));
	if (report->cost_bound > 0)
		cl_row_add(&row, cl_ratio((int128) (report->cost - report->cost_bound) * 100, report->cost_bound, 4));
	else if (report->cost == 0)
		cl_row_add(&row, cl_ratio(0, 1, 4));
	else
		cl_row_null(&row);
	cl_row_add(&row, cl_plan_squares(model, report->call.today->ssq));
	cl_row_add(&row, cl_plan_squares(model, report->end->ssq));
	if (report->ssq_bound < 0)
		cl_row_null(&row);
	else
		cl_row_add(&row, cl_plan_squares(model, report->ssq_bound));
	cl_row_add(&row, Int32GetDatum(report->n_groups));
	cl_row_add(&row, Int64GetDatum(report->evaluations));
	cl_row_add(&row, cl_plan_load(model, 1));
	cl_row_add(&row, BoolGetDatum(model->exact));
	cl_row_add(&row, Int32GetDatum(ASSIGNMENT_VERSION));
	cl_row_add(&row, places_array(desc, row.n, report));
	return cl_row_end(&row);
}

/*
 * assign_waitlist(therapists, clients, eligible, as_of, in_district,
 * in_discipline, iterations, time_limit, memory_limit) -> assignment.  Loads in the unit of
 * the weights.  Generalised assignment (Martello, Toth 1990) in which who is
 * not placed waits on, at the cost of the priority, which counts first.
 * Errors as rebalance(); 54000 for numbers that cannot be compared exactly.
 */
Datum
assign_waitlist(PG_FUNCTION_ARGS)
{
	AssignReport report = {0};
	TupleDesc	desc;
	MemoryContext oldcontext;
	int64		iterations = cl_plan_argument(fcinfo, 6, "iterations", 1, PG_INT64_MAX / 4, PG_INT64_MAX / 4);
	int64		deadline = cl_plan_deadline(fcinfo, 7);
	Datum		result;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	cl_plan_begin(fcinfo, &report.call, 8, true, true);
	oldcontext = MemoryContextSwitchTo(report.call.context);
	report.group_of = palloc_extended(sizeof(int32) * (report.call.model->n_clients + 1), MCXT_ALLOC_HUGE);
	report.place_of = palloc_extended(sizeof(int32) * (report.call.model->n_clients + 1), MCXT_ALLOC_HUGE);
	memset(report.group_of, 0xFF, sizeof(int32) * (report.call.model->n_clients + 1));
	solve_groups(&report, iterations, deadline);
	find_end(&report);
	MemoryContextSwitchTo(oldcontext);
	result = assignment_row(desc, &report);
	MemoryContextDelete(report.call.context);
	PG_RETURN_DATUM(result);
}
