/*
 * subject.c
 *		What rules can be about.
 *
 * Four subjects are built in: their facts are row types and functions of
 * caseload.  Owners register others, which are relations of their own, with a
 * row for each thing that a rule can hold for; the relation's row type is
 * what conditions are written over.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/regproc.h"

#include "query.h"
#include "rule.h"

static const struct
{
	const char *name;
	const char *key;
	bool		of_client;
	const char *zone;			/* of a row f of its facts */
}			builtin[] = {
	{"client", "client_id", true,
	"(SELECT s.time_zone FROM caseload.client c JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
	" WHERE c.district_id = f.district_id AND c.client_id = f.client_id)"},
	{"service", "service_id", true,
	"(SELECT s.time_zone FROM caseload.client c JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id"
	" WHERE c.district_id = f.district_id AND c.client_id = f.client_id)"},
	{"therapist", "therapist_id", false,
	"(SELECT t.time_zone FROM caseload.therapist t WHERE t.district_id = f.district_id AND t.therapist_id = f.therapist_id)"},
	{"site", "site_id", false,
	"(SELECT s.time_zone FROM caseload.site s WHERE s.district_id = f.district_id AND s.site_id = f.site_id)"}
};

static CachedQuery subject_query = {
	"SELECT relation, key_columns FROM caseload.subject WHERE subject_name = $1",
	1, {"text"}
};

/* The number of a column of this name and type; 0 when there is none. */
int
cl_find_fact(TupleDesc facts, const char *name, Oid type)
{
	for (int i = 0; i < facts->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(facts, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return !OidIsValid(type) || getBaseType(column->atttypid) == type ? i + 1 : 0;
	}
	return 0;
}

/* 22023 for a subject that there is not. */
static void
refuse_subject(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown subject \"%s\"", name),
			 errhint("Subjects are client, service, therapist, site, and those of register_subject().")));
}

/* Open a subject that somebody registered; false when nobody has. */
static bool
open_registered(Subject *subject)
{
	OwnerScope	scope;
	Datum		name = CStringGetTextDatum(subject->name);
	MemoryContext context = CurrentMemoryContext;
	char	   *relation = NULL;
	Datum	   *keys = NULL;
	int			n_keys = 0;
	Relation	rel;

	/* not installed yet: then nobody has registered anything */
	if (!OidIsValid(get_relname_relid("subject", get_namespace_oid("caseload", false))))
		return false;
	cl_enter(&scope);
	if (cl_run(&subject_query, &name, NULL) > 0)
	{
		MemoryContext oldcontext;
		bool		isnull;
		Datum		array = cl_result(0, 2, &isnull);

		oldcontext = MemoryContextSwitchTo(context);
		relation = TextDatumGetCString(cl_result(0, 1, &isnull));
		deconstruct_array(DatumGetArrayTypePCopy(array), TEXTOID, -1, false, TYPALIGN_INT, &keys, NULL, &n_keys);
		MemoryContextSwitchTo(oldcontext);
	}
	cl_leave(&scope);
	if (relation == NULL)
		return false;

	rel = table_openrv(makeRangeVarFromNameList(stringToQualifiedNameList_compat(relation)), AccessShareLock);
	/* functions in a view run with our rights, so the view must be ours */
	if (rel->rd_rel->relowner != cl_owner())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("relation of subject \"%s\" is not owned by the owner of caseload.client_activity", subject->name)));
	subject->facts = CreateTupleDescCopy(RelationGetDescr(rel));
	subject->facts_relid = RelationGetRelid(rel);
	subject->source = psprintf("(SELECT * FROM %s)", relation);
	subject->registered = true;
	subject->district_column = cl_find_fact(subject->facts, "district_id", TEXTOID);
	for (int i = 0; i < n_keys && i < (int) lengthof(subject->key_columns); i++)
		subject->key_columns[subject->keys++] = cl_find_fact(subject->facts, TextDatumGetCString(keys[i]), InvalidOid);
	table_close(rel, AccessShareLock);

	for (int i = 0; i < subject->keys; i++)
	{
		if (subject->key_columns[i] == 0)
			subject->keys = 0;
	}
	if (subject->district_column == 0 || subject->keys == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the relation of subject \"%s\" lacks district_id or a key column", subject->name),
				 errhint("Register the subject anew: register_subject().")));
	return true;
}

/* The row type of the facts of a built-in subject; InvalidOid when there is none. */
static Oid
builtin_type(const char *name)
{
	char		type_name[NAMEDATALEN];

	snprintf(type_name, sizeof(type_name), "%s_facts", name);
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(type_name), ObjectIdGetDatum(get_namespace_oid("caseload", false)));
}

/*
 * A subject by name, in the current memory context.
 */
Subject *
cl_subject(const char *name)
{
	Subject    *subject = palloc0(sizeof(Subject));

	subject->name = pstrdup(name);
	for (size_t i = 0; i < lengthof(builtin); i++)
	{
		Oid			type;

		if (strcmp(name, builtin[i].name) != 0)
			continue;
		type = builtin_type(name);
		if (!OidIsValid(type))
			refuse_subject(name);
		subject->facts = lookup_rowtype_tupdesc_copy(type, -1);
		subject->facts_relid = get_typ_typrelid(type);
		subject->source = psprintf("caseload.%s_facts($1)", name);
		subject->zone = pstrdup(builtin[i].zone);
		subject->district_column = cl_find_fact(subject->facts, "district_id", TEXTOID);
		subject->key_columns[subject->keys++] = cl_find_fact(subject->facts, builtin[i].key, TEXTOID);
		subject->client_column = builtin[i].of_client ? cl_find_fact(subject->facts, "client_id", TEXTOID) : 0;
		subject->episode_column = cl_find_fact(subject->facts, "episode", INT4OID);
		if (subject->district_column == 0 || subject->key_columns[0] == 0)
			elog(ERROR, "type caseload.%s_facts lacks its key", name);
	}
	if (subject->facts == NULL && !open_registered(subject))
		refuse_subject(name);
	subject->level_column = cl_find_fact(subject->facts, "level", TEXTOID);
	subject->discipline_column = cl_find_fact(subject->facts, "discipline", TEXTOID);
	return subject;
}

/*
 * The row type of a subject's facts, for compiling: which columns are its key
 * is not asked.
 */
TupleDesc
cl_facts_type(const char *subject)
{
	for (size_t i = 0; i < lengthof(builtin); i++)
	{
		Oid			type;

		if (strcmp(subject, builtin[i].name) != 0)
			continue;
		type = builtin_type(subject);
		if (!OidIsValid(type))
			refuse_subject(subject);
		return lookup_rowtype_tupdesc_copy(type, -1);
	}
	return cl_subject(subject)->facts;
}
