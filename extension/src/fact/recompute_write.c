/*
 * recompute_write.c
 *		What to do where the stored attendance is not what the events say.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "query.h"
#include "recompute.h"
#include "table_reader.h"

/* Differences written at one time: so many, or so many bytes. */
#define WRITES_AT_ONCE		10000
#define BYTES_AT_ONCE		(8 * 1024 * 1024)

/*
 * When looking up every client's events costs more than reading all there
 * are: below this number of clients never, and from there on when there are
 * no more pages of events for each client than this.
 */
#define FEWEST_CLIENTS		1000
#define PAGES_PER_CLIENT	8

static CachedQuery write_query = {
	"INSERT INTO caseload.client_activity (district_id, client_id, episode, period, attendance)"
	" SELECT n.district_id, n.client_id, n.episode,"
	"        daterange(nullif(n.since, '-infinity'), nullif(n.until, 'infinity')), n.attendance"
	"   FROM unnest($1, $2, $3, $4, $5, $6) AS n (district_id, client_id, episode, since, until, attendance)"
	" ON CONFLICT (district_id, client_id, episode) DO UPDATE SET period = EXCLUDED.period, attendance = EXCLUDED.attendance",
	6, {"text[]", "text[]", "int4[]", "date[]", "date[]", "caseload.attendance[]"}
};

PG_FUNCTION_INFO_V1(_activity_differences);

/* Is it cheaper to read all events than to look up those of so many clients? */
bool
cl_recompute_pays(int64 clients)
{
	return clients >= FEWEST_CLIENTS &&
		(cl_table_pages("appointment") + cl_table_pages("contact")) / PAGES_PER_CLIENT <= clients;
}

/* Does the value differ from the stored one? */
static bool
differs(const RecomputedValue *value)
{
	Size		size = VARSIZE_ANY_EXHDR(value->attendance);

	return value->stored == NULL || value->stored_from != value->from || value->stored_until != value->until ||
		VARSIZE_ANY_EXHDR(value->stored) != size ||
		memcmp(VARDATA_ANY(value->stored), VARDATA_ANY(value->attendance), size) != 0;
}

/* Differences on their way to client_activity. */
typedef struct WriteBatch
{
	MemoryContext context;		/* of this batch */
	Oid			type;			/* attendance */
	int			count;
	Size		size;			/* of the values */
	const char *districts[WRITES_AT_ONCE];
	const char *clients[WRITES_AT_ONCE];
	Datum		episodes[WRITES_AT_ONCE];
	Datum		from[WRITES_AT_ONCE];
	Datum		until[WRITES_AT_ONCE];
	Datum		values[WRITES_AT_ONCE];
	uint64		written;
	int64		stored;			/* values that were there */
	KeySet	   *changed;
} WriteBatch;

static void
write_batch(WriteBatch *batch)
{
	MemoryContext oldcontext;
	Datum		args[6];

	if (batch->count == 0)
		return;
	oldcontext = MemoryContextSwitchTo(batch->context);
	args[0] = cl_text_array(batch->districts, batch->count);
	args[1] = cl_text_array(batch->clients, batch->count);
	args[2] = PointerGetDatum(construct_array(batch->episodes, batch->count, INT4OID,
											  sizeof(int32), true, TYPALIGN_INT));
	args[3] = PointerGetDatum(construct_array(batch->from, batch->count, DATEOID,
											  sizeof(DateADT), true, TYPALIGN_INT));
	args[4] = PointerGetDatum(construct_array(batch->until, batch->count, DATEOID,
											  sizeof(DateADT), true, TYPALIGN_INT));
	args[5] = PointerGetDatum(construct_array(batch->values, batch->count, batch->type,
											  -1, false, TYPALIGN_INT));
	batch->written += cl_run(&write_query, args, NULL);
	for (int i = 0; i < batch->count; i++)
		(void) cl_keys_add(batch->changed, CStringGetTextDatum(batch->districts[i]),
						   CStringGetTextDatum(batch->clients[i]));
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(batch->context);
	batch->count = 0;
	batch->size = 0;
}

static void
write_difference(const RecomputedValue *value, void *arg)
{
	WriteBatch *batch = arg;
	MemoryContext oldcontext;

	batch->stored += (value->stored != NULL);
	if (!differs(value))
		return;
	if (batch->count == WRITES_AT_ONCE || batch->size >= BYTES_AT_ONCE)
		write_batch(batch);
	oldcontext = MemoryContextSwitchTo(batch->context);
	batch->districts[batch->count] = pstrdup(value->district_id);
	batch->clients[batch->count] = pstrdup(value->client_id);
	batch->episodes[batch->count] = Int32GetDatum(value->episode);
	batch->from[batch->count] = DateADTGetDatum(value->from);
	batch->until[batch->count] = DateADTGetDatum(value->until);
	batch->values[batch->count] = datumCopy(PointerGetDatum(value->attendance), false, -1);
	batch->count++;
	batch->size += VARSIZE(value->attendance);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * Make client_activity of a district (NULL: of all) say what the events say;
 * returns how many values differed, and adds the clients they are of.
 * "stored" is how many values of episodes there were.  The caller holds the
 * locks.
 */
uint64
cl_recompute_and_write(const char *district_id, KeySet *changed, int64 *stored)
{
	WriteBatch *batch = palloc0(sizeof(WriteBatch));
	uint64		written;
	int32		typmod;

	batch->changed = changed;
	parseTypeString_compat("caseload.attendance", &batch->type, &typmod);
	batch->context = AllocSetContextCreate(CurrentMemoryContext, "caseload differences", ALLOCSET_DEFAULT_SIZES);
	(void) cl_recompute(district_id, write_difference, batch);
	write_batch(batch);
	written = batch->written;
	*stored = batch->stored;
	MemoryContextDelete(batch->context);
	pfree(batch);
	return written;
}

static Datum
period_of(const RecomputedValue *value)
{
	RangeBound	lower = {DateADTGetDatum(value->from), DATE_IS_NOBEGIN(value->from), true, true};
	RangeBound	upper = {DateADTGetDatum(value->until), DATE_IS_NOEND(value->until), false, false};

	return RangeTypePGetDatum(make_range_compat(lookup_type_cache(DATERANGEOID, TYPECACHE_RANGE_INFO),
												&lower, &upper));
}

static void
put_difference(const RecomputedValue *value, void *arg)
{
	ReturnSetInfo *rsinfo = arg;
	Datum		values[5];
	bool		isnull[5] = {false};

	if (!differs(value))
		return;
	values[0] = CStringGetTextDatum(value->district_id);
	values[1] = CStringGetTextDatum(value->client_id);
	values[2] = Int32GetDatum(value->episode);
	values[3] = period_of(value);
	values[4] = PointerGetDatum(value->attendance);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}

/*
 * _activity_differences(in_district) -> setof (district_id, client_id,
 * episode, attendance): what client_activity must say where it does not.
 * Tables are scanned without asking for rights, so it is the owner's: 42501
 * for others.
 */
Datum
_activity_differences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *district_id = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	OwnerScope	scope;

	if (!has_privs_of_role(GetUserId(), cl_owner()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function \"%s\"", "_activity_differences"),
				 errdetail("It serves the owner of caseload.client_activity.")));
	InitMaterializedSRF(fcinfo, 0);
	cl_enter(&scope);
	(void) cl_recompute(district_id, put_difference, rsinfo);
	cl_leave(&scope);
	return (Datum) 0;
}
