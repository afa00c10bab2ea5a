/*
 * capacity.c
 *		No assignment beyond what a therapist can give.
 *
 * check_capacity() answers before the write and this trigger decides at the
 * write, both by cl_capacity_reasons(), so that they cannot disagree.  It is
 * a deferred constraint trigger: within a transaction load may be moved about
 * in any order, and a therapist is locked only while the transaction commits.
 * The first row to be checked has the counters of all therapists of the
 * transaction written (load.c), under their locks, taken in key order; the
 * load is read from there, on the latest snapshot, so that no two sessions
 * can share the last place, at any isolation level.
 *
 * What adds nothing is let through, also where the therapist is over already:
 * it can only help.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "capacity.h"
#include "delta.h"
#include "numbers.h"
#include "query.h"
#include "transition.h"

static const struct config_enum_entry capacity_modes[] = {
	{"off", CAPACITY_OFF, false},
	{"warn", CAPACITY_WARN, false},
	{"error", CAPACITY_ERROR, false},
	{NULL, 0, false}
};

/* caseload.capacity: the most that a district's policy can make happen. */
int			cl_capacity_mode = CAPACITY_ERROR;

#define FIRST_THERAPISTS	8

/* Therapists as they were read for the rows that are being checked. */
typedef struct CheckCache
{
	MemoryContext context;
	MemoryContextCallback gone;
	uint64		generation;
	CommandId	command;
	KeySet	   *keys;
	CapacityTherapist **therapists;
	int			capacity;
} CheckCache;

static CheckCache *cache = NULL;

static CachedTable service_key_table = {
	"service", "service_pkey", {"district_id", "service_id", NULL}
};

PG_FUNCTION_INFO_V1(service_capacity);
PG_FUNCTION_INFO_V1(_capacity_reasons);

/* ---------------------------------------------------------------- cache --- */

static void
forget_cache(void *arg)
{
	cache = NULL;
}

static CheckCache *
check_cache(void)
{
	MemoryContext context;

	if (cache != NULL && cache->generation == cl_loads_generation() &&
		cache->command == GetCurrentCommandId(false))
		return cache;
	if (cache != NULL)
		MemoryContextDelete(cache->context);
	context = AllocSetContextCreate(TopTransactionContext, "caseload capacity", ALLOCSET_DEFAULT_SIZES);
	cache = MemoryContextAllocZero(context, sizeof(CheckCache));
	cache->context = context;
	cache->gone.func = forget_cache;
	MemoryContextRegisterResetCallback(context, &cache->gone);
	cache->generation = cl_loads_generation();
	cache->command = GetCurrentCommandId(false);
	return cache;
}

/* The therapist of a row, read when first wanted. */
static CapacityTherapist *
checked_therapist(Datum district_id, Datum therapist_id)
{
	CheckCache *all = check_cache();
	MemoryContext oldcontext = MemoryContextSwitchTo(all->context);
	int			place;

	if (all->keys == NULL)
	{
		all->therapists = palloc0(sizeof(CapacityTherapist *) * FIRST_THERAPISTS);
		all->capacity = FIRST_THERAPISTS;
		all->keys = cl_keys_new();
	}
	if (all->keys->count == all->capacity)
	{
		all->therapists = repalloc(all->therapists, sizeof(CapacityTherapist *) * all->capacity * 2);
		memset(all->therapists + all->capacity, 0, sizeof(CapacityTherapist *) * all->capacity);
		all->capacity *= 2;
	}
	place = cl_keys_add(all->keys, district_id, therapist_id);
	if (all->therapists[place] == NULL)
	{
		CapacityTherapist *therapist = palloc0(sizeof(CapacityTherapist));
		Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());

		therapist->key = all->keys->keys[place];
		cl_read_therapist(therapist, snapshot, true);
		UnregisterSnapshot(snapshot);
		/* only when whole: an error may end no more than a subtransaction */
		all->therapists[place] = therapist;
	}
	MemoryContextSwitchTo(oldcontext);
	return all->therapists[place];
}

/* -------------------------------------------------------------- trigger --- */

/* The most minutes a week that the line will cost, in millionths, whoever gives it. */
static int64
weekly_micros(const ServiceLine *line, Snapshot snapshot)
{
	DateADT		today = DatumGetDateADT(DirectFunctionCall1(timestamptz_date,
															TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())));
	ClientFrame frame;
	LoadSteps	load;

	cl_load_init(&load);
	cl_read_frame(line->district_id, line->client_id, snapshot, &frame);
	cl_add_service(&load, line, &frame, 1);
	return cl_peak(&load, TextDatumGetCString(line->district_id), Max(line->from, today), line->until, -1);
}

