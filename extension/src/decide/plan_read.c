/*
 * plan_read.c
 *		Reading therapists, clients, and who may take whom.
 *
 * Each of the three is a query, run read-only with the caller's rights and
 * snapshot, so policies on rows hold.  Columns have fixed names; one too many
 * is refused, since it is nearly always a misspelt one.  Rows may come in any
 * order: they are put in the order of their ids.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "key_set.h"
#include "plan_read.h"

#define ROWS_AT_ONCE	5000
#define MOST_COLUMNS	8
#define MOST_THOUSANDTHS	INT64CONST(1000000000000)	/* a thousand million of anything */
#define MOST_COST		1000

/* A column that a query may have. */
typedef struct Column
{
	const char *name;
	enum
	{
		COLUMN_ID, COLUMN_NUMBER, COLUMN_BOOLEAN
	}			kind;
	bool		wanted;
	int			number;			/* in the result; 0: not there */
	Oid			type;
} Column;

/* A query in work. */
typedef struct Reader
{
	const char *what;			/* for messages */
	Column	   *columns;
	int			n_columns;
	PlanInput  *rows;
	KeySet	   *therapists;
	KeySet	   *clients;
	Datum		no_district;
	int64		memory_limit;
	void		(*take) (struct Reader *);
	/* the row in work */
	int64		row;
	HeapTuple	tuple;
	TupleDesc	desc;
	int			capacity;		/* of the arrays that grow */
	bool		by_service;		/* what moves are services, not clients */
	int			last_client;	/* of the pair before; rows of a client often come together */
} Reader;

enum
{
	T_ID, T_FTE, T_BASE, T_CAPACITY
};
enum
{
	C_CLIENT, C_SERVICE, C_WEIGHT, C_THERAPIST, C_COST, C_LOCKED
};
enum
{
	E_CLIENT, E_SERVICE, E_THERAPIST, E_ELIGIBLE
};

/* -------------------------------------------------------------- values --- */

/* A number in thousandths; not good when it has more decimals or is out of range. */
int64
cl_plan_thousandths(Datum value, Oid type, bool *good)
{
	Numeric		number;
	Numeric		whole;
	int64		result = 0;

	*good = true;
	switch (type)
	{
		case INT2OID:
			return (int64) DatumGetInt16(value) * 1000;
		case INT4OID:
			return (int64) DatumGetInt32(value) * 1000;
		case INT8OID:
			result = DatumGetInt64(value);
			*good = result >= -MOST_THOUSANDTHS && result <= MOST_THOUSANDTHS / 1000;
			return *good ? result * 1000 : 0;
		default:
			break;
	}
	number = DatumGetNumeric(value);
	if (numeric_is_nan(number) || numeric_is_inf(number))
	{
		*good = false;
		return 0;
	}
	number = DatumGetNumeric(DirectFunctionCall2(numeric_mul, value,
												 DirectFunctionCall1(int4_numeric, Int32GetDatum(1000))));
	whole = DatumGetNumeric(DirectFunctionCall2(numeric_trunc, NumericGetDatum(number), Int32GetDatum(0)));
	*good = DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(number), NumericGetDatum(whole))) == 0 &&
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(whole),
										  DirectFunctionCall1(int8_numeric, Int64GetDatum(MOST_THOUSANDTHS)))) <= 0 &&
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(whole),
										  DirectFunctionCall1(int8_numeric, Int64GetDatum(-MOST_THOUSANDTHS)))) >= 0;
	return *good ? DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole))) : 0;
}

