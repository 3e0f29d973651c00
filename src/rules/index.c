/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host index of the rules: finding listeners by port, and the clients that they took. */
#include <string.h>

#include "rules/rules.h"
#include "util/address.h"

static uint32_t place(uint8_t protocol, uint16_t port)
{
	return (uint32_t)protocol << 16 | port;
}

static uint32_t place_of(const struct rules_listener *l)
{
	return place(l->socket->protocol, l->socket->local_port);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = place_of(a), y = place_of(b);

	return x < y ? -1 : x > y;
}

void rules_index_sort(struct rules_index *index)
{
	if (index->n_listeners)
		qsort(index->listeners, index->n_listeners, sizeof(*index->listeners), compare);
}

/* The first listener that does not stand before `key`. */
static size_t lower_bound(const struct rules_index *index, uint32_t key)
{
	size_t low = 0, high = index->n_listeners;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (place_of(&index->listeners[middle]) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct rules_listener *rules_index_port(
	const struct rules_index *index, uint8_t protocol, uint16_t port, size_t *ret_count)
{
	size_t begin = lower_bound(index, place(protocol, port));

	*ret_count = lower_bound(index, place(protocol, port) + 1) - begin;
	return index->listeners ? index->listeners + begin : NULL;
}

static bool same_socket(const struct socket *a, const struct socket *b)
{
	if (a->present & b->present & SOCKET_HAS_COOKIE)
		return a->cookie == b->cookie;
	return a == b || (a->present & b->present & SOCKET_HAS_INODE && a->inode == b->inode);
}

struct rules_listener *rules_index_find(
	const struct rules_index *index, const struct socket *socket)
{
	uint32_t key = place(socket->protocol, socket->local_port);

	for (size_t i = lower_bound(index, key);
		i < index->n_listeners && place_of(&index->listeners[i]) == key; i++)
		if (same_socket(index->listeners[i].socket, socket))
			return &index->listeners[i];
	return NULL;
}

static bool has_address(const struct socket *listener, const struct socket *s)
{
	const uint8_t *theirs = address_as_ipv4(listener->family, listener->local_address);
	const uint8_t *ours = address_as_ipv4(s->family, s->local_address);

	if (!theirs != !ours)
		return false;
	return theirs ? !memcmp(theirs, ours, 4)
		      : !memcmp(listener->local_address, s->local_address, 16);
}

static bool takes_family(const struct socket *listener, const struct socket *s)
{
	bool ipv4 = address_as_ipv4(s->family, s->local_address) != NULL;

	if (address_as_ipv4(listener->family, listener->local_address))
		return ipv4;
	return !ipv4 || !(listener->present & SOCKET_HAS_V6ONLY && listener->v6only);
}

/* A connection from this host: from loopback, or from the address that it goes to. */
static bool is_local(const struct socket *s)
{
	static const uint8_t loopback[16] = {[15] = 1};
	const uint8_t *ipv4 = address_as_ipv4(s->family, s->remote_address);
	size_t length = s->family == AF_INET ? 4 : 16;

	if (ipv4 ? ipv4[0] == 127 : !memcmp(s->remote_address, loopback, 16))
		return true;
	return !memcmp(s->local_address, s->remote_address, length);
}

static void count_client(struct rules_index *index, const struct socket *s)
{
	size_t n;
	size_t begin = lower_bound(index, place(s->protocol, s->local_port));
	struct rules_listener *l = index->listeners + begin;

	n = lower_bound(index, place(s->protocol, s->local_port) + 1) - begin;
	/* Who listens on the address itself takes what comes there. */
	for (size_t i = 0; i < n; i++)
		if (has_address(l[i].socket, s))
			return;
	for (size_t i = 0; i < n; i++) {
		if (!address_is_wildcard(l[i].socket->family, l[i].socket->local_address) ||
			!takes_family(l[i].socket, s))
			continue;
		if (is_local(s))
			l[i].local_clients++;
		else
			l[i].remote_clients++;
	}
}

/* A connection attempt of this host's own is nobody's client. */
static bool is_client(const struct socket *s)
{
	static const uint32_t states = (PORTSCOPE_STATES_CONNECTED & ~(1u << PORTSCOPE_SYN_SENT)) |
				       1u << PORTSCOPE_TIME_WAIT | 1u << PORTSCOPE_SYN_RECV;

	return s->protocol == IPPROTO_TCP && s->state < 32 && states >> s->state & 1;
}

void rules_index_count_clients(struct rules_index *index, const struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count && index->n_listeners; i++)
		if (is_client(&sockets->items[i]))
			count_client(index, &sockets->items[i]);
}

int rules_index_gather(struct rules_index *index, const struct sockets *sockets)
{
	int r = 0;

	for (size_t i = 0; i < sockets->count && r >= 0; i++)
		if (rules_judge_socket(&sockets->items[i]))
			r = sockets_add(&sockets->items[i], &index->sockets);
	if (r < 0)
		return r;
	index->n_listeners = index->sockets.count;
	index->listeners = calloc(index->n_listeners + 1, sizeof(*index->listeners));
	if (!index->listeners)
		return -ENOMEM;
	for (size_t i = 0; i < index->n_listeners; i++)
		index->listeners[i].socket = &index->sockets.items[i];
	rules_index_sort(index);
	rules_index_count_clients(index, sockets);
	return 0;
}

static void add_user(struct rules_listener *l, uint32_t uid)
{
	for (size_t i = 0; i < l->n_users; i++)
		if (l->users[i] == uid)
			return;
	if (l->n_users < ARRAY_SIZE(l->users))
		l->users[l->n_users++] = uid;
}

void rules_index_describe(struct rules_index *index, const struct portscope_row *row)
{
	struct rules_listener *l = rules_index_find(index, row->socket);

	if (!l)
		return;
	l->exposure = row->exposure;
	l->exe = row->n_processes ? row->processes[0].exe : NULL;
	l->unit = row->n_processes && row->unit ? row->unit->unit : NULL;
	for (size_t i = 0; i < row->n_processes; i++)
		if (row->holders[i]->has_uid)
			add_user(l, row->holders[i]->uid);
}

void rules_index_done(struct rules_index *index)
{
	free(index->listeners);
	sockets_done(&index->sockets);
}
