/*
 * spool.h
 *		Many streams of bytes, in memory as far as it goes, then in one file.
 */
#ifndef CL_SPOOL_H
#define CL_SPOOL_H

#include "cl_compat.h"
#include "storage/buffile.h"

#define SPOOL_CHUNK		BLCKSZ

/* A full chunk: in memory, or (memory is NULL) at that place of the file. */
typedef struct SpoolChunk
{
	char	   *memory;
	int64		place;
} SpoolChunk;

typedef struct SpoolStream
{
	char	   *open;			/* the chunk that is being filled */
	int			used;			/* SPOOL_CHUNK: full, or not yet there */
	SpoolChunk *chunks;
	int			count;
	int			capacity;
} SpoolStream;

typedef struct Spool
{
	MemoryContext context;
	Size		budget;			/* bytes of chunks to keep in memory */
	Size		kept;
	BufFile    *file;			/* NULL: all is in memory so far */
	int64		written;		/* chunks in the file */
} Spool;

/* What was in a stream, in one piece; used again for the next. */
typedef struct SpoolBuffer
{
	char	   *bytes;
	Size		length;
	Size		capacity;
} SpoolBuffer;

extern void cl_spool_init(Spool *spool, Size budget);
extern void cl_spool_write(Spool *spool, SpoolStream *stream, const void *bytes, Size length);
extern void cl_spool_load(Spool *spool, SpoolStream *stream, SpoolBuffer *buffer);
extern void cl_spool_end(Spool *spool);

static inline void
cl_spool_stream(SpoolStream *stream)
{
	memset(stream, 0, sizeof(SpoolStream));
	stream->used = SPOOL_CHUNK;
}

/* Bytes that are in a stream. */
static inline uint64
cl_spool_length(const SpoolStream *stream)
{
	return (uint64) stream->count * SPOOL_CHUNK + (stream->open ? stream->used : 0);
}

/* Append words to a stream that holds nothing but words. */
static inline void
cl_spool_words(Spool *spool, SpoolStream *stream, const uint64 *words, Size count)
{
	uint64	   *to;

	if (unlikely(stream->used + count * sizeof(uint64) > SPOOL_CHUNK))
	{
		cl_spool_write(spool, stream, words, count * sizeof(uint64));
		return;
	}
	to = (uint64 *) (stream->open + stream->used);
	for (Size i = 0; i < count; i++)
		to[i] = words[i];
	stream->used += (int) (count * sizeof(uint64));
}

#endif							/* CL_SPOOL_H */
