/*
 * plan_options.c
 *		What else relieves a therapist: groups and push-in sessions.
 *
 * An option frees so much of a therapist's load when clients who are seen
 * alone are seen together, or in class.  In the model it is a client of that
 * weight who is with the therapist and may go nowhere but to nobody: a place
 * behind the last therapist that is no part of the team.  So what makes plans
 * and bounds treats it as any move.  Its clients stay, since what it frees
 * depends on them, and each is in one option only.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "plan_reader.h"

#define MOST_COST		1000

enum
{
	O_ID, O_THERAPIST, O_KIND, O_CLIENTS, O_FREED, O_COST
};

pg_noreturn static void
bad_member(const Reader *reader, const char *id, const char *client, const char *wrong)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of row " INT64_FORMAT " of the query for options: \"%s\" %s",
					reader->columns[O_CLIENTS].name, reader->row, client, wrong),
			 errdetail("It is the row of \"%s\".", id)));
}

/* The clients of an option: with the therapist, and in no other; what they weigh together. */
static int64
read_members(Reader *reader, PlanOption *option)
{
	PlanInput  *rows = reader->rows;
	const Column *column = &reader->columns[O_CLIENTS];
	bool		isnull;
	Datum		value = cl_reader_column(reader, column, &isnull);
	Datum	   *ids;
	bool	   *nulls;
	int64		total = 0;

	if (isnull)
		cl_reader_bad_value(reader, column, option->id, "is NULL", NULL);
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &ids, &nulls, &option->n_clients);
	if (option->n_clients < (option->push_in ? 1 : 2))
		cl_reader_bad_value(reader, column, option->id, option->push_in ? "names nobody" : "names fewer than two", NULL);
	option->client = MemoryContextAlloc(rows->context, sizeof(int32) * option->n_clients);
	for (int n = 0; n < option->n_clients; n++)
	{
		int			client = nulls[n] ? -1 : cl_keys_place(reader->clients, reader->no_district, ids[n]);
		const char *name = nulls[n] ? "NULL" : TextDatumGetCString(ids[n]);

		if (client < 0)
			bad_member(reader, option->id, name, "is not among the clients");
		if (rows->home[client] != option->therapist)
			bad_member(reader, option->id, name, "is not with the therapist");
		if (rows->in_option[client])
			bad_member(reader, option->id, name, "is in two options");
		rows->in_option[client] = true;
		option->client[n] = client;
		total += rows->weight[client];
	}
	return total;
}

static void
read_option(Reader *reader)
{
	PlanInput  *rows = reader->rows;
	Column	   *columns = reader->columns;
	PlanOption *option;
	bool		isnull;
	Datum		id = cl_reader_id(reader, &columns[O_ID], &isnull);
	char	   *kind;
	int			before = reader->options->count;

	if (isnull)
		cl_reader_bad_value(reader, &columns[O_ID], NULL, "is NULL", NULL);
	if (cl_keys_add(reader->options, reader->no_district, id) < before)
		cl_reader_bad_value(reader, &columns[O_ID], TextDatumGetCString(id), "is there twice", NULL);
	if (rows->n_options == rows->option_capacity)
	{
		rows->option_capacity *= 2;
		rows->option = repalloc_huge(rows->option, sizeof(PlanOption) * rows->option_capacity);
	}
	option = &rows->option[rows->n_options++];
	option->id = reader->options->keys[before].id;
	option->therapist = cl_reader_known(reader, reader->therapists, &columns[O_THERAPIST], option->id, "therapists");
	if (option->therapist < 0)
		cl_reader_bad_value(reader, &columns[O_THERAPIST], option->id, "is NULL", NULL);
	if (rows->fte[option->therapist] == 0)
		cl_reader_bad_value(reader, &columns[O_THERAPIST], option->id, "is somebody without an FTE", NULL);
	id = cl_reader_id(reader, &columns[O_KIND], &isnull);
	kind = isnull ? NULL : TextDatumGetCString(id);
	if (kind == NULL || (strcmp(kind, "group") != 0 && strcmp(kind, "push_in") != 0))
		cl_reader_bad_value(reader, &columns[O_KIND], option->id, "is neither group nor push_in", NULL);
	option->push_in = strcmp(kind, "push_in") == 0;
	option->freed = cl_reader_number(reader, &columns[O_FREED], option->id, 0, false);
	if (option->freed == 0)
		cl_reader_bad_value(reader, &columns[O_FREED], option->id, "is not above 0", NULL);
	option->cost = (int32) cl_reader_whole(reader, &columns[O_COST], option->id, 1, MOST_COST, 1, NULL);
	if (read_members(reader, option) < option->freed)
		cl_reader_bad_value(reader, &columns[O_FREED], option->id, "is more than the clients weigh together", NULL);
}

