/*
 * expression.c
 *		Conditions and weights: one SQL expression over the facts of one row.
 *
 * The server's own parser and analyser do the work; this file decides what
 * they may see.  The text is parsed as one expression, never pasted into a
 * statement.  A first walk over the raw tree refuses whatever would act
 * before the second could judge it (analysis already runs the input
 * functions of literals); names resolve only to facts and, under a pinned
 * search_path, to pg_catalog.  A second walk over the analysed tree admits
 * node kinds, types, operators and functions from explicit lists, before any
 * constant is folded, for folding executes functions, too.
 *
 * So an expression can read nothing but its row, cannot sleep, loop or
 * write, and gives the same answer at any time.  Dates come as day counts:
 * date literals would depend on settings and on the clock.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_type.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "rule.h"

/* digits of a numeric constant, written out: what is larger only costs time */
#define MAX_NUMERIC_DIGITS	40

typedef struct WalkState
{
	const Dialect *dialect;
	TupleDesc	facts;
	ParseState *pstate;
	int			depth;
	int			nodes;
	int			copies;			/* of what is walked that analysis will make */
	int			near;			/* the last place known; some nodes have none */
} WalkState;

static const Oid allowed_types[] = {
	BOOLOID, INT2OID, INT4OID, INT8OID, FLOAT4OID, FLOAT8OID, NUMERICOID, TEXTOID
};

static const char *const allowed_operators[] = {
	"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "@"
};

static const char *const allowed_functions[] = {
	"abs", "ceil", "ceiling", "div", "floor", "mod", "round", "sign", "trunc"
};

static bool type_allowed(Oid type);

static const Dialect over_facts = {
	.over = "facts",
	.name = "fact",
	.hint = "An expression compares and combines the facts of one row: \"strikes >= 3 AND NOT has_upcoming\".",
	.type_hint = "Use boolean, smallint, integer, bigint, real, double precision, numeric or text; facts give dates as days.",
	.name_hint = "The facts of a subject are the columns of its facts type; see \\d+ caseload.client_facts.",
	.type_allowed = type_allowed,
	.operators = allowed_operators,
	.n_operators = lengthof(allowed_operators),
	.functions = allowed_functions,
	.n_functions = lengthof(allowed_functions)
};

/* What a text means must not depend on who reads it. */
static const char *const pinned_settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"transform_null_equals", "off"},
	{"standard_conforming_strings", "on"},
	{"backslash_quote", "on"}
};

/* -------------------------------------------------------------- refusal --- */

static void
refuse(WalkState *walk, const char *what, int location)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be used in an expression over %s", what, walk->dialect->over),
			 errhint("%s", walk->dialect->hint),
			 parser_errposition(walk->pstate, location >= 0 ? location : walk->near)));
}

static void
count_node(WalkState *walk, int location)
{
	check_stack_depth();
	if (location >= 0)
		walk->near = location;
	walk->nodes += walk->copies;
	if (walk->nodes > CL_MAX_EXPRESSION_NODES || walk->depth > CL_MAX_EXPRESSION_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("expression is too complex"),
				 errdetail("It may have %d parts and be nested %d deep.",
						   CL_MAX_EXPRESSION_NODES, CL_MAX_EXPRESSION_DEPTH),
				 parser_errposition(walk->pstate, location)));
}

static bool
type_allowed(Oid type)
{
	for (size_t i = 0; i < lengthof(allowed_types); i++)
	{
		if (allowed_types[i] == type)
			return true;
	}
	return false;
}

