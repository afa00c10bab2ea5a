/*
 * policy_cache.c
 *		What holds in a district on a day, for a discipline and a level.
 *
 * The same as the SQL function policy_value(), and the service year of a
 * site, for triggers, which act as the owner and cannot afford a query.
 * (Functions that only read go by policy.c, with the rights of the caller.)
 * The policies of a district are read when they are first asked for and kept
 * until the tables change: triggers on them send a relation cache
 * invalidation, which reaches every backend at commit, and the own one at the
 * end of the statement.  That of site is the one by which rules are compiled
 * anew.
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "delta.h"
#include "policy_cache.h"
#include "query.h"
#include "table.h"
#include "transition.h"

/* The rows of one district, or of "*"; for policy_kind, name and value. */
typedef struct PolicyList
{
	const char *district_id;
	PolicyRow  *rows;
	int			count;
	int			capacity;
} PolicyList;

static CachedTable policy_table = {
	"policy", "policy_pkey",
	{"district_id", "policy_name", "discipline", "site_level", "valid", "value", NULL}
};

static CachedTable policy_kind_table = {
	"policy_kind", "policy_kind_pkey", {"policy_name", "default_value", NULL}
};

PG_FUNCTION_INFO_V1(policy_after_write);

static CachedTable site_table = {
	"site", "site_pkey", {"district_id", "site_id", "level", NULL}
};

/* The service year of a site that does not go by closures. */
typedef struct KnownYear
{
	const char *key;			/* district, zero byte, discipline, zero byte, site */
	int			length;
	DateADT		day;
	ServiceYear year;
} KnownYear;

#define KNOWN_YEARS		256

/* All that has been read since the last change, in "context". */
static KnownYear known_years[KNOWN_YEARS];
static MemoryContext context = NULL;
static PolicyList *lists = NULL;
static int	n_lists = 0;
static int	list_capacity = 0;
static PolicyList kinds;
static bool valid = false;

/* May be called at any time: no catalog access, only marks. */
static void
invalidate_policies(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == policy_table.relid || relid == policy_kind_table.relid ||
		relid == site_table.relid)
		valid = false;
}

static PolicyRow *
add_row(PolicyList *list)
{
	if (list->count == list->capacity)
	{
		list->capacity = list->capacity ? list->capacity * 2 : 16;
		list->rows = list->rows ? repalloc(list->rows, sizeof(PolicyRow) * list->capacity) :
			palloc(sizeof(PolicyRow) * list->capacity);
	}
	return &list->rows[list->count++];
}

static const char *
column_string(const CachedTable *table, Relation rel, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = cl_column_of(table, rel, tuple, column, &isnull);

	return isnull ? "" : TextDatumGetCString(value);
}

/* Read the rows of one district, or with NULL the kinds, into the list. */
static void
read_rows(PolicyList *list, const char *district_id)
{
	CachedTable *table = district_id ? &policy_table : &policy_kind_table;
	Relation	rel = cl_open_table(table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		key = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;
	SysScanDesc scan = cl_lookup(table, rel, snapshot, &key, district_id ? 1 : 0);
	HeapTuple	tuple;

	memset(list, 0, sizeof(PolicyList));
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		PolicyRow  *row = add_row(list);
		bool		isnull;

		if (district_id == NULL)
		{
			row->name = column_string(table, rel, tuple, 0);
			row->value = column_string(table, rel, tuple, 1);
			continue;
		}
		row->name = column_string(table, rel, tuple, 1);
		row->discipline = column_string(table, rel, tuple, 2);
		row->level = column_string(table, rel, tuple, 3);
		cl_period_bounds(cl_column_of(table, rel, tuple, 4, &isnull), &row->from, &row->until);
		row->value = column_string(table, rel, tuple, 5);
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
}

/* Forget what may have changed. */
static void
refresh(void)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(invalidate_policies, (Datum) 0);
		registered = true;
	}
	AcceptInvalidationMessages();
	if (valid)
		return;
	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "caseload policies", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	lists = NULL;
	n_lists = list_capacity = 0;
	kinds.count = -1;
	/* before reading: what changes from now on must be read again; and they must be known by then */
	policy_table.relid = cl_table("policy");
	policy_kind_table.relid = cl_table("policy_kind");
	site_table.relid = cl_table("site");
	memset(known_years, 0, sizeof(known_years));
	valid = true;
}

static const PolicyList *
list_of(const char *district_id)
{
	MemoryContext oldcontext;
	PolicyList	list;

	for (int i = 0; i < n_lists; i++)
	{
		if (strcmp(lists[i].district_id, district_id) == 0)
			return &lists[i];
	}
	oldcontext = MemoryContextSwitchTo(context);
	read_rows(&list, district_id);
	list.district_id = pstrdup(district_id);
	if (n_lists == list_capacity)
	{
		list_capacity = list_capacity ? list_capacity * 2 : 4;
		lists = lists ? repalloc(lists, sizeof(PolicyList) * list_capacity) : palloc(sizeof(PolicyList) * list_capacity);
	}
	lists[n_lists] = list;
	MemoryContextSwitchTo(oldcontext);
	return &lists[n_lists++];
}

/* Of the rows of one district the one that says it most exactly. */
static const char *
search(const PolicyList *list, const char *name, const char *discipline, const char *level, DateADT day)
{
	const char *value = NULL;
	int			best = -1;

	for (int i = 0; i < list->count; i++)
	{
		const PolicyRow *row = &list->rows[i];
		/* a discipline says more than a level */
		int			rank = 2 * (strcmp(row->discipline, "*") != 0) + (strcmp(row->level, "*") != 0);

		if (rank > best && policy_fits(row, name, discipline, level, day))
		{
			best = rank;
			value = row->value;
		}
	}
	return value;
}

