/*
 * rule.c
 *		The compiled rules of this backend.
 *
 * Rules are few and change seldom, so each backend compiles all rules of a
 * subject when it first needs them and keeps them until the table of rules
 * changes: triggers on it send a relation cache invalidation, which
 * reaches every backend at commit and this one at once, also when the
 * change is rolled back.  A change of the facts type invalidates, too.
 *
 * Rules are read on the latest snapshot.  A transaction that repeats its
 * reads would store what it sees for good, since the invalidation that tells
 * of a newer version may have come before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "access/sysattr.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "client_facts.h"
#include "key_set.h"
#include "query.h"
#include "rule.h"
#include "transition.h"

/* The sets of this backend, one a subject; NULL until needed. */
typedef struct CachedRules
{
	char	   *subject;
	RuleSet    *set;
	bool		valid;
} CachedRules;

static CachedRules *cached = NULL;
static int	n_cached = 0;

/* where the rules come from; InvalidOid until the first load */
static Oid	rule_relid = InvalidOid;
static Oid	subject_relid = InvalidOid;
static Oid	site_relid = InvalidOid;

static CachedQuery levels_query = {
	"SELECT district_id, site_id, level FROM caseload.site WHERE level IS NOT NULL", 0, {NULL}
};

static CachedQuery rules_query = {
	"SELECT district_id, rule_name, version, condition,"
	"       coalesce(lower(valid), '-infinity'), coalesce(upper(valid), 'infinity'),"
	"       site_level, discipline, supersedes, severity, action, message, due_after, priority, facts"
	"  FROM caseload.rule WHERE subject = $1"
	" ORDER BY district_id, rule_name",
	1, {"text"}
};

PG_FUNCTION_INFO_V1(rule_before_write);
PG_FUNCTION_INFO_V1(rule_after_write);

/* May be called at any time: no catalog access, only marks. */
static void
invalidate_rules(Datum arg, Oid relid)
{
	for (int i = 0; i < n_cached; i++)
	{
		if (!OidIsValid(relid) || relid == rule_relid || relid == subject_relid || relid == site_relid ||
			(cached[i].set != NULL && relid == cached[i].set->subject->facts_relid))
			cached[i].valid = false;
	}
}

/* What cl_guarded() gives to compile_rule(). */
typedef struct CompileCall
{
	Rule	   *rule;
	const char *condition;
	TupleDesc	facts;
} CompileCall;

/*
 * Compile one rule.  A rule that was accepted once can fail to compile after
 * an upgrade of the facts type; it is kept with the reason, so that it shows
 * as an error and stops nobody from entering facts.
 */
static void
compile_rule(void *arg)
{
	CompileCall *call = arg;

	call->rule->condition = cl_expression_analyze(call->condition, call->facts, BOOLOID);
}

