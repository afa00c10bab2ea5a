/*
 * flag.c
 *		Make the table of flags say what the rules say.
 *
 * For a set of clients the facts are read, every rule in force is evaluated,
 * and the result is compared with the flags that stand.  Only differences
 * are written: a flag is raised where a rule holds and none stands, and
 * resolved where one stands and no rule holds any more.  A rule that fails is
 * recorded and leaves its flags as they are: no failing rule keeps anybody
 * from entering a fact.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "flag.h"
#include "query.h"
#include "rule.h"

/* clients whose facts are in memory at one time */
#define CLIENTS_AT_ONCE		10000
/* of client_facts, whose first columns are the key */
#define EPISODE_COLUMN		3

typedef struct FlagCounts
{
	int64		raised;
	int64		resolved;
	int64		unchanged;
	int64		errors;
} FlagCounts;

typedef enum Verdict
{
	RULE_SILENT,				/* false or unknown */
	RULE_HOLDS,
	RULE_FAILS
} Verdict;

/* A rule that holds for an episode, or failed on it. */
typedef struct Finding
{
	int			client;			/* 1-based position in the batch */
	int			episode;
	int			rule;			/* index into RuleSet.rules */
	uint64		row;			/* of the facts it was found in */
	bool		failed;
	bool		stands;			/* a flag says so already */
} Finding;

/*
 * Findings in the order of client, episode and rule, with the names of the
 * rules as they were: writing flags may fire triggers that change the rules.
 */
typedef struct FindingList
{
	Finding    *findings;
	int			count;
	int			capacity;
	struct RuleName *rules;
	int			n_rules;
} FindingList;

typedef struct RuleName
{
	char	   *district_id;
	char	   *rule_name;
	int32		version;
} RuleName;

/* What a rule failed with last; how often is counted from the findings. */
typedef struct Failure
{
	char	   *message;
	int64		count;
} Failure;

static CachedQuery facts_query = {
	"SELECT x.*, k.n::int4"
	"  FROM unnest($1, $2) WITH ORDINALITY AS k (district_id, client_id, n)"
	" CROSS JOIN LATERAL ("
	"   SELECT f.* FROM caseload.client_facts($3) f"
	"    WHERE f.district_id = k.district_id AND f.client_id = k.client_id"
	"    ORDER BY f.episode OFFSET 0) AS x",
	3, {"text[]", "text[]", "date"}
};

static CachedQuery standing_query = {
	"SELECT k.n::int4, x.*"
	"  FROM unnest($1, $2) WITH ORDINALITY AS k (district_id, client_id, n)"
	" CROSS JOIN LATERAL ("
	"   SELECT f.episode, f.rule_district, f.rule_name, f.flag_id FROM caseload.flag f"
	"    WHERE f.district_id = k.district_id AND f.client_id = k.client_id"
	"      AND f.cleared_on IS NULL OFFSET 0) AS x",
	2, {"text[]", "text[]"}
};

static CachedQuery raise_query = {
	"INSERT INTO caseload.flag (district_id, client_id, episode, subject, rule_district, rule_name,"
	"                           rule_version, severity, action, message, raised_on, due_on)"
	" SELECT n.district_id, n.client_id, n.episode, r.subject, r.district_id, r.rule_name,"
	"        r.version, r.severity, r.action, r.message, $6, ($6 + r.due_after)::date"
	"   FROM unnest($1, $2, $3, $4, $5) AS n (district_id, client_id, episode, rule_district, rule_name)"
	"  CROSS JOIN LATERAL ("
	"    SELECT r.* FROM caseload.rule r"
	"     WHERE r.district_id = n.rule_district AND r.rule_name = n.rule_name OFFSET 0) AS r"
	" ON CONFLICT DO NOTHING",
	6, {"text[]", "text[]", "int4[]", "text[]", "text[]", "date"}
};

static CachedQuery clear_query = {
	"UPDATE caseload.flag"
	"   SET cleared_on = greatest($3, raised_on), state = CASE WHEN state = 'dismissed' THEN state ELSE 'resolved' END"
	" WHERE district_id = $1 AND flag_id = $2",
	3, {"text", "text", "date"}
};

