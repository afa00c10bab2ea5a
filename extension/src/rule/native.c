/*
 * native.c
 *		Conditions as small programs of our own.
 *
 * Nearly all conditions compare facts with numbers and words, and combine
 * that by AND, OR and NOT.  The executor needs a call for every operator of
 * that; here each comparison is one step that goes on at one of two places,
 * so a rule costs as many steps as its answer takes.  What is not understood
 * is left to the executor, and so is a row in which arithmetic would fail or
 * comes to what only the server's functions know how to judge: they decide,
 * and say why it fails.
 *
 * A program asks whether a condition is true, or whether it is false; what is
 * unknown is neither.  "NOT a" is true where "a" is false, and "a AND b" is
 * false where either is, so that no step need remember what is unknown.
 * Where a condition can fail, unknown parts are left to the executor, too:
 * how far it looks behind them decides whether it fails.
 *
 * Steps are made from the end to the beginning: those that go on at others
 * are made after them.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "native.h"
#include "rule.h"

#define MAX_REGISTERS	PG_INT16_MAX

typedef enum Kind
{
	KIND_NONE,
	KIND_INTEGER,				/* and boolean */
	KIND_FLOAT,
	KIND_TEXT
} Kind;

/* ---------------------------------------------------------------- making --- */

/* A program without rules, in the current memory context. */
NativeProgram *
cl_native_new(void)
{
	NativeProgram *program = palloc0(sizeof(NativeProgram));

	program->context = CurrentMemoryContext;
	program->steps_size = program->registers_size = 16;
	program->steps = palloc(sizeof(Step) * program->steps_size);
	program->registers = palloc(sizeof(Register) * program->registers_size);
	program->facts = palloc(sizeof(Fact));
	program->rules = palloc(sizeof(NativeRule));
	return program;
}

static Kind
kind_of(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return KIND_INTEGER;
		case FLOAT4OID:
		case FLOAT8OID:
			return KIND_FLOAT;
		case TEXTOID:
			return KIND_TEXT;
		default:
			return KIND_NONE;
	}
}

/* This rule is for the executor. */
static int
give_up(NativeProgram *program)
{
	program->failed = true;
	return ASK;
}

static int16
new_register(NativeProgram *program)
{
	if (program->n_registers == MAX_REGISTERS)
	{
		(void) give_up(program);
		return 0;
	}
	if (program->n_registers == program->registers_size)
	{
		program->registers_size *= 2;
		program->registers = repalloc(program->registers, sizeof(Register) * program->registers_size);
	}
	memset(&program->registers[program->n_registers], 0, sizeof(Register));
	return (int16) program->n_registers++;
}

static int16
constant_register(NativeProgram *program, Oid type, Datum value, bool isnull)
{
	int16		place = new_register(program);

	if (!isnull && type == TEXTOID)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	cl_native_set(&program->registers[place], type, value, isnull);
	return place;
}

static int16
fact_register(NativeProgram *program, const Var *var)
{
	Fact	   *fact;

	for (int i = 0; i < program->n_facts; i++)
	{
		if (program->facts[i].number == var->varattno)
			return program->facts[i].place;
	}
	program->facts = repalloc(program->facts, sizeof(Fact) * (program->n_facts + 1));
	fact = &program->facts[program->n_facts++];
	fact->number = var->varattno;
	fact->type = var->vartype;
	fact->place = new_register(program);
	program->last_fact = Max(program->last_fact, var->varattno);
	return fact->place;
}

static int
add_step(NativeProgram *program, StepKind kind, int16 a, int16 b, int16 to, int yes, int no)
{
	Step	   *step;

	if (program->n_steps == program->steps_size)
	{
		program->steps_size *= 2;
		program->steps = repalloc(program->steps, sizeof(Step) * program->steps_size);
	}
	step = &program->steps[program->n_steps];
	step->kind = kind;
	step->width = 0;
	step->a = a;
	step->b = b;
	step->to = to;
	step->yes = yes;
	step->no = no;
	step->unknown = program->unknown == ASK ? ASK : no;
	return program->n_steps++;
}

