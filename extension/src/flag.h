/*
 * flag.h
 *		Flags: what the rules say of the clients, as rows.
 */
#ifndef CL_FLAG_H
#define CL_FLAG_H

#include "key_set.h"

/* For cl_clients_changed: expects cl_enter() and a sorted, locked set. */
extern void cl_flags_after_change(const KeySet *set);

#endif							/* CL_FLAG_H */
