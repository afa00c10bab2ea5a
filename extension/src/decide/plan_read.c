/*
 * plan_read.c
 *		Reading therapists, clients, and who may take whom.
 *
 * Each of the three, and of the options, is a query, run read-only with the
 * caller's rights and snapshot, so policies on rows hold.  Its parameters are
 * the day, the district and the discipline.  Columns have fixed names; one too
 * many is refused, since it is nearly always a misspelt one.  Rows may come in
 * any order: they are put in the order of their ids.  They are taken as the
 * executor makes them, and never copied.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "plan_reader.h"

#define KNOWN_IDS		1024
#define MOST_COST		1000
#define MOST_MISFIT		1000000
#define MOST_PRIORITY	1000000000

/* What the executor gives the rows of a query to. */
typedef struct RowReceiver
{
	DestReceiver pub;
	Reader	   *reader;
} RowReceiver;

enum
{
	T_ID, T_FTE, T_BASE, T_CAPACITY
};
enum
{
	C_CLIENT, C_SERVICE, C_WEIGHT, C_THERAPIST, C_COST, C_LOCKED, C_PRIORITY
};
enum
{
	E_CLIENT, E_SERVICE, E_THERAPIST, E_ELIGIBLE, E_COST, E_WEIGHT
};

/* ---------------------------------------------------------------- rows --- */

static void *
grow(void *array, Size size, int capacity)
{
	return repalloc_huge(array, size * capacity);
}

/* Before arrays get longer: is that much left, with what there is? */
static void
check_memory(const Reader *reader, int64 needed)
{
	if (needed <= reader->memory_limit && (int64) MemoryContextMemAllocated(reader->rows->context, true) <= reader->memory_limit)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("the plan needs more memory than its limit of " INT64_FORMAT " megabytes", reader->memory_limit >> 20),
			 errdetail("Row " INT64_FORMAT " of the query for %s is beyond it.", reader->row, reader->what),
			 errhint("Raise memory_limit, or plan for one discipline or region at a time.")));
}

/* The place of a new id; an error when it is not new. */
static int
new_place(Reader *reader, KeySet *set, const Column *column)
{
	bool		isnull;
	Datum		id = cl_reader_id(reader, column, &isnull);
	int			before = set->count;
	int			place;

	if (isnull)
		cl_reader_bad_value(reader, column, NULL, "is NULL", NULL);
	place = cl_keys_add(set, reader->no_district, id);
	if (place < before)
		cl_reader_bad_value(reader, column, set->keys[place].id, "is there twice", NULL);
	return place;
}

static void
read_therapist(Reader *reader)
{
	PlanInput  *rows = reader->rows;
	int			place = new_place(reader, reader->therapists, &reader->columns[T_ID]);
	const char *id = reader->therapists->keys[place].id;

	if (place >= reader->capacity)
	{
		reader->capacity *= 2;
		rows->fte = grow(rows->fte, sizeof(int64), reader->capacity);
		rows->base = grow(rows->base, sizeof(int64), reader->capacity);
		rows->capacity = grow(rows->capacity, sizeof(int64), reader->capacity);
	}
	rows->fte[place] = cl_reader_number(reader, &reader->columns[T_FTE], id, 0, false);
	if (rows->fte[place] > 1000000)
		cl_reader_bad_value(reader, &reader->columns[T_FTE], id, "is above 1000", NULL);
	rows->base[place] = cl_reader_number(reader, &reader->columns[T_BASE], id, 0, true);
	rows->capacity[place] = cl_reader_number(reader, &reader->columns[T_CAPACITY], id, -1, true);
	rows->n_therapists = reader->therapists->count;
}

static const Column *
client_key(const Reader *reader, int client, int service)
{
	return &reader->columns[reader->by_service ? service : client];
}

