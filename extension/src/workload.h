/*
 * workload.h
 *		What therapists' work is added up in.
 */
#ifndef CL_WORKLOAD_H
#define CL_WORKLOAD_H

#include "policy.h"

/* The categories, in the order of the columns of therapist_workload. */
typedef enum Category
{
	CAT_DIRECT,
	CAT_CONSULT,
	CAT_DOCUMENTATION,
	CAT_PLANNING,
	CAT_EVALUATION,
	CAT_MEETING,
	CAT_TRAVEL,
	CAT_MAKEUP,
	CAT_SUPERVISION,
	CAT_OTHER
} Category;

#define CATEGORIES	(CAT_OTHER + 1)

/* A site as the clients there are counted; they are all in one day. */
typedef struct WorkSite
{
	bool		known;
	const char *site_id;		/* NULL: none is recorded */
	const char *level;
	DateADT		day;
	struct SiteYear *years;
} WorkSite;

/* What holds for a discipline at a site. */
typedef struct SiteYear
{
	const char *discipline;
	WorkPolicies *policies;
	ServiceYear year;
	struct SiteYear *next;
} SiteYear;

/* What a therapist does at a site. */
typedef struct SiteWork
{
	int			site;			/* into Team.sites */
	int			clients;		/* on the caseload */
	int64		direct;			/* millionths of a minute */
	struct SiteWork *next;
} SiteWork;

typedef struct Work
{
	int			services;
	int			clients;
	int			federal_settings;
	int64		minutes[CAT_CONSULT + 1];	/* direct and consult */
	int64		sessions;		/* direct ones, for each client */
	int64		unsaid;			/* client minutes of dosages that do not say sessions */
	int64		client_minutes; /* of the clients on the caseload */
	SiteWork   *sites;
	Numeric		duties[CATEGORIES]; /* NULL: none */
} Work;

/* All therapists of a district, or one, as of a day. */
typedef struct Team
{
	MemoryContext context;
	char	   *district_id;
	bool		today;			/* no as_of */
	DateADT		as_of;
	int			days_back;
	int			asked;
	bool		whole;
	DistrictPolicies *policies;
	struct texts_hash *therapists;
	Work	   *work;			/* one for each of them */
	int			work_size;
	struct texts_hash *clients; /* of each therapist */
	bool	   *on_caseload;	/* one for each of them */
	int			clients_size;
	struct texts_hash *site_ids;
	WorkSite   *sites;			/* the first is none, then one for each of them */
	int			sites_size;
	struct Team *next;
} Team;

extern Team *cl_team_new(MemoryContext parent, const char *district_id, bool today, DateADT as_of, int days_back);
extern void cl_team_read(Team *team, const char *therapist_id);
extern const SiteYear *cl_site_year(Team *team, WorkSite *site, const char *discipline, int length);
extern const Work *cl_team_work(const Team *team, Datum therapist_id);
extern TupleDesc cl_result_type(FunctionCallInfo fcinfo, MemoryContext context, int columns);

/* Millionths as a number. */
static inline Numeric
cl_millionths(int64 value)
{
	return int64_div_fast_to_numeric(value, 6);
}

#endif							/* CL_WORKLOAD_H */
