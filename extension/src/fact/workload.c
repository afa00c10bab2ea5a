/*
 * workload.c
 *		What therapists' work comes to, in minutes of a week by category.
 *
 * The lines of plans and the duties are added up in workload_team.c; here are
 * the categories that follow from them by policies.
 *
 * workload() is called for one therapist at a time, so that a query can ask
 * for one as well as for all of them.  It looks the first few up; when it
 * goes on being asked about a district, it reads all of the district in one
 * pass and answers from memory for the rest of the query.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "numbers.h"
#include "workload.h"

#define LOOKED_UP		3		/* therapists of a district before all of it is read */
#define TEAMS			64		/* dates or districts that are kept */

PG_FUNCTION_INFO_V1(workload);

/* The columns of therapist_workload. */
enum
{
	TW_CLIENTS,
	TW_SERVICES,
	TW_SITES,
	TW_FEDERAL_SETTINGS,
	TW_CATEGORIES,
	TW_WEEKLY = TW_CATEGORIES + CATEGORIES,
	TW_TOTAL,
	TW_CAPACITY,
	TW_HEADROOM,
	TW_UTILIZATION,
	TW_PAID,
	TW_PAID_UTILIZATION,
	TW_FTE_CLIENTS,
	TW_COUNT
};

typedef struct WorkCache
{
	PolicyBook	book;
	Team	   *teams;			/* the latest first */
	TupleDesc	result;
} WorkCache;

static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* The team that a call is about, first in the list of those that are kept. */
static Team *
find_team(WorkCache *cache, MemoryContext context, const char *district_id, bool today, DateADT as_of, int days_back)
{
	Team	  **link = &cache->teams;
	Team	   *team;
	int			count = 0;

	for (team = *link; team != NULL; link = &team->next, team = *link)
	{
		if (team->today == today && (today || team->as_of == as_of) && team->days_back == days_back &&
			strcmp(team->district_id, district_id) == 0)
		{
			*link = team->next;
			team->next = cache->teams;
			cache->teams = team;
			return team;
		}
		if (++count == TEAMS)
		{
			*link = NULL;
			MemoryContextDelete(team->context);
			break;
		}
	}
	team = cl_team_new(context, district_id, today, as_of, days_back);
	team->policies = cl_district_policies(&cache->book, district_id);
	team->next = cache->teams;
	cache->teams = team;
	return team;
}

/* What a therapist does at the sites where the same holds. */
typedef struct LevelWork
{
	const WorkPolicies *key;
	const SiteYear *there;
	int			clients;
	int64		direct;
} LevelWork;

/*
 * Group the sites of a therapist by what holds there; returns how many groups
 * there are, and in *stops the places to go to.
 */
static int
group_sites(Team *team, const Work *work, const char *discipline, LevelWork **groups, int *stops)
{
	int			count = 0;
	int			length = (int) strlen(discipline);

	*stops = 0;
	for (const SiteWork *at = work->sites; at != NULL; at = at->next)
		count++;
	*groups = palloc(sizeof(LevelWork) * Max(count, 1));
	count = 0;
	for (const SiteWork *at = work->sites; at != NULL; at = at->next)
	{
		WorkSite   *site = &team->sites[at->site];
		const SiteYear *there = cl_site_year(team, site, discipline, length);
		LevelWork  *group = *groups;
		LevelWork  *end = *groups + count;

		if (site->site_id != NULL && (site->level == NULL || strcmp(site->level, "tele") != 0))
			(*stops)++;
		while (group < end && (group->key != there->policies || group->there->year.weeks != there->year.weeks))
			group++;
		if (group == end)
		{
			group->key = there->policies;
			group->there = there;
			group->clients = 0;
			group->direct = 0;
			count++;
		}
		group->clients += at->clients;
		group->direct += at->direct;
	}
	return count;
}

/*
 * The minutes of each category: what the lines come to, what follows from
 * them by policies, and the duties.  NULL where the FTE (NULL: not known)
 * would have to be.
 */
