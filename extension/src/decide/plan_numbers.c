/*
 * plan_numbers.c
 *		Numbers of a plan in the units they came in, and how even a team is.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "plan_result.h"

/* A quotient of numbers that are not negative, rounded half up. */
Datum
cl_ratio(int128 numerator, int128 denominator, int decimals)
{
	int128		power = 1;

	for (int i = 0; i < decimals; i++)
		power *= 10;
	return NumericGetDatum(int64_div_fast_to_numeric((int64) ((numerator * power * 2 + denominator) / (denominator * 2)), decimals));
}

static Datum
trimmed(Datum number)
{
	return DirectFunctionCall1(numeric_trim_scale, number);
}

/* A load as it came. */
Datum
cl_plan_load(const PlanModel *model, int64 load)
{
	return trimmed(NumericGetDatum(int64_div_fast_to_numeric(load * model->unit, 3)));
}

/* The FTE of a therapist as it came. */
Datum
cl_plan_fte(const PlanModel *model, int therapist)
{
	return trimmed(NumericGetDatum(int64_div_fast_to_numeric(model->fte[therapist], 3)));
}

/* A load for a full-time position. */
Datum
cl_plan_per_fte(const PlanModel *model, int64 load, int64 part)
{
	return cl_ratio((int128) load * model->unit, (int128) part * model->fte_unit, 4);
}

static Datum
big_numeric(int128 value)
{
	char		digits[64];
	int			at = sizeof(digits) - 1;
	bool		negative = value < 0;

	digits[at] = '\0';
	do
	{
		int			digit = (int) (value % 10);

		digits[--at] = (char) ('0' + (negative ? -digit : digit));
		value /= 10;
	} while (value != 0);
	if (negative)
		digits[--at] = '-';
	return DirectFunctionCall3(numeric_in, CStringGetDatum(digits + at), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* A sum of squares per FTE in the units that loads came in. */
Datum
cl_plan_squares(const PlanModel *model, int128 ssq)
{
	int128		square = (int128) model->unit * model->unit;
	int128		divisor = (int128) model->scale * model->fte_unit * 1000;
	int128		most = ((int128) 1 << 126) / (square * 2000000);

	/* six decimals, rounded half away from zero */
	if (ssq <= most && ssq >= -most)
	{
		int128		doubled = ssq * square * 2000000;
		int128		result = (doubled + (ssq < 0 ? -divisor : divisor)) / (divisor * 2);

		if (result <= PG_INT64_MAX && result >= PG_INT64_MIN)
			return NumericGetDatum(int64_div_fast_to_numeric((int64) result, 6));
	}
	return DirectFunctionCall2(numeric_round,
							   DirectFunctionCall2(numeric_div,
												   DirectFunctionCall2(numeric_mul, big_numeric(square), big_numeric(ssq)),
												   big_numeric(divisor)),
							   Int32GetDatum(6));
}

static double
jain_of(const PlanModel *model, int64 total, int128 ssq)
{
	if (ssq == 0)
		return 1;
	return (double) total * total * model->scale / ((double) ssq * model->fte_total);
}

/* A measure that is no quotient of whole numbers. */
Datum
cl_plan_rounded(double value, int decimals)
{
	double		whole = value * pow(10, decimals);

	/* exact for a double, and what it rounds to has fewer digits than one */
	if (fabs(whole) < 1e14)
		return NumericGetDatum(int64_div_fast_to_numeric((int64) round(whole), decimals));
	return DirectFunctionCall2(numeric_round, DirectFunctionCall1(float8_numeric, Float8GetDatum(value)), Int32GetDatum(decimals));
}

/* Jain's index of a team with this total and sum of squares; 1 where nobody has anything. */
Datum
cl_plan_jain(const PlanModel *model, int64 total, int128 ssq)
{
	return cl_plan_rounded(Min(jain_of(model, total, ssq), 1), 6);
}

/* The coefficient of variation that goes with it. */
Datum
cl_plan_cv(const PlanModel *model, int64 total, int128 ssq)
{
	double		jain = jain_of(model, total, ssq);

	return cl_plan_rounded(jain <= 0 || jain >= 1 ? 0 : sqrt(1 / jain - 1), 6);
}

/* What the team carries. */
int64
cl_plan_team_load(const PlanWork *state)
{
	int64		total = 0;

	for (int i = 0; i < state->model->n_therapists; i++)
		if (state->model->part[i] > 0)
			total += state->load[i];
	return total;
}

/* The highest load per FTE; false: there is no team. */
bool
cl_plan_highest(const PlanWork *state, int64 *load, int64 *part)
{
	const PlanModel *model = state->model;
	bool		any = false;

	for (int i = 0; i < model->n_therapists; i++)
		if (model->part[i] > 0 && (!any || (int128) state->load[i] * *part > (int128) *load * model->part[i]))
		{
			*load = state->load[i];
			*part = model->part[i];
			any = true;
		}
	return any;
}

static int
compare_levels(const void *a, const void *b, void *arg)
{
	const PlanWork *state = arg;
	int			one = *(const int32 *) a;
	int			other = *(const int32 *) b;
	int128		left = (int128) state->load[one] * state->model->part[other];
	int128		right = (int128) state->load[other] * state->model->part[one];

	if (left != right)
		return left < right ? -1 : 1;
	return one - other;
}

/* Gini's index of loads per FTE, each weighted by the FTE. */
double
cl_plan_gini(const PlanWork *state)
{
	const PlanModel *model = state->model;
	int32	   *order = palloc(sizeof(int32) * (model->n_therapists + 1));
	int			n = 0;
	double		parts = 0;
	double		area = 0;
	double		total = (double) cl_plan_team_load(state);

	for (int i = 0; i < model->n_therapists; i++)
		if (model->part[i] > 0)
			order[n++] = i;
	qsort_arg(order, n, sizeof(int32), compare_levels, unconstify(PlanWork *, state));
	for (int at = 0; at < n; at++)
	{
		area += state->load[order[at]] * (2 * parts + model->part[order[at]]);
		parts += model->part[order[at]];
	}
	pfree(order);
	return total == 0 ? 0 : Max(area / (total * parts) - 1, 0);
}
