/*
 * key_set.c
 *		The clients or therapists that a statement touches: each once, sorted,
 *		locked.
 *
 * Two statements that touch the same subjects lock them in the same order,
 * so statements that do nothing else do not deadlock with each other.  The
 * locks are advisory locks of classes of our own (no SQL function can take or
 * release them) and are kept to the end of the transaction.  Keys share 512
 * locks, so that no import, however long its transaction, fills the lock
 * table; now and then two writers of different subjects wait for each other.
 * Readers never wait.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "key_set.h"
#include "query.h"

#define STRIPES		512

typedef struct KeyEntry
{
	const char *key;			/* district_id, zero byte, id, zero byte */
	uint32		hash;			/* so that other keys need not be looked at */
	uint32		length;			/* of the key, with both zero bytes */
	int			index;			/* into KeySet.keys */
	char		status;
} KeyEntry;

#define SH_PREFIX keys
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b) equal_keys(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE

/* The key is two strings one behind the other. */
static inline size_t
key_length(const char *key)
{
	size_t		first = strlen(key) + 1;

	return first + strlen(key + first) + 1;
}

static inline uint32
hash_key(const char *key)
{
	return hash_bytes((const unsigned char *) key, (int) key_length(key));
}

static inline bool
equal_keys(const char *a, const char *b)
{
	return strcmp(a, b) == 0 && strcmp(a + strlen(a) + 1, b + strlen(b) + 1) == 0;
}

#include "lib/simplehash.h"

/* An empty set in the current memory context. */
KeySet *
cl_keys_new(void)
{
	KeySet	   *set = palloc0(sizeof(KeySet));

	set->context = CurrentMemoryContext;
	set->capacity = 16;
	set->keys = palloc(sizeof(SubjectKey) * set->capacity);
	set->hash = keys_create(CurrentMemoryContext, set->capacity, NULL);
	return set;
}

/* Free a set that was not sorted, and its keys. */
void
cl_keys_free(KeySet *set)
{
	for (int i = 0; i < set->count; i++)
		pfree(unconstify(char *, set->keys[i].district_id));
	pfree(set->keys);
	keys_destroy(set->hash);
	pfree(set);
}

/* The memory of the set goes with the transaction; so must the pointer. */
static void
forget_keys(XactEvent event, void *keys)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		((TransactionKeys *) keys)->set = NULL;
}

/* The set of these keys, made when it is first wanted in a transaction. */
KeySet *
cl_keys_of_transaction(TransactionKeys *keys)
{
	if (!keys->registered)
	{
		RegisterXactCallback(forget_keys, keys);
		keys->registered = true;
	}
	if (keys->set == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(TopTransactionContext);

		keys->set = cl_keys_new();
		MemoryContextSwitchTo(oldcontext);
	}
	return keys->set;
}

#define KEY_BUFFER	256

/* Two texts as one key, in the buffer if they fit, else palloc'd. */
static char *
make_key(Datum district_id, Datum id, char buffer[KEY_BUFFER], size_t *district_length, size_t *length)
{
	text	   *district = DatumGetTextPP(district_id);
	text	   *subject = DatumGetTextPP(id);
	size_t		subject_length = VARSIZE_ANY_EXHDR(subject);
	char	   *key;

	*district_length = VARSIZE_ANY_EXHDR(district);
	*length = *district_length + subject_length + 2;
	key = *length <= KEY_BUFFER ? buffer : palloc(*length);
	memcpy(key, VARDATA_ANY(district), *district_length);
	key[*district_length] = '\0';
	memcpy(key + *district_length + 1, VARDATA_ANY(subject), subject_length);
	key[*length - 1] = '\0';
	return key;
}

/* The entry of a key whose hash and length are known; NULL: it is not there. */
static KeyEntry *
find_entry(const KeySet *set, const char *key, size_t length, uint32 hash)
{
	for (uint32 place = hash & set->hash->sizemask;; place = (place + 1) & set->hash->sizemask)
	{
		KeyEntry   *entry = &set->hash->data[place];

		if (entry->status == keys_SH_EMPTY)
			return NULL;
		if (entry->hash == hash && entry->length == length && memcmp(entry->key, key, length) == 0)
			return entry;
	}
}

/*
 * The index of a subject, which is added if it is new.  The arguments are text
 * datums; their bytes are copied when needed.
 */
