/*
 * capacity.h
 *		Capacity of therapists, asked before the write and decided at the write.
 */
#ifndef CL_CAPACITY_H
#define CL_CAPACITY_H

#include "load.h"
#include "utils/numeric.h"

typedef enum CapacityMode
{
	CAPACITY_OFF = 0,
	CAPACITY_WARN,
	CAPACITY_ERROR
} CapacityMode;

/* What is known of a therapist, whatever the service. */
typedef struct CapacityTherapist
{
	SubjectKey	key;
	Datum		district_id;	/* the same as texts */
	Datum		therapist_id;
	uint64		generation;		/* of the loads when it was read */
	DateADT		today;
	bool		found;
	const char *discipline;
	const char *state;			/* NULL: not recorded */
	DateADT		employed_from;
	DateADT		employed_until;
	Numeric		fte;			/* NULL: not recorded */
	Numeric		limit;			/* minutes per week; NULL: none */
	int64		limit_micros;
	bool		by_hours;		/* the limit is the hours available */
	bool		has_scope;
	bool		has_license;
	CapacityMode mode;
	Numeric		headcount_limit;	/* NULL: none */
	bool		counted;		/* most_clients is known */
	int64		most_clients;
	const char *weighting;		/* NULL: minutes */
	bool		weighed;		/* the next three are known, as of weighed_day */
	DateADT		weighed_day;
	Numeric		points;			/* NULL: not known */
	Numeric		points_limit;	/* NULL: none */
	LoadSteps	load;
	int64		peak;			/* from today on, in millionths; exact where it is beyond the limit */
} CapacityTherapist;

/* A service that is to be given by a therapist. */
typedef struct CapacityCase
{
	const char *service_id;		/* NULL: there is none yet */
	const char *client_id;		/* NULL: nobody in particular */
	const char *discipline;		/* NULL: not said */
	bool		individual_required;
	int			tier;
	int64		dosage;
	int32		group_size;
	DateADT		from;
	DateADT		until;
	bool		written;		/* the load holds it already */
} CapacityCase;

typedef struct CapacityReason
{
	const char *rule;
	Numeric		limit;			/* NULL: none */
	Numeric		would_be;
	const char *unit;
	bool		over;
	const char *message;
	struct CapacityReason *next;
} CapacityReason;

extern int	cl_capacity_mode;

extern void cl_capacity_init(void);
/* capacity_load.c: minutes of a load */
extern int64 cl_peak(const LoadSteps *load, const char *district_id, DateADT from, DateADT until, int64 enough);
extern Numeric cl_micros_numeric(int64 micros);
extern void cl_add_duties(const CapacityTherapist *therapist, LoadSteps *load, Snapshot snapshot);
/* capacity_therapist.c */
extern void cl_read_therapist(CapacityTherapist *therapist, Snapshot snapshot, bool stored);
extern char *cl_capacity_room(const CapacityTherapist *therapist, const CapacityCase *service, Snapshot snapshot);
/* capacity_reasons.c */
extern CapacityReason *cl_capacity_reasons(CapacityTherapist *therapist, const CapacityCase *service,
										   Snapshot snapshot, bool all);
extern bool cl_valid_scope(const CapacityTherapist *therapist, DateADT day, Snapshot snapshot,
						   bool *evaluation_only, int *lowest, int *highest);

#endif							/* CL_CAPACITY_H */
