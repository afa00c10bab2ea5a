/*
 * source_write.c
 *		Take what a source says into appointment or contact: the triggers of
 *		attached tables, refresh(), and what verify() asks.
 *
 * A statement on an attached table brings the keys of the rows that it wrote,
 * before and after.  The view is asked for these keys, whatever has become of
 * them since, and what it says is merged into our table as one statement,
 * whose triggers do the rest.  So INSERT, UPDATE, DELETE, COPY, MERGE and
 * referential actions are all the same, and a row that a later trigger has
 * changed again is taken as it is.
 *
 * The keys of a table are locked by whoever writes its rows.  Rows of a view
 * come from several tables, so writers of the tables it watches take turns:
 * otherwise each might miss what the other has not committed yet.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "key_set.h"
#include "query.h"
#include "source.h"
#include "table.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(source_after_write);
PG_FUNCTION_INFO_V1(refresh);
PG_FUNCTION_INFO_V1(_source_differences);

/* what is wrong, each kind and value once; the first hundred */
static const char *const faults_query =
	"SELECT count(*), string_agg(w.line, E'\\n' ORDER BY w.line COLLATE \"C\")"
	" FROM (SELECT CASE i.fault WHEN 'code' THEN format('status: unknown code \"%s\"', left(i.value, 100))"
	"   WHEN 'start' THEN format('at: \"%s\" is no time as ISO 8601 writes it', left(i.value, 100))"
	"   WHEN 'district' THEN format('district: \"%s\" cannot be a district', left(i.value, 100))"
	"   WHEN 'minutes' THEN format('minutes: %s is not from 0 to 1440', left(i.value, 100))"
	"   ELSE 'key: a row has none' END || format(' (%s)', CASE count(*) WHEN 1 THEN '1 row' ELSE count(*) || ' rows' END) AS line"
	" FROM incoming i WHERE i.fault IS NOT NULL GROUP BY i.fault, i.value ORDER BY 1 LIMIT 100) w";

static CachedQuery count_faults_query = {
	"INSERT INTO caseload.source_fault AS f (source_id, fault, value, occurrences)"
	" SELECT $1, i.fault, left(i.value, 100), count(*) FROM incoming i WHERE i.fault IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 2, 3"
	" ON CONFLICT (source_id, fault, value) DO UPDATE"
	" SET occurrences = f.occurrences + EXCLUDED.occurrences, last_at = now()",
	1, {"text"}
};

static CachedQuery forget_faults_query = {
	"DELETE FROM caseload.source_fault f WHERE f.source_id = $1", 1, {"text"}
};

static const char *const twice_query =
	"SELECT i.event_id FROM incoming i GROUP BY i.event_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1";

/* of many rows; a few are looked up one by one */
static CachedQuery missing_query = {
	"SELECT EXISTS (SELECT FROM incoming i WHERE NOT i.gone"
	" AND (NOT EXISTS (SELECT FROM caseload.client c WHERE c.district_id = i.district_id AND c.client_id = i.client_id)"
	" OR i.therapist_id IS NOT NULL AND NOT EXISTS"
	" (SELECT FROM caseload.therapist t WHERE t.district_id = i.district_id AND t.therapist_id = i.therapist_id)))",
	0
};

#define FEW_ROWS	50

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", NULL}
};

static CachedTable therapist_table = {
	"therapist", "therapist_pkey", {"district_id", "therapist_id", NULL}
};

