/*
 * parsers.c
 *		A target of libFuzzer for what reads the forms of our types: the input,
 *		output, receive and send functions themselves, without a server.
 *
 * CASELOAD_FUZZ says what the bytes are taken for: TYPE (its text form),
 * TYPE_binary (its binary form) or TYPE_stored (what lies in a table, perhaps
 * on a damaged page: it may only be refused).  Beside what the sanitizers see,
 * these must hold:
 *
 *		an error has one of the SQLSTATEs that such an input may have;
 *		what a value prints, is read as the same value and printed the same;
 *		what a value sends, is received as the same value and sent the same;
 *		a binary form that is accepted is the one that its value sends.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "availability.h"
#include "server.h"

#undef fprintf

#define FUNCTIONS(type) \
extern Datum type##_in(PG_FUNCTION_ARGS); \
extern Datum type##_out(PG_FUNCTION_ARGS); \
extern Datum type##_recv(PG_FUNCTION_ARGS); \
extern Datum type##_send(PG_FUNCTION_ARGS);

FUNCTIONS(dosage)
FUNCTIONS(availability)
FUNCTIONS(attendance)
FUNCTIONS(load_profile)

typedef struct Type
{
	const char *name;
	bool		by_value;
	PGFunction	in;
	PGFunction	out;
	PGFunction	recv;
	PGFunction	send;
} Type;

static const Type types[] = {
	{"dosage", true, dosage_in, dosage_out, dosage_recv, dosage_send},
	{"availability", false, availability_in, availability_out, availability_recv, availability_send},
	{"attendance", false, attendance_in, attendance_out, attendance_recv, attendance_send},
	{"load_profile", false, load_profile_in, load_profile_out, load_profile_recv, load_profile_send}
};

#define SQLSTATE_CHARACTER(n)	((char) (((cl_sqlstate >> 6 * (n)) & 0x3f) + '0'))

typedef enum Form
{
	TEXT_FORM,
	BINARY_FORM,
	STORED_FORM
} Form;

static const Type *type;
static Form form;

extern int	LLVMFuzzerInitialize(int *argc, char ***argv);
extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *wanted = getenv("CASELOAD_FUZZ");

	for (size_t i = 0; wanted && i < lengthof(types); i++)
	{
		size_t		length = strlen(types[i].name);

		if (strncmp(wanted, types[i].name, length) != 0)
			continue;
		type = &types[i];
		if (strcmp(wanted + length, "_binary") == 0)
			form = BINARY_FORM;
		else if (strcmp(wanted + length, "_stored") == 0)
			form = STORED_FORM;
		else if (wanted[length] != '\0')
			type = NULL;
	}
	if (type == NULL)
	{
		fprintf(stderr, "parsers: set CASELOAD_FUZZ to a type, or to it with _binary or _stored\n");
		exit(2);
	}
	return 0;
}

static void
broken_law(const char *law)
{
	fprintf(stderr, "parsers: %s: %s\n", type->name, law);
	abort();
}

static Datum
call(PGFunction function, Datum argument)
{
	LOCAL_FCINFO(fcinfo, 3);

	InitFunctionCallInfoData(*fcinfo, NULL, 3, InvalidOid, NULL, NULL);
	memset(fcinfo->args, 0, 3 * sizeof(NullableDatum));
	fcinfo->args[0].value = argument;
	return function(fcinfo);
}

/* The bytes in a block of their own length, so that one byte too far is seen. */
static Datum
receive(const char *bytes, size_t size)
{
	StringInfoData message = {palloc(size + 1), (int) size, (int) size + 1, 0};
	Datum		value;

	memcpy(message.data, bytes, size);
	message.data[size] = '\0';
	value = call(type->recv, PointerGetDatum(&message));
	/* the server refuses what is left over */
	if (message.cursor != message.len)
		ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("incorrect binary data format")));
	return value;
}

static Datum
read_text(const char *bytes, size_t size)
{
	char	   *text = palloc(size + 1);

	memcpy(text, bytes, size);
	text[size] = '\0';
	return call(type->in, CStringGetDatum(text));
}

