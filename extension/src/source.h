/*
 * source.h
 *		Sources: relations of others whose rows are events of ours, too.
 */
#ifndef CL_SOURCE_H
#define CL_SOURCE_H

#include "cl_compat.h"
#include "access/attnum.h"
#include "access/tupdesc.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/tuplestore.h"

#define CL_SOURCE_KEYS	8

/* Which rows of a source are read. */
typedef enum ReadWhat
{
	READ_ALL,
	READ_KEYED,
	READ_ONE
} ReadWhat;

/*
 * An attached relation, as this backend knows it.  All but the row of
 * caseload.source is read off the view that attach() has made: the server
 * keeps it right when columns are renamed and databases restored.
 */
typedef struct Source
{
	char		source_id[NAMEDATALEN];
	bool		valid;			/* not changed since it was read */
	bool		complete;		/* reading it came to its end */
	Oid			view;
	Oid			relid;			/* what is attached */
	Oid			owner;			/* of the relation, with whose rights it is read */
	bool		contacts;		/* into contact, else into appointment */
	bool		skip;			/* what cannot be understood is counted, not refused */
	bool		scan;			/* no triggers */
	bool		is_table;		/* rows have a key that is theirs alone */
	int			n_keys;
	AttrNumber	keys[CL_SOURCE_KEYS];	/* columns of the relation; of a view, too */
	Oid			key_types[CL_SOURCE_KEYS];
	bool		key_folds[CL_SOURCE_KEYS];	/* texts that differ may be equal: collations, as letters in any case */
	SPIPlanPtr	plans[3];		/* by ReadWhat */
	int			running;		/* of the plans: those are not to be freed */
} Source;

/* Rows of a source as appointments or contacts, see source_read.c. */
#define CL_INCOMING_EVENT_ID	1
#define CL_INCOMING_GONE		2
#define CL_INCOMING_DISTRICT_ID	3
#define CL_INCOMING_CLIENT_ID	4
#define CL_INCOMING_THERAPIST_ID	8
#define CL_INCOMING_STARTS_AT	10
#define CL_INCOMING_MINUTES		11
#define CL_INCOMING_STATUS		12
#define CL_INCOMING_FAULT		13
#define CL_INCOMING_COLUMNS		14

/* source.c */
extern Source *cl_source(const char *source_id);
extern char *cl_source_view_name(const char *source_id);
extern TupleDesc cl_source_key_desc(const Source *source);

/* source_attach.c */
extern void cl_check_source_owner(const char *source_id);

/* source_read.c */
extern TupleDesc cl_incoming_desc(void);
extern int	cl_pin_reading(void);
extern uint64 cl_run_for_source(SPIPlanPtr plan, const Source *source, const Datum *keys, Tuplestorestate *store, MemoryContext context);
extern void cl_append_event_id(StringInfo query, const Source *source, const char *alias);
extern void cl_register_rows(const char *name, TupleDesc desc, Tuplestorestate *rows);
extern uint64 cl_run_once(const char *text, int nargs, const Datum *values, const char *nulls, bool reading);
extern void cl_read_source(Source *source, Tuplestorestate *changed, bool deleted, Tuplestorestate *incoming);

/* source_seen.c */
extern bool cl_is_kept_back(const Source *source);

/* source_write.c */
extern uint64 cl_take_source(Source *source, Tuplestorestate *changed, bool deleted);

#endif							/* CL_SOURCE_H */
