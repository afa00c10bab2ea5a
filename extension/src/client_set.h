/*
 * client_set.h
 *		The clients that a statement touches, in key order.
 */
#ifndef CL_CLIENT_SET_H
#define CL_CLIENT_SET_H

#include "cl_compat.h"

typedef struct ClientKey
{
	const char *district_id;
	const char *client_id;
} ClientKey;

typedef struct ClientSet
{
	MemoryContext context;
	struct clients_hash *hash;
	ClientKey  *keys;
	int			count;
	int			capacity;
} ClientSet;

extern ClientSet *cl_clients_new(void);
extern int	cl_clients_add(ClientSet *set, Datum district_id, Datum client_id);
extern int *cl_clients_sort(ClientSet *set);
extern void cl_clients_lock(const ClientSet *set);
extern Datum cl_clients_districts(const ClientSet *set);
extern Datum cl_clients_ids(const ClientSet *set);
extern int	cl_client_key_cmp(const ClientKey *a, const ClientKey *b);

#endif							/* CL_CLIENT_SET_H */
