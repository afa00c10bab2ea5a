/*
 * flag_write.c
 *		Raise and clear flags of clients without queries.
 *
 * Flags flip often enough for a query each to be what a write costs most.
 * The rows that are written meet all constraints that install() made, and
 * the client is locked against deletion as a foreign key would.  Where the
 * table has triggers, constraints or columns that are not ours,
 * cl_write_flags() declines and the caller writes by queries.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
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

/* as the server spells what stands in 33-flag.sql */
static const char *const flag_checks[] = {
	"(state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'resolved'::text, 'dismissed'::text, 'closed'::text]))",
	"(cleared_on >= raised_on)",
	"((cleared_on IS NULL) = (cleared_why IS NULL))",
	"((state <> 'resolved'::text) OR (cleared_on IS NOT NULL))",
	NULL
};

static CachedTable flag_table = {
	"flag", "flag_pkey",
	{"district_id", "flag_id", "subject", "subject_key", "client_id", "episode", "rule_district", "rule_name",
		"rule_version", "severity", "action", "priority", "message", "raised_on", "due_on", "state",
		"snoozed_until", "cleared_on", "cleared_why", "evidence", "raised_at", "raised_by", "cleared_at",
	"cleared_by", NULL},
	flag_checks
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

/* The events of the evidence, in order, and the rows that they were found in. */
typedef struct Search
{
	Event	   *events;
	int			wanted;
	EvidenceRow *rows;
	int			found;
	int			capacity;
} Search;

/* Is an event of the evidence in this second?  Of this status, if "any" is false. */
static bool
is_wanted(const Search *search, Event event, bool any)
{
	int			low = 0;
	int			high = search->wanted;

	if (any)
		event = EVENT(EVENT_SECOND(event), 0);
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (search->events[middle] < event)
			low = middle + 1;
		else
			high = middle;
	}
	return low < search->wanted &&
		(any ? EVENT_SECOND(search->events[low]) == EVENT_SECOND(event) : search->events[low] == event);
}

static int
compare_evidence(const void *a, const void *b)
{
	const EvidenceRow *left = a;
	const EvidenceRow *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	return strcmp(TextDatumGetCString(left->id), TextDatumGetCString(right->id));
}

/* Where a column stands in an index, from 1; 0: nowhere. */
static int
place_in_index(Relation index, AttrNumber number)
{
	for (int i = 0; i < index->rd_index->indnatts; i++)
	{
		if (index->rd_index->indkey.values[i] == number)
			return i + 1;
	}
	return 0;
}

/*
 * Add the rows of a table of events that are in the evidence.  The index
 * knows when each was, so only those that can be meant are fetched; from its
 * end, where the latest are, if ids grow with time.
 */
