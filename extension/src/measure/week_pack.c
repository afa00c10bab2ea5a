/*
 * week_pack.c
 *		Sessions into a week: where each can be, and why some cannot.
 *
 * Each session takes the start at which fewest others want to be, those with
 * fewest starts first; who finds none may push out two others that find
 * another place.  A bound says how good that is: the most of the time that
 * the sessions could fill if they were cut into pieces of five minutes, a
 * matching of pieces to times.  Where it is reached, or a search through all
 * arrangements comes to its end within its effort, nothing better exists.
 * Where the matching falls short it gives the reason: a set of sessions that
 * share less time than they need (Hall).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "week.h"

#define MOST_SESSIONS	400

PG_FUNCTION_INFO_V1(pack_sessions);

typedef struct PackSession
{
	int			minutes;
	int			steps;			/* of five minutes, rounded up */
	int			apart;			/* those of one number are on different days; 0: of none */
	int			n_starts;
	uint16	   *starts;
	WeekSet		usable;			/* all times that a start would cover */
	int			at;				/* -1: nowhere */
	bool		short_of_time;	/* one of the set of Hall */
} PackSession;

typedef struct Packing
{
	PackSession *sessions;
	int			count;
	int		   *order;
	int			step;			/* between starts, in steps of five minutes */
	int			wanted[WEEK_STEPS]; /* how many sessions could use a time */
	int16		taken[WEEK_STEPS];	/* by whom; -1: free */
	uint64		looks;
	/* the search */
	uint64		effort;
	bool		ended;			/* it has seen all */
	int			best;
	int		   *best_at;
} Packing;

static void
look(Packing *week)
{
	if (++week->looks % 4096 == 0)
		CHECK_FOR_INTERRUPTS();
}

static void
put(Packing *week, int i, int at)
{
	PackSession *session = &week->sessions[i];
	int			from = at >= 0 ? at : session->at;

	for (int step = from; step < from + session->steps; step++)
		week->taken[step] = at >= 0 ? (int16) i : -1;
	session->at = at;
}

/* Is another session of the same number on that day? */
static bool
day_taken(const Packing *week, int i, int at)
{
	const PackSession *session = &week->sessions[i];

	if (session->apart == 0)
		return false;
	for (int j = 0; j < week->count; j++)
	{
		const PackSession *other = &week->sessions[j];

		if (j != i && other->apart == session->apart && other->at >= 0 && other->at / DAY_STEPS == at / DAY_STEPS)
			return true;
	}
	return false;
}

/* The sessions that are in the way of a start, up to two; -1 when more, or one of the same number is on that day. */
static int
in_the_way(Packing *week, int i, int at, int others[2])
{
	const PackSession *session = &week->sessions[i];
	int			count = 0;

	look(week);
	for (int step = at; step < at + session->steps; step++)
	{
		int			other = week->taken[step];

		if (other < 0 || (count > 0 && others[count - 1] == other))
			continue;
		if (count == 2)
			return -1;
		others[count++] = other;
	}
	return day_taken(week, i, at) ? -1 : count;
}

/* The free start at which fewest want to be, then one that tears no gap, then the first; -1: none. */
static int
best_start(Packing *week, int i)
{
	const PackSession *session = &week->sessions[i];
	int			best = -1;
	int			best_cost = 0;

	for (int k = 0; k < session->n_starts; k++)
	{
		int			at = session->starts[k];
		int			others[2];
		int			cost = 0;

		if (in_the_way(week, i, at, others) != 0)
			continue;
		for (int step = at; step < at + session->steps; step++)
			cost += 2 * week->wanted[step];
		/* beside somebody else, or at an end of the day's time, no gap is torn */
		cost -= (at == 0 || week->taken[at - 1] >= 0 || !week_has(&session->usable, at - 1));
		if (best < 0 || cost < best_cost)
		{
			best = at;
			best_cost = cost;
		}
	}
	return best;
}

/* Place a session where at most two others must go, who find another place. */
static bool
push_in(Packing *week, int i)
{
	const PackSession *session = &week->sessions[i];

	for (int k = 0; k < session->n_starts; k++)
	{
		int			at = session->starts[k];
		int			others[2];
		int			was[2];
		int			count = in_the_way(week, i, at, others);
		int			settled = 0;

		if (count < 0)
			continue;
		for (int j = 0; j < count; j++)
		{
			was[j] = week->sessions[others[j]].at;
			put(week, others[j], -1);
		}
		put(week, i, at);
		while (settled < count)
		{
			int			other = best_start(week, others[settled]);

			if (other < 0)
				break;
			put(week, others[settled++], other);
		}
		if (settled == count)
			return true;
		while (settled > 0)
			put(week, others[--settled], -1);
		put(week, i, -1);
		for (int j = 0; j < count; j++)
			put(week, others[j], was[j]);
	}
	return false;
}