/* Who is named for the first time. In key order, as everything that is locked. */
static CachedQuery parent_queries[] = {
	{"INSERT INTO caseload.district (district_id)"
		" SELECT DISTINCT i.district_id FROM incoming i WHERE NOT i.gone"
		" AND NOT EXISTS (SELECT FROM caseload.district d WHERE d.district_id = i.district_id)"
	" ORDER BY 1 ON CONFLICT DO NOTHING", 0},
	{"INSERT INTO caseload.site (district_id, site_id, time_zone)"
		" SELECT i.district_id, i.site_id, min(caseload.canonical_zone(i.time_zone)) FROM incoming i WHERE NOT i.gone AND i.site_id IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM caseload.site s WHERE s.district_id = i.district_id AND s.site_id = i.site_id)"
	" GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT DO NOTHING", 0},
	{"INSERT INTO caseload.therapist (district_id, therapist_id, discipline)"
		" SELECT i.district_id, i.therapist_id, coalesce(min(i.discipline), 'unknown') FROM incoming i WHERE NOT i.gone AND i.therapist_id IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM caseload.therapist t WHERE t.district_id = i.district_id AND t.therapist_id = i.therapist_id)"
	" GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT DO NOTHING", 0},
	{"INSERT INTO caseload.client (district_id, client_id, name, site_id)"
		" SELECT DISTINCT ON (i.district_id, i.client_id) i.district_id, i.client_id, i.client_name, i.site_id FROM incoming i WHERE NOT i.gone"
		" AND NOT EXISTS (SELECT FROM caseload.client c WHERE c.district_id = i.district_id AND c.client_id = i.client_id)"
	" ORDER BY i.district_id, i.client_id, i.starts_at DESC, i.event_id ON CONFLICT DO NOTHING", 0},
};

/*
 * What lies outside every episode of clients who have some, or who are not to
 * be enrolled by an event: how many, and the first ten.  Statements are told
 * of the first by the triggers of our tables; whoever loads a whole relation
 * wants to know them all.
 */
static const char *const outside_query =
	"SELECT count(*), string_agg(w.line, E'\\n' ORDER BY w.n) FILTER (WHERE w.n <= 10)"
	" FROM (SELECT row_number() OVER (ORDER BY i.district_id, i.client_id, d.day, i.event_id) AS n,"
	"   format('event \"%s\" of client \"%s\" is on %s; %s', substr(i.event_id, length($1) + 2), i.client_id, d.day,"
	"     coalesce('the episodes are ' || (SELECT string_agg(e.period::text, ', ' ORDER BY e.period) FROM caseload.episode e"
	"       WHERE e.district_id = i.district_id AND e.client_id = i.client_id), 'there is no episode')) AS line"
	"   FROM incoming i"
	"   JOIN caseload.client c ON c.district_id = i.district_id AND c.client_id = i.client_id"
	"   LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
	"   CROSS JOIN LATERAL (SELECT (i.starts_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date) AS d (day)"
	"   WHERE NOT i.gone AND NOT EXISTS (SELECT FROM caseload.episode e"
	"       WHERE e.district_id = i.district_id AND e.client_id = i.client_id AND e.period @> d.day)"
	"     AND (EXISTS (SELECT FROM caseload.episode e WHERE e.district_id = i.district_id AND e.client_id = i.client_id)"
	"       OR i.district_id <> ALL (ARRAY(SELECT p.district_id FROM caseload.policies(CURRENT_DATE) p WHERE p.auto_enroll)))) w";

#define MERGE_APPOINTMENT(FROM_WHAT) \
	"MERGE INTO caseload.appointment a USING " FROM_WHAT " i ON a.source_id = $1 AND a.appointment_id = i.event_id" \
	" WHEN MATCHED AND i.gone THEN DELETE" \
	" WHEN MATCHED AND (a.district_id <> i.district_id OR a.client_id <> i.client_id OR a.starts_at <> i.starts_at" \
	" OR a.status <> i.status::caseload.appointment_status OR a.therapist_id IS DISTINCT FROM i.therapist_id" \
	" OR a.minutes IS DISTINCT FROM i.minutes) THEN UPDATE SET district_id = i.district_id, client_id = i.client_id," \
	" starts_at = i.starts_at, status = i.status::caseload.appointment_status, therapist_id = i.therapist_id, minutes = i.minutes" \
	" WHEN NOT MATCHED AND NOT i.gone THEN" \
	" INSERT (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status, source_id)" \
	" VALUES (i.district_id, i.client_id, i.event_id, i.therapist_id, i.starts_at, i.minutes, i.status::caseload.appointment_status, $1)"

