/*
 * load.h
 *		The counter of each therapist: what the services promise, by day.
 */
#ifndef CL_LOAD_H
#define CL_LOAD_H

#include "key_set.h"
#include "load_profile.h"
#include "table.h"
#include "utils/date.h"

/* A row of service, as far as it says something of a load. */
typedef struct ServiceLine
{
	Datum		district_id;
	Datum		service_id;
	Datum		client_id;
	Datum		therapist_id;	/* 0: waiting */
	Datum		discipline;
	Oid			delivery;
	int			tier;
	int64		dosage;			/* packed; 0: not recorded */
	int32		group_size;
	DateADT		from;			/* infinite where open */
	DateADT		until;
} ServiceLine;

#define CL_SERVICE_COLUMNS	10

/* Which columns of a table these are; of the trigger that reads them. */
typedef struct ServiceColumns
{
	AttrNumber	numbers[CL_SERVICE_COLUMNS];
} ServiceColumns;

/* The days on which a client is enrolled, and where. */
#define CL_CLIENT_EPISODES	8

typedef struct ClientFrame
{
	bool		found;
	const char *site;			/* not terminated */
	int			site_length;	/* -1: not recorded */
	int			count;
	int			capacity;
	DateADT    *from;
	DateADT    *until;
} ClientFrame;

/*
 * Called for each therapist whose counter is written; "framed": because
 * episodes or sites of clients changed.  Either may be NULL.
 */
extern void (*cl_load_changed) (const SubjectKey *key, const LoadProfile *before,
								const LoadProfile *after, bool framed);

extern bool cl_same_text(Datum a, Datum b);
extern const ServiceColumns *cl_service_columns(FunctionCallInfo fcinfo);
extern void cl_read_service(const ServiceColumns *columns, Relation rel, HeapTuple tuple, ServiceLine *line);
extern void cl_read_frame(Datum district_id, Datum client_id, Snapshot snapshot, ClientFrame *frame);
extern void cl_add_service(LoadSteps *steps, const ServiceLine *line, const ClientFrame *frame, int32 change);
extern LoadProfile *cl_recompute_load(const SubjectKey *key, Snapshot snapshot);
extern LoadProfile *cl_stored_load(const SubjectKey *key, Snapshot snapshot, HeapTuple *row);
extern bool cl_write_load(const SubjectKey *key, HeapTuple row, const LoadProfile *before, LoadProfile *load, bool framed);
extern LoadProfile *cl_current_load(const SubjectKey *key, Snapshot snapshot);

extern uint64 cl_loads_generation(void);
extern bool cl_load_pending(Datum district_id, Datum therapist_id);
extern uint64 cl_apply_loads(void);
extern uint64 cl_rebuild_loads(const char *district_id, const char *client_id);

#endif							/* CL_LOAD_H */
