/*
 * program.c
 *		The rules that a district is judged by, as one program.
 *
 * Conditions that native.c understands are steps of our own.  All others that
 * may hold for a row are the columns of one executor projection, so a row is
 * deformed once and judged in one run of the interpreter.  Nothing is guarded as long as no condition can fail; where
 * one can, a subtransaction around the run takes a failure back and the row
 * is judged again rule by rule, so that only the failing rule is lost.
 *
 * Conditions run as a role that owns nothing and was granted nothing, as a
 * security-restricted operation, and in parallel mode.  The expression's own
 * checks let nothing pass that would need a right; this wall stands behind
 * them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "key_set.h"
#include "rule.h"

/* columns of one projection; a tuple can have 1664 */
#define CHUNK	1000

static void find_superseders(RuleProgram *program);

/* ---------------------------------------------------------------- making --- */

static bool
can_fail_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			if (((OpExpr *) node)->opresulttype != BOOLOID)
				return true;
			break;
		case T_FuncExpr:
			return true;
		default:
			break;
	}
	return expression_tree_walker(node, can_fail_walker, context);
}

/* Nothing but comparisons and logic: such an expression cannot fail. */
bool
cl_can_fail(Expr *expression)
{
	return can_fail_walker((Node *) expression, NULL);
}

static void
build(RuleProgram *program, bool late, TupleDesc facts)
{
	int			first = late ? program->early : 0;
	int			end = late ? program->count : program->early;
	int			count = 0;

	program->native[late] = cl_native_new();
	program->projected[late] = palloc(sizeof(int) * Max(end - first, 1));
	for (int i = first; i < end; i++)
	{
		Expr	   *condition = program->rules[i]->condition;

		if (condition != NULL && !cl_native_add(program->native[late], i, condition, cl_can_fail(condition)))
			program->projected[late][count++] = i;
	}
	cl_native_finish(program->native[late]);
	program->n_projected[late] = count;
	program->n_chunks[late] = (count + CHUNK - 1) / CHUNK;
	program->chunks[late] = palloc(sizeof(ProjectionInfo *) * Max(program->n_chunks[late], 1));
	for (int chunk = 0; chunk < program->n_chunks[late]; chunk++)
	{
		int			columns = Min(count - chunk * CHUNK, CHUNK);
		TupleDesc	tupdesc = CreateTemplateTupleDesc(columns);
		List	   *targets = NIL;

		for (int i = 0; i < columns; i++)
		{
			const Rule *rule = program->rules[program->projected[late][chunk * CHUNK + i]];

			TupleDescInitEntry(tupdesc, i + 1, NULL, BOOLOID, -1, 0);
			targets = lappend(targets, makeTargetEntry(rule->condition, i + 1, NULL, false));
		}
		program->chunks[late][chunk] =
			ExecBuildProjectionInfo(targets, program->econtext,
									MakeSingleTupleTableSlot(tupdesc, &TTSOpsVirtual), NULL, facts);
	}
}

/*
 * The program of a district; lives as long as the set.
 */
