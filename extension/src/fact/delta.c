/*
 * delta.c
 *		From the transition tables of a statement to new attendance values.
 *
 * The rows are taken, what was removed is netted against what was added, and
 * the rest is added to and subtracted from the values of the episodes that
 * the events fall into.  This is the common path of every write, so it looks
 * rows up without queries; a client for whom it does not suffice (no episode
 * yet, an event outside of all) is left to activity.c.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "delta.h"
#include "query.h"
#include "table.h"

/* A row of client_activity, and how many deltas belong to it. */
typedef struct DeltaRow
{
	HeapTuple	tuple;
	int			added;
	int			removed;
} DeltaRow;

CachedTable cl_activity_table = {
	"client_activity", "client_activity_pkey",
	{"district_id", "client_id", "episode", "period", "attendance", NULL}
};

enum
{
	COLUMN_EPISODE = 2,
	COLUMN_PERIOD,
	COLUMN_ATTENDANCE
};

/* where the table is not as install() made it */
static CachedQuery update_query = {
	"UPDATE caseload.client_activity SET attendance = $4"
	" WHERE district_id = $1 AND client_id = $2 AND episode = $3",
	4, {"text", "text", "int4", "caseload.attendance"}
};

/* The status that a label of an enum means; 22023 for none. */
int
cl_label_code(LabelCache *cache, Oid label)
{
	HeapTuple	tuple;
	const char *name;
	int			code;

	for (int i = 0; i < cache->count; i++)
	{
		if (cache->label[i] == label)
			return cache->code[i];
	}
	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(label));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for enum label %u", label);
	name = NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel);
	code = cl_status_code(name, (int) strlen(name));
	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown attendance status \"%s\"", name)));
	ReleaseSysCache(tuple);
	if (cache->count < CL_STATUSES)
	{
		cache->label[cache->count] = label;
		cache->code[cache->count++] = code;
	}
	return code;
}

static void
add_delta(DeltaList *list, int client, int sign, Event event)
{
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity ? list->capacity * 2 : 16;
		list->deltas = list->deltas ?
			repalloc_huge(list->deltas, sizeof(EventDelta) * list->capacity) :
			palloc(sizeof(EventDelta) * list->capacity);
	}
	list->deltas[list->count].client = client;
	list->deltas[list->count].sign = sign;
	list->deltas[list->count++].event = event;
}

/*
 * Take the rows of one transition table.  The read pointer may be shared
 * with other triggers, so it is put back to the start before and after.
 */
void
cl_read_events(TriggerData *trigdata, Tuplestorestate *store, int sign,
			   KeySet *set, DeltaList *list)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	int			district_id = cl_column(trigdata, "district_id", TEXTOID);
	int			client_id = cl_column(trigdata, "client_id", TEXTOID);
	int			at = cl_column(trigdata, trigdata->tg_trigger->tgargs[0], TIMESTAMPTZOID);
	int			status = cl_column(trigdata, trigdata->tg_trigger->tgargs[1], InvalidOid);
	TupleTableSlot *slot;
	LabelCache	labels = {.count = 0};

	if (store == NULL)
		return;
	slot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsMinimalTuple);
	tuplestore_rescan(store);
	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		Datum		value[4];
		bool		isnull[4];
		int			client;
		int			code;

		CHECK_FOR_INTERRUPTS();
		value[0] = slot_getattr(slot, district_id, &isnull[0]);
		value[1] = slot_getattr(slot, client_id, &isnull[1]);
		value[2] = slot_getattr(slot, at, &isnull[2]);
		value[3] = slot_getattr(slot, status, &isnull[3]);
		if (isnull[0] || isnull[1] || isnull[2] || isnull[3])
			continue;
		client = cl_keys_add(set, value[0], value[1]);
		code = cl_label_code(&labels, DatumGetObjectId(value[3]));
		add_delta(list, client, sign,
				  cl_event_from_timestamp(DatumGetTimestampTz(value[2]), (EventStatus) code));
	}
	tuplestore_rescan(store);
	ExecDropSingleTupleTableSlot(slot);
}

