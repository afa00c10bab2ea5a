/*
 * cl_compat.h
 *		The only place that knows server versions.
 *
 * The code is written for the newest server; what older ones lack is
 * provided here under the new name.  Nothing else in the tree may test
 * PG_VERSION_NUM.
 */
#ifndef CL_COMPAT_H
#define CL_COMPAT_H

#include "fmgr.h"

/* 16: moved out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * Minor releases before these lack security fixes that we rely on (versioned
 * composite datums among them), and a library built on one side of that line
 * misbehaves on the other.
 */
#ifndef CASELOAD_ALLOW_OLD_MINOR
#if (PG_VERSION_NUM < 150020) || \
	(PG_VERSION_NUM >= 160000 && PG_VERSION_NUM < 160016) || \
	(PG_VERSION_NUM >= 170000 && PG_VERSION_NUM < 170012) || \
	(PG_VERSION_NUM >= 180000 && PG_VERSION_NUM < 180007)
#error "caseload needs PostgreSQL 15.20, 16.16, 17.12, 18.7 or newer (-DCASELOAD_ALLOW_OLD_MINOR overrides for test servers)"
#endif
#endif

/* 16: soft errors of type input functions */
#ifndef ereturn
#define errsave(context, ...) \
	do { (void) (context); ereport(ERROR, __VA_ARGS__); } while (0)
#define ereturn(context, dummy, ...) \
	do { errsave(context, __VA_ARGS__); return dummy; } while (0)
#endif

/* 16: make_range() can fail softly */
#if PG_VERSION_NUM >= 160000
#define make_range_compat(typcache, lower, upper) make_range(typcache, lower, upper, false, NULL)
#else
#define make_range_compat(typcache, lower, upper) make_range(typcache, lower, upper, false)
#endif

/* 16: parseTypeString() can fail softly */
#if PG_VERSION_NUM >= 160000
#define parseTypeString_compat(name, oid, typmod) ((void) parseTypeString(name, oid, typmod, NULL))
#else
#define parseTypeString_compat(name, oid, typmod) parseTypeString(name, oid, typmod, false)
#endif

/* 16: stringToQualifiedNameList() can fail softly */
#if PG_VERSION_NUM >= 160000
#define stringToQualifiedNameList_compat(string) stringToQualifiedNameList(string, NULL)
#else
#define stringToQualifiedNameList_compat(string) stringToQualifiedNameList(string)
#endif

/* 16: rights of all that is no column are asked in one way; before, schemas only */
#if PG_VERSION_NUM < 160000
#define object_aclcheck(classid, objectid, roleid, mode) \
	(AssertMacro((classid) == NamespaceRelationId), pg_namespace_aclcheck(objectid, roleid, mode))
#endif

/* 16: simple_heap_update() tells which indexes need entries; the tuple tells it, too */
#if PG_VERSION_NUM >= 160000
#define simple_heap_update_compat(rel, tid, tuple) \
	do { TU_UpdateIndexes ignored_; simple_heap_update(rel, tid, tuple, &ignored_); } while (0)
#else
#define simple_heap_update_compat(rel, tid, tuple) simple_heap_update(rel, tid, tuple)
#endif

/* 18: an index scan can be instrumented; 19: scans have flags */
#if PG_VERSION_NUM >= 190000
#define index_beginscan_compat(rel, index, snapshot, n_keys) index_beginscan(rel, index, snapshot, NULL, n_keys, 0, 0)
#define table_beginscan_compat(rel, snapshot) table_beginscan(rel, snapshot, 0, NULL, 0)
#elif PG_VERSION_NUM >= 180000
#define index_beginscan_compat(rel, index, snapshot, n_keys) index_beginscan(rel, index, snapshot, NULL, n_keys, 0)
#else
#define index_beginscan_compat(rel, index, snapshot, n_keys) index_beginscan(rel, index, snapshot, n_keys, 0)
#endif
#ifndef table_beginscan_compat
#define table_beginscan_compat(rel, snapshot) table_beginscan(rel, snapshot, 0, NULL)
#endif

/* Have a line of memory brought into the processor's cache. */
#ifdef __GNUC__
#define cl_prefetch(address) __builtin_prefetch(address)
#else
#define cl_prefetch(address) ((void) (address))
#endif

/* 18: functions that do not return are marked in front */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 18: the module tells its name and version */
#ifdef PG_MODULE_MAGIC_EXT
#define CL_MODULE_MAGIC(name_, version_) \
	PG_MODULE_MAGIC_EXT(.name = name_, .version = version_)
#else
#define CL_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC
#endif

#endif							/* CL_COMPAT_H */