static void
make_categories(Team *team, const Work *work, WorkPolicies *own, const char *discipline, Numeric fte,
				Numeric minutes[CATEGORIES])
{
	Numeric		zero = int64_to_numeric(0);
	Numeric		hundred = int64_to_numeric(100);
	Numeric		reviews = zero;
	Numeric		arrivals = zero;	/* referrals and screenings, for each client a full caseload */
	Numeric		meetings = zero;
	Numeric		makeup = zero;
	Numeric		notes;
	LevelWork  *groups;
	int			stops;
	int			count = group_sites(team, work, discipline, &groups, &stops);

	for (LevelWork *group = groups; group < groups + count; group++)
	{
		WorkPolicies *there = group->there->policies;
		Numeric		clients = int64_to_numeric(group->clients);
		Numeric		weeks = int64_to_numeric(group->there->year.weeks);

		if (group->direct != 0)
			makeup = plus(makeup, by(times(cl_millionths(group->direct), cl_work_policy(there, WP_MAKEUP_PERCENT)), hundred));
		if (group->clients == 0)
			continue;
		reviews = plus(reviews,
					   by(times(times(clients, cl_work_policy(there, WP_REVIEWS_PER_CLIENT_YEAR)),
								cl_work_policy(there, WP_REVIEW_MINUTES)), weeks));
		arrivals = plus(arrivals,
						times(clients,
							  plus(times(cl_work_policy(there, WP_REFERRALS_PER_WEEK), cl_work_policy(there, WP_EVALUATION_MINUTES)),
								   times(cl_work_policy(there, WP_SCREENINGS_PER_WEEK), cl_work_policy(there, WP_SCREENING_MINUTES)))));
		meetings = plus(meetings,
						by(times(times(times(clients, cl_work_policy(there, WP_MEETINGS_PER_CLIENT_YEAR)),
									   cl_work_policy(there, WP_MEETING_MINUTES)),
								 cl_work_policy(there, WP_MEETING_ATTENDANCE)),
						   times(weeks, hundred)));
	}
	notes = cl_millionths(work->sessions);
	if (work->unsaid != 0)
		notes = plus(notes, by(cl_millionths(work->unsaid), cl_work_policy(own, WP_SESSION_MINUTES)));

	minutes[CAT_DIRECT] = cl_millionths(work->minutes[CAT_DIRECT]);
	minutes[CAT_CONSULT] = cl_millionths(work->minutes[CAT_CONSULT]);
	minutes[CAT_DOCUMENTATION] = times(notes, cl_work_policy(own, WP_NOTE_MINUTES));
	minutes[CAT_PLANNING] = fte ? times(fte, cl_work_policy(own, WP_PLANNING_MINUTES)) : NULL;
	minutes[CAT_EVALUATION] = fte == NULL ? NULL : work->clients == 0 ? zero :
		plus(reviews, by(times(arrivals, fte), int64_to_numeric(work->clients)));
	minutes[CAT_MEETING] = meetings;
	minutes[CAT_TRAVEL] = stops < 2 ? zero :
		times(times(int64_to_numeric(stops - 1), cl_work_policy(own, WP_HOP_MINUTES)), cl_work_policy(own, WP_TRAVEL_DAYS));
	minutes[CAT_MAKEUP] = makeup;
	minutes[CAT_SUPERVISION] = minutes[CAT_OTHER] = zero;
	for (int i = 0; i < CATEGORIES; i++)
	{
		if (minutes[i] != NULL && work->duties[i] != NULL)
			minutes[i] = plus(minutes[i], work->duties[i]);
		if (minutes[i] != NULL)
			minutes[i] = rounded(minutes[i], 2);
	}
}

static void
put(Datum *values, bool *nulls, int column, Numeric value, int digits)
{
	nulls[column] = (value == NULL);
	if (value != NULL)
		values[column] = NumericGetDatum(rounded(value, digits));
}

