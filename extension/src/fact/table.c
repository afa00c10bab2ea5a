/*
 * table.c
 *		Look rows of our own tables up without a query.
 *
 * A trigger that runs for every event cannot afford a query for each look:
 * starting and ending an executor costs more than all that it is to find.
 * So the tables that the common path reads are read by their indexes, as
 * the server reads its catalogs, on the snapshot that the caller takes.
 *
 * Only derived data are written like this, and only where nobody could tell
 * the difference: no trigger of anybody's, no constraint to check, no index
 * but plain ones.  Everywhere else the caller writes by a query.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "query.h"
#include "table.h"

/* All that have been looked up in this backend. */
static CachedTable *known = NULL;

/* May be called at any time: no catalog access, only marks. */
static void
invalidate_tables(Datum arg, Oid relid)
{
	for (CachedTable *table = known; table != NULL; table = table->next)
	{
		if (!OidIsValid(relid) || relid == table->relid || relid == table->indexid)
			table->valid = false;
	}
}

/* Would an update by query do anything but change the row? */
static bool
is_simple(Relation rel)
{
	TupleConstr *constraints = RelationGetDescr(rel)->constr;
	bool		simple = (rel->rd_rel->relkind == RELKIND_RELATION &&
						  rel->rd_rel->relam == HEAP_TABLE_AM_OID);
	List	   *indexes;
	ListCell   *cell;

	if (constraints != NULL && (constraints->num_check > 0 || constraints->has_generated_stored))
		return false;
	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		/* keys do not change */
		if ((trigger->tgtype & TRIGGER_TYPE_UPDATE) && RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_NONE)
			return false;
	}
	indexes = RelationGetIndexList(rel);
	foreach(cell, indexes)
	{
		Relation	index = relation_open(lfirst_oid(cell), AccessShareLock);

		simple = simple && index->rd_index->indimmediate && !index->rd_index->indisexclusion &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
		relation_close(index, AccessShareLock);
	}
	list_free(indexes);
	return simple;
}

static void
resolve_table(CachedTable *table)
{
	Oid			schema = get_namespace_oid("caseload", false);
	Relation	rel;

	if (!table->listed)
	{
		if (known == NULL)
			CacheRegisterRelcacheCallback(invalidate_tables, (Datum) 0);
		table->next = known;
		known = table;
		table->listed = true;
	}
	table->relid = cl_table(table->name);
	/* before reading: what changes from now on must be looked up again */
	table->valid = true;
	rel = table_open(table->relid, AccessShareLock);
	table->indexid = get_relname_relid(table->index, schema);
	if (!OidIsValid(table->indexid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index caseload.%s does not exist", table->index),
				 errhint("SELECT caseload.install() makes it.")));
	for (int i = 0; table->columns[i] != NULL; i++)
	{
		table->numbers[i] = get_attnum(table->relid, table->columns[i]);
		if (table->numbers[i] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"%s\" does not exist", table->columns[i], table->name)));
	}
	table->simple = is_simple(rel);
	table_close(rel, AccessShareLock);
}

/* Open one of our tables; 55000 when install() has not been called. */
Relation
cl_open_table(CachedTable *table, LOCKMODE lock)
{
	Relation	rel;

	while (true)
	{
		if (!table->valid)
			resolve_table(table);
		/* the lock brings news */
		rel = table_open(table->relid, lock);
		if (table->valid)
			return rel;
		table_close(rel, lock);
	}
}

/*
 * The rows whose first columns equal the keys, in the order of the index;
 * systable_getnext() gives them, systable_endscan() ends it.
 */
SysScanDesc
cl_lookup(const CachedTable *table, Relation rel, Snapshot snapshot, const Datum *keys, int n_keys)
{
	ScanKeyData scan_keys[4];

	Assert(n_keys <= (int) lengthof(scan_keys));
	for (int i = 0; i < n_keys; i++)
		ScanKeyEntryInitialize(&scan_keys[i], 0, table->numbers[i], BTEqualStrategyNumber,
							   InvalidOid, C_COLLATION_OID, F_TEXTEQ, keys[i]);
	return systable_beginscan(rel, table->indexid, true, snapshot, n_keys, scan_keys);
}

/* A column of a row, by its place in table->columns. */
Datum
cl_column_of(const CachedTable *table, Relation rel, HeapTuple tuple, int column, bool *isnull)
{
	return heap_getattr(tuple, table->numbers[column], RelationGetDescr(rel), isnull);
}

/*
 * Change one column of a row.  The caller has looked up that table->simple,
 * holds the lock that keeps others away, and calls CommandCounterIncrement()
 * when it has done all its rows.
 */
void
cl_update_row(Relation rel, HeapTuple tuple, const CachedTable *table, int column, Datum value)
{
	int			number = table->numbers[column];
	bool		isnull = false;
	HeapTuple	changed = heap_modify_tuple_by_cols(tuple, RelationGetDescr(rel), 1, &number, &value, &isnull);

	CatalogTupleUpdate(rel, &tuple->t_self, changed);
	heap_freetuple(changed);
}
