/*
 * activity.h
 *		client_activity: the attendance value of every episode.
 */
#ifndef CL_ACTIVITY_H
#define CL_ACTIVITY_H

#include "key_set.h"

/*
 * Called for the clients whose facts a statement has changed, after their
 * values are right and while they are locked.  The floors above set it, so
 * that the facts need not know what is decided on them.
 */
extern void (*cl_clients_changed) (const KeySet *set);

#endif							/* CL_ACTIVITY_H */
