/*
 * flag.h
 *		Flags: what the rules say of the clients, as rows.
 */
#ifndef CL_FLAG_H
#define CL_FLAG_H

#include "key_set.h"
#include "utils/date.h"

typedef struct FlagCounts
{
	int64		raised;
	int64		resolved;
	int64		unchanged;
	int64		errors;
} FlagCounts;

extern void cl_flags_after_change(const KeySet *set);

/* Expects cl_enter() and a sorted, locked set; counts may be NULL. */
extern void cl_sync_flags(const KeySet *set, DateADT as_of, FlagCounts *counts);

#endif							/* CL_FLAG_H */
