/*
 * explain.c
 *		A condition taken apart over one row of facts.
 *
 * explain() and explain_flag() are SQL over what is here: each part of a
 * condition with what it says, the facts in it, whether it holds, and what
 * would make it cease to.
 *
 * A part is judged by the server's own executor, just as the whole is: what
 * an explanation says of a part is never the opinion of a second evaluator.
 * Each is judged on its own and in a subtransaction, so that one that fails
 * (10 / strikes) shows as failing where the whole never got there.
 *
 * The row may be of any named composite type.  Its type is what its header
 * says, and it is taken apart by the descriptor of that type only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "rule.h"

typedef enum Outcome
{
	PART_FALSE,
	PART_TRUE,
	PART_UNKNOWN,
	PART_FAILS
} Outcome;

static const char *const outcome_names[] = {"false", "true", "unknown", "error"};

/*
 * What a part does for a condition that holds: nothing; it is true and the
 * condition needs that; or it is false under a NOT, and the condition needs
 * that.
 */
typedef enum Share
{
	SHARE_NONE,
	SHARE_BY_TRUE,
	SHARE_BY_FALSE
} Share;

/* One request of consult(). */
typedef struct Consultation
{
	/* in */
	const char *condition;		/* to be checked; NULL: judge "part" */
	TupleDesc	facts;
	ExprContext *econtext;		/* the row; NULL: do not judge */
	/* in or out */
	Expr	   *part;
	/* out */
	Outcome		outcome;
} Consultation;

/* An explanation under way. */
typedef struct Explanation
{
	ReturnSetInfo *rsinfo;
	MemoryContext part_context; /* reset for each part */
	TupleDesc	facts;
	ExprContext *econtext;
	int			step;
} Explanation;

/* The facts of a part, each once. */
typedef struct FactList
{
	TupleDesc	facts;
	TupleTableSlot *slot;
	StringInfoData text;
	Bitmapset  *seen;
} FactList;

PG_FUNCTION_INFO_V1(explain_condition);
PG_FUNCTION_INFO_V1(condition_holds);

/* ------------------------------------------------------------- judgement --- */

/*
 * The one door through which this file has expressions checked, folded and
 * run; whatever must surround that belongs here.  For cl_guarded(), and to be
 * called.
 */
static void
consult(void *arg)
{
	Consultation *request = arg;
	Restriction before;
	ExprState  *state;
	Datum		holds;
	bool		isnull;

	if (request->condition != NULL)
		request->part = cl_expression_check(request->condition, request->facts, BOOLOID);
	if (request->econtext == NULL)
		return;
	cl_restrict_rights(&before);
	state = ExecInitExpr(expression_planner(request->part), NULL);
	holds = ExecEvalExprSwitchContext(state, request->econtext, &isnull);
	cl_restore_rights(&before);
	request->outcome = isnull ? PART_UNKNOWN : DatumGetBool(holds) ? PART_TRUE : PART_FALSE;
}

/*
 * The row of facts in a slot of its own type, in the current memory context.
 * The descriptor of the type cache takes the row apart, since the server
 * compares the row with it; the slot has a copy, which holds no reference.
 */
static TupleTableSlot *
facts_slot(Datum facts)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(facts);
	Oid			type = HeapTupleHeaderGetTypeId(header);
	HeapTupleData tuple;
	TupleDesc	tupdesc;
	TupleTableSlot *slot;

	/* what an anonymous row is made of is the caller's word */
	if (type == RECORDOID || get_typtype(type) != TYPTYPE_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("facts must be a row of a named type"),
				 errhint("Give a row of caseload.client_facts or of another row type by name, not ROW(...).")));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;

	tupdesc = lookup_rowtype_tupdesc(type, -1);
	slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(tupdesc), &TTSOpsVirtual);
	heap_deform_tuple(&tuple, tupdesc, slot->tts_values, slot->tts_isnull);
	ReleaseTupleDesc(tupdesc);
	return ExecStoreVirtualTuple(slot);
}

/* ----------------------------------------------------------------- words --- */

/* Collect the facts of an expression, as they are met from left to right. */
static bool
collect_facts(Node *node, void *arg)
{
	FactList   *list = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		int			column = ((Var *) node)->varattno - 1;
		Form_pg_attribute fact = TupleDescAttr(list->facts, column);

		if (bms_is_member(column, list->seen))
			return false;
		list->seen = bms_add_member(list->seen, column);
		appendStringInfo(&list->text, "%s%s = ", list->text.len > 0 ? ", " : "", quote_identifier(NameStr(fact->attname)));
		if (list->slot->tts_isnull[column])
			appendStringInfoString(&list->text, "unknown");
		else
			cl_append_value(&list->text, list->slot->tts_values[column], fact->atttypid);
		return false;
	}
	return expression_tree_walker(node, collect_facts, arg);
}

