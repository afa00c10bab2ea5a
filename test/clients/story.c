/*
 * story.c
 *		The story told by libpq, every result in binary. Arguments: the district.
 *
 * Text, integers, booleans, dates and moments are decoded here; numbers are
 * asked for as text, since libpq decodes none.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#define MAX_ARGS 8

static PGconn *db;
static const char *district;
static char days[12][24];

/* Noon in UTC, so many days ago. */
static const char *
ago(int n)
{
	time_t		at = time(NULL) / 86400 * 86400 + 43200 - 86400L * n;

	strftime(days[n < 0 ? 11 : n % 11], sizeof(days[0]), "%Y-%m-%dT%H:%M:%SZ", gmtime(&at));
	return days[n < 0 ? 11 : n % 11];
}

static void
fail(const char *what)
{
	fprintf(stderr, "%s: %s", what, PQerrorMessage(db));
	exit(1);
}

/* Run with parameters of unknown type as text, the district first; the result is binary. */
static PGresult *
run(const char *sql, int count, const char *const *args)
{
	const char *values[MAX_ARGS + 1] = {district};

	memcpy(values + 1, args, sizeof(char *) * count);
	return PQexecParams(db, sql, count + 1, NULL, values, NULL, NULL, 1);
}

/* One value, whatever type it has, as text; kept in turn. */
static const char *
value(const PGresult *result, int column)
{
	static char kept[8][256];
	static int	next;
	char	   *said = kept[next++ % 8];
	const char *bytes = PQgetvalue(result, 0, column);

	if (PQfformat(result, column) != 1)
		fail("a result is not binary");
	switch (PQftype(result, column))
	{
		case 16:				/* boolean */
			return *bytes ? "yes" : "no";
		case 20:				/* bigint */
			{
				uint64_t	number;

				memcpy(&number, bytes, 8);
				snprintf(said, sizeof(kept[0]), "%" PRId64, (int64_t) be64toh(number));
				return said;
			}
		case 23:				/* integer */
		case 1082:				/* date: days since 2000-01-01 */
			{
				uint32_t	number;
				time_t		at;

				memcpy(&number, bytes, 4);
				number = ntohl(number);
				if (PQftype(result, column) == 23)
					snprintf(said, sizeof(kept[0]), "%d", (int32_t) number);
				else
				{
					at = ((int32_t) number + 10957L) * 86400;
					strftime(said, sizeof(kept[0]), "%Y-%m-%d", gmtime(&at));
				}
				return said;
			}
		case 1184:				/* timestamptz: microseconds since 2000-01-01 */
			{
				uint64_t	number;
				time_t		at;

				memcpy(&number, bytes, 8);
				at = (int64_t) be64toh(number) / 1000000 + 10957L * 86400;
				strftime(said, sizeof(kept[0]), "%Y-%m-%dT%H:%MZ", gmtime(&at));
				return said;
			}
		case 25:				/* text */
			snprintf(said, sizeof(kept[0]), "%.*s", PQgetlength(result, 0, column), bytes);
			return said;
		default:
			fprintf(stderr, "type %u\n", PQftype(result, column));
			exit(1);
	}
}

#define ARGS(...) (int) (sizeof((const char *[]) {__VA_ARGS__}) / sizeof(char *)), (const char *[]) {__VA_ARGS__}
#define NO_ARGS 0, (const char *[]) {NULL}

/* The first row, which must be there. */
static PGresult *
row(const char *sql, int count, const char *const *args)
{
	PGresult   *result = run(sql, count, args);

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) < 1)
		fail(sql);
	return result;
}

static const char *
one(const char *sql, int count, const char *const *args)
{
	PGresult   *result = row(sql, count, args);
	const char *said = value(result, 0);

	PQclear(result);
	return said;
}

static void
refused(const char *sql, int count, const char *const *args)
{
	PGresult   *result = run(sql, count, args);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state == NULL)
		fail("was not refused");
	if (strcmp(state, "22P02") == 0 && PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) == NULL)
		fail("no hint");
	printf("refused: %s\n", state);
	PQclear(result);
}