#define MERGE_CONTACT(FROM_WHAT) \
	"MERGE INTO caseload.contact a USING " FROM_WHAT " i ON a.source_id = $1 AND a.contact_id = i.event_id" \
	" WHEN MATCHED AND i.gone THEN DELETE" \
	" WHEN MATCHED AND (a.district_id <> i.district_id OR a.client_id <> i.client_id OR a.at <> i.starts_at" \
	" OR a.kind <> i.status::caseload.contact_kind) THEN UPDATE SET district_id = i.district_id, client_id = i.client_id," \
	" at = i.starts_at, kind = i.status::caseload.contact_kind" \
	" WHEN NOT MATCHED AND NOT i.gone THEN" \
	" INSERT (district_id, client_id, contact_id, at, kind, source_id)" \
	" VALUES (i.district_id, i.client_id, i.event_id, i.starts_at, i.status::caseload.contact_kind, $1)"

/* where a look at the keys says that nothing of ours is concerned: a join with our table and its executor are spared */
static CachedQuery insert_queries[2] = {
	{"INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status, source_id)"
		" SELECT i.district_id, i.client_id, i.event_id, i.therapist_id, i.starts_at, i.minutes, i.status::caseload.appointment_status, $1"
	" FROM incoming i WHERE NOT i.gone", 1, {"text"}},
	{"INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind, source_id)"
		" SELECT i.district_id, i.client_id, i.event_id, i.starts_at, i.status::caseload.contact_kind, $1"
	" FROM incoming i WHERE NOT i.gone", 1, {"text"}}
};

static CachedTable event_tables[2] = {
	{"appointment", "appointment_source_idx",
	{"source_id", "appointment_id", "district_id", "client_id", "starts_at", "status", "therapist_id", "minutes", NULL}},
	{"contact", "contact_source_idx", {"source_id", "contact_id", "district_id", "client_id", "at", "kind", NULL}}
};

/* of the columns above, from the third on: where they come in, and how they are compared */
static const struct
{
	int			incoming;
	enum
	{
		AS_TEXT, AS_MOMENT, AS_WORD, AS_NUMBER
	}			kind;
}			compared_columns[] = {
	{CL_INCOMING_DISTRICT_ID, AS_TEXT}, {CL_INCOMING_CLIENT_ID, AS_TEXT}, {CL_INCOMING_STARTS_AT, AS_MOMENT},
	{CL_INCOMING_STATUS, AS_WORD}, {CL_INCOMING_THERAPIST_ID, AS_TEXT}, {CL_INCOMING_MINUTES, AS_NUMBER}
};

/* everything that there is, and of what we have the rest as gone */
#define ALL_OF(TABLE, ID) \
	"(SELECT * FROM incoming UNION ALL SELECT m." ID ", true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL" \
	" FROM caseload." TABLE " m WHERE m.source_id = $1 AND NOT EXISTS (SELECT FROM incoming x WHERE x.event_id = m." ID "))"

/* by whether they are contacts: of a few keys, and of all rows */
static CachedQuery merge_queries[2] = {
	{MERGE_APPOINTMENT("incoming"), 1, {"text"}},
	{MERGE_CONTACT("incoming"), 1, {"text"}}
};

static const char *const merge_all_queries[2] = {
	MERGE_APPOINTMENT(ALL_OF("appointment", "appointment_id")),
	MERGE_CONTACT(ALL_OF("contact", "contact_id"))
};

#define DIFFERENCES(TABLE, ID, AT, SAME) \
	"SELECT coalesce(i.district_id, m.district_id), coalesce(i.client_id, m.client_id)," \
	" format(CASE WHEN m." ID " IS NULL THEN 'source \"%s\": event \"%s\" is missing'" \
	" WHEN i.event_id IS NULL THEN 'source \"%s\": event \"%s\" is not there'" \
	" ELSE 'source \"%s\": event \"%s\" differs' END, $1, substr(coalesce(i.event_id, m." ID "), length($1) + 2))" \
	" FROM (SELECT * FROM incoming WHERE NOT gone) i" \
	" FULL JOIN (SELECT * FROM caseload." TABLE " t WHERE t.source_id = $1) m ON m." ID " = i.event_id" \
	" WHERE (m." ID " IS NULL OR i.event_id IS NULL OR m.district_id <> i.district_id OR m.client_id <> i.client_id" \
	" OR m." AT " <> i.starts_at OR " SAME ")" \
	" AND ($2 IS NULL OR coalesce(i.district_id, m.district_id) = $2 OR m.district_id = $2)"

