/*
 * inputs.c
 *		Send mutated text and binary forms of our types to a server.
 *
 *		inputs COUNT SEED [PLANTED]
 *
 * Connects as the environment says.  Each form gets COUNT inputs, in batches
 * of one pipeline.  What is wanted: the connection stays; an error has an
 * SQLSTATE of the classes 22 and 54, or 08P01; a binary form that is accepted
 * is sent as it came, and a text form that is accepted is printed so that it
 * is read and printed the same.  PLANTED replaces the queries of the
 * text forms by others, to see that a finding is found.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_OF(array)	(sizeof(array) / sizeof((array)[0]))
#define MAX_INPUT	2048
#define MAX_SEEDS	64
#define BATCH		500
#define BINARY		1

typedef struct Input
{
	int			length;
	char		bytes[MAX_INPUT + 1];
} Input;

typedef struct Type
{
	const char *name;
	const char *seeds;			/* text forms, separated by | */
} Type;

static const Type types[] = {
	{"dosage", "2x30/week|1 x 45 min per 2 weeks|90/year|999x99999/99 quarters|1x1/month"},
	{"availability", "never|always|Mon 08:00-12:00, Wed 13:00-15:30|Mon-Fri 9am-5pm|Sat-Sun 22:00-02:00|daily noon - 12:15"},
	{"attendance", "{}|UTC{}|{2026-01-05T14:00:00Z attended}|{0001-01-01T00:00:00Z scheduled,294276-12-31T23:59:59Z two_way}|"
		"America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show,2026-01-12T14:00:00Z late_cancel}|Etc/GMT+5{2024-02-29T23:59:59Z closure}"},
	{"load_profile", "{}|{\"SLP\" \"Oak\" 2x30/week of 3: -infinity +1, 2026-01-07 +3, 2026-06-20 -3; \"SLP\" - - of 1: 2026-01-07 +1}|"
		"{\"OT\" \"\" 90/year of 2147483647: 2026-01-07 +2147483647}|{\"a \\\"b\\\" \\\\c\" \"\xc3\xb6\" 1x45/2 weeks of 2: -4712-01-01 +1}"}
};

static PGconn *conn;
static uint64_t state;

static uint32_t
draw(uint32_t limit)
{
	/* xorshift, so that a seed is the same inputs everywhere */
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) ((state >> 16) % limit);
}

static void
fail(const char *what)
{
	printf("not ok - %s: %s\n", what, PQerrorMessage(conn));
	exit(1);
}

static PGresult *
query(const char *text, int n_params, const char *const *values, int format)
{
	PGresult   *result = PQexecParams(conn, text, n_params, NULL, values, NULL, NULL, format);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(text);
	return result;
}

static void
show(const char *why, const Type *type, int format, const Input *input, const char *more)
{
	printf("not ok - %s, %s form: %s %s\n# ", type->name, format == BINARY ? "binary" : "text", why, more);
	for (int i = 0; i < input->length; i++)
		printf("%02x", (unsigned char) input->bytes[i]);
	printf("\n# %s\n", format == BINARY ? "" : input->bytes);
}

/* A few changes of a seed: bits, bytes, numbers at the limits, pieces twice, left out, or of another seed. */
static void
mutate(Input *input, const Input *seeds, int n_seeds, int format)
{
	static const unsigned char interesting[] = {0, 1, 2, 15, 16, 63, 64, 127, 128, 129, 254, 255};
	static const char *const pieces[] = {
		"-infinity", "infinity", "2147483647", "-2147483648", "9999999999", "0", "Mon", "-", ",", "{", "}", "week", "24:00", " of ", ": ", "\"", "\\",
		"UTC", "attended", "T14:00:00Z", "2026-02-30", "0000-01-01", "294277-01-01", "5874897-12-31", "\xc3\xb6", "\xff", "; "
	};

	*input = seeds[draw((uint32_t) n_seeds)];
	for (uint32_t changes = draw(32) == 0 ? 0 : 1 + draw(3); changes > 0; changes--)
	{
		int			at = input->length > 0 ? (int) draw((uint32_t) input->length) : 0;
		int			rest = input->length - at;
		int			length = 1 + (int) draw(8);
		const char *from = NULL;

		switch (draw(8))
		{
			case 0:
				if (rest > 0)
					input->bytes[at] ^= (char) (1 << draw(8));
				break;
			case 1:
				if (rest > 0)
					input->bytes[at] = (char) draw(256);
				break;
			case 2:
				for (int i = 0; i < length && i < rest; i++)
					input->bytes[at + i] = (char) interesting[i == 0 ? draw(LENGTH_OF(interesting)) : 0];
				break;
			case 3:
				if (length > rest)
					length = rest;
				memmove(input->bytes + at, input->bytes + at + length, (size_t) (rest - length));
				input->length -= length;
				break;
			case 4:
				input->length = at;
				break;
			case 5:
				{
					const Input *other = &seeds[draw((uint32_t) n_seeds)];

					from = other->bytes;
					length = other->length;
				}
				break;
			case 6:
				from = pieces[draw(LENGTH_OF(pieces))];
				length = (int) strlen(from);
				break;
			case 7:
				from = (const char *) interesting + draw(LENGTH_OF(interesting) - 1);
				length = 1;
				break;
		}
		if (from != NULL && input->length + length <= MAX_INPUT)
		{
			memmove(input->bytes + at + length, input->bytes + at, (size_t) rest);
			memcpy(input->bytes + at, from, (size_t) length);
			input->length += length;
		}
	}
	if (format != BINARY)
	{
		/* libpq's text parameters end at the first zero */
		for (int i = 0; i < input->length; i++)
		{
			if (input->bytes[i] == '\0')
				input->bytes[i] = '0';
		}
	}
	input->bytes[input->length] = '\0';
}

