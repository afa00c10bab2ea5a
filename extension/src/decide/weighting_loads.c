/*
 * weighting_loads.c
 *		What therapists carry by a weighting, and how much they may.
 *
 * One query gives the therapists, with the facts that capacities ask for, and
 * one the rows that are weighed, with the columns that the expressions use and
 * no others; the expressions are the compiled ones of this backend.  Weights
 * are added as numeric, so that no sum depends on an order or loses a point.
 *
 * An expression that fails on a row stops nobody: the therapist's points are
 * then not known, and say so.  One that is NULL on a row, for what nobody
 * recorded, adds nothing, and is counted; where it is NULL on every row, the
 * points are not known either.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

#include "facts_rows.h"
#include "key_set.h"
#include "weighting.h"

#define ROWS_AT_ONCE	1000

/* What a therapist carries. */
typedef struct Load
{
	const Weighting *weighting; /* NULL: none is meant for this therapist */
	Numeric		points;			/* NULL: nothing yet */
	Numeric		limit;			/* NULL: none, or not known */
	int64		counted;		/* rows weighed, of which */
	int64		unknown;		/* have no weight */
	int64		failed;			/* could not be weighed */
	char	   *fault;			/* the first reason */
} Load;

/* A therapist of a client. */
typedef struct Pair
{
	int			load;			/* place in Loader.loads */
	struct Pair *next;
} Pair;

/* A call of weighting_loads(). */
typedef struct Loader
{
	MemoryContext context;
	WeightingSet *set;
	Weighting  *weightings;		/* of the name */
	int			n_weightings;
	KeySet	   *therapists;
	Load	   *loads;			/* by place in therapists */
	int			capacity;
	KeySet	   *clients;		/* on caseloads of the discipline in work */
	Pair	  **pairs;			/* by place in clients: their therapists */
	int			n_pairs;
	Datum		args[6];		/* as_of, district, therapist, discipline; districts and ids of clients */
	char		nulls[7];
	ExprContext *econtext;
	/* the rows in work, for cl_guarded(): it goes on where it stopped */
	WeightingSubject subject;
	const char *discipline;		/* of the weightings in work; NULL: any */
	int			key_column;		/* of the therapist, of clients the client */
	int			day_column;		/* of therapists */
	SPITupleTable *table;
	TupleTableSlot *slot;
	uint64		row;
	const Pair *pair;			/* of a client's row */
	Load	   *load;			/* being added to; NULL: none yet */
} Loader;

PG_FUNCTION_INFO_V1(weighting_loads);

/* ---------------------------------------------------------------- weighing --- */

static bool
same_discipline(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void
note_fault(Loader *loader, Load *load, const char *fault)
{
	load->failed++;
	if (load->fault == NULL)
		load->fault = MemoryContextStrdup(loader->context, fault);
}

/* The weight of the row in the slot; NULL when it is not known. */
static Numeric
weigh(Loader *loader, const Weight *weight)
{
	Restriction before;
	Numeric		value;
	bool		isnull;
	Datum		result;

	loader->econtext->ecxt_scantuple = loader->slot;
	cl_restrict_rights(&before);
	result = ExecEvalExprSwitchContext(weight->state, loader->econtext, &isnull);
	cl_restore_rights(&before);
	if (isnull)
		return NULL;
	value = DatumGetNumeric(result);
	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight is not a finite number")));
	return value;
}

static Numeric
copy_numeric(Loader *loader, Numeric value)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(loader->context);
	Numeric		copy = DatumGetNumericCopy(NumericGetDatum(value));

	MemoryContextSwitchTo(oldcontext);
	return copy;
}

static void
add_row(Loader *loader, Load *load, const Weight *weight)
{
	Numeric		value;

	loader->load = load;
	if (weight->state == NULL)
	{
		load->counted++;
		note_fault(loader, load, weight->fault);
		return;
	}
	value = weigh(loader, weight);
	if (value != NULL && load->points == NULL)
		load->points = copy_numeric(loader, value);
	else if (value != NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(loader->context);
		Numeric		sum = DatumGetNumeric(DirectFunctionCall2(numeric_add, NumericGetDatum(load->points),
															  NumericGetDatum(value)));

		pfree(load->points);
		load->points = sum;
		MemoryContextSwitchTo(oldcontext);
	}
	load->counted++;
	load->unknown += (value == NULL);
	ResetExprContext(loader->econtext);
}

