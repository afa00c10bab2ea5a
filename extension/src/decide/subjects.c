/*
 * subjects.c
 *		Rules over rows of facts that a query gives.
 *
 * Services, therapists, sites and the subjects of owners are few compared
 * with clients and change seldom, so their facts are SQL, read in batches
 * through a cursor; so are those of clients where somebody looks with his own
 * rights (findings).  Only columns that a rule asks for are computed.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "client_facts.h"
#include "flag.h"
#include "query.h"
#include "transition.h"

#define ROWS_AT_ONCE	1000

/* A row of facts with what names it, for the reader of rows. */
typedef struct FactsRow
{
	RuleSet    *rules;
	RuleProgram *program;
	FlagSubject subject;
	RuleScope	scope;
	TupleTableSlot *slot;
} FactsRow;

typedef void (*RowReader) (FactsRow *row, void *arg);

static CachedQuery standing_query = {
	"SELECT f.district_id, f.subject_key, f.flag_id, f.episode, f.rule_district, f.rule_name,"
	"       f.state IN ('dismissed', 'closed') OR f.snoozed_until IS NOT NULL"
	"  FROM caseload.flag f"
	" WHERE f.subject = $1 AND f.cleared_on IS NULL AND ($2 IS NULL OR f.district_id = $2)",
	2, {"text", "text"}
};

static CachedQuery standing_of_query = {
	"SELECT x.*"
	"  FROM unnest($2, $3) AS k (district_id, subject_key)"
	" CROSS JOIN LATERAL ("
	"   SELECT f.district_id, f.subject_key, f.flag_id, f.episode, f.rule_district, f.rule_name,"
	"          f.state IN ('dismissed', 'closed') OR f.snoozed_until IS NOT NULL"
	"     FROM caseload.flag f"
	"    WHERE f.district_id = k.district_id AND f.subject_key = k.subject_key AND f.subject = $1"
	"      AND f.cleared_on IS NULL OFFSET 0) AS x",
	3, {"text", "text[]", "text[]"}
};

static CachedQuery subjects_query = {
	"SELECT DISTINCT subject FROM caseload.rule ORDER BY 1", 0, {NULL}
};

static CachedQuery auto_close_query = {
	"SELECT caseload._auto_close($1)", 1, {"text"}
};

PG_FUNCTION_INFO_V1(evaluate);
PG_FUNCTION_INFO_V1(findings);
PG_FUNCTION_INFO_V1(rule_counts);
PG_FUNCTION_INFO_V1(flags_after_change);

/* -------------------------------------------------------- rows of facts --- */

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
 * The query for the facts of a subject: columns that no rule asks for are
 * NULL.  $1 is as_of, $2 a district (NULL: all), or with "keyed" the arrays
 * $2 and $3 are the districts and keys of the rows wanted.
 */
