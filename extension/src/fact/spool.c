/*
 * spool.c
 *		Many streams of bytes, in memory as far as it goes, then in one file.
 *
 * All streams grow by chunks of one size.  Full chunks stay in memory until
 * the budget is used up; from then on they go to the end of one temporary
 * file, whichever stream they belong to.  So writing is sequential, one file
 * serves any number of streams, and a stream is read back in the order in
 * which it was written.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "spool.h"

/* An empty spool in the current memory context. */
void
cl_spool_init(Spool *spool, Size budget)
{
	memset(spool, 0, sizeof(Spool));
	spool->context = CurrentMemoryContext;
	spool->budget = budget;
}

/* Put the full chunk of a stream away and open the next. */
static void
turn_chunk(Spool *spool, SpoolStream *stream)
{
	SpoolChunk *chunk;

	stream->used = 0;
	if (stream->open == NULL)
	{
		stream->open = MemoryContextAlloc(spool->context, SPOOL_CHUNK);
		spool->kept += SPOOL_CHUNK;
		return;
	}

	if (stream->count == stream->capacity)
	{
		stream->capacity = stream->capacity ? stream->capacity * 2 : 8;
		stream->chunks = stream->chunks ?
			repalloc_huge(stream->chunks, sizeof(SpoolChunk) * (Size) stream->capacity) :
			MemoryContextAlloc(spool->context, sizeof(SpoolChunk) * (Size) stream->capacity);
	}
	chunk = &stream->chunks[stream->count++];
	if (spool->kept + SPOOL_CHUNK <= spool->budget)
	{
		chunk->memory = stream->open;
		stream->open = MemoryContextAlloc(spool->context, SPOOL_CHUNK);
		spool->kept += SPOOL_CHUNK;
		return;
	}

	if (spool->file == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(spool->context);

		spool->file = BufFileCreateTemp(false);
		MemoryContextSwitchTo(oldcontext);
	}
	BufFileWrite(spool->file, stream->open, SPOOL_CHUNK);
	chunk->memory = NULL;
	chunk->place = spool->written++;
}

void
cl_spool_write(Spool *spool, SpoolStream *stream, const void *bytes, Size length)
{
	const char *from = bytes;

	while (length > 0)
	{
		int			part;

		if (stream->used == SPOOL_CHUNK)
			turn_chunk(spool, stream);
		part = (int) Min(length, (Size) (SPOOL_CHUNK - stream->used));
		memcpy(stream->open + stream->used, from, part);
		stream->used += part;
		from += part;
		length -= part;
	}
}

/* Move all that is in a stream into the buffer, and give its memory back. */
void
cl_spool_load(Spool *spool, SpoolStream *stream, SpoolBuffer *buffer)
{
	char	   *to;

	buffer->length = (Size) cl_spool_length(stream);
	if (buffer->length > buffer->capacity)
	{
		if (buffer->bytes != NULL)
			pfree(buffer->bytes);
		buffer->capacity = buffer->length + buffer->length / 4;
		buffer->bytes = MemoryContextAllocHuge(spool->context, buffer->capacity);
	}

	to = buffer->bytes;
	for (int i = 0; i < stream->count; i++, to += SPOOL_CHUNK)
	{
		SpoolChunk *chunk = &stream->chunks[i];

		if (chunk->memory != NULL)
		{
			memcpy(to, chunk->memory, SPOOL_CHUNK);
			pfree(chunk->memory);
			spool->kept -= SPOOL_CHUNK;
			continue;
		}
		if (BufFileSeekBlock(spool->file, chunk->place) != 0 ||
			BufFileRead(spool->file, to, SPOOL_CHUNK) != SPOOL_CHUNK)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from a temporary file")));
	}
	if (stream->open != NULL)
	{
		memcpy(to, stream->open, stream->used);
		pfree(stream->open);
		spool->kept -= SPOOL_CHUNK;
	}
	if (stream->chunks != NULL)
		pfree(stream->chunks);
	cl_spool_stream(stream);
}

/* Close the file; the memory goes with its context. */
void
cl_spool_end(Spool *spool)
{
	if (spool->file != NULL)
		BufFileClose(spool->file);
	spool->file = NULL;
}