/* The register that the value of an expression will be in. */
static int16
register_of(NativeProgram *program, Expr *expr)
{
	if (kind_of(exprType((Node *) expr)) == KIND_NONE)
	{
		(void) give_up(program);
		return 0;
	}
	if (IsA(expr, Var))
		return fact_register(program, (Var *) expr);
	if (IsA(expr, Const))
		return constant_register(program, ((Const *) expr)->consttype, ((Const *) expr)->constvalue,
								 ((Const *) expr)->constisnull);
	return new_register(program);
}

static int	add_test(NativeProgram *program, Expr *expr, bool wanted, int yes, int no);
static int	add_value(NativeProgram *program, Expr *expr, int16 to, int next);

/* Its value is to be in a register that it has not chosen itself. */
static int
add_value_into(NativeProgram *program, Expr *expr, int16 to, int next)
{
	int16		place;

	if (!IsA(expr, Var) && !IsA(expr, Const))
		return add_value(program, expr, to, next);
	place = register_of(program, expr);
	return add_step(program, STEP_MOVE, place, 0, to, next, next);
}

/* A step with one or two operands, which are made before it. */
static int
add_operation(NativeProgram *program, StepKind kind, List *args, Oid result, int16 to, int next)
{
	int16		a = register_of(program, linitial(args));
	int16		b = list_length(args) == 2 ? register_of(program, lsecond(args)) : a;
	int			step = add_step(program, kind, a, b, to, next, next);

	program->steps[step].width = (uint8) get_typlen(result);
	if (list_length(args) == 2)
		step = add_value(program, lsecond(args), b, step);
	return add_value(program, linitial(args), a, step);
}

static int
add_arithmetic(NativeProgram *program, OpExpr *expr, int16 to, int next)
{
	static const struct
	{
		const char *name;
		int			operands;
		int			integer;
		int			number;		/* -1: there is none */
	}			operators[] = {
		{"+", 2, STEP_INTEGER_ADD, STEP_FLOAT_ADD},
		{"-", 2, STEP_INTEGER_SUBTRACT, STEP_FLOAT_SUBTRACT},
		{"*", 2, STEP_INTEGER_MULTIPLY, STEP_FLOAT_MULTIPLY},
		{"/", 2, STEP_INTEGER_DIVIDE, STEP_FLOAT_DIVIDE},
		{"%", 2, STEP_INTEGER_MODULO, -1},
		{"@", 1, STEP_INTEGER_ABS, STEP_FLOAT_ABS}
	};
	Kind		kind = kind_of(expr->opresulttype);
	char	   *name = expr->opno < FirstUnpinnedObjectId ? get_opname(expr->opno) : NULL;
	ListCell   *cell;

	/* single precision rounds in between */
	if (kind == KIND_TEXT || expr->opresulttype == FLOAT4OID || name == NULL)
		return give_up(program);
	foreach(cell, expr->args)
	{
		if (kind_of(exprType(lfirst(cell))) != kind)
			return give_up(program);
	}
	for (size_t i = 0; i < lengthof(operators); i++)
	{
		int			step = kind == KIND_INTEGER ? operators[i].integer : operators[i].number;

		if (strcmp(operators[i].name, name) == 0 && operators[i].operands == list_length(expr->args) && step >= 0)
			return add_operation(program, step, expr->args, expr->opresulttype, to, next);
	}
	return give_up(program);
}

static int
add_call(NativeProgram *program, FuncExpr *expr, int16 to, int next)
{
	Oid			from;
	Kind		kind = kind_of(expr->funcresulttype);
	char	   *name;

	if (list_length(expr->args) != 1 || expr->funcid >= FirstUnpinnedObjectId)
		return give_up(program);
	from = exprType(linitial(expr->args));
	if (expr->funcformat != COERCE_EXPLICIT_CALL)
	{
		/* casts that lose nothing */
		if (kind_of(from) == KIND_INTEGER && from != BOOLOID && expr->funcresulttype == FLOAT8OID)
			return add_operation(program, STEP_TO_FLOAT, expr->args, FLOAT8OID, to, next);
		if ((from == FLOAT4OID && expr->funcresulttype == FLOAT8OID) ||
			(from == INT2OID && (expr->funcresulttype == INT4OID || expr->funcresulttype == INT8OID)) ||
			(from == INT4OID && expr->funcresulttype == INT8OID))
			return add_operation(program, STEP_MOVE, expr->args, expr->funcresulttype, to, next);
		return give_up(program);
	}
	name = get_func_name(expr->funcid);
	if (name == NULL || from != expr->funcresulttype || from == FLOAT4OID)
		return give_up(program);
	if (strcmp(name, "abs") == 0 && kind != KIND_NONE)
		return add_operation(program, kind == KIND_INTEGER ? STEP_INTEGER_ABS : STEP_FLOAT_ABS,
							 expr->args, from, to, next);
	if (strcmp(name, "floor") == 0 && from == FLOAT8OID)
		return add_operation(program, STEP_FLOAT_FLOOR, expr->args, from, to, next);
	if ((strcmp(name, "ceil") == 0 || strcmp(name, "ceiling") == 0) && from == FLOAT8OID)
		return add_operation(program, STEP_FLOAT_CEIL, expr->args, from, to, next);
	return give_up(program);
}

