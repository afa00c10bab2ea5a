/*
 * query.c
 *		Run our own queries from triggers: as whom, on which snapshot, and
 *		with plans that are prepared once.
 *
 * Triggers work for whoever changes a fact, so they act as the owner of the
 * derived tables, as referential integrity does, under a pinned search_path.
 * Plans are made once for a session, perhaps while the tables are still
 * empty, and a plan that scans an empty table would still scan it when it is
 * full: so the planner is set to look keys up.
 *
 * Every query runs on the latest snapshot, not on the transaction's.  What
 * is derived from a client's facts is decided under the client's lock, and
 * must see all that was committed before the lock was had, also under
 * REPEATABLE READ; the snapshot of the transaction would lose flags there.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "query.h"

#define MANY_KEYS	100			/* worth having statistics for */

/* The OID of one of our tables; 55000 when install() has not been called. */
Oid
cl_table(const char *name)
{
	Oid			schema = get_namespace_oid("caseload", false);
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"caseload.%s\" does not exist", name),
				 errhint("Run SELECT caseload.install().")));
	return relid;
}

/* The owner of client_activity, as whom our triggers act. */
Oid
cl_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(cl_table("client_activity")));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation client_activity");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Set a setting until the level of settings at hand ends. */
void
cl_set_locally(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* Keep the planner to looking keys up. */
void
cl_keep_to_lookups(void)
{
	cl_set_locally("enable_seqscan", "off");
	cl_set_locally("enable_hashjoin", "off");
	cl_set_locally("enable_mergejoin", "off");
}

/*
 * Act as that owner and connect to SPI.  An error needs no cl_leave(): the
 * end of the (sub)transaction restores both.
 */
void
cl_enter(OwnerScope *scope)
{
	cl_enter_planned(scope);
	cl_keep_to_lookups();
}

/* Act as the owner under the pinned search_path, without queries. */
void
cl_act_as_owner(OwnerScope *scope)
{
	GetUserIdAndSecContext(&scope->userid, &scope->sec_context);
	SetUserIdAndSecContext(cl_owner(), scope->sec_context |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	scope->guc_level = NewGUCNestLevel();
	cl_set_locally("search_path", "pg_catalog, caseload, pg_temp");
}

void
cl_stop_acting(const OwnerScope *scope)
{
	AtEOXact_GUC(true, scope->guc_level);
	SetUserIdAndSecContext(scope->userid, scope->sec_context);
}

/* The same for queries over whole tables, which the planner is to plan. */
void
cl_enter_planned(OwnerScope *scope)
{
	cl_act_as_owner(scope);
	cl_set_locally("jit", "off");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
cl_leave(const OwnerScope *scope)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	cl_stop_acting(scope);
}

/*
 * Connect to SPI to read with the rights of the caller; with "lookups" the
 * planner is kept to looking keys up.  Returns what cl_leave_reader() needs.
 */
int
cl_enter_reader(bool lookups)
{
	int			guc_level = NewGUCNestLevel();

	cl_set_locally("search_path", "pg_catalog, caseload, pg_temp");
	cl_set_locally("jit", "off");
	if (lookups)
		cl_keep_to_lookups();
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	return guc_level;
}

void
cl_leave_reader(int guc_level)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, guc_level);
}

/*
 * Between cl_enter() and cl_leave(), before rows of many keys are looked up.
 * Of a table that was never analyzed the planner believes that districts are
 * many and small, so that the index of a district will do; there being one,
 * each look-up reads it all, and the first load into a new database takes
 * time that grows with its square.  Autovacuum would come to the rescue only
 * after the load.  Returns whether there are many keys, or a table still has
 * no statistics: then a plan should not be kept.
 */
bool
cl_want_statistics(int keys)
{
	static const char *const tables[] = {
		"client", "site", "therapist", "episode", "service", "client_activity", "appointment", "contact"
	};

	bool		without = false;

	for (size_t i = 0; i < lengthof(tables); i++)
	{
		Relation	rel = table_open(cl_table(tables[i]), AccessShareLock);
		bool		new = (rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->reltuples <= 0 &&
						   RelationGetNumberOfBlocks(rel) > 0);
		char		command[NAMEDATALEN * 2];

		table_close(rel, NoLock);
		without = without || new;
		if (!new || keys < MANY_KEYS)
			continue;
		/* whoever holds the lock is analyzing it, or changing it altogether */
		snprintf(command, sizeof(command), "ANALYZE (SKIP_LOCKED) caseload.%s", tables[i]);
		if (SPI_execute(command, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "SPI_execute failed: %s", command);
	}
	return without || keys >= MANY_KEYS;
}

/*
 * The plan of a query.  SPI itself plans anew when what a plan names has
 * changed, so a plan is never freed: an outer level may be running it.  Only
 * when the extension was made again do its types have other OIDs.
 */
static SPIPlanPtr
fetch_plan(CachedQuery *query)
{
	Oid			types[CL_QUERY_ARGS];
	SPIPlanPtr	plan;

	for (int i = 0; i < query->nargs; i++)
	{
		int32		typmod;

		if (query->plan != NULL && query->oids[i] < FirstNormalObjectId)
			types[i] = query->oids[i];
		else
			parseTypeString_compat(query->types[i], &types[i], &typmod);
	}
	if (query->plan != NULL && memcmp(types, query->oids, sizeof(Oid) * query->nargs) == 0)
		return query->plan;

	/*
	 * One generic plan: planning costs far more than running for one client,
	 * and a plan that looks every key up grows no faster than they do.  A
	 * query over many rows says that it is to be planned for its arguments.
	 */
	plan = SPI_prepare_cursor(query->text, query->nargs, types,
							  query->custom ? CURSOR_OPT_CUSTOM_PLAN : CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	/* only now: an error before leaves nothing behind */
	memcpy(query->oids, types, sizeof(Oid) * query->nargs);
	query->plan = plan;
	return plan;
}

/*
 * Run a query on the latest snapshot; returns the number of rows, which are
 * in SPI_tuptable until the next query.  "nulls" may be NULL.
 */
uint64
cl_run(CachedQuery *query, const Datum *values, const char *nulls)
{
	SPIPlanPtr	plan = fetch_plan(query);
	int			result;

	result = SPI_execute_snapshot(plan, unconstify(Datum *, values), nulls,
								  GetLatestSnapshot(), InvalidSnapshot,
								  false, true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * The same on the snapshot that the calling query runs on, for functions that
 * only read.
 */
uint64
cl_read(CachedQuery *query, const Datum *values, const char *nulls)
{
	int			result = SPI_execute_plan(fetch_plan(query), unconstify(Datum *, values), nulls, true, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * The same with the rows given to a receiver one by one, as the executor makes
 * them.
 */
void
cl_stream(CachedQuery *query, const Datum *values, const char *nulls, DestReceiver *receiver)
{
	SPIPlanPtr	plan = fetch_plan(query);
	SPIExecuteOptions options = {0};
	int			result;

	options.params = makeParamList(query->nargs);
	for (int i = 0; i < query->nargs; i++)
	{
		ParamExternData *param = &options.params->params[i];

		param->value = values[i];
		param->isnull = nulls != NULL && nulls[i] == 'n';
		param->pflags = PARAM_FLAG_CONST;
		param->ptype = query->oids[i];
	}
	options.read_only = true;
	options.dest = receiver;
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
}

/* A column, from 1, of a row of the last result. */
Datum
cl_result(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

Datum
cl_text_array(const char **strings, int count)
{
	Datum	   *datums = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		datums[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(datums, count, TEXTOID, -1, false, TYPALIGN_INT));
}
