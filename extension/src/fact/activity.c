/*
 * activity.c
 *		Keep client_activity equal to the facts.
 *
 * An event trigger does not look at the tables of events at all: it adds and
 * subtracts what the statement changed (delta.c), which is exact because
 * attendance values are invertible, and costs the same however long the
 * history is.  Clients without an episode are enrolled first, and the trigger
 * of that statement makes their values from the events, which are there.
 *
 * Where the frame moves (an episode's period, a client's site, a site's time
 * zone) the values of the clients concerned are made anew from the events,
 * and only those that differ are written.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "activity.h"
#include "delta.h"
#include "load.h"
#include "query.h"
#include "recompute.h"
#include "transition.h"

/*
 * Clients whose values this transaction has made from the events themselves.
 * A trigger that comes later in the same statement may hold
 * changes that these values contain already, so it makes them anew, too.
 * What an aborted subtransaction leaves here does no harm.
 */
static TransactionKeys remade;

/* See activity.h. */
void		(*cl_clients_changed) (const KeySet *set, const ClientValues *values) = NULL;

static CachedQuery enroll_query = {
	"INSERT INTO caseload.episode (district_id, client_id, episode)"
	" SELECT k.district_id, k.client_id, 1"
	"   FROM unnest($1, $2) AS k (district_id, client_id)"
	"  WHERE (SELECT count(*) FROM caseload.client c"
	"          WHERE c.district_id = k.district_id AND c.client_id = k.client_id) = 1"
	"    AND k.district_id = ANY (ARRAY(SELECT p.district_id FROM caseload.policies(CURRENT_DATE) p WHERE p.auto_enroll))"
	"    AND (SELECT count(*) FROM caseload.episode e"
	"          WHERE e.district_id = k.district_id AND e.client_id = k.client_id) = 0"
	" ON CONFLICT (district_id, client_id, episode) DO NOTHING"
	" RETURNING district_id, client_id",
	2, {"text[]", "text[]"}
};

static CachedQuery unenrolled_query = {
	"SELECT k.client_id FROM unnest($1, $2) AS k (district_id, client_id)"
	" WHERE (SELECT count(*) FROM caseload.client c"
	"         WHERE c.district_id = k.district_id AND c.client_id = k.client_id) = 1"
	"   AND (SELECT count(*) FROM caseload.episode e"
	"         WHERE e.district_id = k.district_id AND e.client_id = k.client_id) = 0 LIMIT 1",
	2, {"text[]", "text[]"}
};

static CachedQuery orphan_query = {
	"SELECT o.district_id, o.client_id, o.day::text,"
	"       (SELECT string_agg(e.period::text, ', ' ORDER BY e.period) FROM caseload.episode e"
	"         WHERE e.district_id = o.district_id AND e.client_id = o.client_id)"
	"  FROM caseload._orphan_events($1, $2) o LIMIT 1",
	2, {"text[]", "text[]"}
};

static CachedQuery rebuild_query = {
	"INSERT INTO caseload.client_activity AS a (district_id, client_id, episode, period, attendance)"
	" SELECT r.district_id, r.client_id, r.episode, r.period, r.attendance"
	"   FROM caseload._activity_recompute($1, $2) r"
	" ON CONFLICT (district_id, client_id, episode) DO UPDATE SET period = EXCLUDED.period, attendance = EXCLUDED.attendance"
	" WHERE a.attendance <> EXCLUDED.attendance OR a.period <> EXCLUDED.period",
	2, {"text[]", "text[]"}
};

static CachedQuery overlap_query = {
	"SELECT x.*"
	"  FROM unnest($1, $2) AS k (district_id, client_id)"
	" CROSS JOIN LATERAL ("
	"   SELECT a.client_id, a.episode, a.period::text, b.episode, b.period::text"
	"     FROM caseload.episode a"
	"     JOIN caseload.episode b ON b.district_id = a.district_id AND b.client_id = a.client_id"
	"          AND b.episode > a.episode AND b.period && a.period"
	"    WHERE a.district_id = k.district_id AND a.client_id = k.client_id OFFSET 0) AS x LIMIT 1",
	2, {"text[]", "text[]"}
};

static CachedQuery service_query = {
	"SELECT x.*"
	"  FROM unnest($1, $2) AS k (district_id, client_id)"
	" CROSS JOIN LATERAL ("
	"   SELECT s.service_id, s.client_id,"
	"          coalesce((SELECT string_agg(e.period::text, ', ' ORDER BY e.period) FROM caseload.episode e"
	"            WHERE e.district_id = s.district_id AND e.client_id = s.client_id), 'none')"
	"     FROM caseload.service s"
	"    WHERE s.district_id = k.district_id AND s.client_id = k.client_id"
	"      AND (SELECT count(*) FROM caseload.episode e"
	"            WHERE e.district_id = s.district_id AND e.client_id = s.client_id"
	"              AND e.period && s.period) = 0 OFFSET 0) AS x LIMIT 1",
	2, {"text[]", "text[]"}
};