static bool
name_allowed(const char *name, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------- raw tree --- */

static void check_raw(WalkState *walk, Node *node);

static void
check_raw_type(WalkState *walk, TypeName *name)
{
	Oid			type = InvalidOid;

	if (name->names != NIL && !name->setof && !name->pct_type && name->arrayBounds == NIL &&
		name->typmods == NIL)
	{
		ParseCallbackState callback;
		Type		tuple;

		setup_parser_errposition_callback(&callback, walk->pstate, name->location);
		tuple = LookupTypeName(walk->pstate, name, NULL, true);
		cancel_parser_errposition_callback(&callback);
		if (tuple != NULL)
		{
			type = typeTypeId(tuple);
			ReleaseSysCache(tuple);
		}
	}
	if (!walk->dialect->type_allowed(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("this type cannot be used in an expression over %s", walk->dialect->over),
				 errhint("%s", walk->dialect->type_hint),
				 parser_errposition(walk->pstate, name->location)));
}

/*
 * A part of which analysis makes copies.  Copies of copies soon are millions,
 * so they are counted before they are made.
 */
static void
check_raw_copied(WalkState *walk, Node *node, int copies)
{
	int			before = walk->copies;

	walk->copies *= copies;
	check_raw(walk, node);
	walk->copies = before;
}

/* How often x IN (...) looks at x: once for all constants, once for each other element. */
static int
count_in_copies(Node *elements)
{
	int			copies = 1;
	ListCell   *cell;

	if (elements == NULL || !IsA(elements, List))
		return copies;
	foreach(cell, (List *) elements)
	{
		if (!IsA(lfirst(cell), A_Const))
			copies++;
	}
	return copies;
}

static void
check_raw_operator(WalkState *walk, A_Expr *expr)
{
	int			left = 1;
	int			right = 1;

	switch (expr->kind)
	{
		case AEXPR_OP:
			if (list_length(expr->name) != 1)
				refuse(walk, "a qualified operator", expr->location);
			/* others may take literals of types whose input does more than read */
			if (!name_allowed(strVal(linitial(expr->name)), walk->dialect->operators, walk->dialect->n_operators))
				refuse(walk, psprintf("operator \"%s\"", strVal(linitial(expr->name))), expr->location);
			break;
		case AEXPR_DISTINCT:
		case AEXPR_NOT_DISTINCT:
		case AEXPR_NULLIF:
			break;
		case AEXPR_IN:
			left = count_in_copies(expr->rexpr);
			break;
		case AEXPR_LIKE:
		case AEXPR_ILIKE:
			if (!walk->dialect->reads_text)
				refuse(walk, "this operator", expr->location);
			break;
		case AEXPR_BETWEEN:
		case AEXPR_NOT_BETWEEN:
			left = 2;
			break;
		case AEXPR_BETWEEN_SYM:
		case AEXPR_NOT_BETWEEN_SYM:
			left = 4;
			right = 2;
			break;
		default:
			refuse(walk, "this operator", expr->location);
	}
	check_raw_copied(walk, expr->lexpr, left);
	check_raw_copied(walk, expr->rexpr, right);
}

/*
 * Every kind of raw node that may appear; all others are refused by name of
 * what the user wrote, where there is a good one.
 */
static void
check_raw(WalkState *walk, Node *node)
{
	ListCell   *cell;

	if (node == NULL)
		return;
	count_node(walk, exprLocation(node));
	walk->depth++;
	switch (nodeTag(node))
	{
		case T_List:
			/* a list is no nesting of its own */
			walk->depth--;
			foreach(cell, (List *) node)
				check_raw(walk, lfirst(cell));
			walk->depth++;
			break;
		case T_A_Const:
			break;
		case T_ColumnRef:
			if (list_length(((ColumnRef *) node)->fields) != 1 ||
				!IsA(linitial(((ColumnRef *) node)->fields), String))
				refuse(walk, "a qualified name or a whole row", ((ColumnRef *) node)->location);
			break;
		case T_A_Expr:
			check_raw_operator(walk, (A_Expr *) node);
			break;
		case T_BoolExpr:
			check_raw(walk, (Node *) ((BoolExpr *) node)->args);
			break;
		case T_NullTest:
			check_raw(walk, (Node *) ((NullTest *) node)->arg);
			break;
		case T_BooleanTest:
			check_raw(walk, (Node *) ((BooleanTest *) node)->arg);
			break;
		case T_CoalesceExpr:
			check_raw(walk, (Node *) ((CoalesceExpr *) node)->args);
			break;
		case T_MinMaxExpr:
			check_raw(walk, (Node *) ((MinMaxExpr *) node)->args);
			break;
		case T_CaseExpr:
			check_raw(walk, (Node *) ((CaseExpr *) node)->arg);
			check_raw(walk, (Node *) ((CaseExpr *) node)->args);
			check_raw(walk, (Node *) ((CaseExpr *) node)->defresult);
			break;
		case T_CaseWhen:
			check_raw(walk, (Node *) ((CaseWhen *) node)->expr);
			check_raw(walk, (Node *) ((CaseWhen *) node)->result);
			break;
		case T_TypeCast:
			check_raw_type(walk, ((TypeCast *) node)->typeName);
			check_raw(walk, ((TypeCast *) node)->arg);
			break;
		case T_FuncCall:
			{
				FuncCall   *call = (FuncCall *) node;

				if (call->agg_order != NIL || call->agg_filter != NULL || call->over != NULL ||
					call->agg_within_group || call->agg_star || call->agg_distinct || call->func_variadic)
					refuse(walk, "an aggregate or window function", call->location);
				/* x AT TIME ZONE y and its like are calls of a function of pg_catalog */
				if ((list_length(call->funcname) != 1 &&
					 !(walk->dialect->reads_text && call->funcformat == COERCE_SQL_SYNTAX)) ||
					!name_allowed(strVal(llast(call->funcname)), walk->dialect->functions, walk->dialect->n_functions))
					refuse(walk, psprintf("function \"%s\"", strVal(llast(call->funcname))), call->location);
				check_raw(walk, (Node *) call->args);
				break;
			}
		case T_SubLink:
			refuse(walk, "a subquery", ((SubLink *) node)->location);
			break;
		case T_ParamRef:
			refuse(walk, "a parameter", ((ParamRef *) node)->location);
			break;
		case T_A_Indirection:
			refuse(walk, "a field or an element", exprLocation(((A_Indirection *) node)->arg));
			break;
		default:
			refuse(walk, "this construct", exprLocation(node));
	}
	walk->depth--;
}

/* --------------------------------------------------------- analysed tree --- */

/* An operator of pg_catalog with one of the allowed symbols. */
static bool
operator_allowed(const Dialect *dialect, Oid opno)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(opno));
	Form_pg_operator form;
	bool		allowed;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_operator) GETSTRUCT(tuple);
	allowed = form->oprnamespace == PG_CATALOG_NAMESPACE &&
		(form->oprleft == InvalidOid || dialect->type_allowed(form->oprleft)) &&
		dialect->type_allowed(form->oprright) && dialect->type_allowed(form->oprresult) &&
		name_allowed(NameStr(form->oprname), dialect->operators, dialect->n_operators);
	ReleaseSysCache(tuple);
	return allowed;
}

