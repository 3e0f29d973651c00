/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of sockets that a buffered listing keeps. */
#include "model/socket.h"

#include "util/macros.h"

int sockets_add(const struct socket *socket, void *sockets)
{
	struct sockets *list = sockets;

	if (unlikely(list->count == list->capacity)) {
		/* By a half: large blocks are moved by mremap(2), and the slack counts as memory.
		 */
		size_t capacity = list->capacity + list->capacity / 2 + 1024;
		struct socket *grown = reallocarray(list->items, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *socket;
	return 0;
}

void sockets_done(struct sockets *sockets)
{
	free(sockets->items);
	*sockets = (struct sockets){0};
}