static CachedQuery moved_query = {
	"SELECT k.district_id, k.client_id"
	"  FROM unnest($1, $2) AS k (district_id, client_id)"
	" CROSS JOIN LATERAL ("
	"   SELECT FROM caseload.client c"
	"     LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
	"     JOIN caseload.client_activity a ON a.district_id = c.district_id AND a.client_id = c.client_id"
	"    WHERE c.district_id = k.district_id AND c.client_id = k.client_id"
	"      AND caseload.zone(a.attendance) <> caseload.canonical_zone(coalesce(s.time_zone, 'UTC')) OFFSET 0) AS x",
	2, {"text[]", "text[]"}
};

static CachedQuery site_clients_query = {
	"SELECT x.*"
	"  FROM unnest($1, $2) AS k (district_id, site_id)"
	" CROSS JOIN LATERAL ("
	"   SELECT c.district_id, c.client_id FROM caseload.client c"
	"    WHERE c.district_id = k.district_id AND c.site_id = k.site_id OFFSET 0) AS x",
	2, {"text[]", "text[]"}
};

static CachedQuery all_clients_query = {
	"SELECT district_id, client_id FROM caseload.client"
	" WHERE ($1 IS NULL OR district_id = $1) AND ($2 IS NULL OR client_id = $2)",
	2, {"text", "text"}
};

PG_FUNCTION_INFO_V1(activity_after_event);
PG_FUNCTION_INFO_V1(activity_after_frame);
PG_FUNCTION_INFO_V1(rebuild);

static CachedQuery count_query = {
	"SELECT count(*) FROM caseload.client"
	" WHERE ($1 IS NULL OR district_id = $1) AND ($2 IS NULL OR client_id = $2)",
	2, {"text", "text"}
};

/* values of episodes that are gone, left behind past the triggers */
static CachedQuery orphan_values_query = {
	"DELETE FROM caseload.client_activity a"
	" WHERE ($1 IS NULL OR a.district_id = $1)"
	"   AND NOT EXISTS (SELECT FROM caseload.episode e"
	"         WHERE e.district_id = a.district_id AND e.client_id = a.client_id AND e.episode = a.episode)",
	1, {"text"}
};

static CachedQuery count_values_query = {
	"SELECT count(*) FROM caseload.client_activity a WHERE $1 IS NULL OR a.district_id = $1", 1, {"text"}
};

/* ------------------------------------------------- checks and recompute --- */

static void
set_args(const KeySet *set, Datum args[2])
{
	args[0] = cl_keys_districts(set);
	args[1] = cl_keys_ids(set);
}

static char *
text_result(int column)
{
	bool		isnull;
	Datum		value = cl_result(0, column, &isnull);

	return isnull ? pstrdup("none") : TextDatumGetCString(value);
}

/*
 * Open an episode for clients that have none, where the district's policy
 * allows it; the trigger on episode then makes their values and tells the
 * floors above.  23514 where it does not.  Returns whom it has enrolled.
 */
static KeySet *
enroll(const KeySet *set)
{
	KeySet	   *enrolled = cl_keys_new();
	Datum		args[2];

	if (set->count == 0)
		return enrolled;
	set_args(set, args);
	(void) cl_run(&enroll_query, args, NULL);
	cl_keys_add_result(enrolled);
	if (cl_run(&unenrolled_query, args, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("client \"%s\" is not enrolled", text_result(1)),
				 errdetail("The policy \"auto_enroll\" of the district is off."),
				 errhint("Open an episode first: INSERT INTO caseload.episode.")));
	return enrolled;
}

static void
note_remade(const KeySet *set)
{
	KeySet	   *noted = cl_keys_of_transaction(&remade);

	for (int i = 0; i < set->count; i++)
		(void) cl_keys_add(noted, CStringGetTextDatum(set->keys[i].district_id),
						   CStringGetTextDatum(set->keys[i].id));
}

static bool
any_remade(const KeySet *set)
{
	if (remade.set == NULL)
		return false;
	for (int i = 0; i < set->count; i++)
	{
		if (cl_keys_contain(remade.set, &set->keys[i]))
			return true;
	}
	return false;
}

/*
 * Make the values of these clients from their events and write those that
 * differ; returns their number.  23514 for an event outside every episode.
 */
