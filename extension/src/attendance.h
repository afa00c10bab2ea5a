/*
 * attendance.h
 *		One client's attendance history as one small value.
 *
 * Layout after the varlena header, bytes only, so that a packed (short
 * header, unaligned) datum is read in place:
 *
 *		version		1 byte, CL_ATTENDANCE_VERSION
 *		zone length	1 byte, 0 = UTC
 *		zone		that many bytes, an IANA name as the server spells it
 *		count		varint
 *		events		count varints, each (seconds since the event before << 4 | status)
 *
 * The first event counts its seconds from 0001-01-01 00:00:00 UTC.  Events
 * are sorted by (second, status), and a varint is the shortest possible, so
 * equal multisets are equal bytes.  A weekly visit takes four bytes.
 */
#ifndef CL_ATTENDANCE_H
#define CL_ATTENDANCE_H

#include "cl_compat.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "port/pg_bitutils.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define CL_ATTENDANCE_VERSION	1
#define CL_MAX_EVENTS			(1 << 24)
#define CL_MAX_EVENT_BYTES		8	/* varint of 44 + 4 bits needs seven */
#define CL_MAX_ZONE				63

/* Order matters: it decides ties within a second, and is on disk. */
typedef enum EventStatus
{
	CL_SCHEDULED = 0,
	CL_ATTENDED,
	CL_LATE,
	CL_NO_SHOW,
	CL_LATE_CANCEL,
	CL_CLIENT_CANCEL,
	CL_PROVIDER_CANCEL,
	CL_CLOSURE,
	CL_ATTEMPT,
	CL_TWO_WAY
} EventStatus;

#define CL_STATUSES				10
#define CL_APPOINTMENT_STATUSES	8	/* the first eight; the rest are contacts */

/* An event in memory: seconds since 0001-01-01 UTC << 4 | status. */
typedef int64 Event;

#define EVENT(second, status)	(((int64) (second) << 4) | (status))
#define EVENT_SECOND(event)		((event) >> 4)
#define EVENT_STATUS(event)		((EventStatus) ((event) & 0xf))

/* Days and seconds between 0001-01-01 and the epochs of others. */
#define CL_EPOCH_JDATE			1721426
#define CL_DAYS_TO_PG_EPOCH		(POSTGRES_EPOCH_JDATE - CL_EPOCH_JDATE)
#define CL_SECS_TO_PG_EPOCH		((int64) CL_DAYS_TO_PG_EPOCH * SECS_PER_DAY)
#define CL_SECS_TO_UNIX_EPOCH	((int64) (UNIX_EPOCH_JDATE - CL_EPOCH_JDATE) * SECS_PER_DAY)
/* 294277-01-01 00:00:00 UTC, the first second that timestamptz lacks */
#define CL_END_SECOND			(CL_SECS_TO_PG_EPOCH + (int64) (TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE) * SECS_PER_DAY)

typedef struct varlena Attendance;

#define DatumGetAttendancePP(d)			((Attendance *) PG_DETOAST_DATUM_PACKED(d))
#define PG_GETARG_ATTENDANCE_PP(n)		DatumGetAttendancePP(PG_GETARG_DATUM(n))
#define PG_RETURN_ATTENDANCE_P(x)		PG_RETURN_POINTER(x)

/* Reads a value event by event, checking every byte. */
typedef struct AttendanceReader
{
	const char *zone;			/* not terminated */
	int			zone_length;
	uint32		count;			/* events in the value */
	uint32		left;			/* not yet read */
	const uint8 *at;
	const uint8 *end;
	int64		second;			/* of the event last read */
	Event		last;
} AttendanceReader;

/* Builds a value from events that come in order. */
typedef struct AttendanceBuilder
{
	uint8	   *bytes;			/* events only */
	Size		used;
	Size		capacity;
	uint32		count;
	int64		second;
} AttendanceBuilder;

/* Instants between which the clocks of a zone keep their distance to UTC. */
typedef struct ClockSpan
{
	int64		begin;			/* seconds; known, though it may begin earlier */
	int64		end;			/* exclusive */
	int32		offset;			/* seconds east of UTC */
} ClockSpan;

#define CL_CLOCK_SPANS	8

/* One zone and the machinery to ask for local days in it. */
typedef struct LocalClock
{
	pg_tz	   *zone;			/* NULL = UTC */
	int			n_spans;
	int			next_span;		/* to be overwritten when all are in use */
	ClockSpan	spans[CL_CLOCK_SPANS];
} LocalClock;

/* Everything a value says as of a day; counts end with that day. */
typedef struct AttendanceFacts
{
	int32		appointments;
	int32		attended;
	int32		attended_today;
	int32		late;
	int32		no_shows;
	int32		late_cancels;
	int32		client_cancels;
	int32		unresolved;
	int32		misses_in_window;
	int32		strikes_in_window;
	int32		attended_in_window;
	int32		miss_run;
	int32		longest_miss_run;	/* of the whole history */
	int32		cancel_run;
	int32		on_time_run;
	int32		late_run;
	int64		first_event;	/* seconds or CL_NEVER, whole history */
	int64		last_event;
	int64		last_attended;
	int64		last_contact;
	int64		next_appointment;
} AttendanceFacts;

#define CL_NEVER				((int64) -1)

