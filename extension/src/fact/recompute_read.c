/*
 * recompute_read.c
 *		Read all that attendance is made from, and deal it out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "delta.h"
#include "partition.h"
#include "table_reader.h"

/* Names of zones by site; which zone that is, is looked up when first wanted. */
typedef struct SiteZones
{
	KeySet	   *sites;
	const char **names;
	int		   *zones;			/* -1: not looked up */
	int			count;
	int			capacity;
} SiteZones;

typedef struct Reading
{
	MemoryContext context;
	MemoryContext row_context;	/* reset for each row */
	const char *district_id;	/* NULL: of all districts */
	Size		district_length;
	DealtRows  *dealt;
} Reading;

/* Is this the district that is wanted? */
static inline bool
district_wanted(const Reading *work, Datum district_id)
{
	text	   *district;

	if (work->district_id == NULL)
		return true;
	district = DatumGetTextPP(district_id);
	return VARSIZE_ANY_EXHDR(district) == work->district_length &&
		memcmp(VARDATA_ANY(district), work->district_id, work->district_length) == 0;
}

/* The index of a zone, by the name that a site gives it. */
static int
find_zone(Reading *work, const char *name)
{
	ClientZone	zone;

	zone.length = cl_zone_canonical(name, (int) strlen(name), zone.name);
	for (int i = 0; i < work->dealt->n_zones; i++)
	{
		if (work->dealt->zones[i].length == zone.length && memcmp(work->dealt->zones[i].name, zone.name, zone.length) == 0)
			return i;
	}
	cl_clock_init(&zone.clock, zone.name, zone.length);
	work->dealt->zones = work->dealt->zones ?
		repalloc(work->dealt->zones, sizeof(ClientZone) * (work->dealt->n_zones + 1)) :
		MemoryContextAlloc(work->context, sizeof(ClientZone));
	work->dealt->zones[work->dealt->n_zones] = zone;
	return work->dealt->n_zones++;
}

static inline void
deal_out(Reading *work, RowKind kind, const TableReader *reader, uint64 payload,
		 const uint64 *rest, Size rest_words)
{
	cl_partitions_add(work->dealt->parts, kind, cl_reader_value(reader, 0), cl_reader_value(reader, 1),
					  payload, rest, rest_words);
}

/* Begin to read a table; cl_reader_next() is called in the context of the row. */
static void
open_table(Reading *work, TableReader *reader, const char *table, int ncolumns,
		   const char *const *columns, const Oid *types)
{
	cl_reader_open(reader, table, ncolumns, columns, types);
	MemoryContextSwitchTo(work->row_context);
}

static void
close_table(Reading *work, TableReader *reader)
{
	MemoryContextSwitchTo(work->context);
	MemoryContextReset(work->row_context);
	cl_reader_close(reader);
}

/* The next row of the districts that are wanted, with a key that is not NULL. */
static inline bool
next_row(Reading *work, TableReader *reader)
{
	do
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(work->row_context);
		if (!cl_reader_next(reader))
			return false;
	} while (cl_reader_isnull(reader, 0) || cl_reader_isnull(reader, 1) ||
			 !district_wanted(work, cl_reader_value(reader, 0)));
	return true;
}

