/*
 * client_facts.c
 *		The facts of one client in one episode as of a day.
 *
 * cl_client_facts() makes them for the rules, from inputs that are fetched
 * from indexes.  The SQL function client_facts(as_of) joins the tables, and
 * has what can be said of the attendance from here, by _attendance_facts().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "client_facts.h"

/* The order of ClientColumn. */
static const struct
{
	const char *name;
	Oid			type;
}			columns[CF_COLUMNS] = {
	{"district_id", TEXTOID},
	{"client_id", TEXTOID},
	{"episode", INT4OID},
	{"site_id", TEXTOID},
	{"level", TEXTOID},
	{"category", TEXTOID},
	{"is_active", BOOLOID},
	{"waiting", BOOLOID},
	{"services", INT4OID},
	{"days_enrolled", INT4OID},
	{"weeks_enrolled", INT4OID},
	{"appointments", INT4OID},
	{"attended", INT4OID},
	{"late", INT4OID},
	{"no_shows", INT4OID},
	{"late_cancels", INT4OID},
	{"client_cancels", INT4OID},
	{"strikes", INT4OID},
	{"unresolved", INT4OID},
	{"no_show_rate", FLOAT8OID},
	{"strike_rate", FLOAT8OID},
	{"misses_in_window", INT4OID},
	{"strikes_in_window", INT4OID},
	{"attended_in_window", INT4OID},
	{"miss_run", INT4OID},
	{"longest_miss_run", INT4OID},
	{"cancel_run", INT4OID},
	{"on_time_run", INT4OID},
	{"late_run", INT4OID},
	{"days_since_attended", INT4OID},
	{"days_since_contact", INT4OID},
	{"days_unseen", INT4OID},
	{"days_inactive", INT4OID},
	{"has_upcoming", BOOLOID},
	{"days_to_next", INT4OID},
	{"days_past_warning", INT4OID},
	{"documents_overdue", INT4OID},
	{"days_overdue", INT4OID},
	{"notes_missing", INT4OID},
	{"notes_late", INT4OID},
	{"has_consent", BOOLOID},
	{"has_plan", BOOLOID},
	{"plan_with_client", BOOLOID},
	{"records", INT4OID},
	{"last_attended", DATEOID},
	{"last_contact", DATEOID},
	{"next_appointment", DATEOID},
	{"grade", INT4OID},
	{"low_incidence", BOOLOID},
	{"class_weight", NUMERICOID},
	{"service_percent", NUMERICOID},
	{"has_aide", BOOLOID},
	{"federal_setting", INT4OID},
	{"need_points", NUMERICOID},
	{"weekly_minutes", NUMERICOID}
};

PG_FUNCTION_INFO_V1(attendance_facts);

/* 55000 when the type client_facts is of another version than this library. */
void
cl_check_client_facts(TupleDesc tupdesc)
{
	bool		good = (tupdesc->natts == CF_COLUMNS);

	for (int i = 0; good && i < CF_COLUMNS; i++)
	{
		Form_pg_attribute column = TupleDescAttr(tupdesc, i);

		good = strcmp(NameStr(column->attname), columns[i].name) == 0 && column->atttypid == columns[i].type;
	}
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("type caseload.client_facts is not the one of this library"),
				 errhint("ALTER EXTENSION caseload UPDATE, then SELECT caseload.install().")));
}

static Datum
day_of(LocalClock *clock, int64 second)
{
	return DateADTGetDatum(cl_local_day(clock, second) - CL_DAYS_TO_PG_EPOCH);
}

/* Days from the instant's local day to as_of; NULL for CL_NEVER. */
static void
set_days(Datum *values, bool *nulls, ClientColumn column, LocalClock *clock, DateADT as_of, int64 second)
{
	nulls[column] = (second == CL_NEVER);
	values[column] = nulls[column] ? (Datum) 0 :
		Int32GetDatum(as_of - DatumGetDateADT(day_of(clock, second)));
}

/* Days from the instant, else from the beginning, to as_of; never below 0. */
static int32
days_without(LocalClock *clock, DateADT as_of, int64 second, DateADT begin)
{
	DateADT		since = second == CL_NEVER ? begin : DatumGetDateADT(day_of(clock, second));

	return Max(as_of - since, 0);
}

static void
set_rate(Datum *values, bool *nulls, ClientColumn column, int32 part, int32 whole)
{
	nulls[column] = (whole == 0);
	values[column] = whole == 0 ? (Datum) 0 : Float8GetDatum(100.0 * part / whole);
}

static void
set_text(Datum *values, bool *nulls, ClientColumn column, MaybeText text)
{
	values[column] = text;
	nulls[column] = (text == (Datum) 0);
}

