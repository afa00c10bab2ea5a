/*
 * plan_sql.c
 *		fair_share(), rebalance() and pareto(): plans for whoever asks in SQL.
 *
 * All that is allocated for a plan lies in a context of its own, below that of
 * the call, with a limit.  Nothing is written: a plan is an answer.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "plan_read.h"
#include "plan_result.h"

#define MOST_POINTS		200
#define RELAX_SWEEPS	60

/* How a plan is wanted. */
typedef struct PlanWish
{
	PlanStop	stop;
	bool		swaps;
	int64		iterations;
	int64		deadline;
	int64		ceiling;		/* thousandths per FTE; -1: none */
	bool		bounds;
	bool		polish;
	int64		seed;
} PlanWish;

PG_FUNCTION_INFO_V1(fair_share);
PG_FUNCTION_INFO_V1(rebalance);
PG_FUNCTION_INFO_V1(pareto);
PG_FUNCTION_INFO_V1(lp_text);
PG_FUNCTION_INFO_V1(plan_rows);

/* ------------------------------------------------------------ arguments --- */

static int64
thousandths_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	bool		good;
	int64		value = cl_plan_thousandths(PG_GETARG_DATUM(n), NUMERICOID, &good);

	if (!good || value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a number with at most three decimals and not below 0", name)));
	return value;
}

/* ------------------------------------------------------------ searching --- */

/* For a band that is met: what need not move goes home, and the squares fall as far as they can for nothing. */
static void
save_moves(PlanWork *state)
{
	PlanStop	stop = {0};

	while (cl_plan_save_moves(state))
		;
	stop.max_moves = state->moves;
	stop.max_cost = state->cost;
	cl_plan_descend(state, &stop, NULL, NULL, NULL, NULL);
}

/* Search until nothing is better, or the wish ends it. */
static PlanEnd
search_plan(PlanWork *state, const PlanWish *wish)
{
	PlanEnd		end;

	state->evaluation_limit = wish->iterations;
	state->deadline = wish->deadline;
	for (;;)
	{
		end = cl_plan_descend(state, &wish->stop, NULL, NULL, NULL, NULL);
		if (end == PLAN_END_TARGET && wish->stop.band)
			save_moves(state);
		/* swaps cost two moves for little: not where moves are counted */
		if (end != PLAN_END_LOCAL || !wish->swaps || wish->stop.max_moves >= 0 || wish->stop.max_cost >= 0)
			return end;
		if (!cl_plan_swaps(state) && !cl_plan_chains(state))
			return end;
	}
}

/* The moves in order, and where they lead. */
static void
order_plan(const PlanWork *state, const PlanWish *wish, PlanReport *report)
{
	PlanWork   *end;

	report->steps = cl_plan_order(report->model, state, &wish->stop, &end, &report->n_steps, &report->n_bundles);
	report->end = end;
}

/* With a band: who is out of it counts first, then cost, and where they are equal, or somebody is out of it, the squares. */
static bool
better_plan(const PlanWork *one, const PlanWork *other)
{
	if (one->out_of_band != other->out_of_band)
		return one->out_of_band < other->out_of_band;
	if (one->out_of_band == 0 && one->cost != other->cost)
		return one->cost < other->cost;
	return one->ssq < other->ssq;
}

/* Look by chance for a better plan in the band; what it finds counts with the moves in order. */
static PlanEnd
polish_plan(PlanWork *state, const PlanWish *wish, PlanReport *report, PlanEnd how)
{
	PlanReport	polished = *report;

	cl_plan_anneal(state, &wish->stop, wish->seed);
	if (state->out_of_band == 0)
		save_moves(state);
	order_plan(state, wish, &polished);
	if (better_plan(polished.end, report->end))
		*report = polished;
	if (state->out_of_time || state->out_of_evaluations)
		return state->out_of_time ? PLAN_END_TIME : PLAN_END_ITERATIONS;
	return report->end->out_of_band == 0 ? PLAN_END_TARGET : how;
}