static char *
facts_query(RuleSet *rules, bool keyed)
{
	const Subject *subject = rules->subject;
	Bitmapset  *facts = rules->facts;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, keyed ? "SELECT f.* FROM unnest($2, $3) AS k (district_id, key) CROSS JOIN LATERAL (SELECT " : "SELECT ");
	for (int i = 0; i < subject->facts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(subject->facts, i);

		if (column->attisdropped)
			appendStringInfoString(&query, "NULL::boolean, ");
		else if (is_key(subject, i + 1) || bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, facts))
			appendStringInfo(&query, "f.%s, ", quote_identifier(NameStr(column->attname)));
		else
			appendStringInfo(&query, "NULL::%s AS %s, ", format_type_be_qualified(column->atttypid),
							 quote_identifier(NameStr(column->attname)));
	}
	appendStringInfo(&query, "caseload._day($1, %s) FROM %s AS f WHERE ",
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
	row->scope.district_id = row->subject.district_id;
	row->scope.level = row_level;
	row->scope.treated = row_treated;
	row->scope.arg = row;
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

/*
 * Read and judge the facts of a subject: all of a district (NULL: of all), or
 * those of the keys of a set.  Runs on the active snapshot, with the rights
 * of the current user, and expects SPI to be connected.
 */
static void
read_rows(RuleSet *rules, const DateADT *as_of, const char *district_id, const KeySet *set,
		  RowReader reader, void *arg)
{
	Oid			types[3] = {DATEOID, set ? TEXTARRAYOID : TEXTOID, TEXTARRAYOID};
	Datum		values[3] = {0, 0, 0};
	char		nulls[4] = "   ";
	FactsRow	row = {0};
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

	plan = SPI_prepare_cursor(facts_query(rules, set != NULL), set ? 3 : 2, types, CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
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
	SPI_freeplan(plan);
	MemoryContextDelete(scratch);
}

/* ----------------------------------------------------------- keeping flags --- */

/* Flags that stand, by the key of their subject. */
typedef struct FlagReader
{
	FlagChanges *changes;
	KeySet	   *flagged;
	StandingFlag **standing;
	bool	   *seen;
	DateADT		day;			/* for those who are no more */
	KeySet	   *differing;		/* NULL: not wanted */
} FlagReader;

/* From the last result, in the current memory context. */
static void
take_standing(FlagReader *reader, MemoryContext context)
{
	uint64		rows = SPI_processed;
	MemoryContext oldcontext = MemoryContextSwitchTo(context);

	reader->flagged = cl_keys_new();
	reader->standing = palloc_extended(sizeof(StandingFlag *) * Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	reader->seen = palloc_extended(Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 row = 0; row < rows; row++)
	{
		StandingFlag *flag = palloc0(sizeof(StandingFlag));
		bool		isnull;
		Datum		district = cl_result(row, 1, &isnull);
		int			place = cl_keys_add(reader->flagged, district, cl_result(row, 2, &isnull));

		flag->flag_id = TextDatumGetCString(cl_result(row, 3, &isnull));
		flag->episode = DatumGetInt32(cl_result(row, 4, &isnull));
		flag->rule_district = TextDatumGetCString(cl_result(row, 5, &isnull));
		flag->rule_name = TextDatumGetCString(cl_result(row, 6, &isnull));
		flag->answered = DatumGetBool(cl_result(row, 7, &isnull));
		flag->next = reader->standing[place];
		reader->standing[place] = flag;
	}
	MemoryContextSwitchTo(oldcontext);
	SPI_freetuptable(SPI_tuptable);
}

static void
compare_row(FactsRow *row, void *arg)
{
	FlagReader *reader = arg;
	Datum		district = CStringGetTextDatum(row->subject.district_id);
	Datum		key = CStringGetTextDatum(row->subject.key);
	StandingFlag *standing = NULL;
	int			place = cl_keys_place(reader->flagged, district, key);

	if (place >= 0)
	{
		reader->seen[place] = true;
		standing = reader->standing[place];
	}
	if (cl_compare_flags(reader->changes, row->program, &row->scope, &row->subject, standing) &&
		reader->differing != NULL)
		(void) cl_keys_add(reader->differing, district, key);
}

/* The same for a reader that wants some rows only. */
typedef struct RowFilter
{
	FlagReader *reader;
	KeySet	   *wanted;
} RowFilter;

static void
compare_wanted_row(FactsRow *row, void *arg)
{
	RowFilter  *filter = arg;

	if (cl_keys_place(filter->wanted, CStringGetTextDatum(row->subject.district_id),
					  CStringGetTextDatum(row->subject.key)) >= 0)
		compare_row(row, filter->reader);
}

/* Flags of subjects that have no facts any more. */
static void
compare_gone(FlagReader *reader)
{
	for (int i = 0; i < reader->flagged->count; i++)
	{
		const SubjectKey *key = &reader->flagged->keys[i];
		FlagSubject subject = {key->district_id, key->id, NULL, 0};

		if (reader->seen[i])
			continue;
		if (reader->differing != NULL)
			(void) cl_keys_add(reader->differing, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));
		else
			cl_clear_flags(reader->changes, &subject, reader->standing[i], reader->day);
	}
}

/*
 * Judge these subjects again, under their locks, and write what changes.  The
 * set is sorted.
 */
static void
sync_subject(RuleSet *rules, const KeySet *set, const DateADT *as_of, FlagCounts *counts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload flags", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	FlagReader	reader = {0};
	OwnerScope	scope;
	Datum		args[3];
	bool		by_key = (rules->subject->keys == 1 && !rules->subject->registered);

	reader.changes = cl_changes_new(true);
	reader.day = as_of ? *as_of : GetSQLCurrentDate();
	cl_keys_lock(set, CL_LOCK_SUBJECTS);
	cl_enter(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	args[0] = CStringGetTextDatum(rules->subject->name);
	args[1] = cl_keys_districts(set);
	args[2] = cl_keys_ids(set);
	(void) cl_read(&standing_of_query, args, NULL);
	take_standing(&reader, context);
	if (by_key)
		read_rows(rules, as_of, NULL, set, compare_row, &reader);
	else
	{
		/* a relation of others need not have an index: read it whole */
		RowFilter	filter = {&reader, cl_keys_copy(set)};

		read_rows(rules, as_of, NULL, NULL, compare_wanted_row, &filter);
	}
	compare_gone(&reader);
	PopActiveSnapshot();
	cl_leave(&scope);
	cl_changes_write(reader.changes, counts);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* After a statement: the subjects whose keys it touched (not sorted). */
void
cl_sync_subject(const char *subject, KeySet *set)
{
	RuleSet    *rules;

	if (set->count == 0)
		return;
	rules = cl_rules(subject);
	if (rules->count == 0)
		return;
	(void) cl_keys_sort(set);
	sync_subject(rules, set, NULL, NULL);
}

/*
 * Statement trigger; arguments: pairs of a subject and the column with its
 * key.  Judges what a statement touched.
 */
Datum
flags_after_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "flags_after_change", -1);

	for (int i = 0; i + 1 < trigdata->tg_trigger->tgnargs; i += 2)
	{
		KeySet	   *set = cl_keys_new();

		cl_read_keys(trigdata, trigdata->tg_oldtable, trigdata->tg_trigger->tgargs[i + 1], set);
		cl_read_keys(trigdata, trigdata->tg_newtable, trigdata->tg_trigger->tgargs[i + 1], set);
		cl_sync_subject(trigdata->tg_trigger->tgargs[i], set);
	}
	return PointerGetDatum(NULL);
}

/* All flags of a subject that is not the client; see cl_evaluate_clients(). */
static void
evaluate_subject(const char *subject, const char *district_id, const DateADT *as_of, FlagCounts *counts)
{
	RuleSet    *rules = cl_rules(subject);
	FlagReader	reader = {0};
	FlagCounts	corrected = {0};
	OwnerScope	scope;
	MemoryContext context = CurrentMemoryContext;
	Datum		args[2];

	/* the rows of a relation of others are those of today, whatever date is asked for */
	if (rules->subject->registered && as_of != NULL && *as_of != GetSQLCurrentDate())
		return;
	reader.changes = cl_changes_new(false);
	reader.differing = cl_keys_new();
	cl_enter_planned(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	args[0] = CStringGetTextDatum(subject);
	args[1] = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;
	(void) cl_read(&standing_query, args, district_id ? NULL : " n");
	take_standing(&reader, context);
	read_rows(rules, as_of, district_id, NULL, compare_row, &reader);
	compare_gone(&reader);
	PopActiveSnapshot();
	cl_leave(&scope);

	(void) cl_keys_sort(reader.differing);
	if (reader.differing->count > 0)
		sync_subject(rules, reader.differing, as_of, &corrected);
	cl_changes_write(reader.changes, counts);
	counts->raised += corrected.raised;
	counts->resolved += corrected.resolved;
	counts->unchanged += corrected.unchanged;
	counts->errors += corrected.errors;
}

/* ----------------------------------------------------------------- in SQL --- */

/* A date argument, or NULL for none; 22008 for an infinite one. */
static const DateADT *
as_of_arg(FunctionCallInfo fcinfo, int argument, DateADT *as_of)
{
	if (PG_ARGISNULL(argument))
		return NULL;
	*as_of = PG_GETARG_DATEADT(argument);
	if (DATE_NOT_FINITE(*as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of date must be finite")));
	return as_of;
}

/* The subjects that there are rules for. */
static List *
subjects_with_rules(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *subjects = NIL;
	OwnerScope	scope;
	uint64		rows;

	cl_enter(&scope);
	rows = cl_run(&subjects_query, NULL, NULL);
	for (uint64 row = 0; row < rows; row++)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(context);
		bool		isnull;

		subjects = lappend(subjects, TextDatumGetCString(cl_result(row, 1, &isnull)));
		MemoryContextSwitchTo(oldcontext);
	}
	cl_leave(&scope);
	return subjects;
}

/*
 * evaluate(as_of, district_id) -> raised, resolved, unchanged, errors: all
 * flags of a district (NULL: of all) as of a date (NULL: of today).
 */
Datum
evaluate(PG_FUNCTION_ARGS)
{
	DateADT		day;
	const DateADT *as_of = as_of_arg(fcinfo, 0, &day);
	char	   *district_id = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	FlagCounts	counts = {0};
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		isnull[4] = {false};
	ListCell   *cell;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	/* also without rules: flags of those that were deleted stand */
	cl_evaluate_clients(district_id, as_of, &counts);
	foreach(cell, subjects_with_rules())
	{
		if (strcmp(lfirst(cell), "client") != 0)
			evaluate_subject(lfirst(cell), district_id, as_of, &counts);
	}
	/* what is due is due today: no date of the past closes anything */
	if (as_of == NULL)
	{
		OwnerScope	scope;
		Datum		district = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;

		cl_enter(&scope);
		(void) cl_run(&auto_close_query, &district, district_id ? NULL : "n");
		cl_leave(&scope);
	}
	values[0] = Int64GetDatum(counts.raised);
	values[1] = Int64GetDatum(counts.resolved);
	values[2] = Int64GetDatum(counts.unchanged);
	values[3] = Int64GetDatum(counts.errors);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, isnull)));
}

static void
return_row(FactsRow *row, void *arg)
{
	ReturnSetInfo *rsinfo = arg;

	for (int i = 0; i < row->program->count; i++)
	{
		const Rule *rule = row->program->rules[i];
		Datum		values[10];
		bool		isnull[10] = {false};

		if (row->program->verdicts[i] == RULE_SILENT || !cl_rule_speaks(row->program, i, &row->scope))
			continue;
		values[0] = CStringGetTextDatum(row->subject.district_id);
		values[1] = CStringGetTextDatum(row->rules->subject->name);
		values[2] = CStringGetTextDatum(row->subject.key);
		isnull[3] = (row->subject.client_id == NULL);
		values[3] = isnull[3] ? (Datum) 0 : CStringGetTextDatum(row->subject.client_id);
		values[4] = Int32GetDatum(row->subject.episode);
		values[5] = CStringGetTextDatum(rule->district_id);
		values[6] = CStringGetTextDatum(rule->rule_name);
		values[7] = Int32GetDatum(rule->version);
		values[8] = DateADTGetDatum(row->scope.day);
		values[9] = BoolGetDatum(row->program->verdicts[i] == RULE_FAILS);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
}

/*
 * findings(as_of, in_district) -> setof (district_id, subject, subject_key,
 * client_id, episode, rule_district, rule_name, rule_version, as_of, failed),
 * with the rights of the caller.
 */
Datum
findings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DateADT		day;
	const DateADT *as_of = as_of_arg(fcinfo, 0, &day);
	char	   *district_id = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, subjects_with_rules())
	{
		/* the rules are the backend's, and read with the owner's rights ... */
		RuleSet    *rules = cl_rules(lfirst(cell));

		if (rules->subject->registered && as_of != NULL && *as_of != GetSQLCurrentDate())
			continue;
		/* ... and the facts, which the caller must be allowed to read, with his */
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		read_rows(rules, as_of, district_id, NULL, return_row, rsinfo);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
	}
	return (Datum) 0;
}