static int
placed_steps(const Packing *week)
{
	int			steps = 0;

	for (int i = 0; i < week->count; i++)
		steps += week->sessions[i].at >= 0 ? week->sessions[i].steps : 0;
	return steps;
}

/* Try everything, from place "n" of the order on; "done" steps are placed, "left" are to come. */
static void
search(Packing *week, int n, int done, int left)
{
	PackSession *session;
	int			i;

	if (week->looks >= week->effort)
	{
		week->ended = false;
		return;
	}
	if (done > week->best)
	{
		week->best = done;
		for (int j = 0; j < week->count; j++)
			week->best_at[j] = week->sessions[j].at;
	}
	if (n == week->count || done + left <= week->best)
		return;
	i = week->order[n];
	session = &week->sessions[i];
	for (int k = 0; k < session->n_starts; k++)
	{
		int			others[2];

		if (in_the_way(week, i, session->starts[k], others) != 0)
			continue;
		put(week, i, session->starts[k]);
		search(week, n + 1, done + session->steps, left - session->steps);
		put(week, i, -1);
		if (done + left <= week->best)
			return;
	}
	search(week, n + 1, done, left - session->steps);
}

/*
 * The most steps that can be filled when sessions are cut into steps, by
 * augmenting paths; marks the sessions that share too little time.
 */
static int
match_steps(Packing *week)
{
	int16	   *owner = palloc(sizeof(int16) * WEEK_STEPS);
	int16	   *from_session = palloc(sizeof(int16) * WEEK_STEPS);
	int16	   *through = palloc(sizeof(int16) * week->count);	/* the step by which a session was reached */
	int		   *queue = palloc(sizeof(int) * week->count);
	bool	   *seen = palloc(sizeof(bool) * week->count);
	int			matched = 0;

	for (int step = 0; step < WEEK_STEPS; step++)
		owner[step] = -1;
	for (int i = 0; i < week->count; i++)
	{
		for (int piece = 0; piece < week->sessions[i].steps; piece++)
		{
			WeekSet		visited = {{0}};
			int			head = 0;
			int			tail = 0;
			int			found = -1;

			memset(seen, 0, sizeof(bool) * week->count);
			queue[tail++] = i;
			seen[i] = true;
			through[i] = -1;
			while (head < tail && found < 0)
			{
				int			at = queue[head++];

				for (int word = 0; word < WEEK_WORDS && found < 0; word++)
				{
					uint64		new = week->sessions[at].usable.words[word] & ~visited.words[word];

					look(week);
					visited.words[word] |= new;
					while (new != 0 && found < 0)
					{
						int			step = word * 64 + pg_rightmost_one_pos64(new);

						new &= new - 1;
						from_session[step] = (int16) at;
						if (owner[step] < 0)
							found = step;
						else if (!seen[owner[step]])
						{
							seen[owner[step]] = true;
							through[owner[step]] = (int16) step;
							queue[tail++] = owner[step];
						}
					}
				}
			}
			if (found < 0)
			{
				/* whoever is reached from here shares time that is all taken */
				for (int j = 0; j < week->count; j++)
					week->sessions[j].short_of_time = (week->sessions[j].short_of_time || seen[j]) && week->sessions[j].n_starts > 0;
				break;
			}
			matched++;
			while (found >= 0)
			{
				int			to = from_session[found];
				int			next = through[to];

				owner[found] = (int16) to;
				found = next;
			}
		}
	}
	return matched;
}

static int
compare_sessions(const void *a, const void *b, void *arg)
{
	const PackSession *left = &((const Packing *) arg)->sessions[*(const int *) a];
	const PackSession *right = &((const Packing *) arg)->sessions[*(const int *) b];

	if (left->n_starts != right->n_starts)
		return left->n_starts < right->n_starts ? -1 : 1;
	if (left->steps != right->steps)
		return left->steps > right->steps ? -1 : 1;
	return *(const int *) a < *(const int *) b ? -1 : 1;
}

