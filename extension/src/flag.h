/*
 * flag.h
 *		Flags: what the rules say, as rows.
 */
#ifndef CL_FLAG_H
#define CL_FLAG_H

#include "activity.h"
#include "key_set.h"
#include "rule.h"

typedef struct FlagCounts
{
	int64		raised;
	int64		resolved;
	int64		unchanged;
	int64		errors;
} FlagCounts;

/* A flag that stands. */
typedef struct StandingFlag
{
	char	   *flag_id;
	int			episode;
	char	   *rule_district;
	char	   *rule_name;
	bool		answered;		/* dismissed, closed or snoozed */
	bool		warns;			/* action warn, and not dismissed */
	DateADT		due_on;
	bool		holds;			/* found by cl_compare_flags() */
	struct StandingFlag *next;
} StandingFlag;

/* Whom a row of facts is about. */
typedef struct FlagSubject
{
	const char *district_id;
	const char *key;
	const char *client_id;		/* NULL: no client's */
	int			episode;		/* 0: none */
} FlagSubject;

/* What is to be written; see flag.c. */
typedef struct FlagChanges FlagChanges;

extern FlagChanges *cl_changes_new(bool for_writing);
extern bool cl_compare_flags(FlagChanges *changes, const RuleProgram *program, const RuleScope *scope,
							 const FlagSubject *subject, StandingFlag *standing);
extern void cl_clear_flags(FlagChanges *changes, const FlagSubject *subject, StandingFlag *standing, DateADT day);
extern bool cl_notify;
extern void cl_changes_write(FlagChanges *changes, FlagCounts *counts);

/* client_flags.c */
extern void cl_flags_after_change(const KeySet *set, const ClientValues *values);
extern void cl_evaluate_clients(const char *district_id, const DateADT *as_of, FlagCounts *counts);

/* subject_flags.c */
extern void cl_evaluate_subject(const char *subject, const char *district_id, const DateADT *as_of, FlagCounts *counts);
extern void cl_sync_subject(const char *subject, KeySet *set);

#endif							/* CL_FLAG_H */
