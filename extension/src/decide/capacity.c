/*
 * capacity.c
 *		No assignment beyond what a therapist can give.
 *
 * check_capacity() answers before the write and this trigger decides at the
 * write, both by the SQL function _capacity(), so that they cannot disagree.
 * It is a deferred constraint trigger: within a transaction load may be moved
 * about in any order, and the lock of a therapist is held only while the
 * transaction commits.  Under that lock the load is counted on the latest
 * snapshot, so that no two sessions can share the last place, at any
 * isolation level.
 *
 * The therapists of a transaction are locked in key order.  They are noted
 * by the statement trigger of service, since a row trigger at commit sees
 * one row only.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "capacity.h"
#include "query.h"
#include "transition.h"

typedef enum CapacityMode
{
	CAPACITY_OFF,
	CAPACITY_WARN,
	CAPACITY_ERROR
} CapacityMode;

static const struct config_enum_entry capacity_modes[] = {
	{"off", CAPACITY_OFF, false},
	{"warn", CAPACITY_WARN, false},
	{"error", CAPACITY_ERROR, false},
	{NULL, 0, false}
};

/* caseload.capacity: the most that a district's policy can make happen. */
static int	capacity_mode = CAPACITY_ERROR;

/* Therapists whose services this transaction has changed, not yet locked. */
static TransactionKeys touched;

static CachedQuery capacity_query = {
	"SELECT k.policy, k.rule_name, k.limit_value::text, k.would_be::text, k.unit, k.message"
	"  FROM caseload._capacity($1, $2, $3, $4, NULL, $5) k"
	" WHERE k.over AND k.policy <> 'off'",
	5, {"text", "text", "text", "numeric", "daterange"}
};

static CachedQuery room_query = {
	"SELECT string_agg(format('%s (%s)', r.therapist_id, round(r.headroom_minutes)), ', '"
	"                  ORDER BY r.headroom_minutes DESC, r.therapist_id)"
	"  FROM (SELECT f.therapist_id, f.headroom_minutes FROM caseload.therapist_facts(CURRENT_DATE) f"
	"         WHERE f.district_id = $1 AND f.discipline = $2 AND f.headroom_minutes > 0"
	"           AND f.therapist_id <> $3"
	"         ORDER BY f.headroom_minutes DESC, f.therapist_id LIMIT 3) r",
	3, {"text", "text", "text"}
};

PG_FUNCTION_INFO_V1(capacity_after_service);
PG_FUNCTION_INFO_V1(service_capacity);

void
cl_capacity_init(void)
{
	DefineCustomEnumVariable("caseload.capacity",
							 "What happens to an assignment beyond capacity.",
							 "The weaker of this and the district's policy \"capacity\" decides.",
							 &capacity_mode, CAPACITY_ERROR, capacity_modes,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}

/*
 * Statement trigger AFTER INSERT and UPDATE of service: note the therapists,
 * for the locks at commit.
 */
Datum
capacity_after_service(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "capacity_after_service", 0);

	if (capacity_mode != CAPACITY_OFF)
		cl_read_keys(trigdata, trigdata->tg_newtable, "therapist_id", cl_keys_of_transaction(&touched));
	return PointerGetDatum(NULL);
}

static void
lock_therapists(Datum district_id, Datum therapist_id)
{
	KeySet	   *set = cl_keys_of_transaction(&touched);

	/* with SET CONSTRAINTS IMMEDIATE rows come before the statement trigger */
	(void) cl_keys_add(set, district_id, therapist_id);
	touched.set = NULL;
	(void) cl_keys_sort(set);
	cl_keys_lock(set, CL_LOCK_THERAPISTS);
}

static char *
column_text(int row, int column)
{
	bool		isnull;
	Datum		value = cl_result(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * Constraint trigger of service, for each row that adds to somebody's load;
 * which rows do, its WHEN clause says.  23514 with all reasons in the detail
 * and therapists of the discipline who have room in the hint.
 */
Datum
service_capacity(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	HeapTuple	tuple;
	Datum		args[5];
	char		nulls[6] = "   n ";
	bool		isnull;
	bool		blocks = false;
	uint64		rows;
	StringInfoData reasons;
	char	   *therapist;
	char	   *room = NULL;
	OwnerScope	scope;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) || TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired AFTER INSERT OR UPDATE ROW", "service_capacity")));
	if (capacity_mode == CAPACITY_OFF)
		return PointerGetDatum(NULL);

	cl_check_trigger_owner(trigdata);
	/* a row that the transaction has changed again or deleted has nothing to answer for */
	if (!table_tuple_satisfies_snapshot(trigdata->tg_relation,
										TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
										trigdata->tg_newslot : trigdata->tg_trigslot,
										SnapshotSelf))
		return PointerGetDatum(NULL);
	(void) cl_column(trigdata, "district_id", TEXTOID);
	(void) cl_column(trigdata, "therapist_id", TEXTOID);
	(void) cl_column(trigdata, "discipline", TEXTOID);
	(void) cl_column(trigdata, "period", DATERANGEOID);

	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	args[0] = SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, "district_id"), &isnull);
	args[1] = SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, "therapist_id"), &isnull);
	if (isnull)
		return PointerGetDatum(NULL);
	args[2] = SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, "discipline"), &isnull);
	/* the row is in the table already: nothing to add to what is counted */
	args[3] = (Datum) 0;
	args[4] = SPI_getbinval(tuple, tupdesc, SPI_fnumber(tupdesc, "period"), &isnull);
	therapist = TextDatumGetCString(args[1]);

	cl_enter(&scope);
	lock_therapists(args[0], args[1]);
	rows = cl_run(&capacity_query, args, nulls);
	initStringInfo(&reasons);
	for (uint64 row = 0; row < rows; row++)
	{
		char	   *limit = column_text(row, 3);

		blocks = blocks || strcmp(column_text(row, 1), "error") == 0;
		appendStringInfo(&reasons, "%s%s: %s", row > 0 ? "\n" : "", column_text(row, 2), column_text(row, 6));
		if (limit != NULL)
			appendStringInfo(&reasons, " (%s, limit %s %s)", column_text(row, 4), limit, column_text(row, 5));
	}
	if (rows > 0)
	{
		Datum		room_args[3] = {args[0], args[2], args[1]};

		(void) cl_run(&room_query, room_args, NULL);
		room = column_text(0, 1);
		ereport(blocks && capacity_mode == CAPACITY_ERROR ? ERROR : WARNING,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("assignment exceeds the capacity of therapist \"%s\"", therapist),
				 errdetail("%s", reasons.data),
				 room != NULL ?
				 errhint("Therapists of the discipline with room, in minutes per week: %s.", room) :
				 errhint("No therapist of the discipline has room."),
				 cl_errconstraint("service", "service_capacity")));
	}
	cl_leave(&scope);
	return PointerGetDatum(NULL);
}