static CachedQuery failure_query = {
	"INSERT INTO caseload.rule_error (rule_district, rule_name, rule_version, occurrences, message)"
	" VALUES ($1, $2, $3, $4, $5)",
	5, {"text", "text", "int4", "int8", "text"}
};

static CachedQuery clients_query = {
	"SELECT district_id, client_id FROM caseload.client WHERE $1 IS NULL OR district_id = $1"
	" ORDER BY 1, 2",
	1, {"text"}
};

PG_FUNCTION_INFO_V1(evaluate);
PG_FUNCTION_INFO_V1(findings);

/* ----------------------------------------------------------- evaluation --- */

static void
add_finding(FindingList *list, int client, int episode, int rule, uint64 row, bool failed)
{
	Finding    *finding;

	if (list->count == list->capacity)
	{
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->findings = list->findings ?
			repalloc(list->findings, sizeof(Finding) * list->capacity) :
			palloc(sizeof(Finding) * list->capacity);
	}
	finding = &list->findings[list->count++];
	finding->client = client;
	finding->episode = episode;
	finding->rule = rule;
	finding->row = row;
	finding->failed = failed;
	finding->stands = false;
}

static bool
rule_applies(const Rule *rule, const char *district_id, DateADT as_of)
{
	return rule->from <= as_of && as_of < rule->until &&
		(strcmp(rule->district_id, "*") == 0 || strcmp(rule->district_id, district_id) == 0);
}

/* The condition of one rule for the row in the slot; may throw. */
static Verdict
judge(const Rule *rule, ExprContext *econtext)
{
	bool		isnull;
	Datum		holds = ExecEvalExprSwitchContext(rule->condition, econtext, &isnull);

	return !isnull && DatumGetBool(holds) ? RULE_HOLDS : RULE_SILENT;
}

/* A call of judge() as cl_guarded() wants it. */
typedef struct JudgeCall
{
	const Rule *rule;
	ExprContext *econtext;
	Verdict		verdict;
} JudgeCall;

static void
judge_call(void *arg)
{
	JudgeCall  *call = arg;

	call->verdict = judge(call->rule, call->econtext);
}

/* The same in a subtransaction of its own, which a failure takes back. */
static Verdict
judge_guarded(const Rule *rule, ExprContext *econtext, Failure *failure)
{
	JudgeCall	call = {rule, econtext, RULE_SILENT};
	ErrorData  *fault = cl_guarded(judge_call, &call);

	if (fault == NULL)
		return call.verdict;
	failure->message = fault->message;
	return RULE_FAILS;
}

/* What judging the rows of a batch of facts works on. */
typedef struct RowsCall
{
	const RuleSet *rules;
	const KeySet *set;
	DateADT		as_of;
	FindingList *list;
	Failure    *failures;
	ExprContext *econtext;
	uint64		next;			/* the row in work */
} RowsCall;

/* All rules for one row of the facts in SPI_tuptable. */
static void
judge_row(RowsCall *call, bool guarded)
{
	SPITupleTable *table = SPI_tuptable;
	TupleTableSlot *slot = call->econtext->ecxt_scantuple;
	int			client;
	int			episode;
	bool		isnull;

	CHECK_FOR_INTERRUPTS();
	ExecStoreHeapTuple(table->vals[call->next], slot, false);
	client = DatumGetInt32(slot_getattr(slot, table->tupdesc->natts, &isnull));
	episode = DatumGetInt32(slot_getattr(slot, EPISODE_COLUMN, &isnull));
	for (int i = 0; i < call->rules->count; i++)
	{
		const Rule *rule = &call->rules->rules[i];
		Verdict		verdict;

		if (!rule_applies(rule, call->set->keys[client - 1].district_id, call->as_of))
			continue;
		if (rule->condition == NULL)
		{
			call->failures[i].message = rule->fault;
			verdict = RULE_FAILS;
		}
		else if (guarded)
			verdict = judge_guarded(rule, call->econtext, &call->failures[i]);
		else
			verdict = judge(rule, call->econtext);
		if (verdict != RULE_SILENT)
			add_finding(call->list, client, episode, i, call->next, verdict == RULE_FAILS);
	}
	ResetExprContext(call->econtext);
}