static int
compare_deltas(const void *a, const void *b)
{
	const EventDelta *left = a;
	const EventDelta *right = b;

	if (left->client != right->client)
		return left->client < right->client ? -1 : 1;
	if (left->event != right->event)
		return left->event < right->event ? -1 : 1;
	return left->sign - right->sign;
}

/*
 * Sort by client and event and cancel what was removed and added again, as
 * an UPDATE of other columns does.  Returns a set of the clients that are
 * left, sorted, to which the deltas now refer.
 */
KeySet *
cl_net_deltas(KeySet *touched, DeltaList *list)
{
	KeySet	   *left = cl_keys_new();
	int		   *rank = cl_keys_sort(touched);
	int64		kept = 0;
	int			previous = -1;

	for (int64 i = 0; i < list->count; i++)
		list->deltas[i].client = rank[list->deltas[i].client];
	qsort(list->deltas, list->count, sizeof(EventDelta), compare_deltas);

	for (int64 i = 0; i < list->count;)
	{
		EventDelta	delta = list->deltas[i];
		int			net = 0;

		for (; i < list->count && list->deltas[i].client == delta.client &&
			 list->deltas[i].event == delta.event; i++)
			net += list->deltas[i].sign;
		if (net == 0)
			continue;
		/* the touched clients come in order, so the new set is sorted too */
		if (delta.client != previous)
		{
			previous = delta.client;
			(void) cl_keys_add(left,
							   CStringGetTextDatum(touched->keys[previous].district_id),
							   CStringGetTextDatum(touched->keys[previous].id));
		}
		/* kept never overtakes i: |net| deltas were read for this event */
		for (int n = 0; n < abs(net); n++)
		{
			list->deltas[kept].client = left->count - 1;
			list->deltas[kept].event = delta.event;
			list->deltas[kept++].sign = net < 0 ? -1 : 1;
		}
	}
	list->count = kept;
	(void) cl_keys_sort(left);
	return left;
}

/* ------------------------------------------------------ applying deltas --- */

/* 23514: an event on a day that no episode of the client holds. */
void
cl_refuse_orphan(const char *client_id, const char *day, const char *periods)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("event of client \"%s\" lies outside every episode", client_id),
			 errdetail("The event is on %s; the episodes are %s.", day, periods),
			 errhint("Correct the date of the event or the period of an episode, or open a new episode.")));
}

/* The bounds of a period; infinite where it is open. */
void
cl_period_bounds(Datum period, DateADT *from, DateADT *until)
{
	static TypeCacheEntry *typcache = NULL;
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	if (typcache == NULL)
		typcache = lookup_type_cache(DATERANGEOID, TYPECACHE_RANGE_INFO);
	range_deserialize(typcache, DatumGetRangeTypeP(period), &lower, &upper, &empty);
	DATE_NOBEGIN(*from);
	DATE_NOEND(*until);
	if (!lower.infinite)
		*from = DatumGetDateADT(lower.val);
	if (!upper.infinite)
		*until = DatumGetDateADT(upper.val);
	if (empty)
		*until = *from;
}

static bool
same_zone(const AttendanceReader *a, const AttendanceReader *b)
{
	return a->zone_length == b->zone_length && memcmp(a->zone, b->zone, a->zone_length) == 0;
}

/* value + added - removed, where each list may be empty */
static Attendance *
changed_value(Attendance *value, const AttendanceReader *zone,
			  Event *added, int n_added, Event *removed, int n_removed)
{
	Datum		events;

	if (n_added > 0)
	{
		events = PointerGetDatum(cl_attendance_from_events(added, n_added, zone->zone, zone->zone_length));
		value = (Attendance *) DatumGetPointer(DirectFunctionCall2(attendance_add, PointerGetDatum(value), events));
	}
	if (n_removed > 0)
	{
		events = PointerGetDatum(cl_attendance_from_events(removed, n_removed, zone->zone, zone->zone_length));
		value = (Attendance *) DatumGetPointer(DirectFunctionCall2(attendance_subtract, PointerGetDatum(value), events));
	}
	return value;
}

