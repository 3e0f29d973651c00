/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash table of positions in an array that somebody else keeps, by open addressing. It knows no
 * keys: a look-up visits the candidates of a hash and the caller compares. Equal keys may stand in
 * it more than once.
 */
#ifndef PORTSCOPE_UTIL_TABLE_H
#define PORTSCOPE_UTIL_TABLE_H

#include "util/macros.h"

struct table {
	uint32_t *slots; /**< position + 1; 0: free */
	uint32_t mask;
};

/** No candidate is left. */
#define TABLE_END UINT32_MAX

/** Mixes all bits of a key, so that numbers in sequence spread (the finalizer of MurmurHash3). */
static inline uint32_t table_hash(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(key >> 32);
}

/** Makes an empty table for up to `n` positions, of at most 12 bytes each. */
static inline int table_init(struct table *table, size_t n)
{
	size_t size = 8;

	if (n >= UINT32_MAX / 2)
		return -EOVERFLOW;
	while (size < n + n / 2)
		size *= 2;
	table->slots = calloc(size, sizeof(*table->slots));
	if (!table->slots)
		return -ENOMEM;
	table->mask = (uint32_t)(size - 1);
	return 0;
}

static inline void table_done(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}

/** Adds a position; the table must have been made large enough. */
static inline void table_add(struct table *table, uint32_t hash, uint32_t position)
{
	uint32_t at = hash & table->mask;

	while (table->slots[at])
		at = (at + 1) & table->mask;
	table->slots[at] = position + 1;
}

/**
 * Makes sure that there is room for position `n`, of items 0 to n - 1 that are all in the table;
 * `hash` tells that of an item where they have to move. A zeroed table grows from nothing.
 */
static inline int table_grow(struct table *table, size_t n,
	uint32_t (*hash)(const void *items, size_t position), const void *items)
{
	struct table grown;
	int r;

	if (table->slots && n + n / 2 < table->mask)
		return 0;
	r = table_init(&grown, 2 * n + 8);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		table_add(&grown, hash(items, i), (uint32_t)i);
	table_done(table);
	*table = grown;
	return 0;
}

/** The next candidate; `at` starts as the hash. TABLE_END at the last, and in an unmade table. */
static inline uint32_t table_next(const struct table *table, uint32_t *at)
{
	uint32_t slot;

	if (!table->slots)
		return TABLE_END;
	slot = table->slots[*at & table->mask];
	if (!slot)
		return TABLE_END;
	(*at)++;
	return slot - 1;
}

#endif