static void
judge_rows(void *arg)
{
	RowsCall   *call = arg;

	for (; call->next < SPI_tuptable->numvals; call->next++)
		judge_row(call, false);
}

/*
 * Judge all rows of the facts in SPI_tuptable.  One subtransaction guards
 * them together, since nearly always nothing fails; when something does, its
 * row is done again rule by rule.
 */
static void
judge_facts(const RuleSet *rules, const KeySet *set, DateADT as_of,
			FindingList *list, Failure *failures)
{
	RowsCall	call = {rules, set, as_of, list, failures, NULL, 0};
	uint64		rows = SPI_tuptable->numvals;
	TupleTableSlot *slot;

	if (rows == 0 || rules->count == 0)
		return;
	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	call.econtext = CreateStandaloneExprContext();
	call.econtext->ecxt_scantuple = slot;

	while (call.next < rows)
	{
		ErrorData  *fault = cl_guarded(judge_rows, &call);

		if (fault == NULL)
			break;
		FreeErrorData(fault);
		/* forget what the failing row had found, then do it carefully */
		while (list->count > 0 && list->findings[list->count - 1].row == call.next)
			list->count--;
		judge_row(&call, true);
		call.next++;
	}
	FreeExprContext(call.econtext, true);
	ExecDropSingleTupleTableSlot(slot);
}

/* -------------------------------------------------------------- writing --- */

/* The finding of a client, an episode and a rule; findings are in that order. */
static Finding *
find_finding(FindingList *list, int client, int episode,
			 const char *rule_district, const char *rule_name)
{
	int			low = 0;
	int			high = list->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		Finding    *finding = &list->findings[middle];

		if (finding->client < client ||
			(finding->client == client && finding->episode < episode))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < list->count; low++)
	{
		Finding    *finding = &list->findings[low];

		if (finding->client != client || finding->episode != episode)
			break;
		if (strcmp(list->rules[finding->rule].rule_name, rule_name) == 0 &&
			strcmp(list->rules[finding->rule].district_id, rule_district) == 0)
			return finding;
	}
	return NULL;
}

/*
 * Compare the findings with the flags that stand; those to clear come back
 * as two arrays of text.  Counts flags that stay.
 */
static int
compare_standing(FindingList *list, const KeySet *batch,
				 const char ***districts, const char ***flag_ids, FlagCounts *counts)
{
	int			rows = (int) SPI_tuptable->numvals;
	int			clear = 0;

	*districts = palloc(sizeof(char *) * Max(rows, 1));
	*flag_ids = palloc(sizeof(char *) * Max(rows, 1));
	for (int row = 0; row < rows; row++)
	{
		bool		isnull;
		int			client = DatumGetInt32(cl_result(row, 1, &isnull));
		int			episode = DatumGetInt32(cl_result(row, 2, &isnull));
		char	   *rule_district = TextDatumGetCString(cl_result(row, 3, &isnull));
		char	   *rule_name = TextDatumGetCString(cl_result(row, 4, &isnull));
		Finding    *finding = find_finding(list, client, episode, rule_district, rule_name);

		if (finding != NULL)
		{
			finding->stands = true;
			counts->unchanged++;
		}
		else
		{
			(*districts)[clear] = batch->keys[client - 1].district_id;
			(*flag_ids)[clear++] = TextDatumGetCString(cl_result(row, 5, &isnull));
		}
	}
	return clear;
}

