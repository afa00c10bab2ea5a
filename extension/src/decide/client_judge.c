/*
 * client_judge.c
 *		Judge clients without queries.
 *
 * What a row of facts is made from is looked up, and only as far as the rules
 * ask for it; cl_client_facts() makes the row, as it does for the function
 * client_facts().  The callers are in client_flags.c.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "client_judge.h"
#include "delta.h"
#include "policy_cache.h"
#include "query.h"

CachedTable cl_flag_table = {
	"flag", "flag_standing_idx",
	{"district_id", "subject_key", "subject", "episode", "rule_district", "rule_name",
	"flag_id", "state", "snoozed_until", "action", "due_on", "cleared_on", NULL}
};

CachedTable cl_service_table = {
	"service", "service_client_idx",
	{"district_id", "client_id", "period", "therapist_id", "discipline", NULL}
};

static CachedTable site_table = {
	"site", "site_pkey", {"district_id", "site_id", "level", NULL}
};

static CachedQuery documents_query = {
	"SELECT overdue, days_overdue, notes, notes_late, consent, plan, plan_with_client, closing_note"
	"  FROM caseload._client_documents($1, $2, daterange($3, $4), $5, $6)",
	6, {"text", "text", "date", "date", "date", "text"}
};

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

/* Looked up once for a set of rules. */
static const ClientAsks *
client_asks(RuleSet *rules)
{
	ClientAsks *made;

	if (rules->asks != NULL)
		return rules->asks;
	cl_check_client_facts(rules->subject->facts);
	made = MemoryContextAllocZero(rules->context, sizeof(ClientAsks));
	made->services = asks(rules->facts, CF_IS_ACTIVE, CF_SERVICES);
	made->profile = asks(rules->facts, CF_GRADE, CF_NEED_POINTS);
	made->client = made->profile || asks(rules->facts, CF_SITE_ID, CF_CATEGORY);
	made->minutes = asks(rules->facts, CF_WEEKLY_MINUTES, CF_WEEKLY_MINUTES);
	made->window = asks(rules->facts, CF_MISSES_IN_WINDOW, CF_ATTENDED_IN_WINDOW);
	made->documents = asks(rules->facts, CF_DOCUMENTS_OVERDUE, CF_RECORDS);
	for (int column = 0; column < CF_COLUMNS; column++)
		made->wanted[column] = asks(rules->facts, column, column);
	rules->asks = made;
	return made;
}

static void
init_row(RowBuffer *row, Relation rel)
{
	row->values = palloc(sizeof(Datum) * RelationGetDescr(rel)->natts);
	row->nulls = palloc(sizeof(bool) * RelationGetDescr(rel)->natts);
}

void
cl_open_judge(Judge *judge, const DateADT *as_of, FlagChanges *changes)
{
	memset(judge, 0, sizeof(Judge));
	judge->rules = cl_rules("client");
	judge->asks = client_asks(judge->rules);
	judge->as_of = as_of;
	judge->changes = changes;
	judge->zone_length = -1;
	judge->activity = cl_open_table(&cl_activity_table, AccessShareLock);
	judge->flag = cl_open_table(&cl_flag_table, AccessShareLock);
	init_row(&judge->row, judge->flag);
	init_row(&judge->activity_row, judge->activity);
	initStringInfo(&judge->program_district);
	judge->slot = MakeSingleTupleTableSlot(judge->rules->subject->facts, &TTSOpsVirtual);
	judge->scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload client", ALLOCSET_SMALL_SIZES);

	judge->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

void
cl_close_judge(Judge *judge)
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
	if (judge->low_incidence)
		table_close(judge->low_incidence, NoLock);
}

