/*
 * week_group.c
 *		Who can be seen together: the fewest sessions that cover everybody.
 *
 * Whether some can be a group is a matter of grades, of time in common and of
 * size, and whoever leaves a group leaves one that can be.  So there is a
 * division into the fewest groups in which the first who has none yet gets
 * one of the groups that begin with him, and the rest is the same question
 * about fewer: a table over the sets of those who are left, looked up and not
 * reckoned twice, up to twenty.  A bound ends the search early: so many
 * cannot be fewer than their number over the size of a group.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "availability.h"

#define MOST_EXACT		20
#define MOST_STUDENTS	1000

PG_FUNCTION_INFO_V1(group_cover);

typedef struct Student
{
	bool		graded;
	int			grade;
	bool		timed;
	Week		week;
} Student;

typedef struct Grouping
{
	Student    *students;
	int			count;
	int			minutes;
	int			sessions;
	int			size;
	int			span;
	uint64		looks;
	/* exact: */
	uint32	   *groups[MOST_EXACT];	/* those that begin with a student, the largest first */
	int			n_groups[MOST_EXACT];
	uint8	   *best;			/* of a set of students: sessions, 0: not known */
	uint32	   *choice;			/* its first group */
} Grouping;

/* A group that is being made. */
typedef struct Partial
{
	bool		graded;
	int			lowest;
	int			highest;
	bool		timed;
	Week		week;
	int			size;
} Partial;

static void
start_group(Partial *group)
{
	group->graded = group->timed = false;
	group->size = 0;
}

/* The group with one student more; false when they cannot be one. */
static bool
join_group(Grouping *all, const Partial *group, int student, Partial *joined)
{
	const Student *new = &all->students[student];

	if (++all->looks % 4096 == 0)
		CHECK_FOR_INTERRUPTS();
	if (group->size >= all->size)
		return false;
	joined->graded = group->graded || new->graded;
	joined->lowest = !group->graded ? new->grade : new->graded ? Min(group->lowest, new->grade) : group->lowest;
	joined->highest = !group->graded ? new->grade : new->graded ? Max(group->highest, new->grade) : group->highest;
	if (joined->graded && joined->highest - joined->lowest > all->span)
		return false;
	joined->size = group->size + 1;
	joined->timed = group->timed || new->timed;
	if (group->timed && new->timed)
		cl_week_common(&group->week, &new->week, &joined->week);
	else if (joined->timed)
		joined->week = group->timed ? group->week : new->week;
	/* alone is always possible */
	return joined->size == 1 || !joined->timed ||
		cl_week_openings(&joined->week, all->minutes, all->minutes) >= all->sessions;
}

static int
by_size(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;
	int			sizes = pg_popcount32(right) - pg_popcount32(left);

	return sizes != 0 ? sizes : (left > right) - (left < right);
}

/* All groups that begin with a student and hold some of those after "last". */
static void
list_groups(Grouping *all, int first, const Partial *group, uint32 members, int last, int *capacity)
{
	if (all->n_groups[first] == *capacity)
	{
		*capacity *= 2;
		all->groups[first] = repalloc(all->groups[first], sizeof(uint32) * *capacity);
	}
	all->groups[first][all->n_groups[first]++] = members;
	for (int student = last + 1; student < all->count; student++)
	{
		Partial		joined;

		if (join_group(all, group, student, &joined))
			list_groups(all, first, &joined, members | ((uint32) 1 << student), student, capacity);
	}
}

