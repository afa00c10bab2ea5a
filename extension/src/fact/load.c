/*
 * load.c
 *		Keep the counter of every therapist equal to the services.
 *
 * A row trigger notes what each row of service adds to and takes from whom;
 * what is noted is written when the transaction commits, so that a therapist
 * is locked for as short a time as can be, the therapists of a transaction in
 * key order, and a thousand rows about one therapist write one row.  The
 * check of capacity, a deferred constraint trigger, has it written when the
 * first row is checked; a callback before commit does it where nothing was
 * checked.
 *
 * Services are read with what clients are enrolled for and where they are
 * seen, which changes under the locks of clients alone.  The statement
 * triggers of service take these before the statement ends; where a check
 * comes earlier (SET CONSTRAINTS IMMEDIATE) they are taken here.  Locks of
 * therapists always come after those of clients.
 *
 * Where adding and taking away will not do, the counter is made anew from the
 * services, under the same lock: too many rows, another enrolment or site of
 * a client, a savepoint that was rolled back, a therapist without a counter.
 * What was made anew may hold rows that are only noted later, so such a
 * therapist is made anew each time in the same transaction.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "load.h"
#include "query.h"
#include "transition.h"

/* Of more rows than these, counters are made anew. */
#define DELTAS_OF_THERAPIST		32
#define DELTAS_OF_TRANSACTION	256

typedef struct LoadDelta
{
	struct LoadDelta *next;
	ServiceLine line;			/* its texts are copies */
	int32		change;			/* +1 or -1 */
} LoadDelta;

typedef struct PendingLoad
{
	LoadDelta  *deltas;
	int			count;
	bool		due;			/* there is something to write */
	bool		stale;			/* to be made anew */
	bool		framed;			/* because of a client */
	bool		remade;			/* was made anew */
	int			level;			/* deepest subtransaction that had to do with it */
	LoadProfile *value;			/* as it was written last; not when due */
} PendingLoad;

/* What this transaction has noted; NULL: nothing. */
typedef struct PendingLoads
{
	MemoryContext context;
	KeySet	   *keys;
	PendingLoad *loads;			/* one for each key */
	int			capacity;
	int			n_deltas;
	int			n_due;
	int			level;			/* the deepest of all */
} PendingLoads;

static PendingLoads *pending = NULL;

/* Changes whenever something is noted or written. */
static uint64 generation = 1;

static CachedTable client_services_table = {
	"service", "service_client_idx", {"district_id", "client_id", "therapist_id", NULL}
};

static CachedQuery therapists_query = {
	"SELECT t.district_id, t.therapist_id FROM caseload.therapist t"
	" WHERE ($1 IS NULL OR t.district_id = $1)"
	"   AND ($2 IS NULL OR (SELECT count(*) FROM caseload.service s WHERE s.district_id = t.district_id"
	"                          AND s.therapist_id = t.therapist_id AND s.client_id = $2) > 0)",
	2, {"text", "text"}
};

PG_FUNCTION_INFO_V1(load_after_service);
PG_FUNCTION_INFO_V1(load_after_frame);

uint64
cl_loads_generation(void)
{
	return generation;
}

/* --------------------------------------------------------- transactions --- */

/* Before the end of a transaction what is left is written; at the end all is forgotten. */
static void
at_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (pending != NULL && pending->n_due > 0)
			{
				PushActiveSnapshot(GetTransactionSnapshot());
				(void) cl_apply_loads();
				PopActiveSnapshot();
			}
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			pending = NULL;		/* the memory goes with the transaction */
			generation++;
			break;
		default:
			break;
	}
}