static Datum
copy_text(Datum value, bool isnull)
{
	return isnull ? (Datum) 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/* Site, level, category and profile of the client in work. */
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
	cl_unknown_profile(judge->profile);
	if (judge->client == NULL)
		judge->client = cl_open_table(&cl_client_table, AccessShareLock);
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	scan = cl_lookup(&cl_client_table, judge->client, judge->snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		value = cl_column_of(&cl_client_table, judge->client, tuple, CLIENT_SITE_ID, &isnull);

		judge->site_id = copy_text(value, isnull);
		value = cl_column_of(&cl_client_table, judge->client, tuple, CLIENT_CATEGORY, &isnull);
		judge->category = copy_text(value, isnull);
		if (judge->asks->profile)
			cl_read_profile(judge, tuple);
	}
	systable_endscan(scan);
	if (judge->site_id == (Datum) 0)
		return;
	if (judge->rules->sites != NULL)
	{
		/* known with the rules, which a change of a site makes stale */
		int			place = cl_keys_place(judge->rules->sites, keys[0], judge->site_id);

		judge->level = place < 0 ? (Datum) 0 : judge->rules->site_levels[place];
		return;
	}
	if (judge->site == NULL)
		judge->site = cl_open_table(&site_table, AccessShareLock);
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
		judge->service = cl_open_table(&cl_service_table, AccessShareLock);
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	scan = cl_lookup(&cl_service_table, judge->service, judge->snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		DateADT		from;
		DateADT		until;
		bool		isnull;
		Datum		value;

		cl_period_bounds(cl_column_of(&cl_service_table, judge->service, tuple, 2, &isnull), &from, &until);
		if (judge->day < from || judge->day >= until)
			continue;
		(void) cl_column_of(&cl_service_table, judge->service, tuple, 3, &isnull);
		count->due++;
		count->waiting += isnull;
		value = cl_column_of(&cl_service_table, judge->service, tuple, 4, &isnull);
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
	if (judge->window_district != NULL && judge->window_day == judge->day &&
		strcmp(judge->window_district, judge->key.district_id) == 0)
		return judge->window;

	judge->window_district = MemoryContextStrdup(GetMemoryChunkContext(judge->slot), judge->key.district_id);
	judge->window_day = judge->day;
	judge->window = pg_strtoint32(cl_policy(judge->key.district_id, "strike_window_days", NULL, NULL, judge->day));
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

/* The columns of a row, by their places in table->columns, in "values" and "nulls". */
void
cl_deform(const CachedTable *table, Relation rel, HeapTuple tuple, RowBuffer *row)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);

	heap_deform_tuple(tuple, tupdesc, row->values, row->nulls);
	for (int i = 0; table->columns[i] != NULL; i++)
	{
		row->value[i] = row->values[table->numbers[i] - 1];
		row->isnull[i] = row->nulls[table->numbers[i] - 1];
	}
}

/* Does a text equal a string? */
bool
cl_text_is(Datum value, const char *string)
{
	text	   *bytes = DatumGetTextPP(value);
	size_t		length = strlen(string);

	return VARSIZE_ANY_EXHDR(bytes) == length && memcmp(VARDATA_ANY(bytes), string, length) == 0;
}

static char *
copy_string(char **room, Datum value)
{
	text	   *bytes = DatumGetTextPP(value);
	size_t		length = VARSIZE_ANY_EXHDR(bytes);
	char	   *copy = *room;

	memcpy(copy, VARDATA_ANY(bytes), length);
	copy[length] = '\0';
	*room += length + 1;
	return copy;
}

/* A flag from a row of the table of flags, in the current memory context, in one piece. */
StandingFlag *
cl_make_standing(const RowBuffer *row)
{
	static const int strings[] = {FLAG_RULE_DISTRICT, FLAG_RULE_NAME, FLAG_FLAG_ID};
	bool		dismissed = cl_text_is(row->value[FLAG_STATE], "dismissed");
	Size		size = sizeof(StandingFlag);
	StandingFlag *flag;
	char	   *room;

	for (size_t i = 0; i < lengthof(strings); i++)
		size += VARSIZE_ANY_EXHDR(DatumGetTextPP(row->value[strings[i]])) + 1;
	flag = palloc(size);
	room = (char *) (flag + 1);
	ItemPointerSetInvalid(&flag->tid);
	flag->episode = DatumGetInt32(row->value[FLAG_EPISODE]);
	flag->rule_district = copy_string(&room, row->value[FLAG_RULE_DISTRICT]);
	flag->rule_name = copy_string(&room, row->value[FLAG_RULE_NAME]);
	flag->flag_id = copy_string(&room, row->value[FLAG_FLAG_ID]);
	flag->answered = !row->isnull[FLAG_SNOOZED_UNTIL] || dismissed || cl_text_is(row->value[FLAG_STATE], "closed");
	flag->warns = cl_text_is(row->value[FLAG_ACTION], "warn") && !dismissed;
	flag->due_on = DatumGetDateADT(row->value[FLAG_DUE_ON]);
	flag->holds = false;
	flag->next = NULL;
	return flag;
}

