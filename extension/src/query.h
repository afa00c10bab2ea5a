/*
 * query.h
 *		The queries that our triggers run, each prepared once per backend.
 */
#ifndef CL_QUERY_H
#define CL_QUERY_H

#include "cl_compat.h"
#include "executor/spi.h"
#include "postgres_ext.h"

#define CL_QUERY_ARGS	8

/*
 * One query.  Static data of the file that runs it; "types" are names, since
 * the types of the extension have no fixed OIDs.  The plan lives until the
 * backend ends, or until what it names changes.
 */
typedef struct CachedQuery
{
	const char *text;
	int			nargs;
	const char *types[CL_QUERY_ARGS];
	Oid			oids[CL_QUERY_ARGS];	/* the types, when the plan was made */
	SPIPlanPtr	plan;
	bool		custom;			/* planned for the arguments of each run */
} CachedQuery;

/* What cl_enter() changed and cl_leave() restores. */
typedef struct OwnerScope
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} OwnerScope;

/* Structured fields of an error about one of our constraints. */
#define cl_errconstraint(table, constraint) \
	(err_generic_string(PG_DIAG_SCHEMA_NAME, "caseload"), \
	 err_generic_string(PG_DIAG_TABLE_NAME, table), \
	 err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint))

extern void cl_set_locally(const char *name, const char *value);
extern void cl_keep_to_lookups(void);
extern Oid	cl_owner(void);
extern void cl_act_as_owner(OwnerScope *scope);
extern void cl_stop_acting(const OwnerScope *scope);
extern void cl_enter(OwnerScope *scope);
extern void cl_enter_planned(OwnerScope *scope);
extern void cl_leave(const OwnerScope *scope);
extern int	cl_enter_reader(bool lookups);
extern void cl_leave_reader(int guc_level);
extern bool cl_want_statistics(int keys);
extern Oid	cl_table(const char *name);
extern uint64 cl_run(CachedQuery *query, const Datum *values, const char *nulls);
extern uint64 cl_read(CachedQuery *query, const Datum *values, const char *nulls);
extern void cl_stream(CachedQuery *query, const Datum *values, const char *nulls, DestReceiver *receiver);
extern Datum cl_result(int row, int column, bool *isnull);
extern Datum cl_text_array(const char **strings, int count);

#endif							/* CL_QUERY_H */
