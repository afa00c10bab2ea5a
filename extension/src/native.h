/*
 * native.h
 *		Conditions as programs of our own: what native.c makes and
 *		native_run.c runs.
 */
#ifndef CL_NATIVE_H
#define CL_NATIVE_H

#include "cl_compat.h"
#include "access/tupdesc.h"

/* Where a program ends. */
#define YES		(-1)
#define NO		(-2)
#define ASK		(-3)			/* the executor */

typedef enum StepKind
{
	/* go on at "yes" or "no", or where a part is unknown at "unknown" */
	STEP_IS_TRUE,
	STEP_IS_NULL,
	/* in the order of Comparison */
	STEP_INTEGER_EQ,
	STEP_INTEGER_NE,
	STEP_INTEGER_LT,
	STEP_INTEGER_LE,
	STEP_INTEGER_GT,
	STEP_INTEGER_GE,
	STEP_FLOAT_EQ,
	STEP_FLOAT_NE,
	STEP_FLOAT_LT,
	STEP_FLOAT_LE,
	STEP_FLOAT_GT,
	STEP_FLOAT_GE,
	STEP_TEXT_EQ,
	STEP_TEXT_NE,
	/* "to" becomes something; go on at "yes" */
	STEP_MOVE,
	STEP_TO_FLOAT,
	STEP_INTEGER_ADD,
	STEP_INTEGER_SUBTRACT,
	STEP_INTEGER_MULTIPLY,
	STEP_INTEGER_DIVIDE,
	STEP_INTEGER_MODULO,
	STEP_INTEGER_ABS,
	STEP_FLOAT_ADD,
	STEP_FLOAT_SUBTRACT,
	STEP_FLOAT_MULTIPLY,
	STEP_FLOAT_DIVIDE,
	STEP_FLOAT_ABS,
	STEP_FLOAT_FLOOR,
	STEP_FLOAT_CEIL,
	STEP_INTEGER_GREATEST,
	STEP_INTEGER_LEAST,
	STEP_FLOAT_GREATEST,
	STEP_FLOAT_LEAST,
	/* the ends */
	STEP_YES,
	STEP_NO,
	STEP_ASK
} StepKind;

/* A fact, a constant, or something in between. */
typedef struct Register
{
	union
	{
		int64		integer;
		float8		number;
		struct varlena *text;
	};
	bool		isnull;
} Register;

typedef struct Step
{
	uint8		kind;
	uint8		width;			/* of an integer result, in bytes */
	int16		a;				/* registers */
	int16		b;
	int16		to;
	int32		yes;
	int32		no;
	int32		unknown;
} Step;

/* A step as it is run. */
typedef struct LinkedStep
{
	uint8		kind;
	uint8		width;
	Register   *a;
	Register   *b;
	Register   *to;
	const struct LinkedStep *yes;
	const struct LinkedStep *no;
	const struct LinkedStep *unknown;
} LinkedStep;

/* A column of the facts and the register that it is read into. */
typedef struct Fact
{
	AttrNumber	number;
	int16		place;
	Oid			type;
} Fact;

typedef struct NativeRule
{
	int			rule;
	int			start;			/* its first step */
	const LinkedStep *first;
} NativeRule;

struct NativeProgram
{
	MemoryContext context;
	Step	   *steps;
	int			n_steps;
	int			steps_size;
	Register   *registers;
	int			n_registers;
	int			registers_size;
	Fact	   *facts;
	int			n_facts;
	int			last_fact;		/* highest column number */
	NativeRule *rules;
	int			n_rules;
	LinkedStep *linked;			/* when all rules are in */
	/* while a rule is compiled */
	int			unknown;		/* where to go on then, if not at "no" */
	bool		failed;
};

extern void cl_native_set(Register *place, Oid type, Datum value, bool isnull);

#endif							/* CL_NATIVE_H */