/* No profile known: all of it is NULL. */
void
cl_unknown_profile(NullableDatum *profile)
{
	for (int i = 0; i < CF_PROFILE_COLUMNS; i++)
	{
		profile[i].value = (Datum) 0;
		profile[i].isnull = true;
	}
}

/*
 * Fill a row of the type client_facts; the reader stands at the first event.
 * Texts are not copied.  Columns that are not wanted (NULL: all are) may hold
 * anything where it takes time to know them.
 */
void
cl_client_facts(AttendanceReader *reader, LocalClock *clock, const ClientInput *in,
				const bool *wanted, Datum *values, bool *nulls)
{
	AttendanceFacts facts;
	const ClientDocuments *documents = &in->documents;
	bool		waiting = in->services > 0 && in->waiting_services == in->services;
	DateADT		begin = in->from;
	int32		enrolled;
	int32		missing;

	cl_collect_facts(reader, clock, in->as_of + CL_DAYS_TO_PG_EPOCH, in->window, &facts);
	if (DATE_NOT_FINITE(begin))
		begin = facts.first_event == CL_NEVER ? in->as_of : DatumGetDateADT(day_of(clock, facts.first_event));
	enrolled = Max(in->as_of - begin, 0);
	missing = Max(facts.attended - facts.attended_today - documents->notes, 0);

	memset(nulls, false, sizeof(bool) * CF_COLUMNS);
	set_text(values, nulls, CF_DISTRICT_ID, in->district_id);
	set_text(values, nulls, CF_CLIENT_ID, in->client_id);
	values[CF_EPISODE] = Int32GetDatum(in->episode);
	set_text(values, nulls, CF_SITE_ID, in->site_id);
	set_text(values, nulls, CF_LEVEL, in->level);
	set_text(values, nulls, CF_CATEGORY, in->category);
	values[CF_IS_ACTIVE] = BoolGetDatum(!waiting);
	values[CF_WAITING] = BoolGetDatum(waiting);
	values[CF_SERVICES] = Int32GetDatum(in->services);
	values[CF_DAYS_ENROLLED] = Int32GetDatum(enrolled);
	values[CF_WEEKS_ENROLLED] = Int32GetDatum(enrolled / 7);
	values[CF_APPOINTMENTS] = Int32GetDatum(facts.appointments);
	values[CF_ATTENDED] = Int32GetDatum(facts.attended);
	values[CF_LATE] = Int32GetDatum(facts.late);
	values[CF_NO_SHOWS] = Int32GetDatum(facts.no_shows);
	values[CF_LATE_CANCELS] = Int32GetDatum(facts.late_cancels);
	values[CF_CLIENT_CANCELS] = Int32GetDatum(facts.client_cancels);
	values[CF_STRIKES] = Int32GetDatum(facts.no_shows + facts.late_cancels);
	values[CF_UNRESOLVED] = Int32GetDatum(facts.unresolved);
	set_rate(values, nulls, CF_NO_SHOW_RATE, facts.no_shows, facts.appointments);
	set_rate(values, nulls, CF_STRIKE_RATE, facts.no_shows + facts.late_cancels, facts.appointments);
	values[CF_MISSES_IN_WINDOW] = Int32GetDatum(facts.misses_in_window);
	values[CF_STRIKES_IN_WINDOW] = Int32GetDatum(facts.strikes_in_window);
	values[CF_ATTENDED_IN_WINDOW] = Int32GetDatum(facts.attended_in_window);
	values[CF_MISS_RUN] = Int32GetDatum(facts.miss_run);
	values[CF_LONGEST_MISS_RUN] = Int32GetDatum(facts.longest_miss_run);
	values[CF_CANCEL_RUN] = Int32GetDatum(facts.cancel_run);
	values[CF_ON_TIME_RUN] = Int32GetDatum(facts.on_time_run);
	values[CF_LATE_RUN] = Int32GetDatum(facts.late_run);
	set_days(values, nulls, CF_DAYS_SINCE_ATTENDED, clock, in->as_of, facts.last_attended);
	set_days(values, nulls, CF_DAYS_SINCE_CONTACT, clock, in->as_of, facts.last_contact);
	values[CF_DAYS_UNSEEN] = Int32GetDatum(days_without(clock, in->as_of, facts.last_attended, begin));
	values[CF_DAYS_INACTIVE] = Int32GetDatum(days_without(clock, in->as_of, facts.last_contact, begin));
	values[CF_HAS_UPCOMING] = BoolGetDatum(facts.next_appointment != CL_NEVER);
	set_days(values, nulls, CF_DAYS_TO_NEXT, clock, in->as_of, facts.next_appointment);
	values[CF_DAYS_TO_NEXT] = Int32GetDatum(-DatumGetInt32(values[CF_DAYS_TO_NEXT]));
	nulls[CF_DAYS_PAST_WARNING] = !in->warned;
	values[CF_DAYS_PAST_WARNING] = in->warned ? Int32GetDatum(in->as_of - in->warning_due) : (Datum) 0;
	values[CF_DOCUMENTS_OVERDUE] = Int32GetDatum(documents->overdue);
	values[CF_DAYS_OVERDUE] = Int32GetDatum(documents->days_overdue);
	values[CF_NOTES_MISSING] = Int32GetDatum(missing);
	values[CF_NOTES_LATE] = Int32GetDatum(documents->notes_late);
	values[CF_HAS_CONSENT] = BoolGetDatum(documents->consent);
	values[CF_HAS_PLAN] = BoolGetDatum(documents->plan);
	values[CF_PLAN_WITH_CLIENT] = BoolGetDatum(documents->plan_with_client);
	values[CF_RECORDS] = Int32GetDatum(documents->consent + documents->plan + (missing == 0) + documents->closing_note);
	for (int i = 0; i < CF_PROFILE_COLUMNS; i++)
	{
		values[CF_GRADE + i] = in->profile[i].value;
		nulls[CF_GRADE + i] = in->profile[i].isnull;
	}
	if (wanted != NULL)
		return;
	nulls[CF_LAST_ATTENDED] = (facts.last_attended == CL_NEVER);
	nulls[CF_LAST_CONTACT] = (facts.last_contact == CL_NEVER);
	nulls[CF_NEXT_APPOINTMENT] = (facts.next_appointment == CL_NEVER);
	values[CF_LAST_ATTENDED] = nulls[CF_LAST_ATTENDED] ? (Datum) 0 : day_of(clock, facts.last_attended);
	values[CF_LAST_CONTACT] = nulls[CF_LAST_CONTACT] ? (Datum) 0 : day_of(clock, facts.last_contact);
	values[CF_NEXT_APPOINTMENT] = nulls[CF_NEXT_APPOINTMENT] ? (Datum) 0 : day_of(clock, facts.next_appointment);
}

