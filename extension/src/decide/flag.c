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
	FlagToRaise *raised;
	int			n_raised;
	int			raised_size;
	FlagToClear *cleared;
	int			n_cleared;
	int			cleared_size;
	FlagToClear *answered;		/* that hold: to be looked at */
	int			n_answered;
	int			answered_size;
	Failure    *failures;
	int			n_failures;
	int64		unchanged;
	bool		with_evidence;	/* of all that are raised */
	bool		with_rows;		/* the rows of all that are cleared are known */
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
	changes->with_evidence = changes->with_rows = true;
	return changes;
}

/* Make room for one more in an array of the list. */
static void *
make_room(FlagChanges *changes, void *array, int count, int *size, Size element)
{
	if (count < *size)
		return array;
	*size = *size ? *size * 2 : 8;
	return array ? repalloc_huge(array, element * *size) : MemoryContextAlloc(changes->context, element * *size);
}

static void
add_flag(FlagChanges *changes, FlagToClear **flags, int *count, int *size,
		 const FlagSubject *subject, const StandingFlag *flag, const char *why, DateADT day)
{
	FlagToClear *added;

	*flags = make_room(changes, *flags, *count, size, sizeof(FlagToClear));
	added = &(*flags)[(*count)++];
	added->tid = flag->tid;
	added->district_id = MemoryContextStrdup(changes->context, subject->district_id);
	added->flag_id = MemoryContextStrdup(changes->context, flag->flag_id);
	added->why = why;
	added->day = day;
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
	FlagToRaise *flag;
	MemoryContext oldcontext;

	changes->raised = make_room(changes, changes->raised, changes->n_raised, &changes->raised_size, sizeof(FlagToRaise));
	flag = &changes->raised[changes->n_raised++];
	oldcontext = MemoryContextSwitchTo(changes->context);
	flag->rule = rule;
	flag->district_id = pstrdup(subject->district_id);
	flag->key = pstrdup(subject->key);
	flag->client_id = subject->client_id ? pstrdup(subject->client_id) : NULL;
	flag->episode = subject->episode;
	flag->day = day;
	flag->evidence = subject->attendance ?
		cl_evidence(subject->attendance, day, subject->window, rule->facts) : NULL;
	changes->with_evidence &= (flag->evidence != NULL);
	MemoryContextSwitchTo(oldcontext);
}

static void
clear_flag(FlagChanges *changes, const FlagSubject *subject, const StandingFlag *flag, const char *why, DateADT day)
{
	add_flag(changes, &changes->cleared, &changes->n_cleared, &changes->cleared_size, subject, flag, why, day);
	changes->with_rows &= ItemPointerIsValid(&flag->tid);
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
				differs = true;
				if (changes->for_writing)
					add_flag(changes, &changes->answered, &changes->n_answered, &changes->answered_size,
							 subject, flag, NULL, scope->day);
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
	return changes->n_raised > 0 || changes->n_cleared > 0 || changes->n_answered > 0;
}

/* --------------------------------------------------------------- writing --- */

