/*
 * source_ddl.c
 *		Event trigger: what becomes of sources when tables are made or altered.
 *
 * Whoever alters a table of his need not have any right on ours, so what is
 * to be done is done as our owner; it is written in SQL (56-attach), where the
 * server tells what the command was about.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/event_trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "query.h"

PG_FUNCTION_INFO_V1(source_after_ddl);

static CachedQuery any_query = {
	"SELECT EXISTS (SELECT FROM caseload.source)", 0
};

static CachedQuery after_ddl_query = {
	"SELECT caseload._sources_after_ddl($1)", 1, {"text"}
};

static CachedQuery after_drop_query = {
	"SELECT caseload._sources_after_drop()", 0
};

/*
 * Event trigger on ddl_command_end and sql_drop.  Brings triggers and rows of
 * sources along with partitions, and views with owners; refuses what cannot be
 * followed; warns of sources that have lost their relation.
 */
Datum
source_after_ddl(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;
	Oid			schema = get_namespace_oid("caseload", true);
	OwnerScope	scope;
	bool		isnull;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by event trigger manager", "source_after_ddl")));
	/* caseload may be coming or going itself */
	if (!OidIsValid(schema) || !OidIsValid(get_relname_relid("source", schema)) ||
		!OidIsValid(get_relname_relid("client_activity", schema)))
		PG_RETURN_NULL();

	cl_enter_planned(&scope);
	(void) cl_run(&any_query, NULL, NULL);
	if (DatumGetBool(cl_result(0, 1, &isnull)))
	{
		if (strcmp(data->event, "sql_drop") == 0)
			(void) cl_run(&after_drop_query, NULL, NULL);
		else
		{
			Datum		tag = CStringGetTextDatum(GetCommandTagName(data->tag));

			(void) cl_run(&after_ddl_query, &tag, NULL);
		}
	}
	cl_leave(&scope);
	PG_RETURN_NULL();
}
