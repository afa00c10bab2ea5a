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

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "capacity.h"
#include "numbers.h"
#include "policy_cache.h"
#include "query.h"

const char *const cl_rule_names[CAPACITY_RULES] = {
	"weekly_minutes", "weighting", "headcount", "discipline", "employment", "scope", "individual", "episode", "licence",
	"availability", "reach", "language", "specialty"
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

/* the most on any day from $3 on, and on $3 */
static CachedQuery most_clients_query = {
	"WITH line AS ("
	"  SELECT s.client_id, s.period * e.period AS days"
	"    FROM caseload.service s"
	"    JOIN caseload.episode e ON e.district_id = s.district_id AND e.client_id = s.client_id AND e.period && s.period"
	"   WHERE s.district_id = $1 AND s.therapist_id = $2 AND s.tier = 3)"
	" SELECT max((SELECT count(DISTINCT l.client_id) FROM line l WHERE l.days @> d.day)),"
	"        (SELECT count(DISTINCT l.client_id) FROM line l WHERE l.days @> $3)"
	"   FROM (SELECT $3 AS day UNION SELECT lower(l.days) FROM line l WHERE lower(l.days) > $3) AS d",
	3, {"text", "text", "date"}
};

static CachedQuery weighting_query = {
	"SELECT w.points, w.points_limit FROM caseload.weighting_loads($1, $2, $3, $4) w",
	4, {"text", "date", "text", "text"}
};

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
	CapacityAsk ask;
	bool		all;			/* also what does not stand against it */
	uint32		against;		/* the rules that do */
} ReasonList;

static CapacityReason *
add_reason(ReasonList *list, CapacityRule rule, bool over)
{
	CapacityReason *reason;

	if (over)
		list->against |= RULE_BIT(rule);
	if ((!over && !list->all) || list->ask == ASK_WHETHER)
		return NULL;
	reason = palloc0(sizeof(CapacityReason));
	reason->rule = rule;
	reason->over = over;
	*list->end = reason;
	list->end = &reason->next;
	return reason;
}

static bool
is_licensed(const CapacityTherapist *therapist, const char *state, const char *discipline, DateADT day)
{
	for (int i = 0; i < therapist->n_licenses; i++)
	{
		const CapacityLicense *license = &therapist->licenses[i];

		if (license->from <= day && day < license->until && strcmp(license->state, state) == 0 &&
			strcmp(license->discipline, discipline) == 0)
			return true;
	}
	return false;
}

/*
 * The most minutes with this service on the days of its period.  Where only
 * "is it too much" is asked, the sums of the bests and of today's often say
 * so already, without a look at every day.
 */
static int64
peak_with(CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, DateADT first_day,
		  CapacityAsk ask)
{
	LoadSteps	load;
	int64		peak;

	if (service->due && (ask == ASK_WHY || ask == ASK_WHETHER))
	{
		if (!therapist->levelled)
		{
			therapist->level_now = cl_peak(&therapist->load, therapist->key.district_id, therapist->today,
										   therapist->today + 1, -1);
			therapist->level_most = cl_peak(&therapist->load, therapist->key.district_id, therapist->today,
											DATEVAL_NOEND, -1);
			therapist->levelled = true;
		}
		if (therapist->level_most + service->micros_most <= therapist->limit_micros)
			return 0;
		if (ask == ASK_WHETHER && therapist->level_now + service->micros_now > therapist->limit_micros)
			return PG_INT64_MAX;
	}
	cl_load_copy(&load, &therapist->load);
	cl_add_case(&load, service, therapist->discipline, client != NULL ? &client->frame : NULL);
	peak = cl_peak(&load, therapist->key.district_id, first_day, service->until, -1);
	pfree(load.rates);
	pfree(load.steps);
	return peak;
}