static const char *const differences_queries[2] = {
	DIFFERENCES("appointment", "appointment_id", "starts_at",
				"m.status::text <> i.status OR m.therapist_id IS DISTINCT FROM i.therapist_id OR m.minutes IS DISTINCT FROM i.minutes"),
	DIFFERENCES("contact", "contact_id", "at", "m.kind::text <> i.status")
};

/* -------------------------------------------------------------- writing --- */

static bool
any_fault(Tuplestorestate *incoming, TupleTableSlot *slot)
{
	bool		found = false;

	tuplestore_rescan(incoming);
	while (!found && tuplestore_gettupleslot(incoming, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		found = !slot_attisnull(slot, CL_INCOMING_FAULT);
	}
	tuplestore_rescan(incoming);
	return found;
}

static bool
is_there(const CachedTable *table, Relation rel, Snapshot snapshot, Datum district_id, Datum id)
{
	Datum		keys[2] = {district_id, id};
	SysScanDesc scan = cl_lookup(table, rel, snapshot, keys, 2);
	bool		found = HeapTupleIsValid(systable_getnext(scan));

	systable_endscan(scan);
	return found;
}

/*
 * Is somebody named whom we do not know?  A query over the incoming rows
 * would read all clients there are, or start an executor for one of them.
 */
static bool
any_missing(Tuplestorestate *incoming, TupleTableSlot *slot)
{
	Relation	clients;
	Relation	therapists;
	Snapshot	snapshot;
	bool		missing = false;
	bool		isnull;

	if (tuplestore_tuple_count(incoming) > FEW_ROWS)
	{
		(void) cl_run(&missing_query, NULL, NULL);
		return DatumGetBool(cl_result(0, 1, &isnull));
	}
	clients = cl_open_table(&client_table, AccessShareLock);
	therapists = cl_open_table(&therapist_table, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	tuplestore_rescan(incoming);
	while (!missing && tuplestore_gettupleslot(incoming, true, false, slot))
	{
		Datum		district_id = slot_getattr(slot, CL_INCOMING_DISTRICT_ID, &isnull);
		Datum		therapist_id;

		if (DatumGetBool(slot_getattr(slot, CL_INCOMING_GONE, &isnull)))
			continue;
		missing = !is_there(&client_table, clients, snapshot, district_id, slot_getattr(slot, CL_INCOMING_CLIENT_ID, &isnull));
		therapist_id = slot_getattr(slot, CL_INCOMING_THERAPIST_ID, &isnull);
		if (!missing && !isnull)
			missing = !is_there(&therapist_table, therapists, snapshot, district_id, therapist_id);
	}
	tuplestore_rescan(incoming);
	UnregisterSnapshot(snapshot);
	table_close(therapists, AccessShareLock);
	table_close(clients, AccessShareLock);
	return missing;
}

/* Does our row say what has come in? */
static bool
says_the_same(const CachedTable *table, Relation rel, HeapTuple row, TupleTableSlot *incoming)
{
	for (int i = 0; table->columns[i + 2] != NULL; i++)
	{
		bool		ours_null;
		bool		theirs_null;
		Datum		ours = cl_column_of(table, rel, row, i + 2, &ours_null);
		Datum		theirs = slot_getattr(incoming, compared_columns[i].incoming, &theirs_null);
		bool		same = true;

		if (ours_null || theirs_null)
		{
			if (ours_null != theirs_null)
				return false;
			continue;
		}
		switch (compared_columns[i].kind)
		{
			case AS_TEXT:
				same = DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, ours, theirs));
				break;
			case AS_MOMENT:
				same = DatumGetTimestampTz(ours) == DatumGetTimestampTz(theirs);
				break;
			case AS_WORD:
				same = strcmp(DatumGetCString(DirectFunctionCall1(enum_out, ours)), TextDatumGetCString(theirs)) == 0;
				break;
			case AS_NUMBER:
				same = DatumGetInt32(ours) == DatumGetInt32(theirs);
				break;
		}
		if (!same)
			return false;
	}
	return true;
}

/*
 * Merge what has come in for some keys; returns how many of our rows that
 * changed.  Few rows are looked up first: most are new, or say what they said
 * before.
 */
