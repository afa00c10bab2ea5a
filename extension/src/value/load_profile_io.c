/*
 * load_profile_io.c
 *		The SQL face of the type load_profile.
 *
 * Text form: rates between braces, each its discipline and site in double
 * quotes (- for a site that is not recorded), its dosage (-) and group
 * size, then the changes:
 *
 *		{"SLP" "Oak" 2x30/week of 3: -infinity +1, 2026-01-07 +3, 2026-06-20 -3; "SLP" - - of 1: 2026-01-07 +1}
 */
#include "postgres.h"

#include <ctype.h>

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/tuplestore.h"

#include "load_profile.h"

PG_FUNCTION_INFO_V1(load_profile_in);
PG_FUNCTION_INFO_V1(load_profile_out);
PG_FUNCTION_INFO_V1(load_profile_recv);
PG_FUNCTION_INFO_V1(load_profile_send);
PG_FUNCTION_INFO_V1(load_profile_trans);
PG_FUNCTION_INFO_V1(load_profile_final);
PG_FUNCTION_INFO_V1(services_on);

/* ----------------------------------------------------------------- text --- */

static void
skip_blanks(const char **at)
{
	while (isspace((unsigned char) **at))
		(*at)++;
}

static bool
take(const char **at, char wanted)
{
	skip_blanks(at);
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

/* A string in double quotes, or - for none; false when it is neither. */
static bool
read_word(const char **at, const char **word, int *length)
{
	const char *end;
	char	   *copy;
	int			used = 0;

	skip_blanks(at);
	*word = "";
	*length = -1;
	if (**at == '-')
	{
		(*at)++;
		return true;
	}
	if (!take(at, '"'))
		return false;
	/* its end first: room for the rest of the text, for each of its words, is too much */
	for (end = *at; *end != '"'; end++)
	{
		if (*end == '\\')
			end++;
		if (*end == '\0')
			return false;
	}
	copy = palloc(end - *at);
	while (*at < end)
	{
		if (**at == '\\')
			(*at)++;
		copy[used++] = *(*at)++;
	}
	(*at)++;
	*word = copy;
	*length = used;
	return true;
}

static bool
read_integer(const char **at, int64 *number)
{
	char	   *end;

	skip_blanks(at);
	errno = 0;
	*number = strtoll(*at, &end, 10);
	if (end == *at || errno != 0)
		return false;
	*at = end;
	return true;
}

static bool
read_dosage(const char **at, int64 *packed)
{
	const char *end;
	const char *detail;
	char	   *text;
	Dosage		dosage;

	skip_blanks(at);
	end = strstr(*at, " of ");
	if (end == NULL)
		return false;
	text = pnstrdup(*at, end - *at);
	*at = end + 4;
	*packed = 0;
	if (strcmp(text, "-") == 0)
		return true;
	if (cl_dosage_parse(text, &dosage, &detail) != DOSAGE_GOOD)
		return false;
	*packed = cl_dosage_pack(&dosage);
	return true;
}

/* Digits, at least one and at most "most" of them. */
static bool
read_digits(const char **at, int most, int *number)
{
	const char *begin = *at;

	*number = 0;
	while (*at - begin < most && **at >= '0' && **at <= '9')
		*number = *number * 10 + (*(*at)++ - '0');
	return *at > begin;
}

/* yyyy-mm-dd, or -infinity.  Without sscanf(), which looks for the end of the text each time. */
static bool
read_day(const char **at, DateADT *day)
{
	int			year;
	int			month;
	int			day_of_month;
	bool		before;

	skip_blanks(at);
	if (strncmp(*at, "-infinity", 9) == 0)
	{
		*at += 9;
		DATE_NOBEGIN(*day);
		return true;
	}
	before = take(at, '-');
	if (!read_digits(at, 7, &year) || !take(at, '-') ||
		!read_digits(at, 2, &month) || !take(at, '-') ||
		!read_digits(at, 2, &day_of_month))
		return false;
	if (before)
		year = -year;
	if (month < 1 || month > MONTHS_PER_YEAR || day_of_month < 1 || !IS_VALID_JULIAN(year, month, day_of_month) ||
		day_of_month > day_tab[isleap(year)][month - 1])
		return false;
	*day = date2j(year, month, day_of_month) - POSTGRES_EPOCH_JDATE;
	return IS_VALID_DATE(*day);
}

static bool
read_changes(const char **at, LoadSteps *steps, const LoadRate *rate)
{
	do
	{
		DateADT		day;
		DateADT		end;
		int64		change;

		/* the rates before are searched for each change */
		CHECK_FOR_INTERRUPTS();
		DATE_NOEND(end);
		if (!read_day(at, &day) || !read_integer(at, &change) || change == 0 ||
			change < -PG_INT32_MAX || change > PG_INT32_MAX)
			return false;
		cl_load_add(steps, rate, day, end, (int32) change);
	} while (take(at, ','));
	return true;
}

static bool
read_profile(const char *at, LoadSteps *steps)
{
	if (!take(&at, '{'))
		return false;
	if (!take(&at, '}'))
	{
		do
		{
			LoadRate	rate;
			int64		size;

			if (!read_word(&at, &rate.discipline, &rate.discipline_length) || rate.discipline_length < 0 ||
				!read_word(&at, &rate.site, &rate.site_length) ||
				!read_dosage(&at, &rate.dosage) ||
				!read_integer(&at, &size) || size < 1 || size > PG_INT32_MAX)
				return false;
			rate.group_size = (int32) size;
			if (!take(&at, ':') || !read_changes(&at, steps, &rate))
				return false;
		} while (take(&at, ';'));
		if (!take(&at, '}'))
			return false;
	}
	skip_blanks(&at);
	return *at == '\0';
}

/* load_profile_in(cstring) -> load_profile.  22P02, soft where the server can. */
Datum
load_profile_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	LoadSteps	steps;
	LoadProfile *value = NULL;

	cl_load_init(&steps);
	if (read_profile(text, &steps))
		value = cl_load_close(&steps);
	if (value == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "load_profile", text),
				 errhint("Values of this type are made by triggers; rebuild() makes them anew.")));
	PG_RETURN_POINTER(value);
}

