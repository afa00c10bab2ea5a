/*
 * flag.h
 *		Flags: what the rules say, as rows.
 */
#ifndef CL_FLAG_H
#define CL_FLAG_H

#include "activity.h"
#include "key_set.h"
#include "rule.h"
#include "storage/itemptr.h"

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
	ItemPointerData tid;		/* of its row; invalid when a query found it */
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
	const Attendance *attendance;	/* of the episode, where it is at hand */
	int32		window;			/* if so: policy strike_window_days */
} FlagSubject;

/* A flag to be raised.  The rule is that of a RuleSet, so write soon. */
typedef struct FlagToRaise
{
	const Rule *rule;
	const char *district_id;
	const char *key;
	const char *client_id;		/* NULL: no client's */
	int			episode;
	DateADT		day;
	Attendance *evidence;		/* NULL: not known */
} FlagToRaise;

typedef struct FlagToClear
{
	ItemPointerData tid;		/* may be invalid */
	const char *district_id;
	const char *flag_id;
	const char *why;
	DateADT		day;
} FlagToClear;

/* What is to be written; see flag.c. */
typedef struct FlagChanges FlagChanges;

extern FlagChanges *cl_changes_new(bool for_writing);
extern bool cl_compare_flags(FlagChanges *changes, const RuleProgram *program, const RuleScope *scope,
							 const FlagSubject *subject, StandingFlag *standing);
extern void cl_clear_flags(FlagChanges *changes, const FlagSubject *subject, StandingFlag *standing, DateADT day);
extern bool cl_notify;
extern void cl_changes_write(FlagChanges *changes, FlagCounts *counts);

/* flag_write.c */
extern bool cl_write_flags(const FlagToRaise *raised, int n_raised, const FlagToClear *cleared, int n_cleared,
						   FlagCounts *counts);

/* client_flags.c */
extern void cl_flags_after_change(const KeySet *set, const ClientValues *values);
extern List *cl_evaluate_clients(const char *district_id, const DateADT *as_of, FlagCounts *counts);

/* subject_flags.c */
extern void cl_evaluate_subject(const char *subject, const char *district_id, const DateADT *as_of, FlagCounts *counts);

#endif							/* CL_FLAG_H */