static void
read_client(Reader *reader)
{
	PlanInput  *rows = reader->rows;
	int			place = new_place(reader, reader->clients, client_key(reader, C_CLIENT, C_SERVICE));
	const char *id = reader->clients->keys[place].id;
	bool		no_label = true;
	Datum		label = (Datum) 0;

	if (place >= reader->capacity)
	{
		reader->capacity *= 2;
		check_memory(reader, 0);
		rows->label = grow(rows->label, sizeof(char *), reader->capacity);
		rows->weight = grow(rows->weight, sizeof(int64), reader->capacity);
		rows->home = grow(rows->home, sizeof(int32), reader->capacity);
		rows->cost = grow(rows->cost, sizeof(int32), reader->capacity);
		rows->locked = grow(rows->locked, sizeof(bool), reader->capacity);
		rows->priority = grow(rows->priority, sizeof(int64), reader->capacity);
	}
	if (reader->by_service)
		label = cl_reader_id(reader, &reader->columns[C_CLIENT], &no_label);
	rows->label[place] = no_label ? NULL : MemoryContextStrdup(rows->context, TextDatumGetCString(label));
	rows->weight[place] = cl_reader_number(reader, &reader->columns[C_WEIGHT], id, 0, false);
	rows->home[place] = cl_reader_known(reader, reader->therapists, &reader->columns[C_THERAPIST], id, "therapists");
	rows->cost[place] = (int32) cl_reader_whole(reader, &reader->columns[C_COST], id, 1, MOST_COST, 0,
												"NULL stands for what the plan takes by itself: 1, or 2 for weights above the median. Who must not be moved is locked.");
	rows->priority[place] = cl_reader_whole(reader, &reader->columns[C_PRIORITY], id, 1, MOST_PRIORITY, 1,
											"It is what a place for the client is worth; NULL is 1.");
	rows->locked[place] = cl_reader_boolean(reader, &reader->columns[C_LOCKED], false);
	rows->n_clients = reader->clients->count;
}

/* Is that the id in the column? */
static bool
same_id(const Reader *reader, const Column *column, const char *id, size_t length)
{
	bool		isnull;
	Datum		value = cl_reader_id(reader, column, &isnull);
	text	   *string;

	if (isnull)
		return false;
	string = DatumGetTextPP(value);
	return VARSIZE_ANY_EXHDR(string) == length && memcmp(VARDATA_ANY(string), id, length) == 0;
}

/* The client of a pair, most often that of the pair before. */
static int
find_client(Reader *reader)
{
	const Column *key = client_key(reader, E_CLIENT, E_SERVICE);
	int			client = reader->last_client;

	if (client >= 0 && same_id(reader, key, reader->clients->keys[client].id, reader->last_length))
		return client;
	client = cl_reader_known(reader, reader->clients, key, NULL, "clients");
	if (client < 0)
		cl_reader_bad_value(reader, key, NULL, "is NULL", NULL);
	reader->last_client = client;
	reader->last_length = strlen(reader->clients->keys[client].id);
	return client;
}

static int
find_taker(Reader *reader, int client)
{
	const Column *column = &reader->columns[E_THERAPIST];
	KnownId    *known = NULL;
	uint64		word = 0;
	bool		isnull;
	Datum		value = cl_reader_id(reader, column, &isnull);
	int			place;

	if (isnull)
		cl_reader_bad_value(reader, column, reader->clients->keys[client].id, "is NULL", NULL);
	if (VARSIZE_ANY_EXHDR(DatumGetTextPP(value)) <= sizeof(word))
	{
		memcpy(&word, VARDATA_ANY(DatumGetTextPP(value)), VARSIZE_ANY_EXHDR(DatumGetTextPP(value)));
		known = &reader->known_id[(word * UINT64CONST(0x9e3779b97f4a7c15) >> 32) & (KNOWN_IDS - 1)];
		if (word != 0 && known->word == word)
			return known->place;
	}
	place = cl_reader_known(reader, reader->therapists, column, reader->clients->keys[client].id, "therapists");
	if (known != NULL)
	{
		known->word = word;
		known->place = place;
	}
	return place;
}

