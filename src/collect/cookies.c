/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doubles are found after a dump by sorting its cookies, which costs a fifth of a hash that is
 * filled meanwhile. A stream cannot wait; it remembers the last cookies in a small hash.
 */
#include "collect/cookies.h"

#include <string.h>

/* Marks a socket that is to be removed; no socket has this protocol. */
#define REMOVED 0

static void compact(struct sockets *sockets)
{
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->items[i].protocol != REMOVED)
			sockets->items[kept++] = sockets->items[i];
	sockets->count = kept;
}

/* Moves the last state of each doubled socket to its first place; how many were too many. */
static size_t merge_doubles(const struct keyed *sorted, struct sockets *sockets)
{
	size_t doubles = 0, first = 0;

	for (size_t i = 1; i < sockets->count; i++) {
		struct socket *again = &sockets->items[sorted[i].position];

		if (sorted[i].key != sorted[first].key) {
			first = i;
			continue;
		}
		sockets->items[sorted[first].position] = *again;
		again->protocol = REMOVED;
		doubles++;
	}
	return doubles;
}

int cookie_index_make(struct sockets *sockets, struct cookie_index *ret, size_t *ret_doubles)
{
	size_t n = sockets->count, doubles;
	struct keyed *room = reallocarray(NULL, 2 * n + 1, sizeof(*room)), *sorted;

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		room[i] = (struct keyed){sockets->items[i].cookie, i};
	sorted = radix_sort(room, room + n, n);
	doubles = merge_doubles(sorted, sockets);
	if (doubles) {
		free(room);
		compact(sockets);
		*ret_doubles = doubles;
		/* The positions moved; there are no doubles any more. */
		return cookie_index_make(sockets, ret, &doubles);
	}
	if (sorted != room)
		memcpy(room, sorted, n * sizeof(*room));
	*ret = (struct cookie_index){room, n};
	*ret_doubles = 0;
	return 0;
}

static int compare_key(const void *key, const void *item)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct keyed *)item)->key;

	return a < b ? -1 : a > b;
}

ssize_t cookie_index_find(const struct cookie_index *index, uint64_t cookie)
{
	const struct keyed *found = index->count ? bsearch(&cookie, index->items, index->count,
							   sizeof(*found), compare_key)
						 : NULL;

	return found ? (ssize_t)found->position : -ENOENT;
}

void cookie_index_done(struct cookie_index *index)
{
	free(index->items);
	*index = (struct cookie_index){0};
}

/* Cookies count up, so their low bits spread well once multiplied (Fibonacci hashing). */
static size_t slot_of(uint64_t cookie, size_t size)
{
	return (cookie * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
}

/* The slot that holds `cookie` in this generation, or the free one where it belongs. */
static uint64_t *recent_slot(struct recent_cookies *recent, unsigned generation, uint64_t cookie)
{
	size_t size = ARRAY_SIZE(recent->slots[0]);
	size_t i = slot_of(cookie, size);
	uint64_t *slots = recent->slots[generation];

	while (slots[i] && slots[i] != cookie)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

bool recent_cookies_add(struct recent_cookies *recent, uint64_t cookie)
{
	uint64_t *slot = recent_slot(recent, recent->young, cookie);

	if (*slot == cookie)
		return true;
	if (*recent_slot(recent, !recent->young, cookie) == cookie)
		return true;
	*slot = cookie;
	if (++recent->count == RECENT_COOKIES) {
		recent->young = !recent->young;
		recent->count = 0;
		memset(recent->slots[recent->young], 0, sizeof(recent->slots[0]));
	}
	return false;
}
