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
#include "cl_compat.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "client_judge.h"
#include "delta.h"

/* ------------------------------------------------------------- reading all --- */

/* Note a subject; there are few. */
static List *
add_subject(List *subjects, Datum subject)
{
	ListCell   *cell;

	foreach(cell, subjects)
	{
		if (cl_text_is(subject, lfirst(cell)))
			return subjects;
	}
	return lappend(subjects, TextDatumGetCString(subject));
}

/*
 * All flags of clients of a district (NULL: of all) that stand; returns
 * the other subjects of which there are such.
 */
static List *
read_standing(Judge *judge, const char *district_id, MemoryContext context)
{
	List	   *others = NIL;
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TableScanDesc scan = table_beginscan_compat(judge->flag, judge->snapshot);
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
		if (!row->isnull[FLAG_CLEARED_ON] ||
			(district_id != NULL && !cl_text_is(row->value[FLAG_DISTRICT_ID], district_id)))
			continue;
		if (!cl_text_is(row->value[FLAG_SUBJECT], "client"))
		{
			others = add_subject(others, row->value[FLAG_SUBJECT]);
			continue;
		}
		place = cl_keys_add(judge->flagged, row->value[FLAG_DISTRICT_ID], row->value[FLAG_SUBJECT_KEY]);
		if (place >= capacity)
		{
			judge->standing = repalloc_huge(judge->standing, sizeof(StandingFlag *) * capacity * 2);
			memset(judge->standing + capacity, 0, sizeof(StandingFlag *) * capacity);
			capacity *= 2;
		}
		flag = cl_make_standing(row);
		flag->tid = tuple->t_self;
		flag->next = judge->standing[place];
		judge->standing[place] = flag;
	}
	table_endscan(scan);
	cl_keys_all_in(judge->flagged);
	judge->seen = palloc_extended(Max(judge->flagged->count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	MemoryContextSwitchTo(oldcontext);
	return others;
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

	if (judge->service == NULL)
		judge->service = cl_open_table(&cl_service_table, AccessShareLock);
	judge->served = cl_keys_new();
	judge->services = palloc0(sizeof(ServiceCount) * capacity);
	scan = table_beginscan_compat(judge->service, judge->snapshot);
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
	cl_keys_all_in(judge->served);
	MemoryContextSwitchTo(oldcontext);
}

/* ------------------------------------------------------------ those changed --- */

/*
 * Does it take less time to read all of a table than to look up each client
 * of the set in it?  A look takes about as long as reading 20 rows.  Where
 * what was read must not change, looking is what disturbs others least.
 */
#define MANY	256

static bool
reading_pays(const KeySet *set, Relation rel)
{
	return set->count >= MANY && !IsolationIsSerializable() &&
		RelationGetNumberOfBlocks(rel) < (BlockNumber) set->count / 4;
}

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
	if (reading_pays(set, judge.flag))
		(void) read_standing(&judge, NULL, context);
	if (judge.asks->services && set->count >= MANY)
	{
		judge.service = cl_open_table(&cl_service_table, AccessShareLock);
		if (reading_pays(set, judge.service))
			read_services(&judge, NULL, context);
	}
	for (int i = 0; i < set->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(judge.scratch);
		cl_judge_client(&judge, &set->keys[i], values && values[i].rows ? &values[i] : NULL);
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

/*
 * Clients are read in batches, because their flags and services are anywhere
 * in memory: while the others of a batch are prepared, they can come.
 */
#define BATCH	32

typedef struct BatchRow
{
	SubjectKey	key;
	uint32		hash;
	int			candidate;		/* place in Judge.standing; -1: none */
	Datum		district_id;
	Datum		client_id;
	Datum		attendance;		/* as it is stored */
	ActivityValue value;
} BatchRow;

/* The key of a client as key sets have it. */
static void
make_key(Datum district_id, Datum client_id, SubjectKey *key)
{
	text	   *district = DatumGetTextPP(district_id);
	text	   *client = DatumGetTextPP(client_id);
	int			district_length = VARSIZE_ANY_EXHDR(district);
	int			client_length = VARSIZE_ANY_EXHDR(client);
	char	   *bytes = palloc(district_length + client_length + 2);
	char	   *id = bytes + district_length + 1;

	memcpy(bytes, VARDATA_ANY(district), district_length);
	id[-1] = '\0';
	memcpy(id, VARDATA_ANY(client), client_length);
	id[client_length] = '\0';
	key->district_id = bytes;
	key->id = id;
}

/* Take a row of client_activity; copied, since its page may be left before it is judged. */
static void
take_row(Judge *judge, HeapTuple tuple, BatchRow *row)
{
	RowBuffer  *columns = &judge->activity_row;

	cl_deform(&cl_activity_table, judge->activity, heap_copytuple(tuple), columns);
	row->district_id = columns->value[0];
	row->client_id = columns->value[1];
	row->value.episode = DatumGetInt32(columns->value[2]);
	cl_period_bounds(columns->value[3], &row->value.from, &row->value.until);
	row->attendance = columns->value[4];
	make_key(row->district_id, row->client_id, &row->key);
	row->hash = cl_keys_hash(&row->key);
	cl_keys_prefetch(judge->flagged, row->hash);
	if (judge->served != NULL)
		cl_keys_prefetch(judge->served, row->hash);
}

/* Have the flags of a batch brought. */
static void
fetch_flags(const Judge *judge, BatchRow *batch, int count)
{
	for (int i = 0; i < count; i++)
	{
		batch[i].candidate = cl_keys_candidate(judge->flagged, batch[i].hash);
		if (batch[i].candidate >= 0)
			cl_prefetch(&judge->standing[batch[i].candidate]);
	}
	for (int i = 0; i < count; i++)
	{
		if (batch[i].candidate >= 0)
		{
			const char *flag = (const char *) judge->standing[batch[i].candidate];

			cl_prefetch(flag);
			cl_prefetch(flag + 64);
		}
	}
}

/*
 * Judge everybody of a district (NULL: of all) without locks; the clients
 * whose flags do not agree are added to "differing".  Returns the other
 * subjects of which flags stand.
 */
static List *
find_differing(const char *district_id, const DateADT *as_of, KeySet *differing, FlagChanges *kept)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext batch_context = AllocSetContextCreate(context, "caseload batch", ALLOCSET_DEFAULT_SIZES);
	Judge		judge;
	TableScanDesc scan = NULL;
	SysScanDesc of_district = NULL;
	BatchRow   *batch = palloc(sizeof(BatchRow) * BATCH);
	int			count;
	List	   *others;

	cl_open_judge(&judge, as_of, kept);
	others = read_standing(&judge, district_id, context);
	if (judge.asks->services)
		read_services(&judge, district_id, context);
	if (district_id != NULL)
	{
		Datum		key = CStringGetTextDatum(district_id);

		of_district = cl_lookup(&cl_activity_table, judge.activity, judge.snapshot, &key, 1);
	}
	else
		scan = table_beginscan_compat(judge.activity, judge.snapshot);

	do
	{
		HeapTuple	tuple = NULL;

		CHECK_FOR_INTERRUPTS();
		for (count = 0; count < BATCH; count++)
		{
			/* the scan's own memory is not the batch's */
			tuple = scan ? heap_getnext(scan, ForwardScanDirection) : systable_getnext(of_district);
			if (tuple == NULL)
				break;
			MemoryContextSwitchTo(batch_context);
			take_row(&judge, tuple, &batch[count]);
			MemoryContextSwitchTo(context);
		}
		fetch_flags(&judge, batch, count);
		MemoryContextSwitchTo(judge.scratch);
		for (int i = 0; i < count; i++)
		{
			BatchRow   *row = &batch[i];
			AttendanceReader reader;

			CHECK_FOR_INTERRUPTS();
			row->value.attendance = DatumGetAttendancePP(row->attendance);
			cl_begin_client(&judge, &row->key);
			judge.hash = row->hash;
			if (cl_holds_day(&judge, &row->value, &reader) &&
				cl_judge_episode(&judge, &reader, &row->value, cl_standing_flags(&judge)))
				(void) cl_keys_add(differing, row->district_id, row->client_id);
			MemoryContextReset(judge.scratch);
		}
		MemoryContextSwitchTo(context);
		MemoryContextReset(batch_context);
	} while (count == BATCH);
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
	return others;
}

/*
 * Make the flags of all clients of a district (NULL: of all) say what the
 * rules say as of a date (NULL: of today, wherever they are).  Returns the
 * other subjects of which flags stand, as strings.
 */
List *
cl_evaluate_clients(const char *district_id, const DateADT *as_of, FlagCounts *counts)
{
	List	   *others;
	List	   *subjects = NIL;
	ListCell   *cell;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload evaluate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	KeySet	   *differing = cl_keys_new();
	FlagChanges *kept = cl_changes_new(false);
	FlagCounts	corrected = {0};

	others = find_differing(district_id, as_of, differing, kept);
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
	foreach(cell, others)
		subjects = lappend(subjects, pstrdup(lfirst(cell)));
	MemoryContextDelete(context);
	return subjects;
}
