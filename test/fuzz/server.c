/*
 * server.c
 *		What the input functions of our types need of a server, for a program
 *		that has none: memory, errors, messages, dates and time zones.
 *
 * The files of the product are compiled as they are, with the server's own
 * headers; this stands where the linker looks for the server.  Every chunk is
 * a block of malloc(), so that AddressSanitizer sees one byte beside it, and
 * an error jumps back to the caller, who finds its SQLSTATE in cl_sqlstate.
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "server.h"

/* those of the C library: AddressSanitizer watches them */
#undef fprintf
#undef vsnprintf
#undef vsprintf
#undef qsort

/* --------------------------------------------------------------- memory --- */

typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *previous;
	size_t		size;
} Chunk;

static Chunk chunks = {&chunks, &chunks, 0};

sigjmp_buf	cl_caught;
int			cl_sqlstate;
volatile sig_atomic_t InterruptPending;
MemoryContext CurrentMemoryContext;

static void *
allocate(size_t size, size_t limit)
{
	Chunk	   *chunk;

	/* the server says so with XX000 */
	if (size > limit)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	chunk = malloc(sizeof(Chunk) + size);
	if (chunk == NULL)
		abort();
	chunk->size = size;
	chunk->next = chunks.next;
	chunk->previous = &chunks;
	chunk->next->previous = chunks.next = chunk;
	return chunk + 1;
}

static void
release(Chunk *chunk)
{
	chunk->next->previous = chunk->previous;
	chunk->previous->next = chunk->next;
	free(chunk);
}

static void *
resize(void *pointer, size_t size, size_t limit)
{
	Chunk	   *old = (Chunk *) pointer - 1;
	void	   *copy = allocate(size, limit);

	memcpy(copy, pointer, Min(old->size, size));
	release(old);
	return copy;
}

void
cl_free_all(void)
{
	while (chunks.next != &chunks)
		release(chunks.next);
}

void *
palloc(Size size)
{
	return allocate(size, MaxAllocSize);
}

