/*
 * dosage_parse.c
 *		Text of a dosage to its parts and back.
 *
 * Plan authors write "2 x 30 min per week" in a dozen ways; this reads all
 * those that can mean one thing only and prints one canonical form.  The
 * grammar stands in docs/dosage.md.  No server header is included: the file
 * is also compiled into a fuzzer.
 *
 * Invariant: what cl_dosage_parse() accepts, cl_dosage_check() accepts, and
 * printing and parsing it again gives the same parts.
 */
#include <stdio.h>
#include <string.h>

#include "dosage.h"
#include "scan.h"

typedef struct UnitWord
{
	const char *word;
	DosageUnit	unit;
} UnitWord;

static const char *const unit_names[DOSAGE_UNITS] = {
	"week", "month", "quarter", "year"
};

static const UnitWord unit_words[] = {
	{"week", DOSAGE_WEEK}, {"weeks", DOSAGE_WEEK},
	{"wk", DOSAGE_WEEK}, {"wks", DOSAGE_WEEK},
	{"month", DOSAGE_MONTH}, {"months", DOSAGE_MONTH}, {"mo", DOSAGE_MONTH},
	{"quarter", DOSAGE_QUARTER}, {"quarters", DOSAGE_QUARTER}, {"qtr", DOSAGE_QUARTER},
	{"year", DOSAGE_YEAR}, {"years", DOSAGE_YEAR},
	{"yr", DOSAGE_YEAR}, {"yrs", DOSAGE_YEAR}
};

static const UnitWord adverbs[] = {
	{"weekly", DOSAGE_WEEK}, {"monthly", DOSAGE_MONTH},
	{"quarterly", DOSAGE_QUARTER}, {"yearly", DOSAGE_YEAR},
	{"annually", DOSAGE_YEAR}
};

/*
 * A number of at most nine digits; a longer one comes back as more than any
 * limit, so that the caller's range check names it.  False: no digit here.
 */
static bool
scan_number(Scanner *s, int *number)
{
	const char *start;
	long long	n = 0;

	skip_blanks(s);
	start = s->at;
	while (*s->at >= '0' && *s->at <= '9')
	{
		if (n <= 999999999)
			n = n * 10 + (*s->at - '0');
		s->at++;
	}
	*number = (n > 999999999) ? 999999999 : (int) n;
	return s->at != start;
}

static bool
accept_unit(Scanner *s, const UnitWord *list, size_t count, DosageUnit *unit)
{
	Scanner		ahead = *s;
	char		word[MAX_WORD];

	scan_word(&ahead, word);
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(word, list[i].word) == 0)
		{
			*unit = list[i].unit;
			*s = ahead;
			return true;
		}
	}
	return false;
}

/* The sign between sessions and minutes: x, X, *, times, or U+00D7. */
static bool
accept_times(Scanner *s)
{
	static const char *const words[] = {"times"};

	if (accept_char(s, 'x') || accept_char(s, 'X') || accept_char(s, '*'))
		return true;
	if (strncmp(s->at, "\xc3\x97", 2) == 0)
	{
		s->at += 2;
		return true;
	}
	return accept_word(s, words, LENGTH_OF(words));
}

const char *
cl_dosage_unit_name(DosageUnit unit)
{
	return unit_names[unit];
}

DosageFault
cl_dosage_check(const Dosage *d, const char **detail)
{
	if (d->sessions < 0 || d->sessions > DOSAGE_MAX_SESSIONS)
		*detail = "Sessions must be between 1 and 999.";
	else if (d->minutes < 1 || d->minutes > DOSAGE_MAX_MINUTES)
		*detail = "Minutes must be between 1 and 99999.";
	else if (d->every < 1 || d->every > DOSAGE_MAX_EVERY)
		*detail = "The number of weeks, months, quarters or years must be between 1 and 99.";
	else
		return DOSAGE_GOOD;
	return DOSAGE_OUT_OF_RANGE;
}

DosageFault
cl_dosage_parse(const char *text, Dosage *d, const char **detail)
{
	static const char *const minute_words[] = {"min", "mins", "minute", "minutes"};
	static const char *const per_words[] = {"per", "a", "each", "every"};
	Scanner		s = {text};
	bool		sessions_said = false;

	d->sessions = 0;
	d->every = 1;

	if (!scan_number(&s, &d->minutes))
	{
		*detail = "A dosage begins with a number of sessions or minutes.";
		return DOSAGE_BAD_SYNTAX;
	}
	if (accept_times(&s))
	{
		sessions_said = true;
		d->sessions = d->minutes;
		if (!scan_number(&s, &d->minutes))
		{
			*detail = "After the number of sessions comes the number of minutes.";
			return DOSAGE_BAD_SYNTAX;
		}
	}
	(void) accept_word(&s, minute_words, LENGTH_OF(minute_words));

	if (!accept_unit(&s, adverbs, LENGTH_OF(adverbs), &d->unit))
	{
		if (!accept_char(&s, '/') &&
			!accept_word(&s, per_words, LENGTH_OF(per_words)))
		{
			*detail = "After the minutes comes the period.";
			return DOSAGE_BAD_SYNTAX;
		}
		if (!scan_number(&s, &d->every))
			d->every = 1;
		if (!accept_unit(&s, unit_words, LENGTH_OF(unit_words), &d->unit))
		{
			*detail = "The period is a number of weeks, months, quarters or years.";
			return DOSAGE_BAD_SYNTAX;
		}
	}

	skip_blanks(&s);
	if (*s.at != '\0')
	{
		*detail = "There is more text after the period.";
		return DOSAGE_BAD_SYNTAX;
	}
	if (sessions_said && d->sessions == 0)
	{
		*detail = "Sessions must be between 1 and 999.";
		return DOSAGE_OUT_OF_RANGE;
	}
	return cl_dosage_check(d, detail);
}

void
cl_dosage_print(const Dosage *d, char text[DOSAGE_TEXT_LEN])
{
	size_t		length = 0;

	if (d->sessions > 0)
		length = (size_t) snprintf(text, DOSAGE_TEXT_LEN, "%dx", d->sessions);
	if (d->every == 1)
		snprintf(text + length, DOSAGE_TEXT_LEN - length, "%d/%s",
				 d->minutes, unit_names[d->unit]);
	else
		snprintf(text + length, DOSAGE_TEXT_LEN - length, "%d/%d %ss",
				 d->minutes, d->every, unit_names[d->unit]);
}
