/*
 * table_reader.h
 *		Some columns of all rows of one of our tables.
 */
#ifndef CL_TABLE_READER_H
#define CL_TABLE_READER_H

#include "cl_compat.h"
#include "access/tableam.h"
#include "executor/spi.h"

#define CL_READER_COLUMNS	6

typedef struct TableReader
{
	/* column n of the row last read is values[at[n]] */
	const Datum *values;
	const bool *isnull;
	int			at[CL_READER_COLUMNS];

	int			ncolumns;
	Relation	relation;
	/* a plain table is scanned ... */
	TableScanDesc scan;
	TupleTableSlot *slot;
	AttrNumber	last;
	/* ... and anything else asked through SPI */
	Portal		portal;
	SPITupleTable *rows;
	uint64		next;
	Datum		row_values[CL_READER_COLUMNS];
	bool		row_isnull[CL_READER_COLUMNS];
} TableReader;

extern void cl_reader_open(TableReader *reader, const char *table, int ncolumns,
						   const char *const *columns, const Oid *types);
extern bool cl_reader_next_portal(TableReader *reader);
extern void cl_reader_close(TableReader *reader);
extern int64 cl_table_pages(const char *table);

/*
 * Read the next row; false after the last.  What the values point to is valid
 * until the row after it is read.
 */
static inline bool
cl_reader_next(TableReader *reader)
{
	if (reader->scan == NULL)
		return cl_reader_next_portal(reader);
	if (!table_scan_getnextslot(reader->scan, ForwardScanDirection, reader->slot))
		return false;
	slot_getsomeattrs(reader->slot, reader->last);
	return true;
}

/* A column of that row, from 0. */
static inline Datum
cl_reader_value(const TableReader *reader, int column)
{
	return reader->values[reader->at[column]];
}

static inline bool
cl_reader_isnull(const TableReader *reader, int column)
{
	return reader->isnull[reader->at[column]];
}

#endif							/* CL_TABLE_READER_H */
