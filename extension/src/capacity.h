/*
 * capacity.h
 *		Capacity of therapists, asked before the write and decided at the write.
 */
#ifndef CL_CAPACITY_H
#define CL_CAPACITY_H

#include "availability.h"
#include "load.h"
#include "utils/numeric.h"

typedef enum CapacityMode
{
	CAPACITY_OFF = 0,
	CAPACITY_WARN,
	CAPACITY_ERROR
} CapacityMode;

/* What can stand against a service; the names are in capacity_reasons.c. */
typedef enum CapacityRule
{
	RULE_WEEKLY_MINUTES = 0,
	RULE_WEIGHTING,
	RULE_HEADCOUNT,
	RULE_DISCIPLINE,
	RULE_EMPLOYMENT,
	RULE_SCOPE,
	RULE_INDIVIDUAL,
	RULE_EPISODE,
	RULE_LICENCE,
	RULE_AVAILABILITY,
	RULE_REACH,
	RULE_LANGUAGE,
	RULE_SPECIALTY
} CapacityRule;

#define CAPACITY_RULES	(RULE_SPECIALTY + 1)
#define RULE_BIT(rule)	((uint32) 1 << (rule))
/* those that speak of how much somebody has already */
#define LOAD_RULES		(RULE_BIT(RULE_WEEKLY_MINUTES) | RULE_BIT(RULE_WEIGHTING) | RULE_BIT(RULE_HEADCOUNT))
/* those that advise, but never refuse a write */
#define ADVICE_RULES	(RULE_BIT(RULE_AVAILABILITY) | RULE_BIT(RULE_REACH) | RULE_BIT(RULE_LANGUAGE) | RULE_BIT(RULE_SPECIALTY))

typedef struct CapacityLicense
{
	const char *state;
	const char *discipline;
	DateADT		from;
	DateADT		until;
} CapacityLicense;

typedef struct CapacityScope
{
	DateADT		from;
	DateADT		until;
	bool		evaluation_only;
	int			lowest;			/* PG_INT16_MIN: no limit */
	int			highest;		/* PG_INT16_MAX: no limit */
} CapacityScope;

/* A site within reach, or a language or specialty; or a client's need of one. */
typedef struct CapacityWord
{
	CapacityRule rule;			/* RULE_REACH, RULE_LANGUAGE or RULE_SPECIALTY */
	const char *word;
	DateADT		from;
	DateADT		until;
	bool		required;		/* of a need; else it is a wish */
} CapacityWord;

/* The hours of a therapist as clocks in a zone show them in a week. */
typedef struct CapacityHours
{
	const char *zone;
	DateADT		monday;
	Week	   *week;
	struct CapacityHours *next;
} CapacityHours;

/* What is known of a client, whoever the therapist. */
typedef struct CapacityClient
{
	bool		found;
	int			grade;			/* PG_INT16_MIN: not recorded */
	const char *state;			/* that of the client, else of the site; NULL: not recorded */
	ClientFrame frame;
	/* from here on where all reasons are asked for */
	const char *site_id;		/* NULL: not recorded */
	const char *level;
	const char *zone;
	Week	   *hours;			/* NULL: not recorded */
	bool		tele;			/* may be seen by tele */
	CapacityWord *needs;
	int			n_needs;
	const char **served_by;		/* therapists who have services of tier 3 */
	int			n_served_by;
} CapacityClient;

