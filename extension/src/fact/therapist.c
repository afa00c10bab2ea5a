/*
 * therapist.c
 *		A therapist who does not exist, with a hint.
 *
 * The foreign key would say it, too, but not what to do.  In C and without a
 * WHEN clause, which the server would parse anew for every statement: this is
 * called for every appointment.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "query.h"
#include "table.h"
#include "transition.h"

static CachedTable therapist_table = {
	"therapist", "therapist_pkey", {"district_id", "therapist_id", NULL}
};

PG_FUNCTION_INFO_V1(therapist_before_write);

/*
 * Row trigger BEFORE INSERT OR UPDATE; argument: the foreign key it speaks
 * for.  23503 for an unknown therapist.
 */
Datum
therapist_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	HeapTuple	tuple;
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc scan;
	Datum		keys[2];
	bool		isnull;
	bool		found;
	int			column;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) || TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) ||
		trigdata->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired BEFORE INSERT OR UPDATE ROW", "therapist_before_write")));

	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	column = cl_column(trigdata, "therapist_id", TEXTOID);
	keys[1] = SPI_getbinval(tuple, tupdesc, column, &isnull);
	if (isnull)
		return PointerGetDatum(tuple);
	/* it tells whether a therapist exists: only to who may change tables of the owner */
	cl_check_trigger_owner(trigdata);
	keys[0] = SPI_getbinval(tuple, tupdesc, cl_column(trigdata, "district_id", TEXTOID), &isnull);
	if (isnull)
		return PointerGetDatum(tuple);

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
				 cl_errconstraint(RelationGetRelationName(trigdata->tg_relation), trigdata->tg_trigger->tgargs[0])));
	return PointerGetDatum(tuple);
}