/* Minutes per week against FTE and hours. */
static void
check_minutes(CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, DateADT first_day,
			  ReasonList *list)
{
	CapacityReason *reason;
	int64		peak;

	if (service->written)
	{
		/* the most of all days is no more */
		if (!list->all && therapist->peak <= therapist->limit_micros)
			return;
		peak = cl_peak(&therapist->load, therapist->key.district_id, first_day, service->until, -1);
	}
	else
		peak = peak_with(therapist, service, client, first_day, list->ask);
	reason = add_reason(list, RULE_WEEKLY_MINUTES, peak > therapist->limit_micros);
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
		rows = list->ask != ASK_AGAINST ? cl_read(&weighting_query, args, NULL) : cl_run(&weighting_query, args, NULL);
		therapist->points = rows > 0 ? numeric_result(context, 1) : NULL;
		therapist->points_limit = rows > 0 ? numeric_result(context, 2) : NULL;
		cl_leave(&scope);
		therapist->weighed = true;
		therapist->weighed_day = first_day;
	}
	reason = add_reason(list, RULE_WEIGHTING,
						therapist->points != NULL && therapist->points_limit != NULL &&
						is_greater(therapist->points, therapist->points_limit));
	if (reason == NULL)
		return;
	reason->limit = therapist->points_limit;
	reason->would_be = therapist->points;
	reason->unit = "points";
	reason->message = psprintf(therapist->points == NULL ? "the points by \"%s\" on %s are not known" :
							   service->written ? "points by \"%s\" on %s" : "points by \"%s\" on %s, before this service",
							   therapist->weighting, date_text(first_day));
}

/* The most clients from the therapist's today on, and then. */
static void
count_clients(CapacityTherapist *therapist, bool latest)
{
	Datum		args[3];
	bool		isnull;

	args[0] = therapist->district_id;
	args[1] = therapist->therapist_id;
	args[2] = DateADTGetDatum(therapist->today);
	(void) (latest ? cl_run(&most_clients_query, args, NULL) : cl_read(&most_clients_query, args, NULL));
	therapist->most_clients = int8_result(1, &isnull);
	therapist->clients_now = int8_result(2, &isnull);
	therapist->counted = true;
}

/* Clients against the headcount cap. */
static void
check_headcount(CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, DateADT first_day,
				ReasonList *list)
{
	CapacityReason *reason;
	OwnerScope	scope;
	Datum		args[6];
	char		nulls[7] = "      ";
	int64		clients;
	int64		adding;
	bool		isnull;
	bool		adds;
	bool		known = false;

	if (therapist->headcount_limit == NULL || service->tier != 3)
		return;
	if (!therapist->counted && !list->all)
	{
		cl_enter(&scope);
		count_clients(therapist, list->ask == ASK_AGAINST);
		cl_leave(&scope);
	}
	if (!list->all && service->written &&
		!is_greater(int64_to_numeric(therapist->most_clients), therapist->headcount_limit))
		return;
	if (service->due && !service->written && !list->all)
	{
		for (int i = 0; i < client->n_served_by && !known; i++)
			known = strcmp(client->served_by[i], therapist->key.id) == 0;
		/* one client more on each of his days, of which today is one */
		if (!known && !is_greater(int64_to_numeric(therapist->most_clients + 1), therapist->headcount_limit))
			return;
		if (!known && list->ask == ASK_WHETHER &&
			is_greater(int64_to_numeric(therapist->clients_now + 1), therapist->headcount_limit))
		{
			list->against |= RULE_BIT(RULE_HEADCOUNT);
			return;
		}
	}
	args[0] = therapist->district_id;
	args[1] = therapist->therapist_id;
	nulls[2] = service->service_id ? ' ' : 'n';
	args[2] = service->service_id ? CStringGetTextDatum(service->service_id) : (Datum) 0;
	nulls[3] = service->client_id ? ' ' : 'n';
	args[3] = service->client_id ? CStringGetTextDatum(service->client_id) : (Datum) 0;
	args[4] = DateADTGetDatum(first_day);
	args[5] = optional_date(service->until, &nulls[5]);
	cl_enter(&scope);
	(void) (list->ask != ASK_AGAINST ? cl_read(&headcount_query, args, nulls) : cl_run(&headcount_query, args, nulls));
	clients = int8_result(1, &isnull);
	adding = int8_result(2, &isnull);
	adds = !isnull;
	cl_leave(&scope);
	reason = add_reason(list, RULE_HEADCOUNT,
						adds && is_greater(int64_to_numeric(adding), therapist->headcount_limit));
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
		reason = add_reason(list, RULE_DISCIPLINE, strcmp(service->discipline, therapist->discipline) != 0);
		if (reason != NULL)
			reason->message = psprintf("the service is %s, the therapist is %s", service->discipline, therapist->discipline);
	}
	reason = add_reason(list, RULE_EMPLOYMENT, !employed);
	if (reason != NULL)
		reason->message = psprintf("the service is due on %s, the therapist is employed %s%s,%s)", date_text(first_day),
								   DATE_IS_NOBEGIN(therapist->employed_from) ? "(" : "[",
								   DATE_IS_NOBEGIN(therapist->employed_from) ? "" : date_text(therapist->employed_from),
								   DATE_IS_NOEND(therapist->employed_until) ? "" : date_text(therapist->employed_until));
}

