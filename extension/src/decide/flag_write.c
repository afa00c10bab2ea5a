/*
 * flag_write.c
 *		Raise and clear flags of clients without queries.
 *
 * Flags flip often enough for a query each to be what a write costs most.
 * The rows are written by the server's own routines for changes without a
 * plan (those that apply replicated changes), which check constraints, keep
 * all indexes and fire foreign keys.  Where the table has triggers of others,
 * or columns that are not ours, cl_write_flags() declines and the caller
 * writes by queries.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "attendance.h"
#include "client_judge.h"
#include "delta.h"
#include "flag.h"
#include "query.h"
#include "table.h"

/* All columns of the table, in order. */
enum
{
	DISTRICT_ID,
	FLAG_ID,
	SUBJECT,
	SUBJECT_KEY,
	CLIENT_ID,
	EPISODE,
	RULE_DISTRICT,
	RULE_NAME,
	RULE_VERSION,
	SEVERITY,
	ACTION,
	PRIORITY,
	MESSAGE,
	RAISED_ON,
	DUE_ON,
	STATE,
	SNOOZED_UNTIL,
	CLEARED_ON,
	CLEARED_WHY,
	EVIDENCE,
	RAISED_AT,
	RAISED_BY,
	CLEARED_AT,
	CLEARED_BY,
	COLUMNS
};

static CachedTable flag_table = {
	"flag", "flag_pkey",
	{"district_id", "flag_id", "subject", "subject_key", "client_id", "episode", "rule_district", "rule_name",
		"rule_version", "severity", "action", "priority", "message", "raised_on", "due_on", "state",
		"snoozed_until", "cleared_on", "cleared_why", "evidence", "raised_at", "raised_by", "cleared_at",
	"cleared_by", NULL}
};

static CachedTable appointment_table = {
	"appointment", "appointment_pkey",
	{"district_id", "client_id", "appointment_id", "starts_at", "status", NULL}
};

static CachedTable contact_table = {
	"contact", "contact_pkey",
	{"district_id", "client_id", "contact_id", "at", "kind", NULL}
};

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", NULL}
};

/* An event of the evidence and its id. */
typedef struct EvidenceRow
{
	TimestampTz at;
	Datum		id;
} EvidenceRow;

/* ------------------------------------------------------------- evidence --- */

static int
compare_evidence(const void *a, const void *b)
{
	const EvidenceRow *left = a;
	const EvidenceRow *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return strcmp(TextDatumGetCString(left->id), TextDatumGetCString(right->id));
}

