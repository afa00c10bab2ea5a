/*
 * plan_reader.h
 *		A query for a plan in work, for the files that read its rows.
 */
#ifndef CL_PLAN_READER_H
#define CL_PLAN_READER_H

#include "executor/tuptable.h"
#include "fmgr.h"

#include "key_set.h"
#include "plan_read.h"

#define KNOWN_NUMBERS	256		/* a power of two */
#define KNOWN_BYTES		14

/* A column that a query may have. */
typedef struct Column
{
	const char *name;
	enum
	{
		COLUMN_ID, COLUMN_IDS, COLUMN_NUMBER, COLUMN_BOOLEAN
	}			kind;
	bool		wanted;
	int			number;			/* in the result; 0: not there */
	Oid			type;
	FmgrInfo	output;			/* of an id that is no text */
} Column;

/* A numeric that was read before: weights are few, and their arithmetic is slow. */
typedef struct KnownNumber
{
	uint8		length;			/* 0: none */
	char		bytes[KNOWN_BYTES];
	int64		thousandths;
} KnownNumber;

/* A therapist of whom a pair was read before; short ids are compared at once. */
typedef struct KnownId
{
	uint64		word;			/* 0: none */
	int			place;
} KnownId;

/* A query in work. */
typedef struct Reader
{
	const char *what;			/* for messages */
	Column	   *columns;
	int			n_columns;
	PlanInput  *rows;
	KeySet	   *therapists;
	KeySet	   *clients;
	KeySet	   *options;
	Datum		no_district;
	int64		memory_limit;
	void		(*take) (struct Reader *);
	KnownNumber *known;
	/* the row in work */
	int64		row;
	TupleTableSlot *slot;
	MemoryContext batch;		/* what a row leaves behind */
	int			capacity;		/* of the arrays that grow */
	bool		by_service;		/* what moves are services, not clients */
	int			last_client;	/* of the pair before; rows of a client often come together */
	size_t		last_length;	/* of its id */
	KnownId    *known_id;
} Reader;

/* What the row has in a column; NULL where there is no such column. */
static inline Datum
cl_reader_column(const Reader *reader, const Column *column, bool *isnull)
{
	*isnull = column->number == 0 || reader->slot->tts_isnull[column->number - 1];
	return *isnull ? (Datum) 0 : reader->slot->tts_values[column->number - 1];
}

/* plan_value.c */
pg_noreturn extern void cl_reader_bad_value(const Reader *reader, const Column *column, const char *id, const char *wrong, const char *hint);
extern Datum cl_reader_id(const Reader *reader, const Column *column, bool *isnull);
extern int64 cl_reader_number(const Reader *reader, const Column *column, const char *id, int64 when_null, bool may_be_null);
extern int64 cl_reader_whole(const Reader *reader, const Column *column, const char *id, int64 least, int64 most, int64 when_null, const char *hint);
extern bool cl_reader_boolean(const Reader *reader, const Column *column, bool when_null);
extern int	cl_reader_known(const Reader *reader, const KeySet *set, const Column *column, const char *id, const char *where);

/* plan_read.c */
extern void cl_reader_rows(Reader *reader, const PlanSource *source, const char *query, const char *of_tables, void (*take) (Reader *));

/* plan_options.c */
extern void cl_plan_read_options(Reader *reader, const PlanSource *source);
extern void cl_plan_add_options(PlanInput *rows);

#endif							/* CL_PLAN_READER_H */
