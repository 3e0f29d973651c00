/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order is packed into two numbers a socket, which a radix sort takes; the few sockets that
 * still tie are compared in full.
 */
#include "model/order.h"

#include <string.h>

#include "util/address.h"
#include "util/macros.h"
#include "util/radix.h"

/** Both keys of a socket, computed in the order of memory. */
struct keys {
	uint64_t local;
	uint64_t peer;
};

/* The family bit and the first `bytes` bytes of an address, as a number that sorts alike. */
static uint64_t address_key(uint8_t family, const uint8_t *address, size_t bytes)
{
	const uint8_t *ipv4 = address_as_ipv4(family, address);
	uint64_t key = !ipv4;

	for (size_t i = 0; i < bytes; i++)
		key = key << 8 | (ipv4 ? (i < 4 ? ipv4[i] : 0) : address[i]);
	return key;
}

static uint64_t local_key(const struct socket *s, const struct host *host)
{
	return (uint64_t)socket_is_probable_client(s, host) << 63 |
	       (uint64_t)(s->protocol != IPPROTO_TCP) << 62 | (uint64_t)s->local_port << 42 |
	       address_key(s->family, s->local_address, 4);
}

static uint64_t peer_key(const struct socket *s)
{
	return (uint64_t)s->remote_port << 41 | address_key(s->family, s->remote_address, 5);
}

static int compare_addresses(
	const struct socket *a, const uint8_t *x, const struct socket *b, const uint8_t *y)
{
	const uint8_t *x4 = address_as_ipv4(a->family, x), *y4 = address_as_ipv4(b->family, y);

	if (!x4 != !y4)
		return x4 ? -1 : 1;
	return x4 ? memcmp(x4, y4, 4) : memcmp(x, y, 16);
}

/* The full order; only sockets whose keys tie come here. */
static int compare_ties(const void *x, const void *y, void *userdata)
{
	const struct socket *items = userdata;
	const struct socket *a = &items[((const struct keyed *)x)->position];
	const struct socket *b = &items[((const struct keyed *)y)->position];
	int c = compare_addresses(a, a->local_address, b, b->local_address);

	if (!c)
		c = (a->remote_port > b->remote_port) - (a->remote_port < b->remote_port);
	if (!c)
		c = compare_addresses(a, a->remote_address, b, b->remote_address);
	if (!c)
		c = (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
	if (!c)
		c = (a->cookie > b->cookie) - (a->cookie < b->cookie);
	return c;
}

/* The key of the local end has no more than the first four bytes of an IPv6 address. */
static bool same_local_address(const struct keyed *run, size_t n, const struct socket *items)
{
	const struct socket *first = &items[run->position];

	if (address_as_ipv4(first->family, first->local_address))
		return true;
	for (size_t i = 1; i < n; i++)
		if (memcmp(items[run[i].position].local_address, first->local_address, 16))
			return false;
	return true;
}

/* Puts sockets whose local keys tie, and which stand in the order of their peers' keys, into the
 * full order. */
static void settle_run(struct keyed *run, size_t n, struct socket *items, const struct keys *keys)
{
	if (!same_local_address(run, n, items)) {
		qsort_r(run, n, sizeof(*run), compare_ties, items);
		return;
	}
	for (size_t i = 0, end; i < n; i = end) {
		uint64_t peer = keys[run[i].position].peer;

		for (end = i + 1; end < n && keys[run[end].position].peer == peer; end++)
			;
		if (end - i > 1)
			qsort_r(run + i, end - i, sizeof(*run), compare_ties, items);
	}
}

static void settle_ties(
	struct keyed *sorted, size_t n, struct socket *items, const struct keys *keys)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sorted[end].key == sorted[i].key; end++)
			;
		if (end - i > 1)
			settle_run(sorted + i, end - i, items, keys);
	}
}

int order_naturally(const struct sockets *sockets, const struct host *host, uint32_t *order)
{
	size_t n = sockets->count;
	AUTO_FREE struct keyed *room = reallocarray(NULL, 2 * n + 1, sizeof(*room));
	AUTO_FREE struct keys *keys = reallocarray(NULL, n + 1, sizeof(*keys));
	struct keyed *sorted;

	if (!room || !keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		keys[i] = (struct keys){
			local_key(&sockets->items[i], host), peer_key(&sockets->items[i])};
		room[i] = (struct keyed){keys[i].peer, i};
	}
	/* The sort is stable: first by the peers, then by the local ends. */
	sorted = radix_sort(room, room + n, n);
	for (size_t i = 0; i < n; i++)
		sorted[i].key = keys[sorted[i].position].local;
	sorted = radix_sort(sorted, sorted == room ? room + n : room, n);
	settle_ties(sorted, n, sockets->items, keys);
	for (size_t i = 0; i < n; i++)
		order[i] = sorted[i].position;
	return 0;
}