RuleProgram *
cl_rule_program(RuleSet *set, const char *district_id)
{
	MemoryContext oldcontext;
	RuleProgram *program;
	int			low = 1;
	int			high = set->n_programs;
	int			place = 0;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(set->districts[middle], district_id);

		if (order == 0)
		{
			place = middle;
			break;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (set->programs[place] != NULL)
		return set->programs[place];

	oldcontext = MemoryContextSwitchTo(set->context);
	program = palloc0(sizeof(RuleProgram));
	program->levels = set->levels;
	program->unconditional = true;
	program->district_id = set->districts[place];
	program->rules = palloc(sizeof(Rule *) * Max(set->count, 1));
	for (int late = 0; late <= 1; late++)
	{
		for (int i = 0; i < set->count; i++)
		{
			Rule	   *rule = &set->rules[i];

			if (rule->late != (bool) late ||
				(strcmp(rule->district_id, "*") != 0 && strcmp(rule->district_id, program->district_id) != 0))
				continue;
			program->rules[program->count++] = rule;
			program->can_fail |= cl_can_fail(rule->condition);
			program->broken |= (rule->condition == NULL);
			program->unconditional &= (rule->site_level == NULL && rule->discipline == NULL &&
									   DATE_IS_NOBEGIN(rule->from) && DATE_IS_NOEND(rule->until));
		}
		if (!late)
			program->early = program->count;
	}
	program->verdicts = palloc0(sizeof(Verdict) * Max(program->count, 1));
	program->faults = palloc0(sizeof(char *) * Max(program->count, 1));
	find_superseders(program);
	for (int i = 0; i < program->count; i++)
		program->unconditional &= (program->superseders[i] == NULL);
	program->econtext = CreateStandaloneExprContext();
	program->asked = palloc(sizeof(int) * Max(program->count, 1));
	build(program, false, set->subject->facts);
	build(program, true, set->subject->facts);
	MemoryContextSwitchTo(oldcontext);
	set->programs[place] = program;
	return program;
}

/* --------------------------------------------------------------- judging --- */

/*
 * Until cl_restore_rights() or an error, be nobody: a predefined role that
 * owns nothing, which the server grants nothing either.  What it was given
 * with everybody else it cannot write to: as in a parallel query, the server
 * refuses rows, sequences, settings and transaction ids.
 */
void
cl_restrict_rights(Restriction *before)
{
	GetUserIdAndSecContext(&before->userid, &before->sec_context);
	SetUserIdAndSecContext(ROLE_PG_STAT_SCAN_TABLES, before->sec_context |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	EnterParallelMode();
}

void
cl_restore_rights(const Restriction *before)
{
	ExitParallelMode();
	SetUserIdAndSecContext(before->userid, before->sec_context);
}

/* Rules that do not compile. */
static void
fail_broken(RuleProgram *program, bool late)
{
	int			end = late ? program->count : program->early;

	for (int i = late ? program->early : 0; i < end; i++)
	{
		if (program->rules[i]->condition == NULL)
		{
			program->verdicts[i] = RULE_FAILS;
			program->faults[i] = program->rules[i]->fault;
		}
	}
}

/* One rule by the executor. */
static Verdict
judge_alone(RuleProgram *program, Rule *rule, TupleTableSlot *facts)
{
	Restriction before;
	bool		isnull;
	Datum		holds;

	if (rule->state == NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(GetMemoryChunkContext(program));

		rule->state = ExecInitExpr(rule->condition, NULL);
		MemoryContextSwitchTo(oldcontext);
	}
	program->econtext->ecxt_scantuple = facts;
	cl_restrict_rights(&before);
	holds = ExecEvalExprSwitchContext(rule->state, program->econtext, &isnull);
	cl_restore_rights(&before);
	ResetExprContext(program->econtext);
	return !isnull && DatumGetBool(holds) ? RULE_HOLDS : RULE_SILENT;
}

/* What is left to the executor; may throw. */
static void
judge_rest(RuleProgram *program, TupleTableSlot *facts, bool late, int n_asked)
{
	const int  *rule = program->projected[late];

	for (int i = 0; i < n_asked; i++)
		program->verdicts[program->asked[i]] = judge_alone(program, program->rules[program->asked[i]], facts);
	if (program->n_chunks[late] > 0)
	{
		Restriction before;

		cl_restrict_rights(&before);
		program->econtext->ecxt_scantuple = facts;
		for (int chunk = 0; chunk < program->n_chunks[late]; chunk++)
		{
			TupleTableSlot *result = ExecProject(program->chunks[late][chunk]);
			int			columns = result->tts_tupleDescriptor->natts;

			/* no branches: a row may be judged by hundreds of rules */
			for (int i = 0; i < columns; i++)
				program->verdicts[*rule++] = (Verdict) (!result->tts_isnull[i] & (result->tts_values[i] != (Datum) 0));
		}
		ResetExprContext(program->econtext);
		cl_restore_rights(&before);
	}
	if (program->broken)
		fail_broken(program, late);
}

/*
 * Judge a row of facts by all early or all late rules of a program; the
 * answer is in program->verdicts.  Throws what a condition throws.
 */
void
cl_judge(RuleProgram *program, TupleTableSlot *facts, bool late)
{
	judge_rest(program, facts, late, cl_native_judge(program->native[late], facts, program->verdicts, program->asked));
}

/* A call as cl_guarded() wants it. */
typedef struct JudgeCall
{
	RuleProgram *program;
	TupleTableSlot *facts;
	bool		late;
	int			n_asked;
	int			rule;
	Verdict		verdict;
} JudgeCall;

static void
judge_call(void *arg)
{
	JudgeCall  *call = arg;

	judge_rest(call->program, call->facts, call->late, call->n_asked);
}

static void
judge_one_call(void *arg)
{
	JudgeCall  *call = arg;

	call->verdict = judge_alone(call->program, call->program->rules[call->rule], call->facts);
}

static void
judge_guarded_alone(RuleProgram *program, int rule, TupleTableSlot *facts)
{
	JudgeCall	call = {program, facts, false, 0, rule, RULE_FAILS};
	ErrorData  *fault = cl_guarded(judge_one_call, &call);

	program->verdicts[rule] = call.verdict;
	program->faults[rule] = fault ? fault->message : NULL;
	ResetExprContext(program->econtext);
}

/*
 * The same, but the executor judges rule by rule, each in a subtransaction of
 * its own.  The reasons of those that fail are in program->faults, in the
 * current memory context.
 */
void
cl_judge_each(RuleProgram *program, TupleTableSlot *facts, bool late)
{
	int			n_asked = cl_native_judge(program->native[late], facts, program->verdicts, program->asked);

	for (int i = 0; i < n_asked; i++)
		judge_guarded_alone(program, program->asked[i], facts);
	for (int i = 0; i < program->n_projected[late]; i++)
		judge_guarded_alone(program, program->projected[late][i], facts);
	if (program->broken)
		fail_broken(program, late);
}

/* Judge a row, whatever its rules do. */
void
cl_judge_guarded(RuleProgram *program, TupleTableSlot *facts, bool late)
{
	JudgeCall	call = {program, facts, late, 0, 0, RULE_SILENT};
	ErrorData  *fault;

	call.n_asked = cl_native_judge(program->native[late], facts, program->verdicts, program->asked);
	if (!program->can_fail || (call.n_asked == 0 && program->n_chunks[late] == 0))
	{
		judge_rest(program, facts, late, call.n_asked);
		return;
	}
	fault = cl_guarded(judge_call, &call);
	if (fault != NULL)
	{
		FreeErrorData(fault);
		cl_judge_each(program, facts, late);
	}
}

/* ----------------------------------------------------------------- scope --- */

static bool
rule_applies(const RuleProgram *program, const Rule *rule, const RuleScope *scope)
{
	if (scope->day < rule->from || scope->day >= rule->until)
		return false;
	if (rule->site_level != NULL)
	{
		const char *level;

		/* most districts have no site of most levels */
		if (!cl_keys_have(program->levels, scope->district_id, rule->site_level))
			return false;
		level = scope->level(scope->arg);
		if (level == NULL || strcmp(level, rule->site_level) != 0)
			return false;
	}
	return rule->discipline == NULL || scope->treated(scope->arg, rule->discipline);
}

/* Does one rule take the place of another, where both apply? */
static bool
supersedes(const Rule *rule, const Rule *other)
{
	if (rule == other)
		return false;
	if (rule->supersedes != NULL && strcmp(rule->supersedes, other->rule_name) == 0)
		return true;
	return strcmp(rule->rule_name, other->rule_name) == 0 &&
		strcmp(other->district_id, "*") == 0;
}

/* Which rules of the program take the place of others. */
static void
find_superseders(RuleProgram *program)
{
	program->superseders = palloc0(sizeof(Bitmapset *) * Max(program->count, 1));
	for (int i = 0; i < program->count; i++)
	{
		for (int other = 0; other < program->count; other++)
		{
			if (supersedes(program->rules[other], program->rules[i]))
				program->superseders[i] = bms_add_member(program->superseders[i], other);
		}
	}
}

/*
 * Is a rule that holds meant for this subject: in force, in its scope, and
 * not replaced by another that is?
 */
bool
cl_rule_speaks(const RuleProgram *program, int rule, const RuleScope *scope)
{
	int			other = -1;

	if (!rule_applies(program, program->rules[rule], scope))
		return false;
	while ((other = bms_next_member(program->superseders[rule], other)) >= 0)
	{
		if (rule_applies(program, program->rules[other], scope))
			return false;
	}
	return true;
}

/* Does a rule hold that warns?  After the early rules have been judged. */
bool
cl_any_warning(const RuleProgram *program, const RuleScope *scope)
{
	for (int i = 0; i < program->early; i++)
	{
		if (program->rules[i]->warns && program->verdicts[i] == RULE_HOLDS && cl_rule_speaks(program, i, scope))
			return true;
	}
	return false;
}