pg_noreturn static void
bad_value(const Reader *reader, const Column *column, const char *id, const char *wrong, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of row " INT64_FORMAT " of the query for %s %s", column->name, reader->row, reader->what, wrong),
			 id != NULL ? errdetail("It is the row of \"%s\".", id) : 0,
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* The id in a column as text; NULL where it is NULL or there is no such column. */
static Datum
id_value(const Reader *reader, const Column *column, bool *isnull)
{
	Datum		value;

	*isnull = true;
	if (column->number == 0)
		return (Datum) 0;
	value = SPI_getbinval(reader->tuple, reader->desc, column->number, isnull);
	if (*isnull || column->type == TEXTOID || column->type == VARCHAROID)
		return value;
	return CStringGetTextDatum(SPI_getvalue(reader->tuple, reader->desc, column->number));
}

/* A number that must not be below 0. */
static int64
number_value(const Reader *reader, const Column *column, const char *id, int64 when_null, bool may_be_null)
{
	bool		isnull = true;
	bool		good;
	Datum		value = (Datum) 0;
	int64		result;

	if (column->number != 0)
		value = SPI_getbinval(reader->tuple, reader->desc, column->number, &isnull);
	if (isnull)
	{
		if (!may_be_null)
			bad_value(reader, column, id, "is NULL", NULL);
		return when_null;
	}
	result = cl_plan_thousandths(value, column->type, &good);
	if (!good)
		bad_value(reader, column, id, "has more than three decimals or is out of range", "Round it.");
	if (result < 0)
		bad_value(reader, column, id, "is negative", NULL);
	return result;
}

static bool
boolean_value(const Reader *reader, const Column *column, bool when_null)
{
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (column->number != 0)
		value = SPI_getbinval(reader->tuple, reader->desc, column->number, &isnull);
	return isnull ? when_null : DatumGetBool(value);
}

/* ---------------------------------------------------------------- rows --- */

static void *
grow(void *array, Size size, int capacity)
{
	return repalloc_huge(array, size * capacity);
}

/* The place of a new id; an error when it is not new. */
static int
new_place(Reader *reader, KeySet *set, const Column *column)
{
	bool		isnull;
	Datum		id = id_value(reader, column, &isnull);
	int			before = set->count;
	int			place;

	if (isnull)
		bad_value(reader, column, NULL, "is NULL", NULL);
	place = cl_keys_add(set, reader->no_district, id);
	if (place < before)
		bad_value(reader, column, set->keys[place].id, "is there twice", NULL);
	return place;
}

/* The place of an id that must be known; -1 where it is NULL. */
static int
known_place(const Reader *reader, const KeySet *set, const Column *column, const char *id, const char *where)
{
	bool		isnull;
	Datum		value = id_value(reader, column, &isnull);
	int			place;

	if (isnull)
		return -1;
	place = cl_keys_place(set, reader->no_district, value);
	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" of row " INT64_FORMAT " of the query for %s is not among the %s",
						column->name, TextDatumGetCString(value), reader->row, reader->what, where),
				 id != NULL ? errdetail("It is the row of \"%s\".", id) : 0));
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
	rows->fte[place] = number_value(reader, &reader->columns[T_FTE], id, 0, false);
	if (rows->fte[place] > 1000000)
		bad_value(reader, &reader->columns[T_FTE], id, "is above 1000", NULL);
	rows->base[place] = number_value(reader, &reader->columns[T_BASE], id, 0, true);
	rows->capacity[place] = number_value(reader, &reader->columns[T_CAPACITY], id, -1, true);
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
	int64		cost;

	if (place >= reader->capacity)
	{
		reader->capacity *= 2;
		rows->label = grow(rows->label, sizeof(char *), reader->capacity);
		rows->weight = grow(rows->weight, sizeof(int64), reader->capacity);
		rows->home = grow(rows->home, sizeof(int32), reader->capacity);
		rows->cost = grow(rows->cost, sizeof(int32), reader->capacity);
		rows->locked = grow(rows->locked, sizeof(bool), reader->capacity);
	}
	rows->label[place] = NULL;
	if (reader->by_service && reader->columns[C_CLIENT].number != 0)
	{
		char	   *label = SPI_getvalue(reader->tuple, reader->desc, reader->columns[C_CLIENT].number);

		rows->label[place] = label == NULL ? NULL : MemoryContextStrdup(rows->context, label);
	}
	rows->weight[place] = number_value(reader, &reader->columns[C_WEIGHT], id, 0, false);
	rows->home[place] = known_place(reader, reader->therapists, &reader->columns[C_THERAPIST], id, "therapists");
	cost = number_value(reader, &reader->columns[C_COST], id, 0, true);
	if (cost % 1000 != 0 || cost > MOST_COST * 1000 ||
		(cost == 0 && reader->columns[C_COST].number != 0 &&
		 SPI_getvalue(reader->tuple, reader->desc, reader->columns[C_COST].number) != NULL))
		bad_value(reader, &reader->columns[C_COST], id, "is no whole number from 1 to 1000",
				  "NULL stands for what the plan takes by itself: 1, or 2 for weights above the median. Who must not be moved is locked.");
	rows->cost[place] = (int32) (cost / 1000);
	rows->locked[place] = boolean_value(reader, &reader->columns[C_LOCKED], false);
	rows->n_clients = reader->clients->count;
}

/* Is that the id in the column? */
static bool
same_id(const Reader *reader, const Column *column, const char *id)
{
	bool		isnull;
	Datum		value = id_value(reader, column, &isnull);
	text	   *string;
	size_t		length = strlen(id);

	if (isnull)
		return false;
	string = DatumGetTextPP(value);
	return VARSIZE_ANY_EXHDR(string) == length && memcmp(VARDATA_ANY(string), id, length) == 0;
}