/* -------------------------------------------------------------- counting --- */

/* What a rule says of all rows; by place in RuleSet.rules. */
typedef struct RuleCount
{
	int64		holds;
	int64		silent;
	int64		failed;
} RuleCount;

typedef struct RuleCounter
{
	RuleSet    *rules;
	RuleCount  *counts;
} RuleCounter;

static void
count_row(FactsRow *row, void *arg)
{
	RuleCounter *counter = arg;
	RuleProgram *program = row->program;

	for (int i = 0; i < program->count; i++)
	{
		RuleCount  *count = &counter->counts[program->rules[i] - counter->rules->rules];
		Verdict		verdict = program->verdicts[i];

		if (verdict != RULE_SILENT && !cl_rule_speaks(program, i, &row->scope))
			verdict = RULE_SILENT;
		count->holds += (verdict == RULE_HOLDS);
		count->silent += (verdict == RULE_SILENT);
		count->failed += (verdict == RULE_FAILS);
	}
}

/* A scan of a table as cl_guarded() wants it: it goes on where it stopped. */
typedef struct TableCounter
{
	RuleCounter counter;
	FactsRow	row;
	TableScanDesc scan;
	ResourceOwner owner;
	int			district_column;
	bool		have_row;
	char	   *district_id;	/* only this one */
	StringInfoData district;	/* of the row */
} TableCounter;