static uint64
merge_keyed(const Source *source, Tuplestorestate *incoming, TupleTableSlot *slot, Datum id)
{
	CachedTable *table = &event_tables[source->contacts];
	bool		any_changed = tuplestore_tuple_count(incoming) > FEW_ROWS;
	bool		any_new = false;
	bool		any_old = false;

	if (!any_changed)
	{
		Relation	rel = cl_open_table(table, AccessShareLock);
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());

		tuplestore_rescan(incoming);
		while (!any_changed && tuplestore_gettupleslot(incoming, true, false, slot))
		{
			bool		isnull;
			Datum		keys[2] = {id, slot_getattr(slot, CL_INCOMING_EVENT_ID, &isnull)};
			bool		gone = DatumGetBool(slot_getattr(slot, CL_INCOMING_GONE, &isnull));
			SysScanDesc scan = cl_lookup(table, rel, snapshot, keys, 2);
			HeapTuple	row = systable_getnext(scan);

			if (HeapTupleIsValid(row))
			{
				any_old = true;
				any_changed = gone || !says_the_same(table, rel, row, slot);
			}
			else
				any_new = any_new || !gone;
			systable_endscan(scan);
		}
		tuplestore_rescan(incoming);
		UnregisterSnapshot(snapshot);
		table_close(rel, AccessShareLock);
	}
	if (any_changed || (any_new && any_old))
		return cl_run(&merge_queries[source->contacts], &id, NULL);
	return any_new ? cl_run(&insert_queries[source->contacts], &id, NULL) : 0;
}

/* How many events of all rows no episode holds; the first ten in "lines". */
static int64
count_outside(const Source *source, char **lines)
{
	Datum		id = CStringGetTextDatum(source->source_id);
	bool		isnull;
	int64		count;

	(void) cl_run_once(outside_query, 1, &id, NULL, false);
	count = DatumGetInt64(cl_result(0, 1, &isnull));
	*lines = count > 0 ? psprintf("%s%s", TextDatumGetCString(cl_result(0, 2, &isnull)), count > 10 ? "\n..." : "") : NULL;
	return count;
}

/* 22023 with all that is wrong; of all rows also with what lies outside every episode, so that it need not be found out next. */
static void
refuse_faults(const Source *source, bool all)
{
	char	   *outside = NULL;
	int64		count = all ? count_outside(source, &outside) : 0;
	bool		isnull;

	(void) cl_run_once(faults_query, 0, NULL, NULL, false);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("source \"%s\" cannot be understood", source->source_id),
			 count == 0 ? errdetail("%s", TextDatumGetCString(cl_result(0, 2, &isnull)))
			 : errdetail("%s\nevents outside every episode: %lld\n%s", TextDatumGetCString(cl_result(0, 2, &isnull)), (long long) count, outside),
			 errhint("Name the codes in the mapping, filter such rows out, or attach with \"unknown\": \"skip\", which counts them.")));
}

/* 23514 with events of all rows that no episode holds. */
static void
refuse_outside(const Source *source)
{
	char	   *outside;
	int64		count = count_outside(source, &outside);

	if (count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg_plural("%lld event of source \"%s\" lies outside every episode", "%lld events of source \"%s\" lie outside every episode",
							   (unsigned long) count, (long long) count, source->source_id),
				 errdetail("%s", outside),
				 errhint("Correct the dates of the events or the periods of the episodes, open new episodes, or filter such rows out.")));
}

static CachedQuery give_query = {
	"SELECT caseload._source_give($1, $2)", 2, {"text", "regclass"}
};

/* REASSIGN OWNED, owners that change while event triggers are off, and rights of a group that go nobody tells us of. */
static void
follow_owner(const Source *source)
{
	OwnerScope	scope;
	Datum		args[2] = {CStringGetTextDatum(source->source_id), ObjectIdGetDatum(source->relid)};

	if (pg_class_aclcheck(source->view, source->owner, ACL_SELECT) == ACLCHECK_OK &&
		object_aclcheck(NamespaceRelationId, get_rel_namespace(source->view), source->owner, ACL_USAGE) == ACLCHECK_OK)
		return;
	cl_enter_planned(&scope);
	(void) cl_run(&give_query, args, NULL);
	cl_leave(&scope);
}

