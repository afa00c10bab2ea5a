/*
 * expression_text.c
 *		A part of a condition as text, for people.
 *
 * The server's own deparser writes for machines that load dumps: every pair
 * of parentheses, '-3'::integer, "= ANY (ARRAY[...])".  What is written here
 * is what one would have written by hand, and is again a condition that means
 * the same: a part of a rule can be tried as a rule of its own.  It knows the
 * nodes that cl_expression_check() lets pass, and no others.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "rule.h"

/* How tightly a construct holds together, as in the grammar; loosest first. */
typedef enum Binding
{
	BIND_ANY,
	BIND_OR,
	BIND_AND,
	BIND_NOT,
	BIND_IS,
	BIND_COMPARISON,
	BIND_IN,
	BIND_OPERATOR,				/* "@", and all operators without a place of their own */
	BIND_ADD,
	BIND_MULTIPLY,
	BIND_SIGN,
	BIND_CAST,
	BIND_PRIMARY
} Binding;

typedef struct Writer
{
	StringInfoData out;
	TupleDesc	facts;
	bool		words;			/* for a sentence: texts stand in double quotes */
} Writer;

static void write_node(Writer *writer, Node *node, Binding around);

/* ------------------------------------------------------------ constants --- */

/* Text between double quotes, those in it doubled. */
static void
append_quoted(StringInfo out, const char *text)
{
	appendStringInfoChar(out, '"');
	for (; *text != '\0'; text++)
	{
		if (*text == '"')
			appendStringInfoChar(out, '"');
		appendStringInfoChar(out, *text);
	}
	appendStringInfoChar(out, '"');
}

/* A value as a sentence has it: 3, true, "high". */
void
cl_append_value(StringInfo out, Datum value, Oid type)
{
	Oid			function;
	bool		varlena;
	char	   *text;

	if (type == BOOLOID)
	{
		appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
		return;
	}
	getTypeOutputInfo(type, &function, &varlena);
	text = OidOutputFunctionCall(function, value);
	if (type == TEXTOID)
		append_quoted(out, text);
	else
		appendStringInfoString(out, text);
}

/*
 * A constant.  Only what the parser would read as another type carries its
 * type: '7'::numeric / 2 is not 7 / 2.
 */
static char *
constant_text(Const *constant, bool words)
{
	StringInfoData out;
	Oid			type = constant->consttype;
	const char *digits;
	char	   *text;
	Oid			function;
	bool		varlena;
	bool		plain = false;

	initStringInfo(&out);
	if (constant->constisnull)
	{
		appendStringInfoString(&out, "NULL");
		if (!words && type != BOOLOID && type != TEXTOID)
			appendStringInfo(&out, "::%s", format_type_be(type));
		return out.data;
	}
	if (words || type == BOOLOID)
	{
		cl_append_value(&out, constant->constvalue, type);
		return out.data;
	}
	getTypeOutputInfo(type, &function, &varlena);
	text = OidOutputFunctionCall(function, constant->constvalue);
	if (type == TEXTOID)
		return quote_literal_cstr(text);

	digits = text + (text[0] == '-');
	if (type == INT4OID)
		plain = true;
	else if (type == INT8OID)
		plain = DatumGetInt64(constant->constvalue) > PG_INT32_MAX || DatumGetInt64(constant->constvalue) < PG_INT32_MIN;
	else if (type == NUMERICOID)
		/* with a point, or longer than any bigint */
		plain = isdigit((unsigned char) digits[0]) && (strchr(digits, '.') != NULL || strlen(digits) > 19);
	return plain ? text : psprintf("'%s'::%s", text, format_type_be(type));
}

/* ---------------------------------------------------------------- nodes --- */

static Binding
operator_binding(OpExpr *expr, const char *name)
{
	if (list_length(expr->args) == 1)
		return strcmp(name, "-") == 0 || strcmp(name, "+") == 0 ? BIND_SIGN : BIND_OPERATOR;
	if (strchr("<>=", name[0]) != NULL)
		return BIND_COMPARISON;
	if (strcmp(name, "+") == 0 || strcmp(name, "-") == 0)
		return BIND_ADD;
	if (strcmp(name, "*") == 0 || strcmp(name, "/") == 0 || strcmp(name, "%") == 0)
		return BIND_MULTIPLY;
	return BIND_OPERATOR;
}

