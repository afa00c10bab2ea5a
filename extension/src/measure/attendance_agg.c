/*
 * attendance_agg.c
 *		The aggregates attendance(at, status [, zone]) and attendance_merge().
 *
 * The state is a bytea that only grows at its end: a fixed head and an array
 * of unsorted eight-byte events with room to spare.  It is not "internal",
 * so partial results travel to parallel workers and to other servers without
 * serialisation functions.  The transition writes into the state in place;
 * when the room is used up it returns a larger one, which the executor
 * copies into the aggregate's memory while it frees the old.  Events are
 * sorted once, at the end, and not even then if they came in order.
 *
 * A state can also be forged through CREATE AGGREGATE ... INITCOND, so its
 * head is checked on every entry and each event once at the end.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "aggregate.h"
#include "attendance.h"

#define STATE_MAGIC		0x4361
#define FIRST_CAPACITY	8

typedef struct AttendanceState
{
	int32		vl_len_;
	uint16		magic;
	uint8		zone_length;
	uint8		unused;
	uint32		count;
	char		zone[CL_MAX_ZONE + 1];
	char		padding[4];		/* so that the events are aligned */
	Event		events[FLEXIBLE_ARRAY_MEMBER];
} AttendanceState;

StaticAssertDecl(offsetof(AttendanceState, events) % sizeof(Event) == 0,
				 "events of an attendance state must be aligned");

PG_FUNCTION_INFO_V1(attendance_trans);
PG_FUNCTION_INFO_V1(attendance_merge_trans);
PG_FUNCTION_INFO_V1(attendance_combine);
PG_FUNCTION_INFO_V1(attendance_final);

static Size
state_size(uint32 capacity)
{
	return offsetof(AttendanceState, events) + sizeof(Event) * (Size) capacity;
}

static uint32
state_capacity(const AttendanceState *state)
{
	return (uint32) ((VARSIZE(state) - offsetof(AttendanceState, events)) / sizeof(Event));
}

/* A state argument, with its head checked. */
static AttendanceState *
state_arg(FunctionCallInfo fcinfo, int n)
{
	bytea	   *value = PG_GETARG_BYTEA_P(n);
	AttendanceState *state = (AttendanceState *) value;

	/*
	 * What a worker sent is aligned as any bytea, for four bytes.  What the
	 * executor keeps for us is a chunk of its own, and never copied.
	 */
	if (PointerGetDatum(value) % MAXIMUM_ALIGNOF != 0)
		state = memcpy(palloc(VARSIZE(value)), value, VARSIZE(value));
	if (VARSIZE(state) < state_size(0) || state->magic != STATE_MAGIC ||
		state->zone_length > CL_MAX_ZONE || state->count > state_capacity(state))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid state of an attendance aggregate")));
	return state;
}

static AttendanceState *
new_state(uint32 capacity, const char *zone, int zone_length)
{
	AttendanceState *state = palloc(state_size(capacity));

	memset(state, 0, state_size(0));
	SET_VARSIZE(state, state_size(capacity));
	state->magic = STATE_MAGIC;
	state->zone_length = (uint8) zone_length;
	memcpy(state->zone, zone, zone_length);
	return state;
}

/* The state, or a copy of it, with room for "more" events. */
static AttendanceState *
with_room(AttendanceState *state, uint32 more)
{
	uint64		needed = (uint64) state->count + more;
	AttendanceState *larger;

	if (needed <= state_capacity(state))
		return state;
	if (needed > CL_MAX_EVENTS)
		cl_too_many_events();
	larger = new_state((uint32) Min(needed * 2, CL_MAX_EVENTS), state->zone, state->zone_length);
	memcpy(larger->events, state->events, sizeof(Event) * (Size) state->count);
	larger->count = state->count;
	return larger;
}

/*
 * attendance_trans(state, at, status [, zone]) -> state.  22023 for an
 * unknown status or zone, or a second zone; 22008 for a time out of range.
 */
