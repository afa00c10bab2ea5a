/*
 * policy.c
 *		What districts have decided, read once for a query.
 *
 * Weekly minutes ask for a dozen policies by district, discipline, site level
 * and day, for every service and every therapist.  The rows are few and do
 * not change while a query runs, so a function reads them once for the query
 * that it is called from, and resolves each combination once.
 *
 * policy_value() is the same in SQL; a test holds the two together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "policy.h"
#include "query.h"

static const char *const work_policy_names[WORK_POLICIES] = {
	[WP_WEEKLY_MINUTES_PER_FTE] = "weekly_minutes_per_fte",
	[WP_PAID_MINUTES_PER_FTE] = "paid_minutes_per_fte",
	[WP_SESSION_MINUTES] = "session_minutes",
	[WP_NOTE_MINUTES] = "note_minutes",
	[WP_PLANNING_MINUTES] = "planning_minutes",
	[WP_REVIEWS_PER_CLIENT_YEAR] = "reviews_per_client_year",
	[WP_REVIEW_MINUTES] = "review_minutes",
	[WP_REFERRALS_PER_WEEK] = "referrals_per_week",
	[WP_EVALUATION_MINUTES] = "evaluation_minutes",
	[WP_SCREENINGS_PER_WEEK] = "screenings_per_week",
	[WP_SCREENING_MINUTES] = "screening_minutes",
	[WP_MEETINGS_PER_CLIENT_YEAR] = "meetings_per_client_year",
	[WP_MEETING_MINUTES] = "meeting_minutes",
	[WP_MEETING_ATTENDANCE] = "meeting_attendance",
	[WP_MAKEUP_PERCENT] = "makeup_percent",
	[WP_HOP_MINUTES] = "hop_minutes",
	[WP_TRAVEL_DAYS] = "travel_days"
};

/* The first row of a policy that fits is the one that holds. */
static CachedQuery policies_query = {
	"SELECT r.policy_name, r.discipline, r.site_level, r.first_day, r.until, r.value"
	"  FROM (SELECT p.policy_name, p.discipline, p.site_level, lower(p.valid), upper(p.valid), p.value,"
	"               (p.district_id = '*')::integer, (p.discipline = '*')::integer, (p.site_level = '*')::integer"
	"          FROM caseload.policy p WHERE p.district_id IN ($1 COLLATE \"C\", '*')"
	"        UNION ALL"
	"        SELECT k.policy_name, '*', '*', NULL, NULL, k.default_value, 2, 0, 0 FROM caseload.policy_kind k)"
	"    AS r (policy_name, discipline, site_level, first_day, until, value, district_rank, discipline_rank, level_rank)"
	" ORDER BY r.policy_name COLLATE \"C\", r.district_rank, r.discipline_rank, r.level_rank",
	1, {"text"}
};

static CachedQuery closures_query = {
	"SELECT c.site_id, lower(c.days), upper(c.days) FROM caseload.closure c WHERE c.district_id = $1 COLLATE \"C\"",
	1, {"text"}
};

typedef struct Closure
{
	const char *site_id;		/* NULL: all sites of the district */
	DateADT		from;
	DateADT		until;
} Closure;

/* How many weeks of a service year a site is open. */
typedef struct CountedYear
{
	const char *site_id;		/* NULL: no site in particular */
	DateADT		from;
	int			weeks;
	struct CountedYear *next;
} CountedYear;

struct DistrictPolicies
{
	MemoryContext context;
	const char *district_id;
	PolicyRow  *rows;
	int			count;
	bool		closures_read;
	Closure    *closures;
	int			closure_count;
	CountedYear *counted;
	WorkPolicies *resolved;
	DistrictPolicies *next;
};

typedef enum Calendar
{
	CALENDAR_UNKNOWN = 0,
	CALENDAR_FIXED,
	CALENDAR_COUNTED
} Calendar;

struct WorkPolicies
{
	DistrictPolicies *district;
	const char *discipline;
	const char *level;
	DateADT		day;
	Calendar	calendar;
	ServiceYear year;
	Numeric		values[WORK_POLICIES];	/* NULL: not asked for yet */
	WorkPolicies *next;
};

/* What cl_query_cache() keeps in front of the caller's struct. */
typedef struct QueryCache
{
	MemoryContext context;
	TransactionId xmin;
	TransactionId xmax;
	CommandId	curcid;
	uint64		completions;
	SubTransactionId subxact;
	Oid			userid;
	Size		size;
} QueryCache;

/*
 * A struct of zeros that lives as long as the query that a function is called
 * from, with a memory context for what it points to.  Where somebody keeps an
 * expression for longer, as PL/pgSQL does, it is made anew when the snapshot
 * is another one.  So it is in another subtransaction, since one that is
 * rolled back takes its rows with it and leaves the snapshot of a REPEATABLE
 * READ transaction as it was, or stops in the middle of a read; and for
 * another role, which may see other rows.
 */