/* The band in units: each within so many thousandths of the fair share. */
static void
make_band(const PlanModel *model, const FairShare *fair, int64 tolerance, int64 **low, int64 **high)
{
	*low = palloc0(sizeof(int64) * (model->n_therapists + 1));
	*high = palloc0(sizeof(int64) * (model->n_therapists + 1));
	for (int i = 0; i < model->n_therapists; i++)
	{
		const FairBlock *block;
		int128		share;
		int128		parts;

		if (model->part[i] == 0)
			continue;
		block = &fair->block[fair->block_of[i]];
		share = (int128) block->load * model->part[i];
		parts = (int128) block->parts * 1000;
		(*low)[i] = (int64) ((share * Max(1000 - tolerance, 0) + parts - 1) / parts);
		(*high)[i] = (int64) (share * (1000 + tolerance) / parts);
	}
}

/* Nobody above so many thousandths per FTE, which is no more than can be. */
static void
make_ceiling(const PlanModel *model, const PlanWork *today, int64 ceiling, int64 **low, int64 **high)
{
	*low = palloc0(sizeof(int64) * (model->n_therapists + 1));
	*high = palloc0(sizeof(int64) * (model->n_therapists + 1));
	for (int i = 0; i < model->n_therapists; i++)
		(*high)[i] = (int64) Min((int128) ceiling * model->fte[i] / 1000 / model->unit, (int128) Max(model->room[i], today->load[i]));
}

/* What a unit of cost gained in the last step that was chosen for it. */
static int64
last_price(PlanModel *model, const PlanStep *steps, int n_steps)
{
	PlanWork   *state = cl_plan_state(model);
	int			last = n_steps - 1;

	while (last > 0 && steps[last - 1].bundle == steps[n_steps - 1].bundle)
		last--;
	if (n_steps == 0 || steps[last].kind == PLAN_FORCED)
		return 0;
	for (int n = 0; n < last; n++)
		cl_plan_move(state, steps[n].client, steps[n].to);
	return cl_plan_next_price(state, steps, last, n_steps);
}

/*
 * No plan that is as even as this one, or reaches the target that it reaches,
 * costs less; -1: it is not in the band that was wished for.
 */
static int64
cost_bound(PlanModel *model, const PlanWork *end, const PlanStop *stop, const PlanStep *steps, int n_steps)
{
	PlanRelaxation *relaxation;
	const PlanObjective *band = end->objective.low != NULL ? &end->objective : NULL;
	int64		price = band != NULL ? model->scale : last_price(model, steps, n_steps);
	int64		bound = 0;
	/* what frees nothing may have the most squares that reach the target */
	int128		enough = stop->jain > 0 ? Max(end->ssq, cl_plan_target_ssq(model, stop, 0)) : end->ssq;

	if (band != NULL && end->out_of_band > 0)
		return -1;
	/* who must leave costs what they cost, wherever they go */
	for (int j = 0; j < model->n_clients; j++)
		if (model->state[j] == CLIENT_FORCED)
			bound += model->cost[j];
	if (price == 0 || n_steps == 0)
		return bound;
	relaxation = cl_plan_relax(model, end);
	/* for a band whole clients say more than better fractions */
	for (int round = 0; round < (band != NULL ? 1 : 3); round++)
	{
		int128		left;

		cl_plan_relax_more(relaxation, band, price, RELAX_SWEEPS);
		left = cl_plan_price_bound(relaxation, band, price) - (band != NULL ? 0 : enough);
		if (left > 0)
			bound = Max(bound, (int64) ((left + price - 1) / price));
	}
	if (band != NULL && bound < end->cost)
	{
		int64		covered = cl_plan_cover_bound(model, band, cl_plan_relax_prices(relaxation), price, end->cost);

		bound = Max(bound, covered);
	}
	return Min(bound, end->cost);
}

/* ------------------------------------------------------------- rebalance --- */