/*
 * Take what the source says of these keys (NULL: of all) into our table;
 * "deleted" is a hint that their rows are not there any more.  Returns how
 * many of our rows that changed.  22023 for what cannot be understood, where
 * the source says so.
 */
uint64
cl_take_source(Source *source, Tuplestorestate *changed, bool deleted)
{
	Tuplestorestate *incoming = tuplestore_begin_heap(false, false, work_mem);
	TupleDesc	desc = cl_incoming_desc();
	bool		all = (changed == NULL);
	Datum		id = CStringGetTextDatum(source->source_id);
	TupleTableSlot *slot;
	OwnerScope	scope;
	bool		isnull;
	uint64		count;

	follow_owner(source);
	/* what the statement has written, and all that others have committed */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	cl_read_source(source, changed, deleted, incoming);
	PopActiveSnapshot();

	if (all)
		cl_enter_planned(&scope);
	else
		cl_enter(&scope);
	cl_register_rows("incoming", desc, incoming);
	if (all && source->skip)
		(void) cl_run(&forget_faults_query, &id, NULL);
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	if (any_fault(incoming, slot))
	{
		if (!source->skip)
			refuse_faults(source, all);
		(void) cl_run(&count_faults_query, &id, NULL);
	}
	/* a table has the rows that were written, unless its key is none any more */
	if ((!source->is_table || (!all && tuplestore_tuple_count(incoming) > tuplestore_tuple_count(changed))) &&
		cl_run_once(twice_query, 0, NULL, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("source \"%s\" has several rows of one key", source->source_id),
				 errdetail("Event \"%s\" is there more than once.", TextDatumGetCString(cl_result(0, 1, &isnull)))));
	if (any_missing(incoming, slot))
	{
		for (size_t i = 0; i < lengthof(parent_queries); i++)
			(void) cl_run(&parent_queries[i], NULL, NULL);
	}
	if (all)
		refuse_outside(source);
	count = all ? cl_run_once(merge_all_queries[source->contacts], 1, &id, NULL, false)
		: merge_keyed(source, incoming, slot, id);
	ExecDropSingleTupleTableSlot(slot);
	cl_leave(&scope);
	tuplestore_end(incoming);
	return count;
}

/* ------------------------------------------------------------- triggers --- */

/*
 * The columns of the table at hand that hold the keys: those of the relation,
 * under their names in a partition; of a table that a view watches those that
 * the trigger names.  False where the keys cannot be told.
 */
static bool
find_keys(const Source *source, const TriggerData *trigdata, AttrNumber *columns)
{
	Relation	rel = trigdata->tg_relation;
	Trigger    *trigger = trigdata->tg_trigger;

	for (int i = 0; i < source->n_keys; i++)
	{
		AttrNumber	column;

		if (!source->is_table)
			column = trigger->tgnargs == source->n_keys + 1 ? get_attnum(RelationGetRelid(rel), trigger->tgargs[i + 1]) : InvalidAttrNumber;
		else if (RelationGetRelid(rel) == source->relid)
			column = source->keys[i];
		else
			column = get_attnum(RelationGetRelid(rel), get_attname(source->relid, source->keys[i], false));
		if (column <= 0 || TupleDescAttr(RelationGetDescr(rel), column - 1)->atttypid != source->key_types[i])
			return false;
		columns[i] = column;
	}
	return true;
}

/* Add the keys of written rows; true where a row has none. */
static bool
add_keys(const Source *source, TriggerData *trigdata, Tuplestorestate *rows, const AttrNumber *columns,
		 TupleDesc desc, Tuplestorestate *changed)
{
	TupleTableSlot *slot;
	Datum		values[CL_SOURCE_KEYS];
	bool		nulls[CL_SOURCE_KEYS];
	bool		any_null = false;

	if (rows == NULL)
		return false;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(trigdata->tg_relation), &TTSOpsMinimalTuple);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < source->n_keys; i++)
		{
			values[i] = slot_getattr(slot, columns[i], &nulls[i]);
			any_null |= nulls[i];
		}
		tuplestore_putvalues(changed, desc, values, nulls);
	}
	tuplestore_rescan(rows);
	ExecDropSingleTupleTableSlot(slot);
	return any_null;
}

