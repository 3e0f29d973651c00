/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of sockets that a buffered listing keeps. */
#include "model/socket.h"

#include "util/array.h"

int sockets_add(const struct socket *socket, void *sockets)
{
	struct sockets *list = sockets;
	struct socket *added = ARRAY_ADD(list->items, list->count);

	if (!added)
		return -ENOMEM;
	*added = *socket;
	return 0;
}

void sockets_done(struct sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct sockets){0};
}