static void
tell_flag(void)
{
	PGresult   *r = row("SELECT rule_name, severity, action, state FROM api.flags WHERE district_id = $1", NO_ARGS);

	printf("flag: %s %s %s %s\n", value(r, 0), value(r, 1), value(r, 2), value(r, 3));
	PQclear(r);
}

static void
tell_capacity(const char *dosage)
{
	PGresult   *r = row("SELECT rule_name, verdict, would_be::text, limit_value::text FROM api.check_capacity($1, $2, $3) WHERE rule_name = 'weekly_minutes'",
						ARGS("T", dosage));

	printf("capacity: %s %s, %s of %s\n", value(r, 0), value(r, 1), value(r, 2), value(r, 3));
	PQclear(r);
}

int
main(int argc, char **argv)
{
	static const struct
	{
		int			days;
		const char *status;
	}			events[] = {{0, "attended"}, {10, "no_show"}, {7, "no_show"}, {4, "no_show"}, {1, "attended"}};
	PGresult   *r;
	char		flag[64];

	if (argc != 2)
		return 2;
	district = argv[1];
	/* our schema in the path, as docs/clients.md says, for the operators of our types */
	db = PQconnectdb("options='-c search_path=caseload,public'");
	if (PQstatus(db) != CONNECTION_OK)
		fail("connection");

	(void) one("SELECT api.save_district($1)", NO_ARGS);
	printf("saved: %s", one("SELECT api.save_site($1, $2, level => $3, time_zone => $4)", ARGS("S", "elementary", "America/New_York")));
	printf(" %s", one("SELECT api.save_therapist($1, $2, $3, fte => $4, employed_from => $5, availability => $6)",
					  ARGS("T", "SLP", "1.0", "2026-01-05", "Mon 08:00-12:00")));
	printf(" %s\n", one("SELECT api.save_client($1, $2, site_id => $3, grade => $4)", ARGS("C", "S", "2")));
	printf("episode: %s\n", one("SELECT api.open_episode($1, $2, $3)", ARGS("C", "2025-09-01")));
	printf("service: %s\n", one("SELECT api.save_service($1, $2, $3, $4, $5, $6, starts_on => ($7::timestamptz)::date)", ARGS("V", "C", "SLP", "2x30/week", "T", ago(20))));
	printf("recorded:");
	for (int i = 0; i < 5; i++)
	{
		char		id[8];

		snprintf(id, sizeof(id), "A%d", i);
		printf(" %s", one("SELECT api.record_appointment($1, $2, $3, $4, 30, $5, $6, $7)",
						  ARGS("C", i == 0 ? "2026-03-02T14:00:00Z" : ago(events[i].days), events[i].status, "T", "V", id)));
	}
	printf("\n");
	tell_flag();
	snprintf(flag, sizeof(flag), "%s", one("SELECT flag_id FROM api.flags WHERE district_id = $1", NO_ARGS));
	printf("answered: %s\n", one("SELECT api.dismiss_flag($1, $2, $3)", ARGS(flag, "was in hospital")));
	printf("flags left: %s\n", one("SELECT count(*) FROM api.flags WHERE district_id = $1", NO_ARGS));
	printf("recorded: %s\n", one("SELECT api.record_appointment($1, $2, $3, $4, appointment_id => $5)", ARGS("C", ago(2), "no_show", "A5")));
	tell_flag();
	printf("answered: %s\n", one("SELECT api.acknowledge_flag($1, (SELECT flag_id FROM api.flags WHERE district_id = $1), $2)", ARGS("calling the family")));
	printf("history: %s\n", one("SELECT string_agg(step, ', ' ORDER BY at) FROM api.flag_history($1, $2)", ARGS(flag)));
	printf("recorded: %s\n", one("SELECT api.record_appointment($1, $2, $3, appointment_id => $4)", ARGS("C", ago(-3), "A6")));
	printf("cancelled: %s\n", one("SELECT api.cancel_appointment($1, $2, $3)", ARGS("C", "A6")));
	r = row("SELECT attended, no_shows, strikes, has_upcoming FROM api.client_facts WHERE district_id = $1", NO_ARGS);
	printf("facts: %s attended, %s no-shows, %s strikes, upcoming %s\n", value(r, 0), value(r, 1), value(r, 2), value(r, 3));
	PQclear(r);
	r = row("SELECT therapist_id, clients, weekly_minutes::text, capacity_minutes::text, utilization::text FROM api.workload WHERE district_id = $1", NO_ARGS);
	printf("workload: %s has %s client, %s of %s minutes, utilization %s\n", value(r, 0), value(r, 1), value(r, 2), value(r, 3), value(r, 4));
	PQclear(r);
	tell_capacity("2x30/week");
	tell_capacity("10x30/week");
	r = row("SELECT discipline, therapists, gini::text FROM api.equity WHERE district_id = $1", NO_ARGS);
	printf("equity: %s, %s therapist, gini %s\n", value(r, 0), value(r, 1), value(r, 2));
	PQclear(r);
	printf("employed from: %s\n", one("SELECT employed_from FROM api.therapists WHERE district_id = $1", NO_ARGS));
	r = row("SELECT status, starts_at FROM api.appointments WHERE district_id = $1 AND appointment_id = $2", ARGS("A0"));
	printf("appointment: %s %s\n", value(r, 0), value(r, 1));
	PQclear(r);
	refused("SELECT api.record_appointment($1, $2, $3)", ARGS("nobody", ago(0)));
	refused("SELECT api.save_service($1, $2, $3, $4, $5)", ARGS("W", "C", "SLP", "lots"));

	/* our own types: a dosage is eight bytes, and comes back as it was sent */
	PQclear(run("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES ($1, $2, $3, $4, $5, $6)",
				ARGS("X", "C", "SLP", "1x30/week", "push_in")));
	r = row("SELECT dosage FROM caseload.service WHERE district_id = $1 AND service_id = 'X'", NO_ARGS);
	if (PQgetlength(r, 0, 0) != 8)
		fail("a dosage is not eight bytes");
	{
		const char *values[] = {district, PQgetvalue(r, 0, 0)};
		Oid			types[] = {0, PQftype(r, 0)};
		int			lengths[] = {0, 8};
		int			formats[] = {0, 1};
		PGresult   *s = PQexecParams(db, "UPDATE caseload.service SET dosage = $2 WHERE district_id = $1 AND service_id = 'X' RETURNING dosage::text, delivery::text",
									 2, types, values, lengths, formats, 1);

		if (PQresultStatus(s) != PGRES_TUPLES_OK || PQntuples(s) != 1)
			fail("a binary parameter");
		printf("types: %s %s\n", value(s, 0), value(s, 1));
		PQclear(s);
	}
	PQclear(r);
	/* an array in binary: its head, then for each element its length and eight bytes */
	r = row("SELECT array_agg(dosage ORDER BY dosage) FROM caseload.service WHERE district_id = $1", NO_ARGS);
	if (PQgetlength(r, 0, 0) != 20 + 2 * 12)
		fail("an array of two dosages");
	PQclear(r);
	printf("array: %s\n", one("SELECT array_to_string(array_agg(dosage ORDER BY dosage), ',') FROM caseload.service WHERE district_id = $1", NO_ARGS));
	printf("by name: %s\n", one("SELECT service_id FROM caseload.service WHERE district_id = $1 AND dosage OPERATOR(caseload.>) $2", ARGS("1x30/week")));
	refused("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage) VALUES ($1, $2, $3, $4, $5)", ARGS("Y", "C", "SLP", "lots"));
	printf("by path: %s\n", one("SELECT service_id FROM service WHERE district_id = $1 AND dosage > $2", ARGS("1x30/week")));
	PQfinish(db);
	return 0;
}
