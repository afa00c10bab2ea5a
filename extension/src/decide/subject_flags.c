/*
 * subject_flags.c
 *		Keep the flags of everything but clients.
 *
 * The same way as those of clients (client_flags.c), with facts that a query
 * gives: after a statement those that it touched, by evaluate() all of them,
 * first without locks, and those that differ again under theirs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "facts_rows.h"
#include "query.h"
#include "transition.h"

static CachedQuery standing_query = {
	"SELECT f.district_id, f.subject_key, f.flag_id, f.episode, f.rule_district, f.rule_name,"
	"       f.state IN ('dismissed', 'closed') OR f.snoozed_until IS NOT NULL"
	"  FROM caseload.flag f"
	" WHERE f.subject = $1 AND f.cleared_on IS NULL AND ($2 IS NULL OR f.district_id = $2)",
	2, {"text", "text"}
};

static CachedQuery standing_of_query = {
	"SELECT x.*"
	"  FROM unnest($2, $3) AS k (district_id, subject_key)"
	" CROSS JOIN LATERAL ("
	"   SELECT f.district_id, f.subject_key, f.flag_id, f.episode, f.rule_district, f.rule_name,"
	"          f.state IN ('dismissed', 'closed') OR f.snoozed_until IS NOT NULL"
	"     FROM caseload.flag f"
	"    WHERE f.district_id = k.district_id AND f.subject_key = k.subject_key AND f.subject = $1"
	"      AND f.cleared_on IS NULL OFFSET 0) AS x",
	3, {"text", "text[]", "text[]"}
};

PG_FUNCTION_INFO_V1(flags_after_change);

/* Flags that stand, by the key of their subject. */
typedef struct FlagReader
{
	FlagChanges *changes;
	KeySet	   *flagged;
	StandingFlag **standing;
	bool	   *seen;
	DateADT		day;			/* for those who are no more */
	KeySet	   *differing;		/* NULL: not wanted */
} FlagReader;