static void
count_table(void *arg)
{
	TableCounter *table = arg;
	FactsRow   *row = &table->row;
	ResourceOwner guarded = CurrentResourceOwner;

	while (true)
	{
		text	   *district;
		size_t		length;
		bool		isnull;

		/* the scan's page is the caller's, not the subtransaction's */
		CurrentResourceOwner = table->owner;
		table->have_row = table_scan_getnextslot(table->scan, ForwardScanDirection, row->slot);
		CurrentResourceOwner = guarded;
		if (!table->have_row)
			break;
		CHECK_FOR_INTERRUPTS();
		district = DatumGetTextPP(slot_getattr(row->slot, table->district_column, &isnull));
		if (isnull)
			continue;
		length = VARSIZE_ANY_EXHDR(district);
		if (row->program == NULL || (size_t) table->district.len != length ||
			memcmp(table->district.data, VARDATA_ANY(district), length) != 0)
		{
			resetStringInfo(&table->district);
			appendBinaryStringInfo(&table->district, VARDATA_ANY(district), (int) length);
			row->subject.district_id = table->district.data;
			row->scope.district_id = row->subject.district_id;
			row->program = cl_rule_program(row->rules, row->subject.district_id);
		}
		if (table->district_id != NULL && strcmp(table->district_id, row->subject.district_id) != 0)
			continue;
		cl_judge(row->program, row->slot, false);
		count_row(row, &table->counter);
	}
}

