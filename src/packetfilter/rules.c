/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store of rules: memory, names, and putting rules and elements in order. */
#include "packetfilter/rules.h"

#include <string.h>

struct arena_block {
	struct arena_block *next;
	max_align_t bytes[];
};

#define ARENA_BLOCK (64 * 1024)

void *arena_take(struct arena *arena, size_t size)
{
	size_t step = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	void *taken;

	if (step < size)
		return NULL;
	if (step > arena->left) {
		size_t room = MAX(step, (size_t)ARENA_BLOCK);
		struct arena_block *block = calloc(1, sizeof(*block) + room);

		if (!block)
			return NULL;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->at = (char *)block->bytes;
		arena->left = room;
	}
	taken = arena->at;
	arena->at += step;
	arena->left -= step;
	return taken;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	char *copy = arena_take(arena, length + 1);

	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

void arena_done(struct arena *arena)
{
	for (struct arena_block *next, *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct arena){0};
}

/* Makes room for one more item of an array. */
static int grow(void *array, size_t *space, size_t count, size_t size)
{
	void *items = *(void **)array, *grown;
	size_t wanted = *space ? *space * 2 : 16;

	if (count < *space)
		return 0;
	grown = reallocarray(items, wanted, size);
	if (!grown)
		return -ENOMEM;
	*(void **)array = grown;
	*space = wanted;
	return 0;
}

/* FNV-1a of a name, with the table that it belongs to. */
static uint32_t hash_name(uint32_t table, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ table;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3ULL;
	return table_hash(hash);
}

static uint32_t hash_chain(const void *items, size_t i)
{
	const struct chain *chain = (const struct chain *)items + i;

	return hash_name(chain->table, chain->name);
}

static uint32_t hash_set(const void *items, size_t i)
{
	const struct set *set = (const struct set *)items + i;

	return hash_name(set->table, set->name);
}

uint32_t rules_find_table(const struct rules *r, uint8_t family, const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++)
		if (r->tables[i].family == family && !r->tables[i].legacy &&
			!strcmp(r->tables[i].name, name))
			return (uint32_t)i;
	return NOTHING;
}

uint32_t rules_find_chain(const struct rules *r, uint32_t table, const char *name)
{
	uint32_t at = hash_name(table, name), i;

	while ((i = table_next(&r->chains_by_name, &at)) != TABLE_END)
		if (r->chains[i].table == table && !strcmp(r->chains[i].name, name))
			return i;
	return NOTHING;
}

uint32_t rules_find_set(const struct rules *r, uint32_t table, const char *name)
{
	uint32_t at = hash_name(table, name), i;

	while ((i = table_next(&r->sets_by_name, &at)) != TABLE_END)
		if (r->sets[i].table == table && !strcmp(r->sets[i].name, name))
			return i;
	return NOTHING;
}

uint32_t rules_find_object(const struct rules *r, uint32_t table, const char *name, uint32_t type)
{
	for (size_t i = 0; i < r->n_objects; i++)
		if (r->objects[i].table == table && r->objects[i].type == type &&
			!strcmp(r->objects[i].name, name))
			return (uint32_t)i;
	return NOTHING;
}

int rules_add_table(struct rules *r, const struct nft_table *table)
{
	int e = grow(&r->tables, &r->tables_space, r->n_tables, sizeof(*table));

	if (e < 0)
		return e;
	r->tables[r->n_tables++] = *table;
	return 0;
}

int rules_add_chain(struct rules *r, const struct chain *chain)
{
	int e = grow(&r->chains, &r->chains_space, r->n_chains, sizeof(*chain));

	if (e >= 0)
		e = table_grow(&r->chains_by_name, r->n_chains, hash_chain, r->chains);
	if (e < 0)
		return e;
	r->chains[r->n_chains] = *chain;
	table_add(&r->chains_by_name, hash_name(chain->table, chain->name), (uint32_t)r->n_chains);
	r->n_chains++;
	return 0;
}

int rules_add_rule(struct rules *r, const struct rule *rule)
{
	int e = grow(&r->rules, &r->rules_space, r->n_rules, sizeof(*rule));

	if (e < 0)
		return e;
	r->rules[r->n_rules++] = *rule;
	return 0;
}

