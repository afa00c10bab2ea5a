/*
 * flag.c
 *		From what the rules say to rows of the table of flags.
 *
 * Those who judge compare what holds with the flags that stand, subject by
 * subject, and collect the differences here; they are written by a few
 * statements at the end, when nothing of the compiled rules is needed any
 * more: writing flags may fire triggers of anybody's, which may change rules.
 *
 * A flag is raised where a rule holds and none stands, and resolved where one
 * stands and no rule holds any more.  A rule that fails is recorded and leaves
 * its flags as they are: no failing rule keeps anybody from entering a fact.
 * A flag that somebody has answered stands, and says nothing more, until the
 * condition ceases or there is evidence that the answer did not know.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "flag.h"
#include "query.h"

/* caseload.notify */
bool		cl_notify = false;

/* Columns of text, a date and an episode, as long as need be. */
typedef struct Rows
{
	int			columns;
	const char **texts[5];
	Datum	   *days;
	Datum	   *episodes;
	int			count;
	int			capacity;
} Rows;

/* How often a rule failed, and with what last. */
typedef struct Failure
{
	const char *rule_district;
	const char *rule_name;
	int32		version;
	const char *message;
	int64		count;
} Failure;

struct FlagChanges
{
	MemoryContext context;
	bool		for_writing;	/* false: differences are told, not kept */
	Rows		raised;			/* district, key, client, rule's district, rule */
	Rows		cleared;		/* district, flag, why */
	Rows		answered;		/* district, flag */
	Failure    *failures;
	int			n_failures;
	int64		unchanged;
};

static CachedQuery raise_query = {
	"INSERT INTO caseload.flag (district_id, subject, subject_key, client_id, episode, rule_district, rule_name,"
	"                           rule_version, severity, action, priority, message, raised_on, due_on, evidence)"
	" SELECT n.district_id, r.subject, n.subject_key, n.client_id, n.episode, r.district_id, r.rule_name,"
	"        r.version, r.severity, r.action, r.priority, r.message, n.day, (n.day + r.due_after)::date,"
	"        v.evidence"
	"   FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (district_id, subject_key, client_id, rule_district, rule_name, day, episode)"
	"  CROSS JOIN LATERAL ("
	"    SELECT r.* FROM caseload.rule r"
	"     WHERE r.district_id = n.rule_district AND r.rule_name = n.rule_name OFFSET 0) AS r"
	"  CROSS JOIN LATERAL caseload._evidence(r.subject, n.district_id, n.client_id, n.episode, n.day, r.facts) v"
	"  WHERE n.client_id IS NULL OR EXISTS (SELECT FROM caseload.client c"
	"     WHERE c.district_id = n.district_id AND c.client_id = n.client_id)"
	" ON CONFLICT DO NOTHING",
	7, {"text[]", "text[]", "text[]", "text[]", "text[]", "date[]", "int4[]"}
};

static CachedQuery clear_query = {
	"UPDATE caseload.flag f"
	"   SET cleared_on = greatest(n.day, f.raised_on), cleared_why = n.why, cleared_at = now(), cleared_by = caseload.actor(),"
	"       state = CASE WHEN f.state IN ('dismissed', 'closed') THEN f.state ELSE 'resolved' END"
	"  FROM unnest($1, $2, $3, $4) AS n (district_id, flag_id, why, day)"
	" WHERE f.district_id = n.district_id AND f.flag_id = n.flag_id AND f.cleared_on IS NULL",
	4, {"text[]", "text[]", "text[]", "date[]"}
};

static CachedQuery renew_query = {
	"SELECT caseload._renew_flags($1, $2, $3)",
	3, {"text[]", "text[]", "date[]"}
};

static CachedQuery failure_query = {
	"INSERT INTO caseload.rule_error (rule_district, rule_name, rule_version, occurrences, message)"
	" VALUES ($1, $2, $3, $4, $5)",
	5, {"text", "text", "int4", "int8", "text"}
};

PG_FUNCTION_INFO_V1(actor);

/* ------------------------------------------------------------ collecting --- */

/*
 * An empty list of changes, which lives in the current memory context.  Not
 * for writing: only what is not different is counted, for callers that judge
 * again under locks whoever differs.
 */
FlagChanges *
cl_changes_new(bool for_writing)
{
	FlagChanges *changes = palloc0(sizeof(FlagChanges));

	changes->context = CurrentMemoryContext;
	changes->for_writing = for_writing;
	changes->raised.columns = 5;
	changes->cleared.columns = 3;
	changes->answered.columns = 2;
	return changes;
}

