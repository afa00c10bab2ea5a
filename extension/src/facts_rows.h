/*
 * facts_rows.h
 *		Rows of facts that a query gives, judged.
 */
#ifndef CL_FACTS_ROWS_H
#define CL_FACTS_ROWS_H

#include "flag.h"
#include "rule.h"

/* A row of facts with what names it, for the reader of rows. */
typedef struct FactsRow
{
	RuleSet    *rules;
	RuleProgram *program;
	FlagSubject subject;
	RuleScope	scope;
	TupleTableSlot *slot;
} FactsRow;

typedef void (*RowReader) (FactsRow *row, void *arg);

extern void cl_read_rows(RuleSet *rules, const DateADT *as_of, const char *district_id, const KeySet *set,
						 RowReader reader, void *arg);
extern void cl_append_facts(StringInfo query, const Subject *subject, const Bitmapset *wanted);
extern void cl_row_scope(FactsRow *row);

#endif							/* CL_FACTS_ROWS_H */
