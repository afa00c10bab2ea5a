/*
 * native_run.c
 *		Run conditions that native.c has made into programs.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/tuptable.h"
#include "utils/float.h"

#include "native.h"
#include "rule.h"

/* Put a value into a register. */
void
cl_native_set(Register *place, Oid type, Datum value, bool isnull)
{
	place->isnull = isnull;
	if (isnull)
		return;
	switch (type)
	{
		case BOOLOID:
			place->integer = DatumGetBool(value);
			break;
		case INT2OID:
			place->integer = DatumGetInt16(value);
			break;
		case INT4OID:
			place->integer = DatumGetInt32(value);
			break;
		case INT8OID:
			place->integer = DatumGetInt64(value);
			break;
		case FLOAT4OID:
			place->number = DatumGetFloat4(value);
			break;
		case FLOAT8OID:
			place->number = DatumGetFloat8(value);
			break;
		default:
			place->text = (struct varlena *) DatumGetPointer(value);
	}
}

static void
facts_have_changed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("facts have changed while they were read"),
			 errhint("Try again.")));
}

static bool
same_text(const struct varlena *a, const struct varlena *b)
{
	Size		length = VARSIZE_ANY_EXHDR(a);

	return length == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), length) == 0;
}

/* Compressed or stored elsewhere: for the executor. */
static bool
is_plain(const struct varlena *text)
{
	return !VARATT_IS_EXTERNAL(text) && !VARATT_IS_COMPRESSED(text);
}

#define TEST(condition) \
	if (a->isnull | b->isnull) \
		step = step->unknown; \
	else \
		step = (condition) ? step->yes : step->no; \
	break

/* "fails" where the server's function would, or may */
#define MAKE(member, value, fails) \
	to->isnull = a->isnull | b->isnull; \
	if (!to->isnull) \
	{ \
		to->member = (value); \
		if (unlikely(fails)) \
			return STEP_ASK; \
	} \
	step = step->yes; \
	break

#define TOO_WIDE \
	((step->width == 4 && to->integer != (int32) to->integer) || (step->width == 2 && to->integer != (int16) to->integer))
#define ODD		(isinf(to->number) || isnan(to->number))

#define CHOOSE(better) \
	if (!b->isnull && (to->isnull || (better))) \
		*to = *b; \
	step = step->yes; \
	break