static const char *
find_status(const PlanReport *report, PlanEnd end, const PlanWish *wish, bool stuck)
{
	int64		load;
	int64		part;
	int			block;

	if (stuck)
		return "infeasible";
	if (report->end->ssq == report->ssq_bound && !wish->stop.band && wish->stop.jain == 0)
		return "optimal";
	if (end == PLAN_END_TARGET && report->cost_bound == report->end->cost)
		return "optimal";
	if (wish->stop.jain > 0 && cl_plan_target_ssq(report->model, &wish->stop, 0) < report->ssq_bound)
		return "unreachable";
	if (wish->ceiling >= 0 && cl_plan_max_bound(report->model, report->least, &load, &part, &block) &&
		(int128) load * report->model->unit * 1000 > (int128) wish->ceiling * part * report->model->fte_unit)
		return "unreachable";
	switch (end)
	{
		case PLAN_END_TARGET:
			return "target";
		case PLAN_END_BUDGET:
			return "budget";
		case PLAN_END_ITERATIONS:
			return "iterations";
		case PLAN_END_TIME:
			return "time";
		default:
			return "local";
	}
}

static const char *
end_name(PlanEnd end, const PlanWish *wish, const PlanWork *state)
{
	switch (end)
	{
		case PLAN_END_TARGET:
			return "target";
		case PLAN_END_BUDGET:
			return wish->stop.max_moves >= 0 && state->moves >= wish->stop.max_moves ? "max_moves" : "max_cost";
		case PLAN_END_ITERATIONS:
			return "iterations";
		case PLAN_END_TIME:
			return "time";
		default:
			return NULL;
	}
}

/*
 * rebalance(therapists, clients, eligible, as_of, in_district, in_discipline,
 * equity, target, max_moves, max_cost, swaps, iterations, time_limit, bounds,
 * memory_limit, options, seed) -> plan.  Loads in the unit of the weights.  Equity and target
 * go together: jain (at least), max (per FTE, at most), band (fraction of the
 * fair share, at most); NULL: as even as can be.  Steepest descent on the sum
 * of load^2 / FTE (docs/plans.md).  22023 for arguments and rows that cannot
 * be, 42703 for columns, 54000 for what is too large.
 */