Datum
attendance_trans(PG_FUNCTION_ARGS)
{
	AttendanceState *state;
	text	   *status;
	text	   *zone = NULL;
	int			code;
	Event		event;

	cl_check_aggregate_call(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	status = PG_GETARG_TEXT_PP(2);
	code = cl_status_code(VARDATA_ANY(status), VARSIZE_ANY_EXHDR(status));
	if (code < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown attendance status \"%.*s\"",
						Min((int) VARSIZE_ANY_EXHDR(status), 63), VARDATA_ANY(status)),
				 errhint("Use a label of appointment_status, or attempt or two_way for a contact.")));
	event = cl_event_from_timestamp(PG_GETARG_TIMESTAMPTZ(1), (EventStatus) code);

	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		zone = PG_GETARG_TEXT_PP(3);

	if (PG_ARGISNULL(0))
	{
		char		name[CL_MAX_ZONE + 1];
		int			length = 0;

		if (zone != NULL)
			length = cl_zone_canonical(VARDATA_ANY(zone), VARSIZE_ANY_EXHDR(zone), name);
		state = new_state(FIRST_CAPACITY, name, length);
	}
	else
	{
		int			length = zone ? (int) VARSIZE_ANY_EXHDR(zone) : 0;

		state = state_arg(fcinfo, 0);
		/* nearly always the same spelling as before */
		if (length != state->zone_length ||
			(length > 0 && memcmp(VARDATA_ANY(zone), state->zone, length) != 0))
		{
			char		name[CL_MAX_ZONE + 1];

			if (zone != NULL)
				length = cl_zone_canonical(VARDATA_ANY(zone), length, name);
			cl_check_same_zone(state->zone, state->zone_length, name, length);
		}
		state = with_room(state, 1);
	}
	state->events[state->count++] = event;
	PG_RETURN_BYTEA_P(state);
}

/*
 * attendance_merge_trans(state, attendance) -> state.
 */
Datum
attendance_merge_trans(PG_FUNCTION_ARGS)
{
	AttendanceState *state;
	AttendanceReader reader;

	cl_check_aggregate_call(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	cl_attendance_open(&reader, PG_GETARG_ATTENDANCE_PP(1));
	if (PG_ARGISNULL(0))
		state = new_state(Max(reader.count, FIRST_CAPACITY), reader.zone, reader.zone_length);
	else
	{
		state = state_arg(fcinfo, 0);
		cl_check_same_zone(state->zone, state->zone_length, reader.zone, reader.zone_length);
		state = with_room(state, reader.count);
	}
	while (cl_attendance_next(&reader))
	{
		state->events[state->count++] = reader.last;
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BYTEA_P(state);
}

/*
 * attendance_combine(state, state) -> state; neither NULL nor the second
 * state is touched.
 */
Datum
attendance_combine(PG_FUNCTION_ARGS)
{
	AttendanceState *state;
	AttendanceState *other;

	cl_check_aggregate_call(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = state_arg(fcinfo, 1);
	if (PG_ARGISNULL(0))
		state = new_state(Max(other->count, FIRST_CAPACITY), other->zone, other->zone_length);
	else
	{
		state = state_arg(fcinfo, 0);
		cl_check_same_zone(state->zone, state->zone_length, other->zone, other->zone_length);
		state = with_room(state, other->count);
	}
	memcpy(state->events + state->count, other->events, sizeof(Event) * (Size) other->count);
	state->count += other->count;
	PG_RETURN_BYTEA_P(state);
}

/*
 * attendance_final(state) -> attendance; the state stays as it is.
 */
Datum
attendance_final(PG_FUNCTION_ARGS)
{
	AttendanceState *state;
	Event	   *events;
	Attendance *value;

	cl_check_aggregate_call(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = state_arg(fcinfo, 0);

	events = palloc(Max(state->count, 1) * sizeof(Event));
	memcpy(events, state->events, state->count * sizeof(Event));
	for (uint32 i = 0; i < state->count; i++)
	{
		if (events[i] < 0 || EVENT_STATUS(events[i]) >= CL_STATUSES ||
			EVENT_SECOND(events[i]) >= CL_END_SECOND)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid state of an attendance aggregate")));
	}
	value = cl_attendance_from_events(events, state->count, state->zone, state->zone_length);
	pfree(events);
	PG_RETURN_ATTENDANCE_P(value);
}