static void
read_sites(Reading *work, SiteZones *sites)
{
	static const char *const columns[] = {"district_id", "site_id", "time_zone"};
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	TableReader reader;

	sites->sites = cl_keys_new();
	sites->count = 0;
	sites->capacity = 64;
	sites->names = palloc(sizeof(char *) * sites->capacity);
	open_table(work, &reader, "site", 3, columns, types);
	while (next_row(work, &reader))
	{
		if (cl_keys_add(sites->sites, cl_reader_value(&reader, 0), cl_reader_value(&reader, 1)) < sites->count)
			continue;
		if (sites->count == sites->capacity)
		{
			sites->capacity *= 2;
			sites->names = repalloc_huge(sites->names, sizeof(char *) * (Size) sites->capacity);
		}
		sites->names[sites->count++] = cl_reader_isnull(&reader, 2) ? "UTC" :
			MemoryContextStrdup(work->context, TextDatumGetCString(cl_reader_value(&reader, 2)));
	}
	close_table(work, &reader);

	/* the zone of a site where nobody is need not be known */
	sites->zones = palloc_extended(sizeof(int) * (Size) Max(sites->count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < sites->count; i++)
		sites->zones[i] = -1;
}

/* The clients; their zone is that of the site, UTC where that is not known. */
static void
read_clients(Reading *work)
{
	static const char *const columns[] = {"district_id", "client_id", "site_id"};
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	TableReader reader;
	SiteZones	sites;
	int			utc = find_zone(work, "UTC");

	read_sites(work, &sites);
	open_table(work, &reader, "client", 3, columns, types);
	while (next_row(work, &reader))
	{
		int			zone = utc;

		if (!cl_reader_isnull(&reader, 2))
		{
			int			site = cl_keys_add(sites.sites, cl_reader_value(&reader, 0), cl_reader_value(&reader, 2));

			if (site < sites.count)
			{
				if (sites.zones[site] < 0)
					sites.zones[site] = find_zone(work, sites.names[site]);
				zone = sites.zones[site];
			}
		}
		deal_out(work, ROW_CLIENT, &reader, zone, NULL, 0);
	}
	close_table(work, &reader);
}

/* A period as a word. */
static uint64
period_word(Datum period)
{
	DateADT		bounds[2];
	uint64		word;

	cl_period_bounds(period, &bounds[0], &bounds[1]);
	memcpy(&word, bounds, sizeof(word));
	return word;
}

static void
read_episodes(Reading *work)
{
	static const char *const columns[] = {"district_id", "client_id", "episode", "period"};
	static const Oid types[] = {TEXTOID, TEXTOID, INT4OID, DATERANGEOID};
	TableReader reader;

	open_table(work, &reader, "episode", 4, columns, types);
	while (next_row(work, &reader))
	{
		uint64		period = period_word(cl_reader_value(&reader, 3));

		deal_out(work, ROW_EPISODE, &reader, (uint32) DatumGetInt32(cl_reader_value(&reader, 2)), &period, 1);
	}
	close_table(work, &reader);
}

static void
read_events(Reading *work, const char *table, const char *at, const char *status)
{
	const char *const columns[] = {"district_id", "client_id", at, status};
	static const Oid types[] = {TEXTOID, TEXTOID, TIMESTAMPTZOID, InvalidOid};
	LabelCache	labels = {.count = 0};
	Oid			seen[16] = {InvalidOid};	/* by the last bits, which differ */
	int			codes[16];
	TableReader reader;

	open_table(work, &reader, table, 4, columns, types);
	while (next_row(work, &reader))
	{
		Oid			label;

		if (cl_reader_isnull(&reader, 2) || cl_reader_isnull(&reader, 3))
			continue;
		label = DatumGetObjectId(cl_reader_value(&reader, 3));
		if (seen[label & 0xf] != label)
		{
			codes[label & 0xf] = cl_label_code(&labels, label);
			seen[label & 0xf] = label;
		}
		deal_out(work, ROW_EVENT, &reader,
				 cl_event_from_timestamp(DatumGetTimestampTz(cl_reader_value(&reader, 2)),
										 (EventStatus) codes[label & 0xf]),
				 NULL, 0);
	}
	close_table(work, &reader);
}

/* What client_activity says now. */
static void
read_stored(Reading *work)
{
	static const char *const columns[] = {"district_id", "client_id", "episode", "period", "attendance"};
	Oid			types[] = {TEXTOID, TEXTOID, INT4OID, DATERANGEOID, InvalidOid};
	int32		typmod;
	TableReader reader;

	parseTypeString_compat("caseload.attendance", &types[4], &typmod);
	open_table(work, &reader, "client_activity", 5, columns, types);
	while (next_row(work, &reader))
	{
		Attendance *value = DatumGetAttendancePP(cl_reader_value(&reader, 4));
		Size		length = VARSIZE_ANY_EXHDR(value) + VARHDRSZ;
		Size		words = 1 + CL_WORDS(length);
		uint64	   *rest = palloc_extended(sizeof(uint64) * words, MCXT_ALLOC_HUGE);

		rest[0] = period_word(cl_reader_value(&reader, 3));
		rest[words - 1] = 0;
		SET_VARSIZE(&rest[1], length);
		memcpy(VARDATA(&rest[1]), VARDATA_ANY(value), length - VARHDRSZ);
		deal_out(work, ROW_STORED, &reader, (uint32) DatumGetInt32(cl_reader_value(&reader, 2)), rest, words);
	}
	close_table(work, &reader);
}

/*
 * Deal out the clients, episodes, events and stored values of a district
 * (NULL: of all), in the current memory context.  SPI is connected, and the
 * snapshot to read on is active.
 */
DealtRows *
cl_deal_out_rows(const char *district_id)
{
	static const char *const tables[] = {"client", "episode", "appointment", "contact", "client_activity"};
	Reading		work;
	int64		pages = 0;

	work.context = CurrentMemoryContext;
	work.row_context = AllocSetContextCreate(work.context, "caseload row", ALLOCSET_DEFAULT_SIZES);
	work.district_id = district_id;
	work.district_length = district_id ? strlen(district_id) : 0;
	work.dealt = palloc0(sizeof(DealtRows));
	for (size_t i = 0; i < lengthof(tables); i++)
		pages += cl_table_pages(tables[i]);
	work.dealt->parts = cl_partitions_new(pages);

	/* in the order of RowKind */
	read_clients(&work);
	read_episodes(&work);
	read_events(&work, "appointment", "starts_at", "status");
	read_events(&work, "contact", "at", "kind");
	read_stored(&work);
	MemoryContextDelete(work.row_context);
	return work.dealt;
}
