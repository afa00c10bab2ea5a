/*
 * weighting.c
 *		The compiled weightings of this backend, and what is checked when one
 *		is written.
 *
 * As with rules (see rule.c), each backend reads all weightings when it first
 * needs one, on the latest snapshot, and keeps them until the table or a type
 * of facts changes.  They are few, but a query mostly asks for one, so each is
 * compiled when it is first asked for.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "query.h"
#include "transition.h"
#include "weighting.h"

static const char *const subject_names[WEIGHTING_SUBJECTS] = {
	[WEIGH_THERAPISTS] = "therapist",
	[WEIGH_SERVICES] = "service",
	[WEIGH_CLIENTS] = "client"
};

/* The weightings of this backend; NULL until needed. */
static WeightingSet *cached = NULL;
static bool valid = false;
static Oid	weighting_relid = InvalidOid;

static CachedQuery weightings_query = {
	"SELECT district_id, weighting_name, version, coalesce(lower(valid), '-infinity'), coalesce(upper(valid), 'infinity'),"
	"       discipline, decimals::integer, subject, expression, capacity"
	"  FROM caseload.weighting ORDER BY weighting_name, district_id, valid",
	0, {NULL}
};

PG_FUNCTION_INFO_V1(weighting_before_write);

/* May be called at any time: no catalog access, only a mark. */
static void
invalidate_weightings(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == weighting_relid)
		valid = false;
	for (int i = 0; cached != NULL && i < WEIGHTING_SUBJECTS; i++)
	{
		if (relid == cached->subjects[i]->facts_relid)
			valid = false;
	}
}

static WeightingSubject
subject_of(const char *name)
{
	int			subject = 0;

	/* the table forbids NULL, but a table can be altered */
	while (subject < WEIGHTING_SUBJECTS && (name == NULL || strcmp(subject_names[subject], name) != 0))
		subject++;
	if (subject == WEIGHTING_SUBJECTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a weighting cannot be about \"%s\"", name ? name : ""),
				 errhint("Subjects of weightings are client, service and therapist.")));
	return (WeightingSubject) subject;
}

