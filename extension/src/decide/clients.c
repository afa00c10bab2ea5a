/*
 * clients.c
 *		The flags of clients, judged without queries.
 *
 * Two callers, one way.  After a statement has changed events, the clients it
 * touched are judged under their locks, each by a few looks into indexes.
 * evaluate() judges everybody in one pass over client_activity without any
 * lock, and only those whose flags do not agree are locked and judged again:
 * writers hardly ever wait, and a second run finds nothing to do.
 *
 * What a row of facts is made from is fetched only as far as the rules ask
 * for it; cl_client_facts() makes the row, as it does for client_facts().
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "client_facts.h"
#include "delta.h"
#include "flag.h"
#include "query.h"
#include "table.h"

static CachedTable activity_table = {
	"client_activity", "client_activity_pkey",
	{"district_id", "client_id", "episode", "period", "attendance", NULL}
};

static CachedTable flag_table = {
	"flag", "flag_standing_idx",
	{"district_id", "subject_key", "subject", "episode", "rule_district", "rule_name",
	"flag_id", "state", "snoozed_until", "action", "due_on", "cleared_on", NULL}
};

static CachedTable service_table = {
	"service", "service_client_idx",
	{"district_id", "client_id", "period", "therapist_id", "discipline", NULL}
};

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", "site_id", "category", NULL}
};

static CachedTable site_table = {
	"site", "site_pkey", {"district_id", "site_id", "level", NULL}
};

static CachedTable policy_table = {
	"policy", "policy_pkey", {"district_id", "policy_name", "valid", "value", NULL}
};

static CachedTable policy_kind_table = {
	"policy_kind", "policy_kind_pkey", {"policy_name", "default_value", NULL}
};

static CachedQuery documents_query = {
	"SELECT overdue, days_overdue, notes, notes_late, consent, plan, plan_with_client, closing_note"
	"  FROM caseload._client_documents($1, $2, daterange($3, $4), $5, $6)",
	6, {"text", "text", "date", "date", "date", "text"}
};

/* Services of a client on a day. */
#define UNSURE	(-1)			/* depends on which day it is there */
typedef struct ServiceCount
{
	int32		due;
	int32		waiting;
} ServiceCount;

/* Reads clients and judges them. */
typedef struct Judge
{
	RuleSet    *rules;
	RuleProgram *program;		/* of the district judged last */
	const DateADT *as_of;		/* NULL: today, wherever the client is */
	FlagChanges *changes;
	Snapshot	snapshot;
	Relation	activity;
	Relation	flag;
	Relation	service;
	Relation	client;
	Relation	site;
	TupleTableSlot *slot;		/* a row of facts */
	MemoryContext scratch;		/* reset for each client */
	LocalClock	clock;
	char		zone[CL_MAX_ZONE + 1];	/* of the clock */
	int			zone_length;	/* -1: no clock yet */
	/* what the rules ask for */
	bool		asks_services;
	bool		asks_client;
	bool		asks_window;
	bool		asks_documents;
	bool		wanted[CF_COLUMNS];
	/* window of the district and day looked up last */
	char	   *window_district;
	DateADT		window_day;
	int32		window;
	/* while everybody is judged: what else would be a look for each */
	KeySet	   *flagged;		/* NULL: look flags up */
	StandingFlag **standing;	/* by place in flagged */
	bool	   *seen;
	KeySet	   *served;			/* NULL: look services up */
	ServiceCount *services;		/* by place in served */
	/* the client in work */
	SubjectKey	key;
	DateADT		day;
	bool		client_read;
	Datum		site_id;
	Datum		level;
	Datum		category;
} Judge;

/* ------------------------------------------------------------- fetching --- */

static bool
asks(Bitmapset *facts, ClientColumn first, ClientColumn last)
{
	for (int column = first; column <= (int) last; column++)
	{
		if (bms_is_member(column + 1 - FirstLowInvalidHeapAttributeNumber, facts))
			return true;
	}
	return false;
}