/*
 * A built-in function that is immutable and works on allowed types.  A call
 * must have an allowed name (round(numeric) is built in, but in SQL); a cast
 * is any conversion in C between these types.  Mappings may call what
 * settings guide, too, since they are run under pinned ones.
 */
static bool
function_allowed(const Dialect *dialect, FuncExpr *call)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	Form_pg_proc form;
	bool		allowed;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	allowed = form->pronamespace == PG_CATALOG_NAMESPACE &&
		!form->proretset && dialect->type_allowed(form->prorettype);
	for (int i = 0; i < form->pronargs && allowed; i++)
		allowed = dialect->type_allowed(form->proargtypes.values[i]);
	if (call->funcformat == COERCE_EXPLICIT_CALL || call->funcformat == COERCE_SQL_SYNTAX)
		allowed = allowed &&
			(form->provolatile == PROVOLATILE_IMMUTABLE ||
			 (dialect->reads_text && form->provolatile == PROVOLATILE_STABLE)) &&
			(form->prolang == INTERNALlanguageId || form->prolang == SQLlanguageId) &&
			name_allowed(NameStr(form->proname), dialect->functions, dialect->n_functions);
	else
		allowed = allowed && form->provolatile == PROVOLATILE_IMMUTABLE && form->prolang == INTERNALlanguageId;
	ReleaseSysCache(tuple);
	return allowed;
}

