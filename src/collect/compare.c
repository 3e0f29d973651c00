/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a dump of sock_diag missed, found by the processes that hold it: a walk over all
 * descriptors, which does not depend on the tables of sockets, meets it with all that a dump says.
 */
#include "collect/backends.h"

#include <sys/stat.h>

/* Inode of the first pid namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h). */
#define FIRST_PID_NAMESPACE 0xeffffffc

bool compare_is_telling(const struct collection *c)
{
	struct stat status;

	/* A test knows what it makes up. */
	if (c->sources->iterate)
		return true;
	/* The walk meets the processes of our pid namespace: from the first, all. */
	return c->sources->proc_fd >= 0 &&
	       fstatat(c->sources->proc_fd, "self/ns/pid", &status, 0) == 0 &&
	       status.st_ino == FIRST_PID_NAMESPACE;
}

/** A comparison under way. */
struct comparison {
	const struct collect_part *parts;
	uint8_t protocol;
	struct sockets *list;
	struct cookie_index index;
	struct sockets missed;
};

static int meet(const struct socket *socket, void *userdata)
{
	struct comparison *c = userdata;
	uint32_t states = c->parts[socket->family == AF_INET6].states;
	ssize_t position;

	/* Without a port nobody can reach it, and no dump lists it. */
	if (socket->protocol != c->protocol || !socket->local_port || socket->state >= 32 ||
		!(states >> socket->state & 1))
		return 0;
	position = cookie_index_find(&c->index, socket->cookie);
	if (position < 0)
		return sockets_add(socket, &c->missed);
	c->list->items[position].present &= (uint8_t)~SOCKET_EARLIER;
	return 0;
}

/* What an earlier pass saw, and nobody holds though it had a holder then, has ended. */
static void drop_ended(struct sockets *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (!(list->items[i].present & SOCKET_EARLIER) ||
			!(list->items[i].present & SOCKET_HAS_INODE))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

int collect_compare(struct collection *c, size_t protocol, struct sockets *list)
{
	const struct collect_part *parts = c->request->parts[protocol];
	struct comparison comparison = {
		.parts = parts, .protocol = collect_protocols[protocol].number, .list = list};
	struct cookie_index doubles = {0};
	int r = cookie_index_make(list, &comparison.index, &(size_t){0});

	if (r >= 0)
		r = (c->sources->iterate ? c->sources->iterate : iterate_sockets)(ITERATE_HELD,
			parts[0].states | parts[1].states, meet, &comparison, &c->iteration);
	/* Met once for each descriptor. */
	if (r >= 0)
		r = cookie_index_make(&comparison.missed, &doubles, &(size_t){0});
	if (r >= 0) {
		drop_ended(list);
		r = sockets_append(list, &comparison.missed);
	}
	cookie_index_done(&doubles);
	cookie_index_done(&comparison.index);
	sockets_done(&comparison.missed);
	return r;
}