/* Read the options of a plan, if there is a query for them. */
void
cl_plan_read_options(Reader *reader, const PlanSource *source)
{
	PlanInput  *rows = reader->rows;
	Column		columns[] = {
		{"option_id", COLUMN_ID, true}, {"therapist_id", COLUMN_ID, true}, {"kind", COLUMN_ID, true},
		{reader->by_service ? "service_ids" : "client_ids", COLUMN_IDS, true},
		{"freed", COLUMN_NUMBER, true}, {"cost", COLUMN_NUMBER, false}
	};
	MemoryContext oldcontext;

	if (source->options == NULL)
		return;
	rows->in_option = MemoryContextAllocZero(rows->context, sizeof(bool) * (rows->n_clients + 1));
	rows->option_capacity = 64;
	rows->option = MemoryContextAlloc(rows->context, sizeof(PlanOption) * rows->option_capacity);
	/* ids are those of the plan, and outlive SPI */
	oldcontext = MemoryContextSwitchTo(rows->context);
	reader->options = cl_keys_new();
	MemoryContextSwitchTo(oldcontext);
	reader->what = "options";
	reader->columns = columns;
	reader->n_columns = lengthof(columns);
	cl_reader_rows(reader, source, source->options, NULL, read_option);
}

static int
compare_options(const void *a, const void *b)
{
	return strcmp(((const PlanOption *) a)->id, ((const PlanOption *) b)->id);
}

#define LENGTHEN(array, count) \
	((array) = repalloc_huge(array, sizeof(*(array)) * ((Size) (count) + 1)))

/* An option one of whose clients must leave cannot be, and is left out. */
static void
leave_out_impossible(PlanInput *rows)
{
	bool	   *stays = cl_plan_allocate(sizeof(bool) * rows->n_clients);
	int			n = 0;

	for (int64 pair = 0; pair < rows->n_pairs; pair++)
		if (rows->pair_therapist[pair] == rows->home[rows->pair_client[pair]])
			stays[rows->pair_client[pair]] = true;
	for (int at = 0; at < rows->n_options; at++)
	{
		PlanOption	option = rows->option[at];
		bool		possible = true;

		for (int m = 0; m < option.n_clients; m++)
			possible &= stays[option.client[m]];
		if (possible)
			rows->option[n++] = option;
		else
			for (int m = 0; m < option.n_clients; m++)
				rows->in_option[option.client[m]] = false;
	}
	rows->n_options = n;
	pfree(stays);
}

/*
 * Rows that are in the order of their ids get the options as further clients,
 * and the place where they go.
 */
void
cl_plan_add_options(PlanInput *rows)
{
	int			n;

	leave_out_impossible(rows);
	if (rows->n_options == 0)
		return;
	n = rows->n_clients + rows->n_options;
	qsort(rows->option, rows->n_options, sizeof(PlanOption), compare_options);
	LENGTHEN(rows->fte, rows->n_therapists);
	rows->fte[rows->n_therapists] = 1000;
	LENGTHEN(rows->client, n);
	LENGTHEN(rows->label, n);
	LENGTHEN(rows->weight, n);
	LENGTHEN(rows->home, n);
	LENGTHEN(rows->cost, n);
	LENGTHEN(rows->locked, n);
	LENGTHEN(rows->priority, n);
	LENGTHEN(rows->pair_client, rows->n_pairs + 2 * rows->n_options);
	LENGTHEN(rows->pair_therapist, rows->n_pairs + 2 * rows->n_options);
	if (rows->pair_cost != NULL)
	{
		LENGTHEN(rows->pair_cost, rows->n_pairs + 2 * rows->n_options);
		LENGTHEN(rows->pair_weight, rows->n_pairs + 2 * rows->n_options);
	}
	for (int at = 0; at < rows->n_options; at++)
	{
		const PlanOption *option = &rows->option[at];
		int			j = rows->n_clients + at;

		CHECK_FOR_INTERRUPTS();
		rows->client[j] = option->id;
		rows->label[j] = NULL;
		rows->weight[j] = option->freed;
		rows->home[j] = option->therapist;
		rows->cost[j] = option->cost;
		rows->locked[j] = false;
		rows->priority[j] = 1;
		/* what the option frees is not counted twice */
		rows->base[option->therapist] -= option->freed;
		for (int side = 0; side < 2; side++)
		{
			if (rows->pair_cost != NULL)
			{
				rows->pair_cost[rows->n_pairs] = 0;
				rows->pair_weight[rows->n_pairs] = -1;
			}
			rows->pair_client[rows->n_pairs] = j;
			rows->pair_therapist[rows->n_pairs++] = side == 0 ? option->therapist : rows->n_therapists;
		}
	}
	rows->n_clients = n;
}

/* Options are for those who are above their fair share today; the others are not offered. */
void
cl_plan_offer_options(PlanModel *model, const PlanWork *today, const FairShare *fair)
{
	int			first = model->n_clients - model->n_options;

	for (int at = 0; at < model->n_options; at++)
	{
		const PlanOption *option = &model->option[at];
		const FairBlock *block = &fair->block[fair->block_of[option->therapist]];
		bool		offered = (int128) today->load[option->therapist] * block->parts >
		(int128) block->load * model->part[option->therapist];

		if (!offered)
		{
			model->state[first + at] = CLIENT_LOCKED;
			model->class_of[first + at] = -1;
		}
	}
}
