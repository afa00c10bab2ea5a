/*
 * backtest_clients.c
 *		Clients replayed day by day without a query for each day.
 *
 * One query gives each episode's attendance value and whatever else the facts
 * are made from, with its days: services, warnings, documents, the length of
 * the window.  For every day cl_client_facts() then makes the row that
 * client_facts() of that day would give.
 *
 * What client_facts() asks of the tables for its day is asked of these arrays
 * here (set_services() and the others), documents as _client_documents()
 * counts them: a query for each day took a minute for 2,300 clients and a
 * year.  A test compares the two, day by day.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "backtest.h"
#include "client_facts.h"

#define ROWS_AT_ONCE	1000

/* The columns of the query. */
typedef enum EpisodeColumn
{
	EC_DISTRICT_ID = 1,
	EC_CLIENT_ID,
	EC_EPISODE,
	EC_FROM,
	EC_UNTIL,
	EC_ATTENDANCE,
	EC_SITE_ID,
	EC_LEVEL,
	EC_CATEGORY,
	EC_GRADE,					/* as in ClientColumn, without the minutes */
	EC_NEED_POINTS = EC_GRADE + (CF_NEED_POINTS - CF_GRADE),
	EC_DEFAULT_WINDOW,
	EC_SERVICE_FROM,			/* arrays from here on */
	EC_SERVICE_UNTIL,
	EC_SERVICE_WAITING,
	EC_SERVICE_DISCIPLINE,
	EC_WINDOW_FROM,
	EC_WINDOW_UNTIL,
	EC_WINDOW_DAYS,
	EC_WARNING_FROM,
	EC_WARNING_UNTIL,
	EC_WARNING_DUE,
	EC_DOCUMENT_KIND,
	EC_DOCUMENT_ABOUT,
	EC_DOCUMENT_DUE,
	EC_DOCUMENT_DONE,
	EC_DOCUMENT_WITH_CLIENT,
	EC_MINUTES_FROM,
	EC_MINUTES
} EpisodeColumn;

/* The kinds of documents that are told apart; the query knows the numbers. */
typedef enum DocumentKind
{
	OTHER_DOCUMENT,
	SESSION_NOTE,
	CONSENT,
	PLAN,
	CLOSING_NOTE
} DocumentKind;

/* Periods (from inclusive, until exclusive), each with something to say. */
typedef struct Periods
{
	int			count;
	Datum	   *from;
	Datum	   *until;
	Datum	   *value;
} Periods;

/* A document; days that it has not are infinity. */
typedef struct Document
{
	DocumentKind kind;
	DateADT		about;
	DateADT		due_on;
	DateADT		done_on;
	bool		with_client;
} Document;

/* An episode, day by day. */
typedef struct EpisodeReplay
{
	Replay	   *replay;
	TupleTableSlot *slot;
	bool		wanted[CF_COLUMNS];
	bool		asks_services;
	bool		asks_window;
	bool		asks_warnings;
	bool		asks_documents;
	bool		asks_minutes;
	/* the clock of the zone read last */
	LocalClock	clock;
	char		zone[CL_MAX_ZONE + 1];
	int			zone_length;	/* -1: none yet */
	/* the episode in work */
	SPITupleTable *table;
	uint64		row;
	AttendanceReader start;		/* stands at the first event */
	ClientInput in;
	DateADT		until;
	int32		default_window;
	Periods		services;
	Datum	   *disciplines;	/* of the services */
	Periods		windows;
	Periods		warnings;
	Document   *documents;
	int			n_documents;
	Datum	   *minutes_from;	/* days on which weekly_minutes may change, in order */
	Datum	   *minutes;		/* from that day on; below 0: not known */
	int			n_minutes;
	const char *district_id;	/* NULL: not needed yet */
	const char *key;
	/* its days */
	DateADT		day;
	DateADT		last;
	bool		held;
} EpisodeReplay;

/* --------------------------------------------------------------- reading --- */

static bool
asks(const Replay *replay, ClientColumn first, ClientColumn last)
{
	for (int column = first; column <= (int) last; column++)
	{
		if (cl_replay_asks(replay, column + 1))
			return true;
	}
	return false;
}

