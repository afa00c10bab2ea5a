/*
 * client_judge.h
 *		What a judge of clients holds in his hands.
 */
#ifndef CL_CLIENT_JUDGE_H
#define CL_CLIENT_JUDGE_H

#include "activity.h"
#include "client_facts.h"
#include "flag.h"
#include "table.h"
#include "lib/stringinfo.h"

/* Places in the columns of cl_flag_table. */
enum
{
	FLAG_DISTRICT_ID,
	FLAG_SUBJECT_KEY,
	FLAG_SUBJECT,
	FLAG_EPISODE,
	FLAG_RULE_DISTRICT,
	FLAG_RULE_NAME,
	FLAG_FLAG_ID,
	FLAG_STATE,
	FLAG_SNOOZED_UNTIL,
	FLAG_ACTION,
	FLAG_DUE_ON,
	FLAG_CLEARED_ON
};

/* Places in the columns of cl_client_table. */
enum
{
	CLIENT_SITE_ID = 2,
	CLIENT_CATEGORY,
	CLIENT_GRADE,
	CLIENT_LOW_INCIDENCE_CLASS,
	CLIENT_SERVICE_PERCENT,
	CLIENT_HAS_AIDE,
	CLIENT_FEDERAL_SETTING,
	CLIENT_NEED_POINTS
};

/* Services of a client on a day. */
#define UNSURE	(-1)			/* depends on which day it is there */
typedef struct ServiceCount
{
	int32		due;
	int32		waiting;
} ServiceCount;

/* A row of one of our tables, taken apart. */
typedef struct RowBuffer
{
	Datum	   *values;
	bool	   *nulls;
	Datum		value[CL_TABLE_COLUMNS];	/* by place in CachedTable.columns */
	bool		isnull[CL_TABLE_COLUMNS];
} RowBuffer;

/* What the rules ask for. */
typedef struct ClientAsks
{
	bool		services;
	bool		client;
	bool		window;
	bool		documents;
	bool		profile;
	bool		minutes;
	bool		wanted[CF_COLUMNS];
} ClientAsks;

/* Reads clients and judges them. */
typedef struct Judge
{
	RuleSet    *rules;
	RuleProgram *program;		/* of the district judged last */
	StringInfoData program_district;
	const DateADT *as_of;		/* NULL: today, wherever the client is */
	FlagChanges *changes;
	Snapshot	snapshot;
	Relation	activity;
	Relation	flag;
	Relation	service;
	Relation	client;
	Relation	site;
	Relation	low_incidence;
	TupleTableSlot *slot;		/* a row of facts */
	MemoryContext scratch;		/* reset for each client */
	RowBuffer	row;			/* of flags */
	RowBuffer	activity_row;
	LocalClock	clock;
	char		zone[CL_MAX_ZONE + 1];	/* of the clock */
	int			zone_length;	/* -1: no clock yet */
	const ClientAsks *asks;
	/* window of the district and day looked up last */
	char	   *window_district;
	DateADT		window_day;
	int32		window;
	/* while many are judged: what else would be a look for each */
	KeySet	   *flagged;		/* NULL: look flags up */
	StandingFlag **standing;	/* by place in flagged */
	bool	   *seen;
	KeySet	   *served;			/* NULL: look services up */
	ServiceCount *services;		/* by place in served */
	/* the client in work */
	SubjectKey	key;
	uint32		hash;			/* of the key, while flags or services are in memory */
	DateADT		day;
	bool		client_read;
	Datum		site_id;
	Datum		level;
	Datum		category;
	NullableDatum profile[CF_PROFILE_COLUMNS];
} Judge;

extern CachedTable cl_flag_table;
extern CachedTable cl_service_table;
extern CachedTable cl_client_table;

extern void cl_open_judge(Judge *judge, const DateADT *as_of, FlagChanges *changes);
extern void cl_close_judge(Judge *judge);
extern void cl_deform(const CachedTable *table, Relation rel, HeapTuple tuple, RowBuffer *row);
extern bool cl_text_is(Datum value, const char *string);
extern StandingFlag *cl_make_standing(const RowBuffer *row);
extern StandingFlag *cl_standing_flags(Judge *judge);
extern void cl_begin_client(Judge *judge, const SubjectKey *key);
extern void cl_read_value(Judge *judge, HeapTuple tuple, ActivityValue *value);
extern bool cl_holds_day(Judge *judge, const ActivityValue *value, AttendanceReader *reader);
extern bool cl_judge_episode(Judge *judge, AttendanceReader *reader, const ActivityValue *value, StandingFlag *standing);
extern void cl_read_profile(Judge *judge, HeapTuple tuple);
extern void cl_read_minutes(Judge *judge, NullableDatum *minutes);
extern void cl_judge_client(Judge *judge, const SubjectKey *key, const ClientValues *values);

#endif							/* CL_CLIENT_JUDGE_H */