/* The steps of five minutes that are all in a week. */
static void
fill_steps(const Week *week, WeekSet *set)
{
	memset(set, 0, sizeof(WeekSet));
	for (int i = 0; i < week->count; i += 2)
	{
		for (int step = (week->point[i] + WEEK_STEP - 1) / WEEK_STEP; (step + 1) * WEEK_STEP <= week->point[i + 1]; step++)
			week_add(set, step);
	}
}

static void
find_starts(Packing *week, PackSession *session, const WeekSet *free)
{
	session->starts = palloc(sizeof(uint16) * (WEEK_STEPS / week->step + 1));
	for (int at = 0; at + session->steps <= WEEK_STEPS; at += week->step)
	{
		int			steps = 0;

		/* within a day */
		if (at / DAY_STEPS != (at + session->steps - 1) / DAY_STEPS)
			continue;
		while (steps < session->steps && week_has(free, at + steps))
			steps++;
		if (steps < session->steps)
			continue;
		session->starts[session->n_starts++] = (uint16) at;
		for (int step = at; step < at + session->steps; step++)
			week_add(&session->usable, step);
	}
	for (int step = 0; step < WEEK_STEPS; step++)
		week->wanted[step] += week_has(&session->usable, step);
}

static void
read_sessions(FunctionCallInfo fcinfo, Packing *week)
{
	ArrayType  *windows = PG_GETARG_ARRAYTYPE_P(1);
	Week		free_week;
	WeekSet		free;
	Datum	   *weeks;
	Datum	   *minutes;
	Datum	   *apart;
	bool	   *no_week;
	bool	   *no_minutes;
	bool	   *no_apart;
	int			n_weeks;
	int			n_apart;

	deconstruct_array(windows, ARR_ELEMTYPE(windows), -1, false, TYPALIGN_INT, &weeks, &no_week, &n_weeks);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), INT4OID, sizeof(int32), true, TYPALIGN_INT, &minutes, &no_minutes, &week->count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), INT4OID, sizeof(int32), true, TYPALIGN_INT, &apart, &no_apart, &n_apart);
	if (n_weeks != week->count || n_apart != week->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("windows, minutes and numbers must be equally many"),
				 errdetail("There are %d, %d and %d.", n_weeks, week->count, n_apart)));
	if (week->count > MOST_SESSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a week cannot be packed with more than %d sessions", MOST_SESSIONS)));
	cl_week_read(PG_GETARG_AVAILABILITY_PP(0), &free_week);
	fill_steps(&free_week, &free);
	week->sessions = palloc0(sizeof(PackSession) * Max(week->count, 1));
	for (int i = 0; i < week->count; i++)
	{
		PackSession *session = &week->sessions[i];
		WeekSet		own = free;

		if (no_minutes[i] || DatumGetInt32(minutes[i]) < 1 || DatumGetInt32(minutes[i]) > CL_MINUTES_PER_DAY)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("minutes of a session must be between 1 and %d", CL_MINUTES_PER_DAY),
					 errdetail("It is session %d.", i + 1)));
		session->minutes = DatumGetInt32(minutes[i]);
		session->steps = (session->minutes + WEEK_STEP - 1) / WEEK_STEP;
		session->apart = no_apart[i] ? 0 : DatumGetInt32(apart[i]);
		session->at = -1;
		if (!no_week[i])
		{
			Week		window;

			cl_week_read((Availability *) PG_DETOAST_DATUM_PACKED(weeks[i]), &window);
			fill_steps(&window, &own);
			for (int word = 0; word < WEEK_WORDS; word++)
				own.words[word] &= free.words[word];
		}
		find_starts(week, session, &own);
	}
}

