/*
 * flag.h
 *		Flags: what the rules say of the clients, as rows.
 */
#ifndef CL_FLAG_H
#define CL_FLAG_H

#include "client_set.h"
#include "utils/date.h"

typedef struct FlagCounts
{
	int64		raised;
	int64		resolved;
	int64		unchanged;
	int64		errors;
} FlagCounts;

/* Expects cl_enter() and a sorted, locked set; counts may be NULL. */
extern void cl_sync_flags(const ClientSet *set, DateADT as_of, FlagCounts *counts);

#endif							/* CL_FLAG_H */
