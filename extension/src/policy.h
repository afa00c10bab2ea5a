/*
 * policy.h
 *		What districts have decided, read once for a query.
 */
#ifndef CL_POLICY_H
#define CL_POLICY_H

#include "cl_compat.h"
#include "utils/date.h"
#include "utils/numeric.h"

/* Policies that are numbers of the workload; the names are in policy.c. */
typedef enum WorkPolicy
{
	WP_WEEKLY_MINUTES_PER_FTE = 0,
	WP_PAID_MINUTES_PER_FTE,
	WP_SESSION_MINUTES,
	WP_NOTE_MINUTES,
	WP_PLANNING_MINUTES,
	WP_REVIEWS_PER_CLIENT_YEAR,
	WP_REVIEW_MINUTES,
	WP_REFERRALS_PER_WEEK,
	WP_EVALUATION_MINUTES,
	WP_SCREENINGS_PER_WEEK,
	WP_SCREENING_MINUTES,
	WP_MEETINGS_PER_CLIENT_YEAR,
	WP_MEETING_MINUTES,
	WP_MEETING_ATTENDANCE,
	WP_MAKEUP_PERCENT,
	WP_HOP_MINUTES,
	WP_TRAVEL_DAYS
} WorkPolicy;

#define WORK_POLICIES	(WP_TRAVEL_DAYS + 1)

/* What turns dosages into weekly minutes. */
typedef struct ServiceYear
{
	int			weeks;
	int			months;
} ServiceYear;

/* A row of policy; "*" as discipline or level: any. */
typedef struct PolicyRow
{
	const char *name;
	const char *discipline;
	const char *level;
	DateADT		from;
	DateADT		until;			/* PG_INT32_MAX: no end */
	const char *value;
} PolicyRow;

/* Does it say something about a policy on a day, for a discipline and a level (NULL: none in particular)? */
static inline bool
policy_fits(const PolicyRow *row, const char *name, const char *discipline, const char *level, DateADT day)
{
	return strcmp(row->name, name) == 0 && row->from <= day && (row->until > day || row->until == PG_INT32_MAX) &&
		(strcmp(row->discipline, "*") == 0 || (discipline != NULL && strcmp(row->discipline, discipline) == 0)) &&
		(strcmp(row->level, "*") == 0 || (level != NULL && strcmp(row->level, level) == 0));
}

typedef struct DistrictPolicies DistrictPolicies;
typedef struct WorkPolicies WorkPolicies;

/* All that a query has asked for; lives in "context". */
typedef struct PolicyBook
{
	MemoryContext context;
	DistrictPolicies *districts;
} PolicyBook;

extern void *cl_query_cache(FmgrInfo *flinfo, Size size, MemoryContext *context);
extern DistrictPolicies *cl_district_policies(PolicyBook *book, const char *district_id);
extern const char *cl_policy_text(const DistrictPolicies *district, const char *policy,
								  const char *discipline, const char *level, DateADT day);
extern WorkPolicies *cl_work_policies(DistrictPolicies *district, const char *discipline, const char *level, DateADT day);
extern Numeric cl_work_policy(WorkPolicies *policies, WorkPolicy policy);
extern ServiceYear cl_service_year(WorkPolicies *policies, const char *site_id);
extern int	cl_service_weeks(DistrictPolicies *district, const char *site_id, DateADT day);

#endif							/* CL_POLICY_H */
