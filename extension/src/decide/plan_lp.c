/*
 * plan_lp.c
 *		The model of a plan as text that any solver reads (CPLEX's LP format).
 *
 * Clients of a class with the same weight, home and cost are one variable for
 * each therapist, their number: k<class>_w<weight>_h<home>_c<cost>_t<therapist>
 * with therapists counted from 1 in the order of their ids; an option that is
 * taken goes to the one behind the last.  Loads are in units of the model.  Without a band the highest load per FTE is made small;
 * with one, what moves cost.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "plan_result.h"

/* Clients that are the same to a plan. */
typedef struct Key
{
	int32		class;
	int64		weight;
	int32		home;
	int32		cost;
	int			n;
} Key;

static int
compare_keys(const void *a, const void *b)
{
	const Key  *one = a;
	const Key  *other = b;

	if (one->class != other->class)
		return one->class < other->class ? -1 : 1;
	if (one->weight != other->weight)
		return one->weight < other->weight ? -1 : 1;
	if (one->home != other->home)
		return one->home < other->home ? -1 : 1;
	return one->cost < other->cost ? -1 : one->cost > other->cost;
}

static void
append_variable(StringInfo text, const Key *key, int therapist)
{
	appendStringInfo(text, "k%d_w" INT64_FORMAT "_h%d_c%d_t%d", key->class + 1, key->weight, key->home + 1, key->cost, therapist + 1);
}

/* What moves cost, or the level, which is the highest load per part. */
static void
append_objective(StringInfo text, const PlanModel *model, const Key *keys, int n_keys, bool band)
{
	appendStringInfoString(text, "Minimize\n cost:");
	if (!band)
		appendStringInfoString(text, " level");
	for (int k = 0; k < n_keys && band; k++)
		for (int64 pair = model->first[keys[k].class]; pair < model->first[keys[k].class + 1]; pair++)
		{
			if (model->member[pair] == keys[k].home)
				continue;
			appendStringInfo(text, "\n + %d ", keys[k].cost);
			append_variable(text, &keys[k], model->member[pair]);
		}
	appendStringInfoString(text, "\nSubject To\n");
}

/* The text, in the current memory context; low and high NULL: no band. */
char *
cl_plan_lp(const PlanModel *model, const int64 *low, const int64 *high)
{
	StringInfoData text;
	StringInfoData *loads = palloc0(sizeof(StringInfoData) * (model->n_therapists + 1));
	Key		   *keys = palloc_extended(sizeof(Key) * (model->n_clients + 1), MCXT_ALLOC_HUGE);
	int64	   *fixed = palloc0(sizeof(int64) * (model->n_therapists + 1));
	int			n = 0;
	int			n_keys = 0;

	/* behind the last is where options go */
	for (int i = 0; i <= model->n_therapists; i++)
		initStringInfo(&loads[i]);
	memcpy(fixed, model->base, sizeof(int64) * model->n_therapists);
	for (int j = 0; j < model->n_clients; j++)
	{
		if (model->home[j] == CL_NO_THERAPIST)
			continue;
		if (model->class_of[j] < 0)
		{
			fixed[model->home[j]] += model->weight[j];
			continue;
		}
		keys[n].class = model->class_of[j];
		keys[n].weight = model->weight[j];
		keys[n].home = model->home[j];
		keys[n].cost = model->cost[j];
		keys[n++].n = 1;
	}
	qsort(keys, n, sizeof(Key), compare_keys);
	for (int k = 0; k < n; k++)
	{
		if (n_keys > 0 && compare_keys(&keys[n_keys - 1], &keys[k]) == 0)
			keys[n_keys - 1].n++;
		else
			keys[n_keys++] = keys[k];
	}

	initStringInfo(&text);
	appendStringInfo(&text, "\\ a unit of load is " INT64_FORMAT " thousandths\n", model->unit);
	append_objective(&text, model, keys, n_keys, low != NULL);
	for (int k = 0; k < n_keys; k++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(&text, " all%d:", k + 1);
		for (int64 pair = model->first[keys[k].class]; pair < model->first[keys[k].class + 1]; pair++)
		{
			int			i = model->member[pair];

			appendStringInfoString(&text, "\n + ");
			append_variable(&text, &keys[k], i);
			if (keys[k].weight == 0)
				continue;
			appendStringInfo(&loads[i], "\n + " INT64_FORMAT " ", keys[k].weight);
			append_variable(&loads[i], &keys[k], i);
		}
		appendStringInfo(&text, " = %d\n", keys[k].n);
	}
	for (int i = 0; i < model->n_therapists; i++)
	{
		if (model->part[i] == 0)
			continue;
		/* whose load is what it is can be out of the band, too: a row without a variable is none */
		if (loads[i].len == 0 && low != NULL)
			appendStringInfoString(&loads[i], " 0 nothing");
		if (low == NULL)
			appendStringInfo(&text, " load%d:%s - %d level <= " INT64_FORMAT "\n", i + 1, loads[i].data, model->part[i], -fixed[i]);
		else
		{
			appendStringInfo(&text, " high%d:%s <= " INT64_FORMAT "\n", i + 1, loads[i].data, high[i] - fixed[i]);
			appendStringInfo(&text, " low%d:%s >= " INT64_FORMAT "\n", i + 1, loads[i].data, low[i] - fixed[i]);
		}
	}
	if (n_keys > 0)
		appendStringInfoString(&text, "General\n");
	for (int k = 0; k < n_keys; k++)
		for (int64 pair = model->first[keys[k].class]; pair < model->first[keys[k].class + 1]; pair++)
		{
			appendStringInfoChar(&text, ' ');
			append_variable(&text, &keys[k], model->member[pair]);
			appendStringInfoChar(&text, '\n');
		}
	appendStringInfoString(&text, "End\n");
	return text.data;
}
