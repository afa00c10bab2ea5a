/*
 * workload_team.c
 *		Add up the lines of plans and the duties of therapists: of one, or of
 *		all of a district in one pass.
 *
 * Which lines and duties are due is SQL (_services_due(), _duties_due()), read
 * with the rights of the caller.  Minutes are added in millionths, which is
 * what service_facts shows, too: a sum does not depend on the order of the
 * rows, and is what SQL makes of the same rows.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "dosage.h"
#include "query.h"
#include "workload.h"

#define ROWS_AT_ONCE	1000

#define DUE_COLUMNS \
	"SELECT v.therapist_id, v.client_id, v.site_id, v.level, v.discipline, v.day, v.dosage," \
	"       v.group_size, v.tier, v.delivery = 'consult', v.federal_setting" \
	"  FROM caseload._services_due($1, $2) v" \
	" WHERE v.district_id = $3 COLLATE \"C\" AND v.therapist_id "

static CachedQuery services_query = {
	DUE_COLUMNS "IS NOT NULL",
	3, {"date", "int4", "text"}, .custom = true
};

static CachedQuery services_of_query = {
	DUE_COLUMNS "= $4 COLLATE \"C\"",
	4, {"date", "int4", "text", "text"}
};

#define DUTY_COLUMNS \
	"SELECT u.therapist_id, u.category, u.weekly_minutes" \
	"  FROM caseload._duties_due($1, $2) u" \
	" WHERE NOT u.reserved AND u.district_id = $3 COLLATE \"C\""

static CachedQuery duties_query = {
	DUTY_COLUMNS,
	3, {"date", "int4", "text"}, .custom = true
};

static CachedQuery duties_of_query = {
	DUTY_COLUMNS " AND u.therapist_id = $4 COLLATE \"C\"",
	4, {"date", "int4", "text", "text"}
};

/* The columns of DUE_COLUMNS. */
enum
{
	DUE_THERAPIST,
	DUE_CLIENT,
	DUE_SITE,
	DUE_LEVEL,
	DUE_DISCIPLINE,
	DUE_DAY,
	DUE_DOSAGE,
	DUE_GROUP_SIZE,
	DUE_TIER,
	DUE_CONSULT,
	DUE_FEDERAL_SETTING,
	DUE_COUNT
};

static const char *const category_names[CATEGORIES] = {
	"direct", "consult", "documentation", "planning", "evaluation", "meeting", "travel", "makeup", "supervision", "other"
};

/* A text that belongs to somebody, and its place. */
typedef struct TextKey
{
	const char *data;
	int			length;
	int			owner;
} TextKey;

typedef struct TextEntry
{
	TextKey		key;
	uint32		hash;
	int			place;
	char		status;
} TextEntry;

#define SH_PREFIX texts
#define SH_ELEMENT_TYPE TextEntry
#define SH_KEY_TYPE TextKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_combine(hash_bytes((const unsigned char *) (key).data, (key).length), (uint32) (key).owner)
#define SH_EQUAL(tb, a, b) \
	((a).length == (b).length && (a).owner == (b).owner && memcmp((a).data, (b).data, (a).length) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static inline TextKey
text_key(int owner, Datum value)
{
	text	   *t = DatumGetTextPP(value);
	TextKey		key = {VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t), owner};

	return key;
}

/* The place of a text, counted from 0; the next one where it is new. */
static inline int
text_place(struct texts_hash *texts, int owner, Datum value, bool *is_new)
{
	TextKey		key = text_key(owner, value);
	TextEntry  *entry = texts_lookup(texts, key);
	bool		found;

	*is_new = (entry == NULL);
	if (entry == NULL)
	{
		int			place = (int) texts->members;
		char	   *copy = MemoryContextAlloc(texts->ctx, Max(key.length, 1));

		memcpy(copy, key.data, key.length);
		key.data = copy;
		entry = texts_insert(texts, key, &found);
		entry->place = place;
	}
	return entry->place;
}

