/*
 * source_read.c
 *		Read a source as its owner: rows of the relation become events.
 *
 * Two roles have to do with a source, and neither may do what the other may:
 * its owner reads, the owner of our tables writes.  What was read is handed
 * over in a tuplestore that queries know by a name, as they know the
 * transition tables of a trigger.  The owner's part runs as a
 * security-restricted operation, since a view that was attached may call
 * functions of somebody's own, and under settings that decide what a text or
 * a time without a zone means.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"
#include "utils/snapmgr.h"

#include "query.h"
#include "source.h"

/* What a text or a moment means must not depend on who writes the row. */
static const char *const pinned_settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"TimeZone", "UTC"},
	{"DateStyle", "ISO, MDY"},
	{"IntervalStyle", "postgres"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"lc_monetary", "C"},
	{"lc_numeric", "C"},
	{"lc_time", "C"},
	{"jit", "off"}
};

static const struct
{
	const char *name;
	Oid			type;
}			incoming_columns[CL_INCOMING_COLUMNS] = {
	{"event_id", TEXTOID},
	{"gone", BOOLOID},			/* no event of ours (any more) */
	{"district_id", TEXTOID},
	{"client_id", TEXTOID},
	{"client_name", TEXTOID},
	{"site_id", TEXTOID},
	{"time_zone", TEXTOID},		/* of the site */
	{"therapist_id", TEXTOID},
	{"discipline", TEXTOID},
	{"starts_at", TIMESTAMPTZOID},
	{"minutes", INT4OID},
	{"status", TEXTOID},
	{"fault", TEXTOID},			/* why the row cannot be understood */
	{"value", TEXTOID}			/* what it says there */
};

/*
 * The columns of "incoming" from a row w, which is a row v of the view with
 * the id of the event, whether it is none, and what is wrong with it; $1 is
 * the source.  A row without client or time (a draft, a block of the calendar,
 * a waiting list) is no event.
 */
static const char incoming_list[] =
"SELECT w.id, w.gone OR w.fault IS NOT NULL, w.district_id, w.client_id, w.client_name, w.site_id, w.time_zone, w.therapist_id, w.discipline,"
" w.starts_at, CASE WHEN w.minutes >= 0.5 AND w.minutes < 1440.5 THEN round(w.minutes)::int4 END, w.status, w.fault,"
" CASE w.fault WHEN 'start' THEN coalesce(w.time_text, w.starts_at::text) WHEN 'code' THEN coalesce(w.code, '')"
" WHEN 'district' THEN coalesce(w.district_id, '') WHEN 'minutes' THEN trim_scale(round(w.minutes, 2))::text ELSE '' END";

static const char incoming_fault[] =
"SELECT g.*, CASE WHEN g.gone THEN NULL WHEN g.id IS NULL THEN 'key'"
" WHEN g.time_text IS NOT NULL OR NOT isfinite(g.starts_at) OR g.starts_at < '0001-01-01 00:00:00+00' THEN 'start'"
" WHEN g.status IS NULL THEN 'code'"
" WHEN g.district_id IS NULL OR btrim(g.district_id) COLLATE \"C\" IN ('', '*') THEN 'district'"
" WHEN NOT (g.minutes >= 0 AND g.minutes < 1440.5) THEN 'minutes' END AS fault";

static const char incoming_gone[] =
"(v.client_id IS NULL OR btrim(v.client_id) COLLATE \"C\" = '' OR v.starts_at IS NULL AND v.time_text IS NULL OR v.status = '') IS TRUE AS gone";

/* Pin what reading depends on; returns the level of settings, to be ended by AtEOXact_GUC(). */
int
cl_pin_reading(void)
{
	int			level = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(pinned_settings); i++)
	{
		/* asking costs less than setting */
		if (strcmp(GetConfigOption(pinned_settings[i][0], false, false), pinned_settings[i][1]) != 0)
			cl_set_locally(pinned_settings[i][0], pinned_settings[i][1]);
	}
	return level;
}

/* The row type of what cl_read_source() gives. */
TupleDesc
cl_incoming_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(CL_INCOMING_COLUMNS);

	for (int i = 0; i < CL_INCOMING_COLUMNS; i++)
	{
		TupleDescInitEntry(desc, i + 1, incoming_columns[i].name, incoming_columns[i].type, -1, 0);
		/* ids are compared as our tables compare them */
		if (incoming_columns[i].type == TEXTOID)
			TupleDescInitEntryCollation(desc, i + 1, C_COLLATION_OID);
	}
	return desc;
}

