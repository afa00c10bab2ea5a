/*
 * facts_rows.c
 *		Rows of facts that a query gives, judged one by one.
 *
 * Services, therapists, sites and the subjects of owners are few compared
 * with clients and change seldom, so their facts are SQL, read in batches
 * through a cursor; so are those of clients where somebody looks with his own
 * rights (findings).  Only columns that a rule asks for are computed.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "client_facts.h"
#include "facts_rows.h"
#include "query.h"

#define ROWS_AT_ONCE	1000

static bool
is_key(const Subject *subject, int column)
{
	if (column == subject->district_column || column == subject->client_column ||
		column == subject->episode_column || column == subject->level_column || column == subject->discipline_column)
		return true;
	for (int i = 0; i < subject->keys; i++)
	{
		if (subject->key_columns[i] == column)
			return true;
	}
	return false;
}

/*
 * The columns of a row f of a subject's facts, in their places: those that
 * name it and those wanted (numbered as by pull_varattnos()); others NULL.
 */
void
cl_append_facts(StringInfo query, const Subject *subject, const Bitmapset *wanted)
{
	for (int i = 0; i < subject->facts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(subject->facts, i);

		if (i > 0)
			appendStringInfoString(query, ", ");
		if (column->attisdropped)
			appendStringInfoString(query, "NULL::boolean");
		else if (is_key(subject, i + 1) || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, wanted))
			appendStringInfo(query, "f.%s", quote_identifier(NameStr(column->attname)));
		else
			appendStringInfo(query, "NULL::%s AS %s", format_type_be_qualified(column->atttypid),
							 quote_identifier(NameStr(column->attname)));
	}
}

/*
 * The query for the facts of a subject: columns that no rule asks for are
 * NULL.  $1 is as_of, $2 a district (NULL: all), or with "keyed" the arrays
 * $2 and $3 are the districts and keys of the rows wanted.
 */
static char *
facts_query(RuleSet *rules, bool keyed)
{
	const Subject *subject = rules->subject;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, keyed ? "SELECT f.* FROM unnest($2, $3) AS k (district_id, key) CROSS JOIN LATERAL (SELECT " : "SELECT ");
	cl_append_facts(&query, subject, rules->facts);
	appendStringInfo(&query, ", caseload._day($1, %s) FROM %s AS f WHERE ",
					 subject->zone ? subject->zone : "NULL", subject->source);
	if (!keyed)
		appendStringInfoString(&query, "($2::text IS NULL OR f.district_id = $2)");
	else
		appendStringInfo(&query, "f.district_id = k.district_id AND f.%s = k.key OFFSET 0) AS f",
						 quote_identifier(NameStr(TupleDescAttr(subject->facts, subject->key_columns[0] - 1)->attname)));
	return query.data;
}

static char *
column_string(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);
	Oid			output;
	bool		is_varlena;

	if (isnull)
		return NULL;
	getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor, column - 1)->atttypid, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* The key of a row as one text: that of its column, or an array of several. */
static char *
row_key(const Subject *subject, TupleTableSlot *slot)
{
	Datum	   *keys;

	if (subject->keys == 1)
		return column_string(slot, subject->key_columns[0]);
	keys = palloc(sizeof(Datum) * subject->keys);
	for (int i = 0; i < subject->keys; i++)
	{
		char	   *key = column_string(slot, subject->key_columns[i]);

		keys[i] = CStringGetTextDatum(key ? key : "");
	}
	return OidOutputFunctionCall(F_ARRAY_OUT,
								 PointerGetDatum(construct_array(keys, subject->keys, TEXTOID, -1, false, TYPALIGN_INT)));
}

static const char *
row_level(void *arg)
{
	FactsRow   *row = arg;
	int			column = row->rules->subject->level_column;

	return column == 0 ? NULL : column_string(row->slot, column);
}

/* Of a row: its own discipline; of a client: a service of it is due. */
static bool
row_treated(void *arg, const char *discipline)
{
	static CachedQuery treated_query = {
		"SELECT FROM caseload.service s WHERE s.district_id = $1 AND s.client_id = $2"
		"   AND s.period @> $3 AND s.discipline = $4 LIMIT 1",
		4, {"text", "text", "date", "text"}
	};
	FactsRow   *row = arg;
	int			column = row->rules->subject->discipline_column;
	Datum		args[4];

	if (column != 0)
	{
		char	   *own = column_string(row->slot, column);

		return own != NULL && strcmp(own, discipline) == 0;
	}
	if (row->subject.client_id == NULL)
		return false;
	args[0] = CStringGetTextDatum(row->subject.district_id);
	args[1] = CStringGetTextDatum(row->subject.client_id);
	args[2] = DateADTGetDatum(row->scope.day);
	args[3] = CStringGetTextDatum(discipline);
	return cl_read(&treated_query, args, NULL) > 0;
}

