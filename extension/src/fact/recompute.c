/*
 * recompute.c
 *		The attendance of all episodes, made from all events in one pass.
 *
 * Every table is scanned once, and its rows are dealt out to partitions of
 * clients (partition.c), which spill where they are too many.  A partition
 * then fits in the cache: its clients are numbered, its events are put in
 * their order, and the values are made one after the other.  Nothing is kept
 * for all clients.
 *
 * The meaning is that of caseload._activity_recompute() and _orphan_events().
 * Everything is read on one snapshot, the latest when the work begins.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "delta.h"
#include "partition.h"
#include "recompute.h"

typedef struct Recompute
{
	MemoryContext context;
	MemoryContext value_context;	/* reset for each value */
	void		(*emit) (const RecomputedValue *, void *);
	void	   *arg;
	int64		values;			/* handed to emit */
	DealtRows  *rows;
} Recompute;

typedef struct PartClient
{
	const uint64 *key;
	uint32		words;
	uint32		district;
	uint32		hash;
	int			zone;
	uint32		episodes_end;	/* into Partition.episodes; they begin where those before end */
	Size		events_end;		/* the same, into Partition.events */
	Size		stored;			/* the last one, index + 1; 0: none */
} PartClient;

typedef struct PartEpisode
{
	uint32		client;
	int			episode;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
} PartEpisode;

typedef struct PartStored
{
	const Attendance *value;
	DateADT		from;
	DateADT		until;
	Size		previous;		/* of the same client, index + 1; 0: none */
	int			episode;
} PartStored;

/* One partition in work; the arrays are used again for the next. */
typedef struct Partition
{
	SpoolBuffer rows;
	PartClient *clients;
	Size		n_clients;
	Size		clients_capacity;
	uint32	   *buckets;		/* number of the client + 1; 0: free */
	Size		buckets_capacity;
	uint32		mask;
	PartEpisode *episodes;		/* by client and period */
	Size		n_episodes;
	Size		episodes_capacity;
	uint64	   *first_event;	/* among the rows */
	uint64	   *end_of_events;
	Event	   *events;			/* by client */
	Size		events_capacity;
	PartStored *stored;
	Size		n_stored;
	Size		stored_capacity;
	char	   *id;				/* of the client in work */
	Size		id_capacity;
} Partition;

/* ---------------------------------------------------------- one partition --- */

/* An array with room for one more. */
static void *
with_room(Recompute *work, void *array, Size count, Size *capacity, Size size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity * 2 + 1024;
	return array ? repalloc_huge(array, size * *capacity) :
		MemoryContextAllocHuge(work->context, size * *capacity);
}

/* An array with room for so many, whose content is lost. */
static void *
fresh_array(Recompute *work, void *array, Size count, Size *capacity, Size size)
{
	if (count <= *capacity)
		return array;
	if (array != NULL)
		pfree(array);
	*capacity = count + count / 4 + 1024;
	return MemoryContextAllocHuge(work->context, size * *capacity);
}

/* The bucket of a client, or the free one where it would be. */
static inline uint32
find_bucket(const Partition *part, uint32 district, const uint64 *key, uint32 words, uint32 hash)
{
	uint32		i = hash & part->mask;

	for (; part->buckets[i] != 0; i = (i + 1) & part->mask)
	{
		const PartClient *client = &part->clients[part->buckets[i] - 1];
		uint32		same = 0;

		if (client->hash != hash || client->words != words || client->district != district)
			continue;
		while (same < words && client->key[same] == key[same])
			same++;
		if (same == words)
			break;
	}
	return i;
}

