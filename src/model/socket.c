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

int sockets_append(struct sockets *list, struct sockets *more)
{
	int r = 0;

	if (!list->count) {
		sockets_done(list);
		*list = *more;
		*more = (struct sockets){0};
		return 0;
	}
	for (size_t i = 0; i < more->count && r >= 0; i++)
		r = sockets_add(&more->items[i], list);
	return r;
}

void sockets_done(struct sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct sockets){0};
}
