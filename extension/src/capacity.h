/*
 * capacity.h
 *		Capacity of therapists at the write.
 */
#ifndef CL_CAPACITY_H
#define CL_CAPACITY_H

extern void cl_capacity_init(void);

#endif							/* CL_CAPACITY_H */