/* Take the clients, which come first; returns where the other rows begin. */
static uint64 *
take_clients(Recompute *work, Partition *part, uint64 *at, uint64 *end)
{
	Size		n_buckets = 1024;

	part->n_clients = 0;
	while (at < end)
	{
		PartRow		row;
		uint64	   *next = cl_read_row(at, &row);
		PartClient *client;

		if (row.kind != ROW_CLIENT)
			break;
		part->clients = with_room(work, part->clients, part->n_clients, &part->clients_capacity, sizeof(PartClient));
		client = &part->clients[part->n_clients++];
		memset(client, 0, sizeof(PartClient));
		client->key = row.key;
		client->words = row.words;
		client->district = row.district;
		client->zone = (int) row.payload;
		client->hash = cl_hash_key(row.district, row.key, row.words);
		at = next;
		if ((part->n_clients & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	while (n_buckets < part->n_clients * 2)
		n_buckets *= 2;
	if (n_buckets > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many clients")));
	part->mask = (uint32) (n_buckets - 1);
	part->buckets = fresh_array(work, part->buckets, n_buckets, &part->buckets_capacity, sizeof(uint32));
	memset(part->buckets, 0, sizeof(uint32) * n_buckets);
	for (Size i = 0; i < part->n_clients; i++)
	{
		const PartClient *client = &part->clients[i];

		part->buckets[find_bucket(part, client->district, client->key, client->words, client->hash)] = (uint32) i + 1;
	}
	return at;
}

static int
compare_episodes(const void *a, const void *b)
{
	const PartEpisode *left = a;
	const PartEpisode *right = b;

	if (left->client != right->client)
		return left->client < right->client ? -1 : 1;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	if (left->until != right->until)
		return left->until < right->until ? -1 : 1;
	return left->episode < right->episode ? -1 : left->episode > right->episode ? 1 : 0;
}

/*
 * Take the other rows of those clients; what belongs to nobody is left
 * out.  Of an event only its owner is told, in place of the key.
 */
static void
take_rows(Recompute *work, Partition *part, uint64 *at, uint64 *end)
{
	Size		taken = 0;

	part->n_episodes = 0;
	part->n_stored = 0;
	part->first_event = NULL;
	part->end_of_events = NULL;
	while (at < end)
	{
		PartRow		row;
		uint64	   *rest = cl_read_row(at, &row);
		uint32		owner = part->buckets[find_bucket(part, row.district, row.key, row.words,
													  cl_hash_key(row.district, row.key, row.words))];
		PartClient *client = owner > 0 ? &part->clients[owner - 1] : NULL;

		if ((++taken & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		if (row.kind == ROW_EVENT)
		{
			if (part->first_event == NULL)
				part->first_event = at;
			part->end_of_events = rest;
			row.key[0] = owner;
			if (client != NULL)
				client->events_end++;	/* a count, so far */
			at = rest;
		}
		else if (row.kind == ROW_EPISODE)
		{
			if (client != NULL)
			{
				PartEpisode *episode;

				part->episodes = with_room(work, part->episodes, part->n_episodes,
										   &part->episodes_capacity, sizeof(PartEpisode));
				episode = &part->episodes[part->n_episodes++];
				episode->client = owner - 1;
				episode->episode = (int) row.payload;
				episode->from = ((const DateADT *) rest)[0];
				episode->until = ((const DateADT *) rest)[1];
				client->episodes_end++; /* a count, so far */
			}
			at = rest + 1;
		}
		else
		{
			if (client != NULL)
			{
				PartStored *stored;

				part->stored = with_room(work, part->stored, part->n_stored,
										 &part->stored_capacity, sizeof(PartStored));
				stored = &part->stored[part->n_stored++];
				stored->from = ((const DateADT *) rest)[0];
				stored->until = ((const DateADT *) rest)[1];
				stored->value = (const Attendance *) (rest + 1);
				stored->episode = (int) row.payload;
				stored->previous = client->stored;
				client->stored = part->n_stored;
			}
			at = rest + 1 + CL_WORDS(VARSIZE(rest + 1));
		}
	}
}

/* Put episodes and events into the order of clients. */
static void
sort_rows(Recompute *work, Partition *part)
{
	Size		events = 0;
	uint32		episodes = 0;
	Size		taken = 0;

	/* nearly always they lie in their table as the clients do */
	for (Size i = 1; i < part->n_episodes; i++)
	{
		if (compare_episodes(&part->episodes[i - 1], &part->episodes[i]) > 0)
		{
			qsort(part->episodes, part->n_episodes, sizeof(PartEpisode), compare_episodes);
			break;
		}
	}

	for (Size i = 0; i < part->n_clients; i++)
	{
		Size		own = part->clients[i].events_end;

		/* where they begin; each event then moves it on */
		part->clients[i].events_end = events;
		events += own;
		episodes += part->clients[i].episodes_end;
		part->clients[i].episodes_end = episodes;
	}
	part->events = fresh_array(work, part->events, events, &part->events_capacity, sizeof(Event));
	for (uint64 *at = part->first_event; at != part->end_of_events;)
	{
		PartRow		row;

		at = cl_read_row(at, &row);
		if (row.key[0] > 0)
			part->events[part->clients[row.key[0] - 1].events_end++] = (Event) row.payload;
		if ((++taken & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* ------------------------------------------------------------- one client --- */

/* What belongs to one client. */
typedef struct ClientHistory
{
	const PartClient *client;
	const char *district_id;
	const char *client_id;
	ClientZone *zone;
	const PartEpisode *episodes;
	uint32		n_episodes;
	Event	   *events;
	Size		n_events;
} ClientHistory;

static inline bool
holds(const PartEpisode *episode, LocalClock *clock, Event event)
{
	int64		second = EVENT_SECOND(event);

	return (DATE_IS_NOBEGIN(episode->from) || cl_day_reached(clock, second, episode->from + CL_DAYS_TO_PG_EPOCH)) &&
		(DATE_IS_NOEND(episode->until) || !cl_day_reached(clock, second, episode->until + CL_DAYS_TO_PG_EPOCH));
}

static char *
date_text(DateADT date)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)));
}

/* 23514 for an event outside every episode. */
static void
refuse_event(const ClientHistory *own, Event event)
{
	StringInfoData periods;

	initStringInfo(&periods);
	for (uint32 i = 0; i < own->n_episodes; i++)
	{
		const PartEpisode *episode = &own->episodes[i];

		/* as the type daterange prints them */
		appendStringInfo(&periods, "%s%c%s,%s)", i ? ", " : "",
						 DATE_IS_NOBEGIN(episode->from) ? '(' : '[',
						 DATE_IS_NOBEGIN(episode->from) ? "" : date_text(episode->from),
						 DATE_IS_NOEND(episode->until) ? "" : date_text(episode->until));
	}
	cl_refuse_orphan(own->client_id,
					 date_text(cl_local_day(&own->zone->clock, EVENT_SECOND(event)) - CL_DAYS_TO_PG_EPOCH),
					 own->n_episodes > 0 ? periods.data : "none");
}

static void
check_events(const ClientHistory *own)
{
	for (Size i = 0; i < own->n_events; i++)
	{
		uint32		at = 0;

		while (at < own->n_episodes && !holds(&own->episodes[at], &own->zone->clock, own->events[i]))
			at++;
		if (at == own->n_episodes)
			refuse_event(own, own->events[i]);
		if ((i & 0xffff) == 0xffff)
			CHECK_FOR_INTERRUPTS();
	}
}

/* The value of an episode; the only one of a client has all events. */
static Attendance *
make_value(const ClientHistory *own, const PartEpisode *episode)
{
	Event	   *events = own->events;
	Size		count = own->n_events;

	if (own->n_episodes > 1)
	{
		events = palloc_extended(sizeof(Event) * Max(count, 1), MCXT_ALLOC_HUGE);
		count = 0;
		for (Size i = 0; i < own->n_events; i++)
		{
			if (holds(episode, &own->zone->clock, own->events[i]))
				events[count++] = own->events[i];
			if ((i & 0xffff) == 0xffff)
				CHECK_FOR_INTERRUPTS();
		}
	}
	if (count > CL_MAX_EVENTS)
		cl_too_many_events();
	return cl_attendance_from_events(events, (uint32) count, own->zone->name, own->zone->length);
}

static void
make_client(Recompute *work, const Partition *part, const ClientHistory *own)
{
	check_events(own);
	for (uint32 i = 0; i < own->n_episodes; i++)
	{
		RecomputedValue value;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(work->value_context);
		value.district_id = own->district_id;
		value.client_id = own->client_id;
		value.episode = own->episodes[i].episode;
		value.from = own->episodes[i].from;
		value.until = own->episodes[i].until;
		value.attendance = make_value(own, &own->episodes[i]);
		value.stored = NULL;
		for (Size at = own->client->stored; at > 0; at = part->stored[at - 1].previous)
		{
			const PartStored *stored = &part->stored[at - 1];

			if (stored->episode != value.episode)
				continue;
			value.stored = stored->value;
			value.stored_from = stored->from;
			value.stored_until = stored->until;
		}
		work->emit(&value, work->arg);
		work->values++;
	}
}

/* The id of a client, until the next is asked for. */
static const char *
client_id_text(Recompute *work, Partition *part, const PartClient *client)
{
	Size		length = sizeof(uint64) * client->words;

	/* a full last word has no zero byte */
	part->id = fresh_array(work, part->id, length + 1, &part->id_capacity, 1);
	memcpy(part->id, client->key, length);
	part->id[length] = '\0';
	return part->id;
}

static void
make_partition(Recompute *work, Partition *part, SpoolStream *stream)
{
	uint64	   *at;
	uint64	   *end;
	Size		events = 0;
	uint32		episodes = 0;

	cl_spool_load(&work->rows->parts->spool, stream, &part->rows);
	at = (uint64 *) part->rows.bytes;
	end = at + part->rows.length / sizeof(uint64);
	at = take_clients(work, part, at, end);
	take_rows(work, part, at, end);
	sort_rows(work, part);

	for (Size i = 0; i < part->n_clients; i++)
	{
		ClientHistory own;

		own.client = &part->clients[i];
		own.district_id = work->rows->parts->districts->keys[own.client->district].district_id;
		own.client_id = client_id_text(work, part, own.client);
		own.zone = &work->rows->zones[own.client->zone];
		own.episodes = part->episodes + episodes;
		own.n_episodes = own.client->episodes_end - episodes;
		own.events = part->events + events;
		own.n_events = own.client->events_end - events;
		make_client(work, part, &own);
		episodes = own.client->episodes_end;
		events = own.client->events_end;
	}
}

/*
 * Make the values of all episodes of a district (NULL: of all districts) and
 * hand each to emit(), in no order that means anything.  Returns their
 * number.  Called between cl_enter() and cl_leave(); whoever needs the result
 * to stay true holds the locks of the clients.  emit() is called in a memory
 * context that is reset before the next value.  23514 for an event outside
 * every episode.
 *
 * Memory: maintenance_work_mem for what is dealt out, and one partition.
 */
int64
cl_recompute(const char *district_id, void (*emit) (const RecomputedValue *, void *), void *arg)
{
	Recompute	work;
	Partition	part;
	Snapshot	snapshot;
	MemoryContext oldcontext = CurrentMemoryContext;

	/* see what this transaction did before, as a query would */
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	PushActiveSnapshot(snapshot);

	memset(&work, 0, sizeof(Recompute));
	memset(&part, 0, sizeof(Partition));
	work.context = AllocSetContextCreate(CurrentMemoryContext, "caseload recompute", ALLOCSET_DEFAULT_SIZES);
	work.value_context = AllocSetContextCreate(work.context, "caseload recompute value", ALLOCSET_DEFAULT_SIZES);
	work.emit = emit;
	work.arg = arg;

	MemoryContextSwitchTo(work.context);
	work.rows = cl_deal_out_rows(district_id);
	PopActiveSnapshot();
	UnregisterSnapshot(snapshot);

	MemoryContextSwitchTo(work.value_context);
	for (int i = 0; i < 1 << work.rows->parts->bits; i++)
		make_partition(&work, &part, &work.rows->parts->streams[i]);
	cl_spool_end(&work.rows->parts->spool);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(work.context);
	return work.values;
}