/*
 * $1 and $2 are the days, $3 a district (NULL: all).  Grouped and joined, not
 * looked up client by client: everybody is wanted.
 */
static char *
episodes_query(const EpisodeReplay *work)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query,
		"SELECT a.district_id, a.client_id, a.episode, lower(a.period), upper(a.period), a.attendance,"
		"       c.site_id, s.level, c.category,"
		"       c.grade::integer, c.low_incidence_class IS NOT NULL, coalesce(i.weight, 1)::numeric(6,3), c.service_percent,"
		"       c.has_aide, c.federal_setting::integer, c.need_points,"
		"       (SELECT k.default_value::integer FROM caseload.policy_kind k WHERE k.policy_name = 'strike_window_days'),");
	appendStringInfoString(&query, work->asks_services ?
		"       v.begins, v.ends, v.waiting, v.disciplines," : "NULL, NULL, NULL, NULL,");
	appendStringInfoString(&query, work->asks_window ?
		"       p.begins, p.ends, p.days," : "NULL, NULL, NULL,");
	appendStringInfoString(&query, work->asks_warnings ?
		"       g.begins, g.ends, g.due," : "NULL, NULL, NULL,");
	appendStringInfoString(&query, work->asks_documents ?
		"       t.kinds, t.about, t.due, t.done, t.with_client," : "NULL, NULL, NULL, NULL, NULL,");
	appendStringInfoString(&query, work->asks_minutes ? "       m.days, m.minutes" : "NULL, NULL");
	appendStringInfoString(&query,
		"  FROM caseload.client_activity a"
		"  JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id"
		"  LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
		"  LEFT JOIN caseload.low_incidence_class i ON i.class_name = c.low_incidence_class");
	if (work->asks_services)
		appendStringInfoString(&query,
			"  LEFT JOIN (SELECT v.district_id, v.client_id, array_agg(coalesce(lower(v.period), '-infinity')) AS begins,"
			"                    array_agg(coalesce(upper(v.period), 'infinity')) AS ends,"
			"                    array_agg(v.therapist_id IS NULL) AS waiting, array_agg(v.discipline) AS disciplines"
			"               FROM caseload.service v"
			"              WHERE v.period && daterange($1, $2, '[]') AND ($3 IS NULL OR v.district_id = $3)"
			"              GROUP BY v.district_id, v.client_id) v"
			"    ON v.district_id = a.district_id AND v.client_id = a.client_id");
	if (work->asks_window)
		appendStringInfoString(&query,
			"  LEFT JOIN (SELECT p.district_id, array_agg(coalesce(lower(p.valid), '-infinity')) AS begins,"
			"                    array_agg(coalesce(upper(p.valid), 'infinity')) AS ends, array_agg(p.value::integer) AS days"
			"               FROM caseload.policy p"
			"              WHERE p.policy_name = 'strike_window_days' AND p.valid && daterange($1, $2, '[]')"
			"              GROUP BY p.district_id) p"
			"    ON p.district_id = a.district_id");
	if (work->asks_warnings)
		appendStringInfoString(&query,
			"  LEFT JOIN (SELECT g.district_id, g.subject_key, g.episode, array_agg(g.raised_on) AS begins,"
			"                    array_agg(coalesce(g.cleared_on, 'infinity')) AS ends, array_agg(g.due_on) AS due"
			"               FROM caseload.flag g"
			"              WHERE g.subject = 'client' AND g.client_id = g.subject_key AND g.action = 'warn' AND g.state <> 'dismissed'"
			"                AND g.raised_on <= $2 AND (g.cleared_on IS NULL OR g.cleared_on > $1)"
			"                AND ($3 IS NULL OR g.district_id = $3)"
			"              GROUP BY g.district_id, g.subject_key, g.episode) g"
			"    ON g.district_id = a.district_id AND g.subject_key = a.client_id AND g.episode = a.episode");
	if (work->asks_documents)
		appendStringInfoString(&query,
			"  LEFT JOIN (SELECT t.district_id, t.client_id,"
			"                    array_agg(CASE t.kind WHEN 'session_note' THEN 1 WHEN 'consent' THEN 2 WHEN 'plan' THEN 3"
			"                                          WHEN 'closing_note' THEN 4 ELSE 0 END) AS kinds,"
			"                    array_agg(coalesce(t.about, 'infinity')) AS about,"
			"                    array_agg(coalesce(t.due_on, 'infinity')) AS due,"
			"                    array_agg(coalesce(t.done_at, 'infinity')) AS done,"
			"                    array_agg(coalesce(t.with_client, false)) AS with_client"
			"               FROM caseload.document t"
			"              WHERE $3 IS NULL OR t.district_id = $3"
			"              GROUP BY t.district_id, t.client_id) t"
			"    ON t.district_id = a.district_id AND t.client_id = a.client_id");
	/* days on which a service, a policy of the calendar or a service year begins or ends; in between nothing changes */
	if (work->asks_minutes)
		appendStringInfoString(&query,
			" CROSS JOIN LATERAL (SELECT array_agg(b.day ORDER BY b.day) AS days, array_agg(coalesce(n.minutes, -1) ORDER BY b.day) AS minutes"
			"                       FROM (SELECT greatest($1, lower(a.period)) AS day"
			"                             UNION SELECT unnest(ARRAY[lower(v.period), upper(v.period)]) FROM caseload.service v"
			"                                    WHERE v.district_id = a.district_id AND v.client_id = a.client_id"
			"                             UNION SELECT unnest(ARRAY[lower(p.valid), upper(p.valid)]) FROM caseload.policy p"
			"                                    WHERE p.district_id IN (a.district_id, '*')"
			"                                      AND p.policy_name IN ('calendar', 'school_weeks', 'school_months')"
			"                             UNION SELECT make_date(y, 7, 1)"
			"                                     FROM generate_series(extract(year FROM $1)::integer, extract(year FROM $2)::integer) y) b"
			"                      CROSS JOIN LATERAL caseload._client_minutes(a.district_id, a.client_id, b.day) n"
			"                      WHERE b.day >= $1 AND b.day <= $2 AND a.period @> b.day) m");
	appendStringInfoString(&query,
		" WHERE a.period && daterange($1, $2, '[]') AND ($3 IS NULL OR a.district_id = $3)");
	return query.data;
}

