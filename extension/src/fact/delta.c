/*
 * delta.c
 *		From the transition tables of a statement to new attendance values.
 *
 * The rows are taken, what was removed is netted against what was added, and
 * the rest is added to and subtracted from the values of the episodes that
 * the events fall into, in one upsert for the statement.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "delta.h"
#include "query.h"

/* An episode of a client, as the context query gives it. */
typedef struct EpisodeFrame
{
	int			client;
	int			episode;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	Attendance *attendance;		/* NULL: no row yet */
	bool		changed;
} EpisodeFrame;

typedef struct ClientFrame
{
	char	   *zone;			/* as the site spells it */
	int			first;			/* into the episodes */
	int			episodes;
} ClientFrame;

/* The codes of the labels of one enum, looked up once a statement. */
typedef struct LabelCache
{
	Oid			label[CL_STATUSES];
	int			code[CL_STATUSES];
	int			count;
} LabelCache;

static CachedQuery context_query = {
	"SELECT k.n::int4, x.*"
	"  FROM unnest($1, $2) WITH ORDINALITY AS k (district_id, client_id, n)"
	" CROSS JOIN LATERAL ("
	"   SELECT coalesce(s.time_zone, 'UTC'), e.episode,"
	"          coalesce(lower(e.period), '-infinity'), coalesce(upper(e.period), 'infinity'), a.attendance"
	"     FROM caseload.client c"
	"     LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
	"     LEFT JOIN caseload.episode e ON e.district_id = c.district_id AND e.client_id = c.client_id"
	"     LEFT JOIN caseload.client_activity a ON a.district_id = e.district_id"
	"          AND a.client_id = e.client_id AND a.episode = e.episode"
	"    WHERE c.district_id = k.district_id AND c.client_id = k.client_id"
	"    ORDER BY e.period OFFSET 0) AS x",
	2, {"text[]", "text[]"}
};

static CachedQuery upsert_query = {
	"INSERT INTO caseload.client_activity AS a (district_id, client_id, episode, attendance)"
	" SELECT * FROM unnest($1, $2, $3, $4)"
	" ON CONFLICT (district_id, client_id, episode) DO UPDATE SET attendance = EXCLUDED.attendance",
	4, {"text[]", "text[]", "int4[]", "caseload.attendance[]"}
};

static int
label_code(LabelCache *cache, Oid label)
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
		code = label_code(&labels, DatumGetObjectId(value[3]));
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
	KeySet  *left = cl_keys_new();
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

/* Read zone, episodes and values of all clients of the set. */
static void
read_frames(const KeySet *set, ClientFrame *clients, EpisodeFrame **episodes, int *count)
{
	Datum		args[2];
	uint64		rows;
	MemoryContext context = set->context;
	bool		isnull;

	args[0] = cl_keys_districts(set);
	args[1] = cl_keys_ids(set);
	rows = cl_run(&context_query, args, NULL);

	memset(clients, 0, sizeof(ClientFrame) * set->count);
	*episodes = MemoryContextAllocHuge(context, sizeof(EpisodeFrame) * Max(rows, 1));
	*count = 0;
	for (uint64 row = 0; row < rows; row++)
	{
		int			n = DatumGetInt32(cl_result(row, 1, &isnull)) - 1;
		Datum		episode = cl_result(row, 3, &isnull);
		EpisodeFrame *frame = *episodes + *count;
		Datum		attendance;

		if (clients[n].zone == NULL)
		{
			bool		zone_null;
			Datum		zone = cl_result(row, 2, &zone_null);
			MemoryContext old = MemoryContextSwitchTo(context);

			clients[n].zone = TextDatumGetCString(zone);
			clients[n].first = *count;
			MemoryContextSwitchTo(old);
		}
		if (isnull)
			continue;
		frame->client = n;
		frame->episode = DatumGetInt32(episode);
		frame->from = DatumGetDateADT(cl_result(row, 4, &isnull));
		frame->until = DatumGetDateADT(cl_result(row, 5, &isnull));
		attendance = cl_result(row, 6, &isnull);
		frame->attendance = NULL;
		frame->changed = false;
		if (!isnull)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			frame->attendance = (Attendance *) PG_DETOAST_DATUM_COPY(attendance);
			MemoryContextSwitchTo(old);
		}
		clients[n].episodes++;
		(*count)++;
	}
	SPI_freetuptable(SPI_tuptable);
}

/* The episode that holds a day, or NULL. */
static EpisodeFrame *
find_episode(const ClientFrame *client, EpisodeFrame *episodes, DateADT day)
{
	for (int i = 0; i < client->episodes; i++)
	{
		EpisodeFrame *episode = &episodes[client->first + i];

		if (episode->from <= day && day < episode->until)
			return episode;
	}
	return NULL;
}

static void
refuse_delta(const KeySet *set, const ClientFrame *client, const EpisodeFrame *episodes,
			 int n, DateADT day)
{
	StringInfoData periods;

	initStringInfo(&periods);
	for (int i = 0; i < client->episodes; i++)
	{
		const EpisodeFrame *episode = &episodes[client->first + i];

		appendStringInfo(&periods, "%s[%s,%s)", i ? ", " : "",
						 DATE_NOT_FINITE(episode->from) ? "" :
						 DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(episode->from))),
						 DATE_NOT_FINITE(episode->until) ? "" :
						 DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(episode->until))));
	}
	cl_refuse_orphan(set->keys[n].id,
				  DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day))),
				  periods.data);
}

static bool
in_zone(const Attendance *value, const char *zone, int zone_length)
{
	AttendanceReader reader;

	if (value == NULL)
		return true;
	cl_attendance_open(&reader, value);
	return reader.zone_length == zone_length && memcmp(reader.zone, zone, zone_length) == 0;
}