static int
read_seeds(const Type *type, int format, Input *seeds)
{
	char	   *copy = strdup(type->seeds);
	int			count = 0;

	for (char *at = strtok(copy, "|"); at != NULL && count < MAX_SEEDS; at = strtok(NULL, "|"))
	{
		char		text[256];
		PGresult   *result;

		snprintf(text, sizeof(text), "SELECT $1::caseload.%s", type->name);
		result = query(text, 1, (const char *const *) &at, format);
		seeds[count].length = PQgetlength(result, 0, 0);
		memcpy(seeds[count].bytes, PQgetvalue(result, 0, 0), (size_t) seeds[count].length);
		count++;
		PQclear(result);
		/* also as it was written, with words that it does not print */
		if (format != BINARY && count < MAX_SEEDS)
		{
			seeds[count].length = (int) strlen(at);
			strcpy(seeds[count++].bytes, at);
		}
	}
	free(copy);
	return count;
}

/* One form of one type; false when something was found. */
static bool
attack(const Type *type, int format, long count, const char *planted)
{
	static Input seeds[MAX_SEEDS];
	static Input inputs[BATCH];
	int			n_seeds = read_seeds(type, format, seeds);
	long		accepted = 0;
	long		refused = 0;
	long		by_state[3] = {0};
	long		findings = 0;
	char		text[512];

	if (format == BINARY)
		snprintf(text, sizeof(text), "SELECT $1::caseload.%s", type->name);
	else if (planted)
		snprintf(text, sizeof(text), planted, type->name);
	else
		snprintf(text, sizeof(text), "SELECT v, v::text::caseload.%s::text, caseload.%s_send(v) = caseload.%s_send(v::text::caseload.%s) FROM (SELECT $1::caseload.%s) x (v)",
				 type->name, type->name, type->name, type->name, type->name);
	PQclear(PQprepare(conn, "", text, 0, NULL));

	for (long done = 0; done < count && findings < 5;)
	{
		int			batch = count - done < BATCH ? (int) (count - done) : BATCH;

		if (!PQenterPipelineMode(conn))
			fail("pipeline");
		for (int i = 0; i < batch; i++)
		{
			const char *value = inputs[i].bytes;

			mutate(&inputs[i], seeds, n_seeds, format);
			if (!PQsendQueryPrepared(conn, "", 1, &value, &inputs[i].length, &format, format) || !PQpipelineSync(conn))
				fail("sending");
		}
		for (int i = 0; i < batch; i++)
		{
			PGresult   *result = PQgetResult(conn);

			if (PQstatus(conn) == CONNECTION_BAD)
			{
				show("the connection was lost", type, format, &inputs[i], PQerrorMessage(conn));
				return false;
			}
			if (PQresultStatus(result) == PGRES_TUPLES_OK)
			{
				accepted++;
				if (format == BINARY)
				{
					if (PQgetlength(result, 0, 0) != inputs[i].length ||
						memcmp(PQgetvalue(result, 0, 0), inputs[i].bytes, (size_t) inputs[i].length) != 0)
					{
						findings++;
						show("it is not sent as it came", type, format, &inputs[i], "");
					}
				}
				else if (strcmp(PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1)) != 0 || strcmp(PQgetvalue(result, 0, 2), "t") != 0)
				{
					findings++;
					show("it is not read as it is printed:", type, format, &inputs[i], PQgetvalue(result, 0, 0));
				}
			}
			else
			{
				const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

				refused++;
				if (sqlstate && strncmp(sqlstate, "22", 2) == 0)
					by_state[0]++;
				else if (sqlstate && strcmp(sqlstate, "08P01") == 0)
					by_state[1]++;
				else if (sqlstate && strncmp(sqlstate, "54", 2) == 0)
					by_state[2]++;
				else
				{
					findings++;
					show("error", type, format, &inputs[i], PQresultErrorMessage(result));
				}
			}
			PQclear(result);
			/* the end of the query, and that of its part of the pipeline */
			while ((result = PQgetResult(conn)) != NULL)
				PQclear(result);
			PQclear(PQgetResult(conn));
		}
		if (!PQexitPipelineMode(conn))
			fail("end of the pipeline");
		done += batch;
	}
	if (findings == 0 && (accepted < count / 200 || refused < count / 200))
	{
		printf("not ok - %s, %s form: %ld accepted and %ld refused is no test\n", type->name, format == BINARY ? "binary" : "text", accepted, refused);
		return false;
	}
	if (findings > 0)
		return false;
	printf("ok - %s, %s form: %ld inputs, %ld accepted and the same again; refused with class 22 %ld, 08P01 %ld, class 54 %ld\n",
		   type->name, format == BINARY ? "binary" : "text", accepted + refused, accepted, by_state[0], by_state[1], by_state[2]);
	fflush(stdout);
	return true;
}

int
main(int argc, char **argv)
{
	bool		good = true;
	PGresult   *result;

	if (argc < 3)
		return 2;
	state = strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		fail("connection");
	PQclear(query("SET client_min_messages = error", 0, NULL, 0));
	/* refused inputs are not news */
	PQclear(query("SET log_min_messages = fatal", 0, NULL, 0));
	for (size_t i = 0; i < LENGTH_OF(types); i++)
	{
		for (int format = 0; format <= BINARY; format++)
			good = attack(&types[i], format, atol(argv[1]), argc > 3 ? argv[3] : NULL) && good;
	}
	result = query("SELECT 1", 0, NULL, 0);
	PQclear(result);
	PQfinish(conn);
	return good ? 0 : 1;
}
