/*
 * attendance_evidence.c
 *		Which events are behind a number.
 *
 * A fact counts events of some kind: all of the episode, those in the window,
 * those of a run, or one last event.  The evidence of a condition is the union
 * of what its facts count.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "attendance.h"

/* What of the history a fact counts. */
typedef enum Extent
{
	ALL_OF_THEM,
	IN_WINDOW,
	SINCE_BREAK,				/* the run that is going on */
	LAST_ONE,
	STILL_DUE,					/* scheduled in the past */
	NEXT_ONE
} Extent;

#define STATUS(status)	(1 << (status))
#define SESSIONS		(STATUS(CL_ATTENDED) | STATUS(CL_LATE))
#define STRIKES			(STATUS(CL_NO_SHOW) | STATUS(CL_LATE_CANCEL))
#define CANCELS			(STATUS(CL_LATE_CANCEL) | STATUS(CL_CLIENT_CANCEL))

static const struct
{
	const char *fact;
	Extent		extent;
	int			counted;		/* statuses */
	int			breaks;			/* statuses that end a run */
}			kinds[] = {
	{"attended", ALL_OF_THEM, SESSIONS, 0},
	{"late", ALL_OF_THEM, STATUS(CL_LATE), 0},
	{"no_shows", ALL_OF_THEM, STATUS(CL_NO_SHOW), 0},
	{"no_show_rate", ALL_OF_THEM, STATUS(CL_NO_SHOW), 0},
	{"late_cancels", ALL_OF_THEM, STATUS(CL_LATE_CANCEL), 0},
	{"client_cancels", ALL_OF_THEM, STATUS(CL_CLIENT_CANCEL), 0},
	{"strikes", ALL_OF_THEM, STRIKES, 0},
	{"strike_rate", ALL_OF_THEM, STRIKES, 0},
	{"longest_miss_run", ALL_OF_THEM, STATUS(CL_NO_SHOW), 0},
	{"misses_in_window", IN_WINDOW, STATUS(CL_NO_SHOW), 0},
	{"strikes_in_window", IN_WINDOW, STRIKES, 0},
	{"attended_in_window", IN_WINDOW, SESSIONS, 0},
	{"miss_run", SINCE_BREAK, STATUS(CL_NO_SHOW), SESSIONS},
	{"cancel_run", SINCE_BREAK, CANCELS, SESSIONS | STATUS(CL_NO_SHOW)},
	{"on_time_run", SINCE_BREAK, STATUS(CL_ATTENDED), STATUS(CL_LATE) | STATUS(CL_NO_SHOW) | CANCELS},
	{"late_run", SINCE_BREAK, STATUS(CL_LATE), STATUS(CL_ATTENDED)},
	{"days_since_attended", LAST_ONE, SESSIONS, 0},
	{"days_unseen", LAST_ONE, SESSIONS, 0},
	{"days_since_contact", LAST_ONE, SESSIONS | STATUS(CL_TWO_WAY), 0},
	{"days_inactive", LAST_ONE, SESSIONS | STATUS(CL_TWO_WAY), 0},
	{"unresolved", STILL_DUE, STATUS(CL_SCHEDULED), 0},
	{"has_upcoming", NEXT_ONE, STATUS(CL_SCHEDULED) | SESSIONS | STATUS(CL_NO_SHOW), 0},
	{"days_to_next", NEXT_ONE, STATUS(CL_SCHEDULED) | SESSIONS | STATUS(CL_NO_SHOW), 0}
};

PG_FUNCTION_INFO_V1(attendance_evidence);
PG_FUNCTION_INFO_V1(attendance_has_event);

