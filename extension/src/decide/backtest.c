/*
 * backtest.c
 *		A condition replayed over past days: for whom it would have begun and
 *		ceased to hold, had it been judged at the end of every day.
 *
 * Of clients the attendance value knows every day, so they are read once and
 * replayed without queries (backtest_clients.c).  The facts of services,
 * therapists and sites are asked for day by day, in the columns that the
 * condition uses.  Everything is read with the rights of the caller, and
 * nothing is written.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "backtest.h"
#include "key_set.h"

/* ten years: nobody means more, and a mistyped year would run for long */
#define MAX_DAYS	3700

PG_FUNCTION_INFO_V1(backtest);

/* ----------------------------------------------------- for every subject --- */

/* Does the condition use this column of the facts, counted from 1? */
bool
cl_replay_asks(const Replay *replay, int column)
{
	return bms_is_member(column - FirstLowInvalidHeapAttributeNumber, replay->facts);
}

/* Judge a row of facts; throws what the condition throws. */
bool
cl_replay_holds(Replay *replay, TupleTableSlot *facts)
{
	Restriction before;
	Datum		holds;
	bool		isnull;

	replay->econtext->ecxt_scantuple = facts;
	cl_restrict_rights(&before);
	holds = ExecEvalExprSwitchContext(replay->condition, replay->econtext, &isnull);
	cl_restore_rights(&before);
	ResetExprContext(replay->econtext);
	return !isnull && DatumGetBool(holds);
}

/*
 * Let the body judge row after row.  It goes on where it stopped; a row that
 * fails stops it, is given to "failed", which steps over it, and the body is
 * called again.
 */
void
cl_replay_guarded(Replay *replay, void (*body) (void *), void *arg, DateADT *day, void (*failed) (void *))
{
	ErrorData  *fault;

	if (!replay->can_fail)
	{
		body(arg);
		return;
	}
	while ((fault = cl_guarded(body, arg)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(replay->econtext);
		if (replay->failures == 0 || *day < replay->failed_on)
		{
			replay->failed_on = *day;
			if (replay->fault != NULL)
				pfree(replay->fault);
			replay->fault = MemoryContextStrdup(replay->context, fault->message);
		}
		replay->failures++;
		FreeErrorData(fault);
		failed(arg);
	}
}

/* The strings are not copied. */
void
cl_replay_change(Replay *replay, DateADT day, const char *district_id, const char *key, bool raised)
{
	Change	   *change;

	if (replay->count == replay->capacity)
	{
		replay->capacity *= 2;
		replay->changes = repalloc_huge(replay->changes, sizeof(Change) * replay->capacity);
	}
	change = &replay->changes[replay->count++];
	change->day = day;
	change->district_id = district_id;
	change->key = key;
	change->raised = raised;
}

/* --------------------------------------- services, therapists and sites --- */

/* For whom the condition held on the day before, by place in "keys". */
typedef struct RowReplay
{
	Replay	   *replay;
	KeySet	   *keys;
	bool	   *standing;
	DateADT    *held_on;		/* last */
	int			capacity;
	/* the day in work */
	DateADT		day;
	SPITupleTable *table;
	TupleTableSlot *slot;
	uint64		row;
} RowReplay;

/* The facts of a day, $1; columns that nobody asks for are NULL. */
static char *
day_query(const Replay *replay)
{
	const Subject *subject = replay->subject;
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 0; i < subject->facts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(subject->facts, i);
		int			number = i + 1;

		appendStringInfoString(&query, i == 0 ? "SELECT " : ", ");
		if (column->attisdropped)
			appendStringInfoString(&query, "NULL::boolean");
		else if (number == subject->district_column || number == subject->key_columns[0] ||
				 (number == subject->level_column && replay->site_level != NULL) ||
				 (number == subject->discipline_column && replay->discipline != NULL) ||
				 cl_replay_asks(replay, number))
			appendStringInfo(&query, "f.%s", quote_identifier(NameStr(column->attname)));
		else
			appendStringInfo(&query, "NULL::%s", format_type_be_qualified(column->atttypid));
	}
	appendStringInfo(&query, " FROM %s AS f WHERE ($2::text IS NULL OR f.district_id = $2)", subject->source);
	return query.data;
}