static void
open_judge(Judge *judge, const DateADT *as_of, FlagChanges *changes)
{
	Bitmapset  *facts;

	memset(judge, 0, sizeof(Judge));
	judge->rules = cl_rules("client");
	cl_check_client_facts(judge->rules->subject->facts);
	judge->as_of = as_of;
	judge->changes = changes;
	judge->zone_length = -1;
	judge->activity = cl_open_table(&activity_table, AccessShareLock);
	judge->flag = cl_open_table(&flag_table, AccessShareLock);
	judge->slot = MakeSingleTupleTableSlot(judge->rules->subject->facts, &TTSOpsVirtual);
	judge->scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload client", ALLOCSET_SMALL_SIZES);

	facts = judge->rules->facts;
	judge->asks_services = asks(facts, CF_IS_ACTIVE, CF_SERVICES);
	judge->asks_client = asks(facts, CF_SITE_ID, CF_CATEGORY);
	judge->asks_window = asks(facts, CF_MISSES_IN_WINDOW, CF_ATTENDED_IN_WINDOW);
	judge->asks_documents = asks(facts, CF_DOCUMENTS_OVERDUE, CF_RECORDS);
	for (int column = 0; column < CF_COLUMNS; column++)
		judge->wanted[column] = asks(facts, column, column);
	judge->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

static void
close_judge(Judge *judge)
{
	UnregisterSnapshot(judge->snapshot);
	MemoryContextDelete(judge->scratch);
	ExecDropSingleTupleTableSlot(judge->slot);
	table_close(judge->activity, NoLock);
	table_close(judge->flag, NoLock);
	if (judge->service)
		table_close(judge->service, NoLock);
	if (judge->client)
		table_close(judge->client, NoLock);
	if (judge->site)
		table_close(judge->site, NoLock);
}

static Datum
copy_text(Datum value, bool isnull)
{
	return isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/* Site, level and category of the client in work. */
static void
read_client(Judge *judge)
{
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	if (judge->client_read)
		return;
	judge->client_read = true;
	judge->site_id = judge->level = judge->category = (Datum) 0;
	if (judge->client == NULL)
	{
		judge->client = cl_open_table(&client_table, AccessShareLock);
		judge->site = cl_open_table(&site_table, AccessShareLock);
	}
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	scan = cl_lookup(&client_table, judge->client, judge->snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		value = cl_column_of(&client_table, judge->client, tuple, 2, &isnull);

		judge->site_id = copy_text(value, isnull);
		value = cl_column_of(&client_table, judge->client, tuple, 3, &isnull);
		judge->category = copy_text(value, isnull);
	}
	systable_endscan(scan);
	if (judge->site_id == (Datum) 0)
		return;
	keys[1] = judge->site_id;
	scan = cl_lookup(&site_table, judge->site, judge->snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		value = cl_column_of(&site_table, judge->site, tuple, 2, &isnull);

		judge->level = copy_text(value, isnull);
	}
	systable_endscan(scan);
}

/* Call for each service of the client in work that is due on the day. */
static bool
scan_services(Judge *judge, ServiceCount *count, const char *discipline)
{
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	count->due = count->waiting = 0;
	if (judge->service == NULL)
		judge->service = cl_open_table(&service_table, AccessShareLock);
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	scan = cl_lookup(&service_table, judge->service, judge->snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;
		bool		isnull;
		Datum		value;

		cl_period_bounds(cl_column_of(&service_table, judge->service, tuple, 2, &isnull), &from, &until);
		if (judge->day < from || judge->day >= until)
			continue;
		(void) cl_column_of(&service_table, judge->service, tuple, 3, &isnull);
		count->due++;
		count->waiting += isnull;
		value = cl_column_of(&service_table, judge->service, tuple, 4, &isnull);
		if (discipline != NULL && !isnull && strcmp(TextDatumGetCString(value), discipline) == 0)
			found = true;
	}
	systable_endscan(scan);
	return found;
}

static const char *
scope_level(void *arg)
{
	Judge	   *judge = arg;

	read_client(judge);
	return judge->level ? TextDatumGetCString(judge->level) : NULL;
}

static bool
scope_treated(void *arg, const char *discipline)
{
	ServiceCount ignored = {0};

	return scan_services(arg, &ignored, discipline);
}

/* Policy strike_window_days of the district on the day. */
static int32
strike_window(Judge *judge)
{
	Relation	rel;
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *value = NULL;
	bool		isnull;

	if (judge->window_district != NULL && judge->window_day == judge->day &&
		strcmp(judge->window_district, judge->key.district_id) == 0)
		return judge->window;

	rel = cl_open_table(&policy_table, AccessShareLock);
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum("strike_window_days");
	scan = cl_lookup(&policy_table, rel, judge->snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;

		cl_period_bounds(cl_column_of(&policy_table, rel, tuple, 2, &isnull), &from, &until);
		if (from <= judge->day && judge->day < until)
			value = TextDatumGetCString(cl_column_of(&policy_table, rel, tuple, 3, &isnull));
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	if (value == NULL)
	{
		rel = cl_open_table(&policy_kind_table, AccessShareLock);
		scan = cl_lookup(&policy_kind_table, rel, judge->snapshot, &keys[1], 1);
		if ((tuple = systable_getnext(scan)) != NULL)
			value = TextDatumGetCString(cl_column_of(&policy_kind_table, rel, tuple, 1, &isnull));
		systable_endscan(scan);
		table_close(rel, NoLock);
	}
	if (value == NULL)
		elog(ERROR, "policy strike_window_days is not there");
	judge->window_district = MemoryContextStrdup(GetMemoryChunkContext(judge->slot), judge->key.district_id);
	judge->window_day = judge->day;
	judge->window = pg_strtoint32(value);
	return judge->window;
}

static void
read_documents(Judge *judge, const char *zone, DateADT from, DateADT until, ClientDocuments *documents)
{
	OwnerScope	scope;
	Datum		args[6];
	char		nulls[7] = "      ";
	bool		isnull;

	args[0] = CStringGetTextDatum(judge->key.district_id);
	args[1] = CStringGetTextDatum(judge->key.id);
	args[2] = DateADTGetDatum(from);
	args[3] = DateADTGetDatum(until);
	nulls[2] = DATE_NOT_FINITE(from) ? 'n' : ' ';
	nulls[3] = DATE_NOT_FINITE(until) ? 'n' : ' ';
	args[4] = DateADTGetDatum(judge->day);
	args[5] = CStringGetTextDatum(zone[0] ? zone : "UTC");
	cl_enter(&scope);
	if (cl_run(&documents_query, args, nulls) > 0)
	{
		documents->overdue = DatumGetInt32(cl_result(0, 1, &isnull));
		documents->days_overdue = DatumGetInt32(cl_result(0, 2, &isnull));
		documents->notes = DatumGetInt32(cl_result(0, 3, &isnull));
		documents->notes_late = DatumGetInt32(cl_result(0, 4, &isnull));
		documents->consent = DatumGetBool(cl_result(0, 5, &isnull));
		documents->plan = DatumGetBool(cl_result(0, 6, &isnull));
		documents->plan_with_client = DatumGetBool(cl_result(0, 7, &isnull));
		documents->closing_note = DatumGetBool(cl_result(0, 8, &isnull));
	}
	cl_leave(&scope);
}

static char *
text_of(HeapTuple tuple, Relation rel, const CachedTable *table, int column)
{
	bool		isnull;
	Datum		value = cl_column_of(table, rel, tuple, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* A flag of the table of flags, in the current memory context. */
static StandingFlag *
make_standing(Judge *judge, HeapTuple tuple)
{
	StandingFlag *flag = palloc0(sizeof(StandingFlag));
	char	   *state = text_of(tuple, judge->flag, &flag_table, 7);
	bool		isnull;

	flag->episode = DatumGetInt32(cl_column_of(&flag_table, judge->flag, tuple, 3, &isnull));
	flag->rule_district = text_of(tuple, judge->flag, &flag_table, 4);
	flag->rule_name = text_of(tuple, judge->flag, &flag_table, 5);
	flag->flag_id = text_of(tuple, judge->flag, &flag_table, 6);
	(void) cl_column_of(&flag_table, judge->flag, tuple, 8, &isnull);
	flag->answered = !isnull || strcmp(state, "dismissed") == 0 || strcmp(state, "closed") == 0;
	flag->warns = strcmp(text_of(tuple, judge->flag, &flag_table, 9), "warn") == 0 && strcmp(state, "dismissed") != 0;
	flag->due_on = DatumGetDateADT(cl_column_of(&flag_table, judge->flag, tuple, 10, &isnull));
	return flag;
}

/* The flags of a client that stand. */
static StandingFlag *
standing_flags(Judge *judge)
{
	StandingFlag *standing = NULL;
	Datum		keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (judge->flagged != NULL)
	{
		int			place = cl_keys_find(judge->flagged, &judge->key);

		if (place < 0)
			return NULL;
		judge->seen[place] = true;
		return judge->standing[place];
	}
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	keys[2] = CStringGetTextDatum("client");
	scan = cl_lookup(&flag_table, judge->flag, judge->snapshot, keys, 3);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		StandingFlag *flag = make_standing(judge, tuple);

		flag->next = standing;
		standing = flag;
	}
	systable_endscan(scan);
	return standing;
}

/* -------------------------------------------------------------- judging --- */

static void
set_clock(Judge *judge, const AttendanceReader *reader)
{
	if (judge->zone_length == reader->zone_length && memcmp(judge->zone, reader->zone, reader->zone_length) == 0)
		return;
	memcpy(judge->zone, reader->zone, reader->zone_length);
	judge->zone[reader->zone_length] = '\0';
	judge->zone_length = reader->zone_length;
	cl_clock_init(&judge->clock, reader->zone, reader->zone_length);
}

/* The warning that stands for an episode, which is the latest one. */
static void
set_warning(ClientInput *in, const StandingFlag *standing)
{
	for (; standing != NULL; standing = standing->next)
	{
		if (standing->warns && standing->episode == in->episode &&
			(!in->warned || standing->due_on > in->warning_due))
		{
			in->warned = true;
			in->warning_due = standing->due_on;
		}
	}
}

/*
 * Judge the client in work in the episode that holds the day.  The reader
 * stands at the first event.  Returns whether flags differ.
 */
static bool
judge_episode(Judge *judge, AttendanceReader *reader, const ActivityValue *value, StandingFlag *standing)
{
	TupleTableSlot *slot = judge->slot;
	RuleProgram *program;
	ClientInput in = {0};
	RuleScope	scope;
	FlagSubject subject;

	if (judge->program == NULL || strcmp(judge->program->district_id, judge->key.district_id) != 0)
		judge->program = cl_rule_program(judge->rules, judge->key.district_id);
	program = judge->program;

	in.district_id = judge->wanted[CF_DISTRICT_ID] ? CStringGetTextDatum(judge->key.district_id) : (Datum) 0;
	in.client_id = judge->wanted[CF_CLIENT_ID] ? CStringGetTextDatum(judge->key.id) : (Datum) 0;
	in.episode = value->episode;
	in.from = value->from;
	in.as_of = judge->day;
	in.window = judge->asks_window ? strike_window(judge) : 1;
	if (judge->asks_client)
	{
		read_client(judge);
		in.site_id = judge->site_id;
		in.level = judge->level;
		in.category = judge->category;
	}
	if (judge->asks_services)
	{
		ServiceCount count = {0};

		if (judge->served != NULL)
		{
			int			place = judge->served->count > 0 ? cl_keys_find(judge->served, &judge->key) : -1;

			if (place >= 0)
				count = judge->services[place];
		}
		if (judge->served == NULL || count.due == UNSURE)
			(void) scan_services(judge, &count, NULL);
		in.services = count.due;
		in.waiting_services = count.waiting;
	}
	if (judge->asks_documents)
		read_documents(judge, judge->zone, value->from, value->until, &in.documents);

	scope.district_id = judge->key.district_id;
	scope.day = judge->day;
	scope.level = scope_level;
	scope.treated = scope_treated;
	scope.arg = judge;
	ExecClearTuple(slot);
	cl_client_facts(reader, &judge->clock, &in, judge->wanted, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	cl_judge_guarded(program, slot, false);
	if (program->count > program->early)
	{
		/* a warning counts while its reason lasts */
		if (cl_any_warning(program, &scope))
			set_warning(&in, standing);
		slot->tts_isnull[CF_DAYS_PAST_WARNING] = !in.warned;
		slot->tts_values[CF_DAYS_PAST_WARNING] = in.warned ? Int32GetDatum(in.as_of - in.warning_due) : (Datum) 0;
		cl_judge_guarded(program, slot, true);
	}

	subject.district_id = judge->key.district_id;
	subject.key = subject.client_id = judge->key.id;
	subject.episode = value->episode;
	return cl_compare_flags(judge->changes, program, &scope, &subject, standing);
}

static void
begin_client(Judge *judge, const SubjectKey *key)
{
	judge->key = *key;
	judge->client_read = false;
}

/* A row of client_activity, in place. */
static void
read_value(Judge *judge, HeapTuple tuple, ActivityValue *value)
{
	bool		isnull;

	value->episode = DatumGetInt32(cl_column_of(&activity_table, judge->activity, tuple, 2, &isnull));
	cl_period_bounds(cl_column_of(&activity_table, judge->activity, tuple, 3, &isnull), &value->from, &value->until);
	value->attendance = DatumGetAttendancePP(cl_column_of(&activity_table, judge->activity, tuple, 4, &isnull));
}

/* Is the client in work enrolled by this episode on the day? */
static bool
holds_day(Judge *judge, const ActivityValue *value, AttendanceReader *reader)
{
	cl_attendance_open(reader, value->attendance);
	set_clock(judge, reader);
	judge->day = judge->as_of ? *judge->as_of : cl_today(&judge->clock) - CL_DAYS_TO_PG_EPOCH;
	return value->from <= judge->day && judge->day < value->until;
}

/*
 * Judge one client, who is locked: look up flags, and values where they are
 * not at hand.
 */
static void
judge_client(Judge *judge, const SubjectKey *key, const ClientValues *values)
{
	StandingFlag *standing;
	AttendanceReader reader;
	bool		enrolled = false;

	begin_client(judge, key);
	judge->day = judge->as_of ? *judge->as_of : GetSQLCurrentDate();
	standing = standing_flags(judge);
	if (values != NULL)
	{
		for (int i = 0; i < values->count && !enrolled; i++)
		{
			enrolled = holds_day(judge, &values->rows[i], &reader);
			if (enrolled)
				(void) judge_episode(judge, &reader, &values->rows[i], standing);
		}
	}
	else
	{
		Datum		keys[2];
		SysScanDesc scan;
		HeapTuple	tuple;

		keys[0] = CStringGetTextDatum(key->district_id);
		keys[1] = CStringGetTextDatum(key->id);
		scan = cl_lookup(&activity_table, judge->activity, judge->snapshot, keys, 2);
		while (!enrolled && (tuple = systable_getnext(scan)) != NULL)
		{
			ActivityValue value;

			read_value(judge, tuple, &value);
			enrolled = holds_day(judge, &value, &reader);
			if (enrolled)
				(void) judge_episode(judge, &reader, &value, standing);
		}
		systable_endscan(scan);
	}
	if (!enrolled && standing != NULL)
	{
		FlagSubject subject = {key->district_id, key->id, key->id, 0};

		cl_clear_flags(judge->changes, &subject, standing, judge->day);
	}
}

/* Judge the clients of a set, which is locked, and write what changes. */
static void
sync_clients(const KeySet *set, const ClientValues *values, const DateADT *as_of, FlagCounts *counts)
{
	FlagChanges *changes;
	Judge		judge;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload flags", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);

	changes = cl_changes_new(true);
	open_judge(&judge, as_of, changes);
	for (int i = 0; i < set->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(judge.scratch);
		judge_client(&judge, &set->keys[i], values ? &values[i] : NULL);
		MemoryContextSwitchTo(context);
		MemoryContextReset(judge.scratch);
	}
	close_judge(&judge);
	cl_changes_write(changes, counts);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* For cl_clients_changed: judge the clients again, as of today. */
void
cl_flags_after_change(const KeySet *set, const ClientValues *values)
{
	sync_clients(set, values, NULL, NULL);
}

/* ------------------------------------------------------------- everybody --- */

/* All flags of clients of a district (NULL: of all) that stand. */
static void
read_standing(Judge *judge, const char *district_id, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TableScanDesc scan = table_beginscan(judge->flag, judge->snapshot, 0, NULL);
	int			capacity = 1024;
	HeapTuple	tuple;

	judge->flagged = cl_keys_new();
	judge->standing = palloc0(sizeof(StandingFlag *) * capacity);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		StandingFlag *flag;
		Datum		district;
		Datum		key;
		int			place;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		(void) cl_column_of(&flag_table, judge->flag, tuple, 11, &isnull);
		if (!isnull || strcmp(text_of(tuple, judge->flag, &flag_table, 2), "client") != 0)
			continue;
		district = cl_column_of(&flag_table, judge->flag, tuple, 0, &isnull);
		if (district_id != NULL && strcmp(TextDatumGetCString(district), district_id) != 0)
			continue;
		key = cl_column_of(&flag_table, judge->flag, tuple, 1, &isnull);
		place = cl_keys_add(judge->flagged, district, key);
		if (place >= capacity)
		{
			judge->standing = repalloc_huge(judge->standing, sizeof(StandingFlag *) * capacity * 2);
			memset(judge->standing + capacity, 0, sizeof(StandingFlag *) * capacity);
			capacity *= 2;
		}
		flag = make_standing(judge, tuple);
		flag->next = judge->standing[place];
		judge->standing[place] = flag;
	}
	table_endscan(scan);
	judge->seen = palloc_extended(Max(judge->flagged->count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * The services of everybody who has one.  Which day it is, is not known
 * before the client's zone is, so only services that are due on every day
 * that it may be are counted; for the others the client is looked up.
 */
static void
read_services(Judge *judge, const char *district_id, MemoryContext context)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	DateADT		today = judge->as_of ? *judge->as_of : GetSQLCurrentDate();
	int			slack = judge->as_of ? 0 : 2;
	int			capacity = 1024;
	TableScanDesc scan;
	HeapTuple	tuple;

	judge->service = cl_open_table(&service_table, AccessShareLock);
	judge->served = cl_keys_new();
	judge->services = palloc0(sizeof(ServiceCount) * capacity);
	scan = table_beginscan(judge->service, judge->snapshot, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Datum		district;
		Datum		client;
		DateADT		from;
		DateADT		until;
		int			place;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		cl_period_bounds(cl_column_of(&service_table, judge->service, tuple, 2, &isnull), &from, &until);
		if (today + slack < from || today - slack >= until)
			continue;
		district = cl_column_of(&service_table, judge->service, tuple, 0, &isnull);
		if (district_id != NULL && strcmp(TextDatumGetCString(district), district_id) != 0)
			continue;
		client = cl_column_of(&service_table, judge->service, tuple, 1, &isnull);
		place = cl_keys_add(judge->served, district, client);
		if (place >= capacity)
		{
			judge->services = repalloc_huge(judge->services, sizeof(ServiceCount) * capacity * 2);
			memset(judge->services + capacity, 0, sizeof(ServiceCount) * capacity);
			capacity *= 2;
		}
		if (today - slack < from || today + slack >= until)
			judge->services[place].due = UNSURE;
		else if (judge->services[place].due != UNSURE)
		{
			(void) cl_column_of(&service_table, judge->service, tuple, 3, &isnull);
			judge->services[place].due++;
			judge->services[place].waiting += isnull;
		}
	}
	table_endscan(scan);
	MemoryContextSwitchTo(oldcontext);
}

/* The key of a client as key sets have it, into a buffer that is used again. */
static void
buffer_key(StringInfo buffer, Datum district_id, Datum client_id, SubjectKey *key)
{
	text	   *district = DatumGetTextPP(district_id);
	text	   *client = DatumGetTextPP(client_id);

	resetStringInfo(buffer);
	appendBinaryStringInfo(buffer, VARDATA_ANY(district), VARSIZE_ANY_EXHDR(district));
	appendStringInfoChar(buffer, '\0');
	appendBinaryStringInfo(buffer, VARDATA_ANY(client), VARSIZE_ANY_EXHDR(client));
	appendStringInfoChar(buffer, '\0');
	key->district_id = buffer->data;
	key->id = buffer->data + VARSIZE_ANY_EXHDR(district) + 1;
}

/*
 * Judge everybody of a district (NULL: of all) without locks; the clients
 * whose flags do not agree are added to "differing".
 */
static void
find_differing(const char *district_id, const DateADT *as_of, KeySet *differing, FlagChanges *kept)
{
	MemoryContext context = CurrentMemoryContext;
	Judge		judge;
	StringInfoData buffer;
	TableScanDesc scan = NULL;
	SysScanDesc of_district = NULL;

	open_judge(&judge, as_of, kept);
	read_standing(&judge, district_id, context);
	if (judge.asks_services)
		read_services(&judge, district_id, context);
	initStringInfo(&buffer);
	if (district_id != NULL)
	{
		Datum		key = CStringGetTextDatum(district_id);

		of_district = cl_lookup(&activity_table, judge.activity, judge.snapshot, &key, 1);
	}
	else
		scan = table_beginscan(judge.activity, judge.snapshot, 0, NULL);

	while (true)
	{
		HeapTuple	tuple = scan ? heap_getnext(scan, ForwardScanDirection) : systable_getnext(of_district);
		ActivityValue value;
		AttendanceReader reader;
		SubjectKey	key;
		Datum		district;
		Datum		client;
		bool		isnull;

		if (tuple == NULL)
			break;
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(judge.scratch);
		district = cl_column_of(&activity_table, judge.activity, tuple, 0, &isnull);
		client = cl_column_of(&activity_table, judge.activity, tuple, 1, &isnull);
		read_value(&judge, tuple, &value);
		buffer_key(&buffer, district, client, &key);
		begin_client(&judge, &key);
		if (holds_day(&judge, &value, &reader) &&
			judge_episode(&judge, &reader, &value, standing_flags(&judge)))
			(void) cl_keys_add(differing, district, client);
		MemoryContextSwitchTo(context);
		MemoryContextReset(judge.scratch);
	}
	if (scan)
		table_endscan(scan);
	else
		systable_endscan(of_district);

	/* flags of those who are in no episode on the day */
	for (int i = 0; i < judge.flagged->count; i++)
	{
		if (!judge.seen[i])
			(void) cl_keys_add(differing, CStringGetTextDatum(judge.flagged->keys[i].district_id),
							   CStringGetTextDatum(judge.flagged->keys[i].id));
	}
	close_judge(&judge);
}

/*
 * Make the flags of all clients of a district (NULL: of all) say what the
 * rules say as of a date (NULL: of today, wherever they are).
 */
void
cl_evaluate_clients(const char *district_id, const DateADT *as_of, FlagCounts *counts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload evaluate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	KeySet	   *differing = cl_keys_new();
	FlagChanges *kept = cl_changes_new(false);
	FlagCounts	corrected = {0};

	find_differing(district_id, as_of, differing, kept);
	(void) cl_keys_sort(differing);
	if (differing->count > 0)
	{
		cl_keys_lock(differing, CL_LOCK_CLIENTS);
		sync_clients(differing, NULL, as_of, &corrected);
	}
	/* what was found of the others: nothing to write but failures */
	cl_changes_write(kept, counts);
	counts->raised += corrected.raised;
	counts->resolved += corrected.resolved;
	counts->unchanged += corrected.unchanged;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}
