/*
 * plan_result.c
 *		Plans as rows, and reasons.
 *
 * A reason is made of facts: how far both ends were from their fair share
 * before, how far after, and who would have been next.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "plan_result.h"

#define PLAN_VERSION	2

void
cl_row_begin(RowBuilder *row, TupleDesc desc)
{
	row->desc = desc;
	row->n = 0;
	row->values = palloc0(sizeof(Datum) * desc->natts);
	row->nulls = palloc0(sizeof(bool) * desc->natts);
}

void
cl_row_add(RowBuilder *row, Datum value)
{
	Assert(row->n < row->desc->natts);
	row->values[row->n++] = value;
}

void
cl_row_null(RowBuilder *row)
{
	row->nulls[row->n++] = true;
}

void
cl_row_text(RowBuilder *row, const char *text)
{
	if (text == NULL)
		cl_row_null(row);
	else
		cl_row_add(row, CStringGetTextDatum(text));
}

Datum
cl_row_end(RowBuilder *row)
{
	if (row->n != row->desc->natts)
		elog(ERROR, "a row of %d columns was filled with %d", row->desc->natts, row->n);
	return HeapTupleGetDatum(heap_form_tuple(row->desc, row->values, row->nulls));
}

/* Ids of therapists as an array of text. */
Datum
cl_plan_ids(const PlanModel *model, const int32 *therapists, int n)
{
	Datum	   *ids = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		ids[i] = CStringGetTextDatum(model->therapist[therapists[i]]);
	return PointerGetDatum(construct_array(ids, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static char *
number_text(Datum number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

/* For qsort(). */
int
cl_plan_compare_places(const void *a, const void *b)
{
	int32		one = *(const int32 *) a;
	int32		other = *(const int32 *) b;

	return one < other ? -1 : one > other;
}

/* Those who must leave. */
int
cl_plan_forced_moves(const PlanModel *model)
{
	int			n = 0;

	for (int j = 0; j < model->n_clients; j++)
		n += model->state[j] == CLIENT_FORCED;
	return n;
}

/* What the next bundle from n on gains for a unit of cost; 0 at the end. */
int64
cl_plan_next_price(const PlanWork *at, const PlanStep *steps, int n, int n_steps)
{
	PlanWork   *state = unconstify(PlanWork *, at);
	int128		before = at->ssq;
	int128		after;
	int64		cost = 0;
	int			end = n;

	for (; end < n_steps && steps[end].bundle == steps[n].bundle; end++)
	{
		cost += at->model->cost[steps[end].client];
		cl_plan_move(state, steps[end].client, steps[end].to);
	}
	after = at->ssq;
	while (--end >= n)
		cl_plan_move(state, steps[end].client, steps[end].from);
	return cost == 0 || after >= before ? 0 : (int64) ((before - after) / cost);
}

/* Why the therapists of a block cannot have less; NULL: since nobody can have less who has the mean of all. */
char *
cl_plan_witness(const PlanModel *model, const FairShare *fair, int block, const int32 *captive, int n_captive, int64 load, int64 parts)
{
	StringInfoData text;
	bool		lighter = block + 1 < fair->n_blocks && fair->block[block + 1].component == fair->block[block].component;

	if (!lighter)
		return NULL;
	initStringInfo(&text);
	for (int n = 0; n < n_captive && n < 10; n++)
		appendStringInfo(&text, "%s%s", n > 0 ? ", " : "", model->therapist[captive[n]]);
	if (n_captive > 10)
		appendStringInfo(&text, " and %d more", n_captive - 10);
	appendStringInfo(&text, ": %s can be taken by nobody else; with an FTE of %s that is at least %s per FTE",
					 number_text(cl_plan_load(model, load)), number_text(cl_ratio((int128) parts * model->fte_unit, 1000, 3)),
					 number_text(cl_plan_per_fte(model, load, parts)));
	return text.data;
}

/* Percent of the fair share, with a decimal. */
static Datum
percent(const PlanReport *report, int therapist, int64 load)
{
	const FairBlock *block = &report->fair->block[report->fair->block_of[therapist]];

	if (report->fair->block_of[therapist] < 0 || block->load == 0)
		return (Datum) 0;
	return cl_ratio((int128) load * block->parts * 100, (int128) block->load * report->model->part[therapist], 1);
}

/* What a move does to a therapist: in percent of the fair share, else in loads; "of_what" is said once in a reason. */
static void
append_change(StringInfo text, const PlanReport *report, int therapist, int64 before, int64 after, const char *of_what)
{
	const PlanModel *model = report->model;

	appendStringInfoString(text, model->therapist[therapist]);
	if (model->part[therapist] == 0)
		appendStringInfoString(text, " takes nobody");
	else if (percent(report, therapist, before) != (Datum) 0)
		appendStringInfo(text, " from %s to %s %%%s", number_text(percent(report, therapist, before)),
						 number_text(percent(report, therapist, after)), of_what);
	else
		appendStringInfo(text, " from %s to %s", number_text(cl_plan_load(model, before)), number_text(cl_plan_load(model, after)));
}

/* What a bundle gains. */
typedef struct BundleGain
{
	int128		squares;
	int64		inside;			/* units that were out of the band */
} BundleGain;

/* The gain of a move in the squares alone. */
static int64
squares_gained(const PlanWork *state, int client, int to)
{
	const PlanModel *model = state->model;
	int64		weight = model->weight[client];
	int			from = state->at[client];

	return model->reciprocal[from] * (weight * (2 * state->load[from] - weight)) -
		model->reciprocal[to] * (weight * (2 * state->load[to] + weight));
}

/* The next best therapist for a client, before the move; -1: none. */
static int
next_best(PlanWork *state, int client, int to, int64 *gain)
{
	const PlanModel *model = state->model;
	int			class = model->class_of[client];
	int			best = -1;

	for (int64 i = model->first[class]; i < model->first[class + 1]; i++)
	{
		int			other = model->member[i];
		int64		other_gain;

		if (other == to || other == state->at[client] || state->load[other] + model->weight[client] > model->room[other])
			continue;
		other_gain = squares_gained(state, client, other);
		if (best < 0 || other_gain > *gain)
		{
			best = other;
			*gain = other_gain;
		}
	}
	return best;
}

static const char *
kind_name(int kind)
{
	switch (kind)
	{
		case PLAN_REASSIGN:
			return "reassign";
		case PLAN_SWAP:
			return "swap";
		case PLAN_CHAIN:
			return "chain";
		default:
			return "forced";
	}
}

/* What an option changes. */
static void
explain_option(const PlanReport *report, const PlanWork *state, const PlanOption *option, int64 before, StringInfo reason, StringInfo detail)
{
	const PlanModel *model = report->model;

	append_change(reason, report, option->therapist, before, state->load[option->therapist], " of the fair share");
	appendStringInfo(reason, option->push_in ? "; in class: " : "; together: ");
	for (int n = 0; n < option->n_clients && n < 10; n++)
		appendStringInfo(reason, "%s%s", n > 0 ? ", " : "", model->client[option->client[n]]);
	if (option->n_clients > 10)
		appendStringInfo(reason, " and %d more", option->n_clients - 10);
	appendStringInfoString(detail, "{\"clients\": [");
	for (int n = 0; n < option->n_clients; n++)
	{
		if (n > 0)
			appendStringInfoString(detail, ", ");
		escape_json(detail, model->client[option->client[n]]);
	}
	appendStringInfoString(detail, "]}");
}

/* Why a move, in facts; it is done on the way. */
static void
explain_move(const PlanReport *report, PlanWork *state, const PlanStep *step, StringInfo reason, StringInfo detail)
{
	const PlanModel *model = report->model;
	int64		from_before = state->load[step->from];
	int64		to_before = state->load[step->to];
	int64		gain = squares_gained(state, step->client, step->to);
	int64		other_gain = 0;
	int			other = next_best(state, step->client, step->to, &other_gain);

	cl_plan_move(state, step->client, step->to);
	append_change(reason, report, step->from, from_before, state->load[step->from], " of the fair share");
	appendStringInfoString(reason, ", ");
	append_change(reason, report, step->to, to_before, state->load[step->to], model->part[step->from] == 0 ? " of the fair share" : "");
	appendStringInfo(reason, "; weight %s", number_text(cl_plan_load(model, model->weight[step->client])));
	appendStringInfo(detail, "{\"own_gain\": %s", number_text(cl_plan_squares(model, gain)));
	if (other >= 0)
	{
		appendStringInfo(reason, "; next best %s", model->therapist[other]);
		if (gain > 0)
			appendStringInfo(reason, " gains %s %% of it", number_text(cl_ratio((int128) Max(other_gain, 0) * 100, gain, 0)));
		appendStringInfoString(detail, ", \"next_best\": ");
		escape_json(detail, model->therapist[other]);
		appendStringInfo(detail, ", \"next_best_gain\": %s", number_text(cl_plan_squares(model, other_gain)));
	}
	appendStringInfoChar(detail, '}');
}

/* One move as a row, done on the way. */
static Datum
move_row(TupleDesc desc, const PlanReport *report, PlanWork *state, int n, const BundleGain *bundle_gain, int64 *total,
		 Datum *equity)
{
	const PlanModel *model = report->model;
	const PlanStep *step = &report->steps[n];
	const PlanOption *option = cl_plan_option(model, step->client);
	int64		weight = model->weight[step->client];
	int64		from_before = state->load[step->from];
	int64		to_before = state->load[step->to];
	StringInfoData reason;
	StringInfoData detail;
	RowBuilder	row;

	initStringInfo(&reason);
	initStringInfo(&detail);
	if (option == NULL)
		explain_move(report, state, step, &reason, &detail);
	else
	{
		cl_plan_move(state, step->client, step->to);
		explain_option(report, state, option, from_before, &reason, &detail);
		*total -= weight;
	}
	if (model->part[step->from] == 0)
		*total += weight;

	cl_row_begin(&row, desc);
	cl_row_add(&row, Int32GetDatum(n + 1));
	cl_row_add(&row, Int32GetDatum(step->bundle));
	cl_row_text(&row, option == NULL ? kind_name(step->kind) : option->push_in ? "push_in" : "group");
	if (option != NULL)
	{
		cl_row_null(&row);
		cl_row_null(&row);
	}
	else if (model->label[step->client] != NULL)
	{
		cl_row_text(&row, model->label[step->client]);
		cl_row_text(&row, model->client[step->client]);
	}
	else
	{
		cl_row_text(&row, model->client[step->client]);
		cl_row_null(&row);
	}
	cl_row_text(&row, option == NULL ? NULL : option->id);
	cl_row_text(&row, model->therapist[step->from]);
	cl_row_text(&row, option == NULL ? model->therapist[step->to] : NULL);
	cl_row_add(&row, cl_plan_load(model, weight));
	cl_row_add(&row, Int32GetDatum(model->cost[step->client]));
	if (model->part[step->from] == 0)
	{
		cl_row_null(&row);
		cl_row_null(&row);
	}
	else
	{
		cl_row_add(&row, cl_plan_per_fte(model, from_before, model->part[step->from]));
		cl_row_add(&row, cl_plan_per_fte(model, state->load[step->from], model->part[step->from]));
	}
	if (option != NULL)
	{
		cl_row_null(&row);
		cl_row_null(&row);
	}
	else
	{
		cl_row_add(&row, cl_plan_per_fte(model, to_before, model->part[step->to]));
		cl_row_add(&row, cl_plan_per_fte(model, state->load[step->to], model->part[step->to]));
	}
	cl_row_add(&row, *equity);
	*equity = cl_plan_jain(model, *total, state->ssq);
	cl_row_add(&row, *equity);
	cl_row_add(&row, cl_plan_squares(model, bundle_gain->squares));
	if (state->objective.low == NULL)
		cl_row_null(&row);
	else
		cl_row_add(&row, cl_plan_load(model, bundle_gain->inside));
	cl_row_text(&row, reason.data);
	cl_row_add(&row, DirectFunctionCall1(jsonb_in, CStringGetDatum(detail.data)));
	return cl_row_end(&row);
}

/* What the steps of a bundle gain together, from this state on: of the squares, and of what is out of the band. */
static BundleGain
gain_of_bundle(const PlanReport *report, PlanWork *state, int first)
{
	BundleGain	gain = {.squares = state->ssq,.inside = state->out_of_band};
	int			end = first;

	while (end < report->n_steps && report->steps[end].bundle == report->steps[first].bundle)
	{
		cl_plan_move(state, report->steps[end].client, report->steps[end].to);
		end++;
	}
	gain.squares -= state->ssq;
	gain.inside -= state->out_of_band;
	while (--end >= first)
		cl_plan_move(state, report->steps[end].client, report->steps[end].from);
	return gain;
}

/* Elements of a column that is an array of rows. */
static TupleDesc
element_desc(TupleDesc desc, int column, Oid *type)
{
	*type = get_element_type(TupleDescAttr(desc, column)->atttypid);
	return lookup_rowtype_tupdesc_copy(*type, -1);
}

static Datum
row_array(Datum *rows, int n, Oid type)
{
	return PointerGetDatum(construct_array(rows, n, type, -1, false, TYPALIGN_DOUBLE));
}

static Datum
moves_array(TupleDesc plan_desc, int column, const PlanReport *report)
{
	PlanWork   *state = cl_plan_state(report->model);
	Datum	   *rows = palloc_extended(sizeof(Datum) * (report->n_steps + 1), MCXT_ALLOC_HUGE);
	Oid			type;
	TupleDesc	desc = element_desc(plan_desc, column, &type);
	BundleGain	gain = {0};
	int64		total = cl_plan_team_load(state);
	Datum		equity = cl_plan_jain(report->model, total, state->ssq);

	cl_plan_objective(state, report->end->objective.low, report->end->objective.high);
	for (int n = 0; n < report->n_steps; n++)
	{
		CHECK_FOR_INTERRUPTS();
		if (n == 0 || report->steps[n].bundle != report->steps[n - 1].bundle)
			gain = gain_of_bundle(report, state, n);
		rows[n] = move_row(desc, report, state, n, &gain, &total, &equity);
	}
	return row_array(rows, report->n_steps, type);
}

static Datum
loads_array(TupleDesc plan_desc, int column, const PlanReport *report)
{
	const PlanModel *model = report->model;
	Datum	   *rows = palloc(sizeof(Datum) * (model->n_therapists + 1));
	Oid			type;
	TupleDesc	desc = element_desc(plan_desc, column, &type);
	const PlanObjective *band = &report->end->objective;

	for (int i = 0; i < model->n_therapists; i++)
	{
		RowBuilder	row;
		int64		before = report->today->load[i];
		int64		after = report->end->load[i];
		const FairBlock *block = &report->fair->block[Max(report->fair->block_of[i], 0)];

		cl_row_begin(&row, desc);
		cl_row_text(&row, model->therapist[i]);
		cl_row_add(&row, cl_plan_fte(model, i));
		cl_row_add(&row, cl_plan_load(model, before));
		cl_row_add(&row, cl_plan_load(model, after));
		if (model->part[i] == 0)
		{
			for (int n = 0; n < 7; n++)
				cl_row_null(&row);
		}
		else
		{
			cl_row_add(&row, cl_plan_per_fte(model, before, model->part[i]));
			cl_row_add(&row, cl_plan_per_fte(model, after, model->part[i]));
			cl_row_add(&row, cl_plan_per_fte(model, block->load, block->parts));
			if (block->load == 0)
			{
				cl_row_null(&row);
				cl_row_null(&row);
			}
			else
			{
				cl_row_add(&row, percent(report, i, before));
				cl_row_add(&row, percent(report, i, after));
			}
			if (band->low == NULL)
			{
				cl_row_null(&row);
				cl_row_null(&row);
			}
			else
			{
				cl_row_add(&row, cl_plan_load(model, band->low[i]));
				cl_row_add(&row, cl_plan_load(model, band->high[i]));
			}
		}
		rows[i] = cl_row_end(&row);
	}
	return row_array(rows, model->n_therapists, type);
}

static void
add_highest(RowBuilder *row, const PlanModel *model, const PlanWork *state)
{
	int64		load;
	int64		part;

	if (cl_plan_highest(state, &load, &part))
		cl_row_add(row, cl_plan_per_fte(model, load, part));
	else
		cl_row_null(row);
}

/* Percent of n in all; NULL without any. */
static void
add_percent(RowBuilder *row, int64 n, int64 all)
{
	if (all == 0)
		cl_row_null(row);
	else
		cl_row_add(row, cl_ratio((int128) n * 100, all, 1));
}

/* A plan as a row of the type caseload.plan. */
Datum
cl_plan_row(TupleDesc desc, const PlanReport *report)
{
	const PlanModel *model = report->model;
	const PlanWork *today = report->today;
	const PlanWork *end = report->end;
	int64		total = cl_plan_team_load(end);
	int			counts[CLIENT_WAITING + 1] = {0};
	int			team = 0;
	int			dear = 0;
	int			dear_moved = 0;
	int			may_move = 0;
	int			moved = 0;
	int64		freed = end->load[model->n_therapists];
	int64		bound_load;
	int64		bound_part;
	int			bound_block;
	RowBuilder	row;

	for (int j = 0; j < model->n_clients - model->n_options; j++)
	{
		counts[model->state[j]]++;
		moved += end->at[j] != model->home[j];
		if (!cl_plan_fixed(model, j))
		{
			may_move++;
			dear += model->cost[j] > 1;
			dear_moved += model->cost[j] > 1 && end->at[j] != model->home[j];
		}
	}
	for (int i = 0; i < model->n_therapists; i++)
		team += model->part[i] > 0;

	cl_row_begin(&row, desc);
	cl_row_text(&row, report->status);
	cl_row_text(&row, report->stopped_by);
	cl_row_add(&row, Int32GetDatum(team));
	cl_row_add(&row, Int32GetDatum(model->n_clients - model->n_options - counts[CLIENT_WAITING]));
	cl_row_add(&row, Int32GetDatum(counts[CLIENT_WAITING]));
	cl_row_add(&row, Int32GetDatum(counts[CLIENT_LOCKED]));
	cl_row_add(&row, Int32GetDatum(counts[CLIENT_FORCED]));
	cl_row_add(&row, Int32GetDatum(counts[CLIENT_STRANDED]));
	cl_row_add(&row, Int32GetDatum(end->moves));
	cl_row_add(&row, Int64GetDatum(end->cost));
	if (report->cost_bound < 0)
		cl_row_null(&row);
	else
		cl_row_add(&row, Int64GetDatum(report->cost_bound));
	cl_row_add(&row, cl_plan_squares(model, today->ssq));
	cl_row_add(&row, cl_plan_squares(model, end->ssq));
	cl_row_add(&row, cl_plan_squares(model, report->ssq_bound));
	if (report->ssq_bound == 0 && end->ssq > 0)
		cl_row_null(&row);
	else if (report->ssq_bound == 0)
		cl_row_add(&row, cl_ratio(0, 1, 4));
	else
		cl_row_add(&row, cl_plan_rounded(((double) (end->ssq - report->ssq_bound)) * 100 / (double) report->ssq_bound, 4));
	cl_row_add(&row, cl_plan_jain(model, cl_plan_team_load(today), today->ssq));
	cl_row_add(&row, cl_plan_jain(model, total, end->ssq));
	cl_row_add(&row, cl_plan_jain(model, total + freed, report->ssq_bound));
	cl_row_add(&row, cl_plan_cv(model, cl_plan_team_load(today), today->ssq));
	cl_row_add(&row, cl_plan_cv(model, total, end->ssq));
	cl_row_add(&row, cl_plan_cv(model, total + freed, report->ssq_bound));
	cl_row_add(&row, cl_plan_rounded(cl_plan_gini(today), 6));
	cl_row_add(&row, cl_plan_rounded(cl_plan_gini(end), 6));
	add_highest(&row, model, today);
	add_highest(&row, model, end);
	if (cl_plan_max_bound(model, report->least, &bound_load, &bound_part, &bound_block))
	{
		const FairBlock *block = &report->least->block[bound_block];

		cl_row_add(&row, cl_plan_per_fte(model, bound_load, bound_part));
		cl_row_add(&row, cl_plan_ids(model, block->member, block->n));
		cl_row_add(&row, cl_plan_load(model, block->load));
		cl_row_add(&row, cl_ratio((int128) block->parts * model->fte_unit, 1000, 3));
	}
	else
		for (int n = 0; n < 4; n++)
			cl_row_null(&row);
	if (end->objective.low != NULL)
		cl_row_add(&row, cl_plan_load(model, end->out_of_band));
	else
		cl_row_null(&row);
	add_percent(&row, dear, may_move);
	add_percent(&row, dear_moved, moved);
	if (model->n_options == 0)
		cl_row_null(&row);
	else
		cl_row_add(&row, cl_plan_load(model, freed));
	cl_row_add(&row, Int64GetDatum(report->evaluations));
	cl_row_add(&row, cl_plan_load(model, 1));
	cl_row_add(&row, BoolGetDatum(model->exact));
	cl_row_add(&row, Int32GetDatum(PLAN_VERSION));
	cl_row_add(&row, loads_array(desc, row.n, report));
	cl_row_add(&row, moves_array(desc, row.n, report));
	return cl_row_end(&row);
}
