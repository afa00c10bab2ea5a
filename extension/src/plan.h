/*
 * plan.h
 *		Fair plans: the model of who may take whom, and what is computed of it.
 *
 * Everything behind this header but plan_call.c, plan_read.c and plan_sql.c
 * works on arrays of integers and knows nothing of SQL.  All loads are counted
 * in units (the greatest number of thousandths that divides every load), so no
 * decision depends on an order of additions or on a machine.
 */
#ifndef CL_PLAN_H
#define CL_PLAN_H

#include "cl_compat.h"
#include "utils/palloc.h"

#define CL_NO_THERAPIST		(-1)

/* Of a client: what a plan may do. */
typedef enum ClientState
{
	CLIENT_MOVABLE,
	CLIENT_FORCED,				/* must leave, and somebody else may take */
	CLIENT_SETTLED,				/* nobody else may take */
	CLIENT_LOCKED,
	CLIENT_STRANDED,			/* ought to leave, and nobody can take */
	CLIENT_WAITING				/* has no therapist: no part of a plan */
} ClientState;

/* A group or a push-in session that would relieve a therapist: see plan_options.c. */
typedef struct PlanOption
{
	const char *id;
	int32		therapist;
	bool		push_in;		/* else a group */
	int64		freed;			/* thousandths */
	int32		cost;
	int			n_clients;
	int32	   *client;
} PlanOption;

/*
 * Therapists and clients stand in the order of their ids, and behind the
 * clients the options, who are clients of the therapist n_therapists when they
 * are taken: what belongs to therapists has room for that one, who has no part.
 * A class is a set of therapists that may take the same clients.
 */
typedef struct PlanModel
{
	MemoryContext context;
	/* therapists */
	int			n_therapists;
	const char **therapist;		/* ids */
	int32	   *fte;			/* thousandths; 0: takes nobody, and is no part of the team */
	int32	   *part;			/* the same without what divides all of them */
	int64	   *base;			/* load without clients */
	int64	   *room;			/* nobody is brought above */
	int64	   *capacity;		/* as it was given; -1: none */
	int64	   *reciprocal;		/* of part, times scale; 0 for part 0 */
	int32	   *component;		/* the first therapist whom clients connect with this one */
	/* clients */
	int			n_clients;		/* with options */
	int			n_options;
	const PlanOption *option;
	const char **client;		/* ids */
	const char **label;			/* the client of a service; NULL: ids are those of clients */
	int64	   *weight;
	int32	   *home;			/* today's therapist, or CL_NO_THERAPIST */
	int32	   *cost;			/* of moving */
	uint8	   *state;
	int32	   *class_of;
	/* classes: of class k the members [first[k], first[k + 1]), in order */
	int			n_classes;
	int64	   *first;
	int32	   *member;
	/* the same the other way round: of therapist i the clients who are not fixed */
	int64	   *taker_first;
	int32	   *taker;
	/* what the numbers are in */
	int64		unit;			/* thousandths */
	int64		grid;			/* units that divide every weight */
	int64		scale;			/* reciprocal = scale / part, */
	bool		exact;			/* without a remainder */
	int32		fte_unit;		/* thousandths of a part */
	int64		fte_total;		/* parts of the team */
	int64		pairs;			/* who may take whom, in number */
} PlanModel;

/* Rows as they are read; cl_plan_model() makes the model. */
typedef struct PlanInput
{
	MemoryContext context;
	int			n_therapists;
	const char **therapist;
	int64	   *fte;			/* thousandths */
	int64	   *base;			/* thousandths */
	int64	   *capacity;		/* thousandths; -1: none */
	int			n_clients;
	const char **client;
	const char **label;
	int64	   *weight;			/* thousandths */
	int32	   *home;
	int32	   *cost;			/* 0: not given */
	bool	   *locked;
	int64	   *priority;		/* what a place is worth */
	bool		placing;		/* who waits is what it is about; others stay */
	int64		n_pairs;
	int64		pair_capacity;
	int32	   *pair_client;
	int32	   *pair_therapist;
	int32	   *pair_cost;		/* NULL: pairs have none */
	int64	   *pair_weight;	/* thousandths; -1: the client's */
	int			n_options;
	int			option_capacity;
	PlanOption *option;
	bool	   *in_option;		/* of a client; NULL: there is none */
} PlanInput;

