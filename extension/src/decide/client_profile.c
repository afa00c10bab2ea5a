/*
 * client_profile.c
 *		What a judge looks up where rules ask for a client's profile: how
 *		states count the client, and the minutes of the plan.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "client_judge.h"
#include "query.h"

CachedTable cl_client_table = {
	"client", "client_pkey",
	{"district_id", "client_id", "site_id", "category", "grade", "low_incidence_class", "service_percent", "has_aide",
	"federal_setting", "need_points", NULL}
};

static CachedTable low_incidence_table = {
	"low_incidence_class", "low_incidence_class_pkey", {"class_name", "weight", NULL}
};

static CachedQuery minutes_query = {
	"SELECT minutes FROM caseload._client_minutes($1, $2, $3)", 3, {"text", "text", "date"}
};

static Datum
copy_value(Datum value)
{
	return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

static void
set_fact(Judge *judge, ClientColumn fact, Datum value)
{
	judge->profile[fact - CF_GRADE].value = value;
	judge->profile[fact - CF_GRADE].isnull = false;
}

/* The weight of a low-incidence class; 1 for none. */
static Datum
class_weight(Judge *judge, Datum class_name, bool isnull)
{
	Datum		weight = (Datum) 0;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!isnull)
	{
		if (judge->low_incidence == NULL)
			judge->low_incidence = cl_open_table(&low_incidence_table, AccessShareLock);
		scan = cl_lookup(&low_incidence_table, judge->low_incidence, judge->snapshot, &class_name, 1);
		if ((tuple = systable_getnext(scan)) != NULL)
			weight = copy_value(cl_column_of(&low_incidence_table, judge->low_incidence, tuple, 1, &isnull));
		systable_endscan(scan);
	}
	return weight ? weight : DirectFunctionCall1(int4_numeric, Int32GetDatum(1));
}

/* What stands in the client's row for states to count by. */
void
cl_read_profile(Judge *judge, HeapTuple tuple)
{
	static const struct
	{
		ClientColumn fact;
		int			column;
	}			same[] = {
		{CF_GRADE, CLIENT_GRADE}, {CF_SERVICE_PERCENT, CLIENT_SERVICE_PERCENT}, {CF_HAS_AIDE, CLIENT_HAS_AIDE},
		{CF_FEDERAL_SETTING, CLIENT_FEDERAL_SETTING}, {CF_NEED_POINTS, CLIENT_NEED_POINTS}
	};
	bool		isnull;
	Datum		value;

	for (size_t i = 0; i < lengthof(same); i++)
	{
		NullableDatum *fact = &judge->profile[same[i].fact - CF_GRADE];

		value = cl_column_of(&cl_client_table, judge->client, tuple, same[i].column, &fact->isnull);
		if (fact->isnull)
			fact->value = (Datum) 0;
		else if (same[i].fact == CF_GRADE || same[i].fact == CF_FEDERAL_SETTING)
			fact->value = Int32GetDatum(DatumGetInt16(value));
		else if (same[i].fact == CF_HAS_AIDE)
			fact->value = value;
		else
			fact->value = copy_value(value);
	}
	value = cl_column_of(&cl_client_table, judge->client, tuple, CLIENT_LOW_INCIDENCE_CLASS, &isnull);
	set_fact(judge, CF_LOW_INCIDENCE, BoolGetDatum(!isnull));
	set_fact(judge, CF_CLASS_WEIGHT, class_weight(judge, value, isnull));
}

/* Minutes per week of all services of the client in work; as client_facts() has them. */
void
cl_read_minutes(Judge *judge, NullableDatum *minutes)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;
	Datum		args[3];

	args[0] = CStringGetTextDatum(judge->key.district_id);
	args[1] = CStringGetTextDatum(judge->key.id);
	args[2] = DateADTGetDatum(judge->day);
	cl_enter(&scope);
	if (cl_run(&minutes_query, args, NULL) > 0)
	{
		Datum		value = cl_result(0, 1, &minutes->isnull);

		if (!minutes->isnull)
		{
			MemoryContext oldcontext = MemoryContextSwitchTo(context);

			minutes->value = copy_value(value);
			MemoryContextSwitchTo(oldcontext);
		}
	}
	cl_leave(&scope);
}