static void
read_pair(Reader *reader)
{
	PlanInput  *rows = reader->rows;
	int			client;
	int			therapist;

	if (!cl_reader_boolean(reader, &reader->columns[E_ELIGIBLE], true))
		return;
	client = find_client(reader);
	therapist = find_taker(reader, client);
	if (rows->n_pairs == rows->pair_capacity)
	{
		rows->pair_capacity *= 2;
		check_memory(reader, rows->pair_capacity * 5 * (int64) sizeof(int32));
		rows->pair_client = repalloc_huge(rows->pair_client, sizeof(int32) * rows->pair_capacity);
		rows->pair_therapist = repalloc_huge(rows->pair_therapist, sizeof(int32) * rows->pair_capacity);
		if (rows->pair_cost != NULL)
		{
			rows->pair_cost = repalloc_huge(rows->pair_cost, sizeof(int32) * rows->pair_capacity);
			rows->pair_weight = repalloc_huge(rows->pair_weight, sizeof(int64) * rows->pair_capacity);
		}
	}
	if (rows->pair_cost != NULL)
	{
		const char *id = reader->clients->keys[client].id;

		rows->pair_cost[rows->n_pairs] = (int32) cl_reader_whole(reader, &reader->columns[E_COST], id, 0, MOST_MISFIT, 0, NULL);
		rows->pair_weight[rows->n_pairs] = cl_reader_number(reader, &reader->columns[E_WEIGHT], id, -1, true);
	}
	rows->pair_client[rows->n_pairs] = client;
	rows->pair_therapist[rows->n_pairs++] = therapist;
}

/* ------------------------------------------------------------- queries --- */

static void
find_columns(Reader *reader, TupleDesc desc)
{
	for (int c = 0; c < reader->n_columns; c++)
		reader->columns[c].number = 0;
	for (int a = 0; a < desc->natts; a++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, a);
		const char *name = NameStr(attribute->attname);
		Column	   *column = NULL;

		for (int c = 0; c < reader->n_columns; c++)
			if (strcmp(reader->columns[c].name, name) == 0)
				column = &reader->columns[c];
		if (column == NULL || column->number != 0)
		{
			StringInfoData known;

			initStringInfo(&known);
			for (int c = 0; c < reader->n_columns; c++)
				appendStringInfo(&known, "%s%s", c > 0 ? ", " : "", reader->columns[c].name);
			ereport(ERROR,
					(errcode(column == NULL ? ERRCODE_UNDEFINED_COLUMN : ERRCODE_DUPLICATE_COLUMN),
					 errmsg(column == NULL ? "the query for %s has an unknown column \"%s\"" : "the query for %s has the column \"%s\" twice",
							reader->what, name),
					 errhint("Its columns are: %s.", known.data)));
		}
		column->number = a + 1;
		column->type = attribute->atttypid;
		if (column->kind == COLUMN_ID)
		{
			Oid			output;
			bool		varlena;

			getTypeOutputInfo(column->type, &output, &varlena);
			fmgr_info_cxt(output, &column->output, reader->rows->context);
		}
		if ((column->kind == COLUMN_NUMBER && column->type != NUMERICOID && column->type != INT2OID &&
			 column->type != INT4OID && column->type != INT8OID) ||
			(column->kind == COLUMN_BOOLEAN && column->type != BOOLOID) ||
			(column->kind == COLUMN_IDS && column->type != TEXTARRAYOID))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the query for %s must be %s", name, reader->what,
							column->kind == COLUMN_NUMBER ? "numeric or an integer" : column->kind == COLUMN_IDS ? "text[]" : "boolean")));
	}
	if (reader->take == read_client)
		reader->by_service = reader->columns[C_SERVICE].number != 0;
	if (reader->take == read_client && !reader->by_service)
		reader->columns[C_CLIENT].wanted = true;
	if (reader->take == read_pair)
		reader->columns[reader->by_service ? E_SERVICE : E_CLIENT].wanted = true;
	for (int c = 0; c < reader->n_columns; c++)
		if (reader->columns[c].wanted && reader->columns[c].number == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the query for %s has no column \"%s\"", reader->what, reader->columns[c].name)));
}

static void
begin_rows(DestReceiver *self, int operation pg_attribute_unused(), TupleDesc desc)
{
	find_columns(((RowReceiver *) self)->reader, desc);
}

static bool
take_row(TupleTableSlot *slot, DestReceiver *self)
{
	Reader	   *reader = ((RowReceiver *) self)->reader;
	MemoryContext oldcontext = MemoryContextSwitchTo(reader->batch);

	slot_getallattrs(slot);
	reader->slot = slot;
	reader->row++;
	reader->take(reader);
	MemoryContextSwitchTo(oldcontext);
	if ((reader->row & 255) == 0)
		MemoryContextReset(reader->batch);
	return true;
}