static void
raise_flags(const FindingList *list, const KeySet *batch, DateADT as_of, FlagCounts *counts)
{
	const char **columns[4];
	Datum	   *episodes;
	Datum		args[6];
	int			count = 0;

	for (int i = 0; i < 4; i++)
		columns[i] = palloc(sizeof(char *) * Max(list->count, 1));
	episodes = palloc(sizeof(Datum) * Max(list->count, 1));
	for (int i = 0; i < list->count; i++)
	{
		Finding    *finding = &list->findings[i];

		if (finding->stands || finding->failed)
			continue;
		columns[0][count] = batch->keys[finding->client - 1].district_id;
		columns[1][count] = batch->keys[finding->client - 1].id;
		columns[2][count] = list->rules[finding->rule].district_id;
		columns[3][count] = list->rules[finding->rule].rule_name;
		episodes[count++] = Int32GetDatum(finding->episode);
	}
	if (count == 0)
		return;
	args[0] = cl_text_array(columns[0], count);
	args[1] = cl_text_array(columns[1], count);
	args[2] = PointerGetDatum(construct_array(episodes, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	args[3] = cl_text_array(columns[2], count);
	args[4] = cl_text_array(columns[3], count);
	args[5] = DateADTGetDatum(as_of);
	counts->raised += cl_run(&raise_query, args, NULL);
}

static void
record_failures(const FindingList *list, Failure *failures, FlagCounts *counts)
{
	for (int i = 0; i < list->count; i++)
	{
		if (list->findings[i].failed)
			failures[list->findings[i].rule].count++;
	}
	for (int i = 0; i < list->n_rules; i++)
	{
		Datum		args[5];

		if (failures[i].count == 0)
			continue;
		args[0] = CStringGetTextDatum(list->rules[i].district_id);
		args[1] = CStringGetTextDatum(list->rules[i].rule_name);
		args[2] = Int32GetDatum(list->rules[i].version);
		args[3] = Int64GetDatum(failures[i].count);
		args[4] = CStringGetTextDatum(failures[i].message);
		(void) cl_run(&failure_query, args, NULL);
		counts->errors += failures[i].count;
	}
}

/*
 * What the rules say of the clients of a batch, on the snapshot that "run"
 * (cl_run or cl_read) takes.  Returns what failing rules failed with.
 */
static Failure *
judge_batch(const KeySet *batch, const RuleSet *rules, DateADT as_of,
			uint64 (*run) (CachedQuery *, const Datum *, const char *), FindingList *list)
{
	Failure    *failures = palloc0(sizeof(Failure) * Max(rules->count, 1));
	Datum		args[3];

	memset(list, 0, sizeof(FindingList));
	list->n_rules = rules->count;
	list->rules = palloc(sizeof(RuleName) * Max(rules->count, 1));
	for (int i = 0; i < rules->count; i++)
	{
		list->rules[i].district_id = pstrdup(rules->rules[i].district_id);
		list->rules[i].rule_name = pstrdup(rules->rules[i].rule_name);
		list->rules[i].version = rules->rules[i].version;
	}

	args[0] = cl_keys_districts(batch);
	args[1] = cl_keys_ids(batch);
	args[2] = DateADTGetDatum(as_of);
	(void) run(&facts_query, args, NULL);
	judge_facts(rules, batch, as_of, list, failures);
	SPI_freetuptable(SPI_tuptable);
	return failures;
}

/* Judge the clients of a batch and make their flags say the same. */
static void
sync_batch(const KeySet *batch, DateADT as_of, FlagCounts *counts)
{
	FindingList list;
	Failure    *failures = judge_batch(batch, cl_rules("client"), as_of, cl_run, &list);
	Datum		args[3];
	const char **districts;
	const char **flag_ids;
	int			clear;

	args[0] = cl_keys_districts(batch);
	args[1] = cl_keys_ids(batch);
	(void) cl_run(&standing_query, args, NULL);
	clear = compare_standing(&list, batch, &districts, &flag_ids, counts);
	SPI_freetuptable(SPI_tuptable);

	for (int i = 0; i < clear; i++)
	{
		args[0] = CStringGetTextDatum(districts[i]);
		args[1] = CStringGetTextDatum(flag_ids[i]);
		args[2] = DateADTGetDatum(as_of);
		counts->resolved += cl_run(&clear_query, args, NULL);
	}
	record_failures(&list, failures, counts);
	/* last, so that what triggers on it change is judged after all of this */
	raise_flags(&list, batch, as_of, counts);
}

/*
 * Make the flags of these clients say what the rules say as of a date.
 */
static void
sync_flags(const KeySet *set, DateADT as_of, FlagCounts *counts)
{
	FlagCounts	ignored = {0};

	for (int first = 0; first < set->count; first += CLIENTS_AT_ONCE)
	{
		KeySet	batch = *set;
		MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "caseload flags",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext oldcontext = MemoryContextSwitchTo(scratch);

		batch.keys = set->keys + first;
		batch.count = Min(set->count - first, CLIENTS_AT_ONCE);
		sync_batch(&batch, as_of, counts ? counts : &ignored);
		MemoryContextSwitchTo(oldcontext);
		MemoryContextDelete(scratch);
	}
}

static DateADT
as_of_arg(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || DATE_NOT_FINITE(PG_GETARG_DATEADT(0)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of date must be finite")));
	return PG_GETARG_DATEADT(0);
}

/* All clients of a district, or of all (0), sorted. */
static KeySet *
clients_of_district(Datum district_id, uint64 (*run) (CachedQuery *, const Datum *, const char *))
{
	KeySet	   *set = cl_keys_new();

	(void) run(&clients_query, &district_id, district_id ? NULL : "n");
	cl_keys_add_result(set);
	(void) cl_keys_sort(set);
	return set;
}

/*
 * evaluate(as_of, district_id) -> raised, resolved, unchanged, errors: all
 * flags of a district (NULL: of all) as of a date.  Writers wait meanwhile.
 */
Datum
evaluate(PG_FUNCTION_ARGS)
{
	DateADT		as_of = as_of_arg(fcinfo);
	KeySet  *set;
	OwnerScope	scope;
	FlagCounts	counts = {0};
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		isnull[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	cl_enter(&scope);
	set = clients_of_district(PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), cl_run);
	if (set->count > 0)
		cl_keys_lock(set, CL_LOCK_CLIENTS);
	sync_flags(set, as_of, &counts);
	cl_leave(&scope);

	values[0] = Int64GetDatum(counts.raised);
	values[1] = Int64GetDatum(counts.resolved);
	values[2] = Int64GetDatum(counts.unchanged);
	values[3] = Int64GetDatum(counts.errors);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, isnull)));
}

