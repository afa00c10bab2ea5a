/*
 * faults.c
 *		Faults of memory and arithmetic, planted by .ci/sanitize and .ci/valgrind into a copy of the library.
 *
 * What looks for such faults must find these: that it finds nothing in the
 * rest says something only then.  Each is an int4 function of an int4, called
 * with 1, which the compiler does not know.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "utils/memutils.h"

#define FAULT(name) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS)

/* A block of its own: larger than what an allocation set divides into chunks. */
#define LARGE	65536

static int	numbers[4] = {1, 2, 3, 4};

FAULT(cl_fault_stack)
{
	volatile int local[4] = {1, 2, 3, 4};

	/* a pointer, since an index is looked at by itself */
	PG_RETURN_INT32(*((volatile int *) local + PG_GETARG_INT32(0) + 3));
}

FAULT(cl_fault_static)
{
	PG_RETURN_INT32(*((volatile int *) numbers + PG_GETARG_INT32(0) + 3));
}

FAULT(cl_fault_index)
{
	volatile int local[4] = {1, 2, 3, 4};

	PG_RETURN_INT32(local[PG_GETARG_INT32(0) + 3]);
}

FAULT(cl_fault_large_overrun)
{
	volatile char *block = palloc(LARGE);

	/* the header of the allocation set stands in front, so that its end is the end of what malloc gave */
	block[LARGE + PG_GETARG_INT32(0) - 1] = 1;
	PG_RETURN_INT32(block[0] != 0);
}

FAULT(cl_fault_large_freed)
{
	volatile char *block = palloc0(LARGE);

	pfree(unvolatize(char *, block));
	PG_RETURN_INT32(block[PG_GETARG_INT32(0)]);
}

/* Memory of a context that was deleted: what outlives a transaction by mistake. */
FAULT(cl_fault_deleted_context)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "caseload fault", ALLOCSET_DEFAULT_SIZES);
	volatile char *block = MemoryContextAllocZero(context, LARGE);

	MemoryContextDelete(context);
	PG_RETURN_INT32(block[PG_GETARG_INT32(0)]);
}

FAULT(cl_fault_signed_overflow)
{
	volatile int most = INT_MAX;

	PG_RETURN_INT32(most + PG_GETARG_INT32(0));
}

FAULT(cl_fault_shift)
{
	PG_RETURN_INT32(1 << (PG_GETARG_INT32(0) + 31));
}

FAULT(cl_fault_misaligned)
{
	char		bytes[16] = {0};

	PG_RETURN_INT32(*(volatile int64 *) (bytes + PG_GETARG_INT32(0)) != 0);
}

/* Only valgrind sees the rest: inside a block of an allocation set, and what was never written. */
FAULT(cl_fault_small_overrun)
{
	volatile char *chunk = palloc(20);

	chunk[19 + PG_GETARG_INT32(0)] = 1;
	PG_RETURN_INT32(0);
}

FAULT(cl_fault_small_freed)
{
	volatile char *chunk = palloc0(20);

	pfree(unvolatize(char *, chunk));
	PG_RETURN_INT32(chunk[PG_GETARG_INT32(0)]);
}

FAULT(cl_fault_unwritten)
{
	volatile char *chunk = palloc(20);

	/* a call, so that it is a branch of ours that depends on it */
	if (chunk[PG_GETARG_INT32(0)] == 'x')
		elog(LOG, "planted");
	PG_RETURN_INT32(0);
}