/*
 * The value of a policy on a day, for a discipline and a level (NULL: none
 * in particular): what the district says, else what is said of all, else the
 * default.  The text lives until the next call that finds the tables
 * changed.
 */
const char *
cl_policy(const char *district_id, const char *name, const char *discipline, const char *level, DateADT day)
{
	const char *value;

	refresh();
	value = search(list_of(district_id), name, discipline, level, day);
	if (value == NULL)
		value = search(list_of("*"), name, discipline, level, day);
	if (value != NULL)
		return value;
	if (kinds.count < 0)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(context);
		PolicyList	list;

		read_rows(&list, NULL);
		kinds = list;
		MemoryContextSwitchTo(oldcontext);
	}
	for (int i = 0; i < kinds.count; i++)
	{
		if (strcmp(kinds.rows[i].name, name) == 0)
			return kinds.rows[i].value;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("policy \"%s\" does not exist", name),
			 errhint("SELECT caseload.install() makes it.")));
	return NULL;
}

/* The first day after "day" on which one of these policies may be another; infinite when there is none. */
DateADT
cl_policy_change(const char *district_id, const char *const *names, int n_names, DateADT day)
{
	DateADT		change;

	refresh();
	DATE_NOEND(change);
	for (int pass = 0; pass < 2; pass++)
	{
		const PolicyList *list = list_of(pass == 0 ? district_id : "*");

		for (int i = 0; i < list->count; i++)
		{
			const PolicyRow *row = &list->rows[i];

			for (int n = 0; n < n_names; n++)
			{
				if (strcmp(row->name, names[n]) != 0)
					continue;
				if (row->from > day && row->from < change)
					change = row->from;
				if (row->until > day && row->until < change)
					change = row->until;
			}
		}
	}
	return change;
}

static char *
site_level(const char *district_id, const char *site_id)
{
	Relation	rel = cl_open_table(&site_table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *level = NULL;

	keys[0] = CStringGetTextDatum(district_id);
	keys[1] = CStringGetTextDatum(site_id);
	scan = cl_lookup(&site_table, rel, snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		Datum		value = cl_column_of(&site_table, rel, tuple, 2, &isnull);

		if (!isnull)
			level = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return level;
}

/* Weeks of the service year of a day with an open day, at least 1. */
static int
counted_weeks(const char *district_id, const char *site_id, DateADT day)
{
	PolicyBook	book = {CurrentMemoryContext, NULL};
	OwnerScope	scope;
	int			weeks;

	cl_act_as_owner(&scope);
	weeks = cl_service_weeks(cl_district_policies(&book, district_id), site_id, day);
	cl_stop_acting(&scope);
	return Max(weeks, 1);
}

/*
 * The service year of clients of a site (length -1: of none) for a discipline
 * on a day; true where it is counted from closures.  The two texts are not
 * terminated.
 */
bool
cl_cached_year(const char *district_id, const char *discipline, int discipline_length,
			   const char *site_id, int site_length, DateADT day, ServiceYear *year)
{
	size_t		district_length = strlen(district_id);
	int			length = (int) district_length + discipline_length + Max(site_length, 0) + 3;
	char	   *key = palloc(length);
	char	   *word;
	char	   *site = NULL;
	char	   *level = NULL;
	const char *calendar;
	KnownYear  *known;
	bool		counted = false;

	memcpy(key, district_id, district_length + 1);
	memcpy(key + district_length + 1, discipline, discipline_length);
	key[district_length + 1 + discipline_length] = '\0';
	memcpy(key + length - 1 - Max(site_length, 0), site_id, Max(site_length, 0));
	key[length - 1] = site_length < 0 ? '-' : '+';

	refresh();
	known = &known_years[(hash_bytes((unsigned char *) key, length) + (uint32) day) % KNOWN_YEARS];
	if (known->key != NULL && known->length == length && known->day == day && memcmp(known->key, key, length) == 0)
	{
		*year = known->year;
		pfree(key);
		return false;
	}
	word = pnstrdup(discipline, discipline_length);
	if (site_length >= 0)
	{
		site = pnstrdup(site_id, site_length);
		level = site_level(district_id, site);
	}
	calendar = cl_policy(district_id, "calendar", word, level, day);
	year->weeks = 52;
	year->months = 12;
	if (strcmp(calendar, "school") == 0)
	{
		year->weeks = Min(Max(pg_strtoint32(cl_policy(district_id, "school_weeks", word, level, day)), 1), 53);
		year->months = Min(Max(pg_strtoint32(cl_policy(district_id, "school_months", word, level, day)), 1), 12);
	}
	else if (strcmp(calendar, "counted") == 0)
	{
		counted = true;
		year->weeks = counted_weeks(district_id, site, day);
	}
	/* looking may have brought news */
	if (!counted && valid)
	{
		known->key = MemoryContextAlloc(context, length);
		memcpy(unconstify(char *, known->key), key, length);
		known->length = length;
		known->day = day;
		known->year = *year;
	}
	pfree(key);
	return counted;
}

/* Trigger AFTER any change of policy or policy_kind, by row or statement: tell all backends. */
Datum
policy_after_write(PG_FUNCTION_ARGS)
{
	CacheInvalidateRelcache(cl_trigger(fcinfo, "policy_after_write")->tg_relation);
	return PointerGetDatum(NULL);
}