/*
 * findings(as_of, district_id) -> setof (district_id, client_id, episode,
 * rule_district, rule_name, failed), with the rights of the caller.
 */
Datum
findings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DateADT		as_of = as_of_arg(fcinfo);
	const RuleSet *rules;
	KeySet	   *set;
	OwnerScope	scope;

	InitMaterializedSRF(fcinfo, 0);
	/* the rules are the backend's, so they are read with the owner's rights ... */
	cl_enter(&scope);
	rules = cl_rules("client");
	cl_leave(&scope);
	/* ... and the clients, whom the caller must be allowed to read, with his */
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	set = clients_of_district(PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), cl_read);

	for (int first = 0; first < set->count; first += CLIENTS_AT_ONCE)
	{
		KeySet		batch = *set;
		FindingList list;
		Datum		values[6];
		bool		isnull[6] = {false};

		batch.keys = set->keys + first;
		batch.count = Min(set->count - first, CLIENTS_AT_ONCE);
		(void) judge_batch(&batch, rules, as_of, cl_read, &list);
		for (int i = 0; i < list.count; i++)
		{
			Finding    *finding = &list.findings[i];
			const RuleName *rule = &list.rules[finding->rule];

			values[0] = CStringGetTextDatum(batch.keys[finding->client - 1].district_id);
			values[1] = CStringGetTextDatum(batch.keys[finding->client - 1].id);
			values[2] = Int32GetDatum(finding->episode);
			values[3] = CStringGetTextDatum(rule->district_id);
			values[4] = CStringGetTextDatum(rule->rule_name);
			values[5] = BoolGetDatum(finding->failed);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
		}
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	return (Datum) 0;
}

/* What cl_clients_changed does: judge the clients again, as of today. */
void
cl_flags_after_change(const KeySet *set)
{
	sync_flags(set, GetSQLCurrentDate(), NULL);
}