static void
append_word(StringInfo text, const char *word, int length)
{
	if (length < 0)
	{
		appendStringInfoChar(text, '-');
		return;
	}
	appendStringInfoChar(text, '"');
	for (int i = 0; i < length; i++)
	{
		if (word[i] == '"' || word[i] == '\\')
			appendStringInfoChar(text, '\\');
		appendStringInfoChar(text, word[i]);
	}
	appendStringInfoChar(text, '"');
}

static void
append_day(StringInfo text, DateADT day)
{
	int			year;
	int			month;
	int			day_of_month;

	if (DATE_IS_NOBEGIN(day))
	{
		appendStringInfoString(text, "-infinity");
		return;
	}
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	appendStringInfo(text, "%04d-%02d-%02d", year, month, day_of_month);
}

Datum
load_profile_out(PG_FUNCTION_ARGS)
{
	LoadSteps	steps;
	StringInfoData text;
	int			rate = -1;

	cl_load_open(&steps, DatumGetLoadProfilePP(PG_GETARG_DATUM(0)));
	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < steps.count; i++)
	{
		const LoadStep *step = &steps.steps[i];

		CHECK_FOR_INTERRUPTS();
		if (step->rate != rate)
		{
			const LoadRate *r = &steps.rates[step->rate];
			char		dosage[DOSAGE_TEXT_LEN] = "-";

			if (r->dosage != 0)
			{
				Dosage		d = cl_dosage_unpack(r->dosage);

				cl_dosage_print(&d, dosage);
			}
			appendStringInfoString(&text, rate < 0 ? "" : "; ");
			append_word(&text, r->discipline, r->discipline_length);
			appendStringInfoChar(&text, ' ');
			append_word(&text, r->site, r->site_length);
			appendStringInfo(&text, " %s of %d: ", dosage, r->group_size);
			rate = step->rate;
		}
		else
			appendStringInfoString(&text, ", ");
		append_day(&text, step->day);
		appendStringInfo(&text, " %+d", step->change);
	}
	appendStringInfoChar(&text, '}');
	PG_RETURN_CSTRING(text.data);
}