/* Columns of an array of structs as arrays of the server. */
static Datum
text_column(const void *rows, int count, Size size, Size offset)
{
	Datum	   *datums = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);
	bool	   *nulls = palloc_extended(sizeof(bool) * count, MCXT_ALLOC_HUGE);
	int			lower = 1;

	for (int i = 0; i < count; i++)
	{
		const char *string = *(const char *const *) ((const char *) rows + size * i + offset);

		nulls[i] = (string == NULL);
		datums[i] = string ? CStringGetTextDatum(string) : (Datum) 0;
	}
	return PointerGetDatum(construct_md_array(datums, nulls, 1, &count, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
integer_column(const void *rows, int count, Size size, Size offset, Oid type)
{
	Datum	   *datums = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
		datums[i] = Int32GetDatum(*(const int32 *) ((const char *) rows + size * i + offset));
	return PointerGetDatum(construct_array(datums, count, type, sizeof(int32), true, TYPALIGN_INT));
}

#define TEXTS(rows, count, type, member) text_column(rows, count, sizeof(type), offsetof(type, member))
#define DAYS(rows, count, type) integer_column(rows, count, sizeof(type), offsetof(type, day), DATEOID)

static uint64
clear_by_query(const FlagChanges *changes)
{
	Datum		args[4];

	args[0] = TEXTS(changes->cleared, changes->n_cleared, FlagToClear, district_id);
	args[1] = TEXTS(changes->cleared, changes->n_cleared, FlagToClear, flag_id);
	args[2] = TEXTS(changes->cleared, changes->n_cleared, FlagToClear, why);
	args[3] = DAYS(changes->cleared, changes->n_cleared, FlagToClear);
	return cl_run(&clear_query, args, NULL);
}

/* The arguments of raise_query, copied: the rules may be gone when it runs. */
static void
set_raise_args(const FlagChanges *changes, Datum args[7])
{
	const char **names = palloc_extended(sizeof(char *) * 2 * changes->n_raised, MCXT_ALLOC_HUGE);

	for (int i = 0; i < changes->n_raised; i++)
	{
		names[2 * i] = changes->raised[i].rule->district_id;
		names[2 * i + 1] = changes->raised[i].rule->rule_name;
	}
	args[0] = TEXTS(changes->raised, changes->n_raised, FlagToRaise, district_id);
	args[1] = TEXTS(changes->raised, changes->n_raised, FlagToRaise, key);
	args[2] = TEXTS(changes->raised, changes->n_raised, FlagToRaise, client_id);
	args[3] = text_column(names, changes->n_raised, sizeof(char *) * 2, 0);
	args[4] = text_column(names, changes->n_raised, sizeof(char *) * 2, sizeof(char *));
	args[5] = DAYS(changes->raised, changes->n_raised, FlagToRaise);
	args[6] = integer_column(changes->raised, changes->n_raised, sizeof(FlagToRaise), offsetof(FlagToRaise, episode), INT4OID);
}

static int64
renew_by_query(const FlagChanges *changes)
{
	Datum		args[3];
	bool		isnull;

	args[0] = TEXTS(changes->answered, changes->n_answered, FlagToClear, district_id);
	args[1] = TEXTS(changes->answered, changes->n_answered, FlagToClear, flag_id);
	args[2] = DAYS(changes->answered, changes->n_answered, FlagToClear);
	(void) cl_run(&renew_query, args, NULL);
	return DatumGetInt64(cl_result(0, 1, &isnull));
}

static void
record_failures(const FlagChanges *changes, FlagCounts *counts)
{
	for (int i = 0; i < changes->n_failures; i++)
	{
		const Failure *failure = &changes->failures[i];
		Datum		args[5];

		args[0] = CStringGetTextDatum(failure->rule_district);
		args[1] = CStringGetTextDatum(failure->rule_name);
		args[2] = Int32GetDatum(failure->version);
		args[3] = Int64GetDatum(failure->count);
		args[4] = CStringGetTextDatum(failure->message);
		(void) cl_run(&failure_query, args, NULL);
		counts->errors += failure->count;
	}
}

/*
 * Write what was collected, as the owner.  "counts" may be NULL.
 */
void
cl_changes_write(FlagChanges *changes, FlagCounts *counts)
{
	OwnerScope	scope;
	FlagCounts	ignored = {0};
	int64		before;
	bool		written = false;

	if (counts == NULL)
		counts = &ignored;
	counts->unchanged += changes->unchanged;
	before = counts->raised + counts->resolved;

	if ((changes->n_raised > 0 || changes->n_cleared > 0) && changes->with_evidence && changes->with_rows)
		written = cl_write_flags(changes->raised, changes->n_raised, changes->cleared, changes->n_cleared, counts);
	if ((!written && any_changes(changes)) || changes->n_answered > 0 || changes->n_failures > 0)
	{
		Datum		raise_args[7];

		cl_enter(&scope);
		if (!written && changes->n_raised > 0)
			set_raise_args(changes, raise_args);
		if (!written && changes->n_cleared > 0)
			counts->resolved += clear_by_query(changes);
		if (changes->n_answered > 0)
		{
			int64		renewed = renew_by_query(changes);

			counts->raised += renewed;
			counts->unchanged -= renewed;
		}
		record_failures(changes, counts);
		/* last, so that what triggers on it change is judged after all of this */
		if (!written && changes->n_raised > 0)
			counts->raised += cl_run(&raise_query, raise_args, NULL);
		cl_leave(&scope);
	}
	/* the listener learns that there is news, not whose */
	if (cl_notify && counts->raised + counts->resolved != before)
		Async_Notify("caseload", "");
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