static void
put_session(ReturnSetInfo *rsinfo, const Packing *week, int i, int placed, int bound, bool optimal, int hall_demand, int hall_time)
{
	const PackSession *session = &week->sessions[i];
	int			begin = session->at % DAY_STEPS * WEEK_STEP;
	Datum		values[12];
	bool		nulls[12] = {false};

	values[0] = Int32GetDatum(i + 1);
	values[1] = BoolGetDatum(session->at >= 0);
	nulls[2] = nulls[3] = nulls[4] = nulls[5] = session->at < 0;
	if (session->at >= 0)
	{
		values[2] = Int32GetDatum(session->at / DAY_STEPS + 1);
		values[3] = CStringGetTextDatum(cl_day_names[session->at / DAY_STEPS]);
		values[4] = TimeADTGetDatum((TimeADT) begin * USECS_PER_MINUTE);
		values[5] = TimeADTGetDatum((TimeADT) (begin + session->minutes) * USECS_PER_MINUTE);
	}
	values[6] = Int32GetDatum(session->n_starts);
	values[7] = CStringGetTextDatum(session->at >= 0 ? "placed" : session->n_starts == 0 ? "no_opening" :
									session->short_of_time ? "short_of_time" : "fragmented");
	values[8] = Int32GetDatum(placed * WEEK_STEP);
	values[9] = Int32GetDatum(bound * WEEK_STEP);
	values[10] = BoolGetDatum(optimal);
	nulls[11] = !session->short_of_time;
	values[11] = nulls[11] ? (Datum) 0 :
		CStringGetTextDatum(psprintf("%d minutes of sessions share %d minutes of time", hall_demand * WEEK_STEP, hall_time * WEEK_STEP));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * pack_sessions(free availability, windows availability[], minutes int[],
 * apart int[], step int, effort int) -> for each session, in order: session
 * int, placed boolean, day int, day_name text, begins time, ends time (NULL
 * where it is not placed), starts int (how many it could have in an empty
 * week), verdict text, placed_minutes int, bound_minutes int, optimal
 * boolean (of the whole week), hall text.  A NULL window is all free time;
 * sessions with the same number "apart" (not NULL, not 0) are on different
 * days.  Starts are "step" minutes apart, from midnight; minutes are
 * reckoned in fives, rounded up.  "effort" limits the search, in looks.
 */
Datum
pack_sessions(PG_FUNCTION_ARGS)
{
	Packing		week = {0};
	int			step = PG_GETARG_INT32(4);
	int			effort = PG_GETARG_INT32(5);
	int			total = 0;
	int			bound;
	int			hall_demand = 0;
	int			hall_time = 0;
	bool		optimal;
	WeekSet		hall = {{0}};

	if (step < WEEK_STEP || step > CL_MINUTES_PER_DAY || step % WEEK_STEP != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step between starts must be a multiple of %d minutes, and a day at most", WEEK_STEP)));
	if (effort < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("effort must not be negative")));
	InitMaterializedSRF(fcinfo, 0);
	week.step = step / WEEK_STEP;
	read_sessions(fcinfo, &week);
	for (int i = 0; i < WEEK_STEPS; i++)
		week.taken[i] = -1;
	week.order = palloc(sizeof(int) * Max(week.count, 1));
	for (int i = 0; i < week.count; i++)
	{
		week.order[i] = i;
		total += week.sessions[i].steps;
	}
	qsort_arg(week.order, week.count, sizeof(int), compare_sessions, &week);
	for (int n = 0; n < week.count; n++)
	{
		int			at = best_start(&week, week.order[n]);

		if (at >= 0)
			put(&week, week.order[n], at);
	}
	for (int n = 0; n < week.count; n++)
	{
		if (week.sessions[week.order[n]].at < 0)
			(void) push_in(&week, week.order[n]);
	}
	bound = match_steps(&week);
	optimal = placed_steps(&week) == bound;
	if (!optimal && effort > 0)
	{
		week.best = placed_steps(&week);
		week.best_at = palloc(sizeof(int) * week.count);
		for (int i = 0; i < week.count; i++)
		{
			week.best_at[i] = week.sessions[i].at;
			week.sessions[i].at = -1;
		}
		for (int i = 0; i < WEEK_STEPS; i++)
			week.taken[i] = -1;
		week.effort = week.looks + effort;
		week.ended = true;
		search(&week, 0, 0, total);
		optimal = week.ended || week.best == bound;
		for (int i = 0; i < week.count; i++)
			week.sessions[i].at = week.best_at[i];
	}
	for (int i = 0; i < week.count; i++)
	{
		if (!week.sessions[i].short_of_time)
			continue;
		hall_demand += week.sessions[i].steps;
		for (int word = 0; word < WEEK_WORDS; word++)
			hall.words[word] |= week.sessions[i].usable.words[word];
	}
	for (int word = 0; word < WEEK_WORDS; word++)
		hall_time += pg_popcount64(hall.words[word]);
	for (int i = 0; i < week.count; i++)
		put_session((ReturnSetInfo *) fcinfo->resultinfo, &week, i, placed_steps(&week), bound, optimal, hall_demand, hall_time);
	return (Datum) 0;
}