/* Binary form: the bytes of the layout, which must be as it would be written. */
Datum
load_profile_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			length = buf->len - buf->cursor;
	LoadProfile *value = palloc(VARHDRSZ + length);
	LoadSteps	steps;
	LoadProfile *written;

	SET_VARSIZE(value, VARHDRSZ + length);
	pq_copymsgbytes(buf, VARDATA(value), length);
	cl_load_receive(&steps, value);
	written = cl_load_close(&steps);
	if (written == NULL || !cl_load_equal(value, written))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "load_profile")));
	PG_RETURN_POINTER(value);
}

Datum
load_profile_send(PG_FUNCTION_ARGS)
{
	LoadProfile *value = DatumGetLoadProfilePP(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* ------------------------------------------------------------ aggregate --- */

static void
copy_word(const char **word, int *length, FunctionCallInfo fcinfo, int argument)
{
	text	   *value;

	*word = "";
	*length = -1;
	if (PG_ARGISNULL(argument))
		return;
	value = PG_GETARG_TEXT_PP(argument);
	*length = VARSIZE_ANY_EXHDR(value);
	*word = pnstrdup(VARDATA_ANY(value), *length);
}

/*
 * load_profile(discipline, site_id, group_size, dosage, from_date, until_date):
 * rows without discipline or group size are skipped; NULL dates are open,
 * the second is the first day on which the service is not due any more.
 */
Datum
load_profile_trans(PG_FUNCTION_ARGS)
{
	LoadSteps  *steps = PG_ARGISNULL(0) ? NULL : (LoadSteps *) PG_GETARG_POINTER(0);
	MemoryContext context;
	MemoryContext oldcontext;
	LoadRate	rate;
	DateADT		from;
	DateADT		until;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "load_profile_trans called in non-aggregate context");
	oldcontext = MemoryContextSwitchTo(context);
	if (steps == NULL)
	{
		steps = palloc(sizeof(LoadSteps));
		cl_load_init(steps);
	}
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(3))
	{
		copy_word(&rate.discipline, &rate.discipline_length, fcinfo, 1);
		copy_word(&rate.site, &rate.site_length, fcinfo, 2);
		rate.group_size = PG_GETARG_INT32(3);
		rate.dosage = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT64(4);
		DATE_NOBEGIN(from);
		DATE_NOEND(until);
		if (!PG_ARGISNULL(5))
			from = PG_GETARG_DATEADT(5);
		if (!PG_ARGISNULL(6))
			until = PG_GETARG_DATEADT(6);
		if (rate.group_size < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("group_size must be positive")));
		cl_load_add(steps, &rate, from, until, 1);
	}
	MemoryContextSwitchTo(oldcontext);
	PG_RETURN_POINTER(steps);
}

/* The profile of the rows; an empty one over no rows. */
Datum
load_profile_final(PG_FUNCTION_ARGS)
{
	LoadSteps	steps;

	if (PG_ARGISNULL(0))
		cl_load_init(&steps);
	else
		cl_load_copy(&steps, (LoadSteps *) PG_GETARG_POINTER(0));
	PG_RETURN_POINTER(cl_load_close(&steps));
}

/*
 * services_on(load, day) -> discipline, site_id, group_size, dosage,
 * services: the services of a profile that are due on a day, by rate.
 */
Datum
services_on(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	DateADT		day = PG_GETARG_DATEADT(1);
	LoadSteps	steps;

	InitMaterializedSRF(fcinfo, 0);
	cl_load_open(&steps, DatumGetLoadProfilePP(PG_GETARG_DATUM(0)));
	for (int i = 0; i < steps.count;)
	{
		const LoadRate *rate = &steps.rates[steps.steps[i].rate];
		int			place = steps.steps[i].rate;
		int64		services = 0;
		Datum		values[5];
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();

		for (; i < steps.count && steps.steps[i].rate == place; i++)
		{
			if (steps.steps[i].day <= day)
				services += steps.steps[i].change;
		}
		if (services == 0)
			continue;
		values[0] = PointerGetDatum(cstring_to_text_with_len(rate->discipline, rate->discipline_length));
		nulls[1] = rate->site_length < 0;
		values[1] = PointerGetDatum(cstring_to_text_with_len(rate->site, Max(rate->site_length, 0)));
		values[2] = Int32GetDatum(rate->group_size);
		nulls[3] = rate->dosage == 0;
		values[3] = Int64GetDatum(rate->dosage);
		values[4] = Int64GetDatum(services);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