/* GREATEST and LEAST: all are made, then one after the other is looked at. */
static int
add_extreme(NativeProgram *program, MinMaxExpr *expr, int16 to, int next)
{
	bool		greatest = expr->op == IS_GREATEST;
	StepKind	kind;

	switch (kind_of(expr->minmaxtype))
	{
		case KIND_INTEGER:
			kind = greatest ? STEP_INTEGER_GREATEST : STEP_INTEGER_LEAST;
			break;
		case KIND_FLOAT:
			kind = greatest ? STEP_FLOAT_GREATEST : STEP_FLOAT_LEAST;
			break;
		default:
			return give_up(program);
	}
	for (int i = list_length(expr->args) - 1; i > 0; i--)
	{
		Expr	   *arg = list_nth(expr->args, i);
		int16		place = register_of(program, arg);

		next = add_value(program, arg, place, add_step(program, kind, to, place, to, next, next));
	}
	return add_value_into(program, linitial(expr->args), to, next);
}

/*
 * The steps that leave the value of an expression in its register; returns
 * the first of them.
 */
static int
add_value(NativeProgram *program, Expr *expr, int16 to, int next)
{
	if (program->failed)
		return ASK;
	switch (nodeTag(expr))
	{
		case T_Var:
		case T_Const:
			return next;
		case T_OpExpr:
			return add_arithmetic(program, (OpExpr *) expr, to, next);
		case T_FuncExpr:
			return add_call(program, (FuncExpr *) expr, to, next);
		case T_MinMaxExpr:
			return add_extreme(program, (MinMaxExpr *) expr, to, next);
		case T_CoalesceExpr:
			{
				List	   *args = ((CoalesceExpr *) expr)->args;
				int			first = add_value_into(program, llast(args), to, next);

				for (int i = list_length(args) - 2; i >= 0; i--)
					first = add_value_into(program, list_nth(args, i), to,
										   add_step(program, STEP_IS_NULL, to, 0, 0, first, next));
				return first;
			}
		case T_CaseExpr:
			{
				CaseExpr   *choice = (CaseExpr *) expr;
				int			first;

				if (choice->arg != NULL)
					return give_up(program);
				first = add_value_into(program, choice->defresult, to, next);
				for (int i = list_length(choice->args) - 1; i >= 0; i--)
				{
					CaseWhen   *when = list_nth(choice->args, i);

					first = add_test(program, when->expr, true,
									 add_value_into(program, when->result, to, next), first);
				}
				return first;
			}
		default:
			return give_up(program);
	}
}

/* Of an operator of pg_catalog, in the order of the steps; -1 for another. */
static int
comparison_of(Oid operator)
{
	static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};
	char	   *name = operator < FirstUnpinnedObjectId ? get_opname(operator) : NULL;

	for (size_t i = 0; name != NULL && i < lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (int) i;
	}
	return -1;
}