/* The flags of a client that stand. */
StandingFlag *
cl_standing_flags(Judge *judge)
{
	StandingFlag *standing = NULL;
	Datum		keys[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	if (judge->flagged != NULL)
	{
		int			place = cl_keys_find_hashed(judge->flagged, &judge->key, judge->hash);

		if (place < 0)
			return NULL;
		judge->seen[place] = true;
		return judge->standing[place];
	}
	keys[0] = CStringGetTextDatum(judge->key.district_id);
	keys[1] = CStringGetTextDatum(judge->key.id);
	keys[2] = CStringGetTextDatum("client");
	scan = cl_lookup(&cl_flag_table, judge->flag, judge->snapshot, keys, 3);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		StandingFlag *flag;

		cl_deform(&cl_flag_table, judge->flag, tuple, &judge->row);
		flag = cl_make_standing(&judge->row);
		flag->tid = tuple->t_self;
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
bool
cl_judge_episode(Judge *judge, AttendanceReader *reader, const ActivityValue *value, StandingFlag *standing)
{
	TupleTableSlot *slot = judge->slot;
	RuleProgram *program;
	ClientInput in = {0};
	RuleScope	scope;
	FlagSubject subject;

	if (judge->program == NULL || strcmp(judge->program_district.data, judge->key.district_id) != 0)
	{
		judge->program = cl_rule_program(judge->rules, judge->key.district_id);
		resetStringInfo(&judge->program_district);
		appendStringInfoString(&judge->program_district, judge->key.district_id);
	}
	program = judge->program;

	in.district_id = judge->asks->wanted[CF_DISTRICT_ID] ? CStringGetTextDatum(judge->key.district_id) : (Datum) 0;
	in.client_id = judge->asks->wanted[CF_CLIENT_ID] ? CStringGetTextDatum(judge->key.id) : (Datum) 0;
	in.episode = value->episode;
	in.from = value->from;
	in.as_of = judge->day;
	in.window = judge->asks->window ? strike_window(judge) : 1;
	cl_unknown_profile(in.profile);
	if (judge->asks->client)
	{
		read_client(judge);
		in.site_id = judge->site_id;
		in.level = judge->level;
		in.category = judge->category;
		if (judge->asks->profile)
			memcpy(in.profile, judge->profile, sizeof(in.profile));
	}
	if (judge->asks->minutes)
		cl_read_minutes(judge, &in.profile[CF_WEEKLY_MINUTES - CF_GRADE]);
	if (judge->asks->services)
	{
		ServiceCount count = {0};

		if (judge->served != NULL)
		{
			int			place = judge->served->count > 0 ? cl_keys_find_hashed(judge->served, &judge->key, judge->hash) : -1;

			if (place >= 0)
				count = judge->services[place];
		}
		if (judge->served == NULL || count.due == UNSURE)
			(void) scan_services(judge, &count, NULL);
		in.services = count.due;
		in.waiting_services = count.waiting;
	}
	if (judge->asks->documents)
		read_documents(judge, judge->zone, value->from, value->until, &in.documents);

	scope.district_id = judge->key.district_id;
	scope.day = judge->day;
	scope.level = scope_level;
	scope.treated = scope_treated;
	scope.arg = judge;
	ExecClearTuple(slot);
	cl_client_facts(reader, &judge->clock, &in, judge->asks->wanted, slot->tts_values, slot->tts_isnull);
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
	subject.attendance = value->attendance;
	subject.window = in.window;
	return cl_compare_flags(judge->changes, program, &scope, &subject, standing);
}

void
cl_begin_client(Judge *judge, const SubjectKey *key)
{
	judge->key = *key;
	judge->client_read = false;
}

/* A row of client_activity, in place; its columns are in judge->activity_row. */
void
cl_read_value(Judge *judge, HeapTuple tuple, ActivityValue *value)
{
	RowBuffer  *row = &judge->activity_row;

	cl_deform(&cl_activity_table, judge->activity, tuple, row);
	value->episode = DatumGetInt32(row->value[2]);
	cl_period_bounds(row->value[3], &value->from, &value->until);
	value->attendance = DatumGetAttendancePP(row->value[4]);
}

/* Is the client in work enrolled by this episode on the day? */
bool
cl_holds_day(Judge *judge, const ActivityValue *value, AttendanceReader *reader)
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
void
cl_judge_client(Judge *judge, const SubjectKey *key, const ClientValues *values)
{
	StandingFlag *standing;
	AttendanceReader reader;
	bool		enrolled = false;

	cl_begin_client(judge, key);
	if (judge->flagged != NULL || judge->served != NULL)
		judge->hash = cl_keys_hash(key);
	judge->day = judge->as_of ? *judge->as_of : GetSQLCurrentDate();
	standing = cl_standing_flags(judge);
	if (values != NULL)
	{
		for (int i = 0; i < values->count && !enrolled; i++)
		{
			enrolled = cl_holds_day(judge, &values->rows[i], &reader);
			if (enrolled)
				(void) cl_judge_episode(judge, &reader, &values->rows[i], standing);
		}
	}
	else
	{
		Datum		keys[2];
		SysScanDesc scan;
		HeapTuple	tuple;

		keys[0] = CStringGetTextDatum(key->district_id);
		keys[1] = CStringGetTextDatum(key->id);
		scan = cl_lookup(&cl_activity_table, judge->activity, judge->snapshot, keys, 2);
		while (!enrolled && (tuple = systable_getnext(scan)) != NULL)
		{
			ActivityValue value;

			cl_read_value(judge, tuple, &value);
			enrolled = cl_holds_day(judge, &value, &reader);
			if (enrolled)
				(void) cl_judge_episode(judge, &reader, &value, standing);
		}
		systable_endscan(scan);
	}
	if (!enrolled && standing != NULL)
	{
		FlagSubject subject = {key->district_id, key->id, key->id, 0, NULL, 0};

		cl_clear_flags(judge->changes, &subject, standing, judge->day);
	}
}

