/*
 * server.h
 *		What server.c has for those who call the functions of a server.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include <setjmp.h>

extern sigjmp_buf cl_caught;	/* where an error goes */
extern int	cl_sqlstate;		/* and what it was */

extern void cl_free_all(void);

#endif							/* FUZZ_SERVER_H */