/* The step of a comparison that is to come out as wanted; -1 if there is none. */
static int
comparison_step(Oid operator, Oid collation, Oid left, Oid right, bool wanted)
{
	static const int opposite[] = {1, 0, 5, 4, 3, 2};
	int			comparison = comparison_of(operator);
	Kind		kind = kind_of(left);

	if (comparison < 0 || kind != kind_of(right))
		return -1;
	if (!wanted)
		comparison = opposite[comparison];
	switch (kind)
	{
		case KIND_INTEGER:
			return STEP_INTEGER_EQ + comparison;
		case KIND_FLOAT:
			return STEP_FLOAT_EQ + comparison;
		case KIND_TEXT:
			/* equal are the same bytes */
			if (comparison > 1 || !OidIsValid(collation) || !get_collation_isdeterministic(collation))
				return -1;
			return STEP_TEXT_EQ + comparison;
		default:
			return -1;
	}
}

static int
add_comparison(NativeProgram *program, OpExpr *expr, bool wanted, int yes, int no)
{
	Expr	   *left = linitial(expr->args);
	Expr	   *right = list_length(expr->args) == 2 ? lsecond(expr->args) : NULL;
	int			kind;
	int16		a;
	int16		b;
	int			first;

	if (right == NULL)
		return give_up(program);
	kind = comparison_step(expr->opno, expr->inputcollid, exprType((Node *) left), exprType((Node *) right), wanted);
	if (kind < 0)
		return give_up(program);
	a = register_of(program, left);
	b = register_of(program, right);
	first = add_step(program, kind, a, b, 0, yes, no);
	first = add_value(program, right, b, first);
	return add_value(program, left, a, first);
}

/* x IN (...) and x NOT IN (...) of constants: one after the other. */
static int
add_list(NativeProgram *program, ScalarArrayOpExpr *expr, bool wanted, int yes, int no)
{
	Expr	   *left = linitial(expr->args);
	Const	   *list = lsecond(expr->args);
	Oid			type;
	int16		a;
	int			first;
	int			kind;
	ArrayType  *array;
	Datum	   *values;
	bool	   *nulls;
	int			count;
	int16		length;
	bool		byval;
	char		align;

	if (!IsA(list, Const) || list->constisnull || comparison_of(expr->opno) != (expr->useOr ? 0 : 1))
		return give_up(program);
	array = DatumGetArrayTypeP(list->constvalue);
	type = ARR_ELEMTYPE(array);
	/* equal to one of them: what NOT IN asks is the opposite */
	wanted = (wanted == expr->useOr);
	kind = comparison_step(expr->opno, expr->inputcollid, exprType((Node *) left), type, expr->useOr);
	if (kind < 0)
		return give_up(program);
	get_typlenbyvalalign(type, &length, &byval, &align);
	deconstruct_array(array, type, length, byval, align, &values, &nulls, &count);
	a = register_of(program, left);
	first = wanted ? no : yes;
	for (int i = count - 1; i >= 0; i--)
	{
		if (nulls[i])
			return give_up(program);
		first = add_step(program, kind, a, constant_register(program, type, values[i], false), 0,
						 wanted ? yes : no, first);
		/* unknown is neither */
		program->steps[first].unknown = program->unknown == ASK ? ASK : no;
	}
	return add_value(program, left, a, first);
}