static uint64
rebuild_activity(const KeySet *set)
{
	Datum		args[2];

	if (set->count == 0)
		return 0;
	note_remade(set);
	set_args(set, args);
	if (cl_run(&orphan_query, args, NULL) > 0)
		cl_refuse_orphan(text_result(2), text_result(3), text_result(4));
	return cl_run(&rebuild_query, args, NULL);
}

/* 23P01 when two episodes of a client overlap. */
static void
check_episodes(const KeySet *set)
{
	Datum		args[2];
	bool		isnull;

	set_args(set, args);
	if (cl_run(&overlap_query, args, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_EXCLUSION_VIOLATION),
				 errmsg("episodes of client \"%s\" overlap", text_result(1)),
				 errdetail("Episode %d is %s and episode %d is %s.",
						   DatumGetInt32(cl_result(0, 2, &isnull)), text_result(3),
						   DatumGetInt32(cl_result(0, 4, &isnull)), text_result(5)),
				 errhint("Close the earlier episode with a period that ends before the later one begins."),
				 cl_errconstraint("episode", "episode_no_overlap")));
}

/* 23514 when a service shares no day with an episode of its client. */
static void
check_services(const KeySet *set)
{
	Datum		args[2];

	set_args(set, args);
	if (cl_run(&service_query, args, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("service \"%s\" lies outside every episode of client \"%s\"",
						text_result(1), text_result(2)),
				 errdetail("The episodes are: %s.", text_result(3)),
				 errhint("Correct the period of the service or of an episode, or open a new episode.")));
}

/* ------------------------------------------------------------- triggers --- */

/* Those keys of a set that are not in another (which is not sorted), sorted. */
static KeySet *
without(const KeySet *set, const KeySet *others)
{
	KeySet	   *rest = cl_keys_new();

	for (int i = 0; i < set->count; i++)
	{
		if (!cl_keys_contain(others, &set->keys[i]))
			(void) cl_keys_add(rest, CStringGetTextDatum(set->keys[i].district_id),
							   CStringGetTextDatum(set->keys[i].id));
	}
	(void) cl_keys_sort(rest);
	return rest;
}

/* Run a query about a district or all (NULL), planned for whole tables; the answer is in the first column. */
static int64
run_on_all(CachedQuery *query, const char *district_id, bool count_rows)
{
	OwnerScope	scope;
	Datum		district = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;
	uint64		rows;
	int64		answer;
	bool		isnull;

	cl_enter_planned(&scope);
	rows = cl_run(query, &district, district_id ? NULL : "n");
	answer = count_rows ? (int64) rows : DatumGetInt64(cl_result(0, 1, &isnull));
	cl_leave(&scope);
	return answer;
}

static int64
count_values(const char *district_id)
{
	return run_on_all(&count_values_query, district_id, false);
}

static uint64
remove_orphans(const char *district_id)
{
	return (uint64) run_on_all(&orphan_values_query, district_id, true);
}

/* Run a query about a client, a district or all (NULL); returns the number of rows. */
static uint64
run_about(CachedQuery *query, const char *district_id, const char *client_id)
{
	Datum		args[2] = {0, 0};
	char		nulls[3] = "  ";

	if (district_id)
		args[0] = CStringGetTextDatum(district_id);
	else
		nulls[0] = 'n';
	if (client_id)
		args[1] = CStringGetTextDatum(client_id);
	else
		nulls[1] = 'n';
	return cl_run(query, args, nulls);
}

static void
add_all_clients(KeySet *set, const char *district_id, const char *client_id)
{
	(void) run_about(&all_clients_query, district_id, client_id);
	cl_keys_add_result(set);
}

static int64
count_clients(const char *district_id)
{
	bool		isnull;

	(void) run_about(&count_query, district_id, NULL);
	return DatumGetInt64(cl_result(0, 1, &isnull));
}

/*
 * Lock the clients of a district, or one client, or all (NULL), make their
 * values anew, judge them again.  Where all is made anew in one pass, only
 * those whose values differed: of the others nothing has changed, and a value
 * that the events give as it is stored lacks nothing that a trigger has yet
 * to bring.
 */
static uint64
rebuild_clients(const char *district_id, const char *client_id)
{
	KeySet	   *set = cl_keys_new();
	uint64		written = 0;

	if (client_id == NULL && cl_recompute_pays(count_clients(district_id)))
	{
		int64		stored;
		int64		there;

		cl_keys_lock_all(CL_LOCK_CLIENTS);
		there = count_values(district_id);
		written = cl_recompute_and_write(district_id, set, &stored);
		if (there > stored)
			written += remove_orphans(district_id);
		(void) cl_keys_sort(set);
		note_remade(set);
	}
	else
	{
		add_all_clients(set, district_id, client_id);
		(void) cl_keys_sort(set);
		cl_keys_lock(set, CL_LOCK_CLIENTS);
		written = rebuild_activity(set);
		if (client_id == NULL)
			written += remove_orphans(district_id);
	}
	if (set->count > 0)
		cl_clients_changed(set, NULL);
	return written;
}