/*
 * Count over a table of the caller's own without a query: nothing is faster
 * than looking at every row once.
 */
static void
count_by_scan(RuleSet *rules, RuleCount *counts, char *district_id, Relation rel)
{
	TableCounter table = {0};
	bool		can_fail = false;

	table.counter.rules = rules;
	table.counter.counts = counts;
	table.row.rules = rules;
	table.row.slot = table_slot_create(rel, NULL);
	table.row.scope.day = GetSQLCurrentDate();
	table.row.scope.level = row_level;
	table.row.scope.treated = row_treated;
	table.row.scope.arg = &table.row;
	table.scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	table.owner = CurrentResourceOwner;
	table.district_column = rules->subject->district_column;
	table.district_id = district_id;
	initStringInfo(&table.district);
	for (int i = 0; i < rules->count; i++)
		can_fail = can_fail || rules->rules[i].condition == NULL || cl_can_fail(rules->rules[i].condition);
	if (!can_fail)
		count_table(&table);
	else
	{
		do
		{
			ErrorData  *fault = cl_guarded(count_table, &table);

			if (fault != NULL)
			{
				FreeErrorData(fault);
				/* the row that failed, rule by rule */
				cl_judge_each(table.row.program, table.row.slot, false);
				count_row(&table.row, &table.counter);
			}
		} while (table.have_row);
	}
	table_endscan(table.scan);
	ExecDropSingleTupleTableSlot(table.row.slot);
}

/*
 * rule_counts(subject, as_of, in_district) -> setof (rule_district,
 * rule_name, holds, silent, failed), with the rights of the caller.
 */
Datum
rule_counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DateADT		day;
	const DateADT *as_of = as_of_arg(fcinfo, 1, &day);
	char	   *district_id = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	RuleSet    *rules;
	RuleCount  *counts;
	Relation	rel = NULL;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("subject must not be NULL")));
	InitMaterializedSRF(fcinfo, 0);
	rules = cl_rules(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	counts = palloc0(sizeof(RuleCount) * Max(rules->count, 1));
	if (rules->subject->registered)
	{
		rel = table_open(rules->subject->facts_relid, AccessShareLock);
		if (rel->rd_rel->relkind != RELKIND_RELATION ||
			pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
			check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED)
		{
			table_close(rel, AccessShareLock);
			rel = NULL;
		}
	}
	if (rel != NULL)
	{
		count_by_scan(rules, counts, district_id, rel);
		table_close(rel, AccessShareLock);
	}
	else
	{
		RuleCounter counter = {rules, counts};

		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		read_rows(rules, as_of, district_id, NULL, count_row, &counter);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
	}
	for (int i = 0; i < rules->count; i++)
	{
		Datum		values[5];
		bool		isnull[5] = {false};

		values[0] = CStringGetTextDatum(rules->rules[i].district_id);
		values[1] = CStringGetTextDatum(rules->rules[i].rule_name);
		values[2] = Int64GetDatum(counts[i].holds);
		values[3] = Int64GetDatum(counts[i].silent);
		values[4] = Int64GetDatum(counts[i].failed);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}
