/*
 * availability.h
 *		When somebody can work: a week that repeats, in local minutes.
 *
 * A week has 10080 minutes; minute 0 is Monday 00:00.  An availability is
 * the list of its points: the minutes at which it begins and ends, in turn,
 * strictly ascending, each from 0 to 10080.  So intervals are sorted,
 * disjoint and do not touch, and equal availabilities have equal points.
 * What goes on over Sunday midnight is two intervals, since the list cannot
 * wrap; functions that look at lengths of time join them again.
 *
 * Layout after the varlena header, bytes only, so that a packed (short
 * header, unaligned) datum is read in place:
 *
 *		version		1 byte, CL_AVAILABILITY_VERSION
 *		points		2 bytes each, high byte first
 *
 * Comparing the bytes thus compares the points one after the other.
 *
 * This header knows nothing of the server but for the last part, for the
 * parser can be compiled alone.
 */
#ifndef CL_AVAILABILITY_H
#define CL_AVAILABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_MINUTES_PER_DAY		1440
#define CL_MINUTES_PER_WEEK		10080
#define CL_WEEKDAYS				7
#define CL_MAX_INTERVALS		672	/* one every quarter of an hour */
#define CL_MAX_POINTS			(2 * CL_MAX_INTERVALS)
/* room for the text of n points: midnights may split six times more */
#define CL_WEEK_TEXT_LEN(n)		(((n) / 2 + CL_WEEKDAYS) * 17 + 1)

/* A week minute by minute, to collect intervals in any order. */
typedef struct WeekMap
{
	unsigned char minute[CL_MINUTES_PER_WEEK];	/* 1: available */
} WeekMap;

/* One piece of an interval that lies in one day. */
typedef struct DayPiece
{
	int			day;			/* 0 = Monday */
	int			begin;			/* minutes of the day */
	int			end;
} DayPiece;

typedef struct PieceReader
{
	const uint16_t *points;
	int			count;
	int			next;			/* the interval to tell of */
	int			told;			/* all before this minute has been told */
} PieceReader;

extern const char *const cl_day_names[CL_WEEKDAYS];

extern bool cl_day_parse(const char *text, int *day);
/* One sentence on what is wrong goes to *detail, a constant string. */
extern bool cl_week_parse(const char *text, WeekMap *map, const char **detail);
extern void cl_week_clear(WeekMap *map);
extern void cl_week_fill(WeekMap *map, int begin, int minutes);
extern int	cl_week_points(const WeekMap *map, uint16_t points[CL_MAX_POINTS]);
extern void cl_week_print(const uint16_t *points, int count, char *text);
extern bool cl_next_piece(PieceReader *reader, DayPiece *piece);

/* The rest is for those who include postgres.h before. */
#ifdef C_H

#include "cl_compat.h"

#define CL_AVAILABILITY_VERSION	1

typedef struct varlena Availability;

#define PG_GETARG_AVAILABILITY_PP(n)	((Availability *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(n)))
#define PG_RETURN_AVAILABILITY_P(x)		PG_RETURN_POINTER(x)

/* A value out of its varlena, checked. */
typedef struct Week
{
	int			count;			/* of points, even */
	uint16		point[CL_MAX_POINTS];
} Week;

extern void cl_week_read(const Availability *value, Week *week);
extern Availability *cl_week_write(const uint16 *points, int count);
extern Availability *cl_week_write_map(const WeekMap *map);
extern bool cl_week_covers(const Week *week, int64 begin, int64 end);
extern void cl_week_common(const Week *a, const Week *b, Week *common);
extern int	cl_week_minutes(const Week *week);
extern int	cl_week_openings(const Week *week, int minutes, int step);
pg_noreturn extern void cl_too_many_intervals(void);
/* availability_op.c */
extern Datum availability_minutes(PG_FUNCTION_ARGS);
/* availability_zone.c */
extern Datum availability_at_zone(PG_FUNCTION_ARGS);

#endif							/* C_H */

#endif							/* CL_AVAILABILITY_H */