/* "strikes = 3, has_upcoming = false"; NULL when there is no fact in it */
static char *
facts_text(Explanation *explanation, Node *part)
{
	FactList	list = {explanation->facts, explanation->econtext->ecxt_scantuple};

	initStringInfo(&list.text);
	(void) collect_facts(part, &list);
	return list.seen != NULL ? list.text.data : NULL;
}

/* The operator that is true where this one is false, in words. */
static const char *
opposite_words(const char *name)
{
	static const char *const words[][2] = {
		{"=", "other than"}, {"<>", "equal to"}, {"<", "at least"},
		{"<=", "above"}, {">", "at most"}, {">=", "below"}
	};

	for (size_t i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	}
	return NULL;
}

/*
 * What makes left OPERATOR right false, or true where it is false.  The side
 * with facts in it comes first, for only that can change.
 */
static char *
comparison_clears(Explanation *explanation, Oid opno, List *args, bool is_true)
{
	Node	   *left = linitial(args);
	Node	   *right = lsecond(args);
	const char *words;

	if (!contain_var_clause(left) && contain_var_clause(right))
	{
		left = right;
		right = linitial(args);
		opno = get_commutator(opno);
	}
	if (!is_true)
		opno = get_negator(opno);
	words = OidIsValid(opno) ? opposite_words(get_opname(opno)) : NULL;
	if (words == NULL)
		return NULL;
	return psprintf("%s %s %s", cl_operand_words(left, explanation->facts), words, cl_operand_words(right, explanation->facts));
}

static char *
in_clears(Explanation *explanation, ScalarArrayOpExpr *expr, bool is_true)
{
	StringInfoData out;
	List	   *elements = castNode(ArrayExpr, lsecond(expr->args))->elements;
	ListCell   *cell;

	initStringInfo(&out);
	appendStringInfo(&out, "%s %s ", cl_operand_words(linitial(expr->args), explanation->facts),
					 expr->useOr == is_true ? "none of" : "one of");
	foreach(cell, elements)
		appendStringInfo(&out, "%s%s", cell == list_head(elements) ? "" : ", ",
						 cl_operand_words(lfirst(cell), explanation->facts));
	return out.data;
}

static const char *
boolean_test_clears(BoolTestType test, bool is_true)
{
	switch (test)
	{
		case IS_TRUE:
			return is_true ? "false or unknown" : "true";
		case IS_NOT_TRUE:
			return is_true ? "true" : "false or unknown";
		case IS_FALSE:
			return is_true ? "true or unknown" : "false";
		case IS_NOT_FALSE:
			return is_true ? "false" : "true or unknown";
		case IS_UNKNOWN:
			return is_true ? "known" : "unknown";
		case IS_NOT_UNKNOWN:
			return is_true ? "unknown" : "known";
	}
	return "";
}

/*
 * In plain words, what would make a part false (is_true), or true.  The
 * condition as a whole follows by the words of the parts above.
 */
static char *
part_clears(Explanation *explanation, Node *part, bool is_true)
{
	TupleDesc	facts = explanation->facts;
	char	   *clears = NULL;

	if (!contain_var_clause(part))
		return pstrdup("nothing: there is no fact in it");
	switch (nodeTag(part))
	{
		case T_OpExpr:
			if (list_length(((OpExpr *) part)->args) == 2)
				clears = comparison_clears(explanation, ((OpExpr *) part)->opno, ((OpExpr *) part)->args, is_true);
			break;
		case T_DistinctExpr:
			/* its operator is "=" */
			clears = comparison_clears(explanation, ((DistinctExpr *) part)->opno, ((DistinctExpr *) part)->args, !is_true);
			break;
		case T_BoolExpr:
			if (cl_is_not_distinct(part))
				return part_clears(explanation, linitial(((BoolExpr *) part)->args), !is_true);
			break;
		case T_ScalarArrayOpExpr:
			clears = in_clears(explanation, (ScalarArrayOpExpr *) part, is_true);
			break;
		case T_NullTest:
			clears = psprintf("%s becomes %s", cl_operand_words((Node *) ((NullTest *) part)->arg, facts),
							  (((NullTest *) part)->nulltesttype == IS_NULL) == is_true ? "known" : "unknown");
			break;
		case T_BooleanTest:
			clears = psprintf("%s becomes %s", cl_operand_words((Node *) ((BooleanTest *) part)->arg, facts),
							  boolean_test_clears(((BooleanTest *) part)->booltesttype, is_true));
			break;
		default:
			break;
	}
	if (clears == NULL)
		clears = psprintf("%s becomes %s", cl_operand_words(part, facts), is_true ? "false" : "true");
	return clears;
}

/* ----------------------------------------------------------- explanation --- */

/* The parts of AND, OR and NOT; NIL for a part that is explained as one. */
static List *
parts_below(Node *part)
{
	if (!IsA(part, BoolExpr) || cl_is_not_distinct(part))
		return NIL;
	return ((BoolExpr *) part)->args;
}

