/*
 * table_write.c
 *		Write rows of our own tables without a query.
 *
 * Derived data change with every event, and an executor for each change
 * would cost more than all the rest: it prepares constraints, indexes and
 * foreign keys anew for every statement.  So rows are put into the heap and
 * its indexes as the server does with its catalogs, where nobody could tell
 * the difference: no triggers of anybody's, no constraints but those that we
 * know and meet, no indexes but plain ones and those of rows that have NULL
 * in a column, nothing that would call a function of a user's.  Everywhere
 * else the caller writes by a query.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "table.h"

/* ---------------------------------------------------------------- asking --- */

/* Is every CHECK of the table one that the caller says it meets? */
static bool
checks_are_known(const CachedTable *table, Relation rel)
{
	TupleConstr *constraints = RelationGetDescr(rel)->constr;
	List	   *context;

	if (constraints == NULL || constraints->num_check == 0)
		return true;
	if (table->checks == NULL)
		return false;
	context = deparse_context_for(RelationGetRelationName(rel), RelationGetRelid(rel));
	for (int i = 0; i < constraints->num_check; i++)
	{
		char	   *text = deparse_expression(stringToNode(constraints->check[i].ccbin), context, false, false);
		bool		known = false;

		for (const char *const *check = table->checks; *check != NULL && !known; check++)
			known = strcmp(text, *check) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* Take an index down; false for one that is not plain. */
static bool
add_index(CachedTable *table, Relation index)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	CachedIndex *cached;

	if (table->n_indexes == CL_TABLE_INDEXES || index->rd_rel->relam != BTREE_AM_OID ||
		!index->rd_index->indisready || !index->rd_index->indisvalid ||
		!index->rd_index->indimmediate || index->rd_index->indisexclusion)
		return false;
	for (int i = 0; i < index->rd_index->indnatts; i++)
	{
		if (index->rd_index->indkey.values[i] <= 0)
			return false;
		/* comparing must not run what a user wrote */
		if (i < index->rd_index->indnkeyatts && index->rd_opfamily[i] >= FirstNormalObjectId)
			return false;
	}
	cached = &table->indexes[table->n_indexes++];
	cached->indexid = RelationGetRelid(index);
	cached->null_column = 0;
	if (predicate != NIL)
	{
		NullTest   *test = linitial(predicate);

		if (list_length(predicate) != 1 || !IsA(test, NullTest) || test->nulltesttype != IS_NULL ||
			!IsA(test->arg, Var) || ((Var *) test->arg)->varattno <= 0)
			return false;
		cached->null_column = ((Var *) test->arg)->varattno;
	}
	return true;
}

/* Would a query do anything else than cl_update_row() and cl_insert_row()? */
void
cl_see_what_can_be_written(CachedTable *table, Relation rel)
{
	TupleConstr *constraints = RelationGetDescr(rel)->constr;
	List	   *indexes;
	ListCell   *cell;
	bool		plain = (rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->relam == HEAP_TABLE_AM_OID &&
						 rel->rd_rules == NULL &&
						 !(constraints != NULL && constraints->has_generated_stored) &&
						 checks_are_known(table, rel));

	table->n_indexes = 0;
	indexes = RelationGetIndexList(rel);
	foreach(cell, indexes)
	{
		Relation	index = relation_open(lfirst_oid(cell), AccessShareLock);

		plain = plain && add_index(table, index);
		relation_close(index, AccessShareLock);
	}
	list_free(indexes);
	table->can_update = table->can_insert = plain;
	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		/* of foreign keys: keys do not change, and who inserts looks himself */
		if (RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_NONE)
			continue;
		if (trigger->tgtype & TRIGGER_TYPE_UPDATE)
			table->can_update = false;
		if (trigger->tgtype & TRIGGER_TYPE_INSERT)
			table->can_insert = false;
	}
}

/* --------------------------------------------------------------- writing --- */

/* The table must stay open until cl_end_writing(). */
void
cl_begin_writing(RowWriter *writer, const CachedTable *table, Relation rel)
{
	writer->table = table;
	writer->rel = rel;
	writer->context = CurrentMemoryContext;
	writer->opened = false;
}

