/*
 * expression_cost.c
 *		What the arithmetic of an expression can cost.
 *
 * numeric grows: a product has the digits of both its sides, a quotient up to
 * a thousand after the point.  A few lines of text can thus mean numbers of
 * tens of thousands of digits, and seconds for each row.  So before anything
 * is folded or run, the digits that each part can have are estimated from
 * below upwards, and with them the steps of the long multiplications and
 * divisions.  Estimates are upper bounds, except that a fact of type numeric
 * without a declared size is taken to be of a sensible one: how large a
 * number is in a row is not the expression's doing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "rule.h"

/* products of two digits, for one row; ten million take about a millisecond */
#define MAX_STEPS	10000000.0

/* most digits after the point that a quotient and round() can have */
#define MAX_QUOTIENT_SCALE	1000
#define MAX_ROUND_SCALE		2000

/* Decimal digits before and after the point. */
typedef struct Digits
{
	int			whole;
	int			scale;
} Digits;

static Digits digits_of(Node *node, double *steps);

/* Of a value of this type, as a numeric. */
static Digits
digits_of_type(Oid type, int32 typmod)
{
	switch (type)
	{
		case INT2OID:
			return (Digits) {5, 0};
		case INT4OID:
			return (Digits) {10, 0};
		case INT8OID:
			return (Digits) {19, 0};
		case FLOAT4OID:
			return (Digits) {39, 51};
		case FLOAT8OID:
			return (Digits) {309, 339};
		case NUMERICOID:
			/* see numeric_typmod_precision() and _scale(); a scale may be negative since 15 */
			if (typmod >= (int32) VARHDRSZ)
			{
				int			precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
				int			scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

				return (Digits) {Max(precision - scale, 1), Max(scale, 0)};
			}
			return (Digits) {50, 50};
		default:
			return (Digits) {0, 0};
	}
}

static Digits
digits_of_constant(Const *constant)
{
	char	   *text;
	char	   *point;
	int			length;

	if (constant->consttype != NUMERICOID || constant->constisnull)
		return digits_of_type(constant->consttype, -1);
	text = DatumGetCString(DirectFunctionCall1(numeric_out, constant->constvalue));
	length = (int) strlen(text);
	point = strchr(text, '.');
	return point ? (Digits) {(int) (point - text), (int) (text + length - point) - 1} : (Digits) {length, 0};
}

static Digits
larger(Digits a, Digits b)
{
	return (Digits) {Max(a.whole, b.whole), Max(a.scale, b.scale)};
}

static int
total(Digits digits)
{
	return digits.whole + digits.scale;
}

/* left / right, to this many digits after the point */
static Digits
quotient(Digits left, Digits right, int scale, double *steps)
{
	Digits		result = {left.whole + right.scale + 1, scale};

	*steps += (double) total(result) * total(right);
	return result;
}

/* What an operator or function makes of its arguments. */
static Digits
digits_of_call(const char *name, List *args, double *steps)
{
	Digits		left = digits_of(linitial(args), steps);
	Digits		right = {0, 0};

	if (list_length(args) == 2)
		right = digits_of(lsecond(args), steps);
	*steps += total(left) + total(right);

	if (strcmp(name, "*") == 0)
	{
		*steps += (double) total(left) * total(right);
		return (Digits) {left.whole + right.whole, left.scale + right.scale};
	}
	if (strcmp(name, "/") == 0)
		return quotient(left, right, Min(Max(Max(left.scale, right.scale), left.scale + right.whole + 24), MAX_QUOTIENT_SCALE), steps);
	if (strcmp(name, "div") == 0)
		return quotient(left, right, 0, steps);
	if (strcmp(name, "%") == 0 || strcmp(name, "mod") == 0)
	{
		/* a quotient, and a product to be taken away */
		(void) quotient(left, right, 0, steps);
		(void) quotient(left, right, 0, steps);
		return (Digits) {Min(left.whole, right.whole), Max(left.scale, right.scale)};
	}
	if (strcmp(name, "ceil") == 0 || strcmp(name, "ceiling") == 0 || strcmp(name, "floor") == 0 || strcmp(name, "sign") == 0)
		return (Digits) {left.whole + 1, 0};
	if (strcmp(name, "round") == 0 || strcmp(name, "trunc") == 0)
	{
		Node	   *places = list_length(args) == 2 ? lsecond(args) : NULL;
		int			scale = places ? MAX_ROUND_SCALE : 0;

		if (places && IsA(places, Const) && !((Const *) places)->constisnull)
			scale = Max(0, Min(DatumGetInt32(((Const *) places)->constvalue), MAX_ROUND_SCALE));
		return (Digits) {left.whole + 1, scale};
	}
	/* +, -, @, abs, comparisons */
	left = larger(left, right);
	return (Digits) {left.whole + 1, left.scale};
}