void *
cl_query_cache(FmgrInfo *flinfo, Size size, MemoryContext *context)
{
	QueryCache *cache = flinfo->fn_extra;
	Snapshot	snapshot = GetActiveSnapshot();

	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(flinfo->fn_mcxt, MAXALIGN(sizeof(QueryCache)) + size);
		cache->context = AllocSetContextCreate(flinfo->fn_mcxt, "caseload query cache", ALLOCSET_DEFAULT_SIZES);
		cache->size = size;
		flinfo->fn_extra = cache;
	}
	else if (cache->xmin == snapshot->xmin && cache->xmax == snapshot->xmax &&
			 cache->curcid == snapshot->curcid && cache->completions == snapshot->snapXactCompletionCount &&
			 cache->subxact == GetCurrentSubTransactionId() && cache->userid == GetUserId())
	{
		*context = cache->context;
		return (char *) cache + MAXALIGN(sizeof(QueryCache));
	}
	else
	{
		MemoryContextReset(cache->context);
		memset((char *) cache + MAXALIGN(sizeof(QueryCache)), 0, cache->size);
	}
	cache->xmin = snapshot->xmin;
	cache->xmax = snapshot->xmax;
	cache->curcid = snapshot->curcid;
	cache->completions = snapshot->snapXactCompletionCount;
	cache->subxact = GetCurrentSubTransactionId();
	cache->userid = GetUserId();
	*context = cache->context;
	return (char *) cache + MAXALIGN(sizeof(QueryCache));
}

static const char *
result_text(MemoryContext context, int row, int column)
{
	bool		isnull;
	Datum		value = cl_result(row, column, &isnull);
	const char *kept = NULL;

	if (!isnull)
	{
		char	   *copy = TextDatumGetCString(value);

		kept = MemoryContextStrdup(context, copy);
		pfree(copy);
	}
	return kept;
}

static DateADT
result_date(int row, int column, DateADT otherwise)
{
	bool		isnull;
	Datum		value = cl_result(row, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(value);
}

/* The policies of a district, read when they are first wanted. */
DistrictPolicies *
cl_district_policies(PolicyBook *book, const char *district_id)
{
	DistrictPolicies *district;
	Datum		arg;
	int			level;

	for (district = book->districts; district != NULL; district = district->next)
	{
		if (strcmp(district->district_id, district_id) == 0)
			return district;
	}
	district = MemoryContextAllocZero(book->context, sizeof(DistrictPolicies));
	district->context = book->context;
	district->district_id = MemoryContextStrdup(book->context, district_id);

	level = cl_enter_reader(false);
	arg = CStringGetTextDatum(district_id);
	district->count = (int) cl_read(&policies_query, &arg, NULL);
	district->rows = MemoryContextAlloc(book->context, sizeof(PolicyRow) * Max(district->count, 1));
	for (int i = 0; i < district->count; i++)
	{
		PolicyRow  *row = &district->rows[i];

		row->name = result_text(book->context, i, 1);
		row->discipline = result_text(book->context, i, 2);
		row->level = result_text(book->context, i, 3);
		row->from = result_date(i, 4, PG_INT32_MIN);
		row->until = result_date(i, 5, PG_INT32_MAX);
		row->value = result_text(book->context, i, 6);
	}
	cl_leave_reader(level);

	district->next = book->districts;
	book->districts = district;
	return district;
}

/*
 * The value of a policy; discipline and level may be NULL, for none in
 * particular.  NULL for a policy that there is not.
 */
const char *
cl_policy_text(const DistrictPolicies *district, const char *policy,
			   const char *discipline, const char *level, DateADT day)
{
	for (int i = 0; i < district->count; i++)
	{
		if (policy_fits(&district->rows[i], policy, discipline, level, day))
			return district->rows[i].value;
	}
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The policies of a district for a discipline, a level (either may be NULL) and a day. */
WorkPolicies *
cl_work_policies(DistrictPolicies *district, const char *discipline, const char *level, DateADT day)
{
	WorkPolicies *found;

	for (found = district->resolved; found != NULL; found = found->next)
	{
		if (found->day == day && same_text(found->discipline, discipline) && same_text(found->level, level))
			return found;
	}
	found = MemoryContextAllocZero(district->context, sizeof(WorkPolicies));
	found->district = district;
	found->discipline = discipline ? MemoryContextStrdup(district->context, discipline) : NULL;
	found->level = level ? MemoryContextStrdup(district->context, level) : NULL;
	found->day = day;
	found->next = district->resolved;
	district->resolved = found;
	return found;
}

static const char *
required_policy(const WorkPolicies *policies, const char *policy)
{
	const char *value = cl_policy_text(policies->district, policy, policies->discipline, policies->level, policies->day);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("policy \"%s\" is not there", policy),
				 errhint("It is a row of caseload.policy_kind, which install() makes.")));
	return value;
}

