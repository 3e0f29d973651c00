/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open addressing with linear probing, at most half full. Cookie 0 does not occur. */
#include "collect/cookies.h"

#include <string.h>

/* Cookies count up, so their low bits spread well once multiplied (Fibonacci hashing). */
static size_t slot_of(uint64_t cookie, size_t size)
{
	return (cookie * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
}

ssize_t cookie_set_find(const struct cookie_set *set, const struct socket *items, uint64_t cookie)
{
	if (!set->size)
		return -ENOENT;
	for (size_t i = slot_of(cookie, set->size); set->slots[i]; i = (i + 1) & (set->size - 1))
		if (items[set->slots[i] - 1].cookie == cookie)
			return set->slots[i] - 1;
	return -ENOENT;
}

static void insert(struct cookie_set *set, uint64_t cookie, uint32_t slot)
{
	size_t i = slot_of(cookie, set->size);

	while (set->slots[i])
		i = (i + 1) & (set->size - 1);
	set->slots[i] = slot;
}

static int grow(struct cookie_set *set, const struct socket *items)
{
	struct cookie_set larger = {.size = set->size ? 2 * set->size : 256, .count = set->count};

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i])
			insert(&larger, items[set->slots[i] - 1].cookie, set->slots[i]);
	free(set->slots);
	*set = larger;
	return 0;
}

int cookie_set_add(struct cookie_set *set, const struct socket *items, size_t position)
{
	if (2 * set->count >= set->size && grow(set, items) < 0)
		return -ENOMEM;
	insert(set, items[position].cookie, position + 1);
	set->count++;
	return 0;
}

void cookie_set_done(struct cookie_set *set)
{
	free(set->slots);
	*set = (struct cookie_set){0};
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
