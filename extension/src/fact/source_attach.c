/*
 * source_attach.c
 *		attach() and detach(): whoever owns a relation may make it a source, if
 *		he may also write what it will write.
 *
 * The view of a source, its triggers and its row in our tables are made as
 * our owner, so that nobody else can change what they say, and an app's owner
 * needs no right to make objects among ours.  What he may do is asked before,
 * as himself, in SQL (55-attach).
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "query.h"
#include "source.h"

PG_FUNCTION_INFO_V1(attach);
PG_FUNCTION_INFO_V1(detach);

static CachedQuery may_attach_query = {
	"SELECT caseload._check_attach($1, $2)", 2, {"regclass", "jsonb"}
};

static CachedQuery attach_query = {
	"SELECT caseload._attach($1, $2, $3, $4)", 4, {"regclass", "jsonb", "text", "text"}
};

static CachedQuery may_change_query = {
	"SELECT caseload._check_source($1)", 1, {"text"}
};

static CachedQuery detach_query = {
	"SELECT caseload._detach($1, $2)", 2, {"text", "bool"}
};

/* Run a check as the caller. */
static void
check_as_caller(CachedQuery *query, const Datum *values)
{
	int			guc_level = cl_enter_reader(false);

	(void) cl_run(query, values, NULL);
	cl_leave_reader(guc_level);
}

/* 42501 for whoever is neither owner of the relation of a source nor of our tables; 22023 for an unknown one. */
void
cl_check_source_owner(const char *source_id)
{
	Datum		id = CStringGetTextDatum(source_id);

	check_as_caller(&may_change_query, &id);
}

/*
 * attach(relation, mapping, mode, source) -> source_id
 *
 * Makes a relation a source of appointments or contacts.  A source of NULL is
 * named after the relation.  22004 for a NULL otherwise; 42501 for whoever
 * does not own the relation, or may not write what it will write; 22023 with
 * all that is wrong with the mapping, or the rows; 23514 for events outside
 * every episode.
 */
Datum
attach(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext oldcontext;
	Datum		values[4];
	OwnerScope	scope;
	Datum		result;
	bool		isnull;
	Oid			relid;
	char		kind;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation, mapping and mode must be given")));
	for (int i = 0; i < 4; i++)
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	relid = PG_GETARG_OID(0);

	/* before the lock: nobody locks what is not his; and after, when it cannot go to somebody else any more */
	check_as_caller(&may_attach_query, values);
	kind = get_rel_relkind(relid);
	/* writers in flight come first, others wait until all is there */
	LockRelationOid(relid, kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ? ShareRowExclusiveLock : AccessShareLock);
	check_as_caller(&may_attach_query, values);

	cl_enter_planned(&scope);
	(void) cl_run(&attach_query, values, PG_ARGISNULL(3) ? "   n" : NULL);
	oldcontext = MemoryContextSwitchTo(context);
	result = PointerGetDatum(PG_DETOAST_DATUM_COPY(cl_result(0, 1, &isnull)));
	MemoryContextSwitchTo(oldcontext);
	cl_leave(&scope);
	PG_RETURN_DATUM(result);
}

/*
 * detach(source_id, keep) -> void
 *
 * Takes attach() back.  Strict.  22023 for an unknown source, 42501 for
 * whoever owns neither its relation nor our tables.
 */
Datum
detach(PG_FUNCTION_ARGS)
{
	Datum		values[2] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	OwnerScope	scope;

	check_as_caller(&may_change_query, values);
	cl_enter_planned(&scope);
	(void) cl_run(&detach_query, values, NULL);
	cl_leave(&scope);
	PG_RETURN_VOID();
}