/* What a helper may be given. */
static void
check_scope(const CapacityTherapist *therapist, const CapacityClient *client, DateADT first_day, ReasonList *list)
{
	const CapacityScope *scope = cl_valid_scope(therapist, first_day);
	CapacityReason *reason;
	int			grade = client != NULL && client->found ? client->grade : PG_INT16_MIN;

	if (scope == NULL)
		return;
	reason = add_reason(list, RULE_SCOPE,
						scope->evaluation_only ||
						(grade > PG_INT16_MIN && (grade < scope->lowest || grade > scope->highest)));
	if (reason == NULL)
		return;
	if (scope->evaluation_only)
		reason->message = "the therapist evaluates only and takes no services";
	else if (scope->lowest == PG_INT16_MIN && scope->highest == PG_INT16_MAX)
		reason->message = "the therapist takes all grades";
	else if (client == NULL || !client->found)
		reason->message = "no client is named, so the grade is not looked at";
	else if (grade == PG_INT16_MIN)
		reason->message = "the grade of the client is not recorded";
	else if (scope->highest == PG_INT16_MAX)
		reason->message = psprintf("the client is in grade %d, the therapist takes grades from %d", grade, scope->lowest);
	else if (scope->lowest == PG_INT16_MIN)
		reason->message = psprintf("the client is in grade %d, the therapist takes grades up to %d", grade, scope->highest);
	else
		reason->message = psprintf("the client is in grade %d, the therapist takes grades %d to %d", grade,
								   scope->lowest, scope->highest);
}

static void
check_episode(const CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, ReasonList *list)
{
	CapacityReason *reason;
	const ClientFrame *frame;
	bool		inside = false;
	bool		enrolls;

	/* the trigger on service has refused it already; what is due is due in an episode */
	if (service->client_id == NULL || service->due || (service->written && !list->all))
		return;
	frame = &client->frame;
	for (int i = 0; i < frame->count; i++)
		inside = inside || (Max(frame->from[i], service->from) < Min(frame->until[i], service->until));
	enrolls = frame->count == 0 &&
		strcmp(cl_policy(therapist->key.district_id, "auto_enroll", NULL, NULL, therapist->today), "on") == 0;
	reason = add_reason(list, RULE_EPISODE, !inside && !enrolls);
	if (reason != NULL)
		reason->message = inside ? "the service is due in an episode of the client" :
			enrolls ? "the client will be enrolled by this service" :
			frame->count == 0 ? "the client is not enrolled" : "the service lies outside every episode of the client";
}

static void
check_license(const CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, DateADT first_day,
			  ReasonList *list)
{
	const char *discipline = service->discipline ? service->discipline : therapist->discipline;
	const char *state = client != NULL ? client->state : NULL;
	CapacityReason *reason;
	bool		there;
	bool		here;

	if (therapist->n_licenses == 0)
		return;
	there = state == NULL || is_licensed(therapist, state, discipline, first_day);
	here = therapist->state == NULL || is_licensed(therapist, therapist->state, discipline, first_day);
	reason = add_reason(list, RULE_LICENCE, !there || !here);
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
		reason->message = client != NULL && client->found ? "the state of the client is not recorded" :
			"no client is named, so no state is looked at";
}