/* The steps that go on at "yes" if a condition is as wanted, else at "no". */
static int
add_test(NativeProgram *program, Expr *expr, bool wanted, int yes, int no)
{
	if (program->failed)
		return ASK;
	switch (nodeTag(expr))
	{
		case T_Const:
			if (((Const *) expr)->constisnull)
				return program->unknown == ASK ? ASK : no;
			return DatumGetBool(((Const *) expr)->constvalue) == wanted ? yes : no;
		case T_Var:
			{
				int			step = add_step(program, STEP_IS_TRUE, fact_register(program, (Var *) expr), 0, 0,
											wanted ? yes : no, wanted ? no : yes);

				program->steps[step].unknown = program->unknown == ASK ? ASK : no;
				return step;
			}
		case T_BoolExpr:
			{
				BoolExpr   *combined = (BoolExpr *) expr;
				bool		all = (combined->boolop == AND_EXPR) == wanted;
				int			first;

				if (combined->boolop == NOT_EXPR)
					return add_test(program, linitial(combined->args), !wanted, yes, no);
				first = all ? yes : no;
				for (int i = list_length(combined->args) - 1; i >= 0; i--)
					first = add_test(program, list_nth(combined->args, i), wanted, all ? first : yes, all ? no : first);
				return first;
			}
		case T_NullTest:
			{
				NullTest   *test = (NullTest *) expr;
				bool		null_wanted = (test->nulltesttype == IS_NULL) == wanted;
				int16		place = register_of(program, test->arg);
				int			step = add_step(program, STEP_IS_NULL, place, 0, 0,
											null_wanted ? yes : no, null_wanted ? no : yes);

				if (test->argisrow)
					return give_up(program);
				return add_value(program, test->arg, place, step);
			}
		case T_BooleanTest:
			{
				BooleanTest *test = (BooleanTest *) expr;

				switch (test->booltesttype)
				{
					case IS_TRUE:
					case IS_NOT_TRUE:
						wanted = wanted == (test->booltesttype == IS_TRUE);
						return add_test(program, test->arg, true, wanted ? yes : no, wanted ? no : yes);
					case IS_FALSE:
					case IS_NOT_FALSE:
						wanted = wanted == (test->booltesttype == IS_FALSE);
						return add_test(program, test->arg, false, wanted ? yes : no, wanted ? no : yes);
					default:
						return give_up(program);
				}
			}
		case T_OpExpr:
			return add_comparison(program, (OpExpr *) expr, wanted, yes, no);
		case T_ScalarArrayOpExpr:
			return add_list(program, (ScalarArrayOpExpr *) expr, wanted, yes, no);
		case T_CaseExpr:
			{
				CaseExpr   *choice = (CaseExpr *) expr;
				int			first;

				if (choice->arg != NULL)
					return give_up(program);
				first = add_test(program, choice->defresult, wanted, yes, no);
				for (int i = list_length(choice->args) - 1; i >= 0; i--)
				{
					CaseWhen   *when = list_nth(choice->args, i);

					first = add_test(program, when->expr, true, add_test(program, when->result, wanted, yes, no), first);
				}
				return first;
			}
		case T_CoalesceExpr:
			{
				/* of facts, as in coalesce(waiting, false) */
				int16		place = new_register(program);
				int			step = add_step(program, STEP_IS_TRUE, place, 0, 0, wanted ? yes : no, wanted ? no : yes);

				program->steps[step].unknown = program->unknown == ASK ? ASK : no;
				return add_value(program, expr, place, step);
			}
		default:
			return give_up(program);
	}
}

/*
 * Add a rule, if its condition is understood.  Conditions that can fail are
 * given to the executor where they do, and where parts of them are unknown.
 */
bool
cl_native_add(NativeProgram *program, int rule, Expr *condition, bool can_fail)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(program->context);
	int			n_steps = program->n_steps;
	int			n_registers = program->n_registers;
	int			n_facts = program->n_facts;
	int			start;

	program->failed = false;
	program->unknown = can_fail ? ASK : NO;
	start = add_test(program, condition, true, YES, NO);
	if (program->failed)
	{
		program->n_steps = n_steps;
		program->n_registers = n_registers;
		program->n_facts = n_facts;
	}
	else
	{
		program->rules = repalloc(program->rules, sizeof(NativeRule) * (program->n_rules + 1));
		program->rules[program->n_rules].rule = rule;
		program->rules[program->n_rules++].start = start;
	}
	MemoryContextSwitchTo(oldcontext);
	return !program->failed;
}

/* All rules are in: what was numbers becomes pointers. */
void
cl_native_finish(NativeProgram *program)
{
	static const LinkedStep ends[] = {{STEP_YES}, {STEP_NO}, {STEP_ASK}};
	LinkedStep *linked = MemoryContextAlloc(program->context, sizeof(LinkedStep) * Max(program->n_steps, 1));

#define LINK(at)	((at) >= 0 ? &linked[at] : &ends[-1 - (at)])
	for (int i = 0; i < program->n_steps; i++)
	{
		const Step *step = &program->steps[i];

		linked[i].kind = step->kind;
		linked[i].width = step->width;
		linked[i].a = &program->registers[step->a];
		linked[i].b = &program->registers[step->b];
		linked[i].to = &program->registers[step->to];
		linked[i].yes = LINK(step->yes);
		linked[i].no = LINK(step->no);
		linked[i].unknown = LINK(step->unknown);
	}
	for (int i = 0; i < program->n_rules; i++)
		program->rules[i].first = LINK(program->rules[i].start);
	program->linked = linked;
}