static void
read_pair(Reader *reader)
{
	PlanInput  *rows = reader->rows;
	const Column *key = client_key(reader, E_CLIENT, E_SERVICE);
	int			client;
	int			therapist;

	if (!boolean_value(reader, &reader->columns[E_ELIGIBLE], true))
		return;
	client = reader->last_client;
	if (client < 0 || !same_id(reader, key, reader->clients->keys[client].id))
		client = known_place(reader, reader->clients, key, NULL, "clients");
	reader->last_client = client;
	if (client < 0)
		bad_value(reader, key, NULL, "is NULL", NULL);
	therapist = known_place(reader, reader->therapists, &reader->columns[E_THERAPIST], reader->clients->keys[client].id, "therapists");
	if (therapist < 0)
		bad_value(reader, &reader->columns[E_THERAPIST], reader->clients->keys[client].id, "is NULL", NULL);
	if (rows->n_pairs == rows->pair_capacity)
	{
		rows->pair_capacity *= 2;
		if (rows->pair_capacity * 5 * (int64) sizeof(int32) > reader->memory_limit)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the plan needs more memory than its limit of " INT64_FORMAT " megabytes", reader->memory_limit >> 20),
					 errdetail("There are more than " INT64_FORMAT " pairs of a client and a therapist.", rows->n_pairs),
					 errhint("Raise memory_limit, or plan for one discipline or region at a time.")));
		rows->pair_client = repalloc_huge(rows->pair_client, sizeof(int32) * rows->pair_capacity);
		rows->pair_therapist = repalloc_huge(rows->pair_therapist, sizeof(int32) * rows->pair_capacity);
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
		if ((column->kind == COLUMN_NUMBER && column->type != NUMERICOID && column->type != INT2OID &&
			 column->type != INT4OID && column->type != INT8OID) ||
			(column->kind == COLUMN_BOOLEAN && column->type != BOOLOID))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of the query for %s must be %s", name, reader->what,
							column->kind == COLUMN_NUMBER ? "numeric or an integer" : "boolean")));
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

/* Run a query and give each row to a function. */
static void
read_rows(Reader *reader, const PlanSource *source, const char *query, const char *of_tables, void (*take) (Reader *))
{
	Oid			types[2] = {DATEOID, TEXTOID};
	bool		own = (query == NULL);
	SPIPlanPtr	plan = SPI_prepare(own ? of_tables : query, own ? 2 : 0, types);
	Portal		portal;
	MemoryContext batch;
	MemoryContext oldcontext;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (!SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query for %s must be one query that returns rows", reader->what)));
	portal = SPI_cursor_open(NULL, plan, own ? unconstify(Datum *, &source->args[0]) : NULL, own ? source->nulls : NULL, true);
	reader->take = take;
	find_columns(reader, portal->tupDesc);
	reader->row = 0;
	batch = AllocSetContextCreate(reader->rows->context, "caseload plan rows", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		oldcontext = MemoryContextSwitchTo(batch);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			reader->row++;
			reader->tuple = SPI_tuptable->vals[i];
			reader->desc = SPI_tuptable->tupdesc;
			take(reader);
			if ((i & 255) == 255)
			{
				CHECK_FOR_INTERRUPTS();
				MemoryContextReset(batch);
			}
		}
		MemoryContextSwitchTo(oldcontext);
		MemoryContextReset(batch);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	MemoryContextDelete(batch);
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
		{"therapist_id", COLUMN_ID, true}, {"move_cost", COLUMN_NUMBER, false}, {"locked", COLUMN_BOOLEAN, false}
	};
	Column		pair_columns[] = {
		{"client_id", COLUMN_ID, false}, {"service_id", COLUMN_ID, false}, {"therapist_id", COLUMN_ID, true},
		{"eligible", COLUMN_BOOLEAN, false}
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
	rows->fte = palloc(sizeof(int64) * reader.capacity);
	rows->base = palloc(sizeof(int64) * reader.capacity);
	rows->capacity = palloc(sizeof(int64) * reader.capacity);
	rows->label = palloc(sizeof(char *) * reader.capacity);
	rows->weight = palloc(sizeof(int64) * reader.capacity);
	rows->home = palloc(sizeof(int32) * reader.capacity);
	rows->cost = palloc(sizeof(int32) * reader.capacity);
	rows->locked = palloc(sizeof(bool) * reader.capacity);
	rows->pair_capacity = 1024;
	rows->pair_client = palloc(sizeof(int32) * rows->pair_capacity);
	rows->pair_therapist = palloc(sizeof(int32) * rows->pair_capacity);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	reader.what = "therapists";
	reader.columns = therapist_columns;
	reader.n_columns = lengthof(therapist_columns);
	read_rows(&reader, source, source->therapists, "SELECT * FROM caseload.plan_therapists($1, $2)", read_therapist);
	reader.what = "clients";
	reader.columns = client_columns;
	reader.n_columns = lengthof(client_columns);
	reader.capacity = 64;
	read_rows(&reader, source, source->clients, "SELECT * FROM caseload.plan_clients($1, $2)", read_client);
	reader.what = "eligible pairs";
	reader.columns = pair_columns;
	reader.n_columns = lengthof(pair_columns);
	read_rows(&reader, source, source->eligible, "SELECT * FROM caseload.plan_eligible($1, $2)", read_pair);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	MemoryContextSwitchTo(context);
	put_in_order(rows, reader.therapists, reader.clients);
	return rows;
}
