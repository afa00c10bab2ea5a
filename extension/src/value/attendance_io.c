/*
 * attendance_io.c
 *		Layout, text and binary form of the type attendance.
 *
 * The layout is told in attendance.h.  Everything that reads a value goes
 * through cl_attendance_open() and cl_attendance_next(), which trust no
 * byte: a damaged page gives XX001, never a wild read.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"

#include "attendance.h"

#define MAX_VARINT32	5
#define EVENT_TEXT_LEN	40		/* longest: 294276-12-31T23:59:59Z provider_cancel */

typedef struct TextReader
{
	const char *at;
	const char *detail;			/* what is wrong, once something is */
	bool		range;			/* it is a time out of range */
} TextReader;

static const char *const status_names[CL_STATUSES] = {
	"scheduled", "attended", "late", "no_show", "late_cancel",
	"client_cancel", "provider_cancel", "closure", "attempt", "two_way"
};

static bool zone_lookup(const char *name, int length, char *zone, int *zone_length);

PG_FUNCTION_INFO_V1(attendance_in);
PG_FUNCTION_INFO_V1(attendance_out);
PG_FUNCTION_INFO_V1(attendance_recv);
PG_FUNCTION_INFO_V1(attendance_send);

/* ------------------------------------------------------------ layout --- */

void
cl_broken_attendance(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid attendance value in storage")));
}

void
cl_too_many_events(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("attendance cannot have more than %d events", CL_MAX_EVENTS)));
}

/*
 * Begin to read a value, which must be detoasted (packed will do) and must
 * outlive the reader.
 */
void
cl_attendance_open(AttendanceReader *reader, const Attendance *value)
{
	const uint8 *at = (const uint8 *) VARDATA_ANY(value);
	const uint8 *end = at + VARSIZE_ANY_EXHDR(value);
	uint32		count = 0;
	int			shift = 0;
	uint8		byte;

	if (end - at < 3 || at[0] != CL_ATTENDANCE_VERSION || at[1] > CL_MAX_ZONE ||
		end - at < 3 + at[1])
		cl_broken_attendance();
	reader->zone_length = at[1];
	reader->zone = (const char *) at + 2;
	at += 2 + reader->zone_length;
	do
	{
		if (at >= end || shift > 28)
			cl_broken_attendance();
		byte = *at++;
		count |= (uint32) (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (count > CL_MAX_EVENTS)
		cl_broken_attendance();

	reader->count = reader->left = count;
	reader->at = at;
	reader->end = end;
	reader->second = 0;
	reader->last = 0;
}

/* Room for "capacity" bytes of events in the current memory context. */
void
cl_builder_init(AttendanceBuilder *builder, Size capacity)
{
	builder->capacity = capacity + CL_MAX_EVENT_BYTES;
	builder->bytes = palloc(builder->capacity);
	builder->used = 0;
	builder->count = 0;
	builder->second = 0;
}

/* The finished value, in the current memory context; frees the builder. */
Attendance *
cl_builder_finish(AttendanceBuilder *builder, const char *zone, int zone_length)
{
	Size		size = VARHDRSZ + 2 + zone_length + MAX_VARINT32 + builder->used;
	Attendance *value;
	uint8	   *at;
	uint32		count = builder->count;

	if (count > CL_MAX_EVENTS)
		cl_too_many_events();

	value = palloc(size);
	at = (uint8 *) VARDATA(value);
	*at++ = CL_ATTENDANCE_VERSION;
	*at++ = (uint8) zone_length;
	memcpy(at, zone, zone_length);
	at += zone_length;
	while (count >= 0x80)
	{
		*at++ = (uint8) (count | 0x80);
		count >>= 7;
	}
	*at++ = (uint8) count;
	memcpy(at, builder->bytes, builder->used);
	at += builder->used;
	SET_VARSIZE(value, at - (uint8 *) value);
	pfree(builder->bytes);
	return value;
}

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE Event
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b) ? 1 : 0)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Sort events in place; histories that arrive in order cost one look. */
static void
sort_if_needed(Event *events, uint32 count)
{
	for (uint32 i = 1; i < count; i++)
	{
		if (events[i - 1] > events[i])
		{
			sort_events(events, count);
			return;
		}
	}
}