/* value + added - removed, where each list may be empty */
static Attendance *
changed_value(Attendance *value, const char *zone, int zone_length,
			  Event *added, int n_added, Event *removed, int n_removed)
{
	if (value == NULL)
		value = cl_attendance_from_events(NULL, 0, zone, zone_length);
	if (n_added > 0)
		value = (Attendance *) DatumGetPointer(
			DirectFunctionCall2(attendance_add, PointerGetDatum(value),
								PointerGetDatum(cl_attendance_from_events(added, n_added, zone, zone_length))));
	if (n_removed > 0)
		value = (Attendance *) DatumGetPointer(
			DirectFunctionCall2(attendance_subtract, PointerGetDatum(value),
								PointerGetDatum(cl_attendance_from_events(removed, n_removed, zone, zone_length))));
	return value;
}

/*
 * Bring the values of the sorted, locked set up to date with the deltas.
 * Clients without an episode are left out and added to "unenrolled".  A value
 * that is still in another zone than its client's site (the change of the
 * site has a trigger to come) cannot be changed: then nothing is.
 */
ApplyResult
cl_apply_deltas(KeySet *set, DeltaList *list, KeySet *unenrolled)
{
	ClientFrame *clients = MemoryContextAllocHuge(set->context, sizeof(ClientFrame) * set->count);
	EpisodeFrame *episodes;
	int			n_episodes;
	Datum	   *values;
	const char **districts;
	const char **ids;
	Datum	   *numbers;
	Event	   *added;
	Event	   *removed;
	int			changed = 0;
	Datum		args[4];
	Oid			attendance_type;
	int32		typmod;
	int64		largest = 1;

	read_frames(set, clients, &episodes, &n_episodes);

	values = MemoryContextAllocHuge(set->context, sizeof(Datum) * Max(n_episodes, 1));
	numbers = MemoryContextAllocHuge(set->context, sizeof(Datum) * Max(n_episodes, 1));
	districts = MemoryContextAllocHuge(set->context, sizeof(char *) * Max(n_episodes, 1));
	ids = MemoryContextAllocHuge(set->context, sizeof(char *) * Max(n_episodes, 1));

	for (int64 i = 0, begin = 0; i < list->count; i++)
	{
		if (list->deltas[i].client != list->deltas[begin].client)
			begin = i;
		largest = Max(largest, i - begin + 1);
	}
	added = MemoryContextAllocHuge(set->context, sizeof(Event) * largest);
	removed = MemoryContextAllocHuge(set->context, sizeof(Event) * largest);

	for (int64 i = 0; i < list->count;)
	{
		int			n = list->deltas[i].client;
		ClientFrame *client = &clients[n];
		char		zone[CL_MAX_ZONE + 1];
		int			zone_length;
		LocalClock	clock;
		int64		end = i;

		CHECK_FOR_INTERRUPTS();
		while (end < list->count && list->deltas[end].client == n)
			end++;
		/* gone with the client, or with the last episode */
		if (client->zone == NULL || client->episodes == 0)
		{
			for (; i < end; i++)
			{
				if (client->zone != NULL && list->deltas[i].sign > 0)
					(void) cl_keys_add(unenrolled, CStringGetTextDatum(set->keys[n].district_id),
									   CStringGetTextDatum(set->keys[n].id));
			}
			continue;
		}

		zone_length = cl_zone_canonical(client->zone, (int) strlen(client->zone), zone);
		cl_clock_init(&clock, zone, zone_length);
		/* events come in order of time, so one episode follows the other */
		while (i < end)
		{
			EpisodeFrame *episode = NULL;
			int			n_added = 0;
			int			n_removed = 0;

			for (; i < end; i++)
			{
				EventDelta *delta = &list->deltas[i];
				DateADT		day = cl_local_day(&clock, EVENT_SECOND(delta->event)) - CL_DAYS_TO_PG_EPOCH;
				EpisodeFrame *here = find_episode(client, episodes, day);

				if (here == NULL)
					refuse_delta(set, client, episodes, n, day);
				if (!in_zone(here->attendance, zone, zone_length))
					return DELTAS_NEED_REBUILD;
				if (episode != NULL && here != episode)
					break;
				episode = here;
				if (delta->sign > 0)
					added[n_added++] = delta->event;
				else
					removed[n_removed++] = delta->event;
			}
			episode->attendance = changed_value(episode->attendance, zone, zone_length,
												added, n_added, removed, n_removed);
			episode->changed = true;
		}
	}

	for (int i = 0; i < n_episodes; i++)
	{
		if (!episodes[i].changed)
			continue;
		districts[changed] = set->keys[episodes[i].client].district_id;
		ids[changed] = set->keys[episodes[i].client].id;
		numbers[changed] = Int32GetDatum(episodes[i].episode);
		values[changed++] = PointerGetDatum(episodes[i].attendance);
	}
	if (changed == 0)
		return DELTAS_CHANGED_NOTHING;

	parseTypeString_compat("caseload.attendance", &attendance_type, &typmod);
	args[0] = cl_text_array(districts, changed);
	args[1] = cl_text_array(ids, changed);
	args[2] = PointerGetDatum(construct_array(numbers, changed, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_array(values, changed, attendance_type, -1, false, TYPALIGN_INT));
	(void) cl_run(&upsert_query, args, NULL);
	return DELTAS_APPLIED;
}

/* The clients to whom the deltas add an event. */
void
cl_added_clients(const KeySet *set, const DeltaList *list, KeySet *added)
{
	for (int64 i = 0; i < list->count; i++)
	{
		const SubjectKey *key = &set->keys[list->deltas[i].client];

		if (list->deltas[i].sign > 0)
			(void) cl_keys_add(added, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));
	}
}