/* Does an update give anybody more to do, or the same to somebody else? */
static bool
adds(const ServiceLine *old, const ServiceLine *new)
{
	Snapshot	snapshot;
	bool		more;

	if (old->therapist_id == (Datum) 0 || !cl_same_text(old->therapist_id, new->therapist_id) ||
		!cl_same_text(old->district_id, new->district_id) || !cl_same_text(old->service_id, new->service_id) ||
		!cl_same_text(old->client_id, new->client_id) || !cl_same_text(old->discipline, new->discipline) ||
		new->from < old->from || new->until > old->until || new->tier > old->tier)
		return true;
	if (old->dosage == new->dosage && old->group_size == new->group_size)
		return false;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	more = weekly_micros(new, snapshot) > weekly_micros(old, snapshot);
	UnregisterSnapshot(snapshot);
	return more;
}

/*
 * The row as it stands now, where the transaction has changed it since: it
 * answers for what became of it.  NULL when it was deleted.
 */
static HeapTuple
current_row(const ServiceLine *line)
{
	Relation	rel = cl_open_table(&service_key_table, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	Datum		keys[2] = {line->district_id, line->service_id};
	SysScanDesc scan = cl_lookup(&service_key_table, rel, snapshot, keys, 2);
	HeapTuple	tuple = systable_getnext(scan);

	if (tuple != NULL)
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return tuple;
}

/* Nothing to look at more closely, and room for all. */
static bool
plainly_fits(const CapacityTherapist *therapist, const ServiceLine *line)
{
	text	   *discipline = DatumGetTextPP(line->discipline);
	DateADT		first_day = Max(line->from, therapist->today);

	if (!therapist->found || first_day >= line->until)
		return true;
	return therapist->peak <= therapist->limit_micros && therapist->n_scopes == 0 && therapist->n_licenses == 0 &&
		therapist->headcount_limit == NULL && therapist->weighting == NULL &&
		therapist->employed_from <= first_day && first_day < therapist->employed_until &&
		strlen(therapist->discipline) == VARSIZE_ANY_EXHDR(discipline) &&
		memcmp(therapist->discipline, VARDATA_ANY(discipline), VARSIZE_ANY_EXHDR(discipline)) == 0;
}

static void
append_reason(StringInfo text, const CapacityReason *reason)
{
	appendStringInfo(text, "%s%s: %s", text->len > 0 ? "\n" : "", cl_rule_names[reason->rule],
					 reason->message);
	if (reason->limit != NULL && reason->would_be != NULL)
		appendStringInfo(text, " (%s, limit %s %s)",
						 DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(reason->would_be))),
						 DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(reason->limit))),
						 reason->unit);
}

/* Numbers of minutes and points have two decimals, those of clients and sessions none that are 0. */
static Numeric
shown(const CapacityReason *reason, Numeric value)
{
	if (value == NULL)
		return NULL;
	if (reason->rule == RULE_HEADCOUNT || reason->rule == RULE_AVAILABILITY)
		return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value)));
	return rounded(value, 2);
}

/* The first columns of a row about a reason: its rule, limit, what would be, and their unit. */
void
cl_reason_values(const CapacityReason *reason, Datum *values, bool *nulls)
{
	Numeric		limit = shown(reason, reason->limit);
	Numeric		would_be = shown(reason, reason->would_be);

	values[0] = CStringGetTextDatum(cl_rule_names[reason->rule]);
	nulls[0] = false;
	values[1] = NumericGetDatum(limit);
	nulls[1] = limit == NULL;
	values[2] = NumericGetDatum(would_be);
	nulls[2] = would_be == NULL;
	values[3] = reason->unit == NULL ? (Datum) 0 : CStringGetTextDatum(reason->unit);
	nulls[3] = reason->unit == NULL;
}

static void
show_numbers(CapacityReason *reasons)
{
	for (CapacityReason *reason = reasons; reason != NULL; reason = reason->next)
	{
		reason->limit = shown(reason, reason->limit);
		reason->would_be = shown(reason, reason->would_be);
	}
}

/* 23514, or a warning, with all reasons in the detail and in the hint who has room. */
static void
report_reasons(const CapacityTherapist *therapist, const CapacityCase *service, CapacityReason *reasons, Snapshot snapshot)
{
	bool		blocks = therapist->mode == CAPACITY_ERROR && cl_capacity_mode == CAPACITY_ERROR;
	StringInfoData detail;
	char	   *room;

	show_numbers(reasons);
	initStringInfo(&detail);
	for (CapacityReason *reason = reasons; reason != NULL; reason = reason->next)
		append_reason(&detail, reason);
	room = cl_capacity_room(therapist, service, snapshot);
	ereport(blocks ? ERROR : WARNING,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("assignment exceeds the capacity of therapist \"%s\"", therapist->key.id),
			 errdetail("%s", detail.data),
			 room != NULL ?
			 errhint("Therapists of the discipline with room, in minutes per week: %s.", room) :
			 errhint("No therapist of the discipline has room."),
			 cl_errconstraint("service", "service_capacity")));
}