static Datum
work_row(WorkCache *cache, Team *team, const Work *work, const char *discipline, Numeric fte, DateADT day)
{
	WorkPolicies *own = cl_work_policies(team->policies, discipline, NULL, day);
	Numeric		minutes[CATEGORIES];
	Numeric		weekly;
	Numeric		total = int64_to_numeric(0);
	Numeric		full = cl_work_policy(own, WP_WEEKLY_MINUTES_PER_FTE);
	Numeric		capacity = fte ? times(fte, full) : NULL;
	Numeric		paid = fte ? times(fte, cl_work_policy(own, WP_PAID_MINUTES_PER_FTE)) : NULL;
	Datum		values[TW_COUNT] = {0};
	bool		nulls[TW_COUNT] = {false};
	int			sites = 0;

	for (const SiteWork *at = work->sites; at != NULL; at = at->next)
		sites += (team->sites[at->site].site_id != NULL);
	make_categories(team, work, own, discipline, fte, minutes);
	values[TW_CLIENTS] = Int32GetDatum(work->clients);
	values[TW_SERVICES] = Int32GetDatum(work->services);
	values[TW_SITES] = Int32GetDatum(sites);
	values[TW_FEDERAL_SETTINGS] = Int32GetDatum(work->federal_settings);
	for (int i = 0; i < CATEGORIES; i++)
	{
		put(values, nulls, TW_CATEGORIES + i, minutes[i], 2);
		total = total && minutes[i] ? plus(total, minutes[i]) : NULL;
	}
	weekly = plus(minutes[CAT_DIRECT], minutes[CAT_CONSULT]);
	put(values, nulls, TW_WEEKLY, weekly, 2);
	put(values, nulls, TW_TOTAL, total, 2);
	put(values, nulls, TW_CAPACITY, capacity, 2);
	put(values, nulls, TW_HEADROOM, capacity ? minus(capacity, weekly) : NULL, 2);
	put(values, nulls, TW_UTILIZATION, capacity && !is_zero(capacity) ? by(weekly, capacity) : NULL, 4);
	put(values, nulls, TW_PAID, paid, 2);
	put(values, nulls, TW_PAID_UTILIZATION, total && !is_zero(paid) ? by(total, paid) : NULL, 4);
	put(values, nulls, TW_FTE_CLIENTS,
		is_zero(full) ? NULL : by(cl_millionths(work->client_minutes), full), 4);
	return HeapTupleGetDatum(heap_form_tuple(cache->result, values, nulls));
}

/*
 * workload(district_id, therapist_id, discipline, fte, own_day, as_of,
 * days_back) -> therapist_workload: minutes of a therapist by category, so
 * many days before a date (as_of NULL: before today at the site of each
 * client).  own_day is the therapist's own day, fte may be NULL.
 */
Datum
workload(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	WorkCache  *cache = cl_query_cache(fcinfo->flinfo, sizeof(WorkCache), &context);
	Team	   *team;
	Team	   *one = NULL;
	char	   *district_id;
	DateADT		as_of = PG_ARGISNULL(5) ? 0 : PG_GETARG_DATEADT(5);
	Datum		row;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(4) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	cache->book.context = context;
	if (cache->result == NULL)
		cache->result = cl_result_type(fcinfo, context, TW_COUNT);
	district_id = text_arg(fcinfo, 0);
	team = find_team(cache, context, district_id, PG_ARGISNULL(5), as_of, PG_GETARG_INT32(6));
	if (!team->whole && ++team->asked > LOOKED_UP)
	{
		cl_team_read(team, NULL);
		team->whole = true;
	}
	if (!team->whole)
	{
		one = cl_team_new(CurrentMemoryContext, district_id, team->today, as_of, team->days_back);
		one->policies = team->policies;
		cl_team_read(one, text_arg(fcinfo, 1));
		team = one;
	}
	row = work_row(cache, team, cl_team_work(team, PG_GETARG_DATUM(1)), text_arg(fcinfo, 2),
				   PG_ARGISNULL(3) ? NULL : PG_GETARG_NUMERIC(3), PG_GETARG_DATEADT(4));
	if (one != NULL)
		MemoryContextDelete(one->context);
	PG_RETURN_DATUM(row);
}
