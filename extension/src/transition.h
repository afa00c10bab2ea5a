/*
 * transition.h
 *		How triggers are called, and the transition tables of statement triggers.
 */
#ifndef CL_TRANSITION_H
#define CL_TRANSITION_H

#include "cl_compat.h"
#include "commands/trigger.h"
#include "key_set.h"

extern TriggerData *cl_trigger(FunctionCallInfo fcinfo, const char *name);
extern TriggerData *cl_row_trigger(FunctionCallInfo fcinfo, const char *name, bool before, bool deletes);
extern TriggerData *cl_statement_trigger(FunctionCallInfo fcinfo, const char *name, int nargs);
extern void cl_check_trigger_owner(const TriggerData *trigdata);
extern int	cl_column(const TriggerData *trigdata, const char *column, Oid type);
extern void cl_read_keys(TriggerData *trigdata, Tuplestorestate *store, const char *key, KeySet *set);

#endif							/* CL_TRANSITION_H */