/*
 * Statement trigger of the tables of events.  Arguments: the names of the
 * columns with the time and with the status or kind.
 */
Datum
activity_after_event(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "activity_after_event", 2);
	KeySet	   *set = cl_keys_new();
	KeySet	   *left;
	KeySet	   *enrolled;
	DeltaList	list = {NULL, 0, 0};
	ClientValues *values;
	OwnerScope	scope;

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		cl_enter(&scope);
		(void) rebuild_clients(NULL, NULL);
		cl_leave(&scope);
		return PointerGetDatum(NULL);
	}

	cl_read_events(trigdata, trigdata->tg_oldtable, -1, set, &list);
	cl_read_events(trigdata, trigdata->tg_newtable, +1, set, &list);
	if (list.count > 0)
		set = cl_net_deltas(set, &list);
	if (list.count == 0 || set->count == 0)
	{
		cl_forget_noted();
		return PointerGetDatum(NULL);
	}

	cl_lock_noted(set);
	values = palloc_extended(sizeof(ClientValues) * set->count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	left = any_remade(set) ? cl_keys_copy(set) : cl_apply_deltas(set, &list, values);
	if (left->count == 0)
	{
		cl_clients_changed(set, values);
		return PointerGetDatum(NULL);
	}
	cl_enter(&scope);
	(void) cl_want_statistics(left->count);
	/* whom the trigger on episode has just served needs nothing more */
	enrolled = enroll(cl_added_clients(set, &list, left));
	(void) rebuild_activity(without(left, enrolled));
	set = without(set, enrolled);
	if (set->count > 0)
		cl_clients_changed(set, NULL);
	cl_leave(&scope);
	return PointerGetDatum(NULL);
}

/* The clients a query names for the keys of a set. */
static KeySet *
clients_of(CachedQuery *query, const KeySet *keys)
{
	KeySet	   *set = cl_keys_new();
	Datum		args[2];

	set_args(keys, args);
	(void) cl_run(query, args, NULL);
	cl_keys_add_result(set);
	(void) cl_keys_sort(set);
	return set;
}

/*
 * Statement trigger of the tables that frame the events.  Argument: which
 * (episode, service, document, client or site).  Shrinking an episode so that events
 * or services fall out of it is refused; a new zone moves events to other
 * days, so values are made anew.
 */
Datum
activity_after_frame(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "activity_after_frame", 1);
	const char *table = trigdata->tg_trigger->tgargs[0];
	bool		is_site = strcmp(table, "site") == 0;
	KeySet	   *set = cl_keys_new();
	OwnerScope	scope;

	cl_enter(&scope);
	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
		add_all_clients(set, NULL, NULL);
	else
	{
		cl_read_keys(trigdata, trigdata->tg_oldtable, is_site ? "site_id" : "client_id", set);
		cl_read_keys(trigdata, trigdata->tg_newtable, is_site ? "site_id" : "client_id", set);
	}
	(void) cl_keys_sort(set);

	/* lock first and look afterwards: who is at a site is known under the lock only */
	if (is_site)
	{
		cl_keys_lock_all(CL_LOCK_CLIENTS);
		set = clients_of(&site_clients_query, set);
	}
	else
		cl_keys_lock(set, CL_LOCK_CLIENTS);
	if (set->count > 0)
	{
		(void) cl_want_statistics(set->count);
		if (is_site || strcmp(table, "client") == 0)
			(void) rebuild_activity(clients_of(&moved_query, set));
		else if (strcmp(table, "service") == 0)
		{
			if (!TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
				(void) enroll(set);
			check_services(set);
		}
		else if (strcmp(table, "episode") == 0)
		{
			check_episodes(set);
			check_services(set);
			(void) rebuild_activity(set);
		}
		cl_clients_changed(set, NULL);
	}
	cl_leave(&scope);
	return PointerGetDatum(NULL);
}

/*
 * rebuild(district_id, client_id) -> bigint: make all derived values anew,
 * of one client, one district or everybody (NULL); how many differed.
 */
Datum
rebuild(PG_FUNCTION_ARGS)
{
	char	   *district_id = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *client_id = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	OwnerScope	scope;
	uint64		written;

	/* what it writes without a query nobody else would refuse */
	PreventCommandIfReadOnly("rebuild()");
	cl_enter(&scope);
	written = rebuild_clients(district_id, client_id);
	written += cl_rebuild_loads(district_id, client_id);
	cl_leave(&scope);
	PG_RETURN_INT64((int64) written);
}
