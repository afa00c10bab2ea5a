/*
 * transition.c
 *		What all our triggers do first: check how they were called.  And read
 *		the transition tables of statement triggers.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "query.h"
#include "transition.h"

/*
 * Our triggers write derived tables with the rights of their owner, so they
 * serve that owner's tables only: whoever may call a function may put it on a
 * table of his own.
 */
void
cl_check_trigger_owner(const TriggerData *trigdata)
{
	if (trigdata->tg_relation->rd_rel->relowner != cl_owner())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for trigger \"%s\" on table \"%s\"",
						trigdata->tg_trigger->tgname,
						RelationGetRelationName(trigdata->tg_relation)),
				 errdetail("The triggers of caseload serve tables of the owner of caseload.client_activity.")));
}

/*
 * Our triggers are made by install() alone, but anybody may call a function,
 * or write CREATE TRIGGER: refuse what they cannot serve.
 */
TriggerData *
cl_trigger(FunctionCallInfo fcinfo, const char *name)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", name)));
	return (TriggerData *) fcinfo->context;
}

/* A row trigger BEFORE or AFTER the row is written; "deletes" when it knows what to do with DELETE. */
TriggerData *
cl_row_trigger(FunctionCallInfo fcinfo, const char *name, bool before, bool deletes)
{
	TriggerData *trigdata = cl_trigger(fcinfo, name);

	if (!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!(before ? TRIGGER_FIRED_BEFORE(trigdata->tg_event) : TRIGGER_FIRED_AFTER(trigdata->tg_event)) ||
		(TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) && !deletes))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired %s%s ROW", name,
						before ? "BEFORE" : "AFTER", deletes ? "" : " INSERT OR UPDATE")));
	return trigdata;
}

TriggerData *
cl_statement_trigger(FunctionCallInfo fcinfo, const char *name, int nargs)
{
	TriggerData *trigdata = cl_trigger(fcinfo, name);
	bool		needs_old;
	bool		needs_new;

	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) || !TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER STATEMENT", name)));
	cl_check_trigger_owner(trigdata);
	if (nargs >= 0 && trigdata->tg_trigger->tgnargs != nargs)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" needs %d trigger arguments", name, nargs)));

	needs_new = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) || TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	needs_old = TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) || TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	if ((needs_new && trigdata->tg_newtable == NULL) || (needs_old && trigdata->tg_oldtable == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" lacks a transition table",
						trigdata->tg_trigger->tgname,
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Declare it with REFERENCING OLD TABLE and NEW TABLE.")));
	return trigdata;
}

/*
 * The number of a column that must be of a type; for an enum say InvalidOid.
 * Declared by name only, a column could hold anything.
 */
int
cl_column(const TriggerData *trigdata, const char *column, Oid type)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	int			number = SPI_fnumber(tupdesc, column);
	Oid			found;

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", column,
						RelationGetRelationName(trigdata->tg_relation))));
	found = getBaseType(TupleDescAttr(tupdesc, number - 1)->atttypid);
	if (OidIsValid(type) ? found != type : !type_is_enum(found))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table \"%s\" is not of the type that the trigger needs", column,
						RelationGetRelationName(trigdata->tg_relation))));
	return number;
}

/*
 * Add the keys (district_id and the column "key") of the rows of a transition
 * table, which may be NULL.  The read pointer may be shared with other
 * triggers, so it is put back to the start before and after.
 */
void
cl_read_keys(TriggerData *trigdata, Tuplestorestate *store, const char *key, KeySet *set)
{
	TupleTableSlot *slot;
	int			district_id;
	int			id;

	if (store == NULL)
		return;
	district_id = cl_column(trigdata, "district_id", TEXTOID);
	id = cl_column(trigdata, key, TEXTOID);
	slot = MakeSingleTupleTableSlot(RelationGetDescr(trigdata->tg_relation), &TTSOpsMinimalTuple);
	tuplestore_rescan(store);
	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		bool		district_null;
		bool		id_null;
		Datum		district = slot_getattr(slot, district_id, &district_null);
		Datum		value = slot_getattr(slot, id, &id_null);

		CHECK_FOR_INTERRUPTS();
		if (!district_null && !id_null)
			(void) cl_keys_add(set, district, value);
	}
	tuplestore_rescan(store);
	ExecDropSingleTupleTableSlot(slot);
}
