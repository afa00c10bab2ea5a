/*
 * availability_parse.c
 *		Text of an availability to the minutes of its week and back.
 *
 * People write the hours they can work in many ways; this reads those that
 * can mean one thing only and prints one canonical form.  The grammar stands
 * in docs/availability.md.  What could be read in two ways ("9-5", "1-3pm")
 * is refused: a therapist booked at night is worse than an error.  No server
 * header is included: the file can also be compiled into a fuzzer.
 *
 * Intervals are collected in a map of minutes, which sorts and merges them
 * and needs the same memory for any text.
 *
 * Invariant: what cl_week_print() prints, cl_week_parse() reads as the same
 * minutes.
 */
#include <stdio.h>
#include <string.h>

#include "availability.h"
#include "scan.h"

#define WEEKDAYS	0x1f
#define WEEKEND		0x60
#define EVERY_DAY	0x7f

typedef struct DayWord
{
	const char *word;
	unsigned	days;			/* bit 0 = Monday */
} DayWord;

/* A time of day as it was written. */
typedef struct ClockTime
{
	int			minute;			/* 0 to 1440 */
	bool		half;			/* am or pm is said */
	bool		word;			/* noon, midnight: fits every notation */
	bool		clear;			/* nobody could read another hour */
} ClockTime;

const char *const cl_day_names[CL_WEEKDAYS] = {
	"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"
};

static const DayWord day_words[] = {
	{"mon", 0x01}, {"monday", 0x01}, {"mondays", 0x01},
	{"tue", 0x02}, {"tues", 0x02}, {"tuesday", 0x02}, {"tuesdays", 0x02},
	{"wed", 0x04}, {"weds", 0x04}, {"wednesday", 0x04}, {"wednesdays", 0x04},
	{"thu", 0x08}, {"thur", 0x08}, {"thurs", 0x08}, {"thursday", 0x08}, {"thursdays", 0x08},
	{"fri", 0x10}, {"friday", 0x10}, {"fridays", 0x10},
	{"sat", 0x20}, {"saturday", 0x20}, {"saturdays", 0x20},
	{"sun", 0x40}, {"sunday", 0x40}, {"sundays", 0x40},
	{"daily", EVERY_DAY}, {"weekdays", WEEKDAYS}, {"weekend", WEEKEND}, {"weekends", WEEKEND}
};

static const char *const never_words[] = {"never", "empty"};
static const char *const always_words[] = {"always"};
static const char *const to_words[] = {"to", "until", "till", "through", "thru"};
static const char *const and_words[] = {"and"};
static const char *const noon_words[] = {"noon"};
static const char *const midnight_words[] = {"midnight"};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
accept_days(Scanner *s, unsigned *days)
{
	Scanner		ahead = *s;
	char		word[MAX_WORD];

	scan_word(&ahead, word);
	for (size_t i = 0; i < LENGTH_OF(day_words); i++)
	{
		if (strcmp(word, day_words[i].word) == 0)
		{
			*days = day_words[i].days;
			*s = ahead;
			return true;
		}
	}
	return false;
}

/* The sign between two times or days: a hyphen, a dash (U+2013, U+2014), to. */
static bool
accept_to(Scanner *s)
{
	if (accept_char(s, '-'))
		return true;
	if (strncmp(s->at, "\xe2\x80\x93", 3) == 0 || strncmp(s->at, "\xe2\x80\x94", 3) == 0)
	{
		s->at += 3;
		return true;
	}
	return accept_word(s, to_words, LENGTH_OF(to_words));
}

/* am, pm, a, p, a.m., p.m.; -1 when there is none of them. */
static int
scan_half(Scanner *s)
{
	Scanner		ahead = *s;
	char		word[MAX_WORD];

	scan_word(&ahead, word);
	if ((word[0] != 'a' && word[0] != 'p') ||
		(word[1] != '\0' && strcmp(word + 1, "m") != 0))
		return -1;
	if (word[1] == '\0' && *ahead.at == '.')
	{
		ahead.at++;
		if (*ahead.at != 'm' && *ahead.at != 'M')
			return -1;
		ahead.at++;
	}
	if (*ahead.at == '.')
		ahead.at++;
	*s = ahead;
	return word[0] == 'p';
}

/* Two digits after a colon; false when there are not just two. */
static bool
scan_sixty(Scanner *s, int *number)
{
	if (s->at[0] != ':' || !is_digit(s->at[1]) || !is_digit(s->at[2]) || is_digit(s->at[3]))
		return false;
	*number = (s->at[1] - '0') * 10 + (s->at[2] - '0');
	s->at += 3;
	return *number < 60;
}