Datum
rebalance(PG_FUNCTION_ARGS)
{
	PlanCall	call;
	PlanWish	wish = {0};
	PlanReport	report = {0};
	TupleDesc	desc;
	MemoryContext oldcontext;
	PlanWork   *state;
	const PlanWork *end;
	PlanEnd		how;
	char	   *equity = PG_ARGISNULL(6) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(6));
	int64		target = 0;
	bool		stuck = false;
	Datum		result;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	if ((equity == NULL) != PG_ARGISNULL(7))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("equity and target go together"),
				 errhint("For instance equity => 'jain', target => 0.98.")));
	if (equity != NULL)
	{
		target = thousandths_argument(fcinfo, 7, "target");
		if (strcmp(equity, "jain") != 0 && strcmp(equity, "max") != 0 && strcmp(equity, "band") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown equity \"%s\"", equity),
					 errhint("There are jain, max and band.")));
		if (strcmp(equity, "jain") == 0 && (target < 1 || target > 1000))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("target must be between 0.001 and 1 for jain")));
	}
	wish.stop.max_moves = (int) cl_plan_argument(fcinfo, 8, "max_moves", 0, PG_INT32_MAX, -1);
	wish.stop.max_cost = cl_plan_argument(fcinfo, 9, "max_cost", 0, PG_INT32_MAX, -1);
	wish.swaps = PG_ARGISNULL(10) || PG_GETARG_BOOL(10);
	wish.iterations = cl_plan_argument(fcinfo, 11, "iterations", 1, PG_INT64_MAX, 0);
	wish.deadline = cl_plan_deadline(fcinfo, 12);
	wish.ceiling = equity != NULL && strcmp(equity, "max") == 0 ? target : -1;
	wish.bounds = PG_ARGISNULL(13) || PG_GETARG_BOOL(13);
	wish.polish = !PG_ARGISNULL(16);
	wish.seed = wish.polish ? PG_GETARG_INT64(16) : 0;
	cl_plan_begin(fcinfo, &call, 14, false, false);

	oldcontext = MemoryContextSwitchTo(call.context);
	report.model = call.model;
	report.today = call.today;
	state = cl_plan_state(call.model);
	cl_plan_place_forced(call.model, state);
	for (int j = 0; j < call.model->n_clients; j++)
		stuck |= call.model->state[j] == CLIENT_STRANDED;
	if (equity != NULL && strcmp(equity, "jain") == 0)
	{
		wish.stop.jain = target;
		wish.stop.total = cl_plan_team_load(state);
	}
	else if (equity != NULL)
	{
		int64	   *low;
		int64	   *high;

		wish.stop.band = true;
		if (strcmp(equity, "max") == 0)
			make_ceiling(call.model, call.today, target, &low, &high);
		else
			make_band(call.model, cl_plan_fair(call.model, state, false), target, &low, &high);
		cl_plan_objective(state, low, high);
	}
	how = search_plan(state, &wish);
	order_plan(state, &wish, &report);
	if (wish.stop.band && how == PLAN_END_TARGET && report.end->out_of_band > 0)
		how = PLAN_END_LOCAL;
	if (wish.stop.band && wish.polish && (how == PLAN_END_TARGET || how == PLAN_END_LOCAL))
		how = polish_plan(state, &wish, &report, how);
	end = report.end;
	report.fair = cl_plan_fair(call.model, end, false);
	report.least = call.model->n_options > 0 ? cl_plan_fair(call.model, end, true) : report.fair;
	report.ssq_bound = cl_plan_ssq_bound(call.model, report.least);
	report.cost_bound = wish.bounds ? cost_bound(call.model, end, &wish.stop, report.steps, report.n_steps) : -1;
	report.evaluations = state->evaluations;
	report.status = find_status(&report, how, &wish, stuck);
	report.stopped_by = end_name(how, &wish, state);
	MemoryContextSwitchTo(oldcontext);
	result = cl_plan_row(desc, &report);
	MemoryContextDelete(call.context);
	PG_RETURN_DATUM(result);
}

/* ------------------------------------------------------------ fair share --- */

/*
 * fair_share(therapists, clients, eligible, as_of, in_district, in_discipline, memory_limit)
 * -> setof (therapist_id, fte, load, per_fte, fair_load, fair_per_fte,
 * percent_of_fair, block, block_members, block_load, block_fte,
 * captive_members, captive_load, captive_fte, witness), one row for each
 * therapist, ordered by id.  Loads in the unit of the weights; NULL where FTE
 * is 0.  Least-majorised loads: Megiddo 1974, Fujishige 1980.  Errors as
 * rebalance().
 */