static Datum
stored(const uint8 *data, size_t size)
{
	struct varlena *value;

	if (type->by_value)
	{
		int64		packed = 0;

		memcpy(&packed, data, Min(size, sizeof(packed)));
		return Int64GetDatum(packed);
	}
	value = palloc(VARHDRSZ + size);
	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), data, size);
	return PointerGetDatum(value);
}

static bool
allowed(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
			return true;
		case ERRCODE_INVALID_TEXT_REPRESENTATION:
		case ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE:
		case ERRCODE_DATETIME_VALUE_OUT_OF_RANGE:
			return form == TEXT_FORM;
		case ERRCODE_INVALID_BINARY_REPRESENTATION:
		case ERRCODE_PROTOCOL_VIOLATION:
			return form == BINARY_FORM;
		case ERRCODE_DATA_CORRUPTED:
			return form == STORED_FORM;
	}
	return false;
}

/* A day that is read is one of the seven, and its name is read as the same. */
static void
check_day(const char *text)
{
	int			day;
	int			again;

	if (cl_day_parse(text, &day) &&
		(day < 0 || day >= CL_WEEKDAYS || !cl_day_parse(cl_day_names[day], &again) || again != day))
		broken_law("a day is not read as it is written");
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	/* static: what is set after sigsetjmp() is looked at after siglongjmp() */
	static bool accepted;
	Datum		value;
	char	   *printed;
	bytea	   *sent;
	bytea	   *sent_again;

	/* the server shows input functions nothing that is no text */
	if (form == TEXT_FORM && !pg_verify_mbstr(PG_UTF8, (const char *) data, (int) size, true))
		return 0;
	accepted = false;
	if (sigsetjmp(cl_caught, 0) == 0)
	{
		if (form == TEXT_FORM)
			value = read_text((const char *) data, size);
		else if (form == BINARY_FORM)
			value = receive((const char *) data, size);
		else
			value = stored(data, size);
		printed = DatumGetCString(call(type->out, value));
		sent = DatumGetByteaPP(call(type->send, value));
		if (form == STORED_FORM)
			goto done;
		accepted = true;

		if (form == BINARY_FORM &&
			(VARSIZE_ANY_EXHDR(sent) != size || memcmp(VARDATA_ANY(sent), data, size) != 0))
			broken_law("what was received is not sent as it came");
		value = read_text(printed, strlen(printed));
		if (strcmp(printed, DatumGetCString(call(type->out, value))) != 0)
			broken_law("what was printed is not printed the same once more");
		sent_again = DatumGetByteaPP(call(type->send, value));
		if (VARSIZE_ANY_EXHDR(sent) != VARSIZE_ANY_EXHDR(sent_again) ||
			memcmp(VARDATA_ANY(sent), VARDATA_ANY(sent_again), VARSIZE_ANY_EXHDR(sent)) != 0)
			broken_law("what was printed is read as another value");
		value = receive(VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
		if (strcmp(printed, DatumGetCString(call(type->out, value))) != 0)
			broken_law("what was sent is received as another value");
		if (form == TEXT_FORM && type->in == availability_in)
			check_day(printed);
	}
	else if (accepted)
		broken_law("what a value prints or sends is refused");
	else if (!allowed(cl_sqlstate))
	{
		fprintf(stderr, "parsers: SQLSTATE %c%c%c%c%c\n", SQLSTATE_CHARACTER(0), SQLSTATE_CHARACTER(1), SQLSTATE_CHARACTER(2), SQLSTATE_CHARACTER(3), SQLSTATE_CHARACTER(4));
		broken_law("an error that such an input may not have");
	}
	else if (form == TEXT_FORM && type->in == availability_in)
	{
		char	   *text = palloc(size + 1);

		memcpy(text, data, size);
		text[size] = '\0';
		check_day(text);
	}
done:
	cl_free_all();
	return 0;
}