/* From the last result, in the current memory context. */
static void
take_standing(FlagReader *reader, MemoryContext context)
{
	uint64		rows = SPI_processed;
	MemoryContext oldcontext = MemoryContextSwitchTo(context);

	reader->flagged = cl_keys_new();
	reader->standing = palloc_extended(sizeof(StandingFlag *) * Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	reader->seen = palloc_extended(Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 row = 0; row < rows; row++)
	{
		StandingFlag *flag = palloc0(sizeof(StandingFlag));
		bool		isnull;
		Datum		district = cl_result(row, 1, &isnull);
		int			place = cl_keys_add(reader->flagged, district, cl_result(row, 2, &isnull));

		flag->flag_id = TextDatumGetCString(cl_result(row, 3, &isnull));
		flag->episode = DatumGetInt32(cl_result(row, 4, &isnull));
		flag->rule_district = TextDatumGetCString(cl_result(row, 5, &isnull));
		flag->rule_name = TextDatumGetCString(cl_result(row, 6, &isnull));
		flag->answered = DatumGetBool(cl_result(row, 7, &isnull));
		flag->next = reader->standing[place];
		reader->standing[place] = flag;
	}
	MemoryContextSwitchTo(oldcontext);
	SPI_freetuptable(SPI_tuptable);
}

static void
compare_row(FactsRow *row, void *arg)
{
	FlagReader *reader = arg;
	Datum		district = CStringGetTextDatum(row->subject.district_id);
	Datum		key = CStringGetTextDatum(row->subject.key);
	StandingFlag *standing = NULL;
	int			place = cl_keys_place(reader->flagged, district, key);

	if (place >= 0)
	{
		reader->seen[place] = true;
		standing = reader->standing[place];
	}
	if (cl_compare_flags(reader->changes, row->program, &row->scope, &row->subject, standing) &&
		reader->differing != NULL)
		(void) cl_keys_add(reader->differing, district, key);
}

/* The same for a reader that wants some rows only. */
typedef struct RowFilter
{
	FlagReader *reader;
	KeySet	   *wanted;
} RowFilter;

static void
compare_wanted_row(FactsRow *row, void *arg)
{
	RowFilter  *filter = arg;

	if (cl_keys_place(filter->wanted, CStringGetTextDatum(row->subject.district_id),
					  CStringGetTextDatum(row->subject.key)) >= 0)
		compare_row(row, filter->reader);
}

/* Flags of subjects that have no facts any more. */
static void
compare_gone(FlagReader *reader)
{
	for (int i = 0; i < reader->flagged->count; i++)
	{
		const SubjectKey *key = &reader->flagged->keys[i];
		FlagSubject subject = {key->district_id, key->id, NULL, 0, NULL, 0};

		if (reader->seen[i])
			continue;
		if (reader->differing != NULL)
			(void) cl_keys_add(reader->differing, CStringGetTextDatum(key->district_id), CStringGetTextDatum(key->id));
		else
			cl_clear_flags(reader->changes, &subject, reader->standing[i], reader->day);
	}
}

/*
 * Judge these subjects again, under their locks, and write what changes.  The
 * set is sorted.
 */
static void
sync_subject(RuleSet *rules, const KeySet *set, const DateADT *as_of, FlagCounts *counts)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload flags", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	FlagReader	reader = {0};
	OwnerScope	scope;
	Datum		args[3];
	bool		by_key = (rules->subject->keys == 1 && !rules->subject->registered);

	reader.changes = cl_changes_new(true);
	reader.day = as_of ? *as_of : GetSQLCurrentDate();
	cl_keys_lock(set, CL_LOCK_SUBJECTS);
	/* what the statement itself has done is to be seen */
	CommandCounterIncrement();
	cl_enter(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	args[0] = CStringGetTextDatum(rules->subject->name);
	args[1] = cl_keys_districts(set);
	args[2] = cl_keys_ids(set);
	(void) cl_read(&standing_of_query, args, NULL);
	take_standing(&reader, context);
	if (by_key)
		cl_read_rows(rules, as_of, NULL, set, compare_row, &reader);
	else
	{
		/* a relation of others need not have an index: read it whole */
		RowFilter	filter = {&reader, cl_keys_copy(set)};

		cl_read_rows(rules, as_of, NULL, NULL, compare_wanted_row, &filter);
	}
	compare_gone(&reader);
	PopActiveSnapshot();
	cl_leave(&scope);
	cl_changes_write(reader.changes, counts);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
}

/* After a statement: the subjects whose keys it touched (not sorted). */
static void
sync_touched(const char *subject, KeySet *set)
{
	RuleSet    *rules;

	if (set->count == 0)
		return;
	rules = cl_rules(subject);
	if (rules->count == 0)
		return;
	(void) cl_keys_sort(set);
	sync_subject(rules, set, NULL, NULL);
}

/*
 * Statement trigger; arguments: pairs of a subject and the column with its
 * key.  Judges what a statement touched.
 */
Datum
flags_after_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_statement_trigger(fcinfo, "flags_after_change", -1);
	Trigger    *trigger = trigdata->tg_trigger;
	KeySet	  **sets = palloc(sizeof(KeySet *) * (trigger->tgnargs + 1));
	KeySet	   *all = cl_keys_new();

	for (int i = 0; i + 1 < trigger->tgnargs; i += 2)
	{
		sets[i] = cl_keys_new();
		if (cl_rules(trigger->tgargs[i])->count == 0)
			continue;
		cl_read_keys(trigdata, trigdata->tg_oldtable, trigger->tgargs[i + 1], sets[i]);
		cl_read_keys(trigdata, trigdata->tg_newtable, trigger->tgargs[i + 1], sets[i]);
		cl_read_keys(trigdata, trigdata->tg_oldtable, trigger->tgargs[i + 1], all);
		cl_read_keys(trigdata, trigdata->tg_newtable, trigger->tgargs[i + 1], all);
	}
	/* of all subjects at once: one after the other would be in no order, and deadlock */
	cl_keys_lock(all, CL_LOCK_SUBJECTS);
	for (int i = 0; i + 1 < trigger->tgnargs; i += 2)
		sync_touched(trigger->tgargs[i], sets[i]);
	return PointerGetDatum(NULL);
}

/* All flags of a subject that is not the client; see cl_evaluate_clients(). */
void
cl_evaluate_subject(const char *subject, const char *district_id, const DateADT *as_of, FlagCounts *counts)
{
	RuleSet    *rules = cl_rules(subject);
	FlagReader	reader = {0};
	FlagCounts	corrected = {0};
	OwnerScope	scope;
	MemoryContext context = CurrentMemoryContext;
	Datum		args[2];

	/* the rows of a relation of others are those of today, whatever date is asked for */
	if (rules->subject->registered && as_of != NULL && *as_of != GetSQLCurrentDate())
		return;
	reader.changes = cl_changes_new(false);
	reader.differing = cl_keys_new();
	cl_enter_planned(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	args[0] = CStringGetTextDatum(subject);
	args[1] = district_id ? CStringGetTextDatum(district_id) : (Datum) 0;
	(void) cl_read(&standing_query, args, district_id ? NULL : " n");
	take_standing(&reader, context);
	cl_read_rows(rules, as_of, district_id, NULL, compare_row, &reader);
	compare_gone(&reader);
	PopActiveSnapshot();
	cl_leave(&scope);

	(void) cl_keys_sort(reader.differing);
	if (reader.differing->count > 0)
		sync_subject(rules, reader.differing, as_of, &corrected);
	cl_changes_write(reader.changes, counts);
	counts->raised += corrected.raised;
	counts->resolved += corrected.resolved;
	counts->unchanged += corrected.unchanged;
	counts->errors += corrected.errors;
}

