/*
 * partition.c
 *		Rows of several tables, dealt out by the client they belong to.
 *
 * Tables of events are in order of time, so that each event belongs to
 * another client than the one before, and whatever looks its client up, or
 * adds it to something kept for that client, waits for memory.  Here rows are
 * only dealt out, by a hash of the client's key, to a few hundred partitions,
 * which is writing one behind the other.  What is to be done with the rows of
 * a client is done later, partition by partition, in the cache.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "partition.h"

/* How many, as a power of two; each takes a chunk of the spool. */
#define FEWEST_PARTITIONS	3
#define USUAL_PARTITIONS	8
#define MOST_PARTITIONS		14

/* Pages of the tables for each partition: beyond that there are more partitions. */
#define PAGES_PER_PARTITION	2048

StaticAssertDecl(ROW_STORED < (1 << (64 - KIND_SHIFT)) &&
				 PAYLOAD_BITS + DISTRICT_BITS + WORDS_BITS == 61, "the head of a row must fit in a word");

/*
 * Partitions for tables of so many pages, in the current memory context.  The
 * chunks that are open take no more than a fourth of maintenance_work_mem.
 */
Partitions *
cl_partitions_new(int64 pages)
{
	Partitions *parts = palloc0(sizeof(Partitions));
	Size		budget = (Size) maintenance_work_mem * 1024;

	parts->bits = USUAL_PARTITIONS;
	while (parts->bits < MOST_PARTITIONS && (pages >> parts->bits) > PAGES_PER_PARTITION)
		parts->bits++;
	while (parts->bits > FEWEST_PARTITIONS && ((Size) SPOOL_CHUNK << parts->bits) > budget / 4)
		parts->bits--;
	parts->streams = palloc(sizeof(SpoolStream) << parts->bits);
	for (int i = 0; i < 1 << parts->bits; i++)
		cl_spool_stream(&parts->streams[i]);
	cl_spool_init(&parts->spool, budget);
	parts->districts = cl_keys_new();
	parts->no_id = PointerGetDatum(cstring_to_text(""));
	return parts;
}

/* Up to eight bytes as a word, the rest zero. */
static inline uint64
load_bytes(const char *bytes, Size count)
{
	uint64		word = 0;

	if (likely(count >= sizeof(word)))
		memcpy(&word, bytes, sizeof(word));
	else
		memcpy(&word, bytes, count);
	return word;
}

/* The number of a district. */
static inline uint32
district_number(Partitions *parts, Datum district_id)
{
	const text *district = DatumGetTextPP(district_id);
	Size		length = VARSIZE_ANY_EXHDR(district);
	const char *name = VARDATA_ANY(district);
	uint64		begin = load_bytes(name, length);
	uint64		end = length > 8 ? load_bytes(name + length - 8, 8) : begin;
	CachedDistrict *cached = &parts->cached[((end ^ length) * UINT64CONST(0xff51afd7ed558ccd)) >> 56];

	if (unlikely(cached->name == NULL || cached->length != length ||
				 cached->begin != begin || cached->end != end ||
				 (length > 16 && memcmp(cached->name + 8, name + 8, length - 16) != 0)))
	{
		cached->number = (uint32) cl_keys_add(parts->districts, district_id, parts->no_id);
		cached->name = parts->districts->keys[cached->number].district_id;
		cached->length = length;
		cached->begin = begin;
		cached->end = end;
	}
	return cached->number;
}

/* Append a row, with what follows its key, to the partition of its client. */
void
cl_partitions_add(Partitions *parts, RowKind kind, Datum district_id, Datum client_id,
				  uint64 payload, const uint64 *rest, Size rest_words)
{
	uint32		district = district_number(parts, district_id);
	const text *client = DatumGetTextPP(client_id);
	const char *id = VARDATA_ANY(client);
	Size		length = VARSIZE_ANY_EXHDR(client);
	Size		words = Max(CL_WORDS(length), 1);
	uint64		buffer[16];
	uint64	   *row = buffer;
	uint64	   *key;
	SpoolStream *stream;

	if (unlikely(words + 3 > lengthof(buffer)))
		row = palloc(sizeof(uint64) * (words + 3));
	if (kind == ROW_EVENT)
		payload -= EVENT_BASE;
	if (likely(words <= MOST(WORDS_BITS) && district <= MOST(DISTRICT_BITS) && payload <= MOST(PAYLOAD_BITS)))
	{
		row[0] = ((uint64) kind << KIND_SHIFT) | ((uint64) words << (PAYLOAD_BITS + DISTRICT_BITS)) |
			((uint64) district << PAYLOAD_BITS) | payload;
		key = row + 1;
	}
	else
	{
		row[0] = ((uint64) kind << KIND_SHIFT) | LONG_FORM;
		row[1] = ((uint64) words << 32) | district;
		row[2] = payload;
		key = row + 3;
	}
	for (Size i = 0; i + 1 < words; i++)
		memcpy(&key[i], id + i * sizeof(uint64), sizeof(uint64));
	key[words - 1] = load_bytes(id + (words - 1) * sizeof(uint64), length - (words - 1) * sizeof(uint64));

	stream = &parts->streams[cl_hash_key(district, key, (uint32) words) >> (32 - parts->bits)];
	cl_spool_words(&parts->spool, stream, row, (key - row) + words);
	if (rest_words > 0)
		cl_spool_words(&parts->spool, stream, rest, rest_words);
	if (unlikely(row != buffer))
		pfree(row);
}
