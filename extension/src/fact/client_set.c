/*
 * client_set.c
 *		The clients that a statement touches: each once, sorted, locked.
 *
 * Two statements that touch the same clients lock them in the same order, so
 * statements do not deadlock with each other.  The lock is an advisory lock
 * of a class of its own (no SQL function can take or release it) and is kept
 * to the end of the transaction.  A statement over many clients would fill
 * the lock table, so it locks the whole of client_activity instead; for that
 * to work, the others hold a weak lock on that table first.  Readers are
 * never blocked.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "client_set.h"
#include "query.h"

/* SQL's advisory locks use 1 and 2 in field 4 */
#define CLIENT_LOCK_CLASS	0xc1
#define MANY_CLIENTS		64

typedef struct ClientEntry
{
	const char *key;			/* district_id, zero byte, client_id, zero byte */
	int			index;			/* into ClientSet.keys */
	char		status;
} ClientEntry;

#define SH_PREFIX clients
#define SH_ELEMENT_TYPE ClientEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_client_key(key)
#define SH_EQUAL(tb, a, b) equal_client_keys(a, b)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE

/* The key is two strings one behind the other. */
static inline size_t
client_key_length(const char *key)
{
	size_t		first = strlen(key) + 1;

	return first + strlen(key + first) + 1;
}

static inline uint32
hash_client_key(const char *key)
{
	return hash_bytes((const unsigned char *) key, (int) client_key_length(key));
}

static inline bool
equal_client_keys(const char *a, const char *b)
{
	return strcmp(a, b) == 0 && strcmp(a + strlen(a) + 1, b + strlen(b) + 1) == 0;
}

#include "lib/simplehash.h"

/* An empty set in the current memory context. */
ClientSet *
cl_clients_new(void)
{
	ClientSet  *set = palloc0(sizeof(ClientSet));

	set->context = CurrentMemoryContext;
	set->capacity = 16;
	set->keys = palloc(sizeof(ClientKey) * set->capacity);
	set->hash = clients_create(CurrentMemoryContext, set->capacity, NULL);
	return set;
}

/*
 * The index of a client, who is added if he is new.  The arguments are text
 * datums; their bytes are copied when needed.
 */
int
cl_clients_add(ClientSet *set, Datum district_id, Datum client_id)
{
	text	   *district = DatumGetTextPP(district_id);
	text	   *client = DatumGetTextPP(client_id);
	size_t		district_length = VARSIZE_ANY_EXHDR(district);
	size_t		client_length = VARSIZE_ANY_EXHDR(client);
	size_t		length = district_length + client_length + 2;
	char		buffer[256];
	char	   *key = length <= sizeof(buffer) ? buffer : palloc(length);
	ClientEntry *entry;
	bool		found;

	memcpy(key, VARDATA_ANY(district), district_length);
	key[district_length] = '\0';
	memcpy(key + district_length + 1, VARDATA_ANY(client), client_length);
	key[length - 1] = '\0';

	entry = clients_lookup(set->hash, key);
	if (entry == NULL)
	{
		char	   *copy = MemoryContextAlloc(set->context, length);

		memcpy(copy, key, length);
		entry = clients_insert(set->hash, copy, &found);
		if (set->count == set->capacity)
		{
			set->capacity *= 2;
			set->keys = repalloc_huge(set->keys, sizeof(ClientKey) * (Size) set->capacity);
		}
		entry->index = set->count;
		set->keys[set->count].district_id = copy;
		set->keys[set->count].client_id = copy + district_length + 1;
		set->count++;
	}
	if (key != buffer)
		pfree(key);
	return entry->index;
}

/* The order of COLLATE "C", which is that of the primary keys. */
int
cl_client_key_cmp(const ClientKey *a, const ClientKey *b)
{
	int			order = strcmp(a->district_id, b->district_id);

	return order != 0 ? order : strcmp(a->client_id, b->client_id);
}

static int
compare_positions(const void *a, const void *b, void *keys)
{
	return cl_client_key_cmp((ClientKey *) keys + *(const int *) a,
							 (ClientKey *) keys + *(const int *) b);
}

/*
 * Sort the keys; returns the new index of each old one.  No client can be
 * added afterwards.
 */
int *
cl_clients_sort(ClientSet *set)
{
	int		   *order = palloc_extended(sizeof(int) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	int		   *rank = palloc_extended(sizeof(int) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	ClientKey  *sorted = palloc_extended(sizeof(ClientKey) * Max(set->count, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < set->count; i++)
		order[i] = i;
	qsort_arg(order, set->count, sizeof(int), compare_positions, set->keys);
	for (int i = 0; i < set->count; i++)
	{
		rank[order[i]] = i;
		sorted[i] = set->keys[order[i]];
	}
	pfree(order);
	pfree(set->keys);
	set->keys = sorted;
	clients_destroy(set->hash);
	set->hash = NULL;
	return rank;
}

/* Lock the sorted clients against other writers until the transaction ends. */
void
cl_clients_lock(const ClientSet *set)
{
	Oid			activity = cl_table("client_activity");

	if (set->count > MANY_CLIENTS)
	{
		LockRelationOid(activity, ShareRowExclusiveLock);
		return;
	}

	LockRelationOid(activity, RowExclusiveLock);
	for (int i = 0; i < set->count; i++)
	{
		const char *key = set->keys[i].district_id;
		uint64		hash;
		LOCKTAG		tag;

		/* two clients of one hash merely wait for each other */
		hash = hash_bytes_extended((const unsigned char *) key,
								   (int) client_key_length(key), 0);
		SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash,
							 CLIENT_LOCK_CLASS);
		(void) LockAcquire(&tag, ExclusiveLock, false, false);
	}
}

static Datum
strings_of(const ClientSet *set, bool district)
{
	const char **strings = palloc_extended(sizeof(char *) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	Datum		array;

	for (int i = 0; i < set->count; i++)
		strings[i] = district ? set->keys[i].district_id : set->keys[i].client_id;
	array = cl_text_array(strings, set->count);
	pfree(strings);
	return array;
}

/* The keys as two text arrays, in order. */
Datum
cl_clients_districts(const ClientSet *set)
{
	return strings_of(set, true);
}

Datum
cl_clients_ids(const ClientSet *set)
{
	return strings_of(set, false);
}
