/*
 * scan.h
 *		Read text that people wrote, word by word.
 *
 * For the parsers of our types.  No server header is included: they can also
 * be compiled into a fuzzer.
 */
#ifndef CL_SCAN_H
#define CL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MAX_WORD	16

#define LENGTH_OF(array)	(sizeof(array) / sizeof((array)[0]))

typedef struct Scanner
{
	const char *at;
} Scanner;

static inline void
skip_blanks(Scanner *s)
{
	while (*s->at == ' ' || (*s->at >= '\t' && *s->at <= '\r'))
		s->at++;
}

/* The next run of letters, in lower case; empty when there is none. */
static inline void
scan_word(Scanner *s, char word[MAX_WORD])
{
	size_t		length = 0;

	skip_blanks(s);
	for (;;)
	{
		char		c = *s->at;

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if (c < 'a' || c > 'z')
			break;
		/* a longer word is in no list; keep reading so that it ends */
		if (length < MAX_WORD - 1)
			word[length++] = c;
		s->at++;
	}
	word[length] = '\0';
}

static inline bool
accept_char(Scanner *s, char c)
{
	skip_blanks(s);
	if (*s->at != c)
		return false;
	s->at++;
	return true;
}

/* One of a list of words, or nothing is read. */
static inline bool
accept_word(Scanner *s, const char *const *words, size_t count)
{
	Scanner		ahead = *s;
	char		word[MAX_WORD];

	scan_word(&ahead, word);
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(word, words[i]) == 0)
		{
			*s = ahead;
			return true;
		}
	}
	return false;
}

#endif							/* CL_SCAN_H */