void
cl_end_writing(RowWriter *writer)
{
	for (int i = 0; writer->opened && i < writer->table->n_indexes; i++)
		index_close(writer->indexes[i], RowExclusiveLock);
}

/* New rows usually stay on their page, and then no index is needed. */
static void
open_indexes(RowWriter *writer)
{
	MemoryContext oldcontext;

	if (writer->opened)
		return;
	oldcontext = MemoryContextSwitchTo(writer->context);
	for (int i = 0; i < writer->table->n_indexes; i++)
	{
		writer->indexes[i] = index_open(writer->table->indexes[i].indexid, RowExclusiveLock);
		writer->infos[i] = BuildIndexInfo(writer->indexes[i]);
	}
	MemoryContextSwitchTo(oldcontext);
	writer->opened = true;
}

static void
insert_index_entries(RowWriter *writer, HeapTuple tuple, const Datum *values, const bool *nulls, bool is_update)
{
	open_indexes(writer);
	for (int i = 0; i < writer->table->n_indexes; i++)
	{
		Relation	index = writer->indexes[i];
		AttrNumber	null_column = writer->table->indexes[i].null_column;
		Datum		keys[INDEX_MAX_KEYS];
		bool		key_nulls[INDEX_MAX_KEYS];

		if (null_column > 0 && !nulls[null_column - 1])
			continue;
		for (int column = 0; column < index->rd_index->indnatts; column++)
		{
			keys[column] = values[index->rd_index->indkey.values[column] - 1];
			key_nulls[column] = nulls[index->rd_index->indkey.values[column] - 1];
		}
		(void) index_insert(index, keys, key_nulls, &tuple->t_self, writer->rel,
							index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
							is_update, writer->infos[i]);
	}
}

/*
 * Insert a row, where table->can_insert.  The caller has looked at foreign
 * keys, and calls CommandCounterIncrement() when it has done all its rows.
 */
void
cl_insert_row(RowWriter *writer, Datum *values, bool *nulls)
{
	TupleDesc	tupdesc = RelationGetDescr(writer->rel);
	HeapTuple	tuple;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (nulls[i] && TupleDescAttr(tupdesc, i)->attnotnull)
			elog(ERROR, "column %d of table \"%s\" must not be null", i + 1, RelationGetRelationName(writer->rel));
	}
	tuple = heap_form_tuple(tupdesc, values, nulls);
	simple_heap_insert(writer->rel, tuple);
	insert_index_entries(writer, tuple, values, nulls, false);
	heap_freetuple(tuple);
}

/*
 * Change columns of a row that are in no key, where table->can_update;
 * "columns" are places in table->columns.  The caller holds the lock that
 * keeps others away, and calls CommandCounterIncrement() when it has done all
 * its rows.
 */
void
cl_update_row(RowWriter *writer, HeapTuple tuple, int n_columns, const int *columns,
			  const Datum *values, const bool *nulls)
{
	TupleDesc	tupdesc = RelationGetDescr(writer->rel);
	int			numbers[CL_TABLE_COLUMNS];
	HeapTuple	changed;

	for (int i = 0; i < n_columns; i++)
		numbers[i] = writer->table->numbers[columns[i]];
	changed = heap_modify_tuple_by_cols(tuple, tupdesc, n_columns, numbers,
										unconstify(Datum *, values), unconstify(bool *, nulls));
	simple_heap_update_compat(writer->rel, &tuple->t_self, changed);
	if (!HeapTupleIsHeapOnly(changed))
	{
		Datum	   *all = palloc(sizeof(Datum) * tupdesc->natts);
		bool	   *all_nulls = palloc(sizeof(bool) * tupdesc->natts);

		heap_deform_tuple(changed, tupdesc, all, all_nulls);
		insert_index_entries(writer, changed, all, all_nulls, true);
		pfree(all);
		pfree(all_nulls);
	}
	heap_freetuple(changed);
}