/* A number of the workload. */
Numeric
cl_work_policy(WorkPolicies *policies, WorkPolicy policy)
{
	if (policies->values[policy] == NULL)
	{
		const char *value = required_policy(policies, work_policy_names[policy]);
		MemoryContext oldcontext = MemoryContextSwitchTo(policies->district->context);

		policies->values[policy] = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(value),
																	   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		MemoryContextSwitchTo(oldcontext);
	}
	return policies->values[policy];
}

static int
policy_between(const WorkPolicies *policies, const char *policy, int least, int most)
{
	int			value = pg_strtoint32(required_policy(policies, policy));

	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("policy \"%s\" must be between %d and %d", policy, least, most)));
	return value;
}

/*
 * The service year of clients of a site (NULL: of none) of the level that the
 * policies are for.
 */
ServiceYear
cl_service_year(WorkPolicies *policies, const char *site_id)
{
	if (policies->calendar == CALENDAR_UNKNOWN)
	{
		const char *calendar = required_policy(policies, "calendar");

		if (strcmp(calendar, "school") == 0)
		{
			policies->year.weeks = policy_between(policies, "school_weeks", 1, 53);
			policies->year.months = policy_between(policies, "school_months", 1, 12);
			policies->calendar = CALENDAR_FIXED;
		}
		else
		{
			policies->year.weeks = 52;
			policies->year.months = 12;
			policies->calendar = strcmp(calendar, "counted") == 0 ? CALENDAR_COUNTED : CALENDAR_FIXED;
		}
	}
	if (policies->calendar == CALENDAR_COUNTED)
	{
		ServiceYear year = policies->year;

		/* a year without an open day has no weeks, but something must be divided by */
		year.weeks = Max(cl_service_weeks(policies->district, site_id, policies->day), 1);
		return year;
	}
	return policies->year;
}

static void
read_closures(DistrictPolicies *district)
{
	int			level = cl_enter_reader(false);
	Datum		arg = CStringGetTextDatum(district->district_id);

	district->closure_count = (int) cl_read(&closures_query, &arg, NULL);
	district->closures = MemoryContextAlloc(district->context, sizeof(Closure) * Max(district->closure_count, 1));
	for (int i = 0; i < district->closure_count; i++)
	{
		district->closures[i].site_id = result_text(district->context, i, 1);
		district->closures[i].from = result_date(i, 2, PG_INT32_MIN);
		district->closures[i].until = result_date(i, 3, PG_INT32_MAX);
	}
	cl_leave_reader(level);
	district->closures_read = true;
}

static bool
is_open(const DistrictPolicies *district, const char *site_id, DateADT day)
{
	for (int i = 0; i < district->closure_count; i++)
	{
		const Closure *closure = &district->closures[i];

		if (closure->from <= day && day < closure->until &&
			(closure->site_id == NULL || same_text(closure->site_id, site_id)))
			return false;
	}
	return true;
}

/*
 * The weeks, Monday to Friday, with an open day in the service year (1 July to
 * 30 June) that a day lies in; 0 for infinity, which lies in none.
 */
int
cl_service_weeks(DistrictPolicies *district, const char *site_id, DateADT day)
{
	CountedYear *counted;
	int			year,
				month,
				month_day;
	int			from,
				until;
	int			week = -1;

	if (DATE_NOT_FINITE(day))
		return 0;
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &month_day);
	if (month < 7)
		year--;
	from = date2j(year, 7, 1) - POSTGRES_EPOCH_JDATE;
	until = date2j(year + 1, 7, 1) - POSTGRES_EPOCH_JDATE;
	for (counted = district->counted; counted != NULL; counted = counted->next)
	{
		if (counted->from == from && same_text(counted->site_id, site_id))
			return counted->weeks;
	}
	if (!district->closures_read)
		read_closures(district);
	counted = MemoryContextAllocZero(district->context, sizeof(CountedYear));
	counted->site_id = site_id ? MemoryContextStrdup(district->context, site_id) : NULL;
	counted->from = from;
	for (int d = from; d < until; d++)
	{
		/* 0 is Sunday */
		int			weekday = j2day(d + POSTGRES_EPOCH_JDATE);

		if (weekday == 0 || weekday == 6 || d - weekday == week || !is_open(district, site_id, d))
			continue;
		week = d - weekday;
		counted->weeks++;
	}
	counted->next = district->counted;
	district->counted = counted;
	return counted->weeks;
}
