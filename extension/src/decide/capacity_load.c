/*
 * capacity_load.c
 *		Minutes per week of a load.
 *
 * A load says how many services of which rate there are on each day; here
 * they become minutes, by the service year that holds for the discipline and
 * the level of the client's site on that day.  The sum is exactly that of
 * service_facts(day).therapist_minutes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "capacity.h"
#include "delta.h"
#include "policy_cache.h"
#include "table.h"

/* Closures may make each year another one: so many are looked at. */
#define COUNTED_YEARS	6

static const char *const calendar_policies[] = {"calendar", "school_weeks", "school_months"};

static CachedTable duty_table = {
	"duty", "duty_therapist_idx",
	{"district_id", "therapist_id", "activity_name", "dosage", "client_id", "site_id", "reserved", "valid", NULL}
};

static CachedTable activity_table = {
	"activity", "activity_pkey", {"activity_name", "category", NULL}
};

/* More minutes from a day on. */
typedef struct MinuteStep
{
	DateADT		day;
	int64		micros;
} MinuteStep;

/* The first of July that begins the service year of a day. */
static DateADT
year_begin(DateADT day, int years_later)
{
	int			year;
	int			month;
	int			month_day;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &month_day);
	return date2j(year + (month < 7 ? -1 : 0) + years_later, 7, 1) - POSTGRES_EPOCH_JDATE;
}

static bool
same_place(const LoadRate *a, const LoadRate *b)
{
	return a->discipline_length == b->discipline_length && a->site_length == b->site_length &&
		memcmp(a->discipline, b->discipline, a->discipline_length) == 0 &&
		memcmp(a->site, b->site, Max(a->site_length, 0)) == 0;
}

/* Millionths of minutes of each rate on a day; true when any depends on closures. */
static bool
rate_micros(const LoadSteps *load, const char *district_id, DateADT day, int64 *micros)
{
	bool		counted = false;
	ServiceYear year = {0};

	for (int i = 0; i < load->n_rates; i++)
	{
		/* rates of one discipline and site stand together */
		if (i == 0 || !same_place(&load->rates[i], &load->rates[i - 1]))
			counted |= cl_cached_year(district_id, load->rates[i].discipline, load->rates[i].discipline_length,
									  load->rates[i].site, load->rates[i].site_length, day, &year);
		micros[i] = cl_load_micros(&load->rates[i], year.weeks, year.months);
	}
	return counted;
}

static int
compare_days(const void *a, const void *b)
{
	const MinuteStep *left = a;
	const MinuteStep *right = b;

	return (left->day > right->day) - (left->day < right->day);
}

/* The most on any day from "from" until before "until", at the same minutes for each rate. */
static int64
peak_between(const LoadSteps *load, const int64 *micros, DateADT from, DateADT until, MinuteStep *changes)
{
	int64		now = 0;
	int64		peak;
	int			count = 0;

	for (int i = 0; i < load->count; i++)
	{
		const LoadStep *step = &load->steps[i];

		if (step->day <= from)
			now += step->change * micros[step->rate];
		else if (step->day < until)
		{
			changes[count].day = step->day;
			changes[count++].micros = step->change * micros[step->rate];
		}
	}
	peak = now;
	qsort(changes, count, sizeof(MinuteStep), compare_days);
	for (int i = 0; i < count; i++)
	{
		now += changes[i].micros;
		if (i + 1 == count || changes[i + 1].day != changes[i].day)
			peak = Max(peak, now);
	}
	return peak;
}

/* All that begins from "from" until before "until" at once, whatever ends: no day has more. */
static int64
bound_between(const LoadSteps *load, const int64 *micros, DateADT from, DateADT until)
{
	int64		bound = 0;

	for (int i = 0; i < load->count; i++)
	{
		const LoadStep *step = &load->steps[i];

		if (step->day <= from || (step->change > 0 && step->day < until))
			bound += step->change * micros[step->rate];
	}
	return bound;
}

/*
 * The most minutes per week, in millionths, on any day from "from", which is
 * finite, until before "until".  Where it is sure to be "enough" or less, a
 * number that is no less and no more than that will do.
 */
