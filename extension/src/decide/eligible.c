/*
 * eligible.c
 *		Who could give a service, and what stands against those who could not.
 *
 * One call judges one service with every therapist of its discipline, by the
 * same function that check_capacity() and the trigger ask.  What is known of
 * the therapists is read once for a query, so that a query over all services
 * of a large district costs ten to fifteen microseconds for each pair.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "capacity.h"
#include "delta.h"
#include "policy.h"

PG_FUNCTION_INFO_V1(eligible_therapists);

static CachedTable team_table = {
	"therapist", "therapist_pkey", {"district_id", "therapist_id", "discipline", "employed", NULL}
};

/* The therapists of a discipline as of a day, in the order of their ids. */
typedef struct DayTeam
{
	const char *district_id;
	const char *discipline;
	DateADT		day;
	CapacityTherapist **members;
	int			count;
	int			capacity;
	struct DayTeam *next;
} DayTeam;

/* Zeros at first; see cl_query_cache(). */
typedef struct EligibleCache
{
	DayTeam    *teams;
	MemoryContext scratch;		/* of one call */
	Datum	   *lists;			/* the names of a set of rules, by its bits; 0: not made yet */
	TupleDesc	reason;
	Oid			reason_type;
} EligibleCache;

/* Arguments of eligible_therapists(). */
enum
{
	ARG_DISTRICT,
	ARG_SERVICE,
	ARG_CLIENT,
	ARG_DISCIPLINE,
	ARG_DELIVERY,
	ARG_TIER,
	ARG_GROUP_SIZE,
	ARG_DOSAGE,
	ARG_THERAPIST,
	ARG_FROM,
	ARG_UNTIL,
	ARG_DAY,
	ARG_EXPLAIN
};

/* Its columns. */
enum
{
	COL_THERAPIST,
	COL_GIVES,
	COL_ELIGIBLE,
	COL_PERMITTED,
	COL_FAILING,
	COL_MINUTES,
	COL_OPENINGS,
	COL_NEEDED,
	COL_WISHES,
	COL_REASONS,
	ELIGIBLE_COLUMNS
};

static char *
text_arg(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* In the context of the cache: all that is needed of one therapist. */
static CapacityTherapist *
read_member(const char *district_id, const char *therapist_id, DateADT day)
{
	CapacityTherapist *member = palloc0(sizeof(CapacityTherapist));

	member->key.district_id = pstrdup(district_id);
	member->key.id = pstrdup(therapist_id);
	member->today = day;
	member->dated = true;
	cl_read_therapist(member, GetActiveSnapshot(),
					  !cl_load_pending(CStringGetTextDatum(district_id), CStringGetTextDatum(therapist_id)));
	cl_read_words(member, GetActiveSnapshot());
	return member;
}

/* Those of the discipline who are employed on the day, or will be. */
static DayTeam *
find_team(EligibleCache *cache, MemoryContext context, const char *district_id, const char *discipline, DateADT day)
{
	MemoryContext oldcontext;
	DayTeam    *team;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	Datum		key;

	for (team = cache->teams; team != NULL; team = team->next)
	{
		if (team->day == day && strcmp(team->discipline, discipline) == 0 && strcmp(team->district_id, district_id) == 0)
			return team;
	}
	oldcontext = MemoryContextSwitchTo(context);
	team = palloc0(sizeof(DayTeam));
	team->district_id = pstrdup(district_id);
	team->discipline = pstrdup(discipline);
	team->day = day;
	team->capacity = 16;
	team->members = palloc(sizeof(CapacityTherapist *) * team->capacity);
	rel = cl_open_table(&team_table, AccessShareLock);
	key = CStringGetTextDatum(district_id);
	scan = cl_lookup(&team_table, rel, GetActiveSnapshot(), &key, 1);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(TextDatumGetCString(cl_column_of(&team_table, rel, tuple, 2, &isnull)), discipline) != 0)
			continue;
		cl_period_bounds(cl_column_of(&team_table, rel, tuple, 3, &isnull), &from, &until);
		if (until <= day)
			continue;
		if (team->count == team->capacity)
		{
			team->capacity *= 2;
			team->members = repalloc(team->members, sizeof(CapacityTherapist *) * team->capacity);
		}
		team->members[team->count++] =
			read_member(district_id, TextDatumGetCString(cl_column_of(&team_table, rel, tuple, 1, &isnull)), day);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	team->next = cache->teams;
	cache->teams = team;
	MemoryContextSwitchTo(oldcontext);
	return team;
}