static char *
slot_string(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* The weighting that is meant for a therapist on a day: the district's own goes first. */
static const Weighting *
find_weighting(const Loader *loader, const char *district_id, const char *discipline, DateADT day)
{
	const Weighting *found = NULL;

	for (int i = 0; i < loader->n_weightings; i++)
	{
		const Weighting *weighting = &loader->weightings[i];
		bool		own = strcmp(weighting->district_id, district_id) == 0;

		if (day < weighting->from || day >= weighting->until ||
			(weighting->discipline != NULL && (discipline == NULL || strcmp(weighting->discipline, discipline) != 0)) ||
			(!own && strcmp(weighting->district_id, "*") != 0))
			continue;
		if (own)
			return weighting;
		found = weighting;
	}
	return found;
}

/* A row of the facts of therapists: a new load, with its limit. */
static void
read_therapist(Loader *loader)
{
	const Subject *subject = loader->set->subjects[WEIGH_THERAPISTS];
	TupleTableSlot *slot = loader->slot;
	bool		isnull;
	Datum		district = slot_getattr(slot, subject->district_column, &isnull);
	Datum		therapist = slot_getattr(slot, subject->key_columns[0], &isnull);
	Datum		day = slot_getattr(slot, loader->day_column, &isnull);
	int			place = cl_keys_add(loader->therapists, district, therapist);
	Load	   *load;

	if (place >= loader->capacity)
	{
		loader->loads = repalloc_huge(loader->loads, sizeof(Load) * loader->capacity * 2);
		loader->capacity *= 2;
	}
	load = &loader->loads[place];
	memset(load, 0, sizeof(Load));
	load->weighting = find_weighting(loader, TextDatumGetCString(district),
									 slot_string(slot, subject->discipline_column), DatumGetDateADT(day));
}

/* The place of a row in a set of keys, of which the second is in this column; -1: not there. */
static int
row_place(const Loader *loader, const KeySet *set, int column)
{
	bool		isnull;
	Datum		district = slot_getattr(loader->slot, loader->set->subjects[loader->subject]->district_column, &isnull);
	Datum		id = slot_getattr(loader->slot, column, &isnull);

	return isnull ? -1 : cl_keys_place(set, district, id);
}

/* Add the row to a load where that is what the therapist's weighting counts. */
static void
weigh_for(Loader *loader, Load *load)
{
	const Weighting *weighting = load->weighting;

	if (weighting == NULL || weighting->subject != loader->subject ||
		(loader->subject != WEIGH_THERAPISTS && !same_discipline(weighting->discipline, loader->discipline)))
		return;
	add_row(loader, load, &weighting->expression);
}

/* Weigh the rows of therapists or services that are left of those in work. */
static void
weigh_rows(void *arg)
{
	Loader	   *loader = arg;

	for (; loader->row < loader->table->numvals; loader->row++)
	{
		int			place;

		CHECK_FOR_INTERRUPTS();
		loader->load = NULL;
		ExecStoreHeapTuple(loader->table->vals[loader->row], loader->slot, false);
		place = row_place(loader, loader->therapists, loader->key_column);
		if (place >= 0)
			weigh_for(loader, &loader->loads[place]);
	}
}

/* The same of clients, each for all who have them on their caseload. */
static void
weigh_clients(void *arg)
{
	Loader	   *loader = arg;

	for (; loader->row < loader->table->numvals; loader->row++)
	{
		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(loader->table->vals[loader->row], loader->slot, false);
		if (loader->pair == NULL)
		{
			int			place;

			loader->load = NULL;
			place = row_place(loader, loader->clients, loader->key_column);
			loader->pair = place >= 0 ? loader->pairs[place] : NULL;
		}
		while (loader->pair != NULL)
		{
			const Pair *pair = loader->pair;

			/* first, so that one that fails is left behind */
			loader->pair = pair->next;
			weigh_for(loader, &loader->loads[pair->load]);
		}
	}
}

/* The same of a therapist's capacity. */
static void
weigh_limits(void *arg)
{
	Loader	   *loader = arg;

	for (; loader->row < loader->table->numvals; loader->row++)
	{
		const Weight *weight;
		Load	   *load;
		Numeric		limit;

		loader->load = NULL;
		ExecStoreHeapTuple(loader->table->vals[loader->row], loader->slot, false);
		load = &loader->loads[row_place(loader, loader->therapists, loader->key_column)];
		if (load->weighting == NULL || load->weighting->capacity.source == NULL)
			continue;
		weight = &load->weighting->capacity;
		loader->load = load;
		if (weight->state == NULL)
		{
			note_fault(loader, load, weight->fault);
			continue;
		}
		limit = weigh(loader, weight);
		if (limit != NULL)
			load->limit = copy_numeric(loader, limit);
		ResetExprContext(loader->econtext);
	}
}

/* Do it, whatever expressions do: a row that fails is counted and left behind. */
static void
weigh_guarded(Loader *loader, void (*body) (void *))
{
	ErrorData  *fault;

	loader->row = 0;
	loader->pair = NULL;
	while ((fault = cl_guarded(body, loader)) != NULL)
	{
		/* it was no expression's */
		if (loader->load == NULL)
			ReThrowError(fault);
		if (body != weigh_limits)
			loader->load->counted++;
		note_fault(loader, loader->load, fault->message);
		FreeErrorData(fault);
		ResetExprContext(loader->econtext);
		/* a client may have other therapists */
		if (loader->pair == NULL)
			loader->row++;
	}
}

/* ----------------------------------------------------------------- reading --- */

/* All that any weighting of the name asks of a subject. */
static Bitmapset *
wanted_facts(const Loader *loader, WeightingSubject subject)
{
	Bitmapset  *facts = NULL;

	for (int i = 0; i < loader->n_weightings; i++)
	{
		const Weighting *weighting = &loader->weightings[i];

		if (weighting->subject == subject)
			facts = bms_add_members(facts, weighting->expression.facts);
		if (subject == WEIGH_THERAPISTS)
			facts = bms_add_members(facts, weighting->capacity.facts);
	}
	return facts;
}

static const char *const of_district_and_therapist =
" ($2 IS NULL OR f.district_id = $2) AND ($3 IS NULL OR f.therapist_id = $3)";

/*
 * The query for the rows of a subject, with the parameters in loader->args.
 * Clients are joined to their therapists here and not by it: when the tables
 * have just been filled, a planner may think that there are a few.
 */
static char *
rows_query(Loader *loader, Bitmapset *facts)
{
	const Subject *subject = loader->set->subjects[loader->subject];
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	switch (loader->subject)
	{
		case WEIGH_THERAPISTS:
			loader->key_column = subject->key_columns[0];
			loader->day_column = subject->facts->natts + 1;
			cl_append_facts(&query, subject, facts);
			appendStringInfo(&query, ", caseload._day($1, %s) FROM caseload.therapist_facts($1) AS f WHERE %s",
							 subject->zone, of_district_and_therapist);
			break;
		case WEIGH_SERVICES:
			loader->key_column = cl_find_fact(subject->facts, "therapist_id", TEXTOID);
			facts = bms_add_member(bms_copy(facts), loader->key_column - FirstLowInvalidHeapAttributeNumber);
			cl_append_facts(&query, subject, facts);
			appendStringInfo(&query, " FROM caseload.service_facts($1) AS f"
							 " WHERE f.therapist_id IS NOT NULL AND %s AND ($4 IS NULL OR f.discipline = $4)",
							 of_district_and_therapist);
			break;
		case WEIGH_CLIENTS:
			loader->key_column = subject->key_columns[0];
			cl_append_facts(&query, subject, facts);
			/* those of one therapist are looked up */
			appendStringInfoString(&query, loader->nulls[2] == 'n' ?
								   " FROM caseload.client_facts($1) AS f WHERE $2 IS NULL OR f.district_id = $2" :
								   " FROM unnest($5, $6) AS k (district_id, client_id) CROSS JOIN LATERAL"
								   " (SELECT f.* FROM caseload.client_facts($1) AS f"
								   "   WHERE f.district_id = k.district_id AND f.client_id = k.client_id OFFSET 0) AS f");
			break;
	}
	return query.data;
}

/* Run a query with the parameters in loader->args and give its rows, batch by batch, to a reader. */
static void
run_query(Loader *loader, const char *query, void (*reader) (Loader *))
{
	Oid			types[6] = {DATEOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload weighed rows", ALLOCSET_DEFAULT_SIZES);
	SPIPlanPtr	plan = SPI_prepare_cursor(query, lengthof(types), types, CURSOR_OPT_CUSTOM_PLAN);
	Portal		portal;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	portal = SPI_cursor_open(NULL, plan, loader->args, loader->nulls, true);
	while (true)
	{
		MemoryContext oldcontext;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		loader->table = SPI_tuptable;
		loader->slot = MakeSingleTupleTableSlot(loader->table->tupdesc, &TTSOpsHeapTuple);
		oldcontext = MemoryContextSwitchTo(scratch);
		reader(loader);
		MemoryContextSwitchTo(oldcontext);
		MemoryContextReset(scratch);
		ExecDropSingleTupleTableSlot(loader->slot);
		SPI_freetuptable(loader->table);
	}
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	MemoryContextDelete(scratch);
}

static void
take_therapists(Loader *loader)
{
	for (loader->row = 0; loader->row < loader->table->numvals; loader->row++)
	{
		ExecStoreHeapTuple(loader->table->vals[loader->row], loader->slot, false);
		read_therapist(loader);
	}
	weigh_guarded(loader, weigh_limits);
	weigh_guarded(loader, weigh_rows);
}

static void
take_services(Loader *loader)
{
	weigh_guarded(loader, weigh_rows);
}

static void
take_clients(Loader *loader)
{
	weigh_guarded(loader, weigh_clients);
}

/* Rows of district, client and therapist. */
static void
take_pairs(Loader *loader)
{
	TupleTableSlot *slot = loader->slot;

	for (loader->row = 0; loader->row < loader->table->numvals; loader->row++)
	{
		bool		isnull;
		Datum		district;
		Pair	   *pair;
		int			load;
		int			place;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(loader->table->vals[loader->row], slot, false);
		district = slot_getattr(slot, 1, &isnull);
		load = cl_keys_place(loader->therapists, district, slot_getattr(slot, 3, &isnull));
		if (load < 0)
			continue;
		place = cl_keys_add(loader->clients, district, slot_getattr(slot, 2, &isnull));
		if (place >= loader->n_pairs)
		{
			loader->pairs = repalloc_huge(loader->pairs, sizeof(Pair *) * loader->n_pairs * 2);
			memset(loader->pairs + loader->n_pairs, 0, sizeof(Pair *) * loader->n_pairs);
			loader->n_pairs *= 2;
		}
		pair = loader->pairs[place];
		while (pair != NULL && pair->load != load)
			pair = pair->next;
		/* once, whatever the services */
		if (pair != NULL)
			continue;
		pair = MemoryContextAlloc(loader->context, sizeof(Pair));
		pair->load = load;
		pair->next = loader->pairs[place];
		loader->pairs[place] = pair;
	}
}

/* Who has whom on the caseload: by a service of tier 3. */
static void
read_pairs(Loader *loader)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(loader->context);

	loader->clients = cl_keys_new();
	loader->n_pairs = 1024;
	loader->pairs = palloc0(sizeof(Pair *) * loader->n_pairs);
	MemoryContextSwitchTo(oldcontext);
	run_query(loader,
			  "SELECT f.district_id, f.client_id, f.therapist_id FROM caseload._services_due($1, 0) AS f"
			  " WHERE f.therapist_id IS NOT NULL AND f.tier = 3 AND ($2 IS NULL OR f.district_id = $2)"
			  "   AND ($3 IS NULL OR f.therapist_id = $3) AND ($4 IS NULL OR f.discipline = $4)", take_pairs);
	loader->nulls[4] = loader->nulls[5] = ' ';
	loader->args[4] = cl_keys_districts(loader->clients);
	loader->args[5] = cl_keys_ids(loader->clients);
}

/* Read the rows of a subject and weigh them. */
static void
read_rows(Loader *loader, WeightingSubject subject, const char *discipline)
{
	static void (*const readers[WEIGHTING_SUBJECTS]) (Loader *) = {
		[WEIGH_THERAPISTS] = take_therapists,
		[WEIGH_SERVICES] = take_services,
		[WEIGH_CLIENTS] = take_clients
	};

	loader->subject = subject;
	loader->discipline = discipline;
	loader->nulls[3] = discipline ? ' ' : 'n';
	loader->args[3] = discipline ? CStringGetTextDatum(discipline) : (Datum) 0;
	if (subject == WEIGH_CLIENTS)
		read_pairs(loader);
	run_query(loader, rows_query(loader, wanted_facts(loader, subject)), readers[subject]);
}

/* One pass over a subject for each discipline that weightings restrict it to. */
static void
read_subject(Loader *loader, WeightingSubject subject)
{
	List	   *done = NIL;
	bool		any_done = false;

	for (int i = 0; i < loader->therapists->count; i++)
	{
		const Weighting *weighting = loader->loads[i].weighting;
		bool		seen;
		ListCell   *cell;

		if (weighting == NULL || weighting->subject != subject)
			continue;
		seen = weighting->discipline == NULL && any_done;
		foreach(cell, done)
			seen |= same_discipline(weighting->discipline, lfirst(cell));
		if (seen)
			continue;
		read_rows(loader, subject, weighting->discipline);
		if (weighting->discipline == NULL)
			any_done = true;
		else
			done = lappend(done, weighting->discipline);
	}
}

static Datum
rounded(Numeric value, int decimals)
{
	if (value == NULL)
		return DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	if (decimals < 0)
		return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value));
	return DirectFunctionCall2(numeric_round, NumericGetDatum(value), Int32GetDatum(decimals));
}