static StepKind
run_steps(const LinkedStep *step)
{
	while (true)
	{
		const Register *a = step->a;
		const Register *b = step->b;
		Register   *to = step->to;
		int64		result;

		switch ((StepKind) step->kind)
		{
			case STEP_IS_TRUE:
				step = a->isnull ? step->unknown : a->integer ? step->yes : step->no;
				break;
			case STEP_IS_NULL:
				step = a->isnull ? step->yes : step->no;
				break;
			case STEP_INTEGER_EQ:
				TEST(a->integer == b->integer);
			case STEP_INTEGER_NE:
				TEST(a->integer != b->integer);
			case STEP_INTEGER_LT:
				TEST(a->integer < b->integer);
			case STEP_INTEGER_LE:
				TEST(a->integer <= b->integer);
			case STEP_INTEGER_GT:
				TEST(a->integer > b->integer);
			case STEP_INTEGER_GE:
				TEST(a->integer >= b->integer);
			case STEP_FLOAT_EQ:
				TEST(float8_eq(a->number, b->number));
			case STEP_FLOAT_NE:
				TEST(float8_ne(a->number, b->number));
			case STEP_FLOAT_LT:
				TEST(float8_lt(a->number, b->number));
			case STEP_FLOAT_LE:
				TEST(float8_le(a->number, b->number));
			case STEP_FLOAT_GT:
				TEST(float8_gt(a->number, b->number));
			case STEP_FLOAT_GE:
				TEST(float8_ge(a->number, b->number));
			case STEP_TEXT_EQ:
			case STEP_TEXT_NE:
				if (!a->isnull && !b->isnull && !(is_plain(a->text) && is_plain(b->text)))
					return STEP_ASK;
				TEST(same_text(a->text, b->text) == (step->kind == STEP_TEXT_EQ));
			case STEP_MOVE:
				*to = *a;
				step = step->yes;
				break;
			case STEP_TO_FLOAT:
				MAKE(number, (float8) a->integer, false);
			case STEP_INTEGER_ADD:
				if (!a->isnull && !b->isnull && pg_add_s64_overflow(a->integer, b->integer, &result))
					return STEP_ASK;
				MAKE(integer, result, TOO_WIDE);
			case STEP_INTEGER_SUBTRACT:
				if (!a->isnull && !b->isnull && pg_sub_s64_overflow(a->integer, b->integer, &result))
					return STEP_ASK;
				MAKE(integer, result, TOO_WIDE);
			case STEP_INTEGER_MULTIPLY:
				if (!a->isnull && !b->isnull && pg_mul_s64_overflow(a->integer, b->integer, &result))
					return STEP_ASK;
				MAKE(integer, result, TOO_WIDE);
			case STEP_INTEGER_DIVIDE:
				/* by -1 it may overflow */
				if (!a->isnull && !b->isnull && (b->integer == 0 || b->integer == -1))
					return STEP_ASK;
				MAKE(integer, a->integer / b->integer, false);
			case STEP_INTEGER_MODULO:
				if (!a->isnull && !b->isnull && (b->integer == 0 || b->integer == -1))
					return STEP_ASK;
				MAKE(integer, a->integer % b->integer, false);
			case STEP_INTEGER_ABS:
				if (!a->isnull && a->integer == PG_INT64_MIN)
					return STEP_ASK;
				MAKE(integer, a->integer < 0 ? -a->integer : a->integer, TOO_WIDE);
			case STEP_FLOAT_ADD:
				MAKE(number, a->number + b->number, ODD);
			case STEP_FLOAT_SUBTRACT:
				MAKE(number, a->number - b->number, ODD);
			case STEP_FLOAT_MULTIPLY:
				/* nothing but nothing comes to nothing */
				MAKE(number, a->number * b->number, ODD || to->number == 0.0);
			case STEP_FLOAT_DIVIDE:
				MAKE(number, a->number / b->number, ODD || to->number == 0.0);
			case STEP_FLOAT_ABS:
				MAKE(number, fabs(a->number), ODD);
			case STEP_FLOAT_FLOOR:
				MAKE(number, floor(a->number), ODD);
			case STEP_FLOAT_CEIL:
				MAKE(number, ceil(a->number), ODD);
			case STEP_INTEGER_GREATEST:
				CHOOSE(b->integer > to->integer);
			case STEP_INTEGER_LEAST:
				CHOOSE(b->integer < to->integer);
			case STEP_FLOAT_GREATEST:
				CHOOSE(float8_gt(b->number, to->number));
			case STEP_FLOAT_LEAST:
				CHOOSE(float8_lt(b->number, to->number));
			case STEP_YES:
			case STEP_NO:
			case STEP_ASK:
				return step->kind;
		}
	}
}

/*
 * Judge a row by the rules of the program; the answers are in "verdicts", by
 * rule.  Rules whose answer the executor must give are in "asked"; returns
 * how many.  42804 where a row has other columns than the rules were compiled
 * for.
 */
int
cl_native_judge(NativeProgram *program, TupleTableSlot *facts, Verdict *verdicts, int *asked)
{
	int			n_asked = 0;

	if (program->n_rules == 0)
		return 0;
	if (program->last_fact > facts->tts_tupleDescriptor->natts)
		facts_have_changed();
	slot_getsomeattrs(facts, program->last_fact);
	for (int i = 0; i < program->n_facts; i++)
	{
		const Fact *fact = &program->facts[i];

		/* of each row: one that was checked before may be gone, and another one in its place */
		if (unlikely(TupleDescAttr(facts->tts_tupleDescriptor, fact->number - 1)->atttypid != fact->type))
			facts_have_changed();
		cl_native_set(&program->registers[fact->place], fact->type, facts->tts_values[fact->number - 1],
					  facts->tts_isnull[fact->number - 1]);
	}
	for (int i = 0; i < program->n_rules; i++)
	{
		StepKind	answer = run_steps(program->rules[i].first);

		verdicts[program->rules[i].rule] = answer == STEP_YES ? RULE_HOLDS : RULE_SILENT;
		if (unlikely(answer == STEP_ASK))
			asked[n_asked++] = program->rules[i].rule;
	}
	return n_asked;
}