static Datum
row_value(const EpisodeReplay *work, int column, bool *isnull)
{
	return SPI_getbinval(work->table->vals[work->row], work->table->tupdesc, column, isnull);
}

static MaybeText
row_text(const EpisodeReplay *work, int column)
{
	bool		isnull;
	Datum		value = row_value(work, column, &isnull);

	return isnull ? (Datum) 0 : value;
}

/* The elements of an array column, none of which is NULL; returns how many. */
static int
row_array(const EpisodeReplay *work, int column, Oid type, Datum **elements)
{
	int16		length;
	bool		by_value;
	char		align;
	int			count;
	bool		isnull;
	Datum		array = row_value(work, column, &isnull);

	*elements = NULL;
	if (isnull)
		return 0;
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(DatumGetArrayTypeP(array), type, length, by_value, align, elements, NULL, &count);
	return count;
}

/* Three columns, one behind the other. */
static void
row_periods(const EpisodeReplay *work, int column, Oid type, Periods *periods)
{
	periods->count = row_array(work, column, DATEOID, &periods->from);
	(void) row_array(work, column + 1, DATEOID, &periods->until);
	(void) row_array(work, column + 2, type, &periods->value);
}

/* Seconds as the clock counts them. */
static int64
second_of(TimestampTz at)
{
	int64		second = at / USECS_PER_SEC;

	if (second * USECS_PER_SEC > at)
		second--;
	return second + CL_SECS_TO_PG_EPOCH;
}