/* A value of these events, which are sorted in place. */
Attendance *
cl_attendance_from_events(Event *events, uint32 count, const char *zone, int zone_length)
{
	AttendanceBuilder builder;

	if (count > CL_MAX_EVENTS)
		cl_too_many_events();
	sort_if_needed(events, count);
	cl_builder_init(&builder, (Size) count * CL_MAX_EVENT_BYTES);
	for (uint32 i = 0; i < count; i++)
	{
		cl_builder_add(&builder, events[i]);
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return cl_builder_finish(&builder, zone, zone_length);
}

/* ------------------------------------------------- statuses and zones --- */

/* The code of a status, -1 for an unknown one. */
int
cl_status_code(const char *name, int length)
{
	for (int code = 0; code < CL_STATUSES; code++)
	{
		if (strncmp(status_names[code], name, length) == 0 &&
			status_names[code][length] == '\0')
			return code;
	}
	return -1;
}

const char *
cl_status_name(EventStatus status)
{
	return status_names[status];
}

/*
 * A full time zone name as the server spells it, without terminating zero;
 * UTC becomes the empty name.  Abbreviations are refused by the server's own
 * lookup, and POSIX rules here, since they mean nothing to a reader.
 */
static bool
zone_lookup(const char *name, int length, char *zone, int *zone_length)
{
	char		buffer[CL_MAX_ZONE + 1];
	pg_tz	   *tz;
	const char *spelled;

	if (length < 1 || length > CL_MAX_ZONE)
		return false;
	memcpy(buffer, name, length);
	buffer[length] = '\0';
	tz = pg_tzset(buffer);
	if (tz == NULL || !pg_tz_acceptable(tz))
		return false;
	spelled = pg_get_timezone_name(tz);
	/* a POSIX rule has a number; so have no names but these */
	if (strpbrk(spelled, "0123456789") != NULL && strncmp(spelled, "Etc/GMT", 7) != 0)
	{
		static const char *const names[] = {
			"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0"
		};
		bool		known = false;

		for (size_t i = 0; i < lengthof(names); i++)
			known = known || strcmp(names[i], spelled) == 0;
		if (!known)
			return false;
	}
	*zone_length = (strcmp(spelled, "UTC") == 0) ? 0 : (int) strlen(spelled);
	memcpy(zone, spelled, *zone_length);
	return true;
}

/*
 * As above, for zones that come as arguments: 22023 for an unknown one.
 * Returns the length of the name written to zone.
 */
int
cl_zone_canonical(const char *name, int length, char *zone)
{
	int			zone_length;

	if (!zone_lookup(name, length, zone, &zone_length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%.*s\" not recognized", length, name),
				 errhint("Use a full name such as \"America/New_York\"; see pg_timezone_names.")));
	return zone_length;
}

/* Two histories can be joined or compared by days in one zone only. */
void
cl_check_same_zone(const char *a, int a_length, const char *b, int b_length)
{
	if (a_length == b_length && memcmp(a, b, a_length) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("attendance values are in different time zones"),
			 errdetail("One is in \"%.*s\", the other in \"%.*s\".",
					   a_length ? a_length : 3, a_length ? a : "UTC",
					   b_length ? b_length : 3, b_length ? b : "UTC")));
}

/* 22008 when the instant is not in the years 1 to 294276. */
Event
cl_event_from_timestamp(TimestampTz at, EventStatus status)
{
	int64		second;

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of an attendance event must be finite")));
	/* round down, also before 2000 */
	second = at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) + CL_SECS_TO_PG_EPOCH;
	if (second < 0 || second >= CL_END_SECOND)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of an attendance event is out of range"),
				 errdetail("Events lie in the years 1 to 294276.")));
	return EVENT(second, status);
}

TimestampTz
cl_event_timestamp(Event event)
{
	return (EVENT_SECOND(event) - CL_SECS_TO_PG_EPOCH) * USECS_PER_SEC;
}

/* ---------------------------------------------------------- text form --- */

static void
skip_blanks(TextReader *text)
{
	while (*text->at == ' ' || (*text->at >= '\t' && *text->at <= '\r'))
		text->at++;
}

