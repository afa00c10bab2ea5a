/*
 * plan_result.h
 *		Plans as rows.
 */
#ifndef CL_PLAN_RESULT_H
#define CL_PLAN_RESULT_H

#include "access/tupdesc.h"

#include "plan.h"

/* A row that is filled from left to right. */
typedef struct RowBuilder
{
	TupleDesc	desc;
	int			n;
	Datum	   *values;
	bool	   *nulls;
} RowBuilder;

/* All that a plan has to say. */
typedef struct PlanReport
{
	PlanModel  *model;
	const PlanWork *today;
	const PlanWork *end;
	const FairShare *fair;
	const FairShare *least;		/* with all options taken: what bounds are about */
	const PlanStep *steps;
	int			n_steps;
	int			n_bundles;
	const char *status;
	const char *stopped_by;		/* NULL: it came to its end */
	int			stranded;
	int128		ssq_bound;
	int64		cost_bound;		/* -1: not counted */
	int64		evaluations;
} PlanReport;

extern void cl_row_begin(RowBuilder *row, TupleDesc desc);
extern void cl_row_add(RowBuilder *row, Datum value);
extern void cl_row_null(RowBuilder *row);
extern void cl_row_text(RowBuilder *row, const char *text);
extern Datum cl_row_end(RowBuilder *row);
extern Datum cl_ratio(int128 numerator, int128 denominator, int decimals);
extern Datum cl_plan_load(const PlanModel *model, int64 load);
extern Datum cl_plan_fte(const PlanModel *model, int therapist);
extern Datum cl_plan_rounded(double value, int decimals);
extern double cl_plan_gini(const PlanWork *state);
extern Datum cl_plan_per_fte(const PlanModel *model, int64 load, int64 part);
extern Datum cl_plan_squares(const PlanModel *model, int128 ssq);
extern Datum cl_plan_jain(const PlanModel *model, int64 total, int128 ssq);
extern Datum cl_plan_cv(const PlanModel *model, int64 total, int128 ssq);
extern int64 cl_plan_team_load(const PlanWork *state);
extern bool cl_plan_highest(const PlanWork *state, int64 *load, int64 *part);
extern int	cl_plan_forced_moves(const PlanModel *model);
extern int64 cl_plan_next_price(const PlanWork *at, const PlanStep *steps, int n, int n_steps);
extern int	cl_plan_compare_places(const void *a, const void *b);
extern char *cl_plan_witness(const PlanModel *model, const FairShare *fair, int block, const int32 *captive, int n_captive,
							 int64 load, int64 parts);
extern char *cl_plan_lp(const PlanModel *model, const int64 *low, const int64 *high);
extern Datum cl_plan_ids(const PlanModel *model, const int32 *therapists, int n);
extern Datum cl_plan_row(TupleDesc desc, const PlanReport *report);

#endif							/* CL_PLAN_RESULT_H */