static bool
add_steps(Node *node, void *steps)
{
	if (node == NULL)
		return false;
	(void) digits_of(node, steps);
	return false;
}

static Digits
largest(List *nodes, double *steps)
{
	Digits		digits = {0, 0};
	ListCell   *cell;

	foreach(cell, nodes)
		digits = larger(digits, digits_of(lfirst(cell), steps));
	return digits;
}

/*
 * The digits that a part can have, as far as numbers go; the steps of all
 * below are added.
 */
static Digits
digits_of(Node *node, double *steps)
{
	check_stack_depth();
	if (node == NULL)
		return (Digits) {0, 0};
	switch (nodeTag(node))
	{
		case T_List:
			return largest((List *) node, steps);
		case T_Const:
			return digits_of_constant((Const *) node);
		case T_OpExpr:
			if (exprType(node) == NUMERICOID || exprType(linitial(((OpExpr *) node)->args)) == NUMERICOID)
				return digits_of_call(get_opname(((OpExpr *) node)->opno), ((OpExpr *) node)->args, steps);
			break;
		case T_FuncExpr:
			{
				FuncExpr   *call = (FuncExpr *) node;

				/* a cast to numeric has the digits of its type */
				if (call->funcresulttype != NUMERICOID)
					break;
				if (call->funcformat == COERCE_EXPLICIT_CALL)
					return digits_of_call(get_func_name(call->funcid), call->args, steps);
				(void) digits_of(linitial(call->args), steps);
				return digits_of_type(exprType(linitial(call->args)), -1);
			}
		case T_RelabelType:
			return digits_of((Node *) ((RelabelType *) node)->arg, steps);
		case T_CoalesceExpr:
			return largest(((CoalesceExpr *) node)->args, steps);
		case T_MinMaxExpr:
			return largest(((MinMaxExpr *) node)->args, steps);
		case T_NullIfExpr:
			return largest(((NullIfExpr *) node)->args, steps);
		case T_CaseExpr:
			{
				CaseExpr   *expr = (CaseExpr *) node;
				Digits		digits = digits_of((Node *) expr->defresult, steps);
				ListCell   *cell;

				(void) digits_of((Node *) expr->arg, steps);
				foreach(cell, expr->args)
				{
					(void) digits_of((Node *) lfirst_node(CaseWhen, cell)->expr, steps);
					digits = larger(digits, digits_of((Node *) lfirst_node(CaseWhen, cell)->result, steps));
				}
				return digits;
			}
		default:
			break;
	}
	(void) expression_tree_walker(node, add_steps, steps);
	return digits_of_type(exprType(node), exprTypmod(node));
}

/* Refuse what a row would take too long for, by 54001. */
void
cl_check_expression_cost(Node *expression)
{
	double		steps = 0;

	(void) digits_of(expression, &steps);
	if (steps > MAX_STEPS)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("expression is too complex"),
				 errdetail("Its numbers can grow to too many digits."),
				 errhint("Multiply and divide less, or as double precision.")));
}