/* The fewest sessions for a set of students. */
static int
fewest(Grouping *all, uint32 left)
{
	int			first;
	int			least;
	int			best = MOST_EXACT + 1;

	if (left == 0)
		return 0;
	if (all->best[left] != 0)
		return all->best[left];
	first = pg_rightmost_one_pos32(left);
	least = (pg_popcount32(left) + all->size - 1) / all->size;
	for (int i = 0; i < all->n_groups[first] && best > least; i++)
	{
		uint32		group = all->groups[first][i];
		uint32		rest = left & ~group;

		if (++all->looks % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if ((group & ~left) != 0 || 1 + (pg_popcount32(rest) + all->size - 1) / all->size >= best)
			continue;
		if (1 + fewest(all, rest) < best)
		{
			best = 1 + fewest(all, rest);
			all->choice[left] = group;
		}
	}
	all->best[left] = best;
	return best;
}

static int
group_exactly(Grouping *all, int *number)
{
	uint32		left = ((uint32) 1 << all->count) - 1;
	int			sessions;

	for (int first = 0; first < all->count; first++)
	{
		Partial		none;
		Partial		alone;
		int			capacity = 64;

		start_group(&none);
		all->groups[first] = palloc(sizeof(uint32) * capacity);
		all->n_groups[first] = 0;
		(void) join_group(all, &none, first, &alone);
		list_groups(all, first, &alone, (uint32) 1 << first, first, &capacity);
		qsort(all->groups[first], all->n_groups[first], sizeof(uint32), by_size);
	}
	all->best = palloc0((Size) 1 << all->count);
	all->choice = palloc0(sizeof(uint32) << all->count);
	sessions = fewest(all, left);
	for (int group = 1; left != 0; group++)
	{
		uint32		members = all->choice[left];

		for (int student = 0; student < all->count; student++)
		{
			if ((members >> student) & 1)
				number[student] = group;
		}
		left &= ~members;
	}
	return sessions;
}

/* Who has fewest partners chooses first, and among those the one who has fewest. */
static int
group_greedily(Grouping *all, int *number, int *bound)
{
	int		   *partners = palloc0(sizeof(int) * all->count);
	bool	   *apart = palloc0(sizeof(bool) * all->count * all->count);
	int			group = 0;
	int			strangers = 0;
	bool	   *stranger = palloc0(sizeof(bool) * all->count);

	for (int a = 0; a < all->count; a++)
	{
		for (int b = 0; b < a; b++)
		{
			Partial		none;
			Partial		one;
			Partial		two;

			start_group(&none);
			(void) join_group(all, &none, a, &one);
			if (join_group(all, &one, b, &two))
			{
				partners[a]++;
				partners[b]++;
			}
			else
				apart[a * all->count + b] = apart[b * all->count + a] = true;
		}
	}
	while (true)
	{
		Partial		now;
		Partial		next;
		int			first = -1;

		for (int i = 0; i < all->count; i++)
		{
			if (number[i] == 0 && (first < 0 || partners[i] < partners[first]))
				first = i;
		}
		if (first < 0)
			break;
		number[first] = ++group;
		start_group(&next);
		(void) join_group(all, &next, first, &now);
		while (now.size < all->size)
		{
			int			best = -1;

			for (int i = 0; i < all->count; i++)
			{
				if (number[i] == 0 && (best < 0 || partners[i] < partners[best]) && join_group(all, &now, i, &next))
					best = i;
			}
			if (best < 0)
				break;
			(void) join_group(all, &now, best, &next);
			now = next;
			number[best] = group;
		}
	}
	/* people of whom no two can be together need a session each */
	for (int round = 0; round < all->count; round++)
	{
		int			best = -1;

		for (int i = 0; i < all->count; i++)
		{
			bool		free = !stranger[i];

			for (int j = 0; j < all->count && free; j++)
				free = !stranger[j] || apart[i * all->count + j];
			if (free && (best < 0 || partners[i] < partners[best]))
				best = i;
		}
		if (best < 0)
			break;
		stranger[best] = true;
		strangers++;
	}
	*bound = Max((all->count + all->size - 1) / all->size, strangers);
	return group;
}

static int
int_arg(FunctionCallInfo fcinfo, int argument, const char *name, int low, int high)
{
	int			value = PG_GETARG_INT32(argument);

	if (value < low || value > high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between %d and %d", name, low, high)));
	return value;
}

/*
 * group_cover(grades int[], windows availability[], minutes int, sessions
 * int, size int, span int) -> (groups int[], sessions int, least int): the
 * number of the group of each student, how many groups there are, and the
 * fewest that there can be: the same up to 20 students, of whom all is tried;
 * beyond them the groups are found by a rule of thumb.  A group has at most
 * "size" students, grades at most "span" apart, and "sessions" openings of
 * "minutes" in common a week.  A NULL grade or window is not recorded, and
 * goes with every other.  54000 for more than 1,000.
 */
Datum
group_cover(PG_FUNCTION_ARGS)
{
	ArrayType  *windows = PG_GETARG_ARRAYTYPE_P(1);
	Grouping	all = {0};
	Datum	   *grades;
	Datum	   *weeks;
	bool	   *no_grade;
	bool	   *no_week;
	int			n_weeks;
	int		   *number;
	int			sessions = 0;
	int			least = 0;
	Datum	   *elements;
	TupleDesc	tupdesc;
	Datum		values[3];
	bool		nulls[3] = {false};

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT4OID, sizeof(int32), true, TYPALIGN_INT, &grades, &no_grade, &all.count);
	deconstruct_array(windows, ARR_ELEMTYPE(windows), -1, false, TYPALIGN_INT, &weeks, &no_week, &n_weeks);
	if (n_weeks != all.count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be as many windows as grades"),
				 errdetail("There are %d grades and %d windows.", all.count, n_weeks)));
	if (all.count > MOST_STUDENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot group more than %d students", MOST_STUDENTS)));
	all.minutes = int_arg(fcinfo, 2, "minutes", 1, CL_MINUTES_PER_WEEK);
	all.sessions = int_arg(fcinfo, 3, "sessions", 1, CL_MAX_INTERVALS);
	all.size = int_arg(fcinfo, 4, "group_size", 1, 30);
	all.span = int_arg(fcinfo, 5, "grade_span", 0, 20);
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	all.students = palloc_extended(sizeof(Student) * Max(all.count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < all.count; i++)
	{
		Student    *student = &all.students[i];

		student->graded = !no_grade[i];
		student->grade = no_grade[i] ? 0 : DatumGetInt32(grades[i]);
		student->timed = !no_week[i];
		if (student->timed)
			cl_week_read((Availability *) PG_DETOAST_DATUM_PACKED(weeks[i]), &student->week);
	}
	number = palloc0(sizeof(int) * Max(all.count, 1));
	if (all.count > MOST_EXACT)
		sessions = group_greedily(&all, number, &least);
	else if (all.count > 0)
		sessions = least = group_exactly(&all, number);
	elements = palloc(sizeof(Datum) * Max(all.count, 1));
	for (int i = 0; i < all.count; i++)
		elements[i] = Int32GetDatum(number[i]);
	values[0] = PointerGetDatum(construct_array(elements, all.count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[1] = Int32GetDatum(sessions);
	values[2] = Int32GetDatum(least);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