/* Is the row of the level or discipline that is wanted (NULL: of any)? */
static bool
is_meant(TupleTableSlot *slot, int column, const char *wanted)
{
	Datum		value;
	bool		isnull = true;

	if (wanted == NULL)
		return true;
	if (column == 0)
		return false;
	value = slot_getattr(slot, column, &isnull);
	return !isnull && strcmp(TextDatumGetCString(value), wanted) == 0;
}

/* The condition holds for the row in work. */
static void
row_holds(RowReplay *rows)
{
	const Subject *subject = rows->replay->subject;
	Datum		district;
	Datum		key;
	int			place;
	bool		isnull[2];

	district = slot_getattr(rows->slot, subject->district_column, &isnull[0]);
	key = slot_getattr(rows->slot, subject->key_columns[0], &isnull[1]);
	if (isnull[0] || isnull[1])
		return;
	place = cl_keys_add(rows->keys, district, key);
	if (place >= rows->capacity)
	{
		rows->standing = repalloc_huge(rows->standing, sizeof(bool) * rows->capacity * 2);
		memset(rows->standing + rows->capacity, 0, sizeof(bool) * rows->capacity);
		rows->held_on = repalloc_huge(rows->held_on, sizeof(DateADT) * rows->capacity * 2);
		rows->capacity *= 2;
	}
	rows->held_on[place] = rows->day;
	if (!rows->standing[place])
	{
		const SubjectKey *who = &rows->keys->keys[place];

		rows->standing[place] = true;
		cl_replay_change(rows->replay, rows->day, who->district_id, who->id, true);
	}
}

/* Judge what is left of a day's rows, for cl_replay_guarded(). */
static void
judge_rows(void *arg)
{
	RowReplay  *rows = arg;
	const Replay *replay = rows->replay;

	for (; rows->row < rows->table->numvals; rows->row++)
	{
		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(rows->table->vals[rows->row], rows->slot, false);
		if (is_meant(rows->slot, replay->subject->level_column, replay->site_level) &&
			is_meant(rows->slot, replay->subject->discipline_column, replay->discipline) &&
			cl_replay_holds(rows->replay, rows->slot))
			row_holds(rows);
	}
}

static void
row_failed(void *arg)
{
	((RowReplay *) arg)->row++;
}

/* Day by day, with the rights of the caller; expects SPI to be connected. */
static void
replay_rows(Replay *replay)
{
	Oid			types[2] = {DATEOID, TEXTOID};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload day", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(replay->context);
	RowReplay	rows = {replay};
	SPIPlanPtr	plan;

	rows.keys = cl_keys_new();
	rows.capacity = 64;
	rows.standing = palloc0(sizeof(bool) * rows.capacity);
	rows.held_on = palloc(sizeof(DateADT) * rows.capacity);
	MemoryContextSwitchTo(oldcontext);

	/* planned for every day: the plans of known days take half the time */
	plan = SPI_prepare_cursor(day_query(replay), 2, types, CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	for (rows.day = replay->from; rows.day <= replay->to; rows.day++)
	{
		Datum		args[2];
		int			result;

		oldcontext = MemoryContextSwitchTo(scratch);
		args[0] = DateADTGetDatum(rows.day);
		args[1] = replay->district_id ? CStringGetTextDatum(replay->district_id) : (Datum) 0;
		result = SPI_execute_plan(plan, args, replay->district_id ? NULL : " n", true, 0);
		if (result < 0)
			elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
		rows.table = SPI_tuptable;
		rows.slot = MakeSingleTupleTableSlot(rows.table->tupdesc, &TTSOpsHeapTuple);
		rows.row = 0;
		cl_replay_guarded(replay, judge_rows, &rows, &rows.day, row_failed);
		ExecDropSingleTupleTableSlot(rows.slot);
		SPI_freetuptable(rows.table);
		for (int place = 0; place < rows.keys->count; place++)
		{
			const SubjectKey *who = &rows.keys->keys[place];

			if (!rows.standing[place] || rows.held_on[place] == rows.day)
				continue;
			rows.standing[place] = false;
			cl_replay_change(replay, rows.day, who->district_id, who->id, false);
		}
		MemoryContextSwitchTo(oldcontext);
		MemoryContextReset(scratch);
	}
	SPI_freeplan(plan);
	MemoryContextDelete(scratch);
}

/* ----------------------------------------------------------------- in SQL --- */

/* By day and key; what ends comes before what begins on the same day. */
static int
compare_changes(const void *a, const void *b)
{
	const Change *left = a;
	const Change *right = b;
	int			order = left->day < right->day ? -1 : left->day > right->day;

	if (order == 0)
		order = strcmp(left->district_id, right->district_id);
	if (order == 0)
		order = strcmp(left->key, right->key);
	return order != 0 ? order : (int) left->raised - (int) right->raised;
}

static void
check_days(DateADT from, DateADT to)
{
	if (DATE_NOT_FINITE(from) || DATE_NOT_FINITE(to))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("from_date and to_date must be finite")));
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date must not be after to_date")));
	if ((int64) to - from >= MAX_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot replay more than %d days", MAX_DAYS),
				 errhint("Replay a shorter time, or one part after the other.")));
}

