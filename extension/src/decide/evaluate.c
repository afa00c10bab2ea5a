/*
 * evaluate.c
 *		All rules over everybody: written, shown, or counted.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "cl_compat.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "facts_rows.h"
#include "query.h"

static CachedQuery subjects_query = {
	"SELECT DISTINCT subject FROM caseload.rule ORDER BY 1", 0, {NULL}
};

static CachedQuery auto_close_query = {
	"SELECT caseload._auto_close($1)", 1, {"text"}
};

PG_FUNCTION_INFO_V1(evaluate);
PG_FUNCTION_INFO_V1(findings);
PG_FUNCTION_INFO_V1(rule_counts);

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

/* The subjects that a query names. */
static List *
subjects_of(CachedQuery *query)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *subjects = NIL;
	OwnerScope	scope;
	uint64		rows;

	cl_enter(&scope);
	rows = cl_run(query, NULL, NULL);
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

static bool
is_among(const List *subjects, const char *subject)
{
	ListCell   *cell;

	foreach(cell, subjects)
	{
		if (strcmp(lfirst(cell), subject) == 0)
			return true;
	}
	return false;
}

static int
compare_subjects(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
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
	List	   *flagged;
	List	   *subjects;
	ListCell   *cell;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	/* what it writes without a query nobody else would refuse */
	PreventCommandIfReadOnly("evaluate()");
	flagged = cl_evaluate_clients(district_id, as_of, &counts);
	/* also flags whose rules have all been deleted stand */
	subjects = subjects_of(&subjects_query);
	foreach(cell, flagged)
	{
		if (!is_among(subjects, lfirst(cell)))
			subjects = lappend(subjects, lfirst(cell));
	}
	list_sort(subjects, compare_subjects);
	foreach(cell, subjects)
	{
		if (strcmp(lfirst(cell), "client") != 0)
			cl_evaluate_subject(lfirst(cell), district_id, as_of, &counts);
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
	foreach(cell, subjects_of(&subjects_query))
	{
		/* the rules are the backend's, and read with the owner's rights ... */
		RuleSet    *rules = cl_rules(lfirst(cell));

		if (rules->subject->registered && as_of != NULL && *as_of != GetSQLCurrentDate())
			continue;
		/* ... and the facts, which the caller must be allowed to read, with his */
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		cl_read_rows(rules, as_of, district_id, NULL, return_row, rsinfo);
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
	int64		failed;
} RuleCount;

typedef struct RuleCounter
{
	RuleSet    *rules;
	RuleCount  *counts;
	RuleProgram *program;		/* of the row counted last */
	int		   *place;			/* of its rules in RuleSet.rules */
	int64		rows;
} RuleCounter;

static void
count_row(FactsRow *row, void *arg)
{
	RuleCounter *counter = arg;
	RuleProgram *program = row->program;

	if (counter->program != program)
	{
		counter->program = program;
		for (int i = 0; i < program->count; i++)
			counter->place[i] = (int) (program->rules[i] - counter->rules->rules);
	}
	counter->rows++;
	if (program->unconditional)
	{
		for (int i = 0; i < program->count; i++)
		{
			counter->counts[counter->place[i]].holds += program->verdicts[i] & RULE_HOLDS;
			counter->counts[counter->place[i]].failed += program->verdicts[i] / RULE_FAILS;
		}
		return;
	}
	for (int i = 0; i < program->count; i++)
	{
		RuleCount  *count = &counter->counts[counter->place[i]];

		if (program->verdicts[i] == RULE_SILENT || !cl_rule_speaks(program, i, &row->scope))
			continue;
		count->holds += (program->verdicts[i] == RULE_HOLDS);
		count->failed += (program->verdicts[i] == RULE_FAILS);
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
count_by_scan(RuleSet *rules, RuleCounter *counter, char *district_id, Relation rel)
{
	TableCounter table = {0};
	bool		can_fail = false;

	table.counter = *counter;
	table.row.rules = rules;
	table.row.slot = table_slot_create(rel, NULL);
	table.row.scope.day = GetSQLCurrentDate();
	cl_row_scope(&table.row);
	table.scan = table_beginscan_compat(rel, GetActiveSnapshot());
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
	*counter = table.counter;
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
	RuleCounter counter = {0};
	Relation	rel = NULL;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("subject must not be NULL")));
	InitMaterializedSRF(fcinfo, 0);
	rules = cl_rules(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	counter.rules = rules;
	counter.counts = palloc0(sizeof(RuleCount) * Max(rules->count, 1));
	counter.place = palloc0(sizeof(int) * Max(rules->count, 1));
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
		count_by_scan(rules, &counter, district_id, rel);
		table_close(rel, AccessShareLock);
	}
	else
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		cl_read_rows(rules, as_of, district_id, NULL, count_row, &counter);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
	}
	for (int i = 0; i < rules->count; i++)
	{
		Datum		values[5];
		bool		isnull[5] = {false};

		values[0] = CStringGetTextDatum(rules->rules[i].district_id);
		values[1] = CStringGetTextDatum(rules->rules[i].rule_name);
		values[2] = Int64GetDatum(counter.counts[i].holds);
		values[3] = Int64GetDatum(counter.rows - counter.counts[i].holds - counter.counts[i].failed);
		values[4] = Int64GetDatum(counter.counts[i].failed);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}