/* After set_clock(): documents are done on days of the client's zone. */
static void
row_documents(EpisodeReplay *work)
{
	Datum	   *kinds;
	Datum	   *about;
	Datum	   *due;
	Datum	   *done;
	Datum	   *with_client;

	work->n_documents = row_array(work, EC_DOCUMENT_KIND, INT4OID, &kinds);
	/* all are about the same documents */
	if (row_array(work, EC_DOCUMENT_ABOUT, DATEOID, &about) != work->n_documents ||
		row_array(work, EC_DOCUMENT_DUE, DATEOID, &due) != work->n_documents ||
		row_array(work, EC_DOCUMENT_DONE, TIMESTAMPTZOID, &done) != work->n_documents ||
		row_array(work, EC_DOCUMENT_WITH_CLIENT, BOOLOID, &with_client) != work->n_documents)
		elog(ERROR, "documents of a client do not match");
	work->documents = palloc(sizeof(Document) * Max(work->n_documents, 1));
	for (int i = 0; i < work->n_documents; i++)
	{
		Document   *document = &work->documents[i];
		TimestampTz done_at = DatumGetTimestampTz(done[i]);

		document->kind = (DocumentKind) DatumGetInt32(kinds[i]);
		document->about = DatumGetDateADT(about[i]);
		document->due_on = DatumGetDateADT(due[i]);
		document->with_client = DatumGetBool(with_client[i]);
		if (TIMESTAMP_NOT_FINITE(done_at))
			DATE_NOEND(document->done_on);
		else
			document->done_on = cl_local_day(&work->clock, second_of(done_at)) - CL_DAYS_TO_PG_EPOCH;
	}
}

static void
set_clock(EpisodeReplay *work)
{
	const AttendanceReader *reader = &work->start;

	if (work->zone_length == reader->zone_length && memcmp(work->zone, reader->zone, reader->zone_length) == 0)
		return;
	memcpy(work->zone, reader->zone, reader->zone_length);
	work->zone[reader->zone_length] = '\0';
	work->zone_length = reader->zone_length;
	cl_clock_init(&work->clock, reader->zone, reader->zone_length);
}

/* ------------------------------------------------------------- replaying --- */

static void
set_services(EpisodeReplay *work)
{
	work->in.services = work->in.waiting_services = 0;
	for (int i = 0; i < work->services.count; i++)
	{
		if (DatumGetDateADT(work->services.from[i]) <= work->day && work->day < DatumGetDateADT(work->services.until[i]))
		{
			work->in.services++;
			work->in.waiting_services += DatumGetBool(work->services.value[i]);
		}
	}
}

/* Is a service of the discipline that the condition is meant for due? */
static bool
is_treated(const EpisodeReplay *work)
{
	if (work->replay->discipline == NULL)
		return true;
	for (int i = 0; i < work->services.count; i++)
	{
		if (DatumGetDateADT(work->services.from[i]) <= work->day && work->day < DatumGetDateADT(work->services.until[i]) &&
			strcmp(TextDatumGetCString(work->disciplines[i]), work->replay->discipline) == 0)
			return true;
	}
	return false;
}

static void
set_window(EpisodeReplay *work)
{
	work->in.window = work->default_window;
	for (int i = 0; i < work->windows.count; i++)
	{
		if (DatumGetDateADT(work->windows.from[i]) <= work->day && work->day < DatumGetDateADT(work->windows.until[i]))
			work->in.window = DatumGetInt32(work->windows.value[i]);
	}
}

/* The latest due date of the warnings that stood. */
static void
set_warning(EpisodeReplay *work)
{
	work->in.warned = false;
	for (int i = 0; i < work->warnings.count; i++)
	{
		DateADT		due = DatumGetDateADT(work->warnings.value[i]);

		if (DatumGetDateADT(work->warnings.from[i]) <= work->day && work->day < DatumGetDateADT(work->warnings.until[i]) &&
			(!work->in.warned || due > work->in.warning_due))
		{
			work->in.warned = true;
			work->in.warning_due = due;
		}
	}
}

static inline bool
in_episode(const EpisodeReplay *work, DateADT day)
{
	return work->in.from <= day && day < work->until;
}