int rules_add_set(struct rules *r, const struct set *set)
{
	int e = grow(&r->sets, &r->sets_space, r->n_sets, sizeof(*set));

	if (e >= 0)
		e = table_grow(&r->sets_by_name, r->n_sets, hash_set, r->sets);
	if (e < 0)
		return e;
	r->sets[r->n_sets] = *set;
	table_add(&r->sets_by_name, hash_name(set->table, set->name), (uint32_t)r->n_sets);
	r->n_sets++;
	return 0;
}

int rules_add_object(struct rules *r, const struct object *object)
{
	int e = grow(&r->objects, &r->objects_space, r->n_objects, sizeof(*object));

	if (e < 0)
		return e;
	r->objects[r->n_objects++] = *object;
	return 0;
}

int set_add_element(struct set *set, const struct element *element)
{
	int e = grow(&set->elements, &set->space, set->n_elements, sizeof(*element));

	if (e < 0)
		return e;
	set->elements[set->n_elements++] = *element;
	return 0;
}

static int compare_elements(const void *x, const void *y, void *length)
{
	const struct element *a = x, *b = y;
	int c = memcmp(a->low, b->low, *(const uint8_t *)length);

	/* The end of an interval comes before one that begins there. */
	return c ? c : (a->high != NULL) - (b->high != NULL);
}

/* Takes one off a key as a number; false for the lowest. */
static bool decrement(uint8_t *key, size_t length)
{
	while (length--)
		if (key[length]--)
			return true;
	return false;
}

/*
 * An interval set holds where each interval begins, and behind each the first key that is not in
 * it, marked as an end (`high` NULL here). What has no end reaches up to the highest key.
 */
static int close_intervals(struct rules *r, struct set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->n_elements; i++) {
		struct element *e = &set->elements[i];
		uint8_t *high;

		if (!e->high)
			continue;
		high = (uint8_t *)arena_take(&r->arena, set->key_length);
		if (!high)
			return -ENOMEM;
		if (i + 1 < set->n_elements) {
			memcpy(high, set->elements[i + 1].low, set->key_length);
			if (!decrement(high, set->key_length))
				set->damaged = true;
		} else {
			memset(high, 0xff, set->key_length);
		}
		e->high = high;
		set->elements[kept++] = *e;
	}
	set->n_elements = kept;
	return 0;
}

static int seal_set(struct rules *r, struct set *set)
{
	if (set->n_elements)
		qsort_r(set->elements, set->n_elements, sizeof(*set->elements), compare_elements,
			&set->key_length);
	if (set->flags & NFT_SET_INTERVAL && !(set->flags & NFT_SET_CONCAT))
		return close_intervals(r, set);
	return 0;
}

/* Rules stay in the order in which the kernel lists them, which is that of their chain. */
int rules_order(struct rules *r)
{
	uint32_t at = 0;

	free(r->order);
	r->order = reallocarray(NULL, r->n_rules + 1, sizeof(*r->order));
	if (!r->order)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_chains; i++)
		r->chains[i].n_rules = 0;
	for (size_t i = 0; i < r->n_rules; i++)
		r->chains[r->rules[i].chain].n_rules++;
	for (size_t i = 0; i < r->n_chains; i++) {
		r->chains[i].first = at;
		at += r->chains[i].n_rules;
		r->chains[i].n_rules = 0;
	}
	for (size_t i = 0; i < r->n_rules; i++) {
		struct chain *chain = &r->chains[r->rules[i].chain];

		r->order[chain->first + chain->n_rules++] = (uint32_t)i;
	}
	return 0;
}

int rules_seal(struct rules *r)
{
	int e = rules_order(r);

	for (size_t i = 0; i < r->n_sets && e >= 0; i++)
		e = seal_set(r, &r->sets[i]);
	return e;
}

void rules_done(struct rules *r)
{
	for (size_t i = 0; i < r->n_sets; i++) {
		free(r->sets[i].elements);
		free(r->sets[i].spans[0]);
		free(r->sets[i].spans[1]);
	}
	free(r->tables);
	free(r->chains);
	free(r->rules);
	free(r->sets);
	free(r->objects);
	free(r->order);
	table_done(&r->chains_by_name);
	table_done(&r->sets_by_name);
	arena_done(&r->arena);
	*r = (struct rules){0};
}
