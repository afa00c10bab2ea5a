/*
 * source.c
 *		What a source is: the relation, its keys and its owner, read off the
 *		view that attach() has made.
 *
 * The view caseload.source_ID says in SQL what the columns of the relation
 * mean, one column for each thing that we want to know, and key_1 ... for the
 * columns that name a row.  It is ours, so that nobody else changes what it
 * says, is read with the rights of whoever reads it (security_invoker), and is
 * granted to the owner of the relation alone.  Being an ordinary view it
 * follows a column that is renamed, keeps one that is needed from being
 * dropped, and is dumped.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "query.h"
#include "source.h"

static HTAB *sources = NULL;

static CachedQuery source_query = {
	"SELECT s.kind = 'contact', s.unknown = 'skip', s.mode = 'scan' FROM caseload.source s WHERE s.source_id = $1",
	1, {"text"}
};

/* May be called at any time: no catalog access, only marks. */
static void
invalidate_sources(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	Source	   *source;

	hash_seq_init(&status, sources);
	while ((source = hash_seq_search(&status)) != NULL)
	{
		if (!OidIsValid(relid) || relid == source->view || relid == source->relid)
			source->valid = false;
	}
}

/* The name of the view of a source. */
char *
cl_source_view_name(const char *source_id)
{
	return psprintf("source_%s", source_id);
}

pg_noreturn static void
refuse_lost(const char *source_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("source \"%s\" has lost its view", source_id),
			 errdetail("The relation, or a column that the mapping needs, was dropped with all that depends on it."),
			 errhint("SELECT caseload.detach('%s'), and attach it again as it is now.", source_id)));
}

/* The row of caseload.source; 22023 where there is none. */
static void
read_row(Source *source, const char *source_id)
{
	OwnerScope	scope;
	Datum		id = CStringGetTextDatum(source_id);
	bool		isnull;

	cl_enter(&scope);
	if (cl_run(&source_query, &id, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown source \"%s\"", source_id),
				 errhint("SELECT * FROM caseload.sources lists them.")));
	source->contacts = DatumGetBool(cl_result(0, 1, &isnull));
	source->skip = DatumGetBool(cl_result(0, 2, &isnull));
	source->scan = DatumGetBool(cl_result(0, 3, &isnull));
	cl_leave(&scope);
}

/* The relation and its key columns, from the view. */
static void
read_view(Source *source)
{
	Relation	view = relation_open(source->view, AccessShareLock);
	Query	   *query;
	Index		relation;
	ListCell   *cell;
	char		kind;

	if (view->rd_rel->relkind != RELKIND_VIEW)
		refuse_lost(source->source_id);
	query = get_view_query(view);
	if (list_length(query->jointree->fromlist) != 1 || !IsA(linitial(query->jointree->fromlist), RangeTblRef))
		refuse_lost(source->source_id);
	relation = linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex;
	source->relid = rt_fetch(relation, query->rtable)->relid;
	kind = get_rel_relkind(source->relid);
	source->is_table = (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE);
	source->n_keys = 0;
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		int			number;

		if (target->resname == NULL || sscanf(target->resname, "key_%d", &number) != 1)
			continue;
		if (number != source->n_keys + 1 || number > CL_SOURCE_KEYS || !IsA(target->expr, Var))
			refuse_lost(source->source_id);
		source->keys[source->n_keys] = ((Var *) target->expr)->varattno;
		source->key_types[source->n_keys] = ((Var *) target->expr)->vartype;
		source->key_folds[source->n_keys++] = OidIsValid(((Var *) target->expr)->varcollid) &&
			!get_collation_isdeterministic(((Var *) target->expr)->varcollid);
	}
	if (source->n_keys == 0)
		refuse_lost(source->source_id);
	relation_close(view, NoLock);
}

static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

static void
forget_plan(SPIPlanPtr *plan)
{
	if (*plan != NULL)
		SPI_freeplan(*plan);
	*plan = NULL;
}

/*
 * A source by its name, which stays where it is for the life of the backend.
 * 22023 for an unknown one, 55000 when its view is gone.
 */
Source *
cl_source(const char *source_id)
{
	Source	   *source;

	if (sources == NULL)
	{
		HASHCTL		control = {.keysize = NAMEDATALEN, .entrysize = sizeof(Source)};

		sources = hash_create("caseload sources", 16, &control, HASH_ELEM | HASH_STRINGS);
		CacheRegisterRelcacheCallback(invalidate_sources, (Datum) 0);
	}
	source = strlen(source_id) < NAMEDATALEN ? hash_search(sources, source_id, HASH_FIND, NULL) : NULL;
	if (source == NULL)
	{
		Source		known;

		/* one that there is not must leave nothing behind; the names of the others are short */
		read_row(&known, source_id);
		source = hash_search(sources, source_id, HASH_ENTER, NULL);
		memset(source, 0, sizeof(Source));
		memcpy(source->source_id, source_id, strlen(source_id) + 1);
	}
	AcceptInvalidationMessages();
	if (!source->valid || !source->complete)
	{
		source->complete = false;
		/* an outer level may be running them; after an error nobody knows, and they stay */
		for (size_t i = 0; i < lengthof(source->plans); i++)
		{
			if (source->running == 0)
				forget_plan(&source->plans[i]);
			source->plans[i] = NULL;
		}
		source->view = source->relid = InvalidOid;
		read_row(source, source_id);
		source->view = get_relname_relid(cl_source_view_name(source_id), get_namespace_oid("caseload", false));
		if (!OidIsValid(source->view))
			refuse_lost(source_id);
		/* before reading: what changes from now on must be read again */
		source->valid = true;
		read_view(source);
		source->complete = true;
	}
	/* it may have gone to somebody else since */
	source->owner = owner_of(source->relid);
	return source;
}

/* The row type of keys: key_1, key_2 ... */
TupleDesc
cl_source_key_desc(const Source *source)
{
	TupleDesc	desc = CreateTemplateTupleDesc(source->n_keys);

	for (int i = 0; i < source->n_keys; i++)
		TupleDescInitEntry(desc, i + 1, psprintf("key_%d", i + 1), source->key_types[i], -1, 0);
	return desc;
}