/* As _client_documents() counts them. */
static void
set_documents(EpisodeReplay *work)
{
	ClientDocuments *count = &work->in.documents;

	memset(count, 0, sizeof(ClientDocuments));
	for (int i = 0; i < work->n_documents; i++)
	{
		const Document *document = &work->documents[i];

		if (document->done_on > work->day)
		{
			if (document->due_on < work->day && in_episode(work, document->due_on))
			{
				count->overdue++;
				count->days_overdue = Max(count->days_overdue, work->day - document->due_on);
			}
			continue;
		}
		switch (document->kind)
		{
			case SESSION_NOTE:
				if (!in_episode(work, document->about))
					break;
				count->notes += (document->about < work->day);
				count->notes_late += (document->done_on > document->about);
				break;
			case CONSENT:
				count->consent = true;
				break;
			case PLAN:
				count->plan = true;
				count->plan_with_client |= document->with_client;
				break;
			case CLOSING_NOTE:
				if (in_episode(work, DATE_IS_NOEND(document->about) ? document->done_on : document->about))
					count->closing_note = true;
				break;
			case OTHER_DOCUMENT:
				break;
		}
	}
}

static bool
numeric_is_negative(Datum value)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, value, DirectFunctionCall1(int4_numeric, Int32GetDatum(0))));
}

/* What _client_minutes() says, from the last day on which it may have changed. */
static void
set_minutes(EpisodeReplay *work)
{
	NullableDatum *minutes = &work->in.profile[CF_WEEKLY_MINUTES - CF_GRADE];
	int			place = 0;

	while (place + 1 < work->n_minutes && DatumGetDateADT(work->minutes_from[place + 1]) <= work->day)
		place++;
	minutes->isnull = work->n_minutes == 0 || numeric_is_negative(work->minutes[place]);
	minutes->value = minutes->isnull ? (Datum) 0 : work->minutes[place];
}

/* Does the condition hold on the day in work? */
static bool
day_holds(EpisodeReplay *work)
{
	AttendanceReader reader = work->start;

	if (!is_treated(work))
		return false;
	work->in.as_of = work->day;
	if (work->asks_services)
		set_services(work);
	if (work->asks_window)
		set_window(work);
	if (work->asks_warnings)
		set_warning(work);
	if (work->asks_documents)
		set_documents(work);
	if (work->asks_minutes)
		set_minutes(work);
	ExecClearTuple(work->slot);
	cl_client_facts(&reader, &work->clock, &work->in, work->wanted, work->slot->tts_values, work->slot->tts_isnull);
	ExecStoreVirtualTuple(work->slot);
	return cl_replay_holds(work->replay, work->slot);
}

static void
note_change(EpisodeReplay *work, DateADT day)
{
	if (work->district_id == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(work->replay->context);

		work->district_id = TextDatumGetCString(work->in.district_id);
		work->key = TextDatumGetCString(work->in.client_id);
		MemoryContextSwitchTo(oldcontext);
	}
	work->held = !work->held;
	cl_replay_change(work->replay, day, work->district_id, work->key, work->held);
}

/* What is left of the days of an episode, for cl_replay_guarded(). */
static void
replay_days(void *arg)
{
	EpisodeReplay *work = arg;

	for (; work->day <= work->last; work->day++)
	{
		CHECK_FOR_INTERRUPTS();
		if (day_holds(work) != work->held)
			note_change(work, work->day);
	}
}

static void
day_failed(void *arg)
{
	EpisodeReplay *work = arg;

	if (work->held)
		note_change(work, work->day);
	work->day++;
}