/* Therapists that an aborted subtransaction had to do with are made anew. */
static void
at_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (pending == NULL || pending->level < level ||
		(event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	for (int i = 0; i < pending->keys->count; i++)
	{
		PendingLoad *load = &pending->loads[i];

		if (load->level < level)
			continue;
		load->level = level - 1;
		if (event == SUBXACT_EVENT_ABORT_SUB)
		{
			load->stale = true;
			load->value = NULL;
			if (!load->due)
			{
				load->due = true;
				pending->n_due++;
			}
		}
	}
	pending->level = level - 1;
	generation++;
}

static PendingLoads *
pending_loads(void)
{
	static bool registered = false;
	MemoryContext context;
	MemoryContext oldcontext;
	PendingLoads *loads;

	if (pending != NULL)
		return pending;
	if (!registered)
	{
		RegisterXactCallback(at_transaction, NULL);
		RegisterSubXactCallback(at_subtransaction, NULL);
		registered = true;
	}
	context = AllocSetContextCreate(TopTransactionContext, "caseload loads", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	loads = palloc0(sizeof(PendingLoads));
	loads->context = context;
	loads->keys = cl_keys_new();
	loads->capacity = 16;
	loads->loads = palloc0(sizeof(PendingLoad) * loads->capacity);
	MemoryContextSwitchTo(oldcontext);
	/* only when whole: where memory runs out, a subtransaction ends, which looks at it */
	pending = loads;
	return pending;
}

/* The entry of a therapist, which now has something to write. */
static PendingLoad *
due_load(Datum district_id, Datum therapist_id)
{
	PendingLoads *all = pending_loads();
	PendingLoad *load;

	/* before the key, each of which has a place */
	if (all->keys->count >= all->capacity)
	{
		int			capacity = all->capacity * 2;

		all->loads = repalloc_huge(all->loads, sizeof(PendingLoad) * (Size) capacity);
		memset(all->loads + all->capacity, 0, sizeof(PendingLoad) * (capacity - all->capacity));
		all->capacity = capacity;
	}
	load = &all->loads[cl_keys_add(all->keys, district_id, therapist_id)];
	if (!load->due)
	{
		if (load->value != NULL)
			pfree(load->value);
		load->value = NULL;
		load->due = true;
		all->n_due++;
	}
	load->level = Max(load->level, GetCurrentTransactionNestLevel());
	all->level = Max(all->level, load->level);
	generation++;
	return load;
}

/* ---------------------------------------------------------------- notes --- */

static Datum
copy_text(Datum value)
{
	return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static void
note_line(const ServiceLine *line, int32 change)
{
	PendingLoad *load = due_load(line->district_id, line->therapist_id);
	MemoryContext oldcontext;
	LoadDelta  *delta;

	if (load->remade || load->count >= DELTAS_OF_THERAPIST || pending->n_deltas >= DELTAS_OF_TRANSACTION)
		load->stale = true;
	if (load->stale)
		return;
	oldcontext = MemoryContextSwitchTo(pending->context);
	delta = palloc(sizeof(LoadDelta));
	delta->line = *line;
	delta->line.district_id = copy_text(line->district_id);
	delta->line.client_id = copy_text(line->client_id);
	delta->line.discipline = copy_text(line->discipline);
	delta->change = change;
	delta->next = load->deltas;
	load->deltas = delta;
	load->count++;
	pending->n_deltas++;
	MemoryContextSwitchTo(oldcontext);
}

/* Are two texts, not NULL, the same, byte by byte? */
bool
cl_same_text(Datum a, Datum b)
{
	text	   *left = DatumGetTextPP(a);
	text	   *right = DatumGetTextPP(b);

	return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
		memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

/* Does an update leave all that a counter holds as it is? */
static bool
same_load(const ServiceLine *old, const ServiceLine *new)
{
	if (old->therapist_id == (Datum) 0 || new->therapist_id == (Datum) 0)
		return old->therapist_id == new->therapist_id;
	return cl_same_text(old->therapist_id, new->therapist_id) && cl_same_text(old->district_id, new->district_id) &&
		cl_same_text(old->client_id, new->client_id) && cl_same_text(old->discipline, new->discipline) &&
		old->dosage == new->dosage && old->group_size == new->group_size &&
		old->from == new->from && old->until == new->until;
}

/* Row trigger AFTER INSERT, UPDATE or DELETE of service: note what changes for whom. */
Datum
load_after_service(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "load_after_service", false, true);
	const ServiceColumns *columns;
	ServiceLine old;
	ServiceLine new;

	if (fcinfo->flinfo->fn_extra == NULL)
		cl_check_trigger_owner(trigdata);
	columns = cl_service_columns(fcinfo);
	old.therapist_id = new.therapist_id = (Datum) 0;
	if (!TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		cl_read_service(columns, trigdata->tg_relation, trigdata->tg_trigtuple, &old);
	if (!TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		cl_read_service(columns, trigdata->tg_relation,
						TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple,
						&new);
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) && same_load(&old, &new))
		return PointerGetDatum(NULL);
	if (old.therapist_id != (Datum) 0)
		note_line(&old, -1);
	if (new.therapist_id != (Datum) 0)
		note_line(&new, 1);
	return PointerGetDatum(NULL);
}

/* ------------------------------------------------------------- clients --- */

static void
mark_stale(Datum district_id, Datum therapist_id)
{
	PendingLoad *load = due_load(district_id, therapist_id);

	load->stale = true;
	load->framed = true;
}

/* Rows noted of this client and therapist: how many are added; -1 when any is taken away. */
static int
noted_rows(Datum district_id, Datum client_id, Datum therapist_id)
{
	int			place = pending != NULL ? cl_keys_place(pending->keys, district_id, therapist_id) : -1;
	int			added = 0;

	if (place < 0)
		return 0;
	for (LoadDelta *delta = pending->loads[place].deltas; delta != NULL; delta = delta->next)
	{
		if (!cl_same_text(delta->line.client_id, client_id))
			continue;
		if (delta->change < 0)
			return -1;
		added++;
	}
	return added;
}

/*
 * A client is enrolled on other days, or seen elsewhere: the therapists of
 * the client are made anew.  Not those all of whose services for this
 * client are still to be written: they are read with what holds then.
 */
static void
client_changed(Relation rel, Snapshot snapshot, Datum district_id, Datum client_id)
{
	Datum		keys[2] = {district_id, client_id};
	KeySet	   *therapists = cl_keys_new();
	int		   *rows = NULL;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	scan = cl_lookup(&client_services_table, rel, snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		therapist_id = cl_column_of(&client_services_table, rel, tuple, 2, &isnull);
		int			count = therapists->count;
		int			place;

		if (isnull)
			continue;
		place = cl_keys_add(therapists, district_id, therapist_id);
		rows = rows ? repalloc(rows, sizeof(int) * therapists->count) : palloc(sizeof(int));
		rows[place] = place == count ? 1 : rows[place] + 1;
	}
	systable_endscan(scan);
	for (int i = 0; i < therapists->count; i++)
	{
		Datum		therapist_id = CStringGetTextDatum(therapists->keys[i].id);

		if (noted_rows(district_id, client_id, therapist_id) != rows[i])
			mark_stale(district_id, therapist_id);
	}
	/* rows that are there no more were counted by what held before */
	for (int i = 0; pending != NULL && pending->n_deltas > 0 && i < pending->keys->count; i++)
	{
		for (LoadDelta *delta = pending->loads[i].deltas; delta != NULL; delta = delta->next)
		{
			if (delta->change < 0 && cl_same_text(delta->line.client_id, client_id) &&
				cl_same_text(delta->line.district_id, district_id))
			{
				pending->loads[i].stale = true;
				break;
			}
		}
	}
	cl_keys_free(therapists);
}

/* The clients of a transition table and the text of a column of each ("": NULL or no column). */
static KeySet *
read_clients(TriggerData *trigdata, Tuplestorestate *store, bool sites, char ***texts)
{
	int			district_id = cl_column(trigdata, "district_id", TEXTOID);
	int			client_id = cl_column(trigdata, "client_id", TEXTOID);
	int			site_id = sites ? cl_column(trigdata, "site_id", TEXTOID) : 0;
	KeySet	   *set = cl_keys_new();
	int			capacity = 16;
	TupleTableSlot *slot;

	*texts = palloc(sizeof(char *) * capacity);
	if (store == NULL)
		return set;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(trigdata->tg_relation), &TTSOpsMinimalTuple);
	tuplestore_rescan(store);
	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		bool		isnull;
		Datum		district = slot_getattr(slot, district_id, &isnull);
		Datum		client = slot_getattr(slot, client_id, &isnull);
		int			place = cl_keys_add(set, district, client);

		CHECK_FOR_INTERRUPTS();
		if (place >= capacity)
		{
			capacity *= 2;
			*texts = repalloc_huge(*texts, sizeof(char *) * (Size) capacity);
		}
		(*texts)[place] = "";
		if (sites)
		{
			Datum		site = slot_getattr(slot, site_id, &isnull);

			if (!isnull)
				(*texts)[place] = TextDatumGetCString(site);
		}
	}
	tuplestore_rescan(store);
	ExecDropSingleTupleTableSlot(slot);
	return set;
}

/* Clients of one set who are not in another, or are there with another text. */
static void
clients_changed(Relation rel, Snapshot snapshot, const KeySet *set, char **texts,
				const KeySet *others, char **other_texts, bool all)
{
	for (int i = 0; i < set->count; i++)
	{
		int			place = all ? -1 : cl_keys_find(others, &set->keys[i]);

		CHECK_FOR_INTERRUPTS();
		if (place < 0 || strcmp(texts[i], other_texts[place]) != 0)
			client_changed(rel, snapshot, CStringGetTextDatum(set->keys[i].district_id),
						   CStringGetTextDatum(set->keys[i].id));
	}
}

/*
 * Statement trigger of what decides on which days and where services are
 * given.  Argument: episode, client, or service (TRUNCATE only).  It comes
 * after activity_after_frame(), which has locked the clients.
 */
Datum
load_after_frame(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "load_after_frame", 1);
	bool		is_client = strcmp(trigdata->tg_trigger->tgargs[0], "client") == 0;
	Relation	rel;
	Snapshot	snapshot;
	KeySet	   *old;
	KeySet	   *new;
	char	  **old_sites;
	char	  **new_sites;

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		(void) cl_rebuild_loads(NULL, NULL);
		return PointerGetDatum(NULL);
	}
	old = read_clients(trigdata, trigdata->tg_oldtable, is_client, &old_sites);
	new = read_clients(trigdata, trigdata->tg_newtable, is_client, &new_sites);
	if (old->count + new->count == 0)
		return PointerGetDatum(NULL);
	rel = cl_open_table(&client_services_table, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	clients_changed(rel, snapshot, old, old_sites, new, new_sites, false);
	clients_changed(rel, snapshot, new, new_sites, old, old_sites, !is_client);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return PointerGetDatum(NULL);
}

