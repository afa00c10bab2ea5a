/*
 * cancel.c
 *		How long statements go on after a cancel, and what they leave in memory.
 *
 *		cancel FILE TIMES SEED [LIMIT]
 *
 * Connects as the environment says, as a superuser.  Each statement of FILE
 * is run once to its end, at most for ten seconds, and then TIMES times in a
 * transaction of its own that is cancelled at a random moment: every other
 * time by the client, else by statement_timeout.  The delay is the time from
 * there to the answer, less what the server's process and this one waited for
 * a processor that ran others (/proc/PID/schedstat); more than LIMIT (250) ms is a
 * finding.  Lines that begin with "=" are run twice, and the second time must
 * not add a mebibyte to the process.  A "!" before means that something must
 * be found.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINE	4096
#define LONGEST		10000		/* ms */

static PGconn *conn;
static int	pid;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Time for which a process was ready and others ran, in ms. */
static double
waited_by(int process)
{
	char		path[64];
	double		ran;
	double		ready = 0;
	FILE	   *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", process);
	file = fopen(path, "r");
	if (file != NULL)
	{
		if (fscanf(file, "%lf %lf", &ran, &ready) != 2)
			ready = 0;
		fclose(file);
	}
	return ready / 1e6;
}

/* That of the server's process and of this one, which work in turn. */
static double
waited(void)
{
	return waited_by(pid) + waited_by(getpid());
}

/* Its own pages, in KiB: not those of the shared buffers. */
static long
own_memory(void)
{
	char		path[64];
	char		line[256];
	long		size = -1;
	FILE	   *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		if (sscanf(line, "RssAnon: %ld", &size) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return size;
}

static bool
do_quietly(const char *text)
{
	PGresult   *result = PQexec(conn, text);
	bool		good = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;

	if (!good)
		printf("# %s: %s", text, PQerrorMessage(conn));
	PQclear(result);
	return good;
}

static void
begin(double timeout)
{
	char		text[64];

	snprintf(text, sizeof(text), "BEGIN; SET LOCAL statement_timeout = %d", (int) timeout);
	do_quietly(text);
}

/* The answer to a statement that was sent: "", or its SQLSTATE; its message goes to *message. */
static const char *
answer(char *message, size_t size)
{
	static char state[6];
	PGresult   *result;

	state[0] = '\0';
	while ((result = PQgetResult(conn)) != NULL)
	{
		const char *said = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		{
			snprintf(state, sizeof(state), "%s", said ? said : "?????");
			snprintf(message, size, "%s", PQresultErrorMessage(result));
		}
		PQclear(result);
	}
	return state;
}

static bool
cancel_case(const char *name, const char *statement, int times, double limit, bool twin)
{
	char		message[256] = "";
	double		longest = 0;
	double		longest_raw = 0;
	double		duration;
	int			cancelled = 0;
	const char *state;

	begin(LONGEST);
	duration = now();
	PQsendQuery(conn, statement);
	state = answer(message, sizeof(message));
	duration = now() - duration;
	do_quietly("ROLLBACK");
	if (state[0] != '\0' && strcmp(state, "57014") != 0)
	{
		printf("not ok - %s: %s", name, message);
		return false;
	}
	for (int i = 0; i < times; i++)
	{
		double		target = 1 + duration * 0.97 * (i / 2 + drand48()) / ((times + 1) / 2);
		double		begun;
		double		stalled;
		double		delay;

		begin(i % 2 ? target : 0);
		begun = now();
		PQsendQuery(conn, statement);
		PQflush(conn);
		usleep((useconds_t) (target * 1000));
		/* what was waited for before does not count; nor does it matter when the client woke up */
		stalled = waited();
		if (i % 2 == 0)
		{
			PGcancel   *cancel = PQgetCancel(conn);

			begun = now() - target;
			PQcancel(cancel, message, sizeof(message));
			PQfreeCancel(cancel);
		}
		state = answer(message, sizeof(message));
		delay = now() - begun - target;
		if (strcmp(state, "57014") == 0)
		{
			cancelled++;
			if (delay > longest_raw)
				longest_raw = delay;
			delay -= waited() - stalled;
			if (delay > longest)
				longest = delay;
		}
		else if (state[0] != '\0')
			printf("# %s: %s", name, message);
		if (PQstatus(conn) == CONNECTION_BAD)
		{
			printf("not ok - %s: the connection was lost\n", name);
			exit(1);
		}
		do_quietly("ROLLBACK");
	}
	printf("%s - %-26s runs %7.0f ms, %d of %d cancelled, longest delay %.0f ms (%.0f with the time others ran)\n",
		   (longest <= limit) != twin ? "ok" : "not ok", name, duration, cancelled, times, longest, longest_raw);
	fflush(stdout);
	return (longest <= limit) != twin;
}

static bool
memory_case(const char *name, const char *statement, bool twin)
{
	long		before;
	long		growth;
	bool		good;

	if (!do_quietly(statement))
	{
		printf("not ok - %s\n", name);
		return false;
	}
	before = own_memory();
	do_quietly(statement);
	growth = own_memory() - before;
	good = before > 0 && (growth < 1024) != twin;
	printf("%s - %-26s once more: %ld KiB\n", good ? "ok" : "not ok", name, growth);
	fflush(stdout);
	return good;
}

int
main(int argc, char **argv)
{
	char		line[MAX_LINE];
	bool		good = true;
	FILE	   *file;

	if (argc < 4 || (file = fopen(argv[1], "r")) == NULL)
		return 2;
	srand48(atol(argv[3]));
	conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
	{
		printf("not ok - %s", PQerrorMessage(conn));
		return 1;
	}
	pid = PQbackendPID(conn);
	do_quietly("SET client_min_messages = error");
	do_quietly("SET jit = off");
	do_quietly("SET max_parallel_workers_per_gather = 0");
	while (fgets(line, sizeof(line), file) != NULL)
	{
		bool		twin = line[0] == '!';
		bool		memory = line[twin ? 1 : 0] == '=';
		char	   *name = line + strspn(line, "!= ");
		char	   *statement = strchr(line, '|');

		if (line[0] == '#' || statement == NULL)
			continue;
		for (char *end = statement; end > name && end[-1] == ' '; end--)
			end[-1] = '\0';
		*statement++ = '\0';
		statement[strcspn(statement, "\n")] = '\0';
		if (memory)
			good = memory_case(name, statement, twin) && good;
		else
			good = cancel_case(name, statement, atoi(argv[2]), argc > 4 ? atof(argv[4]) : 250, twin) && good;
	}
	fclose(file);
	PQfinish(conn);
	return good ? 0 : 1;
}
