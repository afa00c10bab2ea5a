/*
 * waiting.c
 *		The waiting list follows the plan.
 *
 * Whoever writes a therapist into a service, or takes one out, need not know
 * of the list, nor have any rights on it: like all that is derived it is kept
 * as its owner.  A row trigger, since most statements move nobody from the
 * list or onto it, and then one comparison is all.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "load.h"
#include "query.h"
#include "transition.h"

PG_FUNCTION_INFO_V1(waiting_after_service);

/* $1 district, $2 service, $3 client, $4 therapist (NULL: it waits again) */
static CachedQuery step_query = {
	"INSERT INTO caseload.waiting AS w (district_id, service_id, client_id, state, therapist_id)"
	" VALUES ($1, $2, $3, CASE WHEN $4 IS NULL THEN 'waiting' ELSE 'booked' END, $4)"
	" ON CONFLICT (district_id, service_id) DO UPDATE"
	"   SET state = EXCLUDED.state, therapist_id = EXCLUDED.therapist_id, why = NULL"
	" WHERE w.state <> EXCLUDED.state",
	4, {"text", "text", "text", "text"}
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