static void
add_row(FlagChanges *changes, Rows *rows, const char *const *texts, DateADT day, int episode)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(changes->context);

	if (rows->count == rows->capacity)
	{
		rows->capacity = rows->capacity ? rows->capacity * 2 : 8;
		for (int i = 0; i < rows->columns; i++)
			rows->texts[i] = rows->texts[i] ? repalloc_huge(rows->texts[i], sizeof(char *) * rows->capacity) :
				palloc(sizeof(char *) * rows->capacity);
		rows->days = rows->days ? repalloc_huge(rows->days, sizeof(Datum) * rows->capacity) :
			palloc(sizeof(Datum) * rows->capacity);
		rows->episodes = rows->episodes ? repalloc_huge(rows->episodes, sizeof(Datum) * rows->capacity) :
			palloc(sizeof(Datum) * rows->capacity);
	}
	for (int i = 0; i < rows->columns; i++)
		rows->texts[i][rows->count] = texts[i] ? pstrdup(texts[i]) : NULL;
	rows->days[rows->count] = DateADTGetDatum(day);
	rows->episodes[rows->count++] = Int32GetDatum(episode);
	MemoryContextSwitchTo(oldcontext);
}

static void
add_failure(FlagChanges *changes, const Rule *rule, const char *message)
{
	MemoryContext oldcontext;
	Failure    *failure;

	for (int i = 0; i < changes->n_failures; i++)
	{
		failure = &changes->failures[i];
		if (strcmp(failure->rule_name, rule->rule_name) == 0 && strcmp(failure->rule_district, rule->district_id) == 0)
		{
			failure->count++;
			return;
		}
	}
	oldcontext = MemoryContextSwitchTo(changes->context);
	changes->failures = changes->failures ?
		repalloc(changes->failures, sizeof(Failure) * (changes->n_failures + 1)) : palloc(sizeof(Failure));
	failure = &changes->failures[changes->n_failures++];
	failure->rule_district = pstrdup(rule->district_id);
	failure->rule_name = pstrdup(rule->rule_name);
	failure->version = rule->version;
	failure->message = pstrdup(message ? message : "");
	failure->count = 1;
	MemoryContextSwitchTo(oldcontext);
}

static StandingFlag *
find_standing(StandingFlag *standing, int episode, const Rule *rule)
{
	for (; standing != NULL; standing = standing->next)
	{
		if (standing->episode == episode && strcmp(standing->rule_name, rule->rule_name) == 0 &&
			strcmp(standing->rule_district, rule->district_id) == 0)
			return standing;
	}
	return NULL;
}

/* Why a flag of the episode ceases, when its rule does not hold. */
static const char *
why_cleared(const RuleProgram *program, const StandingFlag *flag, const RuleScope *scope)
{
	for (int i = 0; i < program->count; i++)
	{
		const Rule *rule = program->rules[i];

		if (strcmp(flag->rule_name, rule->rule_name) == 0 && strcmp(flag->rule_district, rule->district_id) == 0)
			return cl_rule_speaks(program, i, scope) ? "condition" : "rule";
	}
	return "rule";
}

static void
raise_flag(FlagChanges *changes, const FlagSubject *subject, const Rule *rule, DateADT day)
{
	const char *texts[5];

	texts[0] = subject->district_id;
	texts[1] = subject->key;
	texts[2] = subject->client_id;
	texts[3] = rule->district_id;
	texts[4] = rule->rule_name;
	add_row(changes, &changes->raised, texts, day, subject->episode);
}

static void
clear_flag(FlagChanges *changes, const FlagSubject *subject, const StandingFlag *flag, const char *why, DateADT day)
{
	const char *texts[3];

	texts[0] = subject->district_id;
	texts[1] = flag->flag_id;
	texts[2] = why;
	add_row(changes, &changes->cleared, texts, day, 0);
}

/*
 * Compare what the program has just found (program->verdicts) of a subject
 * with the flags of it that stand; true where they differ, or where a flag
 * that was answered must be looked at.
 */
bool
cl_compare_flags(FlagChanges *changes, const RuleProgram *program, const RuleScope *scope,
				 const FlagSubject *subject, StandingFlag *standing)
{
	int64		unchanged = 0;
	bool		failed = false;
	bool		differs = false;

	for (int i = 0; i < program->count; i++)
	{
		const Rule *rule = program->rules[i];
		StandingFlag *flag;

		if (program->verdicts[i] == RULE_SILENT || !cl_rule_speaks(program, i, scope))
			continue;
		flag = find_standing(standing, subject->episode, rule);
		if (flag != NULL)
			flag->holds = true;
		if (program->verdicts[i] == RULE_FAILS)
			failed = true;
		else if (flag == NULL)
		{
			differs = true;
			if (changes->for_writing)
				raise_flag(changes, subject, rule, scope->day);
		}
		else
		{
			unchanged++;
			if (flag->answered)
			{
				const char *texts[2];

				differs = true;
				texts[0] = subject->district_id;
				texts[1] = flag->flag_id;
				if (changes->for_writing)
					add_row(changes, &changes->answered, texts, scope->day, 0);
			}
		}
	}
	for (StandingFlag *flag = standing; flag != NULL; flag = flag->next)
	{
		if (flag->holds)
			continue;
		differs = true;
		if (changes->for_writing)
			clear_flag(changes, subject, flag,
					   flag->episode != subject->episode ? "episode" : why_cleared(program, flag, scope), scope->day);
	}
	if (differs && !changes->for_writing)
		return true;
	changes->unchanged += unchanged;
	for (int i = 0; failed && i < program->count; i++)
	{
		if (program->verdicts[i] == RULE_FAILS && cl_rule_speaks(program, i, scope))
			add_failure(changes, program->rules[i], program->faults[i]);
	}
	return differs;
}

