/*
 * capacity_therapist.c
 *		What is known of a therapist whose capacity is asked for, and who else
 *		has room.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "capacity.h"
#include "delta.h"
#include "numbers.h"
#include "policy_cache.h"
#include "table.h"

static CachedTable therapist_table = {
	"therapist", "therapist_pkey",
	{"district_id", "therapist_id", "discipline", "fte", "employed", "state", "availability", "time_zone", "presence", NULL}
};

static CachedTable license_table = {
	"license", "license_pkey", {"district_id", "therapist_id", "state", "discipline", "valid", NULL}
};

static CachedTable scope_table = {
	"therapist_scope", "therapist_scope_pkey",
	{"district_id", "therapist_id", "valid", "evaluation_only", "lowest_grade", "highest_grade", NULL}
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

static Numeric
numeric_of(const char *value)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(value),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* ------------------------------------------------------------- therapist --- */

/* The rows of a therapist in a table that many districts never use: begin, and end, a scan. */
static SysScanDesc
begin_rows(CachedTable *table, const CapacityTherapist *therapist, Snapshot snapshot, Relation *rel)
{
	Datum		keys[2] = {therapist->district_id, therapist->therapist_id};

	*rel = cl_open_table(table, AccessShareLock);
	return RelationGetNumberOfBlocks(*rel) > 0 ? cl_lookup(table, *rel, snapshot, keys, 2) : NULL;
}

static HeapTuple
next_row(SysScanDesc scan, Relation rel)
{
	HeapTuple	tuple = scan != NULL ? systable_getnext(scan) : NULL;

	if (tuple == NULL)
	{
		if (scan != NULL)
			systable_endscan(scan);
		table_close(rel, NoLock);
	}
	return tuple;
}

/* Room for one more of "count" elements of an array that grows by doubling. */
static void *
grown(void *array, int count, Size size)
{
	if (count == 0)
		return palloc(4 * size);
	return count >= 4 && (count & (count - 1)) == 0 ? repalloc(array, 2 * count * size) : array;
}

static void
read_licenses(CapacityTherapist *therapist, Snapshot snapshot)
{
	Relation	rel;
	SysScanDesc scan = begin_rows(&license_table, therapist, snapshot, &rel);
	HeapTuple	tuple;

	while ((tuple = next_row(scan, rel)) != NULL)
	{
		CapacityLicense *license;
		bool		isnull;

		therapist->licenses = grown(therapist->licenses, therapist->n_licenses, sizeof(CapacityLicense));
		license = &therapist->licenses[therapist->n_licenses++];
		license->state = column_string(&license_table, rel, tuple, 2);
		license->discipline = column_string(&license_table, rel, tuple, 3);
		cl_period_bounds(cl_column_of(&license_table, rel, tuple, 4, &isnull), &license->from, &license->until);
	}
}

static void
read_scopes(CapacityTherapist *therapist, Snapshot snapshot)
{
	Relation	rel;
	SysScanDesc scan = begin_rows(&scope_table, therapist, snapshot, &rel);
	HeapTuple	tuple;

	while ((tuple = next_row(scan, rel)) != NULL)
	{
		CapacityScope *scope;
		bool		isnull;
		Datum		value;

		therapist->scopes = grown(therapist->scopes, therapist->n_scopes, sizeof(CapacityScope));
		scope = &therapist->scopes[therapist->n_scopes++];
		cl_period_bounds(cl_column_of(&scope_table, rel, tuple, 2, &isnull), &scope->from, &scope->until);
		scope->evaluation_only = DatumGetBool(cl_column_of(&scope_table, rel, tuple, 3, &isnull));
		value = cl_column_of(&scope_table, rel, tuple, 4, &isnull);
		scope->lowest = isnull ? PG_INT16_MIN : DatumGetInt16(value);
		value = cl_column_of(&scope_table, rel, tuple, 5, &isnull);
		scope->highest = isnull ? PG_INT16_MAX : DatumGetInt16(value);
	}
}

/* The scope that is valid on a day, of which there is one at most; NULL: none. */
const CapacityScope *
cl_valid_scope(const CapacityTherapist *therapist, DateADT day)
{
	for (int i = 0; i < therapist->n_scopes; i++)
	{
		if (therapist->scopes[i].from <= day && day < therapist->scopes[i].until)
			return &therapist->scopes[i];
	}
	return NULL;
}

static void
set_limits(CapacityTherapist *therapist)
{
	int			hours = therapist->hours != NULL ? cl_week_minutes(therapist->hours) : 0;
	const char *district_id = therapist->key.district_id;
	const char *discipline = therapist->discipline;
	DateADT		today = therapist->today;
	const char *mode = cl_policy(district_id, "capacity", discipline, NULL, today);
	const char *cap;
	const char *weighting;

	therapist->mode = strcmp(mode, "off") == 0 ? CAPACITY_OFF :
		strcmp(mode, "warn") == 0 ? CAPACITY_WARN : CAPACITY_ERROR;
	therapist->limit = NULL;
	if (therapist->fte != NULL)
		therapist->limit = times(therapist->fte,
								 numeric_of(cl_policy(district_id, "weekly_minutes_per_fte", discipline, NULL, today)));
	therapist->by_hours = therapist->hours != NULL &&
		(therapist->limit == NULL || is_greater(therapist->limit, int64_to_numeric(hours)));
	if (therapist->by_hours)
		therapist->limit = int64_to_numeric(hours);
	therapist->limit_micros = PG_INT64_MAX;
	if (therapist->limit != NULL)
		therapist->limit_micros =
			DatumGetInt64(DirectFunctionCall1(numeric_int8,
											  DirectFunctionCall1(numeric_floor,
																  NumericGetDatum(times(therapist->limit, int64_to_numeric(1000000))))));

	therapist->headcount_limit = NULL;
	therapist->counted = false;
	cap = cl_policy(district_id, "headcount_cap", discipline, NULL, today);
	if (strcmp(cap, "none") != 0 && therapist->fte != NULL)
		therapist->headcount_limit = times(therapist->fte, numeric_of(cap));
	weighting = cl_policy(district_id, "weighting", discipline, NULL, today);
	therapist->weighting = strcmp(weighting, "minutes") == 0 ? NULL : pstrdup(weighting);
}