/* Is there time in common for every session of a week? */
static void
check_hours(CapacityTherapist *therapist, const CapacityCase *service, const CapacityClient *client, DateADT first_day,
			ReasonList *list)
{
	CapacityReason *reason;
	CapacityFit fit;

	/* consultation is with teachers and families, who are not asked for their hours */
	if (service->is_consult)
		return;
	cl_fit(therapist, client, service, first_day, &fit);
	if (!fit.known)
		return;
	reason = add_reason(list, RULE_AVAILABILITY, fit.openings < fit.needed);
	if (reason == NULL)
		return;
	reason->limit = int64_to_numeric(fit.openings);
	reason->would_be = int64_to_numeric(fit.needed);
	reason->unit = psprintf("sessions of %d minutes per week", fit.session);
	reason->message = psprintf("the hours of therapist and client have %d minutes in common in the week of %s", fit.minutes,
							   date_text(first_day));
}

/* The site, or tele. */
static void
check_reach(const CapacityTherapist *therapist, const CapacityClient *client, DateADT first_day, ReasonList *list)
{
	CapacityReason *reason;
	bool		reached;

	if (client->site_id == NULL)
		return;
	reached = cl_reaches(therapist, client, first_day);
	if (!reached || therapist->presence != NULL || therapist->n_words > 0)
	{
		reason = add_reason(list, RULE_REACH, !reached);
		if (reason != NULL)
			reason->message = psprintf(reached ? "the therapist can be at site \"%s\", or see the client by tele" :
									   "the therapist can neither be at site \"%s\" nor see the client by tele", client->site_id);
	}
}

/* What the client needs and the therapist must bring. */
static void
check_needs(const CapacityTherapist *therapist, const CapacityClient *client, CapacityRule rule, DateADT first_day,
			ReasonList *list)
{
	CapacityReason *reason;
	int			missing;
	const char *words;

	if (client->n_needs == 0)
		return;
	words = cl_missing_words(therapist, client, rule, first_day, true, list->ask != ASK_WHETHER, &missing);
	if (missing == 0)
		return;
	reason = add_reason(list, rule, true);
	if (reason != NULL)
		reason->message = psprintf(rule == RULE_LANGUAGE ? "the client needs %s, which the therapist does not speak" :
								   "the client needs %s, which the therapist does not offer", words);
}

/*
 * The reasons, in the current memory context; none for a service that is
 * over.  "client" is NULL for nobody in particular, and read here where it is
 * not "found" but named.  The rules that stand against the service go to
 * *against, which may be NULL.
 */
CapacityReason *
cl_capacity_reasons(CapacityTherapist *therapist, const CapacityCase *service, CapacityClient *client, Snapshot snapshot,
					CapacityAsk ask, uint32 *against)
{
	ReasonList	list = {.ask = ask, .all = ask == ASK_ALL};
	CapacityClient own = {.grade = PG_INT16_MIN};
	DateADT		first_day = Max(service->from, therapist->today);
	CapacityReason *reason;

	list.end = &list.first;
	if (against != NULL)
		*against = 0;
	if (!therapist->found || first_day >= service->until)
		return NULL;
	if (client == NULL && service->client_id != NULL &&
		(ask != ASK_AGAINST || therapist->n_scopes > 0 || therapist->n_licenses > 0))
	{
		client = &own;
		cl_read_client(client, therapist->key.district_id, service->client_id, snapshot, ask != ASK_AGAINST);
	}
	check_minutes(therapist, service, client, first_day, &list);
	check_weighting(therapist, service, first_day, &list);
	check_headcount(therapist, service, client, first_day, &list);
	check_employment(therapist, service, first_day, &list);
	check_scope(therapist, client, first_day, &list);
	if (service->individual_required || service->group_size > 1)
	{
		reason = add_reason(&list, RULE_INDIVIDUAL, service->individual_required && service->group_size > 1);
		if (reason != NULL)
			reason->message = !service->individual_required ? "the service may be given in a group" :
				service->group_size > 1 ? psprintf("the service must be given alone, not in a group of %d", service->group_size) :
				"the service is given alone";
	}
	check_episode(therapist, service, client, &list);
	check_license(therapist, service, client, first_day, &list);
	if (ask != ASK_AGAINST && client != NULL && client->found)
	{
		cl_read_words(therapist, snapshot);
		check_hours(therapist, service, client, first_day, &list);
		check_reach(therapist, client, first_day, &list);
		check_needs(therapist, client, RULE_LANGUAGE, first_day, &list);
		check_needs(therapist, client, RULE_SPECIALTY, first_day, &list);
	}
	if (against != NULL)
		*against = list.against;
	return list.first;
}
