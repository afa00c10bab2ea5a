/*
 * before.c
 *		Row triggers of facts: before a row is written, and before what it brings
 *		along.
 *
 * A therapist who does not exist is refused with a hint; the foreign key
 * would say it, too, but not what to do.
 *
 * A statement may fire several of our triggers (INSERT ... ON CONFLICT DO
 * UPDATE, MERGE, WITH), each of which knows its own rows only and would lock
 * its own clients in order, and those of all in none.  So the clients of all
 * rows are noted before, and the first trigger to come locks them all.
 *
 * Episodes that go, or get another number, take rows of ours along before any
 * trigger AFTER STATEMENT is called: their clients are locked by the first
 * trigger AFTER ROW.
 *
 * In C and without WHEN clauses, which the server would parse anew for every
 * statement: these are called for every event.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "activity.h"
#include "key_set.h"
#include "query.h"
#include "table.h"
#include "transition.h"

static CachedTable therapist_table = {
	"therapist", "therapist_pkey", {"district_id", "therapist_id", NULL}
};

PG_FUNCTION_INFO_V1(therapist_before_write);
PG_FUNCTION_INFO_V1(event_before_write);
PG_FUNCTION_INFO_V1(lock_before_cascade);

/* Clients whose events, or episodes, the statement at hand writes. */
static TransactionKeys noted;

/* The row that a row trigger is about. */
static HeapTuple
row_of(const TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
}

/* Lock the clients of a set, and all that were noted before it. */
void
cl_lock_noted(const KeySet *set)
{
	cl_keys_lock_both(set, noted.set, CL_LOCK_CLIENTS);
	cl_forget_noted();
}

/* What was noted needs no lock. */
void
cl_forget_noted(void)
{
	if (noted.set != NULL)
		cl_keys_free(noted.set);
	noted.set = NULL;
}

/*
 * 23503 for a row whose therapist there is not; "constraint" is the foreign
 * key that it speaks for.
 */
static void
check_therapist(const TriggerData *trigdata, const char *constraint)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	tuple = row_of(trigdata);
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc scan;
	Datum		keys[2];
	bool		isnull;
	bool		found;

	keys[1] = SPI_getbinval(tuple, tupdesc, cl_column(trigdata, "therapist_id", TEXTOID), &isnull);
	if (isnull)
		return;
	/* it tells whether a therapist exists: only to who may change tables of the owner */
	cl_check_trigger_owner(trigdata);
	keys[0] = SPI_getbinval(tuple, tupdesc, cl_column(trigdata, "district_id", TEXTOID), &isnull);
	if (isnull)
		return;
	rel = cl_open_table(&therapist_table, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = cl_lookup(&therapist_table, rel, snapshot, keys, 2);
	found = systable_getnext(scan) != NULL;
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("therapist \"%s\" does not exist in district \"%s\"",
						TextDatumGetCString(keys[1]), TextDatumGetCString(keys[0])),
				 errhint("Add the therapist first, or leave therapist_id NULL."),
				 cl_errconstraint(RelationGetRelationName(trigdata->tg_relation), constraint)));
}

/* Row trigger BEFORE INSERT OR UPDATE of service; argument: the foreign key. */
Datum
therapist_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "therapist_before_write", true, true);

	if (trigdata->tg_trigger->tgnargs == 1)
		check_therapist(trigdata, trigdata->tg_trigger->tgargs[0]);
	return PointerGetDatum(row_of(trigdata));
}

/*
 * Row trigger BEFORE INSERT, UPDATE OR DELETE of a table of events, or of
 * episodes.  Argument, where there are therapists: the foreign key.
 */
Datum
event_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "event_before_write", true, true);
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	tuple = row_of(trigdata);
	bool		district_null;
	bool		client_null;
	Datum		district = SPI_getbinval(tuple, tupdesc, cl_column(trigdata, "district_id", TEXTOID), &district_null);
	Datum		client = SPI_getbinval(tuple, tupdesc, cl_column(trigdata, "client_id", TEXTOID), &client_null);

	if (!district_null && !client_null)
		(void) cl_keys_add(cl_keys_of_transaction(&noted), district, client);
	if (trigdata->tg_trigger->tgnargs == 1 && !TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		check_therapist(trigdata, trigdata->tg_trigger->tgargs[0]);
	return PointerGetDatum(tuple);
}

/*
 * Row trigger AFTER UPDATE OR DELETE of episodes, with a name that stands before
 * those of foreign keys, which begin with "RI_": by now all rows of the statement
 * are noted, and none has taken others along.
 */
Datum
lock_before_cascade(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "lock_before_cascade", false, true);

	cl_check_trigger_owner(trigdata);
	if (noted.set != NULL)
		cl_lock_noted(NULL);
	return PointerGetDatum(NULL);
}