Datum
fair_share(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PlanCall	call;
	MemoryContext oldcontext;
	PlanWork   *state;
	PlanStop	stop = {.max_moves = -1,.max_cost = -1};
	FairShare  *fair;
	const PlanModel *model;

	InitMaterializedSRF(fcinfo, 0);
	cl_plan_begin(fcinfo, &call, 6, false, false);
	model = call.model;
	oldcontext = MemoryContextSwitchTo(call.context);
	state = cl_plan_state(model);
	cl_plan_place_forced(call.model, state);
	cl_plan_descend(state, &stop, NULL, NULL, NULL, NULL);
	fair = cl_plan_fair(model, state, false);
	for (int i = 0; i < model->n_therapists; i++)
	{
		RowBuilder	row;
		int64		load = call.today->load[i];
		const FairBlock *block;
		int32	   *captive;
		int			n_captive = 0;
		int64		captive_load = 0;
		int64		captive_parts = 0;

		cl_row_begin(&row, rsinfo->setDesc);
		cl_row_text(&row, model->therapist[i]);
		cl_row_add(&row, NumericGetDatum(int64_div_fast_to_numeric(model->fte[i], 3)));
		cl_row_add(&row, cl_plan_load(model, load));
		if (model->part[i] == 0)
		{
			while (row.n < rsinfo->setDesc->natts)
				cl_row_null(&row);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
			continue;
		}
		block = &fair->block[fair->block_of[i]];
		cl_row_add(&row, cl_plan_per_fte(model, load, model->part[i]));
		cl_row_add(&row, cl_ratio((int128) block->load * model->part[i] * model->unit, (int128) block->parts * 1000, 4));
		cl_row_add(&row, cl_plan_per_fte(model, block->load, block->parts));
		if (block->load == 0)
			cl_row_null(&row);
		else
			cl_row_add(&row, cl_ratio((int128) load * block->parts * 100, (int128) block->load * model->part[i], 2));
		cl_row_add(&row, Int32GetDatum(fair->block_of[i] + 1));
		cl_row_add(&row, cl_plan_ids(model, block->member, block->n));
		cl_row_add(&row, cl_plan_load(model, block->load));
		cl_row_add(&row, cl_ratio((int128) block->parts * model->fte_unit, 1000, 3));

		/* the block and the heavier ones: what only they may take, they must take */
		captive = palloc(sizeof(int32) * model->n_therapists);
		for (int b = fair->block_of[i]; b >= 0; b = fair->block[b].heavier)
		{
			memcpy(captive + n_captive, fair->block[b].member, sizeof(int32) * fair->block[b].n);
			n_captive += fair->block[b].n;
			captive_load += fair->block[b].load;
			captive_parts += fair->block[b].parts;
		}
		qsort(captive, n_captive, sizeof(int32), cl_plan_compare_places);
		cl_row_add(&row, cl_plan_ids(model, captive, n_captive));
		cl_row_add(&row, cl_plan_load(model, captive_load));
		cl_row_add(&row, cl_ratio((int128) captive_parts * model->fte_unit, 1000, 3));
		cl_row_text(&row, cl_plan_witness(model, fair, fair->block_of[i], captive, n_captive, captive_load, captive_parts));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(call.context);
	return (Datum) 0;
}

/* ---------------------------------------------------------------- pareto --- */

/*
 * pareto(therapists, clients, eligible, as_of, in_district, in_discipline,
 * max_moves, points, memory_limit, options) -> setof (moves, move_cost, jain, cv, max_per_fte, ssq,
 * ssq_bound, cv_bound, cost_bound): how even each prefix of the plan is, and
 * how even any plan of that cost can be at best.  Errors as rebalance().
 */
Datum
pareto(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PlanCall	call;
	PlanWish	wish = {0};
	PlanStop	order_stop = {.max_moves = -1,.max_cost = -1};
	MemoryContext oldcontext;
	PlanWork   *state;
	PlanWork   *end;
	PlanWork   *at;
	PlanModel  *model;
	PlanStep   *steps;
	PlanRelaxation *relaxation = NULL;
	int128		floor;
	int			n_steps;
	int			n_bundles;
	int			points;
	int			point = 0;
	int64		total = 0;

	InitMaterializedSRF(fcinfo, 0);
	wish.stop.max_moves = (int) cl_plan_argument(fcinfo, 6, "max_moves", 0, PG_INT32_MAX, -1);
	wish.stop.max_cost = -1;
	wish.swaps = true;
	points = (int) cl_plan_argument(fcinfo, 7, "points", 1, MOST_POINTS, 20);
	cl_plan_begin(fcinfo, &call, 8, false, false);
	model = call.model;
	oldcontext = MemoryContextSwitchTo(call.context);
	state = cl_plan_state(model);
	cl_plan_place_forced(model, state);
	search_plan(state, &wish);
	order_stop.max_moves = wish.stop.max_moves;
	steps = cl_plan_order(model, state, &order_stop, &end, &n_steps, &n_bundles);
	floor = cl_plan_ssq_bound(model, cl_plan_fair(model, end, model->n_options > 0));
	at = cl_plan_state(model);
	for (int n = 0; n <= n_steps; n++)
	{
		bool		whole = n == 0 || n == n_steps || steps[n].bundle != steps[n - 1].bundle;

		/* points + 1 prefixes of whole bundles, at equal distances, from none to all */
		if (whole && n >= (int) ((int64) n_steps * point / points))
		{
			RowBuilder	row;
			int64		load;
			int64		part;
			int64		price;
			int128		bound = 0;

			while (point <= points && n >= (int) ((int64) n_steps * point / points))
				point++;
			/* what the next step gains for its cost is what a move is worth here */
			price = cl_plan_next_price(at, steps, n, n_steps);
			if (relaxation == NULL)
				relaxation = cl_plan_relax(model, at);
			cl_plan_relax_more(relaxation, NULL, price, RELAX_SWEEPS);
			bound = cl_plan_price_bound(relaxation, NULL, price);
			total = cl_plan_team_load(at);
			cl_row_begin(&row, rsinfo->setDesc);
			cl_row_add(&row, Int32GetDatum(at->moves));
			cl_row_add(&row, Int64GetDatum(at->cost));
			cl_row_add(&row, cl_plan_jain(model, total, at->ssq));
			cl_row_add(&row, cl_plan_cv(model, total, at->ssq));
			if (cl_plan_highest(at, &load, &part))
				cl_row_add(&row, cl_plan_per_fte(model, load, part));
			else
				cl_row_null(&row);
			cl_row_add(&row, cl_plan_squares(model, at->ssq));
			if (at->moves < cl_plan_forced_moves(model))
			{
				/* no plan yet: somebody still has to leave */
				cl_row_null(&row);
				cl_row_null(&row);
				cl_row_null(&row);
			}
			else
			{
				int128		least = Max(bound - (int128) price * at->cost, floor);
				int128		left = bound - at->ssq;

				cl_row_add(&row, cl_plan_squares(model, least));
				/* what frees nothing has the larger total */
				cl_row_add(&row, cl_plan_cv(model, total + at->load[model->n_therapists], least));
				cl_row_add(&row, Int64GetDatum(left <= 0 ? 0 : price == 0 ? at->cost : Min((int64) ((left + price - 1) / price), at->cost)));
			}
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
		}
		if (n < n_steps)
			cl_plan_move(at, steps[n].client, steps[n].to);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(call.context);
	return (Datum) 0;
}

/*
 * lp_text(therapists, clients, eligible, as_of, in_district, in_discipline,
 * equity, target, memory_limit, options) -> text: see plan_lp.c.
 */
Datum
lp_text(PG_FUNCTION_ARGS)
{
	PlanCall	call;
	MemoryContext oldcontext;
	PlanWork   *state;
	char	   *equity = PG_ARGISNULL(6) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(6));
	int64		target = 0;
	int64	   *low = NULL;
	int64	   *high = NULL;
	text	   *result;

	if ((equity == NULL) != PG_ARGISNULL(7))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("equity and target go together"),
				 errhint("For instance equity => 'band', target => 0.1.")));
	if (equity != NULL)
	{
		target = thousandths_argument(fcinfo, 7, "target");
		if (strcmp(equity, "max") != 0 && strcmp(equity, "band") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("equity must be max or band in a linear model")));
	}
	cl_plan_begin(fcinfo, &call, 8, false, false);
	oldcontext = MemoryContextSwitchTo(call.context);
	state = cl_plan_state(call.model);
	cl_plan_place_forced(call.model, state);
	if (equity != NULL && strcmp(equity, "max") == 0)
		make_ceiling(call.model, call.today, target, &low, &high);
	else if (equity != NULL)
		make_band(call.model, cl_plan_fair(call.model, state, false), target, &low, &high);
	MemoryContextSwitchTo(oldcontext);
	result = cstring_to_text(cl_plan_lp(call.model, low, high));
	MemoryContextDelete(call.context);
	PG_RETURN_TEXT_P(result);
}