/* The names of the rules of a set, made once. */
static Datum
rule_list(EligibleCache *cache, MemoryContext context, uint32 rules)
{
	if (cache->lists == NULL)
		cache->lists = MemoryContextAllocZero(context, sizeof(Datum) * ((Size) 1 << CAPACITY_RULES));
	if (cache->lists[rules] == (Datum) 0)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(context);
		Datum		names[CAPACITY_RULES];
		int			count = 0;

		for (int rule = 0; rule < CAPACITY_RULES; rule++)
		{
			if (rules & RULE_BIT(rule))
				names[count++] = CStringGetTextDatum(cl_rule_names[rule]);
		}
		cache->lists[rules] = PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
		MemoryContextSwitchTo(oldcontext);
	}
	return cache->lists[rules];
}

/* The reasons as an array of eligibility_reason. */
static Datum
reason_array(EligibleCache *cache, CapacityReason *reasons)
{
	Datum		elements[CAPACITY_RULES];
	int			count = 0;

	for (CapacityReason *reason = reasons; reason != NULL; reason = reason->next)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		cl_reason_values(reason, values, nulls);
		values[4] = CStringGetTextDatum(reason->message);
		elements[count++] = HeapTupleGetDatum(heap_form_tuple(cache->reason, values, nulls));
	}
	return PointerGetDatum(construct_array(elements, count, cache->reason_type, -1, false, TYPALIGN_DOUBLE));
}

