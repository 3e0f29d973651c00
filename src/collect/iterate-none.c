/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for the iterators where portscope was built without them. */
#include <stdio.h>

#include "collect/iterate.h"

bool iterate_permitted(struct iteration *iteration)
{
	snprintf(iteration->reason, sizeof(iteration->reason),
		"this portscope was built without it");
	return false;
}

int iterate_sockets(uint8_t protocol, uint32_t states, socket_fn found, void *userdata,
	struct iteration *iteration)
{
	iterate_permitted(iteration);
	return -EOPNOTSUPP;
}