/* An empty team in a context of its own. */
Team *
cl_team_new(MemoryContext parent, const char *district_id, bool today, DateADT as_of, int days_back)
{
	MemoryContext context = AllocSetContextCreate(parent, "caseload team", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Team	   *team = palloc0(sizeof(Team));

	team->context = context;
	team->district_id = pstrdup(district_id);
	team->today = today;
	team->as_of = as_of;
	team->days_back = days_back;
	team->therapists = texts_create(context, 16, NULL);
	team->reading = AllocSetContextCreate(context, "caseload clients", ALLOCSET_DEFAULT_SIZES);
	team->clients = texts_create(team->reading, 64, NULL);
	team->site_ids = texts_create(context, 16, NULL);
	MemoryContextSwitchTo(oldcontext);
	return team;
}

/* Room for one more in an array of zeros that grows with the count of a set. */
static void *
with_room(MemoryContext context, void *array, int *size, int count, Size width)
{
	int			larger = Max(64, count * 2);

	if (count <= *size)
		return array;
	if (array == NULL)
		array = MemoryContextAllocExtended(context, larger * width, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	else
	{
		array = repalloc_huge(array, larger * width);
		memset((char *) array + *size * width, 0, (larger - *size) * width);
	}
	*size = larger;
	return array;
}

static int
therapist_place(Team *team, Datum therapist_id)
{
	bool		is_new;
	int			place = text_place(team->therapists, 0, therapist_id, &is_new);

	if (is_new)
		team->work = with_room(team->context, team->work, &team->work_size, place + 1, sizeof(Work));
	return place;
}

/* What a therapist does, of a team that was read. */
const Work *
cl_team_work(const Team *team, Datum therapist_id)
{
	static const Work nothing = {0};
	TextEntry  *entry = texts_lookup(team->therapists, text_key(0, therapist_id));

	return entry ? &team->work[entry->place] : &nothing;
}

static char *
copy_text(MemoryContext context, Datum value)
{
	text	   *t = DatumGetTextPP(value);
	char	   *copy = MemoryContextAlloc(context, VARSIZE_ANY_EXHDR(t) + 1);

	memcpy(copy, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
	copy[VARSIZE_ANY_EXHDR(t)] = '\0';
	return copy;
}

static bool
equals_text(const char *string, Datum value)
{
	text	   *t = DatumGetTextPP(value);
	size_t		length = VARSIZE_ANY_EXHDR(t);

	return strlen(string) == length && memcmp(string, VARDATA_ANY(t), length) == 0;
}

static int
site_of(Team *team, const Datum *values, const bool *nulls)
{
	bool		is_new = false;
	int			place = nulls[DUE_SITE] ? 0 : 1 + text_place(team->site_ids, 0, values[DUE_SITE], &is_new);
	WorkSite   *site;

	if (!is_new && place < team->sites_size && team->sites[place].known)
		return place;
	team->sites = with_room(team->context, team->sites, &team->sites_size, place + 1, sizeof(WorkSite));
	site = &team->sites[place];
	site->known = true;
	site->site_id = nulls[DUE_SITE] ? NULL : copy_text(team->context, values[DUE_SITE]);
	site->level = nulls[DUE_LEVEL] ? NULL : copy_text(team->context, values[DUE_LEVEL]);
	site->day = DatumGetDateADT(values[DUE_DAY]);
	return place;
}

/* What holds for a discipline (of so many bytes) at a site. */
const SiteYear *
cl_site_year(Team *team, WorkSite *site, const char *discipline, int length)
{
	SiteYear   *known;
	char	   *copy;

	for (known = site->years; known != NULL; known = known->next)
	{
		if (strncmp(known->discipline, discipline, length) == 0 && known->discipline[length] == '\0')
			return known;
	}
	known = MemoryContextAlloc(team->context, sizeof(SiteYear));
	copy = MemoryContextAlloc(team->context, length + 1);
	memcpy(copy, discipline, length);
	copy[length] = '\0';
	known->discipline = copy;
	known->policies = cl_work_policies(team->policies, copy, site->level, site->day);
	known->year = cl_service_year(known->policies, site->site_id);
	known->next = site->years;
	site->years = known;
	return known;
}

static void
add_minutes(int64 *sum, int64 minutes)
{
	if (pg_add_s64_overflow(*sum, minutes, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("minutes of a therapist out of range")));
}

/* One line of a plan that is due. */
static void
add_service(Team *team, const Datum *values, const bool *nulls)
{
	int			therapist = therapist_place(team, values[DUE_THERAPIST]);
	Work	   *work = &team->work[therapist];
	int			place = site_of(team, values, nulls);
	WorkSite   *site = &team->sites[place];
	SiteWork   *at;
	bool		is_new;
	int			client = text_place(team->clients, therapist, values[DUE_CLIENT], &is_new);
	bool		caseload = DatumGetInt16(values[DUE_TIER]) == 3;
	bool		consult = DatumGetBool(values[DUE_CONSULT]);

	for (at = work->sites; at != NULL && at->site != place; at = at->next)
		;
	if (at == NULL)
	{
		at = MemoryContextAllocZero(team->context, sizeof(SiteWork));
		at->site = place;
		at->next = work->sites;
		work->sites = at;
	}
	work->services++;

	if (is_new)
		team->on_caseload = with_room(team->reading, team->on_caseload, &team->clients_size, client + 1, sizeof(bool));
	if (caseload && !team->on_caseload[client])
	{
		team->on_caseload[client] = true;
		work->clients++;
		at->clients++;
		if (!nulls[DUE_FEDERAL_SETTING])
			work->federal_settings += DatumGetInt16(values[DUE_FEDERAL_SETTING]);
	}

	if (!nulls[DUE_DOSAGE])
	{
		Dosage		d = cl_stored_dosage(DatumGetInt64(values[DUE_DOSAGE]));
		text	   *discipline = DatumGetTextPP(values[DUE_DISCIPLINE]);
		ServiceYear year = cl_site_year(team, site, VARDATA_ANY(discipline), VARSIZE_ANY_EXHDR(discipline))->year;
		int64		amount = (int64) d.minutes * Max(d.sessions, 1);
		int64		whole = cl_dosage_weekly(&d, amount, year.weeks, year.months, 1);
		int64		share = cl_dosage_weekly(&d, amount, year.weeks, year.months, Max(DatumGetInt32(values[DUE_GROUP_SIZE]), 1));

		add_minutes(&work->minutes[consult ? CAT_CONSULT : CAT_DIRECT], share);
		if (caseload)
			add_minutes(&work->client_minutes, whole);
		if (!consult)
		{
			add_minutes(&at->direct, share);
			if (d.sessions > 0)
				add_minutes(&work->sessions, cl_dosage_weekly(&d, d.sessions, year.weeks, year.months, 1));
			else
				add_minutes(&work->unsaid, whole);
		}
	}
}

static void
add_duty(Team *team, Datum therapist_id, Datum category, Datum minutes)
{
	int			place = therapist_place(team, therapist_id);
	Work	   *work = &team->work[place];

	for (int i = 0; i < CATEGORIES; i++)
	{
		MemoryContext oldcontext;

		if (!equals_text(category_names[i], category))
			continue;
		oldcontext = MemoryContextSwitchTo(team->context);
		if (work->duties[i] == NULL)
			work->duties[i] = DatumGetNumericCopy(minutes);
		else
			work->duties[i] = DatumGetNumeric(DirectFunctionCall2(numeric_add, NumericGetDatum(work->duties[i]), minutes));
		MemoryContextSwitchTo(oldcontext);
		return;
	}
	elog(ERROR, "unrecognized category of workload");
}

/* What takes the rows of a query, without a copy of them. */
typedef struct RowReceiver
{
	DestReceiver pub;
	Team	   *team;
	bool		duties;
	MemoryContext scratch;
	uint64		rows;
} RowReceiver;

static void
start_rows(DestReceiver *self, int operation, TupleDesc tupdesc)
{
}

static void
end_rows(DestReceiver *self)
{
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext oldcontext = MemoryContextSwitchTo(receiver->scratch);

	slot_getallattrs(slot);
	if (receiver->duties)
		add_duty(receiver->team, slot->tts_values[0], slot->tts_values[1], slot->tts_values[2]);
	else
		add_service(receiver->team, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(oldcontext);
	if (++receiver->rows % ROWS_AT_ONCE == 0)
	{
		MemoryContextReset(receiver->scratch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* Read lines and duties, once: of all, or of one therapist. */
void
cl_team_read(Team *team, const char *therapist_id)
{
	Datum		args[4];
	char		nulls[5] = "    ";
	int			level = cl_enter_reader(therapist_id != NULL);
	RowReceiver receiver = {.team = team};

	args[0] = DateADTGetDatum(team->as_of);
	if (team->today)
		nulls[0] = 'n';
	args[1] = Int32GetDatum(team->days_back);
	args[2] = CStringGetTextDatum(team->district_id);
	args[3] = therapist_id ? CStringGetTextDatum(therapist_id) : (Datum) 0;

	receiver.pub.receiveSlot = receive_row;
	receiver.pub.rStartup = start_rows;
	receiver.pub.rShutdown = end_rows;
	receiver.pub.rDestroy = end_rows;
	receiver.pub.mydest = DestNone;
	receiver.scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload rows", ALLOCSET_DEFAULT_SIZES);
	cl_stream(therapist_id ? &services_of_query : &services_query, args, nulls, &receiver.pub);
	receiver.duties = true;
	cl_stream(therapist_id ? &duties_of_query : &duties_query, args, nulls, &receiver.pub);
	cl_leave_reader(level);

	/* who the clients are is not asked again */
	MemoryContextDelete(team->reading);
	team->reading = NULL;
	team->clients = NULL;
	team->on_caseload = NULL;
}