static bool
accept_char(TextReader *text, char c)
{
	skip_blanks(text);
	if (*text->at != c)
		return false;
	text->at++;
	return true;
}

/* Digits, at least "fewest" and at most "most" of them. */
static bool
read_digits(TextReader *text, int fewest, int most, int *number)
{
	int			digits = 0;

	*number = 0;
	while (digits < most && *text->at >= '0' && *text->at <= '9')
	{
		*number = *number * 10 + (*text->at++ - '0');
		digits++;
	}
	return digits >= fewest;
}

static bool
read_mark(TextReader *text, char mark)
{
	if (*text->at != mark)
		return false;
	text->at++;
	return true;
}

/* 2026-01-05T14:00:00Z status */
static bool
read_event(TextReader *text, Event *event)
{
	int			year,
				month,
				day,
				hour,
				minute,
				second,
				code;
	int			checked_year,
				checked_month,
				checked_day;
	const char *word;

	skip_blanks(text);
	text->detail = "A time is written 2026-01-05T14:00:00Z.";
	if (!read_digits(text, 4, 6, &year) || !read_mark(text, '-') ||
		!read_digits(text, 2, 2, &month) || !read_mark(text, '-') ||
		!read_digits(text, 2, 2, &day) || !read_mark(text, 'T') ||
		!read_digits(text, 2, 2, &hour) || !read_mark(text, ':') ||
		!read_digits(text, 2, 2, &minute) || !read_mark(text, ':') ||
		!read_digits(text, 2, 2, &second) || !read_mark(text, 'Z'))
		return false;
	text->range = true;
	text->detail = "Events lie in the years 1 to 294276.";
	if (year < 1 || year > 294276)
		return false;
	text->detail = "There is no such day or time of day.";
	if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
		return false;
	j2date(date2j(year, month, day), &checked_year, &checked_month, &checked_day);
	if (checked_day != day || checked_month != month)
		return false;
	text->range = false;

	text->detail = "After the time comes a status such as attended or no_show.";
	if (*text->at != ' ' && *text->at != '\t')
		return false;
	skip_blanks(text);
	word = text->at;
	while ((*text->at >= 'a' && *text->at <= 'z') || *text->at == '_')
		text->at++;
	if (text->at == word)
		return false;
	code = cl_status_code(word, (int) (text->at - word));
	if (code < 0)
		return false;
	*event = EVENT((int64) (date2j(year, month, day) - CL_EPOCH_JDATE) * SECS_PER_DAY +
				   hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second, code);
	return true;
}

/*
 * attendance_in(cstring) -> attendance.  22P02 for bad text, 22008 for a
 * time that cannot be, 54000 for too many events; soft where the server can.
 */
Datum
attendance_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);
	TextReader	text = {string, NULL, false};
	char		zone[CL_MAX_ZONE + 1];
	int			zone_length = 0;
	const char *word;
	const char *word_end;
	Event	   *events;
	uint32		count = 0;
	uint32		capacity = 64;

	skip_blanks(&text);
	word = text.at;
	while (*text.at != '{' && *text.at != '\0')
		text.at++;
	word_end = text.at;
	while (word_end > word && (word_end[-1] == ' ' || (word_end[-1] >= '\t' && word_end[-1] <= '\r')))
		word_end--;

	text.detail = "A value is a time zone and events in braces.";
	if (!accept_char(&text, '{'))
		goto bad;
	text.detail = "The time zone is not known.";
	if (word_end > word && !zone_lookup(word, (int) Min(word_end - word, 1000), zone, &zone_length))
		goto bad;

	events = palloc(capacity * sizeof(Event));
	if (!accept_char(&text, '}'))
	{
		do
		{
			if (count == capacity)
			{
				if (count >= CL_MAX_EVENTS)
					cl_too_many_events();
				capacity *= 2;
				events = repalloc(events, (Size) capacity * sizeof(Event));
			}
			if (!read_event(&text, &events[count]))
				goto bad;
			count++;
			if ((count & 0xffff) == 0)
				CHECK_FOR_INTERRUPTS();
		} while (accept_char(&text, ','));
		text.detail = "Events are separated by commas and end with a brace.";
		if (!accept_char(&text, '}'))
			goto bad;
	}
	skip_blanks(&text);
	text.detail = "There is more text after the closing brace.";
	if (*text.at != '\0')
		goto bad;

	PG_RETURN_ATTENDANCE_P(cl_attendance_from_events(events, count, zone, zone_length));

