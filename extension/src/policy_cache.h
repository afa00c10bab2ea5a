/*
 * policy_cache.h
 *		What holds in a district on a day.
 */
#ifndef CL_POLICY_CACHE_H
#define CL_POLICY_CACHE_H

#include "cl_compat.h"
#include "policy.h"
#include "utils/date.h"

extern const char *cl_policy(const char *district_id, const char *name, const char *discipline,
							 const char *level, DateADT day);
extern DateADT cl_policy_change(const char *district_id, const char *const *names, int n_names, DateADT day);
extern bool cl_cached_year(const char *district_id, const char *discipline, int discipline_length,
						   const char *site_id, int site_length, DateADT day, ServiceYear *year);

#endif							/* CL_POLICY_CACHE_H */