static char *
text_or_null(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cl_result(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* The levels of sites, from the last result. */
static void
read_levels(RuleSet *set)
{
	set->levels = cl_keys_new();
	set->sites = cl_keys_new();
	set->site_levels = palloc_extended(sizeof(Datum) * (SPI_processed + 1), MCXT_ALLOC_HUGE);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool		isnull;
		Datum		district_id = cl_result(row, 1, &isnull);
		Datum		level = cl_result(row, 3, &isnull);
		int			place = cl_keys_add(set->sites, district_id, cl_result(row, 2, &isnull));

		(void) cl_keys_add(set->levels, district_id, level);
		set->site_levels[place] = PointerGetDatum(PG_DETOAST_DATUM_COPY(level));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Read and compile; the set is a child of the current memory context. */
static RuleSet *
load_rules(const char *subject)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload rules", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	RuleSet    *set = palloc0(sizeof(RuleSet));
	OwnerScope	scope;
	Datum		args[1];
	bool		scoped = false;

	set->context = context;
	set->subject = cl_subject(subject);
	MemoryContextSwitchTo(oldcontext);

	cl_enter(&scope);
	args[0] = CStringGetTextDatum(subject);
	set->count = (int) cl_run(&rules_query, args, NULL);
	oldcontext = MemoryContextSwitchTo(context);
	set->rules = palloc0(sizeof(Rule) * Max(set->count, 1));
	set->programs = palloc0(sizeof(RuleProgram *) * (set->count + 1));
	set->districts = palloc(sizeof(char *) * (set->count + 1));
	set->districts[0] = "*";
	set->n_programs = 1;
	for (int row = 0; row < set->count; row++)
	{
		Rule	   *rule = &set->rules[row];
		CompileCall call;
		ErrorData  *fault;
		bool		isnull;

		rule->district_id = text_or_null(row, 1);
		rule->rule_name = text_or_null(row, 2);
		rule->version = DatumGetInt32(cl_result(row, 3, &isnull));
		call.rule = rule;
		call.condition = text_or_null(row, 4);
		call.facts = set->subject->facts;
		rule->from = DatumGetDateADT(cl_result(row, 5, &isnull));
		rule->until = DatumGetDateADT(cl_result(row, 6, &isnull));
		rule->site_level = text_or_null(row, 7);
		scoped = scoped || rule->site_level != NULL;
		rule->discipline = text_or_null(row, 8);
		rule->supersedes = text_or_null(row, 9);
		rule->severity = text_or_null(row, 10);
		rule->action = text_or_null(row, 11);
		rule->message = text_or_null(row, 12);
		rule->due_after = palloc(sizeof(Interval));
		memcpy(rule->due_after, DatumGetIntervalP(cl_result(row, 13, &isnull)), sizeof(Interval));
		rule->priority = DatumGetInt32(cl_result(row, 14, &isnull));
		rule->facts = PointerGetDatum(PG_DETOAST_DATUM_COPY(cl_result(row, 15, &isnull)));
		rule->warns = strcmp(rule->action, "warn") == 0;
		fault = cl_guarded(compile_rule, &call);
		if (fault != NULL)
			rule->fault = fault->message;
		else
		{
			Bitmapset  *facts = NULL;

			pull_varattnos((Node *) rule->condition, 1, &facts);
			set->facts = bms_add_members(set->facts, facts);
			rule->late = strcmp(subject, "client") == 0 &&
				bms_is_member(CF_DAYS_PAST_WARNING + 1 - FirstLowInvalidHeapAttributeNumber, facts);
		}
		/* the rows come by district */
		if (strcmp(rule->district_id, "*") != 0 &&
			strcmp(rule->district_id, set->districts[set->n_programs - 1]) != 0)
			set->districts[set->n_programs++] = rule->district_id;
	}
	SPI_freetuptable(SPI_tuptable);
	if (scoped)
	{
		MemoryContextSwitchTo(oldcontext);
		(void) cl_run(&levels_query, NULL, NULL);
		MemoryContextSwitchTo(context);
		read_levels(set);
	}
	MemoryContextSwitchTo(oldcontext);
	cl_leave(&scope);
	return set;
}

/*
 * The compiled rules of a subject.  They are valid until the next query that
 * may fire triggers, which may change rules and come here again.
 */
RuleSet *
cl_rules(const char *subject)
{
	static bool registered = false;
	int			place = 0;
	RuleSet    *set;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(invalidate_rules, (Datum) 0);
		registered = true;
	}
	/* what was committed while this statement waited for a lock counts */
	AcceptInvalidationMessages();
	while (place < n_cached && strcmp(cached[place].subject, subject) != 0)
		place++;
	if (place < n_cached && cached[place].set != NULL && cached[place].valid)
		return cached[place].set;

	if (place == n_cached)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(TopMemoryContext);

		cached = cached ? repalloc(cached, sizeof(CachedRules) * (n_cached + 1)) : palloc(sizeof(CachedRules));
		cached[place].subject = pstrdup(subject);
		cached[place].set = NULL;
		n_cached++;
		MemoryContextSwitchTo(oldcontext);
	}
	if (cached[place].set != NULL)
	{
		/* somebody further out, whose query or write has led here, may be going on with it */
		MemoryContextSetParent(cached[place].set->context, TopTransactionContext);
		cached[place].set = NULL;
	}
	/* before reading: what changes from now on must be read again */
	rule_relid = cl_table("rule");
	subject_relid = cl_table("subject");
	site_relid = cl_table("site");
	cached[place].valid = true;

	/* adopted only when whole, so that an error leaks nothing */
	set = load_rules(subject);
	MemoryContextSetParent(set->context, CacheMemoryContext);
	cached[place].set = set;
	return set;
}

/*
 * Row trigger BEFORE INSERT OR UPDATE on rule: refuse an expression that does
 * not compile, and note the facts that it uses.
 */
Datum
rule_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "rule_before_write", true, false);
	HeapTuple	tuple;
	TupleDesc	tupdesc;
	TupleDesc	facts;
	char	   *subject;
	char	   *condition;
	char	   *action;
	Expr	   *expression;
	Bitmapset  *used = NULL;
	int			column;
	Datum		value;
	bool		isnull = false;

	cl_check_trigger_owner(trigdata);
	(void) cl_column(trigdata, "subject", TEXTOID);
	(void) cl_column(trigdata, "condition", TEXTOID);
	(void) cl_column(trigdata, "action", TEXTOID);
	column = cl_column(trigdata, "facts", TEXTARRAYOID);
	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	subject = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "subject"));
	condition = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "condition"));
	action = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "action"));
	/* NULL is refused by the table */
	if (subject == NULL || condition == NULL || action == NULL)
		return PointerGetDatum(tuple);

	facts = cl_facts_type(subject);
	expression = cl_expression_analyze(condition, facts, BOOLOID);
	pull_varattnos((Node *) expression, 1, &used);
	/* it would keep itself alive */
	if (strcmp(subject, "client") == 0 && strcmp(action, "warn") == 0 &&
		bms_is_member(CF_DAYS_PAST_WARNING + 1 - FirstLowInvalidHeapAttributeNumber, used))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a rule that warns cannot look at warnings"),
				 errdetail("The condition uses the fact \"%s\" and the action is \"warn\".",
						   NameStr(TupleDescAttr(facts, CF_DAYS_PAST_WARNING)->attname))));
	value = cl_fact_names(facts, used);
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, tupdesc, 1, &column, &value, &isnull));
}

/* The names of the facts in a set of columns, as pull_varattnos() numbers them: text[]. */
Datum
cl_fact_names(TupleDesc facts, const Bitmapset *used)
{
	const char **names = palloc(sizeof(char *) * Max(facts->natts, 1));
	int			count = 0;

	for (int i = 0; i < facts->natts; i++)
	{
		if (bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, used))
			names[count++] = NameStr(TupleDescAttr(facts, i)->attname);
	}
	return cl_text_array(names, count);
}

/* Trigger AFTER any change of rule, weighting, subject or site, by row or statement: tell all backends. */
Datum
rule_after_write(PG_FUNCTION_ARGS)
{
	CacheInvalidateRelcache(cl_trigger(fcinfo, "rule_after_write")->tg_relation);
	return PointerGetDatum(NULL);
}