/* The row's own answers to what a rule's scope asks. */
void
cl_row_scope(FactsRow *row)
{
	row->scope.district_id = row->subject.district_id;
	row->scope.level = row_level;
	row->scope.treated = row_treated;
	row->scope.arg = row;
}

/*
 * Judge a row, whose last column is the day, and give it to the reader.
 */
static void
judge_row(FactsRow *row, RowReader reader, void *arg)
{
	const Subject *subject = row->rules->subject;
	TupleTableSlot *slot = row->slot;
	bool		isnull;

	row->subject.district_id = column_string(slot, subject->district_column);
	row->subject.key = row_key(subject, slot);
	if (row->subject.district_id == NULL || row->subject.key == NULL)
		return;
	row->subject.client_id = subject->client_column ? column_string(slot, subject->client_column) : NULL;
	row->subject.episode = subject->episode_column ?
		DatumGetInt32(slot_getattr(slot, subject->episode_column, &isnull)) : 0;
	row->scope.day = DatumGetDateADT(slot_getattr(slot, slot->tts_tupleDescriptor->natts, &isnull));
	cl_row_scope(row);
	if (row->program == NULL || strcmp(row->program->district_id, row->subject.district_id) != 0)
		row->program = cl_rule_program(row->rules, row->subject.district_id);

	cl_judge_guarded(row->program, slot, false);
	if (row->program->count > row->program->early)
	{
		slot_getallattrs(slot);
		/* a warning counts while its reason lasts */
		if (!cl_any_warning(row->program, &row->scope))
			slot->tts_isnull[CF_DAYS_PAST_WARNING] = true;
		cl_judge_guarded(row->program, slot, true);
	}
	reader(row, arg);
}

static void
free_plan(void *plan)
{
	(void) SPI_freeplan(plan);
}

/*
 * A plan for a few keys costs more to make than to run, so it is kept with
 * the rules, once tables have statistics for it; others are planned for
 * their arguments.
 */
static SPIPlanPtr
rows_plan(RuleSet *rules, const KeySet *set, bool *kept)
{
	Oid			types[3] = {DATEOID, set ? TEXTARRAYOID : TEXTOID, TEXTARRAYOID};
	SPIPlanPtr	plan;

	*kept = (set != NULL && !cl_want_statistics(set->count));
	if (*kept && rules->keyed_plan != NULL)
		return rules->keyed_plan;
	plan = SPI_prepare_cursor(facts_query(rules, set != NULL), set ? 3 : 2, types,
							  *kept ? CURSOR_OPT_GENERIC_PLAN : CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	if (*kept)
	{
		MemoryContextCallback *callback = MemoryContextAlloc(rules->context, sizeof(MemoryContextCallback));

		if (SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_keepplan failed");
		callback->func = free_plan;
		callback->arg = plan;
		MemoryContextRegisterResetCallback(rules->context, callback);
		rules->keyed_plan = plan;
	}
	return plan;
}

/*
 * Read and judge the facts of a subject: all of a district (NULL: of all), or
 * those of the keys of a set.  Runs on the active snapshot, with the rights
 * of the current user, and expects SPI to be connected.
 */
void
cl_read_rows(RuleSet *rules, const DateADT *as_of, const char *district_id, const KeySet *set,
			 RowReader reader, void *arg)
{
	Datum		values[3] = {0, 0, 0};
	char		nulls[4] = "   ";
	FactsRow	row = {0};
	bool		kept;
	SPIPlanPtr	plan;
	Portal		portal;
	MemoryContext scratch;

	if (as_of != NULL)
		values[0] = DateADTGetDatum(*as_of);
	else
		nulls[0] = 'n';
	if (set != NULL)
	{
		values[1] = cl_keys_districts(set);
		values[2] = cl_keys_ids(set);
	}
	else if (district_id != NULL)
		values[1] = CStringGetTextDatum(district_id);
	else
		nulls[1] = 'n';

	plan = rows_plan(rules, set, &kept);
	portal = SPI_cursor_open(NULL, plan, values, nulls, true);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload row", ALLOCSET_DEFAULT_SIZES);
	row.rules = rules;
	while (true)
	{
		SPITupleTable *table;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		table = SPI_tuptable;
		row.slot = MakeSingleTupleTableSlot(table->tupdesc, &TTSOpsHeapTuple);
		for (uint64 i = 0; i < table->numvals; i++)
		{
			MemoryContext oldcontext = MemoryContextSwitchTo(scratch);

			CHECK_FOR_INTERRUPTS();
			ExecStoreHeapTuple(table->vals[i], row.slot, false);
			judge_row(&row, reader, arg);
			MemoryContextSwitchTo(oldcontext);
			MemoryContextReset(scratch);
		}
		ExecDropSingleTupleTableSlot(row.slot);
		SPI_freetuptable(table);
	}
	SPI_cursor_close(portal);
	if (!kept)
		SPI_freeplan(plan);
	MemoryContextDelete(scratch);
}

