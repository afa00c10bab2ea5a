/*
 * caseload.c
 *		Module entry.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "activity.h"
#include "capacity.h"
#include "cl_compat.h"
#include "flag.h"

CL_MODULE_MAGIC("caseload", "0.1.0");

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	cl_clients_changed = cl_flags_after_change;
	cl_capacity_init();
	DefineCustomBoolVariable("caseload.notify",
							 "Whether a change of flags is told on the channel \"caseload\".",
							 "The message is empty: whoever hears it looks for himself. Transactions that change flags cannot be prepared then.",
							 &cl_notify, false, PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("caseload");
}
