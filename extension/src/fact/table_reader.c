/*
 * table_reader.c
 *		Some columns of all rows of one of our tables.
 *
 * A plain table is scanned without the executor, which costs half of what a
 * query does.  A table that somebody has partitioned or given children, or
 * replaced by something else, is read through a cursor; who uses the reader
 * need not know.  Both read on the active snapshot and check no rights.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "query.h"
#include "table_reader.h"

#define ROWS_AT_ONCE	1000

/* The number of a column that must be of a type; InvalidOid: any enum. */
static AttrNumber
find_column(Relation relation, const char *column, Oid type)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), column);
	Oid			found;

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", column,
						RelationGetRelationName(relation))));
	found = getBaseType(TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid);
	if (OidIsValid(type) ? found != type : !type_is_enum(found))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" is not of the type that is needed", column,
						RelationGetRelationName(relation))));
	return number;
}

static Portal
open_portal(const char *table, int ncolumns, const char *const *columns)
{
	StringInfoData query;
	SPIPlanPtr	plan;
	Portal		portal;
	int			guc_level = NewGUCNestLevel();

	/* other queries of ours look keys up, this one reads all there is */
	(void) set_config_option("enable_seqscan", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	initStringInfo(&query);
	for (int i = 0; i < ncolumns; i++)
		appendStringInfo(&query, "%s%s", i ? ", " : "SELECT ", quote_identifier(columns[i]));
	appendStringInfo(&query, " FROM caseload.%s", quote_identifier(table));
	plan = SPI_prepare(query.data, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	/* read only: on the active snapshot */
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	SPI_freeplan(plan);
	AtEOXact_GUC(true, guc_level);
	pfree(query.data);
	return portal;
}

/*
 * Begin to read a table of schema caseload.  SPI is connected, and the
 * snapshot to read on is active.  The table stays locked to the end of the
 * transaction.
 */
void
cl_reader_open(TableReader *reader, const char *table, int ncolumns,
			   const char *const *columns, const Oid *types)
{
	Assert(ncolumns <= CL_READER_COLUMNS);
	memset(reader, 0, sizeof(TableReader));
	reader->ncolumns = ncolumns;
	reader->relation = relation_open(cl_table(table), AccessShareLock);
	for (int i = 0; i < ncolumns; i++)
	{
		AttrNumber	number = find_column(reader->relation, columns[i], types[i]);

		reader->at[i] = number - 1;
		reader->last = Max(reader->last, number);
	}

	if (reader->relation->rd_rel->relkind != RELKIND_RELATION || reader->relation->rd_rel->relhassubclass)
	{
		reader->portal = open_portal(table, ncolumns, columns);
		reader->values = reader->row_values;
		reader->isnull = reader->row_isnull;
		for (int i = 0; i < ncolumns; i++)
			reader->at[i] = i;
		return;
	}
	reader->slot = table_slot_create(reader->relation, NULL);
	reader->values = reader->slot->tts_values;
	reader->isnull = reader->slot->tts_isnull;
	/* from the first page on, so that the order is that of the table */
	reader->scan = table_beginscan_strat(reader->relation, GetActiveSnapshot(), 0, NULL, true, false);
}

/* cl_reader_next() of what is read through a cursor. */
bool
cl_reader_next_portal(TableReader *reader)
{
	if (reader->rows == NULL || reader->next == reader->rows->numvals)
	{
		if (reader->rows != NULL)
			SPI_freetuptable(reader->rows);
		SPI_cursor_fetch(reader->portal, true, ROWS_AT_ONCE);
		reader->rows = SPI_tuptable;
		reader->next = 0;
		if (SPI_processed == 0)
			return false;
	}
	for (int i = 0; i < reader->ncolumns; i++)
		reader->row_values[i] = SPI_getbinval(reader->rows->vals[reader->next], reader->rows->tupdesc,
											  i + 1, &reader->row_isnull[i]);
	reader->next++;
	return true;
}

void
cl_reader_close(TableReader *reader)
{
	if (reader->portal != NULL)
	{
		if (reader->rows != NULL)
			SPI_freetuptable(reader->rows);
		SPI_cursor_close(reader->portal);
	}
	else
	{
		table_endscan(reader->scan);
		ExecDropSingleTupleTableSlot(reader->slot);
	}
	relation_close(reader->relation, NoLock);
}

/* How large a table is; what has no pages of its own has none. */
int64
cl_table_pages(const char *table)
{
	Relation	relation = relation_open(cl_table(table), AccessShareLock);
	int64		pages = 0;

	if (relation->rd_rel->relkind == RELKIND_RELATION)
		pages = RelationGetNumberOfBlocks(relation);
	relation_close(relation, NoLock);
	return pages;
}