int
cl_keys_add(KeySet *set, Datum district_id, Datum id)
{
	char		buffer[KEY_BUFFER];
	size_t		district_length;
	size_t		length;
	char	   *key = make_key(district_id, id, buffer, &district_length, &length);
	uint32		hash = hash_bytes((const unsigned char *) key, (int) length);
	KeyEntry   *entry = find_entry(set, key, length, hash);
	bool		found;

	if (entry == NULL)
	{
		char	   *copy;

		/* room first: where there is no memory, a set that outlives a subtransaction must stay whole */
		if (set->count == set->capacity)
		{
			set->keys = repalloc_huge(set->keys, sizeof(SubjectKey) * (Size) set->capacity * 2);
			set->capacity *= 2;
		}
		copy = MemoryContextAlloc(set->context, length);
		memcpy(copy, key, length);
		entry = keys_insert_hash(set->hash, copy, hash, &found);
		entry->length = (uint32) length;
		entry->index = set->count;
		set->keys[set->count].district_id = copy;
		set->keys[set->count].id = copy + district_length + 1;
		set->count++;
	}
	if (key != buffer)
		pfree(key);
	return entry->index;
}

/* Add the keys in the first two columns of the last result, and free it. */
void
cl_keys_add_result(KeySet *set)
{
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool		isnull;
		Datum		district_id = cl_result(row, 1, &isnull);

		(void) cl_keys_add(set, district_id, cl_result(row, 2, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* The order of COLLATE "C", which is that of the primary keys. */
static int
compare_keys(const SubjectKey *a, const SubjectKey *b)
{
	int			order = strcmp(a->district_id, b->district_id);

	return order != 0 ? order : strcmp(a->id, b->id);
}

static int
compare_positions(const void *a, const void *b, void *keys)
{
	/* sorting some hundred thousand takes long enough to be stopped */
	CHECK_FOR_INTERRUPTS();
	return compare_keys((SubjectKey *) keys + *(const int *) a,
						(SubjectKey *) keys + *(const int *) b);
}

/*
 * Sort the keys; returns the new index of each old one.  Nothing can be
 * added afterwards.
 */
int *
cl_keys_sort(KeySet *set)
{
	int		   *order = palloc_extended(sizeof(int) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	int		   *rank = palloc_extended(sizeof(int) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	SubjectKey *sorted = palloc_extended(sizeof(SubjectKey) * Max(set->count, 1), MCXT_ALLOC_HUGE);

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
	keys_destroy(set->hash);
	set->hash = NULL;
	return rank;
}

static void
lock_stripe(uint32 stripe, LockClass class)
{
	LOCKTAG		tag;

	/* SQL's advisory locks have 1 or 2 in field 4 */
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, stripe, class);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

static void
want_stripes(const KeySet *set, bool wanted[STRIPES])
{
	for (int i = 0; set != NULL && i < set->count; i++)
		wanted[hash_key(set->keys[i].district_id) % STRIPES] = true;
}

/* Lock the keys of two sets (NULL: none) as if they were one. */
void
cl_keys_lock_both(const KeySet *set, const KeySet *other, LockClass class)
{
	bool		wanted[STRIPES] = {false};

	want_stripes(set, wanted);
	want_stripes(other, wanted);
	for (uint32 stripe = 0; stripe < STRIPES; stripe++)
	{
		if (wanted[stripe])
			lock_stripe(stripe, class);
	}
}

/* Lock the keys against other writers until the transaction ends. */
void
cl_keys_lock(const KeySet *set, LockClass class)
{
	cl_keys_lock_both(set, NULL, class);
}

/* Lock one key; nothing happens where the transaction has it already. */
void
cl_key_lock(Datum district_id, Datum id, LockClass class)
{
	char		buffer[KEY_BUFFER];
	size_t		district_length;
	size_t		length;
	char	   *key = make_key(district_id, id, buffer, &district_length, &length);

	lock_stripe(hash_key(key) % STRIPES, class);
	if (key != buffer)
		pfree(key);
}

/* Lock all keys that there are or may be. */
void
cl_keys_lock_all(LockClass class)
{
	for (uint32 stripe = 0; stripe < STRIPES; stripe++)
		lock_stripe(stripe, class);
}

/*
 * The index of a key that stands as in a set (the id behind the district);
 * -1 when it is not there.  Before cl_keys_sort() only.
 */
int
cl_keys_find(const KeySet *set, const SubjectKey *key)
{
	KeyEntry   *entry = keys_lookup(set->hash, key->district_id);

	return entry == NULL ? -1 : entry->index;
}

/*
 * No more keys come: get ready for being asked about a great many, most of
 * which are not there.  For where a look into main memory counts:
 * cl_keys_prefetch(), and some keys later cl_keys_candidate(), bring what
 * cl_keys_find_hashed() reads.
 */
void
cl_keys_all_in(KeySet *set)
{
	uint64		bits = 1024;
	keys_iterator iterator;
	KeyEntry   *entry;

	/* with eight bits a key one of eight that are not there passes, and the filter of 300,000 keys stays in the cache */
	while (bits < (uint64) set->count * 8)
		bits *= 2;
	set->filter = MemoryContextAllocZero(set->context, bits / 8);
	set->filter_mask = (uint32) (bits - 1);
	keys_start_iterate(set->hash, &iterator);
	while ((entry = keys_iterate(set->hash, &iterator)) != NULL)
		set->filter[(entry->hash & set->filter_mask) / 8] |= 1 << (entry->hash & 7);
}

uint32
cl_keys_hash(const SubjectKey *key)
{
	return hash_key(key->district_id);
}

static inline bool
passes(const KeySet *set, uint32 hash)
{
	return (set->filter[(hash & set->filter_mask) / 8] & (1 << (hash & 7))) != 0;
}

void
cl_keys_prefetch(const KeySet *set, uint32 hash)
{
	cl_prefetch(&set->filter[(hash & set->filter_mask) / 8]);
	cl_prefetch(&set->hash->data[hash & set->hash->sizemask]);
}

/* The index of a key that has this hash; -1 for none. */
int
cl_keys_candidate(const KeySet *set, uint32 hash)
{
	if (!passes(set, hash))
		return -1;
	for (uint32 place = hash & set->hash->sizemask;; place = (place + 1) & set->hash->sizemask)
	{
		const KeyEntry *entry = &set->hash->data[place];

		if (entry->status == keys_SH_EMPTY)
			return -1;
		if (entry->hash == hash)
		{
			cl_prefetch(entry->key);
			return entry->index;
		}
	}
}

/* cl_keys_find() where the hash is known. */
int
cl_keys_find_hashed(const KeySet *set, const SubjectKey *key, uint32 hash)
{
	KeyEntry   *entry = passes(set, hash) ? keys_lookup_hash(set->hash, key->district_id, hash) : NULL;

	return entry == NULL ? -1 : entry->index;
}

/* cl_keys_find() for two texts. */
int
cl_keys_place(const KeySet *set, Datum district_id, Datum id)
{
	char		buffer[KEY_BUFFER];
	size_t		district_length;
	size_t		length;
	char	   *key = make_key(district_id, id, buffer, &district_length, &length);
	KeyEntry   *entry = find_entry(set, key, length, hash_bytes((const unsigned char *) key, (int) length));

	if (key != buffer)
		pfree(key);
	return entry == NULL ? -1 : entry->index;
}

/* Is there a key of these two strings? */
bool
cl_keys_have(const KeySet *set, const char *district_id, const char *id)
{
	char		buffer[KEY_BUFFER];
	size_t		district_length = strlen(district_id);
	size_t		length = strlen(id);

	if (district_length + length + 2 > KEY_BUFFER)
		return cl_keys_place(set, CStringGetTextDatum(district_id), CStringGetTextDatum(id)) >= 0;
	memcpy(buffer, district_id, district_length + 1);
	memcpy(buffer + district_length + 1, id, length + 1);
	return keys_lookup(set->hash, buffer) != NULL;
}

/* A copy that is not sorted, so that it can be looked up in. */
KeySet *
cl_keys_copy(const KeySet *set)
{
	KeySet	   *copy = cl_keys_new();

	for (int i = 0; i < set->count; i++)
		(void) cl_keys_add(copy, CStringGetTextDatum(set->keys[i].district_id),
						   CStringGetTextDatum(set->keys[i].id));
	return copy;
}

/* Is this key in the set?  Before cl_keys_sort() only. */
bool
cl_keys_contain(const KeySet *set, const SubjectKey *key)
{
	return cl_keys_find(set, key) >= 0;
}

static Datum
strings_of(const KeySet *set, bool district)
{
	const char **strings = palloc_extended(sizeof(char *) * Max(set->count, 1), MCXT_ALLOC_HUGE);
	Datum		array;

	for (int i = 0; i < set->count; i++)
		strings[i] = district ? set->keys[i].district_id : set->keys[i].id;
	array = cl_text_array(strings, set->count);
	pfree(strings);
	return array;
}

/* The keys as two text arrays, in order. */
Datum
cl_keys_districts(const KeySet *set)
{
	return strings_of(set, true);
}

Datum
cl_keys_ids(const KeySet *set)
{
	return strings_of(set, false);
}