static void
put_member(ReturnSetInfo *rsinfo, EligibleCache *cache, MemoryContext context, CapacityTherapist *member,
		   CapacityCase *service, CapacityClient *client, const char *gives, bool explain)
{
	Datum		values[ELIGIBLE_COLUMNS];
	bool		nulls[ELIGIBLE_COLUMNS] = {false};
	CapacityReason *reasons;
	CapacityFit fit;
	uint32		against;
	int			languages;
	int			specialties;

	service->written = gives != NULL && strcmp(gives, member->key.id) == 0;
	reasons = cl_capacity_reasons(member, service, client, GetActiveSnapshot(), explain ? ASK_WHY : ASK_WHETHER, &against);
	cl_fit(member, client, service, member->today, &fit);
	(void) cl_missing_words(member, client, RULE_LANGUAGE, member->today, false, false, &languages);
	(void) cl_missing_words(member, client, RULE_SPECIALTY, member->today, false, false, &specialties);
	/* the id as it was read, so that nothing is copied for each pair */
	values[COL_THERAPIST] = member->therapist_id;
	values[COL_GIVES] = BoolGetDatum(service->written);
	values[COL_ELIGIBLE] = BoolGetDatum(against == 0);
	values[COL_PERMITTED] = BoolGetDatum((against & ~LOAD_RULES) == 0);
	values[COL_FAILING] = rule_list(cache, context, against);
	nulls[COL_MINUTES] = nulls[COL_OPENINGS] = !fit.known;
	values[COL_MINUTES] = Int32GetDatum(fit.minutes);
	values[COL_OPENINGS] = Int32GetDatum(fit.openings);
	values[COL_NEEDED] = Int32GetDatum(service->needed);
	values[COL_WISHES] = Int32GetDatum(languages + specialties);
	nulls[COL_REASONS] = !explain;
	values[COL_REASONS] = explain ? reason_array(cache, reasons) : (Datum) 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* A service, due on the day to a client who is enrolled. */
static void
read_case(FunctionCallInfo fcinfo, const char *district_id, const char *discipline, DateADT day, CapacityCase *service,
		  CapacityClient *client)
{
	LoadSteps	load;

	service->service_id = text_arg(fcinfo, ARG_SERVICE);
	service->client_id = text_arg(fcinfo, ARG_CLIENT);
	service->discipline = discipline;
	service->individual_required = !PG_ARGISNULL(ARG_DELIVERY) && cl_is_individual(PG_GETARG_OID(ARG_DELIVERY));
	service->is_consult = !PG_ARGISNULL(ARG_DELIVERY) && cl_is_consult(PG_GETARG_OID(ARG_DELIVERY));
	service->tier = PG_ARGISNULL(ARG_TIER) ? 3 : PG_GETARG_INT32(ARG_TIER);
	service->group_size = PG_ARGISNULL(ARG_GROUP_SIZE) ? 1 : PG_GETARG_INT32(ARG_GROUP_SIZE);
	service->dosage = PG_ARGISNULL(ARG_DOSAGE) ? 0 : PG_GETARG_INT64(ARG_DOSAGE);
	service->from = PG_ARGISNULL(ARG_FROM) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(ARG_FROM);
	service->until = PG_ARGISNULL(ARG_UNTIL) ? DATEVAL_NOEND : PG_GETARG_DATEADT(ARG_UNTIL);
	service->due = true;
	cl_read_client(client, district_id, service->client_id, GetActiveSnapshot(), true);
	cl_load_init(&load);
	cl_add_case(&load, service, discipline, &client->frame);
	service->micros_now = cl_peak(&load, district_id, day, day + 1, -1);
	service->micros_most = cl_peak(&load, district_id, day, service->until, -1);
	cl_case_sessions(service, district_id, discipline, client, day);
}

/*
 * eligible_therapists(district_id, service_id, client_id, discipline,
 * delivery, tier, group_size, dosage, therapist_id, from_date, until_date,
 * day, explain) -> a row for each therapist of the discipline who is employed
 * on the day or later, and for the one who gives the service: therapist_id,
 * gives, eligible, permitted, failing text[], minutes_in_common,
 * sessions_that_fit (both NULL where the hours of neither are recorded),
 * sessions_needed, unmet_wishes, reasons (NULL without "explain").  No row
 * where district, client, discipline or day is NULL.  42501 for those who do
 * not see all rows.
 */
Datum
eligible_therapists(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		explain = !PG_ARGISNULL(ARG_EXPLAIN) && PG_GETARG_BOOL(ARG_EXPLAIN);
	MemoryContext context;
	MemoryContext oldcontext;
	EligibleCache *cache = cl_query_cache(fcinfo->flinfo, sizeof(EligibleCache), &context);
	CapacityCase service = {0};
	CapacityClient client;
	DayTeam    *team;
	char	   *district_id;
	char	   *discipline;
	char	   *gives;
	bool		listed = false;
	DateADT		day;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(ARG_DISTRICT) || PG_ARGISNULL(ARG_CLIENT) || PG_ARGISNULL(ARG_DISCIPLINE) || PG_ARGISNULL(ARG_DAY))
		return (Datum) 0;
	day = PG_GETARG_DATEADT(ARG_DAY);
	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of must be finite")));
	if (cache->scratch == NULL)
	{
		cl_capacity_check_rights();
		cache->scratch = AllocSetContextCreate(context, "caseload eligible", ALLOCSET_DEFAULT_SIZES);
		cache->reason_type = get_element_type(TupleDescAttr(rsinfo->setDesc, COL_REASONS)->atttypid);
		oldcontext = MemoryContextSwitchTo(context);
		cache->reason = lookup_rowtype_tupdesc_copy(cache->reason_type, -1);
		MemoryContextSwitchTo(oldcontext);
	}
	MemoryContextReset(cache->scratch);
	oldcontext = MemoryContextSwitchTo(cache->scratch);
	district_id = text_arg(fcinfo, ARG_DISTRICT);
	discipline = text_arg(fcinfo, ARG_DISCIPLINE);
	gives = text_arg(fcinfo, ARG_THERAPIST);
	read_case(fcinfo, district_id, discipline, day, &service, &client);
	team = find_team(cache, context, district_id, discipline, day);
	for (int i = 0; i < team->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_member(rsinfo, cache, context, team->members[i], &service, &client, gives, explain);
		listed = listed || service.written;
	}
	/* somebody of another discipline, or who has gone */
	if (gives != NULL && !listed)
		put_member(rsinfo, cache, context, read_member(district_id, gives, day), &service, &client, gives, explain);
	MemoryContextSwitchTo(oldcontext);
	return (Datum) 0;
}