static bool
check_analyzed(Node *node, WalkState *walk)
{
	const Dialect *dialect = walk->dialect;
	bool		bad = false;

	if (node == NULL)
		return false;
	count_node(walk, exprLocation(node));
	switch (nodeTag(node))
	{
		case T_List:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_RelabelType:
			break;
		case T_Var:
			bad = ((Var *) node)->varno != 1 || ((Var *) node)->varattno <= 0 ||
				((Var *) node)->varlevelsup != 0;
			break;
		case T_Const:
			{
				Const	   *constant = (Const *) node;

				if (constant->consttype == NUMERICOID && !constant->constisnull &&
					strlen(DatumGetCString(DirectFunctionCall1(numeric_out, constant->constvalue))) > MAX_NUMERIC_DIGITS)
					refuse(walk, "a number of this size", constant->location);
				if (dialect->reads_text && TypeCategory(constant->consttype) == TYPCATEGORY_DATETIME &&
					!constant->constisnull && !cl_is_fixed_moment(walk->pstate->p_sourcetext, constant->location))
					refuse(walk, "a time that is not written in digits", constant->location);
				break;
			}
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			bad = !operator_allowed(dialect, ((OpExpr *) node)->opno);
			break;
		case T_ScalarArrayOpExpr:
			bad = !operator_allowed(dialect, ((ScalarArrayOpExpr *) node)->opno);
			break;
		case T_ArrayExpr:
			bad = !dialect->type_allowed(((ArrayExpr *) node)->element_typeid);
			break;
		case T_FuncExpr:
			bad = !function_allowed(dialect, (FuncExpr *) node);
			break;
		case T_CoerceViaIO:
			/* into text and back again, but for times: what a text means would depend on settings and on the clock */
			bad = !dialect->reads_text || TypeCategory(exprType(node)) == TYPCATEGORY_DATETIME ||
				TypeCategory(exprType(node)) == TYPCATEGORY_TIMESPAN;
			break;
		default:
			bad = true;
	}
	/* the array of IN (...) is the one value that is not of a plain type */
	if (!bad && !IsA(node, List) && !IsA(node, ArrayExpr) && !IsA(node, CaseWhen))
	{
		Oid			type = exprType(node);

		bad = !dialect->type_allowed(type) &&
			!(IsA(node, Const) && dialect->type_allowed(get_element_type(type)));
	}
	if (bad)
		refuse(walk, "this operator, function or type", exprLocation(node));
	return expression_tree_walker(node, check_analyzed, walk);
}

/* A name is a fact or nothing. */
static Node *
fact_reference(ParseState *pstate, ColumnRef *reference)
{
	const WalkState *walk = pstate->p_ref_hook_state;
	TupleDesc	facts = walk->facts;
	const char *name = strVal(linitial(reference->fields));

	for (int i = 0; i < facts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(facts, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
		{
			Var		   *var = makeVar(1, column->attnum, column->atttypid,
									  column->atttypmod, column->attcollation, 0);

			if (!walk->dialect->type_allowed(column->atttypid))
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("%s \"%s\" cannot be used in an expression", walk->dialect->name, name),
						 walk->dialect->reads_text ? errdetail("It is of type %s.", format_type_be(column->atttypid)) : 0,
						 errhint("%s", walk->dialect->reads_text ? walk->dialect->type_hint :
								 "Facts that are dates come as days, too: days_since_attended."),
						 parser_errposition(pstate, reference->location)));
			var->location = reference->location;
			return (Node *) var;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("%s \"%s\" does not exist", walk->dialect->name, name),
			 errhint("%s", walk->dialect->name_hint),
			 parser_errposition(pstate, reference->location)));
	return NULL;
}

/* Faults are positions in the expression, not in the statement around it. */
static void
expression_error_callback(void *source)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source);
	}
}

/* --------------------------------------------------------------- service --- */

/*
 * Source to an expression tree of the wanted type (boolean or numeric; any
 * for InvalidOid), as it was written: nothing in it is folded yet, so nothing
 * of it has been run.  In the current memory context.  Errors: 42601 and the
 * like of the parser, 0A000 for what is not allowed, 42703 for an unknown
 * fact, 54001 for too much, 42804 for a wrong type; all with a position.
 */
