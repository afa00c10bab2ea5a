/*
 * capacity_reasons.c
 *		Every reason for and against giving a service to a therapist.
 *
 * The only place that decides it: check_capacity() asks before the write, on
 * its query's snapshot and with the service added to the load, the trigger at
 * the write, on the latest snapshot under the therapist's lock, where the
 * load holds it already.  The past cannot be helped: only days from today on
 * count.  What is not recorded never stands against a service.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "availability.h"
#include "capacity.h"
#include "delta.h"
#include "policy_cache.h"
#include "query.h"
#include "table.h"

static CachedTable license_table = {
	"license", "license_pkey", {"district_id", "therapist_id", "state", "discipline", "valid", NULL}
};

static CachedTable scope_table = {
	"therapist_scope", "therapist_scope_pkey",
	{"district_id", "therapist_id", "valid", "evaluation_only", "lowest_grade", "highest_grade", NULL}
};

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", "site_id", "state", "grade", NULL}
};

static CachedTable site_table = {
	"site", "site_pkey", {"district_id", "site_id", "state", NULL}
};

/*
 * $1 district, $2 therapist, $3 service and $4 client in question (NULL: none
 * yet), $5 and $6 the days.  Most clients on any day, and on those on which
 * the client in question is on the caseload by this service only.
 */
static CachedQuery headcount_query = {
	"WITH line AS ("
	"  SELECT s.client_id, s.service_id, s.period * e.period AS days"
	"    FROM caseload.service s"
	"    JOIN caseload.episode e ON e.district_id = s.district_id AND e.client_id = s.client_id AND e.period && s.period"
	"   WHERE s.district_id = $1 AND s.therapist_id = $2 AND s.tier = 3 AND s.service_id IS DISTINCT FROM $3),"
	" mine AS ("
	"  SELECT daterange($5, $6) * e.period AS days FROM caseload.episode e"
	"   WHERE e.district_id = $1 AND e.client_id = $4 AND e.period && daterange($5, $6)"
	"  UNION ALL"
	"  SELECT daterange($5, $6) WHERE NOT EXISTS (SELECT FROM caseload.episode e WHERE e.district_id = $1 AND e.client_id = $4)),"
	" day AS ("
	"  SELECT $5 AS day UNION"
	"  SELECT lower(x.days) FROM (SELECT l.days FROM line l UNION ALL SELECT m.days FROM mine m) AS x"
	"   WHERE lower(x.days) > $5 AND ($6 IS NULL OR lower(x.days) < $6)),"
	" count AS ("
	"  SELECT (SELECT count(DISTINCT l.client_id) FROM line l WHERE l.days @> d.day AND l.client_id IS DISTINCT FROM $4) AS others,"
	"         EXISTS (SELECT FROM line l WHERE l.days @> d.day AND l.client_id = $4) AS there,"
	"         EXISTS (SELECT FROM mine m WHERE m.days @> d.day) AS comes"
	"    FROM day d)"
	" SELECT max(c.others + (c.there OR c.comes)::integer), max(c.others + 1) FILTER (WHERE c.comes AND NOT c.there) FROM count c",
	6, {"text", "text", "text", "text", "date", "date"}
};

/* the most on any day from $3 on */
static CachedQuery most_clients_query = {
	"WITH line AS ("
	"  SELECT s.client_id, s.period * e.period AS days"
	"    FROM caseload.service s"
	"    JOIN caseload.episode e ON e.district_id = s.district_id AND e.client_id = s.client_id AND e.period && s.period"
	"   WHERE s.district_id = $1 AND s.therapist_id = $2 AND s.tier = 3)"
	" SELECT max((SELECT count(DISTINCT l.client_id) FROM line l WHERE l.days @> d.day))"
	"   FROM (SELECT $3 AS day UNION SELECT lower(l.days) FROM line l WHERE lower(l.days) > $3) AS d",
	3, {"text", "text", "date"}
};

static CachedQuery weighting_query = {
	"SELECT w.points, w.points_limit FROM caseload.weighting_loads($1, $2, $3, $4) w",
	4, {"text", "date", "text", "text"}
};