static void
write_value(RowWriter *writer, const SubjectKey *key, HeapTuple tuple, const ActivityValue *value)
{
	Datum		args[4];
	OwnerScope	scope;

	if (cl_activity_table.can_update)
	{
		const int	column = COLUMN_ATTENDANCE;
		const Datum attendance = PointerGetDatum(value->attendance);
		const bool	isnull = false;

		cl_update_row(writer, tuple, 1, &column, &attendance, &isnull);
		return;
	}
	args[0] = CStringGetTextDatum(key->district_id);
	args[1] = CStringGetTextDatum(key->id);
	args[2] = Int32GetDatum(value->episode);
	args[3] = PointerGetDatum(value->attendance);
	cl_enter(&scope);
	(void) cl_run(&update_query, args, NULL);
	cl_leave(&scope);
}

/*
 * Bring the values of one client up to date; false, and nothing done, where
 * an event finds no episode.  The values come back in "values", in the
 * current memory context.
 */
static bool
apply_to_client(RowWriter *writer, Snapshot snapshot, const SubjectKey *key, const EventDelta *deltas, int count,
				ClientValues *values)
{
	Relation	rel = writer->rel;
	int			capacity = 4;
	DeltaRow   *rows = palloc(sizeof(DeltaRow) * capacity);
	int		   *place = palloc(sizeof(int) * count);
	AttendanceReader zone = {0};
	LocalClock	clock;
	Event	   *events;
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	values->rows = palloc(sizeof(ActivityValue) * capacity);
	values->count = 0;
	keys[0] = CStringGetTextDatum(key->district_id);
	keys[1] = CStringGetTextDatum(key->id);
	scan = cl_lookup(&cl_activity_table, rel, snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		DeltaRow   *row;
		ActivityValue *value;
		AttendanceReader reader;
		bool		isnull;

		if (values->count == capacity)
		{
			capacity *= 2;
			rows = repalloc(rows, sizeof(DeltaRow) * capacity);
			values->rows = repalloc(values->rows, sizeof(ActivityValue) * capacity);
		}
		row = &rows[values->count];
		value = &values->rows[values->count++];
		row->tuple = heap_copytuple(tuple);
		row->added = row->removed = 0;
		value->episode = DatumGetInt32(cl_column_of(&cl_activity_table, rel, row->tuple, COLUMN_EPISODE, &isnull));
		cl_period_bounds(cl_column_of(&cl_activity_table, rel, row->tuple, COLUMN_PERIOD, &isnull),
						 &value->from, &value->until);
		value->attendance = DatumGetAttendancePP(cl_column_of(&cl_activity_table, rel, row->tuple, COLUMN_ATTENDANCE, &isnull));
		cl_attendance_open(&reader, value->attendance);
		if (values->count == 1)
			zone = reader;
		else if (!same_zone(&zone, &reader))
		{
			systable_endscan(scan);
			return false;
		}
	}
	systable_endscan(scan);
	if (values->count == 0)
		return false;

	cl_clock_init(&clock, zone.zone, zone.zone_length);
	for (int i = 0; i < count; i++)
	{
		DateADT		day = cl_local_day(&clock, EVENT_SECOND(deltas[i].event)) - CL_DAYS_TO_PG_EPOCH;

		for (place[i] = 0; place[i] < values->count; place[i]++)
		{
			if (values->rows[place[i]].from <= day && day < values->rows[place[i]].until)
				break;
		}
		if (place[i] == values->count)
			return false;
		if (deltas[i].sign > 0)
			rows[place[i]].added++;
		else
			rows[place[i]].removed++;
	}

	events = palloc(sizeof(Event) * count);
	for (int r = 0; r < values->count; r++)
	{
		DeltaRow   *row = &rows[r];
		ActivityValue *value = &values->rows[r];
		int			added = 0;
		int			removed = row->added;

		if (row->added + row->removed == 0)
			continue;
		for (int i = 0; i < count; i++)
		{
			if (place[i] == r)
				events[deltas[i].sign > 0 ? added++ : removed++] = deltas[i].event;
		}
		value->attendance = changed_value(value->attendance, &zone, events, row->added,
										  events + row->added, row->removed);
		write_value(writer, key, row->tuple, value);
	}
	return true;
}