/* Let queries of the SPI connection at hand read these rows by a name. */
void
cl_register_rows(const char *name, TupleDesc desc, Tuplestorestate *rows)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));

	enr->md.name = pstrdup(name);
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = (double) tuplestore_tuple_count(rows);
	enr->reldata = rows;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed");
}

/*
 * Run a query over registered rows once: kept, its plan would be the one for
 * as many rows as there were the first time.  On the latest snapshot, or with
 * "reading" on the active one; returns the number of rows.
 */
uint64
cl_run_once(const char *text, int nargs, const Datum *values, const char *nulls, bool reading)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	SPIPlanPtr	plan;
	int			result;

	Assert(nargs <= (int) lengthof(types));
	plan = SPI_prepare(text, nargs, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (reading)
		result = SPI_execute_plan(plan, unconstify(Datum *, values), nulls, true, 0);
	else
		result = SPI_execute_snapshot(plan, unconstify(Datum *, values), nulls,
									  GetLatestSnapshot(), InvalidSnapshot, false, true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * The id of an event: the source and the key of the row.  Of several columns
 * each is kept apart from the next, whatever it says.  Numbers that are equal
 * have one text, since a key may change from 1.0 to 1.00.
 */
void
cl_append_event_id(StringInfo query, const Source *source, const char *alias)
{
	appendStringInfoString(query, "$1 || ':'");
	for (int i = 0; i < source->n_keys; i++)
	{
		bool		number = (getBaseType(source->key_types[i]) == NUMERICOID);
		char	   *key = psprintf(number ? "trim_scale(%s.key_%d)::text" : "%s.key_%d::text COLLATE \"C\"", alias, i + 1);

		if (source->n_keys == 1)
			appendStringInfo(query, " || (%s)", key);
		else
			appendStringInfo(query, "%s || replace(replace(%s, '\\', '\\\\'), ':', '\\:')", i > 0 ? " || ':'" : "", key);
	}
}

/*
 * All rows of the view; those of keys in "changed", or that they are gone; or
 * the row of one key, which is in the arguments from $2 on.  Each step has a
 * query of its own (OFFSET 0): otherwise the planner would write the
 * expressions of a mapping out wherever one of them is named.
 */
static SPIPlanPtr
prepare(const Source *source, ReadWhat what)
{
	StringInfoData query;
	const char *view = quote_identifier(cl_source_view_name(source->source_id));
	Oid			types[CL_SOURCE_KEYS + 1] = {TEXTOID};
	SPIPlanPtr	plan;

	initStringInfo(&query);
	appendStringInfo(&query, "%s FROM (%s FROM (SELECT v.*, ", incoming_list, incoming_fault);
	cl_append_event_id(&query, source, what == READ_KEYED ? "k" : "v");
	appendStringInfo(&query, " AS id, %s FROM ", incoming_gone);
	if (what == READ_KEYED)
	{
		appendStringInfo(&query, "(SELECT DISTINCT * FROM changed) AS k LEFT JOIN caseload.%s AS v ON ", view);
		for (int i = 1; i <= source->n_keys; i++)
		{
			appendStringInfo(&query, "%sv.key_%d = k.key_%d", i > 1 ? " AND " : "", i, i);
			/* found by the index of the relation; but another spelling is another event */
			if (source->key_folds[i - 1])
				appendStringInfo(&query, " AND v.key_%d::text COLLATE \"C\" = k.key_%d::text COLLATE \"C\"", i, i);
		}
	}
	else
		appendStringInfo(&query, "(SELECT * FROM caseload.%s AS r", view);
	if (what == READ_ONE)
	{
		for (int i = 1; i <= source->n_keys; i++)
		{
			types[i] = source->key_types[i - 1];
			appendStringInfo(&query, " %s r.key_%d = $%d", i > 1 ? "AND" : "WHERE", i, i + 1);
		}
	}
	if (what != READ_KEYED)
		appendStringInfoString(&query, " OFFSET 0) AS v");
	appendStringInfoString(&query, " OFFSET 0) AS g OFFSET 0) AS w");

	plan = SPI_prepare_cursor(query.data, what == READ_ONE ? source->n_keys + 1 : 1, types,
							  what == READ_ALL ? CURSOR_OPT_CUSTOM_PLAN : CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	return plan;
}

static void
source_error_callback(void *source_id)
{
	errcontext("reading source \"%s\"", (const char *) source_id);
}

/*
 * Run a plan whose first argument is the id of the source, and others are
 * keys; its rows go into the store, in the context that it was made in.
 * Returns how many.
 */
uint64
cl_run_for_source(SPIPlanPtr plan, const Source *source, const Datum *keys, Tuplestorestate *store, MemoryContext context)
{
	SPIExecuteOptions options = {0};
	int			n_keys = keys ? source->n_keys : 0;
	int			result;

	options.params = makeParamList(n_keys + 1);
	for (int i = 0; i <= n_keys; i++)
	{
		ParamExternData *param = &options.params->params[i];

		param->value = i == 0 ? CStringGetTextDatum(source->source_id) : keys[i - 1];
		param->isnull = false;
		param->pflags = PARAM_FLAG_CONST;
		param->ptype = i == 0 ? TEXTOID : source->key_types[i - 1];
	}
	options.read_only = true;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, store, context, false, NULL, NULL);
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

static uint64
run_plan(Source *source, ReadWhat what, const Datum *keys, Tuplestorestate *store, MemoryContext context)
{
	uint64		count;

	if (source->plans[what] == NULL)
		source->plans[what] = prepare(source, what);
	source->running++;
	count = cl_run_for_source(source->plans[what], source, keys, store, context);
	source->running--;
	return count;
}

/*
 * Is one key all that has changed, as in most statements of an app?  Not where
 * texts that differ are equal.
 */
static bool
one_key(const Source *source, Tuplestorestate *changed, Datum *keys)
{
	TupleDesc	desc;
	TupleTableSlot *slot;
	bool		one = true;
	bool		first = true;

	if (tuplestore_tuple_count(changed) > 2)
		return false;
	for (int i = 0; i < source->n_keys; i++)
	{
		if (source->key_folds[i])
			return false;
	}
	desc = cl_source_key_desc(source);
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	tuplestore_rescan(changed);
	for (; one && tuplestore_gettupleslot(changed, true, false, slot); first = false)
	{
		for (int i = 0; one && i < source->n_keys; i++)
		{
			Form_pg_attribute column = TupleDescAttr(desc, i);
			bool		isnull;
			Datum		key = slot_getattr(slot, i + 1, &isnull);

			if (isnull)
				one = false;
			else if (first)
				keys[i] = datumCopy(key, column->attbyval, column->attlen);
			else
				one = datumIsEqual(keys[i], key, column->attbyval, column->attlen);
		}
	}
	tuplestore_rescan(changed);
	ExecDropSingleTupleTableSlot(slot);
	return one && !first;
}

/*
 * Read the rows of a source whose keys are in "changed" (NULL: all of them)
 * into "incoming", on the snapshot that is active.  A key that the view does
 * not show, or shows as no event, comes as gone; "deleted" says that this is to be
 * expected.
 */
void
cl_read_source(Source *source, Tuplestorestate *changed, bool deleted, Tuplestorestate *incoming)
{
	ErrorContextCallback callback = {error_context_stack, source_error_callback, source->source_id};
	MemoryContext context = CurrentMemoryContext;
	Datum		keys[CL_SOURCE_KEYS];
	bool		one = changed != NULL && !deleted && source->is_table && one_key(source, changed, keys);
	Oid			userid;
	int			sec_context;
	int			guc_level;

	error_context_stack = &callback;
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(source->owner, sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	guc_level = cl_pin_reading();
	if (changed != NULL)
		cl_keep_to_lookups();	/* a plan that is made while the table is empty must do when it is full */
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	/* a row that is not there, or that the filter leaves out, has no id in the view: ask by way of the key */
	if (!one || run_plan(source, READ_ONE, keys, incoming, context) == 0)
	{
		if (changed != NULL)
			cl_register_rows("changed", cl_source_key_desc(source), changed);
		(void) run_plan(source, changed ? READ_KEYED : READ_ALL, NULL, incoming, context);
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, guc_level);
	SetUserIdAndSecContext(userid, sec_context);
	error_context_stack = callback.previous;
}
