/*
 * source_seen.c
 *		Row security of sources: whom a reader may see.
 *
 * What is known of a client is made of all his events.  So a reader may see
 * it when he may see all of them where they come from: he reads the relation
 * with his own rights, and the policies of its tables decide.  Whoever may
 * not read the relation at all sees none of its clients.
 *
 * This is found out once for each place in a query that asks, for all
 * clients at once.  The owner of our tables is not subject to policies, so
 * triggers and evaluate() see everything.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "key_set.h"
#include "query.h"
#include "source.h"

PG_FUNCTION_INFO_V1(may_see_client);

static CachedQuery secured_query = {
	"SELECT s.source_id FROM caseload.source s WHERE caseload._source_is_secured(s.source_id) ORDER BY 1", 0
};

/* by whether they are contacts */
static const char *const hidden_queries[2] = {
	"SELECT DISTINCT m.district_id, m.client_id FROM caseload.appointment m"
	" WHERE m.source_id = $1 AND NOT EXISTS (SELECT FROM seen s WHERE s.event_id = m.appointment_id)",
	"SELECT DISTINCT m.district_id, m.client_id FROM caseload.contact m"
	" WHERE m.source_id = $1 AND NOT EXISTS (SELECT FROM seen s WHERE s.event_id = m.contact_id)"
};

static TupleDesc
seen_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "event_id", TEXTOID, -1, 0);
	return desc;
}

/* The events of a source that the caller may see. */
static void
read_seen(const Source *source, Tuplestorestate *seen)
{
	MemoryContext context = CurrentMemoryContext;
	int			guc_level;
	StringInfoData query;
	char	   *definition;
	Oid			type = TEXTOID;
	SPIPlanPtr	plan;

	if (pg_class_aclcheck(source->relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		!DatumGetBool(OidFunctionCall2(F_HAS_SCHEMA_PRIVILEGE_OID_TEXT, ObjectIdGetDatum(get_rel_namespace(source->relid)),
									   CStringGetTextDatum("USAGE"))))
		return;
	guc_level = cl_pin_reading();
	/* what the view says, but read by the caller: the view itself would be read by its owner */
	definition = TextDatumGetCString(OidFunctionCall1(F_PG_GET_VIEWDEF_OID, ObjectIdGetDatum(source->view)));
	if (definition[0] != '\0' && definition[strlen(definition) - 1] == ';')
		definition[strlen(definition) - 1] = '\0';
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	cl_append_event_id(&query, source, "v");
	appendStringInfo(&query, " FROM (%s) AS v", definition);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(query.data, 1, &type);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	(void) cl_run_for_source(plan, source, NULL, seen, context);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, guc_level);
}

/* The clients of whom a source keeps something from the caller. */
static void
add_hidden(Source *source, KeySet *hidden)
{
	Tuplestorestate *seen = tuplestore_begin_heap(false, false, work_mem);
	Datum		id = CStringGetTextDatum(source->source_id);
	OwnerScope	scope;

	read_seen(source, seen);
	cl_enter_planned(&scope);
	cl_register_rows("seen", seen_desc(), seen);
	(void) cl_run_once(hidden_queries[source->contacts], 1, &id, NULL, true);
	cl_keys_add_result(hidden);
	cl_leave(&scope);
	tuplestore_end(seen);
}

static KeySet *
find_hidden(void)
{
	KeySet	   *hidden = cl_keys_new();
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	char	  **names;
	int			count;

	cl_enter(&scope);
	count = (int) cl_read(&secured_query, NULL, NULL);
	names = MemoryContextAlloc(context, sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		bool		isnull;
		char	   *name = TextDatumGetCString(cl_result(i, 1, &isnull));

		names[i] = MemoryContextStrdup(context, name);
	}
	cl_leave(&scope);
	for (int i = 0; i < count; i++)
		add_hidden(cl_source(names[i]), hidden);
	return hidden;
}

/*
 * may_see_client(district_id, client_id) -> boolean
 *
 * False when a source with row security has an event of the client that the
 * caller may not see.  Strict.  Found out once for the query at hand.
 */
Datum
may_see_client(PG_FUNCTION_ARGS)
{
	KeySet	   *hidden = fcinfo->flinfo->fn_extra;

	if (hidden == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		hidden = find_hidden();
		fcinfo->flinfo->fn_extra = hidden;
		MemoryContextSwitchTo(oldcontext);
	}
	PG_RETURN_BOOL(hidden->count == 0 || cl_keys_place(hidden, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)) < 0);
}

static CachedQuery kept_back_query = {
	"SELECT EXISTS (SELECT FROM caseload._source_behind($1) b (relid) JOIN pg_class c ON c.oid = b.relid"
	" WHERE c.relkind IN ('r', 'p') AND row_security_active(b.relid))", 1, {"text"}
};

/* Does row security keep rows of a source, or of what it is a view of, from the caller? */
bool
cl_is_kept_back(const Source *source)
{
	Datum		id = CStringGetTextDatum(source->source_id);
	int			guc_level = cl_enter_reader(false);
	bool		isnull;
	bool		kept;

	(void) cl_read(&kept_back_query, &id, NULL);
	kept = DatumGetBool(cl_result(0, 1, &isnull));
	cl_leave_reader(guc_level);
	return kept;
}
