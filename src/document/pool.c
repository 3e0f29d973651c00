/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One growing buffer of texts, and a hash table over it. */
#include "document/pool.h"

#include <string.h>

#include "util/array.h"

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
	return 0;
}

int pool_intern(struct pool *pool, const char *text, uint32_t *ret)
{
	uint32_t hash, at, number, *added;
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
	if (!pool->count) {
		added = ARRAY_ADD(pool->offsets, pool->count);
		if (!added)
			return -ENOMEM;
		*added = 0;
	}
	r = table_grow(&pool->table, pool->count, hash_of, pool);
	if (r < 0)
		return r;
	added = ARRAY_ADD(pool->offsets, pool->count);
	if (!added)
		return -ENOMEM;
	memcpy(pool->bytes + pool->used, text, size);
	*added = (uint32_t)pool->used;
	pool->used += size;
	*ret = pool->count - 1;
	table_add(&pool->table, hash, *ret);
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