/* What a plan tries to make small: a convex function of each load. */
typedef struct PlanObjective
{
	int64	   *low;			/* a load below or above is out of the band; NULL: no band */
	int64	   *high;
	int64	   *penalty;		/* of a unit out of the band; the same in a component */
} PlanObjective;

/* A plan in work: where everybody is. */
typedef struct PlanWork
{
	const PlanModel *model;
	PlanObjective objective;
	int32	   *at;				/* of a client, the therapist */
	int64	   *load;			/* of a therapist */
	int32	   *head;			/* of a therapist, the first client who is not fixed */
	int32	   *next;			/* of a client, the next */
	int32	   *previous;
	int			moves;			/* clients who are not at home */
	int64		cost;			/* of their moves */
	int64		out_of_band;	/* units */
	int128		ssq;			/* sum of reciprocal * load^2 */
	int64		evaluations;
	int64		glances;		/* which are cheaper, and not counted as such */
	int64		evaluation_limit;	/* 0: none */
	int64		deadline;		/* microseconds on the clock of cl_plan_clock(); 0: none */
	bool		out_of_time;
	bool		out_of_evaluations;
} PlanWork;

/* A set of therapists with the same fair share. */
typedef struct FairBlock
{
	int			n;
	int32	   *member;			/* in order */
	int64		load;			/* that they carry together, */
	int64		parts;			/* on so many parts of an FTE */
	int32		component;
	int			heavier;		/* next heavier block of the component; -1: none */
} FairBlock;

typedef struct FairShare
{
	int			n_blocks;		/* heaviest of a component first */
	FairBlock  *block;
	int32	   *block_of;		/* -1: no part of the team */
} FairShare;

/* A step of a plan: moves that go together. */
typedef struct PlanStep
{
	int32		client;
	int32		from;
	int32		to;
	int			bundle;			/* counted from 1 */
	int			kind;			/* a PlanKind */
} PlanStep;

typedef enum PlanKind
{
	PLAN_REASSIGN,
	PLAN_SWAP,
	PLAN_CHAIN,
	PLAN_FORCED
} PlanKind;

/* When a plan is good enough, or long enough. */
typedef struct PlanStop
{
	int			max_moves;		/* -1: no limit */
	int64		max_cost;		/* -1: no limit */
	int64		jain;			/* thousandths, enough when the index is not below; 0: none */
	int64		total;			/* what the team carries with nothing freed */
	bool		band;			/* enough when nobody is out of the band */
} PlanStop;

typedef enum PlanEnd
{
	PLAN_END_LOCAL,				/* no single move is good */
	PLAN_END_TARGET,
	PLAN_END_BUDGET,
	PLAN_END_ITERATIONS,
	PLAN_END_TIME
} PlanEnd;

/* A fractional plan, from which the prices of the bounds come. */
typedef struct PlanRelaxation PlanRelaxation;

