/*
 * activity.h
 *		client_activity: the attendance value of every episode.
 */
#ifndef CL_ACTIVITY_H
#define CL_ACTIVITY_H

#include "client_set.h"

/* All these expect cl_enter() and a sorted, locked set. */
extern uint64 cl_activity_rebuild(const ClientSet *set);
extern void cl_check_episodes(const ClientSet *set);
extern void cl_check_services(const ClientSet *set);
extern void cl_enroll(const ClientSet *set);

#endif							/* CL_ACTIVITY_H */