bad:
	ereturn(fcinfo->context, (Datum) 0,
			(errcode(text.range ? ERRCODE_DATETIME_VALUE_OUT_OF_RANGE :
					 ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "attendance"),
			 errdetail("%s", text.detail),
			 errhint("Write \"America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}\".")));
}

Datum
attendance_out(PG_FUNCTION_ARGS)
{
	Attendance *value = PG_GETARG_ATTENDANCE_PP(0);
	AttendanceReader reader;
	StringInfoData text;
	bool		first = true;

	cl_attendance_open(&reader, value);
	initStringInfo(&text);
	appendBinaryStringInfo(&text, reader.zone, reader.zone_length);
	appendStringInfoChar(&text, '{');
	while (cl_attendance_next(&reader))
	{
		int			year,
					month,
					day;
		int			second = (int) (reader.second % SECS_PER_DAY);

		j2date((int) (reader.second / SECS_PER_DAY) + CL_EPOCH_JDATE, &year, &month, &day);
		enlargeStringInfo(&text, EVENT_TEXT_LEN);
		text.len += pg_snprintf(text.data + text.len, text.maxlen - text.len,
								"%s%04d-%02d-%02dT%02d:%02d:%02dZ %s", first ? "" : ",",
								year, month, day,
								second / SECS_PER_HOUR, second / SECS_PER_MINUTE % 60, second % 60,
								status_names[EVENT_STATUS(reader.last)]);
		first = false;
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	appendStringInfoChar(&text, '}');
	PG_RETURN_CSTRING(text.data);
}

/* -------------------------------------------------------- binary form --- */

/*
 * Binary form: version int8 (1), length of the zone int8, zone, count int32,
 * then for each event an int64 of (seconds since 0001-01-01 UTC << 4 | status),
 * ascending.  What is not canonical is refused with 22P03.
 */
Datum
attendance_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	AttendanceBuilder builder;
	char		zone[CL_MAX_ZONE + 1];
	int			zone_length = 0;
	int			said_length;
	const char *said;
	uint32		count;
	Event		last = 0;

	if (pq_getmsgbyte(buf) != CL_ATTENDANCE_VERSION)
		goto bad;
	said_length = pq_getmsgbyte(buf);
	said = pq_getmsgbytes(buf, said_length);
	if (said_length > 0 &&
		(!zone_lookup(said, said_length, zone, &zone_length) ||
		 zone_length != said_length || memcmp(zone, said, zone_length) != 0))
		goto bad;
	count = (uint32) pq_getmsgint(buf, 4);
	if (count > CL_MAX_EVENTS || (Size) count * sizeof(int64) > (Size) (buf->len - buf->cursor))
		goto bad;

	cl_builder_init(&builder, (Size) count * CL_MAX_EVENT_BYTES);
	for (uint32 i = 0; i < count; i++)
	{
		Event		event = pq_getmsgint64(buf);

		if (event < last || EVENT_STATUS(event) >= CL_STATUSES || EVENT_SECOND(event) >= CL_END_SECOND)
			goto bad;
		cl_builder_add(&builder, event);
		last = event;
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_ATTENDANCE_P(cl_builder_finish(&builder, zone, zone_length));

bad:
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid external \"%s\" value", "attendance")));
}

Datum
attendance_send(PG_FUNCTION_ARGS)
{
	Attendance *value = PG_GETARG_ATTENDANCE_PP(0);
	AttendanceReader reader;
	StringInfoData buf;

	cl_attendance_open(&reader, value);
	pq_begintypsend(&buf);
	pq_sendint8(&buf, CL_ATTENDANCE_VERSION);
	pq_sendint8(&buf, (uint8) reader.zone_length);
	pq_sendbytes(&buf, reader.zone, reader.zone_length);
	pq_sendint32(&buf, reader.count);
	while (cl_attendance_next(&reader))
	{
		pq_sendint64(&buf, (uint64) reader.last);
		if ((reader.left & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
