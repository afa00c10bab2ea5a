/*
 * recompute.h
 *		The attendance of all episodes, made from all events in one pass.
 */
#ifndef CL_RECOMPUTE_H
#define CL_RECOMPUTE_H

#include "attendance.h"
#include "key_set.h"

/* One episode's value; what it points to is valid during the call only. */
typedef struct RecomputedValue
{
	const char *district_id;
	const char *client_id;
	int			episode;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	Attendance *attendance;
	/* what client_activity says */
	const Attendance *stored;	/* NULL: no row */
	DateADT		stored_from;
	DateADT		stored_until;
} RecomputedValue;

extern bool cl_recompute_pays(int64 clients);
extern int64 cl_recompute(const char *district_id, void (*emit) (const RecomputedValue *, void *), void *arg);
extern uint64 cl_recompute_and_write(const char *district_id, KeySet *changed, int64 *stored);

#endif							/* CL_RECOMPUTE_H */
