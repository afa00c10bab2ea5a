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
#define CL_TABLE_INDEXES	8

/* An index of a table that rows are written to without a query. */
typedef struct CachedIndex
{
	Oid			indexid;
	AttrNumber	null_column;	/* only rows that have NULL there are in it; 0: all are */
} CachedIndex;

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
	const char *const *checks;	/* constraints that what is written without a query meets; NULL: none */
	/* looked up when needed */
	bool		valid;			/* not changed since */
	bool		complete;		/* looking came to its end */
	bool		listed;
	Oid			relid;
	Oid			indexid;
	AttrNumber	numbers[CL_TABLE_COLUMNS];
	bool		can_update;		/* cl_update_row() will do */
	bool		can_insert;		/* cl_insert_row() will do, but for foreign keys */
	CachedIndex indexes[CL_TABLE_INDEXES];	/* if so: all that there are */
	int			n_indexes;
	struct CachedTable *next;
} CachedTable;

/* Writes rows of one table. */
typedef struct RowWriter
{
	const CachedTable *table;
	Relation	rel;
	MemoryContext context;
	bool		opened;			/* the indexes */
	Relation	indexes[CL_TABLE_INDEXES];
	struct IndexInfo *infos[CL_TABLE_INDEXES];
} RowWriter;

/* table.c */
extern Relation cl_open_table(CachedTable *table, LOCKMODE lock);
extern SysScanDesc cl_lookup(const CachedTable *table, Relation rel, Snapshot snapshot,
							 const Datum *keys, int n_keys);
extern Datum cl_column_of(const CachedTable *table, Relation rel, HeapTuple tuple, int column, bool *isnull);

/* table_write.c */
extern void cl_see_what_can_be_written(CachedTable *table, Relation rel);
extern void cl_begin_writing(RowWriter *writer, const CachedTable *table, Relation rel);
extern void cl_insert_row(RowWriter *writer, Datum *values, bool *nulls);
extern void cl_update_row(RowWriter *writer, HeapTuple tuple, int n_columns, const int *columns,
						  const Datum *values, const bool *nulls);
extern void cl_end_writing(RowWriter *writer);

#endif							/* CL_TABLE_H */
