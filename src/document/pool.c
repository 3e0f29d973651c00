/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One growing buffer of texts, and a hash table over it. */
#include "document/pool.h"

#include <string.h>

/* Texts of a listing take a few kilobytes; what comes near this was made to fill the memory. */
#define POOL_BYTES_MAX ((size_t)1 << 30)

/* FNV-1a, whose bits the table's own mixing spreads. */
static uint32_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return table_hash(hash);
}

static uint32_t hash_of(const void *items, size_t position)
{
	const struct pool *pool = items;

	/* Number 0 stands for no text; it is in the table, where nothing equals it. */
	return position ? hash_text(pool->bytes + pool->offsets[position]) : 0;
}

static int make_room(struct pool *pool, size_t size)
{
	if (pool->used + size > POOL_BYTES_MAX)
		return -EFBIG;
	if (pool->used + size > pool->space) {
		size_t space = MAX(2 * pool->space, pool->used + size + 4096);
		char *grown = realloc(pool->bytes, space);

		if (!grown)
			return -ENOMEM;
		pool->bytes = grown;
		pool->space = space;
	}
	if (pool->count + 2 > pool->room) {
		size_t room = 2 * pool->room + 64;
		uint32_t *grown = reallocarray(pool->offsets, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		pool->offsets = grown;
		pool->room = room;
	}
	return 0;
}

int pool_intern(struct pool *pool, const char *text, uint32_t *ret)
{
	uint32_t hash, at, number;
	size_t size;
	int r;

	if (!text) {
		*ret = 0;
		return 0;
	}
	hash = at = hash_text(text);
	while ((number = table_next(&pool->table, &at)) != TABLE_END)
		if (number && !strcmp(pool->bytes + pool->offsets[number], text)) {
			*ret = number;
			return 0;
		}
	size = strlen(text) + 1;
	r = make_room(pool, size);
	if (r < 0)
		return r;
	if (!pool->count)
		pool->offsets[pool->count++] = 0;
	r = table_grow(&pool->table, pool->count, hash_of, pool);
	if (r < 0)
		return r;
	memcpy(pool->bytes + pool->used, text, size);
	pool->offsets[pool->count] = (uint32_t)pool->used;
	pool->used += size;
	table_add(&pool->table, hash, pool->count);
	*ret = pool->count++;
	return 0;
}

const char *pool_text(const struct pool *pool, uint32_t number)
{
	return number ? pool->bytes + pool->offsets[number] : NULL;
}

void pool_done(struct pool *pool)
{
	free(pool->bytes);
	free(pool->offsets);
	table_done(&pool->table);
	*pool = (struct pool){0};
}