/*
 * What AND, OR and NOT need of the parts below to change.  Under a NOT, AND
 * is a kind of OR: one false part is enough to keep it false.
 */
static const char *
inner_clears(BoolExpr *part, Share share)
{
	if (part->boolop == NOT_EXPR)
		return "the part below";
	if ((part->boolop == AND_EXPR) == (share == SHARE_BY_TRUE))
		return "any one of the parts below";
	return part->boolop == OR_EXPR ? "all of the parts below that hold" : "all of the parts below that are false";
}

static void
set_text(Datum *values, bool *nulls, int column, const char *string)
{
	nulls[column] = (string == NULL);
	if (string != NULL)
		values[column] = CStringGetTextDatum(string);
}

/*
 * A row for a part, then the rows of the parts below it.  "share" is what it
 * does if it is that; a part that is not does nothing, nor do those below.
 */
static void
explain_part(Explanation *explanation, Node *part, int depth, Share share)
{
	static const char *const inner_names[] = {
		[AND_EXPR] = "all of", [OR_EXPR] = "any of", [NOT_EXPR] = "not"
	};
	Consultation request = {NULL, explanation->facts, explanation->econtext, (Expr *) part, PART_FAILS};
	List	   *below = parts_below(part);
	MemoryContext oldcontext;
	ErrorData  *fault;
	Datum		values[6] = {0};
	bool		nulls[6] = {false};
	ListCell   *cell;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	oldcontext = MemoryContextSwitchTo(explanation->part_context);
	fault = cl_guarded(consult, &request);
	ResetExprContext(explanation->econtext);
	if ((share == SHARE_BY_TRUE && request.outcome != PART_TRUE) ||
		(share == SHARE_BY_FALSE && request.outcome != PART_FALSE))
		share = SHARE_NONE;

	values[0] = Int32GetDatum(++explanation->step);
	values[1] = Int32GetDatum(depth);
	set_text(values, nulls, 2, below != NIL ? inner_names[((BoolExpr *) part)->boolop] : cl_expression_text(part, explanation->facts));
	set_text(values, nulls, 3, fault != NULL ? fault->message : below != NIL ? NULL : facts_text(explanation, part));
	set_text(values, nulls, 4, outcome_names[request.outcome]);
	set_text(values, nulls, 5, share == SHARE_NONE ? NULL :
			 below != NIL ? inner_clears((BoolExpr *) part, share) : part_clears(explanation, part, share == SHARE_BY_TRUE));
	tuplestore_putvalues(explanation->rsinfo->setResult, explanation->rsinfo->setDesc, values, nulls);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(explanation->part_context);

	if (below != NIL && ((BoolExpr *) part)->boolop == NOT_EXPR && share != SHARE_NONE)
		share = share == SHARE_BY_TRUE ? SHARE_BY_FALSE : SHARE_BY_TRUE;
	foreach(cell, below)
		explain_part(explanation, lfirst(cell), depth + 1, share);
}

/*
 * _explain(condition, facts) -> setof (step, depth, says, value, outcome,
 * clears)
 */
Datum
explain_condition(PG_FUNCTION_ARGS)
{
	Explanation explanation = {(ReturnSetInfo *) fcinfo->resultinfo};
	Consultation request = {NULL};
	MemoryContext context;
	MemoryContext oldcontext;

	/* finding the result type anew would leave some of it to the end of the query */
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	context = AllocSetContextCreate(CurrentMemoryContext, "caseload explanation", ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	explanation.part_context = AllocSetContextCreate(context, "caseload part", ALLOCSET_DEFAULT_SIZES);
	explanation.econtext = CreateStandaloneExprContext();
	explanation.econtext->ecxt_scantuple = facts_slot(PG_GETARG_DATUM(1));
	explanation.facts = explanation.econtext->ecxt_scantuple->tts_tupleDescriptor;

	request.condition = text_to_cstring(PG_GETARG_TEXT_PP(0));
	request.facts = explanation.facts;
	consult(&request);
	explain_part(&explanation, (Node *) request.part, 0, SHARE_BY_TRUE);

	FreeExprContext(explanation.econtext, true);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/* _holds(condition, facts) -> boolean, NULL = unknown */
Datum
condition_holds(PG_FUNCTION_ARGS)
{
	Consultation request = {NULL};
	MemoryContext context;
	MemoryContext oldcontext;

	context = AllocSetContextCreate(CurrentMemoryContext, "caseload condition", ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	request.condition = text_to_cstring(PG_GETARG_TEXT_PP(0));
	request.econtext = CreateStandaloneExprContext();
	request.econtext->ecxt_scantuple = facts_slot(PG_GETARG_DATUM(1));
	request.facts = request.econtext->ecxt_scantuple->tts_tupleDescriptor;
	consult(&request);
	FreeExprContext(request.econtext, true);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);

	if (request.outcome == PART_UNKNOWN)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(request.outcome == PART_TRUE);
}
