/*
 * load_write.c
 *		Make a therapist's counter from the services, and write it.
 *
 * A service counts on the days of its period on which its client is
 * enrolled.  The same is written down in SQL (_load_recompute), which
 * verify() uses; a test holds the two together.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "delta.h"
#include "load.h"
#include "query.h"

void		(*cl_load_changed) (const SubjectKey *key, const LoadProfile *before,
								const LoadProfile *after, bool framed) = NULL;

enum
{
	SERVICE_DISTRICT = 0,
	SERVICE_THERAPIST,
	SERVICE_SERVICE,
	SERVICE_CLIENT,
	SERVICE_DISCIPLINE,
	SERVICE_DELIVERY,
	SERVICE_DOSAGE,
	SERVICE_GROUP_SIZE,
	SERVICE_PERIOD,
	SERVICE_TIER
};

static CachedTable service_table = {
	"service", "service_therapist_idx",
	{"district_id", "therapist_id", "service_id", "client_id", "discipline", "delivery", "dosage", "group_size", "period", "tier", NULL}
};

static CachedTable client_table = {
	"client", "client_pkey", {"district_id", "client_id", "site_id", NULL}
};

static CachedTable episode_table = {
	"episode", "episode_pkey", {"district_id", "client_id", "period", NULL}
};

static CachedTable load_table = {
	"therapist_load", "therapist_load_pkey", {"district_id", "therapist_id", "load", NULL}
};

static CachedQuery insert_query = {
	"INSERT INTO caseload.therapist_load AS l (district_id, therapist_id, load)"
	" SELECT t.district_id, t.therapist_id, $3 FROM caseload.therapist t"
	"  WHERE t.district_id = $1 AND t.therapist_id = $2"
	" ON CONFLICT (district_id, therapist_id) DO UPDATE SET load = EXCLUDED.load",
	3, {"text", "text", "caseload.load_profile"}
};

/* ------------------------------------------------------- rows of service --- */

/*
 * The columns of the table that a trigger is fired on, looked up once for a
 * statement.
 */
const ServiceColumns *
cl_service_columns(FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc = RelationGetDescr(((TriggerData *) fcinfo->context)->tg_relation);
	ServiceColumns *columns = fcinfo->flinfo->fn_extra;

	if (columns != NULL)
		return columns;
	columns = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(ServiceColumns));
	for (int i = 0; i < CL_SERVICE_COLUMNS; i++)
	{
		int			number = SPI_fnumber(tupdesc, service_table.columns[i]);
		Oid			type = number > 0 ? TupleDescAttr(tupdesc, number - 1)->atttypid : InvalidOid;
		bool		good = number > 0;

		if (i == SERVICE_GROUP_SIZE)
			good = good && type == INT4OID;
		else if (i == SERVICE_TIER)
			good = good && type == INT2OID;
		else if (i == SERVICE_PERIOD)
			good = good && type == DATERANGEOID;
		else if (i == SERVICE_DELIVERY)
			good = good && TupleDescAttr(tupdesc, number - 1)->attlen == sizeof(Oid);
		else if (i == SERVICE_DOSAGE)
			good = good && TupleDescAttr(tupdesc, number - 1)->attlen == sizeof(int64);
		else
			good = good && type == TEXTOID;
		if (!good)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of table \"%s\" is not of the type that the trigger needs",
							service_table.columns[i],
							RelationGetRelationName(((TriggerData *) fcinfo->context)->tg_relation))));
		columns->numbers[i] = number;
	}
	fcinfo->flinfo->fn_extra = columns;
	return columns;
}

static void
fill_line(const AttrNumber *numbers, TupleDesc tupdesc, HeapTuple tuple, ServiceLine *line)
{
	bool		isnull;
	Datum		value;

	line->district_id = heap_getattr(tuple, numbers[SERVICE_DISTRICT], tupdesc, &isnull);
	line->service_id = heap_getattr(tuple, numbers[SERVICE_SERVICE], tupdesc, &isnull);
	line->client_id = heap_getattr(tuple, numbers[SERVICE_CLIENT], tupdesc, &isnull);
	value = heap_getattr(tuple, numbers[SERVICE_THERAPIST], tupdesc, &isnull);
	line->therapist_id = isnull ? (Datum) 0 : value;
	line->discipline = heap_getattr(tuple, numbers[SERVICE_DISCIPLINE], tupdesc, &isnull);
	line->delivery = DatumGetObjectId(heap_getattr(tuple, numbers[SERVICE_DELIVERY], tupdesc, &isnull));
	value = heap_getattr(tuple, numbers[SERVICE_DOSAGE], tupdesc, &isnull);
	line->dosage = isnull ? 0 : DatumGetInt64(value);
	line->tier = DatumGetInt16(heap_getattr(tuple, numbers[SERVICE_TIER], tupdesc, &isnull));
	line->group_size = DatumGetInt32(heap_getattr(tuple, numbers[SERVICE_GROUP_SIZE], tupdesc, &isnull));
	cl_period_bounds(heap_getattr(tuple, numbers[SERVICE_PERIOD], tupdesc, &isnull), &line->from, &line->until);
}

/* What a row says; the texts point into the row. */
void
cl_read_service(const ServiceColumns *columns, Relation rel, HeapTuple tuple, ServiceLine *line)
{
	fill_line(columns->numbers, RelationGetDescr(rel), tuple, line);
}

/* -------------------------------------------------------------- clients --- */

