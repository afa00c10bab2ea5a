/*
 * rule.c
 *		The compiled rules of this backend.
 *
 * Rules are few and change seldom, so each backend compiles all rules of a
 * subject when it first needs them and keeps them until the table of rules
 * changes: a statement trigger on it sends a relation cache invalidation,
 * which reaches every backend at commit and this one at once, also when the
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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "query.h"
#include "rule.h"
#include "transition.h"

/* The rules of the subject "client"; NULL until needed, or stale. */
static RuleSet *client_rules = NULL;
static bool client_rules_valid = false;
static Oid	rule_relid = InvalidOid;
static Oid	facts_relid = InvalidOid;

static CachedQuery rules_query = {
	"SELECT district_id, rule_name, version, condition,"
	"       coalesce(lower(valid), '-infinity'), coalesce(upper(valid), 'infinity')"
	"  FROM caseload.rule WHERE subject = $1"
	" ORDER BY district_id, rule_name, version",
	1, {"text"}
};

PG_FUNCTION_INFO_V1(rule_before_write);
PG_FUNCTION_INFO_V1(rule_after_write);

/* May be called at any time: no catalog access, only a mark. */
static void
invalidate_rules(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == rule_relid || relid == facts_relid)
		client_rules_valid = false;
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

	call->rule->condition = ExecInitExpr(cl_expression_analyze(call->condition, call->facts, BOOLOID), NULL);
}

/*
 * The compiled rules of a subject.  They are valid until the next query that
 * may fire triggers, which may change rules and come here again.  Expects
 * cl_enter().
 */
const RuleSet *
cl_rules(const char *subject)
{
	static bool registered = false;
	MemoryContext context;
	MemoryContext oldcontext;
	RuleSet    *set;
	Datum		args[1];
	uint64		rows;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(invalidate_rules, (Datum) 0);
		registered = true;
	}
	/* what was committed while this statement waited for a lock counts */
	AcceptInvalidationMessages();
	if (client_rules != NULL && client_rules_valid)
		return client_rules;

	if (client_rules != NULL)
	{
		MemoryContextDelete(client_rules->context);
		client_rules = NULL;
	}
	/* before reading: what changes from now on must be read again */
	rule_relid = cl_table("rule");
	client_rules_valid = true;

	/* adopted only when whole, so that an error leaks nothing */
	context = AllocSetContextCreate(CurrentMemoryContext, "caseload rules", ALLOCSET_SMALL_SIZES);
	set = MemoryContextAllocZero(context, sizeof(RuleSet));
	set->context = context;
	oldcontext = MemoryContextSwitchTo(context);
	set->facts = cl_facts_type(subject);
	facts_relid = get_typ_typrelid(set->facts->tdtypeid);
	MemoryContextSwitchTo(oldcontext);

	args[0] = CStringGetTextDatum(subject);
	rows = cl_run(&rules_query, args, NULL);
	set->rules = MemoryContextAllocZero(context, sizeof(Rule) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
	{
		Rule	   *rule = &set->rules[row];
		CompileCall call;
		ErrorData  *fault;
		char	   *condition;
		bool		isnull;

		oldcontext = MemoryContextSwitchTo(context);
		rule->district_id = TextDatumGetCString(cl_result(row, 1, &isnull));
		rule->rule_name = TextDatumGetCString(cl_result(row, 2, &isnull));
		rule->version = DatumGetInt32(cl_result(row, 3, &isnull));
		condition = TextDatumGetCString(cl_result(row, 4, &isnull));
		rule->from = DatumGetDateADT(cl_result(row, 5, &isnull));
		rule->until = DatumGetDateADT(cl_result(row, 6, &isnull));
		call.rule = rule;
		call.condition = condition;
		call.facts = set->facts;
		fault = cl_guarded(compile_rule, &call);
		rule->fault = fault ? fault->message : NULL;
		MemoryContextSwitchTo(oldcontext);
	}
	set->count = (int) rows;
	SPI_freetuptable(SPI_tuptable);

	MemoryContextSetParent(context, CacheMemoryContext);
	client_rules = set;
	return client_rules;
}

/*
 * Row trigger BEFORE INSERT OR UPDATE on rule: refuse an expression that does
 * not compile, and give a changed one the next version.
 */
Datum
rule_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	TupleDesc	tupdesc;
	char	   *subject;
	char	   *condition;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) || TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired BEFORE INSERT OR UPDATE ROW", "rule_before_write")));

	cl_check_trigger_owner(trigdata);
	(void) cl_column(trigdata, "subject", TEXTOID);
	(void) cl_column(trigdata, "condition", TEXTOID);
	(void) cl_column(trigdata, "version", INT4OID);
	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	subject = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "subject"));
	condition = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "condition"));
	/* NULL is refused by the table */
	if (subject != NULL && condition != NULL)
		(void) cl_expression_analyze(condition, cl_facts_type(subject), BOOLOID);

	if (condition != NULL && TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		char	   *before = SPI_getvalue(trigdata->tg_trigtuple, tupdesc, SPI_fnumber(tupdesc, "condition"));
		int			column = SPI_fnumber(tupdesc, "version");
		bool		isnull;
		Datum		version = SPI_getbinval(trigdata->tg_trigtuple, tupdesc, column, &isnull);

		if (before != NULL && strcmp(before, condition) != 0)
		{
			version = Int32GetDatum(DatumGetInt32(version) + 1);
			tuple = heap_modify_tuple_by_cols(tuple, tupdesc, 1, &column, &version, &isnull);
		}
	}
	return PointerGetDatum(tuple);
}

/* Statement trigger AFTER any change of rule: tell all backends. */
Datum
rule_after_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "rule_after_write")));
	CacheInvalidateRelcache(trigdata->tg_relation);
	return PointerGetDatum(NULL);
}
