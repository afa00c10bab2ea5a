/*
 * weighting.h
 *		Weightings: caseloads counted by an expression.
 */
#ifndef CL_WEIGHTING_H
#define CL_WEIGHTING_H

#include "rule.h"

/* What an expression of a weighting can be about. */
typedef enum WeightingSubject
{
	WEIGH_THERAPISTS,
	WEIGH_SERVICES,
	WEIGH_CLIENTS
} WeightingSubject;

#define WEIGHTING_SUBJECTS	3

/* An expression as this backend knows it, compiled. */
typedef struct Weight
{
	char	   *source;			/* NULL: none */
	Bitmapset  *facts;			/* that it uses, as pull_varattnos() numbers them */
	ExprState  *state;			/* NULL: does not compile any more */
	char	   *fault;			/* then: why */
} Weight;

/* A row of the table of weightings. */
typedef struct Weighting
{
	char	   *district_id;	/* "*" = every district */
	char	   *name;
	int32		version;
	DateADT		from;			/* -infinity: open */
	DateADT		until;			/* exclusive; infinity: open */
	char	   *discipline;		/* NULL: any */
	int			decimals;		/* -1: points are not rounded */
	WeightingSubject subject;
	bool		compiled;
	Weight		expression;		/* over the subject's facts */
	Weight		capacity;		/* over those of the therapist */
} Weighting;

typedef struct WeightingSet
{
	MemoryContext context;
	Subject    *subjects[WEIGHTING_SUBJECTS];
	Weighting  *rows;			/* by name */
	int			count;
} WeightingSet;

/* weighting.c */
extern WeightingSet *cl_weightings(void);
extern Weighting *cl_weightings_named(WeightingSet *set, const char *name, int *count);

#endif							/* CL_WEIGHTING_H */
