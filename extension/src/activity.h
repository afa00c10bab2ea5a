/*
 * activity.h
 *		client_activity: the attendance value of every episode.
 */
#ifndef CL_ACTIVITY_H
#define CL_ACTIVITY_H

#include "attendance.h"
#include "key_set.h"

/* A row of client_activity. */
typedef struct ActivityValue
{
	int			episode;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	Attendance *attendance;
} ActivityValue;

/* All rows of a client. */
typedef struct ClientValues
{
	ActivityValue *rows;
	int			count;
} ClientValues;

/*
 * Called for the clients whose facts a statement has changed, after their
 * values are right and while they are locked.  The floors above set it, so
 * that the facts need not know what is decided on them.  "values" are the rows
 * of each client where they are at hand, else NULL.
 */
extern void (*cl_clients_changed) (const KeySet *set, const ClientValues *values);

/* before.c */
extern void cl_lock_noted(const KeySet *set);
extern void cl_forget_noted(void);

#endif							/* CL_ACTIVITY_H */
