/*
 * table.h
 *		Look rows of our own tables up without a query.
 */
#ifndef CL_TABLE_H
#define CL_TABLE_H

#include "cl_compat.h"
#include "access/genam.h"
#include "access/htup.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#define CL_TABLE_COLUMNS	24

/*
 * One table with the index that its rows are looked up by.  Static data of
 * the file that reads it; "columns" begin with those of the index and end
 * with NULL.
 */
typedef struct CachedTable
{
	const char *name;
	const char *index;
	const char *columns[CL_TABLE_COLUMNS + 1];
	/* looked up when needed */
	bool		valid;
	bool		listed;
	Oid			relid;
	Oid			indexid;
	AttrNumber	numbers[CL_TABLE_COLUMNS];
	bool		simple;			/* cl_update_row() will do */
	struct CachedTable *next;
} CachedTable;

extern Relation cl_open_table(CachedTable *table, LOCKMODE lock);
extern SysScanDesc cl_lookup(const CachedTable *table, Relation rel, Snapshot snapshot,
							 const Datum *keys, int n_keys);
extern Datum cl_column_of(const CachedTable *table, Relation rel, HeapTuple tuple, int column, bool *isnull);
extern void cl_update_row(Relation rel, HeapTuple tuple, const CachedTable *table, int column, Datum value);

#endif							/* CL_TABLE_H */