static char *
text_of(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static char *
column_string(const CachedTable *table, Relation rel, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = cl_column_of(table, rel, tuple, column, &isnull);

	return isnull ? pstrdup("") : TextDatumGetCString(value);
}

static bool
numeric_greater(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_gt, NumericGetDatum(a), NumericGetDatum(b)));
}

/* A date for people, as the session writes dates. */
static char *
date_text(DateADT day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

/* --------------------------------------------------------------- reasons --- */

typedef struct ReasonList
{
	CapacityReason *first;
	CapacityReason **end;
	bool		all;			/* also what does not stand against it */
} ReasonList;

static CapacityReason *
add_reason(ReasonList *list, const char *rule, bool over)
{
	CapacityReason *reason;

	if (!over && !list->all)
		return NULL;
	reason = palloc0(sizeof(CapacityReason));
	reason->rule = rule;
	reason->over = over;
	*list->end = reason;
	list->end = &reason->next;
	return reason;
}

/* The scope that is valid on a day. */
bool
cl_valid_scope(const CapacityTherapist *therapist, DateADT day, Snapshot snapshot,
			bool *evaluation_only, int *lowest, int *highest)
{
	Relation	rel = cl_open_table(&scope_table, AccessShareLock);
	Datum		keys[2] = {therapist->district_id, therapist->therapist_id};
	SysScanDesc scan = cl_lookup(&scope_table, rel, snapshot, keys, 2);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;
		bool		isnull;
		Datum		value;

		cl_period_bounds(cl_column_of(&scope_table, rel, tuple, 2, &isnull), &from, &until);
		if (day < from || day >= until)
			continue;
		found = true;
		*evaluation_only = DatumGetBool(cl_column_of(&scope_table, rel, tuple, 3, &isnull));
		value = cl_column_of(&scope_table, rel, tuple, 4, &isnull);
		*lowest = isnull ? PG_INT16_MIN : DatumGetInt16(value);
		value = cl_column_of(&scope_table, rel, tuple, 5, &isnull);
		*highest = isnull ? PG_INT16_MAX : DatumGetInt16(value);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	return found;
}

/* Grade and state (that of the client, else of the site) of a client; false when there is none. */
static bool
read_client(const char *district_id, const char *client_id, Snapshot snapshot, int *grade, char **state)
{
	Relation	rel = cl_open_table(&client_table, AccessShareLock);
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;
	bool		found;
	Datum		site = (Datum) 0;

	*grade = PG_INT16_MIN;
	*state = NULL;
	keys[0] = CStringGetTextDatum(district_id);
	keys[1] = CStringGetTextDatum(client_id);
	scan = cl_lookup(&client_table, rel, snapshot, keys, 2);
	tuple = systable_getnext(scan);
	found = tuple != NULL;
	if (tuple != NULL)
	{
		Datum		value = cl_column_of(&client_table, rel, tuple, 2, &isnull);

		if (!isnull)
			site = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		value = cl_column_of(&client_table, rel, tuple, 3, &isnull);
		*state = text_of(value, isnull);
		value = cl_column_of(&client_table, rel, tuple, 4, &isnull);
		if (!isnull)
			*grade = DatumGetInt16(value);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	if (*state == NULL && site != (Datum) 0)
	{
		rel = cl_open_table(&site_table, AccessShareLock);
		keys[1] = site;
		scan = cl_lookup(&site_table, rel, snapshot, keys, 2);
		if ((tuple = systable_getnext(scan)) != NULL)
		{
			Datum		value = cl_column_of(&site_table, rel, tuple, 2, &isnull);

			*state = text_of(value, isnull);
		}
		systable_endscan(scan);
		table_close(rel, NoLock);
	}
	return found;
}

static bool
is_licensed(const CapacityTherapist *therapist, const char *state, const char *discipline, DateADT day, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&license_table, AccessShareLock);
	Datum		keys[2] = {therapist->district_id, therapist->therapist_id};
	SysScanDesc scan = cl_lookup(&license_table, rel, snapshot, keys, 2);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;
		bool		isnull;

		if (strcmp(column_string(&license_table, rel, tuple, 2), state) != 0 ||
			strcmp(column_string(&license_table, rel, tuple, 3), discipline) != 0)
			continue;
		cl_period_bounds(cl_column_of(&license_table, rel, tuple, 4, &isnull), &from, &until);
		found = from <= day && day < until;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	return found;
}

/* Minutes per week against FTE and hours. */
static void
check_minutes(CapacityTherapist *therapist, const CapacityCase *service, DateADT first_day, Snapshot snapshot, ReasonList *list)
{
	CapacityReason *reason;
	int64		peak;

	/* the most of all days is no more */
	if (!list->all && service->written && therapist->peak <= therapist->limit_micros)
		return;
	peak = cl_peak(&therapist->load, therapist->key.district_id, first_day, service->until, -1);
	reason = add_reason(list, "weekly_minutes", peak > therapist->limit_micros);
	if (reason == NULL)
		return;
	reason->limit = therapist->limit;
	reason->would_be = cl_micros_numeric(peak);
	reason->unit = "minutes per week";
	reason->message = therapist->limit == NULL ? "the FTE of the therapist is not recorded, so there is no limit" :
		therapist->by_hours ? "weekly minutes against the hours that the therapist is available" :
		"weekly minutes against the capacity of the position";
}

static Datum
optional_date(DateADT day, char *null)
{
	*null = DATE_NOT_FINITE(day) ? 'n' : ' ';
	return DateADTGetDatum(day);
}

static int64
int8_result(int column, bool *isnull)
{
	Datum		value = cl_result(0, column, isnull);

	return *isnull ? 0 : DatumGetInt64(value);
}

static Numeric
numeric_result(MemoryContext context, int column)
{
	bool		isnull;
	Datum		value = cl_result(0, column, &isnull);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Numeric		copy = isnull ? NULL : DatumGetNumericCopy(value);

	MemoryContextSwitchTo(oldcontext);
	return copy;
}

/* Points of the weighting in force, as of the first day that counts. */
static void
check_weighting(CapacityTherapist *therapist, const CapacityCase *service, DateADT first_day, ReasonList *list)
{
	CapacityReason *reason;

	if (therapist->weighting == NULL)
		return;
	if (!therapist->weighed || therapist->weighed_day != first_day)
	{
		MemoryContext context = GetMemoryChunkContext(unconstify(char *, therapist->weighting));
		OwnerScope	scope;
		Datum		args[4];
		uint64		rows;

		args[0] = CStringGetTextDatum(therapist->weighting);
		args[1] = DateADTGetDatum(first_day);
		args[2] = therapist->district_id;
		args[3] = therapist->therapist_id;
		cl_enter(&scope);
		rows = list->all ? cl_read(&weighting_query, args, NULL) : cl_run(&weighting_query, args, NULL);
		therapist->points = rows > 0 ? numeric_result(context, 1) : NULL;
		therapist->points_limit = rows > 0 ? numeric_result(context, 2) : NULL;
		cl_leave(&scope);
		therapist->weighed = true;
		therapist->weighed_day = first_day;
	}
	reason = add_reason(list, "weighting",
						therapist->points != NULL && therapist->points_limit != NULL &&
						numeric_greater(therapist->points, therapist->points_limit));
	if (reason == NULL)
		return;
	reason->limit = therapist->points_limit;
	reason->would_be = therapist->points;
	reason->unit = "points";
	reason->message = psprintf(therapist->points == NULL ? "the points by \"%s\" on %s are not known" :
							   service->written ? "points by \"%s\" on %s" : "points by \"%s\" on %s, before this service",
							   therapist->weighting, date_text(first_day));
}

/* Clients against the headcount cap. */
static void
check_headcount(CapacityTherapist *therapist, const CapacityCase *service, DateADT first_day, ReasonList *list)
{
	CapacityReason *reason;
	OwnerScope	scope;
	Datum		args[6];
	char		nulls[7] = "      ";
	int64		clients;
	int64		adding;
	bool		isnull;
	bool		adds;

	if (therapist->headcount_limit == NULL || service->tier != 3)
		return;
	args[0] = therapist->district_id;
	args[1] = therapist->therapist_id;
	cl_enter(&scope);
	if (!therapist->counted && !list->all)
	{
		args[2] = DateADTGetDatum(therapist->today);
		(void) cl_run(&most_clients_query, args, NULL);
		therapist->most_clients = int8_result(1, &isnull);
		therapist->counted = true;
	}
	if (!list->all && service->written &&
		!numeric_greater(int64_to_numeric(therapist->most_clients), therapist->headcount_limit))
	{
		cl_leave(&scope);
		return;
	}
	nulls[2] = service->service_id ? ' ' : 'n';
	args[2] = service->service_id ? CStringGetTextDatum(service->service_id) : (Datum) 0;
	nulls[3] = service->client_id ? ' ' : 'n';
	args[3] = service->client_id ? CStringGetTextDatum(service->client_id) : (Datum) 0;
	args[4] = DateADTGetDatum(first_day);
	args[5] = optional_date(service->until, &nulls[5]);
	(void) (list->all ? cl_read(&headcount_query, args, nulls) : cl_run(&headcount_query, args, nulls));
	clients = int8_result(1, &isnull);
	adding = int8_result(2, &isnull);
	adds = !isnull;
	cl_leave(&scope);
	reason = add_reason(list, "headcount",
						adds && numeric_greater(int64_to_numeric(adding), therapist->headcount_limit));
	if (reason == NULL)
		return;
	reason->limit = therapist->headcount_limit;
	reason->would_be = int64_to_numeric(clients);
	reason->unit = "clients";
	reason->message = adds ? "clients against the headcount cap" : "the client is on the caseload already";
}

static void
check_employment(const CapacityTherapist *therapist, const CapacityCase *service, DateADT first_day, ReasonList *list)
{
	CapacityReason *reason;
	bool		employed = therapist->employed_from <= first_day && first_day < therapist->employed_until;

	if (service->discipline != NULL)
	{
		reason = add_reason(list, "discipline", strcmp(service->discipline, therapist->discipline) != 0);
		if (reason != NULL)
			reason->message = psprintf("the service is %s, the therapist is %s", service->discipline, therapist->discipline);
	}
	reason = add_reason(list, "employment", !employed);
	if (reason != NULL)
		reason->message = psprintf("the service is due on %s, the therapist is employed %s%s,%s)", date_text(first_day),
								   DATE_IS_NOBEGIN(therapist->employed_from) ? "(" : "[",
								   DATE_IS_NOBEGIN(therapist->employed_from) ? "" : date_text(therapist->employed_from),
								   DATE_IS_NOEND(therapist->employed_until) ? "" : date_text(therapist->employed_until));
}

/* What a helper may be given. */
static void
check_scope(const CapacityTherapist *therapist, DateADT first_day, bool client_known, int grade,
			Snapshot snapshot, ReasonList *list)
{
	CapacityReason *reason;
	bool		evaluation_only = false;
	int			lowest = PG_INT16_MIN;
	int			highest = PG_INT16_MAX;
	bool		graded;

	if (!therapist->has_scope || !cl_valid_scope(therapist, first_day, snapshot, &evaluation_only, &lowest, &highest))
		return;
	graded = lowest > PG_INT16_MIN || highest < PG_INT16_MAX;
	reason = add_reason(list, "scope",
						evaluation_only || (grade > PG_INT16_MIN && (grade < lowest || grade > highest)));
	if (reason == NULL)
		return;
	if (evaluation_only)
		reason->message = "the therapist evaluates only and takes no services";
	else if (!graded)
		reason->message = "the therapist takes all grades";
	else if (!client_known)
		reason->message = "no client is named, so the grade is not looked at";
	else if (grade == PG_INT16_MIN)
		reason->message = "the grade of the client is not recorded";
	else if (highest == PG_INT16_MAX)
		reason->message = psprintf("the client is in grade %d, the therapist takes grades from %d", grade, lowest);
	else if (lowest == PG_INT16_MIN)
		reason->message = psprintf("the client is in grade %d, the therapist takes grades up to %d", grade, highest);
	else
		reason->message = psprintf("the client is in grade %d, the therapist takes grades %d to %d", grade, lowest, highest);
}

static void
check_episode(const CapacityTherapist *therapist, const CapacityCase *service, Snapshot snapshot, ReasonList *list)
{
	CapacityReason *reason;
	ClientFrame frame;
	bool		inside = false;
	bool		enrolls;

	/* the trigger on service has refused it already */
	if (service->client_id == NULL || (service->written && !list->all))
		return;
	cl_read_frame(therapist->district_id, CStringGetTextDatum(service->client_id), snapshot, &frame);
	for (int i = 0; i < frame.count; i++)
		inside = inside || (Max(frame.from[i], service->from) < Min(frame.until[i], service->until));
	enrolls = frame.count == 0 &&
		strcmp(cl_policy(therapist->key.district_id, "auto_enroll", NULL, NULL, therapist->today), "on") == 0;
	reason = add_reason(list, "episode", !inside && !enrolls);
	if (reason != NULL)
		reason->message = inside ? "the service is due in an episode of the client" :
			enrolls ? "the client will be enrolled by this service" :
			frame.count == 0 ? "the client is not enrolled" : "the service lies outside every episode of the client";
}

static void
check_license(const CapacityTherapist *therapist, const CapacityCase *service, DateADT first_day, bool client_known,
			  const char *state, Snapshot snapshot, ReasonList *list)
{
	const char *discipline = service->discipline ? service->discipline : therapist->discipline;
	CapacityReason *reason;
	bool		there;
	bool		here;

	if (!therapist->has_license)
		return;
	there = state == NULL || is_licensed(therapist, state, discipline, first_day, snapshot);
	here = therapist->state == NULL || is_licensed(therapist, therapist->state, discipline, first_day, snapshot);
	reason = add_reason(list, "licence", !there || !here);
	if (reason == NULL)
		return;
	if (!there)
		reason->message = psprintf("the therapist has no licence for %s in %s, where the client is, on %s",
								   discipline, state, date_text(first_day));
	else if (!here)
		reason->message = psprintf("the therapist has no licence for %s in %s, where the therapist works, on %s",
								   discipline, therapist->state, date_text(first_day));
	else if (state != NULL)
		reason->message = psprintf("the therapist has a licence for %s in %s on %s", discipline, state, date_text(first_day));
	else
		reason->message = client_known ? "the state of the client is not recorded" : "no client is named, so no state is looked at";
}

/*
 * The reasons, in the current memory context: all, or those that stand
 * against the service.  None for a service that is over.
 */
CapacityReason *
cl_capacity_reasons(CapacityTherapist *therapist, const CapacityCase *service, Snapshot snapshot, bool all)
{
	ReasonList	list = {NULL, NULL, all};
	DateADT		first_day = Max(service->from, therapist->today);
	CapacityReason *reason;
	bool		client_known = false;
	int			grade = PG_INT16_MIN;
	char	   *state = NULL;

	list.end = &list.first;
	if (!therapist->found || first_day >= service->until)
		return NULL;
	if ((therapist->has_scope || therapist->has_license) && service->client_id != NULL)
		client_known = read_client(therapist->key.district_id, service->client_id, snapshot, &grade, &state);
	check_minutes(therapist, service, first_day, snapshot, &list);
	check_weighting(therapist, service, first_day, &list);
	check_headcount(therapist, service, first_day, &list);
	check_employment(therapist, service, first_day, &list);
	check_scope(therapist, first_day, client_known, grade, snapshot, &list);
	if (service->individual_required || service->group_size > 1)
	{
		reason = add_reason(&list, "individual", service->individual_required && service->group_size > 1);
		if (reason != NULL)
			reason->message = !service->individual_required ? "the service may be given in a group" :
				service->group_size > 1 ? psprintf("the service must be given alone, not in a group of %d", service->group_size) :
				"the service is given alone";
	}
	check_episode(therapist, service, snapshot, &list);
	check_license(therapist, service, first_day, client_known, state, snapshot, &list);
	return list.first;
}
