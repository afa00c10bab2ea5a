/*
 * client_flags.c
 *		Keep the flags of clients.
 *
 * Two callers, one way.  After a statement has changed events, the clients it
 * touched are judged under their locks, each by a few looks into indexes.
 * evaluate() judges everybody in one pass over client_activity without any
 * lock, and only those whose flags do not agree are locked and judged again:
 * writers hardly ever wait, and a second run finds nothing to do.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "client_judge.h"
#include "delta.h"

/* Judge the clients of a set, which is locked, and write what changes. */
static void
sync_clients(const KeySet *set, const ClientValues *values, const DateADT *as_of, FlagCounts *counts)
{
	FlagChanges *changes;
	Judge		judge;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload flags", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);

	/* what the statement itself has done is to be seen */
	CommandCounterIncrement();
	changes = cl_changes_new(true);
	cl_open_judge(&judge, as_of, changes);
	for (int i = 0; i < set->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(judge.scratch);
		cl_judge_client(&judge, &set->keys[i], values ? &values[i] : NULL);
		MemoryContextSwitchTo(context);
		MemoryContextReset(judge.scratch);
	}
	cl_close_judge(&judge);
	cl_changes_write(changes, counts);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* For cl_clients_changed: judge the clients again, as of today. */
void
cl_flags_after_change(const KeySet *set, const ClientValues *values)
{
	sync_clients(set, values, NULL, NULL);
}

/* ------------------------------------------------------------- everybody --- */

/* All flags of clients of a district (NULL: of all) that stand. */
static void
read_standing(Judge *judge, const char *district_id, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TableScanDesc scan = table_beginscan(judge->flag, judge->snapshot, 0, NULL);
	int			capacity = 1024;
	HeapTuple	tuple;

	judge->flagged = cl_keys_new();
	judge->standing = palloc0(sizeof(StandingFlag *) * capacity);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		const RowBuffer *row = &judge->row;
		StandingFlag *flag;
		int			place;

		CHECK_FOR_INTERRUPTS();
		cl_deform(&cl_flag_table, judge->flag, tuple, &judge->row);
		if (!row->isnull[FLAG_CLEARED_ON] || !cl_text_is(row->value[FLAG_SUBJECT], "client") ||
			(district_id != NULL && !cl_text_is(row->value[FLAG_DISTRICT_ID], district_id)))
			continue;
		place = cl_keys_add(judge->flagged, row->value[FLAG_DISTRICT_ID], row->value[FLAG_SUBJECT_KEY]);
		if (place >= capacity)
		{
			judge->standing = repalloc_huge(judge->standing, sizeof(StandingFlag *) * capacity * 2);
			memset(judge->standing + capacity, 0, sizeof(StandingFlag *) * capacity);
			capacity *= 2;
		}
		flag = cl_make_standing(row);
		flag->next = judge->standing[place];
		judge->standing[place] = flag;
	}
	table_endscan(scan);
	judge->seen = palloc_extended(Max(judge->flagged->count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * The services of everybody who has one.  Which day it is, is not known
 * before the client's zone is, so only services that are due on every day
 * that it may be are counted; for the others the client is looked up.
 */
static void
read_services(Judge *judge, const char *district_id, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	DateADT		today = judge->as_of ? *judge->as_of : GetSQLCurrentDate();
	int			slack = judge->as_of ? 0 : 2;
	int			capacity = 1024;
	TableScanDesc scan;
	HeapTuple	tuple;

	judge->service = cl_open_table(&cl_service_table, AccessShareLock);
	judge->served = cl_keys_new();
	judge->services = palloc0(sizeof(ServiceCount) * capacity);
	scan = table_beginscan(judge->service, judge->snapshot, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Datum		district;
		Datum		client;
		DateADT		from;
		DateADT		until;
		int			place;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		cl_period_bounds(cl_column_of(&cl_service_table, judge->service, tuple, 2, &isnull), &from, &until);
		if (today + slack < from || today - slack >= until)
			continue;
		district = cl_column_of(&cl_service_table, judge->service, tuple, 0, &isnull);
		if (district_id != NULL && strcmp(TextDatumGetCString(district), district_id) != 0)
			continue;
		client = cl_column_of(&cl_service_table, judge->service, tuple, 1, &isnull);
		place = cl_keys_add(judge->served, district, client);
		if (place >= capacity)
		{
			judge->services = repalloc_huge(judge->services, sizeof(ServiceCount) * capacity * 2);
			memset(judge->services + capacity, 0, sizeof(ServiceCount) * capacity);
			capacity *= 2;
		}
		if (today - slack < from || today + slack >= until)
			judge->services[place].due = UNSURE;
		else if (judge->services[place].due != UNSURE)
		{
			(void) cl_column_of(&cl_service_table, judge->service, tuple, 3, &isnull);
			judge->services[place].due++;
			judge->services[place].waiting += isnull;
		}
	}
	table_endscan(scan);
	MemoryContextSwitchTo(oldcontext);
}

/* The key of a client as key sets have it, into a buffer that is used again. */
static void
buffer_key(StringInfo buffer, Datum district_id, Datum client_id, SubjectKey *key)
{
	text	   *district = DatumGetTextPP(district_id);
	text	   *client = DatumGetTextPP(client_id);

	resetStringInfo(buffer);
	appendBinaryStringInfo(buffer, VARDATA_ANY(district), VARSIZE_ANY_EXHDR(district));
	appendStringInfoChar(buffer, '\0');
	appendBinaryStringInfo(buffer, VARDATA_ANY(client), VARSIZE_ANY_EXHDR(client));
	appendStringInfoChar(buffer, '\0');
	key->district_id = buffer->data;
	key->id = buffer->data + VARSIZE_ANY_EXHDR(district) + 1;
}

/*
 * Judge everybody of a district (NULL: of all) without locks; the clients
 * whose flags do not agree are added to "differing".
 */
static void
find_differing(const char *district_id, const DateADT *as_of, KeySet *differing, FlagChanges *kept)
{
	MemoryContext context = CurrentMemoryContext;
	Judge		judge;
	StringInfoData buffer;
	TableScanDesc scan = NULL;
	SysScanDesc of_district = NULL;

	cl_open_judge(&judge, as_of, kept);
	read_standing(&judge, district_id, context);
	if (judge.asks->services)
		read_services(&judge, district_id, context);
	initStringInfo(&buffer);
	if (district_id != NULL)
	{
		Datum		key = CStringGetTextDatum(district_id);

		of_district = cl_lookup(&cl_activity_table, judge.activity, judge.snapshot, &key, 1);
	}
	else
		scan = table_beginscan(judge.activity, judge.snapshot, 0, NULL);

	while (true)
	{
		HeapTuple	tuple = scan ? heap_getnext(scan, ForwardScanDirection) : systable_getnext(of_district);
		ActivityValue value;
		AttendanceReader reader;
		SubjectKey	key;
		Datum		district;
		Datum		client;

		if (tuple == NULL)
			break;
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(judge.scratch);
		cl_read_value(&judge, tuple, &value);
		district = judge.activity_row.value[0];
		client = judge.activity_row.value[1];
		buffer_key(&buffer, district, client, &key);
		cl_begin_client(&judge, &key);
		if (cl_holds_day(&judge, &value, &reader) &&
			cl_judge_episode(&judge, &reader, &value, cl_standing_flags(&judge)))
			(void) cl_keys_add(differing, district, client);
		MemoryContextSwitchTo(context);
		MemoryContextReset(judge.scratch);
	}
	if (scan)
		table_endscan(scan);
	else
		systable_endscan(of_district);

	/* flags of those who are in no episode on the day */
	for (int i = 0; i < judge.flagged->count; i++)
	{
		if (!judge.seen[i])
			(void) cl_keys_add(differing, CStringGetTextDatum(judge.flagged->keys[i].district_id),
							   CStringGetTextDatum(judge.flagged->keys[i].id));
	}
	cl_close_judge(&judge);
}

/*
 * Make the flags of all clients of a district (NULL: of all) say what the
 * rules say as of a date (NULL: of today, wherever they are).
 */
void
cl_evaluate_clients(const char *district_id, const DateADT *as_of, FlagCounts *counts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload evaluate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	KeySet	   *differing = cl_keys_new();
	FlagChanges *kept = cl_changes_new(false);
	FlagCounts	corrected = {0};

	find_differing(district_id, as_of, differing, kept);
	(void) cl_keys_sort(differing);
	if (differing->count > 0)
	{
		cl_keys_lock(differing, CL_LOCK_CLIENTS);
		sync_clients(differing, NULL, as_of, &corrected);
	}
	/* what was found of the others: nothing to write but failures */
	cl_changes_write(kept, counts);
	counts->raised += corrected.raised;
	counts->resolved += corrected.resolved;
	counts->unchanged += corrected.unchanged;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}