int64
cl_peak(const LoadSteps *load, const char *district_id, DateADT from, DateADT until, int64 enough)
{
	int64	   *micros = palloc(sizeof(int64) * Max(load->n_rates, 1));
	MinuteStep *changes = NULL;
	int64		peak = 0;
	DateADT		day = from;

	while (day < until)
	{
		bool		counted = rate_micros(load, district_id, day, micros);
		DateADT		next = cl_policy_change(district_id, calendar_policies, lengthof(calendar_policies), day);
		int64		most;

		if (counted && day < year_begin(from, COUNTED_YEARS))
			next = Min(next, year_begin(day, 1));
		next = Min(next, until);
		most = bound_between(load, micros, day, next);
		if (most > enough)
		{
			if (changes == NULL)
				changes = palloc_extended(sizeof(MinuteStep) * Max(load->count, 1), MCXT_ALLOC_HUGE);
			most = peak_between(load, micros, day, next, changes);
		}
		peak = Max(peak, most);
		if (DATE_IS_NOEND(next))
			break;
		day = next;
	}
	pfree(micros);
	if (changes != NULL)
		pfree(changes);
	return peak;
}

/* Millionths as a numeric of as many minutes. */
Numeric
cl_micros_numeric(int64 micros)
{
	return int64_div_fast_to_numeric(micros, 6);
}

/* Is this work that counts against capacity? */
static bool
is_given(Datum activity_name, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&activity_table, AccessShareLock);
	SysScanDesc scan = cl_lookup(&activity_table, rel, snapshot, &activity_name, 1);
	HeapTuple	tuple = systable_getnext(scan);
	bool		given = false;

	if (tuple != NULL)
	{
		bool		isnull;
		char	   *category = TextDatumGetCString(cl_column_of(&activity_table, rel, tuple, 1, &isnull));

		given = strcmp(category, "direct") == 0 || strcmp(category, "consult") == 0;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	return given;
}

/*
 * Add the duties of direct work and consultation, which are part of
 * weekly_minutes, too; the counter holds services only.
 */
void
cl_add_duties(const CapacityTherapist *therapist, LoadSteps *load, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&duty_table, AccessShareLock);
	Datum		keys[2] = {therapist->district_id, therapist->therapist_id};
	SysScanDesc scan;
	HeapTuple	tuple;

	if (RelationGetNumberOfBlocks(rel) == 0)
	{
		table_close(rel, NoLock);
		return;
	}
	scan = cl_lookup(&duty_table, rel, snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		static DateADT always = DATEVAL_NOBEGIN;
		static DateADT never = DATEVAL_NOEND;
		ClientFrame frame = {.site = "", .site_length = -1, .count = 1, .from = &always, .until = &never};
		ServiceLine line = {0};
		bool		isnull;
		Datum		value;

		if (DatumGetBool(cl_column_of(&duty_table, rel, tuple, 6, &isnull)) ||
			!is_given(cl_column_of(&duty_table, rel, tuple, 2, &isnull), snapshot))
			continue;
		line.discipline = CStringGetTextDatum(therapist->discipline);
		line.dosage = DatumGetInt64(cl_column_of(&duty_table, rel, tuple, 3, &isnull));
		line.group_size = 1;
		cl_period_bounds(cl_column_of(&duty_table, rel, tuple, 7, &isnull), &line.from, &line.until);
		value = cl_column_of(&duty_table, rel, tuple, 4, &isnull);
		if (!isnull)
			cl_read_frame(therapist->district_id, value, snapshot, &frame);
		value = cl_column_of(&duty_table, rel, tuple, 5, &isnull);
		if (!isnull)
		{
			frame.site = TextDatumGetCString(value);
			frame.site_length = (int) strlen(frame.site);
		}
		cl_add_service(load, &line, &frame, 1);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/* Add to a load what a service would cost; "frame" is NULL for nobody in particular. */
void
cl_add_case(LoadSteps *load, const CapacityCase *service, const char *discipline, const ClientFrame *frame)
{
	ServiceLine line = {0};
	ClientFrame days;

	if (frame != NULL)
		days = *frame;
	else
	{
		days.site = "";
		days.site_length = -1;
		days.count = 0;
	}
	if (days.count == 0)
	{
		/* nobody in particular, or somebody who is going to be enrolled */
		static DateADT always = DATEVAL_NOBEGIN;
		static DateADT never = DATEVAL_NOEND;

		days.count = 1;
		days.from = &always;
		days.until = &never;
	}
	line.discipline = CStringGetTextDatum(service->discipline ? service->discipline : discipline);
	line.dosage = service->dosage;
	line.group_size = service->group_size;
	line.from = service->from;
	line.until = service->until;
	cl_add_service(load, &line, &days, 1);
}