/* Is a label of the enum "delivery" this one?  The OIDs are looked up once. */
static bool
is_delivery(Oid delivery, const char *label, Oid *known)
{
	if (delivery != *known && OidIsValid(delivery) &&
		strcmp(DatumGetCString(DirectFunctionCall1(enum_out, ObjectIdGetDatum(delivery))), label) == 0)
		*known = delivery;
	return OidIsValid(delivery) && delivery == *known;
}

bool
cl_is_individual(Oid delivery)
{
	static Oid	label = InvalidOid;
	static Oid	other = InvalidOid;
	bool		individual;

	if (delivery == other)
		return false;
	individual = is_delivery(delivery, "individual_required", &label);
	if (!individual)
		other = delivery;
	return individual;
}

bool
cl_is_consult(Oid delivery)
{
	static Oid	label = InvalidOid;

	return is_delivery(delivery, "consult", &label);
}

static void
check_line(const ServiceLine *line)
{
	CapacityTherapist *therapist = checked_therapist(line->district_id, line->therapist_id);
	MemoryContext context;
	MemoryContext oldcontext;
	CapacityCase service;
	CapacityReason *reasons;
	Snapshot	snapshot;

	if (therapist->mode == CAPACITY_OFF || plainly_fits(therapist, line))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "caseload reasons", ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	memset(&service, 0, sizeof(service));
	service.service_id = TextDatumGetCString(line->service_id);
	service.client_id = TextDatumGetCString(line->client_id);
	service.discipline = TextDatumGetCString(line->discipline);
	service.individual_required = cl_is_individual(line->delivery);
	service.tier = line->tier;
	service.dosage = line->dosage;
	service.group_size = line->group_size;
	service.from = line->from;
	service.until = line->until;
	service.written = true;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	reasons = cl_capacity_reasons(therapist, &service, NULL, snapshot, ASK_AGAINST, NULL);
	if (reasons != NULL)
		report_reasons(therapist, &service, reasons, snapshot);
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/*
 * Constraint trigger of service, for each row that is inserted or updated:
 * 23514 where it adds to somebody's load what that therapist cannot give.
 */
Datum
service_capacity(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "service_capacity", false, false);
	const ServiceColumns *columns;
	ServiceLine old;
	ServiceLine new;
	HeapTuple	tuple;
	bool		update;

	if (cl_capacity_mode == CAPACITY_OFF)
		return PointerGetDatum(NULL);
	if (fcinfo->flinfo->fn_extra == NULL)
		cl_check_trigger_owner(trigdata);
	columns = cl_service_columns(fcinfo);
	update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	tuple = update ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	cl_read_service(columns, trigdata->tg_relation, tuple, &new);
	if (!table_tuple_satisfies_snapshot(trigdata->tg_relation, update ? trigdata->tg_newslot : trigdata->tg_trigslot,
										SnapshotSelf))
	{
		tuple = current_row(&new);
		if (tuple == NULL)
			return PointerGetDatum(NULL);
		cl_read_service(columns, trigdata->tg_relation, tuple, &new);
	}
	if (new.therapist_id == (Datum) 0)
		return PointerGetDatum(NULL);
	if (update)
	{
		cl_read_service(columns, trigdata->tg_relation, trigdata->tg_trigtuple, &old);
		if (!adds(&old, &new))
			return PointerGetDatum(NULL);
	}
	/* held already, but where constraints are checked at once */
	cl_key_lock(new.district_id, new.client_id, CL_LOCK_CLIENTS);
	(void) cl_apply_loads();
	cl_key_lock(new.district_id, new.therapist_id, CL_LOCK_THERAPISTS);
	check_line(&new);
	return PointerGetDatum(NULL);
}

/*
 * A counter was written.  Where the clients of a therapist were enrolled anew
 * or moved, that is a fact and is not refused; it is said when the load grew
 * beyond capacity by it.
 */
