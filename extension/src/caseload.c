/*
 * caseload.c
 *		Module entry.
 */
#include "postgres.h"

#include "cl_compat.h"

CL_MODULE_MAGIC("caseload", "0.1.0");