/*
 * Fill in what is known of therapist->key, in the current memory context.
 * The load is that of the counter where that holds all that the snapshot
 * sees ("stored"), else it is made from the services.
 */
void
cl_read_therapist(CapacityTherapist *therapist, Snapshot snapshot, bool stored)
{
	Relation	rel = cl_open_table(&therapist_table, AccessShareLock);
	LoadProfile *load = NULL;
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	keys[0] = therapist->district_id = CStringGetTextDatum(therapist->key.district_id);
	keys[1] = therapist->therapist_id = CStringGetTextDatum(therapist->key.id);
	therapist->generation = cl_loads_generation();
	/* the day that the caller asks about, else today */
	if (!therapist->dated)
		therapist->today = DatumGetDateADT(DirectFunctionCall1(timestamptz_date,
															   TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())));
	scan = cl_lookup(&therapist_table, rel, snapshot, keys, 2);
	tuple = systable_getnext(scan);
	therapist->found = tuple != NULL;
	if (tuple != NULL)
	{
		Datum		value = cl_column_of(&therapist_table, rel, tuple, 2, &isnull);

		therapist->discipline = text_of(value, isnull);
		value = cl_column_of(&therapist_table, rel, tuple, 3, &isnull);
		therapist->fte = isnull ? NULL : DatumGetNumericCopy(value);
		cl_period_bounds(cl_column_of(&therapist_table, rel, tuple, 4, &isnull),
						 &therapist->employed_from, &therapist->employed_until);
		value = cl_column_of(&therapist_table, rel, tuple, 5, &isnull);
		therapist->state = text_of(value, isnull);
		value = cl_column_of(&therapist_table, rel, tuple, 6, &isnull);
		therapist->hours = cl_therapist_hours(keys[0], keys[1], therapist->today, isnull, value, snapshot);
		value = cl_column_of(&therapist_table, rel, tuple, 7, &isnull);
		therapist->zone = text_of(value, isnull);
		value = cl_column_of(&therapist_table, rel, tuple, 8, &isnull);
		therapist->presence = text_of(value, isnull);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	if (!therapist->found)
		return;
	set_limits(therapist);
	read_scopes(therapist, snapshot);
	read_licenses(therapist, snapshot);
	if (stored)
		load = cl_current_load(&therapist->key, snapshot);
	if (load == NULL)
		load = cl_recompute_load(&therapist->key, snapshot);
	cl_load_open(&therapist->load, load);
	cl_add_duties(therapist, &therapist->load, snapshot);
	therapist->peak = cl_peak(&therapist->load, therapist->key.district_id, therapist->today, DATEVAL_NOEND,
							  therapist->limit_micros);
}

/* ----------------------------------------------------------- who has room --- */

#define ROOM_NAMES	3

typedef struct RoomOf
{
	char	   *therapist_id;
	int64		micros;
} RoomOf;

/*
 * The three therapists of the discipline who have most room on the days of
 * the service, with the minutes; NULL when nobody has any.
 */
char *
cl_capacity_room(const CapacityTherapist *therapist, const CapacityCase *service, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&therapist_table, AccessShareLock);
	const char *discipline = service->discipline ? service->discipline : therapist->discipline;
	DateADT		first_day = Max(service->from, therapist->today);
	RoomOf		best[ROOM_NAMES];
	int			count = 0;
	SysScanDesc scan;
	HeapTuple	tuple;
	StringInfoData text;

	scan = cl_lookup(&therapist_table, rel, snapshot, &therapist->district_id, 1);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		CapacityTherapist other = {.today = therapist->today, .dated = true};
		const CapacityScope *scope;
		int64		room;
		int			place;

		CHECK_FOR_INTERRUPTS();
		other.key.district_id = therapist->key.district_id;
		other.key.id = column_string(&therapist_table, rel, tuple, 1);
		if (strcmp(other.key.id, therapist->key.id) == 0 ||
			strcmp(column_string(&therapist_table, rel, tuple, 2), discipline) != 0)
			continue;
		cl_read_therapist(&other, snapshot, true);
		scope = cl_valid_scope(&other, first_day);
		if (other.limit == NULL || first_day < other.employed_from || first_day >= other.employed_until ||
			(scope != NULL && scope->evaluation_only))
			continue;
		room = other.limit_micros - cl_peak(&other.load, other.key.district_id, first_day, service->until, -1);
		/* what shows as no minute is none */
		if (room < 500000)
			continue;
		for (place = count; place > 0 && best[place - 1].micros < room; place--)
		{
			if (place < ROOM_NAMES)
				best[place] = best[place - 1];
		}
		if (place < ROOM_NAMES)
		{
			best[place].therapist_id = unconstify(char *, other.key.id);
			best[place].micros = room;
			count = Min(count + 1, ROOM_NAMES);
		}
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	if (count == 0)
		return NULL;
	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s (" INT64_FORMAT ")", i > 0 ? ", " : "", best[i].therapist_id,
						 (best[i].micros + 500000) / 1000000);
	return text.data;
}
