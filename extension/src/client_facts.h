/*
 * client_facts.h
 *		The facts of a client: what they are made from, and where they stand.
 */
#ifndef CL_CLIENT_FACTS_H
#define CL_CLIENT_FACTS_H

#include "attendance.h"
#include "access/tupdesc.h"

/* The columns of the type client_facts, in order. */
typedef enum ClientColumn
{
	CF_DISTRICT_ID,
	CF_CLIENT_ID,
	CF_EPISODE,
	CF_SITE_ID,
	CF_LEVEL,
	CF_CATEGORY,
	CF_IS_ACTIVE,
	CF_WAITING,
	CF_SERVICES,
	CF_DAYS_ENROLLED,
	CF_WEEKS_ENROLLED,
	CF_APPOINTMENTS,
	CF_ATTENDED,
	CF_LATE,
	CF_NO_SHOWS,
	CF_LATE_CANCELS,
	CF_CLIENT_CANCELS,
	CF_STRIKES,
	CF_UNRESOLVED,
	CF_NO_SHOW_RATE,
	CF_STRIKE_RATE,
	CF_MISSES_IN_WINDOW,
	CF_STRIKES_IN_WINDOW,
	CF_ATTENDED_IN_WINDOW,
	CF_MISS_RUN,
	CF_LONGEST_MISS_RUN,
	CF_CANCEL_RUN,
	CF_ON_TIME_RUN,
	CF_LATE_RUN,
	CF_DAYS_SINCE_ATTENDED,
	CF_DAYS_SINCE_CONTACT,
	CF_DAYS_UNSEEN,
	CF_DAYS_INACTIVE,
	CF_HAS_UPCOMING,
	CF_DAYS_TO_NEXT,
	CF_DAYS_PAST_WARNING,
	CF_DOCUMENTS_OVERDUE,
	CF_DAYS_OVERDUE,
	CF_NOTES_MISSING,
	CF_NOTES_LATE,
	CF_HAS_CONSENT,
	CF_HAS_PLAN,
	CF_PLAN_WITH_CLIENT,
	CF_RECORDS,
	CF_LAST_ATTENDED,
	CF_LAST_CONTACT,
	CF_NEXT_APPOINTMENT,
	CF_GRADE,					/* from here on as ClientInput.profile has them */
	CF_LOW_INCIDENCE,
	CF_CLASS_WEIGHT,
	CF_SERVICE_PERCENT,
	CF_HAS_AIDE,
	CF_FEDERAL_SETTING,
	CF_NEED_POINTS,
	CF_WEEKLY_MINUTES,
	CF_COLUMNS
} ClientColumn;

/* What stands in the client's row, and the minutes of the plan. */
#define CF_PROFILE_COLUMNS	(CF_COLUMNS - CF_GRADE)

/* Of the documents of a client, as _client_documents() counts them. */
typedef struct ClientDocuments
{
	int32		overdue;
	int32		days_overdue;
	int32		notes;
	int32		notes_late;
	bool		consent;
	bool		plan;
	bool		plan_with_client;
	bool		closing_note;
} ClientDocuments;

/* A text that may be NULL (0). */
typedef Datum MaybeText;

/* What the facts of one client in one episode as of a day are made from. */
typedef struct ClientInput
{
	Datum		district_id;
	Datum		client_id;
	int32		episode;
	DateADT		from;			/* first day of the episode; -infinity: not recorded */
	DateADT		as_of;
	int32		window;			/* policy strike_window_days */
	MaybeText	site_id;
	MaybeText	level;
	MaybeText	category;
	int32		services;		/* due on the day */
	int32		waiting_services;	/* of them without a therapist */
	bool		warned;
	DateADT		warning_due;	/* if warned: of the warning that stands */
	ClientDocuments documents;
	NullableDatum profile[CF_PROFILE_COLUMNS];
} ClientInput;

extern void cl_client_facts(AttendanceReader *reader, LocalClock *clock, const ClientInput *in,
							const bool *wanted, Datum *values, bool *nulls);
extern void cl_check_client_facts(TupleDesc tupdesc);
extern void cl_unknown_profile(NullableDatum *profile);

#endif							/* CL_CLIENT_FACTS_H */
