/*
 * waiting.c
 *		The waiting list follows the plan.
 *
 * Whoever writes a therapist into a service, or takes one out, need not know
 * of the list, nor have any rights on it: like all that is derived it is kept
 * as its owner, and so is the history of the list.  A row trigger, since most statements move nobody from the
 * list or onto it, and then one comparison is all.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "load.h"
#include "query.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(waiting_after_service);
PG_FUNCTION_INFO_V1(waiting_after_write);

/* $1 district, $2 service, $3 client, $4 therapist (NULL: it waits again) */
static CachedQuery step_query = {
	"INSERT INTO caseload.waiting AS w (district_id, service_id, client_id, state, therapist_id)"
	" VALUES ($1, $2, $3, CASE WHEN $4 IS NULL THEN 'waiting' ELSE 'booked' END, $4)"
	" ON CONFLICT (district_id, service_id) DO UPDATE"
	"   SET state = EXCLUDED.state, therapist_id = EXCLUDED.therapist_id, why = NULL"
	" WHERE w.state <> EXCLUDED.state",
	4, {"text", "text", "text", "text"}
};

/* $1 the row, $2 its state before (NULL: it was not there) */
static CachedQuery keep_query = {
	"INSERT INTO caseload.waiting_step (district_id, service_id, client_id, from_state, to_state, priority, therapist_id, offered_until, why)"
	" SELECT ($1).district_id, ($1).service_id, ($1).client_id, $2, ($1).state, ($1).priority, ($1).therapist_id, ($1).offered_until, ($1).why",
	2, {"caseload.waiting", "text"}
};

/*
 * Row trigger of service AFTER UPDATE: takes the step on the waiting list
 * where somebody begins or ceases to give it.  55000 where the list says that
 * the service has left it.
 */
Datum
waiting_after_service(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const ServiceColumns *columns;
	ServiceLine old;
	ServiceLine new;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) || !TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER UPDATE ROW", "waiting_after_service")));
	if (fcinfo->flinfo->fn_extra == NULL)
		cl_check_trigger_owner(trigdata);
	columns = cl_service_columns(fcinfo);
	cl_read_service(columns, trigdata->tg_relation, trigdata->tg_trigtuple, &old);
	cl_read_service(columns, trigdata->tg_relation, trigdata->tg_newtuple, &new);
	if ((old.therapist_id == (Datum) 0) != (new.therapist_id == (Datum) 0))
	{
		OwnerScope	scope;
		Datum		args[4];

		args[0] = new.district_id;
		args[1] = new.service_id;
		args[2] = new.client_id;
		args[3] = new.therapist_id;
		cl_enter(&scope);
		(void) cl_run(&step_query, args, new.therapist_id == (Datum) 0 ? "   n" : NULL);
		cl_leave(&scope);
	}
	return PointerGetDatum(NULL);
}

/*
 * Row trigger of waiting AFTER INSERT OR UPDATE: keeps the step, as the
 * owner: whoever takes steps need not be able to write the history, in which
 * he could say that somebody else did.
 */
Datum
waiting_after_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	row;
	OwnerScope	scope;
	Datum		args[2] = {0};
	bool		isnull = true;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) || TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER INSERT OR UPDATE ROW", "waiting_after_write")));
	cl_check_trigger_owner(trigdata);
	desc = RelationGetDescr(trigdata->tg_relation);
	row = trigdata->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		args[1] = SPI_getbinval(trigdata->tg_trigtuple, desc, SPI_fnumber(desc, "state"), &isnull);
		row = trigdata->tg_newtuple;
	}
	args[0] = heap_copy_tuple_as_datum(row, desc);
	cl_enter(&scope);
	(void) cl_run(&keep_query, args, isnull ? " n" : NULL);
	cl_leave(&scope);
	return PointerGetDatum(NULL);
}