/* Nobody writes what we read, until the transaction ends. */
static void
keep_writers_out(const Source *source)
{
	if (source->scan || !source->is_table)
		cl_key_lock(CStringGetTextDatum(source->source_id), CStringGetTextDatum(""), CL_LOCK_SOURCES);
	else
	{
		/* the parent first, as whoever writes does */
		LockRelationOid(source->relid, ShareLock);
		(void) find_all_inheritors(source->relid, ShareLock, NULL);
	}
}

static uint64
take_all(Source *source)
{
	keep_writers_out(source);
	return cl_take_source(source, NULL, false);
}

/*
 * Statement trigger of an attached table, of its partitions, and of tables
 * that an attached view watches.  Arguments: the source, and for a watched
 * table the columns that are the keys of the view.
 */
Datum
source_after_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_any_statement_trigger(fcinfo, "source_after_write");
	AttrNumber	columns[CL_SOURCE_KEYS];
	Tuplestorestate *changed;
	TupleDesc	desc;
	Source	   *source;

	if (trigdata->tg_trigger->tgnargs < 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" needs the name of a source as argument", "source_after_write")));
	source = cl_source(trigdata->tg_trigger->tgargs[0]);
	if (source->scan)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event) || !find_keys(source, trigdata, columns))
	{
		(void) take_all(source);
		return PointerGetDatum(NULL);
	}
	if (!source->is_table)
		keep_writers_out(source);
	desc = cl_source_key_desc(source);
	changed = tuplestore_begin_heap(false, false, work_mem);
	(void) add_keys(source, trigdata, trigdata->tg_oldtable, columns, desc, changed);
	if (add_keys(source, trigdata, trigdata->tg_newtable, columns, desc, changed) && source->is_table)
		(void) take_all(source);	/* no key finds such a row: it is refused, or counted */
	else if (tuplestore_tuple_count(changed) > 0)
		(void) cl_take_source(source, changed, TRIGGER_FIRED_BY_DELETE(trigdata->tg_event));
	tuplestore_end(changed);
	return PointerGetDatum(NULL);
}

/* ------------------------------------------------- refresh and differences --- */

/*
 * refresh(source_id) -> number of rows of ours that were written
 *
 * Compares all rows of a source with what was taken from it, and writes the
 * difference.  Strict.  22023 for an unknown source, and for rows that cannot
 * be understood; 42501 for whoever owns neither its relation nor our tables;
 * 23514 for events outside every episode.
 */
Datum
refresh(PG_FUNCTION_ARGS)
{
	char	   *source_id = text_to_cstring(PG_GETARG_TEXT_PP(0));

	cl_check_source_owner(source_id);
	PG_RETURN_INT64((int64) take_all(cl_source(source_id)));
}

/*
 * _source_differences(source_id, district) -> district_id, client_id, difference
 *
 * What was taken from a source and is not as it says (any more).  A district
 * of NULL is all.  Read on the snapshot of the calling query.  42501 for
 * whoever may not read the relation, or sees some of its rows only: the
 * owner's rights must tell nobody what his own do not.
 */
Datum
_source_differences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[2];
	char		nulls[2] = {' ', ' '};
	Tuplestorestate *incoming;
	Source	   *source;
	int			guc_level;
	uint64		count;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	source = cl_source(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (pg_class_aclcheck(source->relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		cl_is_kept_back(source))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to compare source \"%s\"", source->source_id),
				 errdetail("It takes the right to read all rows of relation \"%s\".", get_rel_name(source->relid))));

	incoming = tuplestore_begin_heap(false, false, work_mem);
	cl_read_source(source, NULL, false, incoming);
	guc_level = cl_enter_reader(false);
	cl_register_rows("incoming", cl_incoming_desc(), incoming);
	values[0] = CStringGetTextDatum(source->source_id);
	values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	nulls[1] = PG_ARGISNULL(1) ? 'n' : ' ';
	count = cl_run_once(differences_queries[source->contacts], 2, values, nulls, true);
	for (uint64 i = 0; i < count; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
	cl_leave_reader(guc_level);
	tuplestore_end(incoming);
	return (Datum) 0;
}
