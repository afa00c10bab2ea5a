/*
 * capacity_fit.c
 *		What a client brings, and how a therapist's week, sites and words go
 *		with it.
 *
 * Hours are compared as instants: those of the therapist are turned into the
 * clock of the client's site for the week in question, so that a change of
 * the clock in either zone is seen in the week in which it is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "lib/stringinfo.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "capacity.h"
#include "delta.h"
#include "policy_cache.h"

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", "site_id", "state", "grade", "availability", "tele", NULL}
};

static CachedTable site_table = {
	"site", "site_pkey", {"district_id", "site_id", "state", "level", "time_zone", "availability", NULL}
};

static CachedTable need_table = {
	"client_need", "client_need_pkey", {"district_id", "client_id", "kind", "word", "required", NULL}
};

static CachedTable skill_table = {
	"therapist_skill", "therapist_skill_pkey", {"district_id", "therapist_id", "kind", "word", "valid", NULL}
};

static CachedTable reach_table = {
	"therapist_site", "therapist_site_pkey", {"district_id", "therapist_id", "site_id", "valid", NULL}
};

static CachedTable hours_table = {
	"therapist_availability", "therapist_availability_pkey",
	{"district_id", "therapist_id", "version", "kind", "status", "valid", "availability", NULL}
};

static CachedTable service_table = {
	"service", "service_client_idx", {"district_id", "client_id", "therapist_id", "tier", NULL}
};

static char *
text_of(const CachedTable *table, Relation rel, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = cl_column_of(table, rel, tuple, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* An availability of a row as a week; NULL for NULL. */
static Week *
week_of(Datum value, bool isnull)
{
	Week	   *week;

	if (isnull)
		return NULL;
	week = palloc(sizeof(Week));
	cl_week_read((Availability *) PG_DETOAST_DATUM_PACKED(value), week);
	return week;
}

/* Rows of one key, with a period in "period" (0: always), added to a list of words. */
static void
read_words(CachedTable *table, const Datum *keys, Snapshot snapshot, bool kinds, int word, int period, int required,
		   CapacityWord **words, int *count)
{
	Relation	rel = cl_open_table(table, AccessShareLock);
	int			capacity = *count;

	/* many districts never use these */
	if (RelationGetNumberOfBlocks(rel) > 0)
	{
		SysScanDesc scan = cl_lookup(table, rel, snapshot, keys, 2);
		HeapTuple	tuple;

		while ((tuple = systable_getnext(scan)) != NULL)
		{
			const char *kind = kinds ? text_of(table, rel, tuple, 2) : NULL;
			CapacityWord *new;
			bool		isnull;

			if (*count == capacity)
			{
				capacity = Max(capacity * 2, 8);
				*words = *words == NULL ? palloc(sizeof(CapacityWord) * capacity) :
					repalloc(*words, sizeof(CapacityWord) * capacity);
			}
			new = &(*words)[(*count)++];
			new->rule = kind == NULL ? RULE_REACH : strcmp(kind, "language") == 0 ? RULE_LANGUAGE : RULE_SPECIALTY;
			new->word = text_of(table, rel, tuple, word);
			new->from = DATEVAL_NOBEGIN;
			new->until = DATEVAL_NOEND;
			if (period > 0)
				cl_period_bounds(cl_column_of(table, rel, tuple, period, &isnull), &new->from, &new->until);
			new->required = required == 0 || DatumGetBool(cl_column_of(table, rel, tuple, required, &isnull));
		}
		systable_endscan(scan);
	}
	table_close(rel, NoLock);
}

/* The therapists who have services of tier 3 of a client. */
static void
read_served_by(CapacityClient *client, const Datum *keys, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&service_table, AccessShareLock);
	SysScanDesc scan = cl_lookup(&service_table, rel, snapshot, keys, 2);
	HeapTuple	tuple;
	int			capacity = 4;

	client->served_by = palloc(sizeof(char *) * capacity);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		char	   *therapist_id = text_of(&service_table, rel, tuple, 2);

		if (therapist_id == NULL || DatumGetInt16(cl_column_of(&service_table, rel, tuple, 3, &isnull)) != 3)
			continue;
		if (client->n_served_by == capacity)
		{
			capacity *= 2;
			client->served_by = repalloc(client->served_by, sizeof(char *) * capacity);
		}
		client->served_by[client->n_served_by++] = therapist_id;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/*
 * What is recorded of a client, in the current memory context: grade, state
 * and enrolments, and with "all" also hours, needs, and who serves him.
 */