/* What options of a therapist would free: the model has it apart from the base load. */
static int64
option_load(const PlanModel *model, int therapist)
{
	int64		load = 0;

	for (int j = model->n_clients - model->n_options; j < model->n_clients; j++)
		if (model->home[j] == therapist)
			load += model->weight[j];
	return load;
}

/*
 * plan_rows(therapists, clients, eligible, as_of, in_district, in_discipline,
 * memory_limit, options) -> setof (kind, client_id, therapist_id, fte, load, capacity,
 * move_cost, locked, priority, cost): the rows of a plan as they were read,
 * with the cost that the plan takes; for rebalance() and its like as for
 * assign_waitlist().  Errors as rebalance().
 */
Datum
plan_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PlanCall	call;
	MemoryContext oldcontext;
	MemoryContext row_context;
	const PlanModel *model;
	const PlanInput *input;

	InitMaterializedSRF(fcinfo, 0);
	cl_plan_begin(fcinfo, &call, 6, true, false);
	model = call.model;
	input = call.input;
	row_context = AllocSetContextCreate(call.context, "caseload plan row", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(row_context);
	for (int64 n = 0; n < model->n_therapists + model->n_clients + input->n_pairs - 2 * model->n_options; n++)
	{
		int64		j = n - model->n_therapists;
		int64		pair = j - model->n_clients;
		const PlanOption *option = j < 0 || pair >= 0 ? NULL : cl_plan_option(model, (int) j);
		RowBuilder	row;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row_context);
		cl_row_begin(&row, rsinfo->setDesc);
		cl_row_text(&row, j < 0 ? "therapist" : pair >= 0 ? "pair" : option != NULL ? "option" : "client");
		cl_row_text(&row, j < 0 ? NULL : model->client[pair < 0 ? j : input->pair_client[pair]]);
		if (j < 0)
		{
			cl_row_text(&row, model->therapist[n]);
			cl_row_add(&row, cl_plan_fte(model, (int) n));
			cl_row_add(&row, cl_plan_load(model, model->base[n] + option_load(model, (int) n)));
			if (input->capacity[n] < 0)
				cl_row_null(&row);
			else
				cl_row_add(&row, NumericGetDatum(int64_div_fast_to_numeric(input->capacity[n], 3)));
			while (row.n < rsinfo->setDesc->natts)
				cl_row_null(&row);
		}
		else if (pair < 0)
		{
			cl_row_text(&row, model->home[j] < 0 ? NULL : model->therapist[model->home[j]]);
			cl_row_null(&row);
			cl_row_add(&row, DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(int64_div_fast_to_numeric(input->weight[j], 3))));
			cl_row_null(&row);
			cl_row_add(&row, Int32GetDatum(model->cost[j]));
			/* an option that is not offered is as one that is locked */
			cl_row_add(&row, BoolGetDatum(input->locked[j] || (option != NULL && model->class_of[j] < 0) ||
										  (option == NULL && input->in_option != NULL && input->in_option[j] &&
										   model->state[j] == CLIENT_LOCKED)));
			cl_row_add(&row, Int64GetDatum(input->priority[j]));
			cl_row_null(&row);
		}
		else
		{
			cl_row_text(&row, model->therapist[input->pair_therapist[pair]]);
			cl_row_null(&row);
			if (input->pair_weight[pair] < 0)
				cl_row_null(&row);
			else
				cl_row_add(&row, DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(int64_div_fast_to_numeric(input->pair_weight[pair], 3))));
			for (int column = 0; column < 4; column++)
				cl_row_null(&row);
			cl_row_add(&row, Int32GetDatum(input->pair_cost[pair]));
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(call.context);
	return (Datum) 0;
}