/* -------------------------------------------------------------- writing --- */

/* Has this transaction noted something of the therapist that is not written yet? */
bool
cl_load_pending(Datum district_id, Datum therapist_id)
{
	int			place;

	if (pending == NULL || pending->n_due == 0)
		return false;
	place = cl_keys_place(pending->keys, district_id, therapist_id);
	return place >= 0 && pending->loads[place].due;
}

/* The counter of a therapist of whom nothing is left to write; NULL when there is none. */
LoadProfile *
cl_current_load(const SubjectKey *key, Snapshot snapshot)
{
	/* the key may be two strings anywhere */
	int			place = -1;

	if (pending != NULL)
		place = cl_keys_place(pending->keys, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));

	if (place >= 0 && pending->loads[place].value != NULL)
		return pending->loads[place].value;
	return cl_stored_load(key, snapshot, NULL);
}

/* Add to a counter what was noted; NULL where it must be made anew. */
static LoadProfile *
add_deltas(const PendingLoad *load, const LoadProfile *stored, Snapshot snapshot)
{
	LoadSteps	steps;

	if (load->stale || stored == NULL)
		return NULL;
	cl_load_open(&steps, stored);
	for (LoadDelta *delta = load->deltas; delta != NULL; delta = delta->next)
	{
		ClientFrame frame;

		cl_read_frame(delta->line.district_id, delta->line.client_id, snapshot, &frame);
		cl_add_service(&steps, &delta->line, &frame, delta->change);
	}
	return cl_load_close(&steps);
}

