/*
 * dosage.h
 *		How much of a service a plan promises: sessions x minutes / period.
 *
 * A dosage travels as an eight-byte integer, so it is as cheap as a bigint;
 * this header knows nothing of the server, for the parser is fuzzed alone.
 */
#ifndef CL_DOSAGE_H
#define CL_DOSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOSAGE_MAX_SESSIONS		999
#define DOSAGE_MAX_MINUTES		99999
#define DOSAGE_MAX_EVERY		99
#define DOSAGE_TEXT_LEN			48	/* longest printed form, with zero byte */

typedef enum DosageUnit
{
	DOSAGE_WEEK = 0,
	DOSAGE_MONTH,
	DOSAGE_QUARTER,
	DOSAGE_YEAR
} DosageUnit;

#define DOSAGE_UNITS	4

typedef struct Dosage
{
	int			sessions;		/* 0: not said */
	int			minutes;		/* of a session, or of the period */
	int			every;			/* period = this many units */
	DosageUnit	unit;
} Dosage;

typedef enum DosageFault
{
	DOSAGE_GOOD,
	DOSAGE_BAD_SYNTAX,
	DOSAGE_OUT_OF_RANGE
} DosageFault;

/* One sentence on what is wrong goes to *detail, a constant string. */
extern DosageFault cl_dosage_parse(const char *text, Dosage *d, const char **detail);
extern DosageFault cl_dosage_check(const Dosage *d, const char **detail);
extern void cl_dosage_print(const Dosage *d, char text[DOSAGE_TEXT_LEN]);
extern const char *cl_dosage_unit_name(DosageUnit unit);
/* dosage.c, for the server only */
extern Dosage cl_stored_dosage(int64_t packed);

/* Periods of one unit in a service year of so many weeks and months. */
static inline int64_t
cl_dosage_units(DosageUnit unit, int weeks, int months)
{
	switch (unit)
	{
		case DOSAGE_WEEK:
			return weeks;
		case DOSAGE_MONTH:
			return months;
		case DOSAGE_QUARTER:
			return 4;
		case DOSAGE_YEAR:
			return 1;
	}
	return 0;
}

/*
 * An amount a period in millionths a week, one of so many equal shares,
 * rounded half up.  No amount of a dosage overflows.
 */
static inline int64_t
cl_dosage_weekly(const Dosage *d, int64_t amount, int weeks, int months, int shares)
{
	int64_t		dividend = amount * (d->unit == DOSAGE_WEEK ? 1 : cl_dosage_units(d->unit, weeks, months));
	int64_t		divisor = (int64_t) d->every * (d->unit == DOSAGE_WEEK ? 1 : weeks) * shares;

	return (dividend * 2000000 + divisor) / (2 * divisor);
}

static inline int64_t
cl_dosage_pack(const Dosage *d)
{
	return ((int64_t) d->sessions << 40) | ((int64_t) d->unit << 32) |
		((int64_t) d->every << 24) | (int64_t) d->minutes;
}

static inline Dosage
cl_dosage_unpack(int64_t packed)
{
	Dosage		d;

	d.sessions = (int) (packed >> 40);
	d.unit = (DosageUnit) ((packed >> 32) & 0xff);
	d.every = (int) ((packed >> 24) & 0xff);
	d.minutes = (int) (packed & 0xffffff);
	return d;
}

#endif							/* CL_DOSAGE_H */