static char *
text_or_null(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cl_result(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* Read all; the set is a child of the current memory context. */
static WeightingSet *
load_weightings(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload weightings", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	WeightingSet *set = palloc0(sizeof(WeightingSet));
	OwnerScope	scope;

	set->context = context;
	for (int i = 0; i < WEIGHTING_SUBJECTS; i++)
		set->subjects[i] = cl_subject(subject_names[i]);
	MemoryContextSwitchTo(oldcontext);
	cl_enter(&scope);
	set->count = (int) cl_run(&weightings_query, NULL, NULL);
	MemoryContextSwitchTo(context);
	set->rows = palloc0(sizeof(Weighting) * Max(set->count, 1));
	for (int row = 0; row < set->count; row++)
	{
		Weighting  *weighting = &set->rows[row];
		bool		isnull;

		weighting->district_id = text_or_null(row, 1);
		weighting->name = text_or_null(row, 2);
		weighting->version = DatumGetInt32(cl_result(row, 3, &isnull));
		weighting->from = DatumGetDateADT(cl_result(row, 4, &isnull));
		weighting->until = DatumGetDateADT(cl_result(row, 5, &isnull));
		weighting->discipline = text_or_null(row, 6);
		weighting->decimals = DatumGetInt32(cl_result(row, 7, &isnull));
		if (isnull)
			weighting->decimals = -1;
		weighting->subject = subject_of(text_or_null(row, 8));
		weighting->expression.source = text_or_null(row, 9);
		weighting->capacity.source = text_or_null(row, 10);
	}
	MemoryContextSwitchTo(oldcontext);
	cl_leave(&scope);
	return set;
}

/*
 * The weightings of this backend, which stay as they are until the
 * transaction ends, whatever becomes of them: a query of the caller may call
 * somebody (a row level policy, say) who reads them anew.
 */
WeightingSet *
cl_weightings(void)
{
	static bool registered = false;
	WeightingSet *set;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(invalidate_weightings, (Datum) 0);
		registered = true;
	}
	AcceptInvalidationMessages();
	if (cached != NULL && valid)
		return cached;
	if (cached != NULL)
		MemoryContextSetParent(cached->context, TopTransactionContext);
	cached = NULL;
	/* before reading: what changes from now on must be read again */
	weighting_relid = cl_table("weighting");
	valid = true;

	/* adopted only when whole, so that an error leaks nothing */
	set = load_weightings();
	MemoryContextSetParent(set->context, CacheMemoryContext);
	cached = set;
	return set;
}

/* What cl_guarded() gives to compile(). */
typedef struct CompileCall
{
	Weight	   *weight;
	TupleDesc	facts;
} CompileCall;

static void
compile(void *arg)
{
	CompileCall *call = arg;
	Weight	   *weight = call->weight;
	Expr	   *expression = cl_expression_analyze(weight->source, call->facts, NUMERICOID);

	pull_varattnos((Node *) expression, 1, &weight->facts);
	weight->state = ExecInitExpr(expression, NULL);
}

/* What was accepted once can fail to compile after an upgrade of the facts. */
static void
compile_weight(WeightingSet *set, Weight *weight, WeightingSubject subject)
{
	CompileCall call = {weight, set->subjects[subject]->facts};
	ErrorData  *fault;

	if (weight->source == NULL)
		return;
	fault = cl_guarded(compile, &call);
	if (fault != NULL)
	{
		weight->state = NULL;
		weight->facts = NULL;
		weight->fault = fault->message;
	}
}

/*
 * The weightings of a name, compiled; NULL when there is none.
 */
Weighting *
cl_weightings_named(WeightingSet *set, const char *name, int *count)
{
	MemoryContext oldcontext;
	int			first = 0;

	while (first < set->count && strcmp(set->rows[first].name, name) != 0)
		first++;
	*count = 0;
	if (first == set->count)
		return NULL;
	oldcontext = MemoryContextSwitchTo(set->context);
	for (int i = first; i < set->count && strcmp(set->rows[i].name, name) == 0; i++)
	{
		Weighting  *weighting = &set->rows[i];

		(*count)++;
		if (weighting->compiled)
			continue;
		compile_weight(set, &weighting->expression, weighting->subject);
		compile_weight(set, &weighting->capacity, WEIGH_THERAPISTS);
		weighting->compiled = true;
	}
	MemoryContextSwitchTo(oldcontext);
	return &set->rows[first];
}

/*
 * Row trigger BEFORE INSERT OR UPDATE on weighting: refuse an expression or a
 * capacity that is not a number over its facts, and note the facts that the
 * expression uses.
 */
Datum
weighting_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = cl_row_trigger(fcinfo, "weighting_before_write", true, false);
	HeapTuple	tuple;
	TupleDesc	tupdesc;
	TupleDesc	facts;
	char	   *subject;
	char	   *source;
	char	   *capacity;
	Bitmapset  *used = NULL;
	int			column;
	Datum		value;
	bool		isnull = false;

	cl_check_trigger_owner(trigdata);
	(void) cl_column(trigdata, "subject", TEXTOID);
	(void) cl_column(trigdata, "expression", TEXTOID);
	(void) cl_column(trigdata, "capacity", TEXTOID);
	column = cl_column(trigdata, "facts", TEXTARRAYOID);
	tupdesc = RelationGetDescr(trigdata->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	subject = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "subject"));
	source = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "expression"));
	capacity = SPI_getvalue(tuple, tupdesc, SPI_fnumber(tupdesc, "capacity"));
	/* NULL is refused by the table */
	if (subject == NULL || source == NULL)
		return PointerGetDatum(tuple);

	facts = cl_facts_type(subject_names[subject_of(subject)]);
	pull_varattnos((Node *) cl_expression_analyze(source, facts, NUMERICOID), 1, &used);
	if (capacity != NULL)
		(void) cl_expression_analyze(capacity, cl_facts_type("therapist"), NUMERICOID);
	value = cl_fact_names(facts, used);
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, tupdesc, 1, &column, &value, &isnull));
}
