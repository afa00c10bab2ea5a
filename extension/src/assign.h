/*
 * assign.h
 *		Places for a whole waiting list: generalised assignment.
 *
 * Clients who wait and the therapists who may take them fall into groups that
 * have nothing to do with each other.  Each is solved by itself, with numbers
 * of its own, so that no group changes what becomes of another.
 */
#ifndef CL_ASSIGN_H
#define CL_ASSIGN_H

#include "plan.h"

/*
 * A group.  Therapists stand in the order of their ids, and behind them, as
 * one more therapist, the list itself: who is there goes on waiting.
 */
typedef struct AssignGroup
{
	const PlanModel *model;
	int			n_therapists;	/* without the list */
	int32	   *therapist;		/* of the model */
	int64	   *room;			/* in grid, as far as it can be filled */
	int64	   *base;			/* load before, in units */
	int			n_clients;
	int32	   *client;			/* of the model */
	int64	   *worth;			/* of a place for the client */
	/* of client j the pairs [first[j], first[j + 1]), by therapist; the last is with the list */
	int32	   *first;
	int32	   *to;
	int64	   *weight;			/* in grid; 0 with the list */
	int64	   *cost;			/* 0 with the list */
	int32	   *pair_of;		/* of client and therapist the pair, or -1; NULL: too many, they are searched */
	int64		grid;			/* units */
	int64		highest_cost;
	/* what came of it */
	int32	   *at;				/* of a client the pair */
	int64		unplaced;		/* worth of those who wait */
	int64		unplaced_bound;
	int64		spent;			/* cost of those who do not */
	int64		cost_bound;
	/* for reasons: the last set of therapists that was widened as far as it goes, or until it was overfull; NULL: none */
	bool	   *widened;
	int64		widened_captive;
	int64		widened_room;
} AssignGroup;

/* A linear model of a group: what pairs cost, and what they take of which room. */
typedef struct AssignCosts
{
	int64	   *cost;
	int64	   *weight;
	int64	   *room;			/* n_therapists + 1 */
	int64	   *price;			/* the best that were found, the costs in them times 2^shift */
	int			shift;
} AssignCosts;

/* An assignment in work. */
typedef struct AssignWork
{
	AssignGroup *group;
	PlanWork   *clock;
	int32	   *at;				/* of a client the pair */
	int64	   *load;			/* of a therapist, in grid */
	/* of a therapist the clients */
	int32	  **member;
	int		   *n_members;
	int		   *capacity;
	int32	   *place;			/* of a client, among the members */
	/* of a client the pairs, best first */
	int32	   *choice;
	int64	   *value;			/* of a pair, with prices */
} AssignWork;

typedef struct AssignSearch AssignSearch;

/* What became of a client. */
typedef enum AssignVerdict
{
	ASSIGN_PLACED,
	ASSIGN_NOBODY_ELIGIBLE,
	ASSIGN_NO_ROOM,				/* not even before anybody is placed */
	ASSIGN_FULL,				/* the witness must take more than it has room for */
	ASSIGN_FRAGMENTED
} AssignVerdict;

/* Why, with whom. */
typedef struct AssignReason
{
	AssignVerdict verdict;
	int32	   *witness;		/* of the model, in order; NULL: none */
	int			n_witness;
	int64		captive;		/* units that only they may take */
	int64		room;			/* units */
	char	   *text;
} AssignReason;

/* assign_group.c */
extern AssignGroup **cl_assign_groups(PlanModel *model, const PlanInput *input, const PlanWork *today, PlanWork *clock, int *n_groups);
extern void cl_assign_solve(AssignGroup *group, int64 evaluations, PlanWork *clock);

/* assign_bound.c */
extern int64 cl_assign_prices(const AssignGroup *group, AssignCosts *costs, int64 upper, int rounds, PlanWork *clock);

/* assign_knapsack.c */
extern int64 cl_assign_knapsacks(const AssignGroup *group, const AssignCosts *costs, int64 upper, int64 cells, PlanWork *clock);

/* assign_search.c */
extern AssignSearch *cl_assign_begin(AssignGroup *group, const AssignCosts *prices, PlanWork *clock);
extern void cl_assign_continue(AssignSearch *search, int64 evaluations);

/* assign_polish.c */
extern AssignWork *cl_assign_work(AssignGroup *group, PlanWork *clock);
extern void cl_assign_put(AssignWork *work, int client, int32 pair);
extern void cl_assign_move(AssignWork *work, int client, int32 pair);
extern int32 cl_assign_pair(const AssignGroup *group, int client, int therapist);
extern int128 cl_assign_squares(const AssignWork *work, int therapist, int64 by);
extern void cl_assign_polish(AssignWork *work);

/* assign_reason.c */
extern AssignReason cl_assign_reason(AssignGroup *group, int client, const PlanWork *today, const PlanWork *end);
extern AssignReason cl_assign_left_out(const PlanModel *model, const PlanInput *input, int client, const PlanWork *today);

#endif							/* CL_ASSIGN_H */