void
cl_read_client(CapacityClient *client, const char *district_id, const char *client_id, Snapshot snapshot, bool all)
{
	Relation	rel;
	Datum		keys[2];
	Datum		site_keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	memset(client, 0, sizeof(CapacityClient));
	client->grade = PG_INT16_MIN;
	keys[0] = site_keys[0] = CStringGetTextDatum(district_id);
	keys[1] = CStringGetTextDatum(client_id);
	rel = cl_open_table(&client_table, AccessShareLock);
	scan = cl_lookup(&client_table, rel, snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		value;

		client->found = true;
		client->site_id = text_of(&client_table, rel, tuple, 2);
		client->state = text_of(&client_table, rel, tuple, 3);
		value = cl_column_of(&client_table, rel, tuple, 4, &isnull);
		if (!isnull)
			client->grade = DatumGetInt16(value);
		value = cl_column_of(&client_table, rel, tuple, 5, &isnull);
		client->hours = week_of(value, isnull);
		client->tele = DatumGetBool(cl_column_of(&client_table, rel, tuple, 6, &isnull));
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	if (client->site_id != NULL && (all || client->state == NULL))
	{
		rel = cl_open_table(&site_table, AccessShareLock);
		site_keys[1] = CStringGetTextDatum(client->site_id);
		scan = cl_lookup(&site_table, rel, snapshot, site_keys, 2);
		if ((tuple = systable_getnext(scan)) != NULL)
		{
			if (client->state == NULL)
				client->state = text_of(&site_table, rel, tuple, 2);
			client->level = text_of(&site_table, rel, tuple, 3);
			client->zone = text_of(&site_table, rel, tuple, 4);
			if (client->hours == NULL)
			{
				Datum		value = cl_column_of(&site_table, rel, tuple, 5, &isnull);

				client->hours = week_of(value, isnull);
			}
		}
		systable_endscan(scan);
		table_close(rel, NoLock);
	}
	if (!all)
		return;
	cl_read_frame(keys[0], keys[1], snapshot, &client->frame);
	read_words(&need_table, keys, snapshot, true, 3, 0, 4, &client->needs, &client->n_needs);
	read_served_by(client, keys, snapshot);
}

/* Sites within reach, languages and specialties of a therapist, once. */
void
cl_read_words(CapacityTherapist *therapist, Snapshot snapshot)
{
	MemoryContext oldcontext;
	Datum		keys[2] = {therapist->district_id, therapist->therapist_id};

	if (therapist->words_known)
		return;
	/* they live as long as he does */
	oldcontext = MemoryContextSwitchTo(GetMemoryChunkContext(DatumGetPointer(therapist->district_id)));
	read_words(&reach_table, keys, snapshot, false, 2, 3, 0, &therapist->words, &therapist->n_words);
	read_words(&skill_table, keys, snapshot, true, 3, 4, 0, &therapist->words, &therapist->n_words);
	therapist->words_known = true;
	MemoryContextSwitchTo(oldcontext);
}

/*
 * The hours for direct work on a day: of the versions, the latest that is
 * confirmed and valid then; none where there are versions, but no such one;
 * the column of the therapist where there are no versions.
 */
Week *
cl_therapist_hours(Datum district_id, Datum therapist_id, DateADT day, bool isnull, Datum column, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&hours_table, AccessShareLock);
	Datum		keys[2] = {district_id, therapist_id};
	Week	   *week = NULL;

	if (RelationGetNumberOfBlocks(rel) > 0)
	{
		SysScanDesc scan = cl_lookup(&hours_table, rel, snapshot, keys, 2);
		HeapTuple	tuple;

		while ((tuple = systable_getnext(scan)) != NULL)
		{
			DateADT		from;
			DateADT		until;
			bool		null;

			if (strcmp(text_of(&hours_table, rel, tuple, 3), "direct") != 0)
				continue;
			if (week == NULL)
				week = palloc0(sizeof(Week));
			cl_period_bounds(cl_column_of(&hours_table, rel, tuple, 5, &null), &from, &until);
			/* in order of the version */
			if (strcmp(text_of(&hours_table, rel, tuple, 4), "confirmed") == 0 && from <= day && day < until)
				cl_week_read((Availability *) PG_DETOAST_DATUM_PACKED(cl_column_of(&hours_table, rel, tuple, 6, &null)), week);
		}
		systable_endscan(scan);
	}
	table_close(rel, NoLock);
	return week != NULL ? week : week_of(column, isnull);
}

/* The hours of a therapist by the clock of a zone, in the week of a day. */
static const Week *
hours_in_zone(CapacityTherapist *therapist, const char *zone, DateADT day)
{
	/* 2000-01-03 was a Monday */
	DateADT		monday = day - 2 - ((day - 2) % 7 + 7) % 7;
	CapacityHours *hours;
	MemoryContext oldcontext;
	Datum		value;

	if (therapist->zone == NULL || zone == NULL)
		return therapist->hours;
	for (hours = therapist->elsewhere; hours != NULL; hours = hours->next)
	{
		if (hours->monday == monday && strcmp(hours->zone, zone) == 0)
			return hours->week;
	}
	oldcontext = MemoryContextSwitchTo(GetMemoryChunkContext(DatumGetPointer(therapist->district_id)));
	value = DirectFunctionCall4(availability_at_zone,
								PointerGetDatum(cl_week_write(therapist->hours->point, therapist->hours->count)),
								CStringGetTextDatum(therapist->zone), CStringGetTextDatum(zone), DateADTGetDatum(day));
	hours = palloc(sizeof(CapacityHours));
	hours->zone = pstrdup(zone);
	hours->monday = monday;
	hours->week = week_of(value, false);
	hours->next = therapist->elsewhere;
	therapist->elsewhere = hours;
	MemoryContextSwitchTo(oldcontext);
	return hours->week;
}

