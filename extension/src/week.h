/*
 * week.h
 *		A week in steps of five minutes, as sets of bits.
 */
#ifndef CL_WEEK_H
#define CL_WEEK_H

#include "availability.h"

#define WEEK_STEP		5		/* minutes */
#define WEEK_STEPS		(CL_MINUTES_PER_WEEK / WEEK_STEP)
#define DAY_STEPS		(CL_MINUTES_PER_DAY / WEEK_STEP)
#define WEEK_WORDS		((WEEK_STEPS + 63) / 64)

typedef struct WeekSet
{
	uint64		words[WEEK_WORDS];
} WeekSet;

static inline bool
week_has(const WeekSet *set, int step)
{
	return (set->words[step / 64] >> (step % 64)) & 1;
}

static inline void
week_add(WeekSet *set, int step)
{
	set->words[step / 64] |= UINT64CONST(1) << (step % 64);
}

static inline void
week_remove(WeekSet *set, int step)
{
	set->words[step / 64] &= ~(UINT64CONST(1) << (step % 64));
}

#endif							/* CL_WEEK_H */
