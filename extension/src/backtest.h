/*
 * backtest.h
 *		A condition replayed over past days.
 */
#ifndef CL_BACKTEST_H
#define CL_BACKTEST_H

#include "rule.h"

/* A day on which the condition began or ceased to hold for somebody. */
typedef struct Change
{
	DateADT		day;
	const char *district_id;
	const char *key;
	bool		raised;
} Change;

/* A replay under way. */
typedef struct Replay
{
	MemoryContext context;
	Subject    *subject;
	Bitmapset  *facts;			/* that the condition uses, as pull_varattnos() numbers them */
	ExprState  *condition;
	ExprContext *econtext;
	bool		can_fail;
	DateADT		from;
	DateADT		to;				/* inclusive */
	const char *district_id;	/* NULL: all */
	const char *site_level;		/* whom the condition is meant for; NULL: everybody */
	const char *discipline;
	Change	   *changes;
	int64		count;
	int64		capacity;
	int64		failures;
	DateADT		failed_on;		/* the first of them */
	char	   *fault;
} Replay;

/* backtest.c */
extern bool cl_replay_asks(const Replay *replay, int column);
extern bool cl_replay_holds(Replay *replay, TupleTableSlot *facts);
extern void cl_replay_guarded(Replay *replay, void (*body) (void *), void *arg, DateADT *day, void (*failed) (void *));
extern void cl_replay_change(Replay *replay, DateADT day, const char *district_id, const char *key, bool raised);

/* backtest_clients.c */
extern void cl_replay_clients(Replay *replay);

#endif							/* CL_BACKTEST_H */
