/*
 * chance.h
 *		Random numbers of a search.
 *
 * Plans promise the same answer to the same question on every server, so what
 * they draw does not depend on the generator of a version of PostgreSQL.
 */
#ifndef CL_CHANCE_H
#define CL_CHANCE_H

#include "port/pg_bitutils.h"

/* A generator that begins at a seed, whatever it is. */
static inline uint64
cl_chance(int64 seed)
{
	uint64		state = UINT64CONST(88172645463325252) ^ ((uint64) seed * UINT64CONST(0x9E3779B97F4A7C15));

	return state != 0 ? state : 1;
}

/* Random bits (xorshift64*; Vigna 2016). */
static inline uint64
cl_draw(uint64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64CONST(2685821657736338717);
}

static inline int
cl_draw_below(uint64 *state, int n)
{
	return (int) (((cl_draw(state) >> 32) * (uint64) n) >> 32);
}

/* The temperature times a number that is distributed as -log2(u) is, but for a logarithm that is piecewise linear. */
static inline int64
cl_draw_heat(uint64 *state, int64 temperature)
{
	uint64		bits = cl_draw(state) | 1;
	int			zeros = 63 - pg_leftmost_one_pos64(bits);
	int64		logarithm = ((int64) (zeros + 1) << 12) - (int64) (((bits << zeros) >> 51) & 0xFFF);

	return (temperature * logarithm) >> 12;
}

#endif							/* CL_CHANCE_H */