/* Add the rows of a table of events that are in the evidence. */
static void
find_rows(CachedTable *table, Snapshot snapshot, Datum keys[2], const Attendance *evidence,
		  EvidenceRow **rows, int *count, int *capacity, int wanted)
{
	Relation	rel = cl_open_table(table, AccessShareLock);
	SysScanDesc scan = cl_lookup(table, rel, snapshot, keys, 2);
	LabelCache	labels = {.count = 0};
	HeapTuple	tuple;

	while (*count < wanted && (tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		TimestampTz at = DatumGetTimestampTz(cl_column_of(table, rel, tuple, 3, &isnull));
		int			code = cl_label_code(&labels, DatumGetObjectId(cl_column_of(table, rel, tuple, 4, &isnull)));

		CHECK_FOR_INTERRUPTS();
		if (!cl_has_event(evidence, cl_event_from_timestamp(at, (EventStatus) code)))
			continue;
		if (*count == *capacity)
		{
			*capacity *= 2;
			*rows = repalloc(*rows, sizeof(EvidenceRow) * *capacity);
		}
		(*rows)[*count].at = at;
		(*rows)[(*count)++].id = PointerGetDatum(PG_DETOAST_DATUM_COPY(cl_column_of(table, rel, tuple, 2, &isnull)));
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/* The ids of the events of the evidence, as _evidence() finds them. */
static Datum
evidence_ids(const FlagToRaise *flag, Snapshot snapshot)
{
	int			capacity = 8;
	int			count = 0;
	EvidenceRow *rows;
	AttendanceReader reader;
	Datum	   *ids;
	Datum		keys[2];

	if (flag->evidence == NULL)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	cl_attendance_open(&reader, flag->evidence);
	if (reader.count == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	rows = palloc(sizeof(EvidenceRow) * capacity);
	keys[0] = CStringGetTextDatum(flag->district_id);
	keys[1] = CStringGetTextDatum(flag->client_id);
	find_rows(&appointment_table, snapshot, keys, flag->evidence, &rows, &count, &capacity, (int) reader.count);
	find_rows(&contact_table, snapshot, keys, flag->evidence, &rows, &count, &capacity, (int) reader.count);
	qsort(rows, count, sizeof(EvidenceRow), compare_evidence);
	ids = palloc(sizeof(Datum) * Max(count, 1));
	for (int i = 0; i < count; i++)
		ids[i] = rows[i].id;
	return PointerGetDatum(construct_array(ids, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* -------------------------------------------------------------- writing --- */

/* Is the table as install() made it, with nobody's triggers? */
static bool
as_installed(Relation rel)
{
	if (RelationGetDescr(rel)->natts != COLUMNS || rel->rd_rel->relkind != RELKIND_RELATION)
		return false;
	for (int i = 0; i < COLUMNS; i++)
	{
		if (flag_table.numbers[i] != i + 1)
			return false;
	}
	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		if (RI_FKey_trigger_type(rel->trigdesc->triggers[i].tgfoid) == RI_TRIGGER_NONE)
			return false;
	}
	return true;
}

static void
set_text(TupleTableSlot *slot, int column, const char *string)
{
	slot->tts_isnull[column] = (string == NULL);
	slot->tts_values[column] = string ? CStringGetTextDatum(string) : (Datum) 0;
}

static void
set_value(TupleTableSlot *slot, int column, Datum value)
{
	slot->tts_isnull[column] = false;
	slot->tts_values[column] = value;
}

static void
fill_raised(TupleTableSlot *slot, const FlagToRaise *flag, Snapshot snapshot, const char *by)
{
	const Rule *rule = flag->rule;
	Datum		due = DirectFunctionCall2(date_pl_interval, DateADTGetDatum(flag->day), IntervalPGetDatum(rule->due_after));

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * COLUMNS);
	set_text(slot, DISTRICT_ID, flag->district_id);
	set_text(slot, FLAG_ID, DatumGetCString(DirectFunctionCall1(uuid_out, OidFunctionCall0(F_GEN_RANDOM_UUID))));
	set_text(slot, SUBJECT, "client");
	set_text(slot, SUBJECT_KEY, flag->client_id);
	set_text(slot, CLIENT_ID, flag->client_id);
	set_value(slot, EPISODE, Int32GetDatum(flag->episode));
	set_text(slot, RULE_DISTRICT, rule->district_id);
	set_text(slot, RULE_NAME, rule->rule_name);
	set_value(slot, RULE_VERSION, Int32GetDatum(rule->version));
	set_text(slot, SEVERITY, rule->severity);
	set_text(slot, ACTION, rule->action);
	set_value(slot, PRIORITY, Int32GetDatum(rule->priority));
	set_text(slot, MESSAGE, rule->message);
	set_value(slot, RAISED_ON, DateADTGetDatum(flag->day));
	set_value(slot, DUE_ON, DirectFunctionCall1(timestamp_date, due));
	set_text(slot, STATE, "open");
	set_value(slot, EVIDENCE, evidence_ids(flag, snapshot));
	set_value(slot, RAISED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	set_text(slot, RAISED_BY, by);
	ExecStoreVirtualTuple(slot);
}

static void
fill_cleared(TupleTableSlot *slot, TupleTableSlot *old, const FlagToClear *flag, const char *by)
{
	DateADT		raised_on;

	slot_getallattrs(old);
	ExecClearTuple(slot);
	memcpy(slot->tts_values, old->tts_values, sizeof(Datum) * COLUMNS);
	memcpy(slot->tts_isnull, old->tts_isnull, sizeof(bool) * COLUMNS);
	raised_on = DatumGetDateADT(old->tts_values[RAISED_ON]);
	set_value(slot, CLEARED_ON, DateADTGetDatum(Max(flag->day, raised_on)));
	set_text(slot, CLEARED_WHY, flag->why);
	set_value(slot, CLEARED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	set_text(slot, CLEARED_BY, by);
	if (!cl_text_is(old->tts_values[STATE], "dismissed") && !cl_text_is(old->tts_values[STATE], "closed"))
		set_text(slot, STATE, "resolved");
	ExecStoreVirtualTuple(slot);
}

/* Is the client still there?  A statement may have deleted him whose trigger is to come. */
static bool
client_exists(Relation rel, Snapshot snapshot, const FlagToRaise *flag)
{
	Datum		keys[2];
	SysScanDesc scan;
	bool		found;

	keys[0] = CStringGetTextDatum(flag->district_id);
	keys[1] = CStringGetTextDatum(flag->client_id);
	scan = cl_lookup(&client_table, rel, snapshot, keys, 2);
	found = systable_getnext(scan) != NULL;
	systable_endscan(scan);
	return found;
}

/*
 * Write flags of clients who are locked; the flags to clear were found on the
 * latest snapshot.  False, and nothing done, where queries must do it.
 */
bool
cl_write_flags(const FlagToRaise *raised, int n_raised, const FlagToClear *cleared, int n_cleared, FlagCounts *counts)
{
	Relation	rel = cl_open_table(&flag_table, RowExclusiveLock);
	Relation	clients;
	OwnerScope	scope;
	EState	   *estate;
	ResultRelInfo *target;
	EPQState	epqstate;
	TupleTableSlot *slot;
	TupleTableSlot *old;
	MemoryContext oldcontext;
	char	   *by;

	if (!as_installed(rel))
	{
		table_close(rel, NoLock);
		return false;
	}
	clients = cl_open_table(&client_table, AccessShareLock);
	by = GetUserNameFromId(GetOuterUserId(), false);
	/* constraints run as the owner, as they would in a query of his */
	cl_act_as_owner(&scope);
	estate = CreateExecutorState();
	estate->es_snapshot = RegisterSnapshot(GetLatestSnapshot());
	estate->es_output_cid = GetCurrentCommandId(true);
	oldcontext = MemoryContextSwitchTo(estate->es_query_cxt);
	target = makeNode(ResultRelInfo);
	InitResultRelInfo(target, rel, 0, NULL, 0);
	ExecOpenIndices(target, false);
	EvalPlanQualInit_compat(&epqstate, estate);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	old = table_slot_create(rel, NULL);

	AfterTriggerBeginQuery();
	for (int i = 0; i < n_cleared; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
		if (!table_tuple_fetch_row_version(rel, &unconstify(FlagToClear *, cleared)[i].tid, estate->es_snapshot, old))
			elog(ERROR, "flag to be cleared is not there any more");
		fill_cleared(slot, old, &cleared[i], by);
		ExecSimpleRelationUpdate(target, estate, &epqstate, old, slot);
		ExecClearTuple(slot);
		ExecClearTuple(old);
		ResetPerTupleExprContext(estate);
		counts->resolved++;
	}
	for (int i = 0; i < n_raised; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
		if (!client_exists(clients, estate->es_snapshot, &raised[i]))
			continue;
		fill_raised(slot, &raised[i], estate->es_snapshot, by);
		ExecSimpleRelationInsert(target, estate, slot);
		ExecClearTuple(slot);
		ResetPerTupleExprContext(estate);
		counts->raised++;
	}
	MemoryContextSwitchTo(estate->es_query_cxt);
	/* foreign keys look with a snapshot that sees the rows */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	AfterTriggerEndQuery(estate);
	PopActiveSnapshot();

	ExecDropSingleTupleTableSlot(slot);
	ExecDropSingleTupleTableSlot(old);
	EvalPlanQualEnd(&epqstate);
	ExecCloseResultRelations(estate);
	ExecCloseIndices(target);
	UnregisterSnapshot(estate->es_snapshot);
	estate->es_snapshot = InvalidSnapshot;
	MemoryContextSwitchTo(oldcontext);
	ExecResetTupleTable(estate->es_tupleTable, false);
	FreeExecutorState(estate);
	table_close(clients, NoLock);
	table_close(rel, NoLock);
	cl_stop_acting(&scope);
	return true;
}
