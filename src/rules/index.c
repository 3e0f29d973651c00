/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host index of the audit: finding listeners by port, and the clients that they took. */
#include <string.h>

#include "rules/rules.h"
#include "util/address.h"

static uint32_t place(uint8_t protocol, uint16_t port)
{
	return (uint32_t)protocol << 16 | port;
}

static uint32_t place_of(const struct audit_listener *l)
{
	return place(l->socket->protocol, l->socket->local_port);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = place_of(a), y = place_of(b);

	return x < y ? -1 : x > y;
}

void audit_index_sort(struct audit_index *index)
{
	if (index->n_listeners)
		qsort(index->listeners, index->n_listeners, sizeof(*index->listeners), compare);
}

/* The first listener that does not stand before `key`. */
static size_t lower_bound(const struct audit_index *index, uint32_t key)
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

const struct audit_listener *audit_index_port(
	const struct audit_index *index, uint8_t protocol, uint16_t port, size_t *ret_count)
{
	size_t begin = lower_bound(index, place(protocol, port));

	*ret_count = lower_bound(index, place(protocol, port) + 1) - begin;
	return index->listeners ? index->listeners + begin : NULL;
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

static void count_client(struct audit_index *index, const struct socket *s)
{
	size_t n;
	size_t begin = lower_bound(index, place(s->protocol, s->local_port));
	struct audit_listener *l = index->listeners + begin;

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

void audit_index_count_clients(struct audit_index *index, const struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count && index->n_listeners; i++)
		count_client(index, &sockets->items[i]);
}
