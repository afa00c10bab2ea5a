/*
 * delta.h
 *		What a statement changed of the events, net.
 */
#ifndef CL_DELTA_H
#define CL_DELTA_H

#include "activity.h"
#include "attendance.h"
#include "key_set.h"
#include "table.h"
#include "transition.h"

typedef struct EventDelta
{
	int			client;			/* index into the client set */
	int			sign;			/* +1 added, -1 removed */
	Event		event;
} EventDelta;

typedef struct DeltaList
{
	EventDelta *deltas;
	int64		count;
	int64		capacity;
} DeltaList;

/* The codes of the labels of one enum, looked up once a statement. */
typedef struct LabelCache
{
	Oid			label[CL_STATUSES];
	int			code[CL_STATUSES];
	int			count;
} LabelCache;

extern int	cl_label_code(LabelCache *cache, Oid label);
/* client_activity by its key */
extern CachedTable cl_activity_table;

extern void cl_read_events(TriggerData *trigdata, Tuplestorestate *store, int sign,
						   KeySet *set, DeltaList *list);
extern KeySet *cl_net_deltas(KeySet *touched, DeltaList *list);
extern KeySet *cl_added_clients(const KeySet *set, const DeltaList *list, const KeySet *among);
extern KeySet *cl_apply_deltas(const KeySet *set, const DeltaList *list, ClientValues *values);
extern void cl_period_bounds(Datum period, DateADT *from, DateADT *until);
pg_noreturn extern void cl_refuse_orphan(const char *client_id, const char *day, const char *periods);

#endif							/* CL_DELTA_H */