/* What is known of a therapist, whatever the service. */
typedef struct CapacityTherapist
{
	SubjectKey	key;
	Datum		district_id;	/* the same as texts */
	Datum		therapist_id;
	uint64		generation;		/* of the loads when it was read */
	DateADT		today;			/* or the day that is asked about, where the reader is told so */
	bool		dated;
	bool		found;
	const char *discipline;
	const char *state;			/* NULL: not recorded */
	DateADT		employed_from;
	DateADT		employed_until;
	Numeric		fte;			/* NULL: not recorded */
	Numeric		limit;			/* minutes per week; NULL: none */
	int64		limit_micros;
	bool		by_hours;		/* the limit is the hours available */
	CapacityScope *scopes;
	int			n_scopes;
	CapacityLicense *licenses;
	int			n_licenses;
	/* the next ones where all reasons are asked for */
	const char *zone;			/* NULL: not recorded */
	const char *presence;		/* on_site, tele, both; NULL: not recorded */
	Week	   *hours;			/* NULL: not recorded */
	CapacityHours *elsewhere;	/* the same in zones of clients */
	bool		words_known;
	CapacityWord *words;		/* sites within reach, languages, specialties */
	int			n_words;
	CapacityMode mode;
	Numeric		headcount_limit;	/* NULL: none */
	bool		counted;		/* the next two are known */
	int64		most_clients;	/* on any day from today on */
	int64		clients_now;
	const char *weighting;		/* NULL: minutes */
	bool		weighed;		/* the next three are known, as of weighed_day */
	DateADT		weighed_day;
	Numeric		points;			/* NULL: not known */
	Numeric		points_limit;	/* NULL: none */
	LoadSteps	load;
	int64		peak;			/* from today on, in millionths; exact where it is beyond the limit */
	bool		levelled;		/* the next two are known */
	int64		level_now;		/* today */
	int64		level_most;		/* on any day from today on */
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
	bool		is_consult;
	bool		due;			/* on the therapist's today, to an enrolled client; the next two are known */
	int64		micros_now;		/* what it costs a week, in millionths */
	int64		micros_most;	/* on any day */
	int			needed;			/* sessions a week; 0: not reckoned yet */
	int			session;		/* minutes of one */
} CapacityCase;

typedef struct CapacityReason
{
	CapacityRule rule;
	Numeric		limit;			/* NULL: none */
	Numeric		would_be;
	const char *unit;
	bool		over;
	const char *message;
	struct CapacityReason *next;
} CapacityReason;

/* How much is asked. */
typedef enum CapacityAsk
{
	ASK_AGAINST,				/* what stands against a write */
	ASK_ALL,					/* every reason, for and against */
	ASK_WHY,					/* what stands against a pair, with limits and words */
	ASK_WHETHER					/* only which rules do */
} CapacityAsk;

/* Fits of hours: minutes in common, and how many sessions find a place. */
typedef struct CapacityFit
{
	bool		known;			/* the hours of either are */
	int			minutes;
	int			openings;
	int			needed;			/* sessions a week */
	int			session;		/* minutes of one */
} CapacityFit;

extern int	cl_capacity_mode;

extern void cl_capacity_init(void);
extern void cl_capacity_check_rights(void);
extern bool cl_is_individual(Oid delivery);
extern bool cl_is_consult(Oid delivery);
extern void cl_reason_values(const CapacityReason *reason, Datum *values, bool *nulls);
/* capacity_load.c: minutes of a load */
extern int64 cl_peak(const LoadSteps *load, const char *district_id, DateADT from, DateADT until, int64 enough);
extern Numeric cl_micros_numeric(int64 micros);
extern void cl_add_duties(const CapacityTherapist *therapist, LoadSteps *load, Snapshot snapshot);
extern void cl_add_case(LoadSteps *load, const CapacityCase *service, const char *discipline, const ClientFrame *frame);
/* capacity_therapist.c */
extern void cl_read_therapist(CapacityTherapist *therapist, Snapshot snapshot, bool stored);
extern const CapacityScope *cl_valid_scope(const CapacityTherapist *therapist, DateADT day);
extern char *cl_capacity_room(const CapacityTherapist *therapist, const CapacityCase *service, Snapshot snapshot);
/* capacity_fit.c */
extern void cl_read_client(CapacityClient *client, const char *district_id, const char *client_id,
						   Snapshot snapshot, bool all);
extern void cl_read_words(CapacityTherapist *therapist, Snapshot snapshot);
extern Week *cl_therapist_hours(Datum district_id, Datum therapist_id, DateADT day, bool isnull, Datum column,
								Snapshot snapshot);
extern void cl_fit(CapacityTherapist *therapist, const CapacityClient *client, const CapacityCase *service,
				   DateADT day, CapacityFit *fit);
extern bool cl_reaches(const CapacityTherapist *therapist, const CapacityClient *client, DateADT day);
extern void cl_case_sessions(CapacityCase *service, const char *district_id, const char *discipline,
							 const CapacityClient *client, DateADT day);
extern const char *cl_missing_words(const CapacityTherapist *therapist, const CapacityClient *client, CapacityRule rule,
									DateADT day, bool required, bool wanted, int *count);
/* capacity_reasons.c */
extern const char *const cl_rule_names[CAPACITY_RULES];
extern CapacityReason *cl_capacity_reasons(CapacityTherapist *therapist, const CapacityCase *service,
										   CapacityClient *client, Snapshot snapshot, CapacityAsk ask, uint32 *against);

#endif							/* CL_CAPACITY_H */
