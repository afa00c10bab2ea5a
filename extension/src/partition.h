/*
 * partition.h
 *		Rows of several tables, dealt out by the client they belong to.
 */
#ifndef CL_PARTITION_H
#define CL_PARTITION_H

#include "attendance.h"
#include "key_set.h"
#include "spool.h"

/* What a row is.  They must come in this order. */
typedef enum RowKind
{
	ROW_CLIENT,					/* payload: what the caller wants */
	ROW_EPISODE,				/* payload: episode; one word follows: the period */
	ROW_EVENT,					/* payload: event */
	ROW_STORED					/* payload: episode; period and value follow, with a long header */
} RowKind;

/*
 * A row begins with one word of, from the highest bit,
 *
 *		kind		2 bits
 *		long form	1 bit
 *		words		6 bits, of the client_id
 *		district	19 bits, its number
 *		payload		36 bits; of an event, from 1970 on
 *
 * Where one of them does not fit, two more words follow: words and district,
 * and the whole payload.  Then comes the client_id, with zero bytes to a
 * whole number of words, at least one, and then what the kind says.
 */
#define PAYLOAD_BITS	36
#define DISTRICT_BITS	19
#define WORDS_BITS		6
#define KIND_SHIFT		62
#define LONG_FORM		(UINT64CONST(1) << 61)
#define MOST(bits)		((UINT64CONST(1) << (bits)) - 1)
#define EVENT_BASE		((uint64) EVENT(CL_SECS_TO_UNIX_EPOCH, 0))

#define CL_WORDS(bytes)	(((Size) (bytes) + sizeof(uint64) - 1) / sizeof(uint64))

/* Such a row, taken apart. */
typedef struct PartRow
{
	RowKind		kind;
	uint32		words;
	uint32		district;
	uint64		payload;
	uint64	   *key;
	uint64	   *rest;			/* behind the key */
} PartRow;

/* The districts seen last, to be found without a search. */
#define DISTRICT_CACHE	256

typedef struct CachedDistrict
{
	const char *name;			/* NULL: none yet */
	Size		length;
	uint64		begin;			/* the first eight bytes */
	uint64		end;			/* the last eight bytes */
	uint32		number;
} CachedDistrict;

typedef struct Partitions
{
	int			bits;			/* how many there are, as a power of two */
	SpoolStream *streams;
	Spool		spool;
	KeySet	   *districts;		/* a district's number is its index */
	Datum		no_id;			/* the other half of their keys */
	CachedDistrict cached[DISTRICT_CACHE];
} Partitions;

/* One zone; a client's is the payload of its row. */
typedef struct ClientZone
{
	char		name[CL_MAX_ZONE + 1];
	int			length;
	LocalClock	clock;
} ClientZone;

typedef struct DealtRows
{
	Partitions *parts;
	ClientZone *zones;
	int			n_zones;
} DealtRows;

/* recompute_read.c */
extern DealtRows *cl_deal_out_rows(const char *district_id);

/* partition.c */
extern Partitions *cl_partitions_new(int64 pages);
extern void cl_partitions_add(Partitions *parts, RowKind kind, Datum district_id, Datum client_id,
							  uint64 payload, const uint64 *rest, Size rest_words);

/* Multiply and fold each word: the keys are ids of our own, not of attackers. */
static inline uint32
cl_hash_key(uint32 district, const uint64 *key, uint32 words)
{
	uint64		hash = (UINT64CONST(0x9e3779b97f4a7c15) ^ district) * UINT64CONST(0xc4ceb9fe1a85ec53);

	for (uint32 i = 0; i < words; i++)
	{
		hash = (hash ^ key[i]) * UINT64CONST(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	hash *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return (uint32) (hash >> 32);
}

/* Take a row apart; returns where its key ends. */
static inline uint64 *
cl_read_row(uint64 *at, PartRow *row)
{
	uint64		head = *at++;

	row->kind = (RowKind) (head >> KIND_SHIFT);
	if (likely((head & LONG_FORM) == 0))
	{
		row->words = (uint32) ((head >> (PAYLOAD_BITS + DISTRICT_BITS)) & MOST(WORDS_BITS));
		row->district = (uint32) ((head >> PAYLOAD_BITS) & MOST(DISTRICT_BITS));
		row->payload = head & MOST(PAYLOAD_BITS);
	}
	else
	{
		row->words = (uint32) (*at >> 32);
		row->district = (uint32) *at++;
		row->payload = *at++;
	}
	if (row->kind == ROW_EVENT)
		row->payload += EVENT_BASE;
	row->key = at;
	row->rest = at + row->words;
	return row->rest;
}

#endif							/* CL_PARTITION_H */