/* attendance_io.c: layout, text and binary form */
extern void cl_attendance_open(AttendanceReader *reader, const Attendance *value);
extern void cl_builder_init(AttendanceBuilder *builder, Size capacity);
extern Attendance *cl_builder_finish(AttendanceBuilder *builder, const char *zone, int zone_length);
extern Attendance *cl_attendance_from_events(Event *events, uint32 count, const char *zone, int zone_length);
extern int	cl_status_code(const char *name, int length);
extern const char *cl_status_name(EventStatus status);
extern Event cl_event_from_timestamp(TimestampTz at, EventStatus status);
extern TimestampTz cl_event_timestamp(Event event);
extern int	cl_zone_canonical(const char *name, int length, char *zone);
extern void cl_check_same_zone(const char *a, int a_length, const char *b, int b_length);
pg_noreturn extern void cl_too_many_events(void);
pg_noreturn extern void cl_broken_attendance(void);

/* attendance_op.c */
extern Datum attendance_add(PG_FUNCTION_ARGS);
extern Datum attendance_subtract(PG_FUNCTION_ARGS);

/* attendance_clock.c: local days */
extern void cl_clock_init(LocalClock *clock, const char *zone, int zone_length);
extern int32 cl_local_day(LocalClock *clock, int64 second);
extern int32 cl_finite_day(DateADT date);
extern int32 cl_today(LocalClock *clock);

/* attendance_facts.c */
extern void cl_collect_facts(AttendanceReader *reader, LocalClock *clock,
							 int32 as_of, int32 window, AttendanceFacts *facts);

/* attendance_evidence.c */
extern Attendance *cl_evidence(const Attendance *value, DateADT as_of, int32 window, Datum facts);
extern bool cl_has_event(const Attendance *value, Event wanted);

/* The seven bits of each of eight bytes, the first the lowest, as one number. */
static inline uint64
cl_join_bytes(uint64 word)
{
	word = (word & UINT64CONST(0x007f007f007f007f)) | ((word & UINT64CONST(0x7f007f007f007f00)) >> 1);
	word = (word & UINT64CONST(0x00003fff00003fff)) | ((word & UINT64CONST(0x3fff00003fff0000)) >> 2);
	return (word & UINT64CONST(0x000000000fffffff)) | ((word & UINT64CONST(0x0fffffff00000000)) >> 4);
}

/*
 * Read the next event into reader->last; false at the end.
 */
static inline bool
cl_attendance_next(AttendanceReader *reader)
{
	uint64		word = 0;
	uint64		ends = 0;

	if (reader->left == 0)
		return false;
#ifndef WORDS_BIGENDIAN
	/* all bytes at once, while there are eight; the last one has no high bit */
	if (reader->end - reader->at >= (int) sizeof(uint64))
	{
		memcpy(&word, reader->at, sizeof(uint64));
		ends = ~word & UINT64CONST(0x8080808080808080);
	}
#endif
	if (likely(ends != 0))
	{
		reader->at += pg_rightmost_one_pos64(ends) / 8 + 1;
		word = cl_join_bytes(word & (ends ^ (ends - 1)));
	}
	else
	{
		int			shift = 0;
		uint8		byte;

		word = 0;
		do
		{
			if (unlikely(reader->at >= reader->end || shift > 49))
				cl_broken_attendance();
			byte = *reader->at++;
			word |= (uint64) (byte & 0x7f) << shift;
			shift += 7;
		} while (byte & 0x80);
	}

	reader->left--;
	reader->second += (int64) (word >> 4);
	if (unlikely((word & 0xf) >= CL_STATUSES || reader->second >= CL_END_SECOND))
		cl_broken_attendance();
	reader->last = EVENT(reader->second, word & 0xf);
	return true;
}

/*
 * Append an event that is not before the one appended last.  The caller has
 * given cl_builder_init() room enough.
 */
static inline void
cl_builder_add(AttendanceBuilder *builder, Event event)
{
	uint64		word;

	Assert(builder->used + CL_MAX_EVENT_BYTES <= builder->capacity);
	Assert(EVENT_SECOND(event) >= builder->second);

	word = (uint64) EVENT(EVENT_SECOND(event) - builder->second, EVENT_STATUS(event));
	builder->second = EVENT_SECOND(event);
	builder->count++;
	while (word >= 0x80)
	{
		builder->bytes[builder->used++] = (uint8) (word | 0x80);
		word >>= 7;
	}
	builder->bytes[builder->used++] = (uint8) word;
}

/* No zone has ever been farther from UTC. */
#define CL_FARTHEST_ZONE		((int64) 25 * SECS_PER_HOUR)

/* Is the local day of this instant on or after that day? */
static inline bool
cl_day_reached(LocalClock *clock, int64 second, int32 day)
{
	int64		since = second - (int64) day * SECS_PER_DAY;

	if (since < -CL_FARTHEST_ZONE)
		return false;
	if (since >= CL_FARTHEST_ZONE)
		return true;
	return cl_local_day(clock, second) >= day;
}

static inline bool
cl_is_session(EventStatus status)
{
	return status == CL_ATTENDED || status == CL_LATE;
}

static inline bool
cl_is_strike(EventStatus status)
{
	return status == CL_NO_SHOW || status == CL_LATE_CANCEL;
}

#endif							/* CL_ATTENDANCE_H */