/* Zeroed memory of any size in the current context. */
static inline void *
cl_plan_allocate(Size size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(size, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The option that a client of the model stands for; NULL: it is a client. */
static inline const PlanOption *
cl_plan_option(const PlanModel *model, int client)
{
	int			first = model->n_clients - model->n_options;

	return client < first ? NULL : &model->option[client - first];
}

/* Called before every evaluation; now and then looks up. */
extern void cl_plan_look_up(PlanWork *state);
static inline void
cl_plan_count(PlanWork *state)
{
	if ((++state->evaluations & 4095) == 0)
		cl_plan_look_up(state);
}

static inline void
cl_plan_glance(PlanWork *state)
{
	if ((++state->glances & 4095) == 0)
		cl_plan_look_up(state);
}

static inline void
cl_plan_count_many(PlanWork *state, int64 n)
{
	int64		before = state->evaluations >> 12;

	state->evaluations += n;
	if (state->evaluations >> 12 != before)
		cl_plan_look_up(state);
}

/* How far a load is out of the band. */
static inline int64
cl_plan_outside(const PlanObjective *objective, int therapist, int64 load)
{
	return Max(load - objective->high[therapist], 0) + Max(objective->low[therapist] - load, 0);
}

/* By how much more is out of the band when a load grows by so much; 0 without a band. */
static inline int64
cl_plan_more_outside(const PlanWork *state, int therapist, int64 by)
{
	int64		load = state->load[therapist];

	if (state->objective.low == NULL || state->model->part[therapist] == 0)
		return 0;
	return cl_plan_outside(&state->objective, therapist, load + by) - cl_plan_outside(&state->objective, therapist, load);
}

/* What the objective grows by when a load of the team grows by so much, or by less than nothing. */
static inline int64
cl_plan_step(const PlanWork *state, int therapist, int64 by)
{
	int64		load = state->load[therapist];
	int64		change = state->model->reciprocal[therapist] * (by * (2 * load + by));

	if (state->objective.low != NULL)
		change += state->objective.penalty[therapist] * cl_plan_more_outside(state, therapist, by);
	return change;
}

/* plan_model.c */
extern PlanModel *cl_plan_model(PlanInput *rows, int64 memory_limit);
extern int64 cl_gcd(int64 a, int64 b);
extern bool cl_plan_may(const PlanModel *model, int client, int therapist);
extern bool cl_plan_fixed(const PlanModel *model, int client);

/* plan_state.c */
extern PlanWork *cl_plan_state(const PlanModel *model);
extern void cl_plan_objective(PlanWork *state, int64 *low, int64 *high);
extern void cl_plan_move(PlanWork *state, int client, int to);
extern int	cl_plan_extra_cost(const PlanWork *state, int client, int to);
extern void cl_plan_place_forced(PlanModel *model, PlanWork *state);
extern int64 cl_plan_clock(void);
extern bool cl_plan_target_met(const PlanWork *state, const PlanStop *stop);
extern int128 cl_plan_target_ssq(const PlanModel *model, const PlanStop *stop, int64 freed);

/* plan_descent.c */
extern PlanEnd cl_plan_descend(PlanWork *state, const PlanStop *stop, const int32 *goal,
							   PlanStep *steps, int *n_steps, int *n_bundles);

/* plan_swap.c */
extern bool cl_plan_swaps(PlanWork *state);
extern bool cl_plan_chains(PlanWork *state);
extern bool cl_plan_save_moves(PlanWork *state);

/* plan_anneal.c */
extern void cl_plan_anneal(PlanWork *state, const PlanStop *stop, int64 seed);

/* plan_order.c */
extern PlanStep *cl_plan_order(PlanModel *model, const PlanWork *goal, const PlanStop *stop,
							   PlanWork **end, int *n_steps, int *n_bundles);

/* plan_fair.c */
extern FairShare *cl_plan_fair(const PlanModel *model, const PlanWork *start, bool freed);

/* plan_bound.c */
extern int128 cl_plan_ssq_bound(const PlanModel *model, const FairShare *fair);
extern bool cl_plan_max_bound(const PlanModel *model, const FairShare *fair, int64 *load, int64 *part, int *block);
extern PlanRelaxation *cl_plan_relax(const PlanModel *model, const PlanWork *start);
extern void cl_plan_relax_more(PlanRelaxation *relaxation, const PlanObjective *band, int64 price, int sweeps);
extern const int64 *cl_plan_relax_prices(const PlanRelaxation *relaxation);
extern int128 cl_plan_price_bound(const PlanRelaxation *relaxation, const PlanObjective *band, int64 price);

/* plan_options.c */
extern void cl_plan_offer_options(PlanModel *model, const PlanWork *today, const FairShare *fair);

/* plan_cover.c */
extern int64 cl_plan_cover_bound(const PlanModel *model, const PlanObjective *band, const int64 *start, int64 move_price, int64 enough);

#endif							/* CL_PLAN_H */
