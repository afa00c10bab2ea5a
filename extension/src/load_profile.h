/*
 * load_profile.h
 *		What a therapist has promised, over all days, as one small value.
 *
 * A profile is a multiset of services: for each rate (discipline, site of
 * the client, dosage, group size) how many services there are, as changes
 * on days.  It holds no minutes, so no other calendar, closure, level of a
 * site or FTE makes it wrong: minutes are reckoned when they are asked for.
 * Services are taken out as they were put in, so triggers keep it exact.
 *
 * Layout after the varlena header, bytes only; numbers are varints, signed
 * ones zigzag:
 *
 *		version		1 byte, CL_LOAD_VERSION
 *		rates		number, then for each, in order:
 *			discipline	length, bytes
 *			site		0 = not recorded, else length + 1, bytes
 *			group size	number
 *			dosage		number, 0 = not recorded
 *			open		services whose first day is open
 *			changes		number, then for each, in order of days: day since
 *						2000-01-01 (signed; after the first, since the one
 *						before), change (signed, not 0)
 *
 * Rates that no service has, and changes that cancel, are left out, so equal
 * multisets are equal bytes.
 */
#ifndef CL_LOAD_PROFILE_H
#define CL_LOAD_PROFILE_H

#include "cl_compat.h"
#include "dosage.h"
#include "utils/date.h"

#define CL_LOAD_VERSION		1

typedef struct varlena LoadProfile;

#define DatumGetLoadProfilePP(d)	((LoadProfile *) PG_DETOAST_DATUM_PACKED(d))

/* Everything that its minutes depend on; the strings are not terminated. */
typedef struct LoadRate
{
	const char *discipline;
	int			discipline_length;
	const char *site;
	int			site_length;	/* -1: not recorded */
	int32		group_size;
	int64		dosage;			/* packed; 0: not recorded */
} LoadRate;

/* From this day on, so many services more (or less). */
typedef struct LoadStep
{
	int			rate;
	DateADT		day;			/* DATEVAL_NOBEGIN: always */
	int32		change;
} LoadStep;

/* A profile in memory.  Steps are in order of rate and day, up to "sorted". */
typedef struct LoadSteps
{
	LoadRate   *rates;
	int			n_rates;
	int			rate_capacity;
	int			sorted_rates;
	LoadStep   *steps;
	int			count;
	int			capacity;
	int			sorted;
} LoadSteps;

extern void cl_load_init(LoadSteps *steps);
extern void cl_load_open(LoadSteps *steps, const LoadProfile *value);
extern void cl_load_receive(LoadSteps *steps, const LoadProfile *value);
extern void cl_load_copy(LoadSteps *copy, const LoadSteps *steps);
extern void cl_load_add(LoadSteps *steps, const LoadRate *rate, DateADT from, DateADT until, int32 change);
extern LoadProfile *cl_load_close(LoadSteps *steps);
extern bool cl_load_any(const LoadProfile *value);
extern bool cl_load_equal(const LoadProfile *a, const LoadProfile *b);
extern int64 cl_load_micros(const LoadRate *rate, int weeks, int months);

#endif							/* CL_LOAD_PROFILE_H */
