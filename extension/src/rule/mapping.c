/*
 * mapping.c
 *		Expressions over the columns of a relation that is attached.
 *
 * The mapping of a source says in SQL what its columns mean.  It is compiled
 * as conditions are, with longer lists: times and zones, texts, uuid, enums
 * and jsonb.  What has passed becomes a column of a view, so it is run by
 * queries, with the rights of the relation's owner and under settings that
 * are pinned; that is why functions that settings guide are let in by name.
 *
 * What depends on the clock is not: a row that means something else tomorrow
 * would have to be read again without anybody touching it.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "rule.h"

PG_FUNCTION_INFO_V1(mapping_type);

static bool mapping_type_allowed(Oid type);

static const Oid mapping_types[] = {
	BOOLOID, INT2OID, INT4OID, INT8OID, FLOAT4OID, FLOAT8OID, NUMERICOID,
	TEXTOID, VARCHAROID, BPCHAROID, CHAROID, NAMEOID, UUIDOID, JSONBOID,
	DATEOID, TIMEOID, TIMESTAMPOID, TIMESTAMPTZOID, INTERVALOID,
	/* what operators of enums, and || of a text and anything, are declared with */
	ANYENUMOID, ANYNONARRAYOID
};

static const char *const mapping_operators[] = {
	"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "@",
	"||", "->", "->>", "?", "~~", "!~~", "~~*", "!~~*"
};

static const char *const mapping_functions[] = {
	"abs", "ceil", "ceiling", "div", "floor", "mod", "round", "sign", "trunc",
	"btrim", "ltrim", "rtrim", "lower", "upper", "length", "char_length", "left", "right", "replace",
	"split_part", "starts_with", "strpos", "position", "substr", "substring", "translate",
	"date_part", "extract", "date_trunc", "timezone", "to_char", "to_date", "to_timestamp", "to_number",
	"make_date", "make_time", "make_timestamp", "make_timestamptz", "make_interval", "isfinite"
};

static const Dialect over_columns = {
	.over = "columns of a source",
	.name = "column",
	.hint = "An expression combines the columns of one row: \"visit_date + visit_time\".",
	.type_hint = "Use numbers, texts, boolean, uuid, jsonb, enums, dates and times.",
	.name_hint = "An expression is over the columns of the relation that is attached.",
	.type_allowed = mapping_type_allowed,
	.operators = mapping_operators,
	.n_operators = lengthof(mapping_operators),
	.functions = mapping_functions,
	.n_functions = lengthof(mapping_functions),
	.reads_text = true
};

/* Of the list, an enum, or a domain over one of them. */
static bool
mapping_type_allowed(Oid type)
{
	for (size_t i = 0; i < lengthof(mapping_types); i++)
	{
		if (mapping_types[i] == type)
			return true;
	}
	if (!OidIsValid(type))
		return false;
	if (type_is_enum(type))
		return true;
	return getBaseType(type) != type && mapping_type_allowed(getBaseType(type));
}

/*
 * Is a literal of a date or time written in digits?  'today' and its like
 * would be the day on which the relation was attached.
 */
bool
cl_is_fixed_moment(const char *source, int location)
{
	const char *at = location < 0 ? NULL : strchr(source + location, '\'');
	const char *dollar = location < 0 ? NULL : strchr(source + location, '$');

	/* quoted by dollars it could hold anything */
	if (at == NULL || (dollar != NULL && dollar < at))
		return false;
	at++;
	while (*at == ' ')
		at++;
	if (*at < '0' || *at > '9')
		return false;
	/* no other letters than those of UTC and AM, no escape or quote in it: '00:00 today' */
	at += strspn(at, "0123456789 :.,+-/ACMPTUZacmptuz");
	if (*at != '\'')
		return false;
	/* nor is it continued */
	at++;
	at += strspn(at, " \t\n\r\f\v");
	return *at != '\'' && strncmp(at, "--", 2) != 0;
}

/*
 * _mapping_type(relation, expression) -> name of its type
 *
 * What the expression over the columns of the relation gives, a domain as
 * what it is over, an enum as "enum".  Errors as of a condition; 42501 for
 * whoever may not read the relation.
 */
Datum
mapping_type(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Expr	   *expression;
	Oid			type;

	if (pg_class_aclcheck(RelationGetRelid(rel), GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rel));
	expression = cl_expression_check_in(&over_columns, source, RelationGetDescr(rel), InvalidOid);
	type = getBaseType(exprType((Node *) expression));
	relation_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(type_is_enum(type) ? "enum" : format_type_be(type)));
}
