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
 * The columns of "incoming" from a row v of the view.  $1 is the source; the
 * place for the key comes from cl_append_event_id().  A row without client or time
 * (a draft, a block of the calendar, a waiting list) is no event.
 */
static const char incoming_list[] =
"SELECT e.id, g.gone OR f.fault IS NOT NULL, v.district_id, v.client_id, v.client_name, v.site_id, v.time_zone, v.therapist_id, v.discipline,"
" v.starts_at, CASE WHEN v.minutes >= 0.5 AND v.minutes < 1440.5 THEN round(v.minutes)::int4 END, v.status, f.fault,"
" CASE f.fault WHEN 'start' THEN coalesce(v.time_text, v.starts_at::text) WHEN 'code' THEN coalesce(v.code, '')"
" WHEN 'district' THEN coalesce(v.district_id, '') WHEN 'minutes' THEN trim_scale(round(v.minutes, 2))::text ELSE '' END";

static const char incoming_laterals[] =
" CROSS JOIN LATERAL (SELECT (v.client_id IS NULL OR btrim(v.client_id) = '' OR v.starts_at IS NULL AND v.time_text IS NULL OR v.status = '') IS TRUE) AS g (gone)"
" CROSS JOIN LATERAL (SELECT CASE WHEN g.gone THEN NULL WHEN e.id IS NULL THEN 'key'"
" WHEN v.time_text IS NOT NULL OR NOT isfinite(v.starts_at) OR v.starts_at < '0001-01-01 00:00:00+00' THEN 'start'"
" WHEN v.status IS NULL THEN 'code'"
" WHEN v.district_id IS NULL OR btrim(v.district_id) IN ('', '*') THEN 'district'"
" WHEN NOT (v.minutes >= 0 AND v.minutes < 1440.5) THEN 'minutes' END) AS f (fault)";

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

/* All rows of the view; with "keyed" those whose keys are in "changed", or that they are gone. */
static SPIPlanPtr
prepare(const Source *source, bool keyed)
{
	StringInfoData query;
	const char *view = quote_identifier(cl_source_view_name(source->source_id));
	Oid			type = TEXTOID;
	SPIPlanPtr	plan;

	initStringInfo(&query);
	appendStringInfoString(&query, incoming_list);
	if (keyed)
	{
		appendStringInfo(&query, " FROM (SELECT DISTINCT * FROM changed) AS k LEFT JOIN caseload.%s AS v ON ", view);
		for (int i = 1; i <= source->n_keys; i++)
		{
			appendStringInfo(&query, "%sv.key_%d = k.key_%d", i > 1 ? " AND " : "", i, i);
			/* found by the index of the relation; but another spelling is another event */
			if (source->key_folds[i - 1])
				appendStringInfo(&query, " AND v.key_%d::text COLLATE \"C\" = k.key_%d::text COLLATE \"C\"", i, i);
		}
	}
	else
		appendStringInfo(&query, " FROM caseload.%s AS v", view);
	appendStringInfoString(&query, " CROSS JOIN LATERAL (SELECT ");
	cl_append_event_id(&query, source, keyed ? "k" : "v");
	appendStringInfoString(&query, ") AS e (id)");
	appendStringInfoString(&query, incoming_laterals);

	plan = SPI_prepare_cursor(query.data, 1, &type, keyed ? CURSOR_OPT_GENERIC_PLAN : CURSOR_OPT_CUSTOM_PLAN);
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

/* Run a plan whose one argument is the id of the source; its rows go into the store, in the context that it was made in. */
void
cl_run_for_source(SPIPlanPtr plan, const Source *source, Tuplestorestate *store, MemoryContext context)
{
	SPIExecuteOptions options = {0};
	int			result;

	options.params = makeParamList(1);
	options.params->params[0].value = CStringGetTextDatum(source->source_id);
	options.params->params[0].isnull = false;
	options.params->params[0].pflags = PARAM_FLAG_CONST;
	options.params->params[0].ptype = TEXTOID;
	options.read_only = true;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, store, context, false, NULL, NULL);
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
}

/*
 * Read the rows of a source whose keys are in "changed" (NULL: all of them)
 * into "incoming", on the snapshot that is active.  A key that the view does
 * not show, or shows as no event, comes as gone.
 */
void
cl_read_source(Source *source, Tuplestorestate *changed, Tuplestorestate *incoming)
{
	ErrorContextCallback callback = {error_context_stack, source_error_callback, source->source_id};
	MemoryContext context = CurrentMemoryContext;
	Oid			userid;
	int			sec_context;
	int			guc_level;
	SPIPlanPtr *plan = changed ? &source->plan_keyed : &source->plan_all;

	error_context_stack = &callback;
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(source->owner, sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	guc_level = cl_pin_reading();
	if (changed != NULL)
		cl_keep_to_lookups();	/* a plan that is made while the table is empty must do when it is full */
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (changed != NULL)
		cl_register_rows("changed", cl_source_key_desc(source), changed);
	if (*plan == NULL)
		*plan = prepare(source, changed != NULL);

	source->running++;
	cl_run_for_source(*plan, source, incoming, context);
	source->running--;
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, guc_level);
	SetUserIdAndSecContext(userid, sec_context);
	error_context_stack = callback.previous;
}