static void
warn_of_failures(const Replay *replay)
{
	int			year;
	int			month;
	int			day;

	if (replay->failures == 0)
		return;
	j2date(replay->failed_on + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	ereport(WARNING,
			(errmsg_plural("condition failed %lld time, which counts as not holding",
						   "condition failed %lld times, which counts as not holding",
						   (unsigned long) replay->failures, (long long) replay->failures),
			 errdetail("The first time, on %04d-%02d-%02d: %s.", year, month, day, replay->fault)));
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_NARGS() <= argument || PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/*
 * backtest(subject, condition, from_date, to_date, in_district) and
 * _backtest(subject, condition, from_date, to_date, in_district, site_level,
 * discipline) -> setof (day, district_id, key, change)
 */
Datum
backtest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Replay		replay = {NULL};
	MemoryContext oldcontext;
	Restriction before;
	Expr	   *condition;

	for (int i = 0; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("subject, condition, from_date and to_date must not be NULL")));
	}
	replay.from = PG_GETARG_DATEADT(2);
	replay.to = PG_GETARG_DATEADT(3);
	check_days(replay.from, replay.to);
	InitMaterializedSRF(fcinfo, 0);

	replay.context = AllocSetContextCreate(CurrentMemoryContext, "caseload backtest", ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(replay.context);
	replay.subject = cl_subject(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (replay.subject->registered)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("subject \"%s\" has no history", replay.subject->name),
				 errhint("The relation of a registered subject says what is so now. The past is known of client, service, therapist and site.")));
	replay.district_id = optional_text(fcinfo, 4);
	replay.site_level = optional_text(fcinfo, 5);
	replay.discipline = optional_text(fcinfo, 6);
	replay.capacity = 256;
	replay.changes = palloc(sizeof(Change) * replay.capacity);

	condition = cl_expression_analyze(text_to_cstring(PG_GETARG_TEXT_PP(1)), replay.subject->facts, BOOLOID);
	pull_varattnos((Node *) condition, 1, &replay.facts);
	replay.can_fail = cl_can_fail(condition);
	replay.econtext = CreateStandaloneExprContext();
	cl_restrict_rights(&before);
	replay.condition = ExecInitExpr(condition, NULL);
	cl_restore_rights(&before);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (strcmp(replay.subject->name, "client") == 0)
		cl_replay_clients(&replay);
	else
		replay_rows(&replay);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");

	qsort(replay.changes, replay.count, sizeof(Change), compare_changes);
	for (int64 i = 0; i < replay.count; i++)
	{
		const Change *change = &replay.changes[i];
		Datum		values[4];
		bool		isnull[4] = {false};

		values[0] = DateADTGetDatum(change->day);
		values[1] = CStringGetTextDatum(change->district_id);
		values[2] = CStringGetTextDatum(change->key);
		values[3] = CStringGetTextDatum(change->raised ? "raised" : "cleared");
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	warn_of_failures(&replay);
	FreeExprContext(replay.econtext, true);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(replay.context);
	return (Datum) 0;
}