static void
lock_clients(void)
{
	for (int i = 0; i < pending->keys->count; i++)
	{
		const PendingLoad *load = &pending->loads[i];

		for (LoadDelta *delta = load->due && !load->stale ? load->deltas : NULL; delta != NULL; delta = delta->next)
			cl_key_lock(delta->line.district_id, delta->line.client_id, CL_LOCK_CLIENTS);
	}
}

static void
forget_deltas(PendingLoad *load)
{
	while (load->deltas != NULL)
	{
		LoadDelta  *delta = load->deltas;

		load->deltas = delta->next;
		pfree(DatumGetPointer(delta->line.district_id));
		pfree(DatumGetPointer(delta->line.client_id));
		pfree(DatumGetPointer(delta->line.discipline));
		pfree(delta);
	}
	pending->n_deltas -= load->count;
	load->count = 0;
}

/*
 * Write the counters of all therapists of whom something was noted; they are
 * locked until the transaction ends.  Returns how many differed.
 */
uint64
cl_apply_loads(void)
{
	MemoryContext scratch;
	MemoryContext oldcontext;
	KeySet	   *due;
	Snapshot	snapshot;
	uint64		written = 0;

	if (pending == NULL || pending->n_due == 0)
		return 0;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload loads", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(scratch);
	due = cl_keys_new();
	for (int i = 0; i < pending->keys->count; i++)
	{
		const SubjectKey *key = &pending->keys->keys[i];

		if (pending->loads[i].due)
			(void) cl_keys_add(due, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));
	}
	(void) cl_keys_sort(due);
	lock_clients();
	cl_keys_lock(due, CL_LOCK_THERAPISTS);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	for (int i = 0; i < due->count; i++)
	{
		const SubjectKey *key = &due->keys[i];
		PendingLoad *load = &pending->loads[cl_keys_find(pending->keys, key)];
		HeapTuple	row;
		/* under the lock it stands still; a snapshot would have SERIALIZABLE note conflicts about one page */
		LoadProfile *stored = cl_stored_load(key, SnapshotSelf, &row);
		LoadProfile *value = add_deltas(load, stored, snapshot);

		CHECK_FOR_INTERRUPTS();
		if (value == NULL)
		{
			value = cl_recompute_load(key, snapshot);
			load->remade = true;
		}
		if (cl_write_load(key, row, stored, value, load->framed))
			written++;
		load->value = MemoryContextAlloc(pending->context, VARSIZE(value));
		memcpy(load->value, value, VARSIZE(value));
		pfree(value);
		forget_deltas(load);
		load->due = load->stale = load->framed = false;
		load->level = Max(load->level, GetCurrentTransactionNestLevel());
		pending->level = Max(pending->level, load->level);
		pending->n_due--;
	}
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(scratch);
	generation++;
	return written;
}

/*
 * Make the counters of a district, of the therapists of a client, or of all
 * (NULL) anew; returns how many differed.
 */
uint64
cl_rebuild_loads(const char *district_id, const char *client_id)
{
	KeySet	   *set = cl_keys_new();
	OwnerScope	scope;
	Datum		args[2];
	char		nulls[3] = "  ";

	args[0] = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;
	args[1] = client_id ? CStringGetTextDatum(client_id) : (Datum) 0;
	nulls[0] = district_id ? ' ' : 'n';
	nulls[1] = client_id ? ' ' : 'n';
	cl_enter(&scope);
	(void) cl_run(&therapists_query, args, nulls);
	cl_keys_add_result(set);
	cl_leave(&scope);
	for (int i = 0; i < set->count; i++)
		due_load(CStringGetTextDatum(set->keys[i].district_id), CStringGetTextDatum(set->keys[i].id))->stale = true;
	return cl_apply_loads();
}