/* The subject is no more: nothing about it stands. */
void
cl_clear_flags(FlagChanges *changes, const FlagSubject *subject, StandingFlag *standing, DateADT day)
{
	for (; standing != NULL; standing = standing->next)
		clear_flag(changes, subject, standing, "episode", day);
}

static bool
any_changes(const FlagChanges *changes)
{
	return changes->raised.count > 0 || changes->cleared.count > 0 || changes->answered.count > 0;
}

/* --------------------------------------------------------------- writing --- */

static Datum
text_column(const Rows *rows, int column)
{
	Datum	   *datums = palloc_extended(sizeof(Datum) * rows->count, MCXT_ALLOC_HUGE);
	bool	   *nulls = palloc_extended(sizeof(bool) * rows->count, MCXT_ALLOC_HUGE);
	int			dims = rows->count;
	int			lower = 1;

	for (int i = 0; i < rows->count; i++)
	{
		nulls[i] = (rows->texts[column][i] == NULL);
		datums[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(rows->texts[column][i]);
	}
	return PointerGetDatum(construct_md_array(datums, nulls, 1, &dims, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
day_column(const Rows *rows)
{
	return PointerGetDatum(construct_array(rows->days, rows->count, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
}

/*
 * Write what was collected, as the owner.  "counts" may be NULL.
 */
void
cl_changes_write(FlagChanges *changes, FlagCounts *counts)
{
	OwnerScope	scope;
	FlagCounts	ignored = {0};
	bool		changed = false;
	Datum		args[7];

	if (counts == NULL)
		counts = &ignored;
	counts->unchanged += changes->unchanged;
	if (!any_changes(changes) && changes->n_failures == 0)
		return;

	cl_enter(&scope);
	if (changes->cleared.count > 0)
	{
		uint64		cleared;

		for (int i = 0; i < 3; i++)
			args[i] = text_column(&changes->cleared, i);
		args[3] = day_column(&changes->cleared);
		cleared = cl_run(&clear_query, args, NULL);
		counts->resolved += cleared;
		changed |= cleared > 0;
	}
	if (changes->answered.count > 0)
	{
		bool		isnull;
		int64		renewed;

		args[0] = text_column(&changes->answered, 0);
		args[1] = text_column(&changes->answered, 1);
		args[2] = day_column(&changes->answered);
		(void) cl_run(&renew_query, args, NULL);
		renewed = DatumGetInt64(cl_result(0, 1, &isnull));
		counts->raised += renewed;
		counts->unchanged -= renewed;
		changed |= renewed > 0;
	}
	for (int i = 0; i < changes->n_failures; i++)
	{
		const Failure *failure = &changes->failures[i];

		args[0] = CStringGetTextDatum(failure->rule_district);
		args[1] = CStringGetTextDatum(failure->rule_name);
		args[2] = Int32GetDatum(failure->version);
		args[3] = Int64GetDatum(failure->count);
		args[4] = CStringGetTextDatum(failure->message);
		(void) cl_run(&failure_query, args, NULL);
		counts->errors += failure->count;
	}
	/* last, so that what triggers on it change is judged after all of this */
	if (changes->raised.count > 0)
	{
		uint64		raised;

		for (int i = 0; i < 5; i++)
			args[i] = text_column(&changes->raised, i);
		args[5] = day_column(&changes->raised);
		args[6] = PointerGetDatum(construct_array(changes->raised.episodes, changes->raised.count,
												  INT4OID, sizeof(int32), true, TYPALIGN_INT));
		raised = cl_run(&raise_query, args, NULL);
		counts->raised += raised;
		changed |= raised > 0;
	}
	/* the listener learns that there is news, not whose */
	if (changed && cl_notify)
		Async_Notify("caseload", "");
	cl_leave(&scope);
}

/*
 * actor() -> text: who acts, whatever functions of others he goes through.
 * Not current_user, which is the owner in a trigger of ours; not a setting,
 * which anybody may set.
 */
Datum
actor(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(GetUserNameFromId(GetOuterUserId(), false)));
}