static void
load_changed(const SubjectKey *key, const LoadProfile *before, const LoadProfile *after, bool framed)
{
	CapacityTherapist therapist = {.key = *key};
	CapacityCase service = {.tier = 3, .written = true};
	CapacityReason *reasons;
	LoadSteps	load;
	Snapshot	snapshot;

	if (!framed || before == NULL || cl_capacity_mode == CAPACITY_OFF)
		return;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	cl_read_therapist(&therapist, snapshot, true);
	if (therapist.found && therapist.mode != CAPACITY_OFF && therapist.peak > therapist.limit_micros)
	{
		cl_load_open(&load, before);
		cl_add_duties(&therapist, &load, snapshot);
		if (cl_peak(&load, key->district_id, therapist.today, DATEVAL_NOEND, -1) < therapist.peak)
		{
			StringInfoData detail;
			char	   *room;

			service.discipline = therapist.discipline;
			service.from = therapist.today;
			service.until = DATEVAL_NOEND;
			reasons = palloc0(sizeof(CapacityReason));
			reasons->rule = RULE_WEEKLY_MINUTES;
			reasons->limit = therapist.limit;
			reasons->would_be = cl_micros_numeric(therapist.peak);
			reasons->unit = "minutes per week";
			reasons->message = "weekly minutes against the capacity of the position";
			show_numbers(reasons);
			initStringInfo(&detail);
			append_reason(&detail, reasons);
			room = cl_capacity_room(&therapist, &service, snapshot);
			ereport(WARNING,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("clients enrolled or moved take therapist \"%s\" beyond capacity", key->id),
					 errdetail("%s", detail.data),
					 room != NULL ?
					 errhint("Therapists of the discipline with room, in minutes per week: %s.", room) :
					 errhint("No therapist of the discipline has room.")));
		}
	}
	UnregisterSnapshot(snapshot);
}

void
cl_capacity_init(void)
{
	cl_load_changed = load_changed;
	DefineCustomEnumVariable("caseload.capacity",
							 "What happens to an assignment beyond capacity.",
							 "The weaker of this and the district's policy \"capacity\" decides.",
							 &cl_capacity_mode, CAPACITY_ERROR, capacity_modes,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}

/* ------------------------------------------------------------- question --- */

/* Rows are looked up without queries, so the rights that queries need are asked for here. */
void
cl_capacity_check_rights(void)
{
	static const char *const tables[] = {"therapist", "service", "client", "episode", "site", "license", "therapist_scope",
		"duty", "therapist_availability", "therapist_site", "therapist_skill", "client_need"
	};

	for (size_t i = 0; i < lengthof(tables); i++)
	{
		Oid			relid = cl_table(tables[i]);

		if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, tables[i]);
		if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("capacity cannot be judged by who sees some rows only"),
					 errdetail("Row-level security of table \"%s\" applies to the role.", tables[i])));
	}
}

static char *
optional_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/*
 * _capacity_reasons(district_id, therapist_id, service_id, client_id,
 * discipline, delivery, tier, group_size, dosage, from_date, until_date,
 * replaces) -> rule_name, limit_value, would_be, unit, verdict, message.
 * "replaces" is true where the service is this therapist's already.
 */
Datum
_capacity_reasons(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	CapacityTherapist therapist = {0};
	CapacityCase service = {0};
	CapacityMode mode;
	Snapshot	snapshot = GetActiveSnapshot();

	cl_capacity_check_rights();
	InitMaterializedSRF(fcinfo, 0);
	therapist.key.district_id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	therapist.key.id = text_to_cstring(PG_GETARG_TEXT_PP(1));
	service.service_id = optional_text(fcinfo, 2);
	service.client_id = optional_text(fcinfo, 3);
	service.discipline = optional_text(fcinfo, 4);
	service.individual_required = !PG_ARGISNULL(5) && cl_is_individual(PG_GETARG_OID(5));
	service.tier = PG_ARGISNULL(6) ? 3 : PG_GETARG_INT32(6);
	service.group_size = PG_ARGISNULL(7) ? 1 : PG_GETARG_INT32(7);
	service.dosage = PG_ARGISNULL(8) ? 0 : PG_GETARG_INT64(8);
	service.from = PG_ARGISNULL(9) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(9);
	service.until = PG_ARGISNULL(10) ? DATEVAL_NOEND : PG_GETARG_DATEADT(10);
	/* the counter lacks what the transaction has not written yet */
	cl_read_therapist(&therapist, snapshot,
					  !cl_load_pending(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
	if (!therapist.found)
		return (Datum) 0;
	service.written = !PG_ARGISNULL(11) && PG_GETARG_BOOL(11);
	service.is_consult = !PG_ARGISNULL(5) && cl_is_consult(PG_GETARG_OID(5));
	mode = Min(therapist.mode, (CapacityMode) cl_capacity_mode);
	for (CapacityReason *reason = cl_capacity_reasons(&therapist, &service, NULL, snapshot, ASK_ALL, NULL);
		 reason != NULL; reason = reason->next)
	{
		Datum		values[6];
		bool		nulls[6] = {false};

		cl_reason_values(reason, values, nulls);
		values[4] = CStringGetTextDatum(!reason->over || mode == CAPACITY_OFF ? "ok" :
										mode == CAPACITY_WARN || (RULE_BIT(reason->rule) & ADVICE_RULES) != 0 ? "warn" :
										"block");
		values[5] = CStringGetTextDatum(reason->message);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