/* A time of day; what is wrong goes to *detail. */
static bool
scan_time(Scanner *s, bool is_end, ClockTime *time, const char **detail)
{
	int			digits = 0;
	int			number = 0;
	int			hour;
	int			minute = 0;
	int			second = 0;
	int			half;

	time->half = false;
	time->word = time->clear = true;
	if (accept_word(s, noon_words, LENGTH_OF(noon_words)))
	{
		time->minute = CL_MINUTES_PER_DAY / 2;
		return true;
	}
	if (accept_word(s, midnight_words, LENGTH_OF(midnight_words)))
	{
		time->minute = is_end ? CL_MINUTES_PER_DAY : 0;
		return true;
	}
	time->word = time->clear = false;

	skip_blanks(s);
	while (is_digit(*s->at) && digits < 5)
	{
		number = number * 10 + (*s->at++ - '0');
		digits++;
	}
	if (digits == 0)
	{
		*detail = "After the days come the times, as \"08:00-12:00\".";
		return false;
	}
	if (digits == 3 || digits > 4)
	{
		*detail = "A time is written as 8, 8:30, 08:30 or 0830.";
		return false;
	}
	hour = number;
	if (digits == 4)
	{
		hour = number / 100;
		minute = number % 100;
		time->clear = true;
	}
	else if (*s->at == ':')
	{
		if (!scan_sixty(s, &minute))
		{
			*detail = "After the hour come two digits for the minutes, 00 to 59.";
			return false;
		}
		time->clear = digits == 2;
		/* times of SQL bring their seconds */
		if (*s->at == ':' && (!scan_sixty(s, &second) || second != 0))
		{
			*detail = "Times are whole minutes.";
			return false;
		}
	}
	half = scan_half(s);
	if (half >= 0)
	{
		time->half = time->clear = true;
		if (hour < 1 || hour > 12)
		{
			*detail = "With am or pm, the hour is between 1 and 12.";
			return false;
		}
		hour = hour % 12 + (half ? 12 : 0);
	}
	if (hour > 24 || minute > 59 || (hour == 24 && minute > 0))
	{
		*detail = "A time is between 00:00 and 24:00.";
		return false;
	}
	time->minute = hour * 60 + minute;
	return true;
}

/* Two times; the end is on the next day where it is above 1440. */
static bool
scan_span(Scanner *s, int *begin, int *end, const char **detail)
{
	ClockTime	from;
	ClockTime	to;

	if (!scan_time(s, false, &from, detail))
		return false;
	if (!accept_to(s))
	{
		*detail = "After the time of the beginning comes that of the end, as \"08:00-12:00\".";
		return false;
	}
	if (!scan_time(s, true, &to, detail))
		return false;
	if (from.half != to.half && !from.word && !to.word)
	{
		*detail = "Say am or pm for both times, or for neither.";
		return false;
	}
	if (from.minute == CL_MINUTES_PER_DAY)
	{
		*detail = "Nothing begins at 24:00; write 00:00 of the next day.";
		return false;
	}
	if (from.minute == to.minute)
	{
		*detail = "The times are the same; a whole day is 00:00-24:00.";
		return false;
	}
	if (to.minute < from.minute)
	{
		if (!from.clear || !to.clear)
		{
			*detail = "The end is before the beginning: for the afternoon write 17:00 or 5pm, across midnight as 22:00-02:00.";
			return false;
		}
		to.minute += CL_MINUTES_PER_DAY;
	}
	*begin = from.minute;
	*end = to.minute;
	return true;
}

/* Days, ranges of days and lists of both; a range may go over Sunday. */
static bool
scan_day_list(Scanner *s, unsigned *days, const char **detail)
{
	*days = 0;
	do
	{
		unsigned	first;
		unsigned	last;

		if (!accept_days(s, &first))
		{
			*detail = "An entry begins with days, as \"Mon\", \"Tue,Thu\" or \"Mon-Fri\".";
			return false;
		}
		*days |= first;
		if (!accept_to(s))
			continue;
		if (!accept_days(s, &last) || (first & (first - 1)) != 0 || (last & (last - 1)) != 0)
		{
			*detail = "A range of days goes from one day to another, as \"Mon-Fri\".";
			return false;
		}
		while (first != last)
		{
			first = (first << 1) & EVERY_DAY;
			if (first == 0)
				first = 1;
			*days |= first;
		}
	} while (accept_char(s, ',') || accept_char(s, '/') || accept_char(s, '&') ||
			 accept_word(s, and_words, LENGTH_OF(and_words)));
	(void) accept_char(s, ':');
	return true;
}

static bool
time_follows(const Scanner *s)
{
	Scanner		ahead = *s;

	skip_blanks(&ahead);
	return is_digit(*ahead.at) ||
		accept_word(&ahead, noon_words, LENGTH_OF(noon_words)) ||
		accept_word(&ahead, midnight_words, LENGTH_OF(midnight_words));
}