/* Weigh what weightings of a name are meant for, and give the rows. */
static void
load_all(FunctionCallInfo fcinfo, WeightingSet *set, const char *name)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Loader		loader = {0};

	loader.set = set;
	loader.weightings = cl_weightings_named(set, name, &loader.n_weightings);
	if (loader.weightings == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown weighting \"%s\"", name),
				 errhint("SELECT weighting_name, description FROM caseload.weighting lists them.")));

	loader.context = CurrentMemoryContext;
	loader.therapists = cl_keys_new();
	loader.capacity = 64;
	loader.loads = palloc(sizeof(Load) * loader.capacity);
	loader.econtext = CreateStandaloneExprContext();
	memset(loader.nulls, 'n', sizeof(loader.nulls));
	for (int i = 0; i < 3; i++)
	{
		loader.nulls[i] = PG_ARGISNULL(i + 1) ? 'n' : ' ';
		loader.args[i] = PG_ARGISNULL(i + 1) ? (Datum) 0 : PG_GETARG_DATUM(i + 1);
	}
	/* the weightings were read with the owner's rights, the facts are with the caller's */
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	read_rows(&loader, WEIGH_THERAPISTS, NULL);
	read_subject(&loader, WEIGH_SERVICES);
	read_subject(&loader, WEIGH_CLIENTS);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	FreeExprContext(loader.econtext, true);

	for (int i = 0; i < loader.therapists->count; i++)
	{
		const Load *load = &loader.loads[i];
		Datum		values[10];
		bool		nulls[10] = {false};

		if (load->weighting == NULL)
			continue;
		values[0] = CStringGetTextDatum(loader.therapists->keys[i].district_id);
		values[1] = CStringGetTextDatum(loader.therapists->keys[i].id);
		nulls[2] = load->failed > 0 || (load->unknown > 0 && load->unknown == load->counted);
		values[2] = nulls[2] ? (Datum) 0 : rounded(load->points, load->weighting->decimals);
		nulls[3] = (load->limit == NULL);
		values[3] = nulls[3] ? (Datum) 0 : rounded(load->limit, load->weighting->decimals);
		values[4] = Int64GetDatum(load->counted);
		values[5] = Int64GetDatum(load->unknown);
		values[6] = Int64GetDatum(load->failed);
		nulls[7] = (load->fault == NULL);
		values[7] = nulls[7] ? (Datum) 0 : CStringGetTextDatum(load->fault);
		values[8] = CStringGetTextDatum(load->weighting->district_id);
		values[9] = Int32GetDatum(load->weighting->version);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/*
 * weighting_loads(weighting, as_of, in_district, in_therapist) -> setof
 * (district_id, therapist_id, points, points_limit, counted, unknown, failed,
 * fault, weighting_district, weighting_version), with the rights of the
 * caller.  One row for each employed therapist for whom the weighting is
 * meant.  Points are NULL when a row could not be weighed, or when none of
 * them has a weight; the limit is NULL when there is none or it is not known.
 * 22023 for a name that there is not.
 */
Datum
weighting_loads(PG_FUNCTION_ARGS)
{
	char	   *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("weighting must not be NULL")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1) && DATE_NOT_FINITE(PG_GETARG_DATEADT(1)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of date must be finite")));
	InitMaterializedSRF(fcinfo, 0);
	load_all(fcinfo, cl_weightings(), name);
	return (Datum) 0;
}
