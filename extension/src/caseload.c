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
	MarkGUCPrefixReserved("caseload");
}