void *
palloc0(Size size)
{
	return memset(allocate(size, MaxAllocSize), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return allocate(size, (flags & MCXT_ALLOC_HUGE) ? MaxAllocHugeSize : MaxAllocSize);
}

void *
repalloc(void *pointer, Size size)
{
	return resize(pointer, size, MaxAllocSize);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return resize(pointer, size, MaxAllocHugeSize);
}

void
pfree(void *pointer)
{
	release((Chunk *) pointer - 1);
}

char *
pnstrdup(const char *in, Size length)
{
	char	   *copy;

	length = strnlen(in, length);
	copy = palloc(length + 1);
	memcpy(copy, in, length);
	copy[length] = '\0';
	return copy;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

struct varlena *
pg_detoast_datum_packed(struct varlena *datum)
{
	return datum;
}

/* --------------------------------------------------------------- errors --- */

bool
errstart(int elevel, const char *domain)
{
	cl_sqlstate = ERRCODE_INTERNAL_ERROR;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	siglongjmp(cl_caught, 1);
}

#if PG_VERSION_NUM >= 160000
bool
errsave_start(struct Node *context, const char *domain)
{
	return errstart(ERROR, domain);
}

void
errsave_finish(struct Node *context, const char *filename, int lineno, const char *funcname)
{
	siglongjmp(cl_caught, 1);
}
#endif

int
errcode(int sqlerrcode)
{
	cl_sqlstate = sqlerrcode;
	return 0;
}

/* What a message shows is read to its end: a string without one is found. */
static void
format(const char *fmt, va_list args)
{
	char		text[256];

	(void) vsnprintf(text, sizeof(text), fmt, args);
}

#define MESSAGE(name) \
int \
name(const char *fmt,...) \
{ \
	va_list		args; \
\
	va_start(args, fmt); \
	format(fmt, args); \
	va_end(args); \
	return 0; \
}

MESSAGE(errmsg)
MESSAGE(errmsg_internal)
MESSAGE(errdetail)
MESSAGE(errhint)

void
ProcessInterrupts(void)
{
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

/* Without zero bytes and in order; which characters there are is the server's business. */
bool
pg_verify_mbstr(int encoding, const char *text, int length, bool noError)
{
	const unsigned char *at = (const unsigned char *) text;
	const unsigned char *end = at + length;

	while (at < end)
	{
		int			more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc2 ? 1 : 0;

		if (*at == 0 || (*at >= 0x80 && more == 0) || *at > 0xf4 || end - at <= more)
			return false;
		for (at++; more > 0; more--)
		{
			if ((*at++ & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

void
ExceptionalCondition(const char *condition, const char *type, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

/* ------------------------------------------------- strings and messages --- */

int
pg_snprintf(char *text, size_t size, const char *fmt,...)
{
	va_list		args;
	int			length;

	va_start(args, fmt);
	length = vsnprintf(text, size, fmt, args);
	va_end(args);
	return length;
}

int
pg_sprintf(char *text, const char *fmt,...)
{
	va_list		args;
	int			length;

	va_start(args, fmt);
	length = vsprintf(text, fmt, args);
	va_end(args);
	return length;
}

int
pg_vsnprintf(char *text, size_t size, const char *fmt, va_list args)
{
	return vsnprintf(text, size, fmt, args);
}

void
pg_qsort(void *base, size_t count, size_t size, int (*compare) (const void *, const void *))
{
	qsort(base, count, size, compare);
}

void
qsort_interruptible(void *base, size_t count, size_t size, qsort_arg_comparator compare, void *arg)
{
	qsort_r(base, count, size, compare, arg);
}

void
initStringInfo(StringInfo str)
{
	str->maxlen = 64;
	str->data = palloc(str->maxlen);
	str->data[0] = '\0';
	str->len = str->cursor = 0;
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	if ((Size) needed >= MaxAllocSize - (Size) str->len)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("out of memory")));
	while (str->len + needed >= str->maxlen)
		str->data = repalloc(str->data, str->maxlen *= 2);
}

void
appendBinaryStringInfo(StringInfo str, const char *data, int length)
{
	enlargeStringInfo(str, length);
	memcpy(str->data + str->len, data, length);
	str->len += length;
	str->data[str->len] = '\0';
}

void
appendBinaryStringInfoNT(StringInfo str, const char *data, int length)
{
	appendBinaryStringInfo(str, data, length);
}

void
appendStringInfoString(StringInfo str, const char *s)
{
	appendBinaryStringInfo(str, s, (int) strlen(s));
}

void
appendStringInfoChar(StringInfo str, char c)
{
	appendBinaryStringInfo(str, &c, 1);
}

void
appendStringInfo(StringInfo str, const char *fmt,...)
{
	char		text[512];
	va_list		args;
	int			length;

	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length >= (int) sizeof(text))
		abort();
	appendBinaryStringInfo(str, text, length);
}

const char *
pq_getmsgbytes(StringInfo message, int length)
{
	const char *bytes = message->data + message->cursor;

	if (length < 0 || length > message->len - message->cursor)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("insufficient data left in message")));
	message->cursor += length;
	return bytes;
}

void
pq_copymsgbytes(StringInfo message, char *buffer, int length)
{
	memcpy(buffer, pq_getmsgbytes(message, length), length);
}

int
pq_getmsgbyte(StringInfo message)
{
	return (unsigned char) *pq_getmsgbytes(message, 1);
}

static uint64
number(StringInfo message, int bytes)
{
	const unsigned char *at = (const unsigned char *) pq_getmsgbytes(message, bytes);
	uint64		n = 0;

	while (bytes-- > 0)
		n = n << 8 | *at++;
	return n;
}

unsigned int
pq_getmsgint(StringInfo message, int bytes)
{
	return (unsigned int) number(message, bytes);
}

int64
pq_getmsgint64(StringInfo message)
{
	return (int64) number(message, 8);
}

void
pq_begintypsend(StringInfo message)
{
	initStringInfo(message);
	appendBinaryStringInfo(message, "\0\0\0", 4);
}

void
pq_sendbytes(StringInfo message, const char *data, int length)
{
	appendBinaryStringInfo(message, data, length);
}

bytea *
pq_endtypsend(StringInfo message)
{
	bytea	   *result = (bytea *) message->data;

	SET_VARSIZE(result, message->len);
	return result;
}

/* --------------------------------------------------------- dates, zones --- */

const int	day_tab[2][13] = {
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

#define DAYS_PER_ERA	146097	/* 400 years */

/* Days of the eras, years and months before, from 1 January 4801 BC (year -4800) on. */
static int64
days_before(int year, int month)
{
	int			y = year + 4800;
	int64		days = (int64) (y / 400) * DAYS_PER_ERA + y % 400 * 365 + (y % 400 + 3) / 4 - (y % 400 + 99) / 100 + (y % 400 > 0);

	for (int m = 1; m < month; m++)
		days += day_tab[isleap(year)][m - 1];
	return days;
}

/* Julian day 0 is 24 November 4714 BC, which is year -4713. */
int
date2j(int year, int month, int day)
{
	return (int) (days_before(year, month) + day - days_before(-4713, 11) - 24);
}

void
j2date(int jd, int *year, int *month, int *day)
{
	int64		days = jd + days_before(-4713, 11) + 23;
	int			y = (int) (days * 400 / DAYS_PER_ERA) - 4800;

	while (days_before(y + 1, 1) <= days)
		y++;
	while (days_before(y, 1) > days)
		y--;
	days -= days_before(y, 1);
	for (*month = 1; days >= day_tab[isleap(y)][*month - 1]; (*month)++)
		days -= day_tab[isleap(y)][*month - 1];
	*year = y;
	*day = (int) days + 1;
}

struct pg_tz
{
	char		name[TZ_STRLEN_MAX + 1];
};

/* Some names, in any case, and POSIX rules, which come back in capitals. */
pg_tz *
pg_tzset(const char *name)
{
	static const char *const names[] = {
		"UTC", "America/New_York", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "Etc/GMT+5", "EST5EDT", "GMT0", "GMT"
	};
	static struct pg_tz zone;

	if (strlen(name) > TZ_STRLEN_MAX)
		return NULL;
	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcasecmp(name, names[i]) == 0)
			return (pg_tz *) strcpy(zone.name, names[i]);
	}
	for (size_t i = 0; i <= strlen(name); i++)
		zone.name[i] = (char) toupper((unsigned char) name[i]);
	return strspn(zone.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= 3 && strpbrk(zone.name, "0123456789") ? &zone : NULL;
}

bool
pg_tz_acceptable(pg_tz *tz)
{
	return true;
}

const char *
pg_get_timezone_name(pg_tz *tz)
{
	return tz->name;
}
