/*
 * table.c
 *		Look rows of our own tables up without a query.
 *
 * A trigger that runs for every event cannot afford a query for each look:
 * starting and ending an executor costs more than all that it is to find.
 * So the tables that the common path reads are read by their indexes, as
 * the server reads its catalogs, on the snapshot that the caller takes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
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
	table->complete = false;
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
	cl_see_what_can_be_written(table, rel);
	table->complete = true;
	table_close(rel, AccessShareLock);
}

/* Open one of our tables; 55000 when install() has not been called. */
Relation
cl_open_table(CachedTable *table, LOCKMODE lock)
{
	Relation	rel;

	while (true)
	{
		if (!table->valid || !table->complete)
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