static void
find_rows(CachedTable *table, Snapshot snapshot, const Datum keys[2], Search *search)
{
	Relation	rel;
	Relation	index;
	int			place;
	TupleTableSlot *slot;
	IndexScanDesc scan;
	LabelCache	labels = {.count = 0};
	ScanKeyData scan_keys[2];

	if (search->found == search->wanted)
		return;
	rel = cl_open_table(table, AccessShareLock);
	index = index_open(table->indexid, AccessShareLock);
	place = place_in_index(index, table->numbers[3]);
	slot = table_slot_create(rel, NULL);
	scan = index_beginscan_compat(rel, index, snapshot, 2);
	for (int i = 0; i < 2; i++)
		ScanKeyEntryInitialize(&scan_keys[i], 0, i + 1, BTEqualStrategyNumber,
							   InvalidOid, C_COLLATION_OID, F_TEXTEQ, keys[i]);
	scan->xs_want_itup = (place > 0);
	index_rescan(scan, scan_keys, 2, NULL, 0);
	while (search->found < search->wanted && index_getnext_tid(scan, BackwardScanDirection) != NULL)
	{
		TimestampTz at;
		int			code;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (place > 0)
		{
			at = DatumGetTimestampTz(index_getattr(scan->xs_itup, place, scan->xs_itupdesc, &isnull));
			if (!is_wanted(search, cl_event_from_timestamp(at, 0), true))
				continue;
		}
		if (!index_fetch_heap(scan, slot))
			continue;
		at = DatumGetTimestampTz(slot_getattr(slot, table->numbers[3], &isnull));
		code = cl_label_code(&labels, DatumGetObjectId(slot_getattr(slot, table->numbers[4], &isnull)));
		if (!is_wanted(search, cl_event_from_timestamp(at, (EventStatus) code), false))
			continue;
		if (search->found == search->capacity)
		{
			search->capacity *= 2;
			search->rows = repalloc(search->rows, sizeof(EvidenceRow) * search->capacity);
		}
		search->rows[search->found].at = at;
		search->rows[search->found++].id =
			PointerGetDatum(PG_DETOAST_DATUM_COPY(slot_getattr(slot, table->numbers[2], &isnull)));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(rel, NoLock);
}

/* The ids of the events of the evidence, as _evidence() finds them. */
static Datum
evidence_ids(const FlagToRaise *flag, Snapshot snapshot)
{
	Search		search = {0};
	AttendanceReader reader;
	Datum	   *ids;
	Datum		keys[2];

	if (flag->evidence == NULL)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	cl_attendance_open(&reader, flag->evidence);
	if (reader.count == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	search.events = palloc_extended(sizeof(Event) * reader.count, MCXT_ALLOC_HUGE);
	while (cl_attendance_next(&reader))
		search.events[search.wanted++] = reader.last;
	search.capacity = 8;
	search.rows = palloc(sizeof(EvidenceRow) * search.capacity);
	keys[0] = CStringGetTextDatum(flag->district_id);
	keys[1] = CStringGetTextDatum(flag->client_id);
	find_rows(&appointment_table, snapshot, keys, &search);
	find_rows(&contact_table, snapshot, keys, &search);
	qsort(search.rows, search.found, sizeof(EvidenceRow), compare_evidence);
	ids = palloc(sizeof(Datum) * Max(search.found, 1));
	for (int i = 0; i < search.found; i++)
		ids[i] = search.rows[i].id;
	return PointerGetDatum(construct_array(ids, search.found, TEXTOID, -1, false, TYPALIGN_INT));
}

/* -------------------------------------------------------------- writing --- */

/* Are the columns those of install(), and the client the only thing a flag refers to? */
static bool
as_installed(Relation rel, Oid clients)
{
	ListCell   *cell;

	if (!flag_table.can_insert || !flag_table.can_update || RelationGetDescr(rel)->natts != COLUMNS)
		return false;
	for (int i = 0; i < COLUMNS; i++)
	{
		if (flag_table.numbers[i] != i + 1)
			return false;
	}
	foreach(cell, RelationGetFKeyList(rel))
	{
		const ForeignKeyCacheInfo *key = lfirst(cell);

		if (key->confrelid != clients || key->nkeys != 2 ||
			key->conkey[0] != DISTRICT_ID + 1 || key->conkey[1] != CLIENT_ID + 1 ||
			key->confkey[0] != client_table.numbers[0] || key->confkey[1] != client_table.numbers[1])
			return false;
	}
	return true;
}

static void
set_text(Datum *values, bool *nulls, int column, const char *string)
{
	nulls[column] = (string == NULL);
	values[column] = string ? CStringGetTextDatum(string) : (Datum) 0;
}

static void
set_value(Datum *values, bool *nulls, int column, Datum value)
{
	nulls[column] = false;
	values[column] = value;
}

static void
insert_raised(RowWriter *writer, const FlagToRaise *flag, Snapshot snapshot, const char *by)
{
	const Rule *rule = flag->rule;
	Datum		due = DirectFunctionCall2(date_pl_interval, DateADTGetDatum(flag->day), IntervalPGetDatum(rule->due_after));
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS];

	memset(nulls, true, sizeof(nulls));
	set_text(values, nulls, DISTRICT_ID, flag->district_id);
	set_text(values, nulls, FLAG_ID, DatumGetCString(DirectFunctionCall1(uuid_out, OidFunctionCall0(F_GEN_RANDOM_UUID))));
	set_text(values, nulls, SUBJECT, "client");
	set_text(values, nulls, SUBJECT_KEY, flag->client_id);
	set_text(values, nulls, CLIENT_ID, flag->client_id);
	set_value(values, nulls, EPISODE, Int32GetDatum(flag->episode));
	set_text(values, nulls, RULE_DISTRICT, rule->district_id);
	set_text(values, nulls, RULE_NAME, rule->rule_name);
	set_value(values, nulls, RULE_VERSION, Int32GetDatum(rule->version));
	set_text(values, nulls, SEVERITY, rule->severity);
	set_text(values, nulls, ACTION, rule->action);
	set_value(values, nulls, PRIORITY, Int32GetDatum(rule->priority));
	set_text(values, nulls, MESSAGE, rule->message);
	set_value(values, nulls, RAISED_ON, DateADTGetDatum(flag->day));
	set_value(values, nulls, DUE_ON, DirectFunctionCall1(timestamp_date, due));
	set_text(values, nulls, STATE, "open");
	set_value(values, nulls, EVIDENCE, evidence_ids(flag, snapshot));
	set_value(values, nulls, RAISED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	set_text(values, nulls, RAISED_BY, by);
	cl_insert_row(writer, values, nulls);
}

static void
update_cleared(RowWriter *writer, HeapTuple old, const FlagToClear *flag, const char *by)
{
	static const int columns[] = {CLEARED_ON, CLEARED_WHY, CLEARED_AT, CLEARED_BY, STATE};
	bool		nulls[lengthof(columns)] = {false};
	Datum		values[lengthof(columns)];
	Datum		state;
	DateADT		raised_on;
	bool		isnull;

	raised_on = DatumGetDateADT(cl_column_of(&flag_table, writer->rel, old, RAISED_ON, &isnull));
	state = cl_column_of(&flag_table, writer->rel, old, STATE, &isnull);
	values[0] = DateADTGetDatum(Max(flag->day, raised_on));
	values[1] = CStringGetTextDatum(flag->why);
	values[2] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[3] = CStringGetTextDatum(by);
	values[4] = cl_text_is(state, "dismissed") || cl_text_is(state, "closed") ? state : CStringGetTextDatum("resolved");
	cl_update_row(writer, old, lengthof(columns), columns, values, nulls);
}

/*
 * Lock a flag that is to be cleared.  Who answers a flag holds no lock of the
 * client's, so its row may have changed since it was found, or be about to:
 * the newest version is what is cleared.  NULL when somebody has cleared it.
 */
static HeapTuple
lock_standing(Relation rel, TupleTableSlot *slot, Snapshot snapshot, ItemPointerData tid)
{
	TM_FailureData failure;
	HeapTuple	tuple;
	bool		stands;
	TM_Result	result = table_tuple_lock(rel, &tid, snapshot, slot, GetCurrentCommandId(false),
										  LockTupleNoKeyExclusive, LockWaitBlock,
										  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);

	if (result == TM_Deleted)
		return NULL;
	if (result != TM_Ok)
		elog(ERROR, "flag could not be locked: %u", result);
	tuple = ExecFetchSlotHeapTuple(slot, false, NULL);
	(void) cl_column_of(&flag_table, rel, tuple, CLEARED_ON, &stands);
	return stands ? tuple : NULL;
}

/*
 * Is the client there, and will he be as long as this transaction lasts?  A
 * statement may have deleted him whose trigger is to come.
 */
static bool
keep_client(Relation rel, TupleTableSlot *slot, const FlagToRaise *flag)
{
	Datum		keys[2];

	keys[0] = CStringGetTextDatum(flag->district_id);
	keys[1] = CStringGetTextDatum(flag->client_id);
	while (true)
	{
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
		SysScanDesc scan = cl_lookup(&client_table, rel, snapshot, keys, 2);
		HeapTuple	tuple = systable_getnext(scan);
		TM_Result	result = TM_Deleted;
		TM_FailureData failure;
		ItemPointerData tid;
		bool		found = (tuple != NULL);

		if (found)
			tid = tuple->t_self;
		systable_endscan(scan);
		if (found)
			result = table_tuple_lock(rel, &tid, snapshot, slot, GetCurrentCommandId(false), LockTupleKeyShare,
									  LockWaitBlock, 0, &failure);
		ExecClearTuple(slot);
		UnregisterSnapshot(snapshot);
		if (!found || result == TM_Ok)
			return found;
		/* somebody has changed him, or deleted him: look again */
		if (result != TM_Updated && result != TM_Deleted)
			elog(ERROR, "client could not be locked: %u", result);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Write flags of clients who are locked; the flags to clear were found on the
 * latest snapshot.  False, and nothing done, where queries must do it.
 */
bool
cl_write_flags(const FlagToRaise *raised, int n_raised, const FlagToClear *cleared, int n_cleared, FlagCounts *counts)
{
	Relation	rel = cl_open_table(&flag_table, RowExclusiveLock);
	Relation	clients = cl_open_table(&client_table, n_raised > 0 ? RowShareLock : AccessShareLock);
	bool		installed = as_installed(rel, RelationGetRelid(clients));

	if (installed)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload flag", ALLOCSET_SMALL_SIZES);
		TupleTableSlot *slot = table_slot_create(clients, NULL);
		TupleTableSlot *flags = table_slot_create(rel, NULL);
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
		char	   *by = GetUserNameFromId(GetOuterUserId(), false);
		MemoryContext oldcontext;
		RowWriter	writer;

		cl_begin_writing(&writer, &flag_table, rel);
		oldcontext = MemoryContextSwitchTo(context);
		if (n_cleared > 0)
			CheckCmdReplicaIdentity(rel, CMD_UPDATE);
		for (int i = 0; i < n_cleared; i++)
		{
			HeapTuple	old;

			CHECK_FOR_INTERRUPTS();
			if ((old = lock_standing(rel, flags, snapshot, cleared[i].tid)) != NULL)
			{
				update_cleared(&writer, old, &cleared[i], by);
				counts->resolved++;
			}
			ExecClearTuple(flags);
			MemoryContextReset(context);
		}
		for (int i = 0; i < n_raised; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (keep_client(clients, slot, &raised[i]))
			{
				insert_raised(&writer, &raised[i], snapshot, by);
				counts->raised++;
			}
			MemoryContextReset(context);
		}
		MemoryContextSwitchTo(oldcontext);
		CommandCounterIncrement();
		cl_end_writing(&writer);
		UnregisterSnapshot(snapshot);
		ExecDropSingleTupleTableSlot(slot);
		ExecDropSingleTupleTableSlot(flags);
		MemoryContextDelete(context);
	}
	table_close(clients, NoLock);
	table_close(rel, NoLock);
	return installed;
}