/* Of more clients, what else is in memory is freed at once ... */
#define FEW_CLIENTS		64
/* ... and of those for whom this does not suffice, values are read again */
#define VALUES_MEMORY	((Size) 32 * 1024 * 1024)

/* Copy values into the current memory context; returns their size. */
static Size
keep_values(ClientValues *to, const ClientValues *from)
{
	Size		rows_size = sizeof(ActivityValue) * (uint32) from->count;
	Size		size = rows_size;
	char	   *room;

	for (int i = 0; i < from->count; i++)
		size += VARSIZE_ANY(from->rows[i].attendance);
	room = palloc_extended(size, MCXT_ALLOC_HUGE);
	to->count = from->count;
	to->rows = (ActivityValue *) room;
	memcpy(to->rows, from->rows, rows_size);
	room += rows_size;
	for (int i = 0; i < from->count; i++)
	{
		/* read byte by byte: no alignment */
		to->rows[i].attendance = memcpy(room, from->rows[i].attendance, VARSIZE_ANY(from->rows[i].attendance));
		room += VARSIZE_ANY(from->rows[i].attendance);
	}
	return size;
}

/*
 * Bring the values of the sorted, locked set up to date with the deltas.
 * Clients for whom that takes more than adding and subtracting are left out,
 * and come back as a set (not sorted).  "values", zeroed, gets the values of
 * each client, in the current memory context; rows stays NULL where they
 * are not at hand.
 */
KeySet *
cl_apply_deltas(const KeySet *set, const DeltaList *list, ClientValues *values)
{
	KeySet	   *left = cl_keys_new();
	Relation	rel = cl_open_table(&cl_activity_table, RowExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool		many = set->count > FEW_CLIENTS;
	MemoryContext scratch = many ?
	AllocSetContextCreate(CurrentMemoryContext, "caseload client", ALLOCSET_DEFAULT_SIZES) : CurrentMemoryContext;
	Size		kept = 0;
	RowWriter	writer;
	bool		wrote = false;

	cl_begin_writing(&writer, &cl_activity_table, rel);
	for (int64 i = 0; i < list->count;)
	{
		int			client = list->deltas[i].client;
		int64		end = i;
		MemoryContext oldcontext = MemoryContextSwitchTo(scratch);
		ClientValues changed;
		bool		done;

		CHECK_FOR_INTERRUPTS();
		while (end < list->count && list->deltas[end].client == client)
			end++;
		done = apply_to_client(&writer, snapshot, &set->keys[client], &list->deltas[i], (int) (end - i),
							   &changed);
		if (done)
			wrote = true;
		else
			(void) cl_keys_add(left, CStringGetTextDatum(set->keys[client].district_id),
							   CStringGetTextDatum(set->keys[client].id));
		MemoryContextSwitchTo(oldcontext);
		if (done && !many)
			values[client] = changed;
		else if (done && kept < VALUES_MEMORY)
			kept += keep_values(&values[client], &changed);
		if (many)
			MemoryContextReset(scratch);
		i = end;
	}
	if (many)
		MemoryContextDelete(scratch);
	cl_end_writing(&writer);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	if (wrote)
		CommandCounterIncrement();
	return left;
}

/* Those of the clients in "among" (NULL: all) to whom the deltas add an event, sorted. */
KeySet *
cl_added_clients(const KeySet *set, const DeltaList *list, const KeySet *among)
{
	KeySet	   *added = cl_keys_new();

	for (int64 i = 0; i < list->count; i++)
	{
		const SubjectKey *key = &set->keys[list->deltas[i].client];

		if (list->deltas[i].sign > 0 && (among == NULL || cl_keys_contain(among, key)))
			(void) cl_keys_add(added, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));
	}
	(void) cl_keys_sort(added);
	return added;
}