/* A day and nothing else. */
bool
cl_day_parse(const char *text, int *day)
{
	Scanner		s = {text};
	unsigned	days;

	if (!accept_days(&s, &days) || (days & (days - 1)) != 0)
		return false;
	skip_blanks(&s);
	if (*s.at != '\0')
		return false;
	for (*day = 0; (days >> *day) != 1;)
		(*day)++;
	return true;
}

/* The days and times of a list of entries, to its end. */
static bool
scan_entries(Scanner *s, WeekMap *map, const char **detail)
{
	while (*s->at != '\0')
	{
		unsigned	days;
		bool		closed;
		bool		separated;

		if (!scan_day_list(s, &days, detail))
			return false;
		do
		{
			int			begin;
			int			end;

			if (!scan_span(s, &begin, &end, detail))
				return false;
			for (int day = 0; day < CL_WEEKDAYS; day++)
			{
				if (days & (1u << day))
					cl_week_fill(map, day * CL_MINUTES_PER_DAY + begin, end - begin);
			}
			closed = accept_char(s, ';');
			separated = closed || accept_char(s, ',') || accept_char(s, '&') ||
				accept_word(s, and_words, LENGTH_OF(and_words));
			skip_blanks(s);
			if (separated && *s->at == '\0')
			{
				*detail = "The text ends where another entry should follow.";
				return false;
			}
		} while (separated && !closed && time_follows(s));
	}
	return true;
}

bool
cl_week_parse(const char *text, WeekMap *map, const char **detail)
{
	Scanner		s = {text};

	cl_week_clear(map);
	skip_blanks(&s);
	if (accept_word(&s, always_words, LENGTH_OF(always_words)))
		cl_week_fill(map, 0, CL_MINUTES_PER_WEEK);
	else if (!accept_word(&s, never_words, LENGTH_OF(never_words)))
		return scan_entries(&s, map, detail);

	skip_blanks(&s);
	if (*s.at == '\0')
		return true;
	*detail = "A word that says the whole week stands alone.";
	return false;
}

void
cl_week_clear(WeekMap *map)
{
	memset(map->minute, 0, sizeof(map->minute));
}

/* Takes in up to a week from a minute of the week on, over its end, too. */
void
cl_week_fill(WeekMap *map, int begin, int minutes)
{
	int			rest = begin + minutes - CL_MINUTES_PER_WEEK;

	if (rest > 0)
	{
		memset(map->minute, 1, (size_t) rest);
		minutes -= rest;
	}
	memset(map->minute + begin, 1, (size_t) minutes);
}

/* The points of what was collected, and how many; -1 for too many. */
int
cl_week_points(const WeekMap *map, uint16_t points[CL_MAX_POINTS])
{
	int			count = 0;
	int			at = 0;

	while (at < CL_MINUTES_PER_WEEK)
	{
		/* the next change; a week that is available to its end ends there */
		const unsigned char *found = memchr(map->minute + at, (count & 1) ? 0 : 1,
											(size_t) (CL_MINUTES_PER_WEEK - at));

		if (found == NULL && (count & 1) == 0)
			break;
		at = found ? (int) (found - map->minute) : CL_MINUTES_PER_WEEK;
		if (count == CL_MAX_POINTS)
			return -1;
		points[count++] = (uint16_t) at;
	}
	return count;
}

/*
 * The next piece of the intervals day by day; the reader starts with its
 * points and zeros.  False: there are no more.
 */
bool
cl_next_piece(PieceReader *reader, DayPiece *piece)
{
	int			begin;
	int			end;
	int			midnight;

	if (reader->next >= reader->count)
		return false;
	begin = reader->points[reader->next];
	if (begin < reader->told)
		begin = reader->told;
	end = reader->points[reader->next + 1];
	piece->day = begin / CL_MINUTES_PER_DAY;
	midnight = (piece->day + 1) * CL_MINUTES_PER_DAY;
	if (end > midnight)
		end = reader->told = midnight;
	else
		reader->next += 2;
	piece->begin = begin - piece->day * CL_MINUTES_PER_DAY;
	piece->end = end - piece->day * CL_MINUTES_PER_DAY;
	return true;
}

/* text has CL_WEEK_TEXT_LEN(count) bytes */
void
cl_week_print(const uint16_t *points, int count, char *text)
{
	PieceReader reader = {points, count, 0, 0};
	DayPiece	piece;
	const char *separator = "";

	if (count == 0)
	{
		strcpy(text, "never");
		return;
	}
	if (points[1] - points[0] == CL_MINUTES_PER_WEEK)
	{
		strcpy(text, "always");
		return;
	}
	while (cl_next_piece(&reader, &piece))
	{
		text += sprintf(text, "%s%s %02d:%02d-%02d:%02d", separator, cl_day_names[piece.day],
						piece.begin / 60, piece.begin % 60, piece.end / 60, piece.end % 60);
		separator = ", ";
	}
}