static Binding
node_binding(Node *node, bool words)
{
	switch (nodeTag(node))
	{
		case T_Const:
			return constant_text((Const *) node, words)[0] == '-' ? BIND_SIGN : BIND_PRIMARY;
		case T_OpExpr:
			return operator_binding((OpExpr *) node, get_opname(((OpExpr *) node)->opno));
		case T_DistinctExpr:
		case T_NullTest:
		case T_BooleanTest:
			return BIND_IS;
		case T_ScalarArrayOpExpr:
			return BIND_IN;
		case T_RelabelType:
			return BIND_CAST;
		case T_FuncExpr:
			return ((FuncExpr *) node)->funcformat == COERCE_EXPLICIT_CAST ? BIND_CAST : BIND_PRIMARY;
		case T_BoolExpr:
			if (cl_is_not_distinct(node))
				return BIND_IS;
			switch (((BoolExpr *) node)->boolop)
			{
				case OR_EXPR:
					return BIND_OR;
				case AND_EXPR:
					return BIND_AND;
				case NOT_EXPR:
					return BIND_NOT;
			}
			break;
		default:
			break;
	}
	return BIND_PRIMARY;
}

static void
write_list(Writer *writer, List *nodes, const char *separator, Binding around)
{
	ListCell   *cell;

	foreach(cell, nodes)
	{
		if (cell != list_head(nodes))
			appendStringInfoString(&writer->out, separator);
		write_node(writer, lfirst(cell), around);
	}
}

/* name(argument, ...) */
static void
write_call(Writer *writer, const char *name, List *args)
{
	appendStringInfo(&writer->out, "%s(", name);
	write_list(writer, args, ", ", BIND_ANY);
	appendStringInfoChar(&writer->out, ')');
}

static void
write_operator(Writer *writer, OpExpr *expr)
{
	const char *name = get_opname(expr->opno);
	Binding		binding = operator_binding(expr, name);

	if (list_length(expr->args) == 1)
	{
		/* two signs in a row would be a comment */
		appendStringInfo(&writer->out, "%s%s", name, binding == BIND_SIGN ? "" : " ");
		write_node(writer, linitial(expr->args), BIND_PRIMARY);
		return;
	}
	/* comparisons do not chain, the others do from the left */
	write_node(writer, linitial(expr->args), binding == BIND_COMPARISON ? BIND_OPERATOR : binding);
	appendStringInfo(&writer->out, " %s ", name);
	write_node(writer, lsecond(expr->args), binding == BIND_COMPARISON ? BIND_OPERATOR : binding + 1);
}

static void
write_cast(Writer *writer, Node *arg, Oid type)
{
	write_node(writer, arg, BIND_CAST);
	appendStringInfo(&writer->out, "::%s", format_type_be(type));
}

/* x IN (...): the one use of arrays that is allowed */
static void
write_in(Writer *writer, ScalarArrayOpExpr *expr)
{
	write_node(writer, linitial(expr->args), BIND_OPERATOR);
	appendStringInfoString(&writer->out, expr->useOr ? " IN (" : " NOT IN (");
	write_list(writer, castNode(ArrayExpr, lsecond(expr->args))->elements, ", ", BIND_ANY);
	appendStringInfoChar(&writer->out, ')');
}

static void
write_case(Writer *writer, CaseExpr *expr)
{
	StringInfo	out = &writer->out;
	Node	   *otherwise = (Node *) expr->defresult;
	ListCell   *cell;

	appendStringInfoString(out, "CASE");
	if (expr->arg != NULL)
	{
		appendStringInfoChar(out, ' ');
		write_node(writer, (Node *) expr->arg, BIND_ANY);
	}
	foreach(cell, expr->args)
	{
		CaseWhen   *when = lfirst_node(CaseWhen, cell);
		Node	   *test = (Node *) when->expr;

		/* CASE x WHEN y is kept as x = y, where x is a placeholder */
		if (expr->arg != NULL)
			test = lsecond(castNode(OpExpr, test)->args);
		appendStringInfoString(out, " WHEN ");
		write_node(writer, test, BIND_ANY);
		appendStringInfoString(out, " THEN ");
		write_node(writer, (Node *) when->result, BIND_ANY);
	}
	/* without ELSE the parser adds one, from nowhere in the text */
	if (otherwise != NULL && !(IsA(otherwise, Const) && ((Const *) otherwise)->location < 0))
	{
		appendStringInfoString(out, " ELSE ");
		write_node(writer, otherwise, BIND_ANY);
	}
	appendStringInfoString(out, " END");
}

static void
write_logic(Writer *writer, BoolExpr *expr)
{
	ListCell   *cell;

	if (cl_is_not_distinct((Node *) expr))
	{
		write_list(writer, ((DistinctExpr *) linitial(expr->args))->args, " IS NOT DISTINCT FROM ", BIND_OPERATOR);
		return;
	}
	if (expr->boolop == NOT_EXPR)
	{
		appendStringInfoString(&writer->out, "NOT ");
		write_node(writer, linitial(expr->args), BIND_PRIMARY);
		return;
	}
	foreach(cell, expr->args)
	{
		Node	   *part = lfirst(cell);

		if (cell != list_head(expr->args))
			appendStringInfoString(&writer->out, expr->boolop == AND_EXPR ? " AND " : " OR ");
		/* a AND (b AND c) says no more than a AND b AND c */
		write_node(writer, part, IsA(part, BoolExpr) && ((BoolExpr *) part)->boolop == expr->boolop ? BIND_ANY : BIND_NOT);
	}
}