/* How many sessions a week of how many minutes a service is; where that is not said, of the usual length, one at least. */
void
cl_case_sessions(CapacityCase *service, const char *district_id, const char *discipline, const CapacityClient *client,
				 DateADT day)
{
	Dosage		dosage = cl_dosage_unpack(service->dosage);
	ServiceYear year;
	int64		weekly;

	(void) cl_cached_year(district_id, discipline, (int) strlen(discipline),
						  client->site_id != NULL ? client->site_id : "",
						  client->site_id != NULL ? (int) strlen(client->site_id) : -1, day, &year);
	if (service->dosage != 0 && dosage.sessions > 0)
	{
		service->session = Min(dosage.minutes, CL_MINUTES_PER_WEEK);
		weekly = cl_dosage_weekly(&dosage, dosage.sessions, year.weeks, year.months, 1);
	}
	else
	{
		service->session = Min(Max(pg_strtoint32(cl_policy(district_id, "session_minutes", discipline, NULL, day)), 1),
							   CL_MINUTES_PER_WEEK);
		weekly = service->dosage == 0 ? 0 :
			cl_dosage_weekly(&dosage, dosage.minutes, year.weeks, year.months, 1) / service->session;
	}
	service->session = Max(service->session, 1);
	service->needed = (int) Max((weekly + 999999) / 1000000, 1);
}

/* What therapist and client have in common, and what of it the service needs. */
void
cl_fit(CapacityTherapist *therapist, const CapacityClient *client, const CapacityCase *service, DateADT day, CapacityFit *fit)
{
	const Week *common;
	Week		both;

	memset(fit, 0, sizeof(CapacityFit));
	fit->known = therapist->hours != NULL || client->hours != NULL;
	if (!fit->known)
		return;
	if (therapist->hours == NULL)
		common = client->hours;
	else
	{
		common = hours_in_zone(therapist, client->zone, day);
		if (client->hours != NULL)
		{
			cl_week_common(common, client->hours, &both);
			common = &both;
		}
	}
	if (service->needed == 0)
	{
		CapacityCase sessions = *service;

		cl_case_sessions(&sessions, therapist->key.district_id,
						 service->discipline != NULL ? service->discipline : therapist->discipline, client, day);
		fit->session = sessions.session;
		fit->needed = sessions.needed;
	}
	else
	{
		fit->session = service->session;
		fit->needed = service->needed;
	}
	fit->minutes = cl_week_minutes(common);
	fit->openings = cl_week_openings(common, fit->session, fit->session);
}

/* Can the therapist see the client, there or by tele? */
bool
cl_reaches(const CapacityTherapist *therapist, const CapacityClient *client, DateADT day)
{
	bool		listed = false;
	bool		there = false;
	bool		tele = therapist->presence != NULL && strcmp(therapist->presence, "on_site") != 0;

	if (client->site_id == NULL)
		return true;
	if (client->level != NULL && strcmp(client->level, "tele") == 0)
		return tele || therapist->presence == NULL;
	if (tele && client->tele)
		return true;
	if (tele && strcmp(therapist->presence, "tele") == 0)
		return false;
	for (int i = 0; i < therapist->n_words && !there; i++)
	{
		const CapacityWord *site = &therapist->words[i];

		if (site->rule != RULE_REACH)
			continue;
		listed = true;
		there = site->from <= day && day < site->until && strcmp(site->word, client->site_id) == 0;
	}
	return there || !listed;
}

/*
 * The needs (or, not "required", the wishes) of one kind that the therapist
 * does not meet on a day, and how many; the text is NULL where nobody wants
 * to read it.
 */
const char *
cl_missing_words(const CapacityTherapist *therapist, const CapacityClient *client, CapacityRule rule, DateADT day,
				 bool required, bool wanted, int *count)
{
	StringInfoData text = {0};

	*count = 0;
	for (int i = 0; i < client->n_needs; i++)
	{
		const CapacityWord *need = &client->needs[i];
		bool		met = false;

		if (need->rule != rule || need->required != required)
			continue;
		for (int j = 0; j < therapist->n_words && !met; j++)
		{
			const CapacityWord *has = &therapist->words[j];

			met = has->rule == rule && has->from <= day && day < has->until && strcmp(has->word, need->word) == 0;
		}
		if (met)
			continue;
		if (wanted)
		{
			if (*count == 0)
				initStringInfo(&text);
			appendStringInfo(&text, "%s\"%s\"", *count > 0 ? ", " : "", need->word);
		}
		(*count)++;
	}
	return text.data;
}