/* Mark the events that a kind counts; they are in order. */
static void
mark_events(const Event *events, bool *marked, int count, LocalClock *clock,
			int32 as_of, int32 window_begin, size_t kind)
{
	/* the future is told in order, the past from its end */
	if (kinds[kind].extent == NEXT_ONE)
	{
		for (int i = 0; i < count; i++)
		{
			EventStatus status = EVENT_STATUS(events[i]);
			int64		second = EVENT_SECOND(events[i]);

			/* as cl_collect_facts() has it: on the day itself only what is still to come */
			if ((kinds[kind].counted & STATUS(status)) &&
				cl_day_reached(clock, second, status == CL_SCHEDULED ? as_of : as_of + 1))
			{
				marked[i] = true;
				return;
			}
		}
		return;
	}
	for (int i = count - 1; i >= 0; i--)
	{
		int			status = STATUS(EVENT_STATUS(events[i]));
		int64		second = EVENT_SECOND(events[i]);

		if (cl_day_reached(clock, second, as_of + 1))
			continue;
		if (kinds[kind].extent == SINCE_BREAK && (kinds[kind].breaks & status))
			break;
		if (!(kinds[kind].counted & status))
			continue;
		if (kinds[kind].extent == IN_WINDOW && !cl_day_reached(clock, second, window_begin))
			continue;
		if (kinds[kind].extent == STILL_DUE && cl_day_reached(clock, second, as_of))
			continue;
		marked[i] = true;
		if (kinds[kind].extent == LAST_ONE)
			break;
	}
}

/*
 * The events that these facts (text[]) count as of a date.  Facts that count
 * no events add none.
 */
Attendance *
cl_evidence(const Attendance *value, DateADT as_of, int32 window, Datum facts)
{
	AttendanceReader reader;
	LocalClock	clock;
	int32		day = cl_finite_day(as_of);
	Datum	   *names;
	bool	   *nulls;
	int			n_facts;
	Event	   *events;
	bool	   *marked;
	int			count = 0;
	int			kept = 0;

	deconstruct_array(DatumGetArrayTypeP(facts), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &n_facts);
	cl_attendance_open(&reader, value);
	cl_clock_init(&clock, reader.zone, reader.zone_length);
	events = palloc_extended(sizeof(Event) * Max(reader.count, 1), MCXT_ALLOC_HUGE);
	marked = palloc_extended(Max(reader.count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (cl_attendance_next(&reader))
	{
		if ((count & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		events[count++] = reader.last;
	}
	for (int i = 0; i < n_facts; i++)
	{
		char	   *fact = nulls[i] ? "" : TextDatumGetCString(names[i]);

		for (size_t kind = 0; kind < lengthof(kinds); kind++)
		{
			if (strcmp(kinds[kind].fact, fact) == 0)
				mark_events(events, marked, count, &clock, day,
							(int32) Max((int64) day - window + 1, PG_INT32_MIN), kind);
		}
	}
	for (int i = 0; i < count; i++)
	{
		if (marked[i])
			events[kept++] = events[i];
	}
	return cl_attendance_from_events(events, kept, reader.zone, reader.zone_length);
}

/* evidence(attendance, as_of, window_days, facts) -> attendance */
Datum
attendance_evidence(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_INT32(2) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of days must be at least 1")));
	PG_RETURN_ATTENDANCE_P(cl_evidence(PG_GETARG_ATTENDANCE_PP(0), PG_GETARG_DATEADT(1),
									   PG_GETARG_INT32(2), PG_GETARG_DATUM(3)));
}

/* Is there such an event? */
bool
cl_has_event(const Attendance *value, Event wanted)
{
	AttendanceReader reader;

	cl_attendance_open(&reader, value);
	while (cl_attendance_next(&reader))
	{
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		/* events are in order */
		if (reader.last >= wanted)
			return reader.last == wanted;
	}
	return false;
}

/*
 * has_event(attendance, at, status) -> boolean.  22023 for an unknown status.
 */
Datum
attendance_has_event(PG_FUNCTION_ARGS)
{
	text	   *status = PG_GETARG_TEXT_PP(2);
	int			code = cl_status_code(VARDATA_ANY(status), VARSIZE_ANY_EXHDR(status));

	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown attendance status \"%s\"", text_to_cstring(status))));
	PG_RETURN_BOOL(cl_has_event(PG_GETARG_ATTENDANCE_PP(0),
								cl_event_from_timestamp(PG_GETARG_TIMESTAMPTZ(1), (EventStatus) code)));
}