static const char *
boolean_test(BoolTestType test)
{
	switch (test)
	{
		case IS_TRUE:
			return " IS TRUE";
		case IS_NOT_TRUE:
			return " IS NOT TRUE";
		case IS_FALSE:
			return " IS FALSE";
		case IS_NOT_FALSE:
			return " IS NOT FALSE";
		case IS_UNKNOWN:
			return " IS UNKNOWN";
		case IS_NOT_UNKNOWN:
			return " IS NOT UNKNOWN";
	}
	return "";
}

/* A node, in parentheses where what stands around it would tear it apart. */
static void
write_node(Writer *writer, Node *node, Binding around)
{
	StringInfo	out = &writer->out;
	bool		parentheses;

	check_stack_depth();
	node = strip_implicit_coercions(node);
	parentheses = node_binding(node, writer->words) < around;
	if (parentheses)
		appendStringInfoChar(out, '(');
	switch (nodeTag(node))
	{
		case T_Var:
			appendStringInfoString(out, quote_identifier(NameStr(TupleDescAttr(writer->facts, ((Var *) node)->varattno - 1)->attname)));
			break;
		case T_Const:
			appendStringInfoString(out, constant_text((Const *) node, writer->words));
			break;
		case T_OpExpr:
			write_operator(writer, (OpExpr *) node);
			break;
		case T_DistinctExpr:
			write_list(writer, ((DistinctExpr *) node)->args, " IS DISTINCT FROM ", BIND_OPERATOR);
			break;
		case T_NullIfExpr:
			write_call(writer, "NULLIF", ((NullIfExpr *) node)->args);
			break;
		case T_CoalesceExpr:
			write_call(writer, "COALESCE", ((CoalesceExpr *) node)->args);
			break;
		case T_MinMaxExpr:
			write_call(writer, ((MinMaxExpr *) node)->op == IS_GREATEST ? "GREATEST" : "LEAST", ((MinMaxExpr *) node)->args);
			break;
		case T_ScalarArrayOpExpr:
			write_in(writer, (ScalarArrayOpExpr *) node);
			break;
		case T_FuncExpr:
			if (((FuncExpr *) node)->funcformat == COERCE_EXPLICIT_CAST)
				write_cast(writer, linitial(((FuncExpr *) node)->args), ((FuncExpr *) node)->funcresulttype);
			else
				write_call(writer, get_func_name(((FuncExpr *) node)->funcid), ((FuncExpr *) node)->args);
			break;
		case T_RelabelType:
			write_cast(writer, (Node *) ((RelabelType *) node)->arg, ((RelabelType *) node)->resulttype);
			break;
		case T_NullTest:
			write_node(writer, (Node *) ((NullTest *) node)->arg, BIND_OPERATOR);
			appendStringInfoString(out, ((NullTest *) node)->nulltesttype == IS_NULL ? " IS NULL" : " IS NOT NULL");
			break;
		case T_BooleanTest:
			write_node(writer, (Node *) ((BooleanTest *) node)->arg, BIND_OPERATOR);
			appendStringInfoString(out, boolean_test(((BooleanTest *) node)->booltesttype));
			break;
		case T_BoolExpr:
			write_logic(writer, (BoolExpr *) node);
			break;
		case T_CaseExpr:
			write_case(writer, (CaseExpr *) node);
			break;
		default:
			elog(ERROR, "unexpected node of type %d in an expression over facts", (int) nodeTag(node));
	}
	if (parentheses)
		appendStringInfoChar(out, ')');
}

/* -------------------------------------------------------------- service --- */

/* NOT over IS DISTINCT FROM is how the parser has IS NOT DISTINCT FROM. */
bool
cl_is_not_distinct(Node *node)
{
	return IsA(node, BoolExpr) && ((BoolExpr *) node)->boolop == NOT_EXPR &&
		IsA(linitial(((BoolExpr *) node)->args), DistinctExpr);
}

static char *
write_expression(Node *node, TupleDesc facts, bool words, Binding around)
{
	Writer		writer;

	initStringInfo(&writer.out);
	writer.facts = facts;
	writer.words = words;
	write_node(&writer, node, around);
	return writer.out.data;
}

/* A checked tree (not folded) as a condition that means the same. */
char *
cl_expression_text(Node *node, TupleDesc facts)
{
	return write_expression(node, facts, false, BIND_ANY);
}

/* One side of a comparison as a sentence has it. */
char *
cl_operand_words(Node *node, TupleDesc facts)
{
	return write_expression(node, facts, true, BIND_OPERATOR);
}
