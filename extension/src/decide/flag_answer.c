/*
 * flag_answer.c
 *		A person's answer to a flag, written as the owner.
 *
 * Who answers flags needs no right to write the table: what a flag says, and
 * who said what about it, must not be his to change.  He must be able to read
 * the flag, also by row security; the rest is one function in SQL, which
 * checks the answer and notes who gave it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/datum.h"

#include "query.h"

PG_FUNCTION_INFO_V1(flag_answer);

static CachedQuery visible_query = {
	.text = "SELECT f.district_id FROM caseload.flag f"
	" WHERE f.flag_id = $1 AND ($2 IS NULL OR f.district_id = $2) LIMIT 1",
	.nargs = 2,
	.types = {"text", "text"}
};

static CachedQuery answer_query = {
	.text = "SELECT caseload._answer($1, $2, $3, $4, $5)",
	.nargs = 5,
	.types = {"text", "text", "text", "text", "date"}
};

/*
 * _answer_flag(flag_id text, district_id text, step text, why text, until date)
 *		returns text
 *
 * The district of the flag, which has been answered.  NULL as the district:
 * whichever has a flag of this id.  Throws P0002 where the caller can see no
 * such flag, 42501 where he may not read flags at all, and what _answer()
 * throws.  Who gave the answer is the outer role, whoever writes it.
 */
Datum
flag_answer(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext oldcontext;
	Datum		values[5];
	char		nulls[5];
	Datum		district = (Datum) 0;
	OwnerScope	scope;
	int			guc_level;
	bool		isnull;

	for (int i = 0; i < 5; i++)
	{
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}

	guc_level = cl_enter_reader(true);
	if (cl_run(&visible_query, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("flag does not exist"),
				 errhint("SELECT flag_id FROM caseload.current_flags lists them; one without an id is written by evaluate().")));
	oldcontext = MemoryContextSwitchTo(context);
	district = datumCopy(cl_result(0, 1, &isnull), false, -1);
	MemoryContextSwitchTo(oldcontext);
	cl_leave_reader(guc_level);

	values[1] = district;
	nulls[1] = ' ';
	cl_enter(&scope);
	(void) cl_run(&answer_query, values, nulls);
	cl_leave(&scope);
	PG_RETURN_DATUM(district);
}