static void
ignore_end(DestReceiver *self pg_attribute_unused())
{
}

/* Run a query and give each row to a function. */
void
cl_reader_rows(Reader *reader, const PlanSource *source, const char *query, const char *of_tables, void (*take) (Reader *))
{
	Oid			types[CL_PLAN_PARAMETERS] = {DATEOID, TEXTOID, TEXTOID};
	SPIPlanPtr	plan = SPI_prepare(query == NULL ? of_tables : query, CL_PLAN_PARAMETERS, types);
	SPIExecuteOptions options = {.read_only = true};
	RowReceiver receiver = {0};
	int			result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (!SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query for %s must be one query that returns rows", reader->what)));
	options.params = makeParamList(CL_PLAN_PARAMETERS);
	for (int i = 0; i < CL_PLAN_PARAMETERS; i++)
	{
		ParamExternData *param = &options.params->params[i];

		param->ptype = types[i];
		param->value = source->args[i];
		param->isnull = source->nulls[i];
		param->pflags = PARAM_FLAG_CONST;
	}
	reader->take = take;
	reader->row = 0;
	reader->batch = AllocSetContextCreate(reader->rows->context, "caseload plan rows", ALLOCSET_DEFAULT_SIZES);
	receiver.pub.receiveSlot = take_row;
	receiver.pub.rStartup = begin_rows;
	receiver.pub.rShutdown = ignore_end;
	receiver.pub.rDestroy = ignore_end;
	receiver.pub.mydest = DestTuplestore;
	receiver.reader = reader;
	options.dest = &receiver.pub;
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	MemoryContextDelete(reader->batch);
}

/* Bring an array into the order of the ids. */
#define REORDER(type, array, count, rank) \
	do { \
		type	   *sorted_ = palloc_extended(sizeof(type) * Max(count, 1), MCXT_ALLOC_HUGE); \
		for (int n_ = 0; n_ < (count); n_++) \
			sorted_[(rank)[n_]] = (array)[n_]; \
		pfree(array); \
		(array) = sorted_; \
	} while (0)

static void
put_in_order(PlanInput *rows, KeySet *therapists, KeySet *clients)
{
	int		   *therapist_rank = cl_keys_sort(therapists);
	int		   *client_rank = cl_keys_sort(clients);

	REORDER(int64, rows->fte, rows->n_therapists, therapist_rank);
	REORDER(int64, rows->base, rows->n_therapists, therapist_rank);
	REORDER(int64, rows->capacity, rows->n_therapists, therapist_rank);
	REORDER(const char *, rows->label, rows->n_clients, client_rank);
	REORDER(int64, rows->weight, rows->n_clients, client_rank);
	REORDER(int32, rows->home, rows->n_clients, client_rank);
	REORDER(int32, rows->cost, rows->n_clients, client_rank);
	REORDER(bool, rows->locked, rows->n_clients, client_rank);
	REORDER(int64, rows->priority, rows->n_clients, client_rank);
	if (rows->in_option != NULL)
		REORDER(bool, rows->in_option, rows->n_clients, client_rank);
	for (int n = 0; n < rows->n_options; n++)
	{
		PlanOption *option = &rows->option[n];

		option->therapist = therapist_rank[option->therapist];
		for (int m = 0; m < option->n_clients; m++)
			option->client[m] = client_rank[option->client[m]];
	}
	rows->therapist = palloc_extended(sizeof(char *) * (rows->n_therapists + 1), MCXT_ALLOC_HUGE);
	rows->client = palloc_extended(sizeof(char *) * (rows->n_clients + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < rows->n_therapists; i++)
		rows->therapist[i] = therapists->keys[i].id;
	for (int j = 0; j < rows->n_clients; j++)
	{
		rows->client[j] = clients->keys[j].id;
		if (rows->home[j] >= 0)
			rows->home[j] = therapist_rank[rows->home[j]];
	}
	for (int64 i = 0; i < rows->n_pairs; i++)
	{
		if ((i & 65535) == 0)
			CHECK_FOR_INTERRUPTS();
		rows->pair_client[i] = client_rank[rows->pair_client[i]];
		rows->pair_therapist[i] = therapist_rank[rows->pair_therapist[i]];
	}
	pfree(therapist_rank);
	pfree(client_rank);
}

/*
 * All rows, in the order of their ids, in the current memory context.  SPI is
 * connected and left here.  22023 for values that cannot be, naming the row;
 * 42703 for columns that are missing or too many.
 */
PlanInput *
cl_plan_read(const PlanSource *source, int64 memory_limit)
{
	Column		therapist_columns[] = {
		{"therapist_id", COLUMN_ID, true}, {"fte", COLUMN_NUMBER, true},
		{"base_load", COLUMN_NUMBER, false}, {"capacity", COLUMN_NUMBER, false}
	};
	Column		client_columns[] = {
		{"client_id", COLUMN_ID, false}, {"service_id", COLUMN_ID, false}, {"weight", COLUMN_NUMBER, true},
		{"therapist_id", COLUMN_ID, true}, {"move_cost", COLUMN_NUMBER, false}, {"locked", COLUMN_BOOLEAN, false},
		{"priority", COLUMN_NUMBER, false}
	};
	Column		pair_columns[] = {
		{"client_id", COLUMN_ID, false}, {"service_id", COLUMN_ID, false}, {"therapist_id", COLUMN_ID, true},
		{"eligible", COLUMN_BOOLEAN, false}, {"cost", COLUMN_NUMBER, false}, {"weight", COLUMN_NUMBER, false}
	};
	MemoryContext context = CurrentMemoryContext;
	Reader		reader = {0};
	PlanInput  *rows = palloc0(sizeof(PlanInput));

	rows->context = context;
	reader.rows = rows;
	reader.memory_limit = memory_limit;
	reader.no_district = CStringGetTextDatum("");
	reader.therapists = cl_keys_new();
	reader.clients = cl_keys_new();
	reader.capacity = 64;
	reader.last_client = -1;
	reader.known = palloc0(sizeof(KnownNumber) * KNOWN_NUMBERS);
	rows->fte = palloc(sizeof(int64) * reader.capacity);
	rows->base = palloc(sizeof(int64) * reader.capacity);
	rows->capacity = palloc(sizeof(int64) * reader.capacity);
	rows->label = palloc(sizeof(char *) * reader.capacity);
	rows->weight = palloc(sizeof(int64) * reader.capacity);
	rows->home = palloc(sizeof(int32) * reader.capacity);
	rows->cost = palloc(sizeof(int32) * reader.capacity);
	rows->locked = palloc(sizeof(bool) * reader.capacity);
	rows->priority = palloc(sizeof(int64) * reader.capacity);
	rows->pair_capacity = 1024;
	rows->pair_client = palloc(sizeof(int32) * rows->pair_capacity);
	rows->pair_therapist = palloc(sizeof(int32) * rows->pair_capacity);
	if (source->placing)
	{
		rows->pair_cost = palloc(sizeof(int32) * rows->pair_capacity);
		rows->pair_weight = palloc(sizeof(int64) * rows->pair_capacity);
	}

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	reader.what = "therapists";
	reader.columns = therapist_columns;
	reader.n_columns = lengthof(therapist_columns);
	cl_reader_rows(&reader, source, source->therapists, "SELECT * FROM caseload.plan_therapists($1, $2, $3)", read_therapist);
	reader.what = "clients";
	reader.columns = client_columns;
	reader.n_columns = source->placing ? lengthof(client_columns) : C_PRIORITY;
	reader.capacity = 64;
	cl_reader_rows(&reader, source, source->clients, source->waiting ? "SELECT * FROM caseload.plan_waiting($1, $2, $3)" :
				   "SELECT * FROM caseload.plan_clients($1, $2, $3)", read_client);
	reader.known_id = palloc0(sizeof(KnownId) * KNOWN_IDS);
	reader.what = "eligible pairs";
	reader.columns = pair_columns;
	reader.n_columns = source->placing ? lengthof(pair_columns) : E_COST;
	cl_reader_rows(&reader, source, source->eligible, "SELECT * FROM caseload.plan_eligible($1, $2, $3)", read_pair);
	cl_plan_read_options(&reader, source);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo(context);
	put_in_order(rows, reader.therapists, reader.clients);
	cl_plan_add_options(rows);
	return rows;
}