Expr *
cl_expression_check_in(const Dialect *dialect, const char *source, TupleDesc facts, Oid result_type)
{
	ErrorContextCallback callback;
	ParseState *pstate;
	WalkState	walk;
	List	   *parsed;
	SelectStmt *select;
	ResTarget  *target;
	Node	   *node;
	int			nest_level;
	Restriction before;

	if (strlen(source) > CL_MAX_EXPRESSION_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("expression cannot be longer than %d bytes", CL_MAX_EXPRESSION_LENGTH)));

	callback.callback = expression_error_callback;
	callback.arg = unconstify(char *, source);
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	nest_level = NewGUCNestLevel();
	for (size_t i = 0; i < lengthof(pinned_settings); i++)
	{
		/* asking costs less than setting */
		if (strcmp(GetConfigOption(pinned_settings[i][0], false, false), pinned_settings[i][1]) != 0)
			(void) set_config_option(pinned_settings[i][0], pinned_settings[i][1], PGC_USERSET,
									 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}

	cl_restrict_rights(&before);

	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = source;
	pstate->p_pre_columnref_hook = fact_reference;
	pstate->p_ref_hook_state = &walk;
	walk.dialect = dialect;
	walk.facts = facts;
	walk.pstate = pstate;
	walk.depth = walk.nodes = 0;
	walk.copies = 1;
	walk.near = 0;

	parsed = raw_parser(source, RAW_PARSE_PLPGSQL_EXPR);
	select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
	target = list_length(select->targetList) == 1 ? linitial_node(ResTarget, select->targetList) : NULL;
	if (target == NULL || target->name != NULL || target->indirection != NIL ||
		select->distinctClause != NIL || select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL || select->windowClause != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL || select->limitCount != NULL ||
		select->lockingClause != NIL || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("not one expression"),
				 errhint("Write one expression over the facts, such as \"strikes >= 3\"."),
				 errposition(1)));

	check_raw(&walk, target->val);

	node = transformExpr(pstate, target->val, EXPR_KIND_CHECK_CONSTRAINT);
	if (result_type == BOOLOID)
		node = coerce_to_boolean(pstate, node, "condition");
	else if (!OidIsValid(result_type))
	{
		/* a literal that nothing gives a type */
		if (exprType(node) == UNKNOWNOID)
			node = coerce_type(pstate, node, UNKNOWNOID, TEXTOID, -1, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1);
	}
	else
	{
		Oid			type = exprType(node);
		int			location = exprLocation(node);

		node = coerce_to_target_type(pstate, node, type, result_type, -1,
									 COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
		if (node == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("expression must be of type %s, not %s",
							format_type_be(result_type), format_type_be(type)),
					 parser_errposition(pstate, location)));
	}
	assign_expr_collations(pstate, node);

	walk.depth = walk.nodes = 0;
	(void) check_analyzed(node, &walk);
	cl_check_expression_cost(node);

	free_parsestate(pstate);
	cl_restore_rights(&before);
	AtEOXact_GUC(true, nest_level);
	error_context_stack = callback.previous;
	return (Expr *) node;
}

/* An expression over facts. */
Expr *
cl_expression_check(const char *source, TupleDesc facts, Oid result_type)
{
	return cl_expression_check_in(&over_facts, source, facts, result_type);
}

/* The same, folded and ready for ExecInitExpr(); folding may fail: 22012 and the like. */
Expr *
cl_expression_analyze(const char *source, TupleDesc facts, Oid result_type)
{
	Expr	   *expression = cl_expression_check(source, facts, result_type);
	Restriction before;

	/* folding runs functions */
	cl_restrict_rights(&before);
	expression = expression_planner(expression);
	cl_restore_rights(&before);
	return expression;
}

/*
 * Is this the fault of an expression, or of the server that runs it?  A
 * cancel, a lack of memory or of stack must go on to the user.
 */
static bool
is_expression_fault(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_DATA_EXCEPTION ||
		category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION ||
		category == ERRCODE_FEATURE_NOT_SUPPORTED ||
		sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX ||
		sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * Do something with an expression in a subtransaction of its own, which a
 * failure takes back with all that it holds.  NULL when it went well, else
 * the fault, in the current memory context; what is not the expression's
 * fault is thrown on.
 */
ErrorData *
cl_guarded(void (*body) (void *), void *arg)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ResourceOwner oldowner = CurrentResourceOwner;
	ErrorData  *volatile fault = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(oldcontext);
	PG_TRY();
	{
		body(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(oldcontext);
		fault = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (!is_expression_fault(fault->sqlerrcode))
			ReThrowError(fault);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	CurrentResourceOwner = oldowner;
	return fault;
}
