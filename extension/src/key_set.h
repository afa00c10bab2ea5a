/*
 * key_set.h
 *		The clients or therapists that a statement touches, in key order.
 */
#ifndef CL_KEY_SET_H
#define CL_KEY_SET_H

#include "cl_compat.h"

typedef struct SubjectKey
{
	const char *district_id;
	const char *id;				/* client_id or therapist_id */
} SubjectKey;

/* What a lock protects; see cl_keys_lock(). */
typedef enum LockClass
{
	CL_LOCK_CLIENTS = 0xc1,
	CL_LOCK_THERAPISTS = 0xc2,
	CL_LOCK_SUBJECTS = 0xc3,	/* flags of other subjects than clients */
	CL_LOCK_SOURCES = 0xc4		/* attached views, whose rows come from several tables */
} LockClass;

typedef struct KeySet
{
	MemoryContext context;
	struct keys_hash *hash;
	SubjectKey *keys;
	int			count;
	int			capacity;
	/* of cl_keys_all_in(); NULL before */
	uint8	   *filter;			/* a bit for each of some hashes */
	uint32		filter_mask;
} KeySet;

/*
 * Keys that are remembered to the end of the transaction; a static variable
 * of the file that remembers.  NULL: none so far.
 */
typedef struct TransactionKeys
{
	KeySet	   *set;
	bool		registered;
} TransactionKeys;

extern KeySet *cl_keys_new(void);
extern KeySet *cl_keys_of_transaction(TransactionKeys *keys);
extern void cl_keys_add_result(KeySet *set);
extern int	cl_keys_add(KeySet *set, Datum district_id, Datum id);
extern int *cl_keys_sort(KeySet *set);
extern void cl_keys_free(KeySet *set);
extern void cl_keys_lock_both(const KeySet *set, const KeySet *other, LockClass class);
extern void cl_keys_lock(const KeySet *set, LockClass class);
extern void cl_keys_lock_all(LockClass class);
extern void cl_key_lock(Datum district_id, Datum id, LockClass class);
extern KeySet *cl_keys_copy(const KeySet *set);
extern int	cl_keys_place(const KeySet *set, Datum district_id, Datum id);
extern int	cl_keys_find(const KeySet *set, const SubjectKey *key);
extern void cl_keys_all_in(KeySet *set);
extern uint32 cl_keys_hash(const SubjectKey *key);
extern void cl_keys_prefetch(const KeySet *set, uint32 hash);
extern int	cl_keys_candidate(const KeySet *set, uint32 hash);
extern int	cl_keys_find_hashed(const KeySet *set, const SubjectKey *key, uint32 hash);
extern bool cl_keys_have(const KeySet *set, const char *district_id, const char *id);
extern bool cl_keys_contain(const KeySet *set, const SubjectKey *key);
extern Datum cl_keys_districts(const KeySet *set);
extern Datum cl_keys_ids(const KeySet *set);

#endif							/* CL_KEY_SET_H */