/* Site and enrolments of a client, in the current memory context. */
void
cl_read_frame(Datum district_id, Datum client_id, Snapshot snapshot, ClientFrame *frame)
{
	Relation	rel = cl_open_table(&client_table, AccessShareLock);
	Datum		keys[2] = {district_id, client_id};
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	frame->found = false;
	frame->site = "";
	frame->site_length = -1;
	frame->count = 0;
	scan = cl_lookup(&client_table, rel, snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		Datum		site = cl_column_of(&client_table, rel, tuple, 2, &isnull);

		frame->found = true;
		if (!isnull)
		{
			text	   *value = DatumGetTextPP(site);

			frame->site_length = VARSIZE_ANY_EXHDR(value);
			frame->site = pnstrdup(VARDATA_ANY(value), frame->site_length);
		}
	}
	systable_endscan(scan);
	table_close(rel, NoLock);

	frame->capacity = CL_CLIENT_EPISODES;
	frame->from = palloc(sizeof(DateADT) * frame->capacity);
	frame->until = palloc(sizeof(DateADT) * frame->capacity);
	rel = cl_open_table(&episode_table, AccessShareLock);
	scan = cl_lookup(&episode_table, rel, snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		if (frame->count == frame->capacity)
		{
			frame->capacity *= 2;
			frame->from = repalloc(frame->from, sizeof(DateADT) * frame->capacity);
			frame->until = repalloc(frame->until, sizeof(DateADT) * frame->capacity);
		}
		cl_period_bounds(cl_column_of(&episode_table, rel, tuple, 2, &isnull),
						 &frame->from[frame->count], &frame->until[frame->count]);
		frame->count++;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/* "change" times this service, on the days on which it is due and its client enrolled. */
void
cl_add_service(LoadSteps *steps, const ServiceLine *line, const ClientFrame *frame, int32 change)
{
	text	   *discipline = DatumGetTextPP(line->discipline);
	LoadRate	rate;

	rate.discipline = VARDATA_ANY(discipline);
	rate.discipline_length = VARSIZE_ANY_EXHDR(discipline);
	rate.site = frame->site;
	rate.site_length = frame->site_length;
	rate.group_size = line->group_size;
	rate.dosage = line->dosage;
	for (int i = 0; i < frame->count; i++)
		cl_load_add(steps, &rate, Max(line->from, frame->from[i]), Min(line->until, frame->until[i]), change);
}

/* -------------------------------------------------------------- counter --- */

/* The counter of a therapist, made from the services. */
LoadProfile *
cl_recompute_load(const SubjectKey *key, Snapshot snapshot)
{
	Relation	rel = cl_open_table(&service_table, AccessShareLock);
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "caseload service", ALLOCSET_SMALL_SIZES);
	LoadSteps	steps;
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	cl_load_init(&steps);
	keys[0] = CStringGetTextDatum(key->district_id);
	keys[1] = CStringGetTextDatum(key->id);
	scan = cl_lookup(&service_table, rel, snapshot, keys, 2);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		ServiceLine line;
		ClientFrame frame;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(scratch);
		fill_line(service_table.numbers, RelationGetDescr(rel), tuple, &line);
		cl_read_frame(line.district_id, line.client_id, snapshot, &frame);
		MemoryContextSwitchTo(context);
		cl_add_service(&steps, &line, &frame, 1);
		MemoryContextReset(scratch);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	MemoryContextDelete(scratch);
	return cl_load_close(&steps);
}

/*
 * The counter as it is stored, in the current memory context; NULL when there
 * is none.  "row", if not NULL, gets a copy of the row.
 */
LoadProfile *
cl_stored_load(const SubjectKey *key, Snapshot snapshot, HeapTuple *row)
{
	Relation	rel = cl_open_table(&load_table, AccessShareLock);
	LoadProfile *load = NULL;
	Datum		keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	keys[0] = CStringGetTextDatum(key->district_id);
	keys[1] = CStringGetTextDatum(key->id);
	scan = cl_lookup(&load_table, rel, snapshot, keys, 2);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		tuple = heap_copytuple(tuple);
		load = DatumGetLoadProfilePP(cl_column_of(&load_table, rel, tuple, 2, &isnull));
	}
	if (row != NULL)
		*row = tuple;
	systable_endscan(scan);
	table_close(rel, NoLock);
	return load;
}

/*
 * Write the counter of a therapist, whose lock is held, where it differs from
 * what is stored, which cl_stored_load() has given; returns whether it did.
 */
bool
cl_write_load(const SubjectKey *key, HeapTuple row, const LoadProfile *before, LoadProfile *load, bool framed)
{
	/* who has never had a service needs no row */
	bool		differs = before == NULL ? cl_load_any(load) : !cl_load_equal(before, load);

	if (!differs)
		return false;
	if (before != NULL && load_table.can_update)
	{
		Relation	rel = cl_open_table(&load_table, RowExclusiveLock);
		RowWriter	writer;
		int			column = 2;
		Datum		value = PointerGetDatum(load);
		bool		isnull = false;

		cl_begin_writing(&writer, &load_table, rel);
		cl_update_row(&writer, row, 1, &column, &value, &isnull);
		cl_end_writing(&writer);
		table_close(rel, NoLock);
		CommandCounterIncrement();
	}
	else
	{
		Datum		args[3];
		OwnerScope	scope;

		args[0] = CStringGetTextDatum(key->district_id);
		args[1] = CStringGetTextDatum(key->id);
		args[2] = PointerGetDatum(load);
		cl_enter(&scope);
		/* a therapist who is gone has none */
		differs = cl_run(&insert_query, args, NULL) > 0;
		cl_leave(&scope);
	}
	if (differs && cl_load_changed != NULL)
		cl_load_changed(key, before, load, framed);
	return differs;
}