/* Replay the episode of the row in work. */
static void
replay_episode(EpisodeReplay *work)
{
	Replay	   *replay = work->replay;
	bool		isnull;

	work->in.level = row_text(work, EC_LEVEL);
	if (replay->site_level != NULL &&
		(work->in.level == (Datum) 0 || strcmp(TextDatumGetCString(work->in.level), replay->site_level) != 0))
		return;
	work->in.district_id = row_value(work, EC_DISTRICT_ID, &isnull);
	work->in.client_id = row_value(work, EC_CLIENT_ID, &isnull);
	work->in.episode = DatumGetInt32(row_value(work, EC_EPISODE, &isnull));
	work->in.from = DatumGetDateADT(row_value(work, EC_FROM, &isnull));
	if (isnull)
		DATE_NOBEGIN(work->in.from);
	work->until = DatumGetDateADT(row_value(work, EC_UNTIL, &isnull));
	if (isnull)
		DATE_NOEND(work->until);
	work->in.site_id = row_text(work, EC_SITE_ID);
	work->in.category = row_text(work, EC_CATEGORY);
	cl_unknown_profile(work->in.profile);
	for (int i = 0; i <= CF_NEED_POINTS - CF_GRADE; i++)
		work->in.profile[i].value = row_value(work, EC_GRADE + i, &work->in.profile[i].isnull);
	work->default_window = DatumGetInt32(row_value(work, EC_DEFAULT_WINDOW, &isnull));
	if (isnull)
		elog(ERROR, "policy strike_window_days is not there");
	work->in.window = work->default_window;
	row_periods(work, EC_SERVICE_FROM, BOOLOID, &work->services);
	(void) row_array(work, EC_SERVICE_DISCIPLINE, TEXTOID, &work->disciplines);
	row_periods(work, EC_WINDOW_FROM, INT4OID, &work->windows);
	row_periods(work, EC_WARNING_FROM, DATEOID, &work->warnings);
	cl_attendance_open(&work->start, DatumGetAttendancePP(row_value(work, EC_ATTENDANCE, &isnull)));
	set_clock(work);
	row_documents(work);
	work->n_minutes = row_array(work, EC_MINUTES_FROM, DATEOID, &work->minutes_from);
	(void) row_array(work, EC_MINUTES, NUMERICOID, &work->minutes);
	work->day = Max(replay->from, work->in.from);
	work->last = Min(replay->to, work->until - 1);
	work->district_id = work->key = NULL;
	work->held = false;
	cl_replay_guarded(replay, replay_days, work, &work->day, day_failed);
	/* a closed episode takes its flags along */
	if (work->held && work->last < replay->to)
		note_change(work, work->until);
}

/* Replay everybody, with the rights of the caller; expects SPI to be connected. */
void
cl_replay_clients(Replay *replay)
{
	Oid			types[3] = {DATEOID, DATEOID, TEXTOID};
	EpisodeReplay work = {replay};
	Datum		args[3];
	SPIPlanPtr	plan;
	Portal		portal;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload episode", ALLOCSET_DEFAULT_SIZES);

	cl_check_client_facts(replay->subject->facts);
	for (int column = 0; column < CF_COLUMNS; column++)
		work.wanted[column] = cl_replay_asks(replay, column + 1);
	work.asks_services = asks(replay, CF_IS_ACTIVE, CF_SERVICES) || replay->discipline != NULL;
	work.asks_window = asks(replay, CF_MISSES_IN_WINDOW, CF_ATTENDED_IN_WINDOW);
	work.asks_warnings = asks(replay, CF_DAYS_PAST_WARNING, CF_DAYS_PAST_WARNING);
	work.asks_documents = asks(replay, CF_DOCUMENTS_OVERDUE, CF_RECORDS);
	work.asks_minutes = asks(replay, CF_WEEKLY_MINUTES, CF_WEEKLY_MINUTES);
	work.zone_length = -1;
	work.slot = MakeSingleTupleTableSlot(replay->subject->facts, &TTSOpsVirtual);

	args[0] = DateADTGetDatum(replay->from);
	args[1] = DateADTGetDatum(replay->to);
	args[2] = replay->district_id ? CStringGetTextDatum(replay->district_id) : (Datum) 0;
	plan = SPI_prepare_cursor(episodes_query(&work), 3, types, CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	portal = SPI_cursor_open(NULL, plan, args, replay->district_id ? NULL : "  n", true);
	while (true)
	{
		SPITupleTable *table;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		table = work.table = SPI_tuptable;
		for (work.row = 0; work.row < table->numvals; work.row++)
		{
			MemoryContext oldcontext = MemoryContextSwitchTo(scratch);

			replay_episode(&work);
			MemoryContextSwitchTo(oldcontext);
			MemoryContextReset(scratch);
		}
		SPI_freetuptable(table);
	}
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	ExecDropSingleTupleTableSlot(work.slot);
	MemoryContextDelete(scratch);
}