/* A row type whose columns are some of those of client_facts. */
typedef struct PartOfFacts
{
	TupleDesc	tupdesc;
	ClientColumn columns[CF_COLUMNS];
} PartOfFacts;

static PartOfFacts *
part_of_facts(FunctionCallInfo fcinfo)
{
	PartOfFacts *part = fcinfo->flinfo->fn_extra;
	TupleDesc	tupdesc;
	MemoryContext oldcontext;

	if (part != NULL)
		return part;
	oldcontext = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE || tupdesc->natts > CF_COLUMNS)
		elog(ERROR, "return type must be a part of client_facts");
	part = palloc(sizeof(PartOfFacts));
	part->tupdesc = BlessTupleDesc(tupdesc);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		int			column = 0;

		while (column < CF_COLUMNS && strcmp(NameStr(attribute->attname), columns[column].name) != 0)
			column++;
		if (column == CF_COLUMNS || attribute->atttypid != columns[column].type)
			elog(ERROR, "column \"%s\" is none of client_facts", NameStr(attribute->attname));
		part->columns[i] = (ClientColumn) column;
	}
	MemoryContextSwitchTo(oldcontext);
	fcinfo->flinfo->fn_extra = part;
	return part;
}

/*
 * _attendance_facts(attendance, as_of, begins_on, strike_window) -> the
 * columns of client_facts that the attendance of an episode has all of.
 *
 * NULL for begins_on: nobody recorded when the episode began.  NULL when any
 * other argument is; 22023 for a window below one day.
 */
Datum
attendance_facts(PG_FUNCTION_ARGS)
{
	PartOfFacts *part;
	AttendanceReader reader;
	LocalClock	clock;
	ClientInput in = {0};
	Datum		all_values[CF_COLUMNS];
	bool		all_nulls[CF_COLUMNS];
	Datum		values[CF_COLUMNS];
	bool		nulls[CF_COLUMNS];

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	if (PG_GETARG_INT32(3) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of days must be at least 1")));
	part = part_of_facts(fcinfo);
	(void) cl_finite_day(PG_GETARG_DATEADT(1));
	in.as_of = PG_GETARG_DATEADT(1);
	DATE_NOBEGIN(in.from);
	if (!PG_ARGISNULL(2))
		in.from = PG_GETARG_DATEADT(2);
	in.window = PG_GETARG_INT32(3);
	cl_unknown_profile(in.profile);

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(0));
	cl_clock_init(&clock, reader.zone, reader.zone_length);
	cl_client_facts(&reader, &clock, &in, NULL, all_values, all_nulls);
	for (int i = 0; i < part->tupdesc->natts; i++)
	{
		values[i] = all_values[part->columns[i]];
		nulls[i] = all_nulls[part->columns[i]];
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(part->tupdesc, values, nulls)));
}
