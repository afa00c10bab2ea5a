/*
 * check.c
 *		check_expression(): what INSERT of a rule would say, without the error.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "rule.h"

PG_FUNCTION_INFO_V1(check_expression);

/* A call of cl_expression_analyze() as cl_guarded() wants it. */
typedef struct AnalyzeCall
{
	const char *source;
	TupleDesc	facts;
	Oid			type;
} AnalyzeCall;

static void
analyze_call(void *arg)
{
	AnalyzeCall *call = arg;

	(void) cl_expression_analyze(call->source, call->facts, call->type);
}

static void
set_text(Datum *values, bool *nulls, int column, const char *string)
{
	nulls[column] = (string == NULL);
	if (string != NULL)
		values[column] = CStringGetTextDatum(string);
}

/*
 * The row type of the answer, which is looked up once a session: to find it
 * takes a tenth of the time of compiling.
 */
static TupleDesc
answer_type(FunctionCallInfo fcinfo)
{
	static TupleDesc known = NULL;
	static Oid	known_of = InvalidOid;
	TupleDesc	tupdesc;
	MemoryContext oldcontext;

	/* a function that gives other columns is another one */
	if (known != NULL && known_of == fcinfo->flinfo->fn_oid)
		return known;
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	oldcontext = MemoryContextSwitchTo(TopMemoryContext);
	if (known != NULL)
		FreeTupleDesc(known);
	known = NULL;
	known = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
	MemoryContextSwitchTo(oldcontext);
	known_of = fcinfo->flinfo->fn_oid;
	return known;
}

/*
 * check_expression(subject, expression, result_type)
 *		-> ok, message, detail, hint, position (in characters, from 1)
 */
Datum
check_expression(PG_FUNCTION_ARGS)
{
	char	   *subject = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *wanted = text_to_cstring(PG_GETARG_TEXT_PP(2));
	TupleDesc	facts = cl_facts_type(subject);
	TupleDesc	tupdesc = answer_type(fcinfo);
	AnalyzeCall call;
	ErrorData  *fault;
	Oid			type;
	Datum		values[5] = {0};
	bool		nulls[5] = {false, true, true, true, true};

	if (strcmp(wanted, "boolean") == 0)
		type = BOOLOID;
	else if (strcmp(wanted, "numeric") == 0)
		type = NUMERICOID;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("result_type must be boolean or numeric")));

	call.source = source;
	call.facts = facts;
	call.type = type;
	fault = cl_guarded(analyze_call, &call);
	values[0] = BoolGetDatum(fault == NULL);
	if (fault != NULL)
	{
		set_text(values, nulls, 1, fault->message);
		set_text(values, nulls, 2, fault->detail);
		set_text(values, nulls, 3, fault->hint);
		nulls[4] = fault->internalpos <= 0;
		values[4] = Int32GetDatum(fault->internalpos);
	}

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
