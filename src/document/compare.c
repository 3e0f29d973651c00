/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of sockets, sets of the same name, and their matching. */
#include "document/compare.h"

#include <string.h>

#include "util/array.h"

/* Beyond this many pairs a set is matched in its order: it is nobody's, or made to take long. */
#define PAIRS_MAX 4096

/** A socket to be matched: what names it, in the order of the output, and where it stands. */
struct item {
	uint8_t key[44];
	uint32_t position;
};

/** All sockets of one document. */
struct items {
	struct item *items;
	size_t count;
	const struct portscope_diff *diff;
	unsigned side;
};

/** The sockets of one document that have the same name and are not matched yet. */
struct set {
	struct item *items;
	size_t count;
};

static void put16(uint8_t *to, uint16_t number)
{
	to[0] = (uint8_t)(number >> 8);
	to[1] = (uint8_t)number;
}

/* True where a port in its name is chance, so that sockets of its name can stand for each other. */
static bool is_loose(const struct portscope_diff *d, const struct entry *e)
{
	if (!e->remote_family)
		return d->clients && e->flags & ENTRY_CLIENT;
	return d->directions && e->flags & (ENTRY_INBOUND | ENTRY_OUTBOUND);
}

static void make_key(
	const struct portscope_diff *d, unsigned side, const struct entry *e, uint8_t *key)
{
	bool loose = is_loose(d, e);
	bool own_port = !loose || e->flags & ENTRY_INBOUND;
	bool peer_port = !loose || !(e->flags & ENTRY_INBOUND);
	uint32_t interface = d->interfaces ? d->numbers[side][e->interface] : 0;

	memset(key, 0, sizeof(((struct item *)0)->key));
	key[0] = e->protocol;
	key[1] = loose;
	put16(key + 2, own_port ? e->local_port : 0);
	key[4] = e->local_family;
	memcpy(key + 5, e->local, 16);
	key[21] = e->remote_family;
	memcpy(key + 22, e->remote, 16);
	put16(key + 38, peer_port ? e->remote_port : 0);
	put16(key + 40, (uint16_t)(interface >> 16));
	put16(key + 42, (uint16_t)interface);
	/* A port that is merely taken is another thing than one that is open. */
	if (d->states && e->flags & ENTRY_IDLE)
		key[1] |= 2;
}

static const struct entry *entry_of(const struct items *items, const struct item *item)
{
	return &items->diff->documents[items->side]->entries[item->position];
}

/* What is compared of an aspect, as a number that is the same in both documents for the same. */
static uint32_t aspect_of(
	const struct portscope_diff *d, unsigned side, const struct entry *e, unsigned aspect)
{
	if (!(d->compared >> aspect & 1))
		return 0;
	if (aspect == PORTSCOPE_ASPECT_DUAL_STACK)
		return e->flags & ENTRY_DUAL_KNOWN ? 1 + !!(e->flags & ENTRY_DUAL) : 0;
	return d->numbers[side][e->kept[aspect]];
}

static unsigned kind_of(const struct portscope_diff *d, const struct entry *e)
{
	return d->owners ? e->flags & (ENTRY_HELD | ENTRY_NOT_HELD) : 0;
}

/* Orders entries by all that is compared; 0: they are equal, not only compatible. */
static int compare_aspects(const struct portscope_diff *d, unsigned a_side, const struct entry *a,
	unsigned b_side, const struct entry *b)
{
	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++) {
		uint32_t x = aspect_of(d, a_side, a, i), y = aspect_of(d, b_side, b, i);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (int)kind_of(d, a) - (int)kind_of(d, b);
}

static int compare_items(const void *x, const void *y, void *userdata)
{
	const struct item *a = x, *b = y;
	const struct items *items = userdata;
	int c = memcmp(a->key, b->key, sizeof(a->key));

	if (!c)
		c = compare_aspects(items->diff, items->side, entry_of(items, a), items->side,
			entry_of(items, b));
	return c ? c : a->position < b->position ? -1 : 1;
}

static int items_make(const struct portscope_diff *d, unsigned side, struct items *ret)
{
	const struct portscope_document *document = d->documents[side];
	struct item *items = reallocarray(NULL, document->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	*ret = (struct items){items, 0, d, side};
	for (size_t i = 0; i < document->count; i++) {
		const struct entry *e = &document->entries[i];

		if (d->listening && (e->remote_family || e->flags & ENTRY_IDLE))
			continue;
		make_key(d, side, e, items[ret->count].key);
		items[ret->count++].position = (uint32_t)i;
	}
	qsort_r(items, ret->count, sizeof(*items), compare_items, ret);
	return 0;
}

/* True where both are numbers or both are names; a number and a name may be the same user. */
static bool same_kind_of_user(const struct portscope_diff *d, uint32_t a, uint32_t b)
{
	const char *x = pool_text(&d->pool, a), *y = pool_text(&d->pool, b);

	return !x[strspn(x, "0123456789")] == !y[strspn(y, "0123456789")];
}

/* True if an aspect of two sockets of the same name is known to differ. */
static bool aspect_differs(const struct portscope_diff *d, const struct entry *before,
	const struct entry *after, unsigned aspect)
{
	uint32_t a = aspect_of(d, 0, before, aspect), b = aspect_of(d, 1, after, aspect);
	bool both_held = before->flags & after->flags & ENTRY_HELD;
	bool of_holder = aspect == PORTSCOPE_ASPECT_USER || aspect == PORTSCOPE_ASPECT_UNIT ||
			 aspect == PORTSCOPE_ASPECT_CONTAINER;

	if (a == b)
		return false;
	/* Else the one is the holder's, the other that of whoever made the socket. */
	if (of_holder && d->owners && (before->flags ^ after->flags) & ENTRY_HELD)
		return false;
	if (!a || !b)
		return (aspect == PORTSCOPE_ASPECT_UNIT || aspect == PORTSCOPE_ASPECT_CONTAINER) &&
		       d->owners && both_held;
	if (aspect == PORTSCOPE_ASPECT_CONTAINER && (before->flags ^ after->flags) & ENTRY_NAMELESS)
		return false;
	return aspect != PORTSCOPE_ASPECT_USER || same_kind_of_user(d, a, b);
}

static unsigned differences(
	const struct portscope_diff *d, const struct entry *before, const struct entry *after)
{
	unsigned differs = 0;

	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++)
		if (aspect_differs(d, before, after, i))
			differs |= 1u << i;
	return differs;
}

/* True if a change of hands of a matched socket would not have shown. */
static bool is_unseen(
	const struct portscope_diff *d, const struct entry *before, const struct entry *after)
{
	return d->compared >> PORTSCOPE_ASPECT_PROGRAM & 1 &&
	       !((before->flags | after->flags) & ENTRY_NOT_HELD) &&
	       (!before->aspects[PORTSCOPE_ASPECT_PROGRAM] ||
		       !after->aspects[PORTSCOPE_ASPECT_PROGRAM]);
}

static bool same_side(const struct entry *a, const struct entry *b)
{
	return a->protocol == b->protocol && a->local_family == b->local_family &&
	       a->remote_family == b->remote_family && a->flags == b->flags &&
	       a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       !memcmp(a->local, b->local, 16) && !memcmp(a->remote, b->remote, 16) &&
	       a->interface == b->interface && !memcmp(a->aspects, b->aspects, sizeof(a->aspects));
}

/* True if a change is the one before once more. */
static bool is_repeated(const struct portscope_diff *d, const struct change *c)
{
	const struct change *last = d->count ? &d->changes[d->count - 1] : NULL;

	return last && !d->listening && last->kind == c->kind && last->differs == c->differs &&
	       (c->kind == PORTSCOPE_OPENED || same_side(&d->documents[0]->entries[last->before],
						       &d->documents[0]->entries[c->before])) &&
	       (c->kind == PORTSCOPE_CLOSED || same_side(&d->documents[1]->entries[last->after],
						       &d->documents[1]->entries[c->after]));
}

static int add(struct portscope_diff *d, enum portscope_change_kind kind, unsigned differs,
	const struct item *before, const struct item *after)
{
	struct change change = {
		kind, differs, 1, before ? before->position : 0, after ? after->position : 0};
	struct change *added;

	d->counts[kind]++;
	if (is_repeated(d, &change)) {
		d->changes[d->count - 1].count++;
		return 0;
	}
	added = ARRAY_ADD(d->changes, d->count);
	if (!added)
		return -ENOMEM;
	*added = change;
	return 0;
}

/* Takes out what is equal in both sets, which are in the same order. */
static void match_equal(struct portscope_diff *d, struct set *before, struct set *after)
{
	size_t i = 0, j = 0, kept_before = 0, kept_after = 0;

	while (i < before->count && j < after->count) {
		const struct entry *b = &d->documents[0]->entries[before->items[i].position];
		const struct entry *a = &d->documents[1]->entries[after->items[j].position];
		int c = compare_aspects(d, 0, b, 1, a);

		if (!c) {
			d->unseen += is_unseen(d, b, a);
			i++;
			j++;
		} else if (c < 0) {
			before->items[kept_before++] = before->items[i++];
		} else {
			after->items[kept_after++] = after->items[j++];
		}
	}
	while (i < before->count)
		before->items[kept_before++] = before->items[i++];
	while (j < after->count)
		after->items[kept_after++] = after->items[j++];
	before->count = kept_before;
	after->count = kept_after;
}

static void take_out(struct set *set, size_t at)
{
	memmove(&set->items[at], &set->items[at + 1], (set->count - at - 1) * sizeof(*set->items));
	set->count--;
}

/* Matches the pair at these places if it differs in no more than `most` aspects. */
static int match_pair(struct portscope_diff *d, struct set *before, struct set *after, size_t i,
	size_t j, int most, bool *ret_matched)
{
	const struct entry *b = &d->documents[0]->entries[before->items[i].position];
	const struct entry *a = &d->documents[1]->entries[after->items[j].position];
	unsigned differs = differences(d, b, a);
	int r = 0;

	*ret_matched = __builtin_popcount(differs) <= most;
	if (!*ret_matched)
		return 0;
	d->unseen += is_unseen(d, b, a);
	if (differs)
		r = add(d, PORTSCOPE_CHANGED, differs, &before->items[i], &after->items[j]);
	take_out(before, i);
	take_out(after, j);
	return r;
}

/* Matches what is left: the fewer differences a pair has, the earlier. */
static int match_closest(
	struct portscope_diff *d, struct set *before, struct set *after, int most_allowed)
{
	for (int most = 0; most <= most_allowed; most++) {
		for (size_t i = 0; i < before->count;) {
			bool matched = false;

			for (size_t j = 0; j < after->count && !matched; j++) {
				int r = match_pair(d, before, after, i, j, most, &matched);

				if (r < 0)
					return r;
			}
			i += !matched;
		}
	}
	return 0;
}

/* The same for large sets: in their order. What may not be matched is left. */
static int match_in_order(
	struct portscope_diff *d, struct set *before, struct set *after, int most_allowed)
{
	size_t n = MIN(before->count, after->count), kept = 0;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct entry *b = &d->documents[0]->entries[before->items[i].position];
		const struct entry *a = &d->documents[1]->entries[after->items[i].position];
		unsigned differs = differences(d, b, a);

		if (__builtin_popcount(differs) > most_allowed) {
			before->items[kept] = before->items[i];
			after->items[kept++] = after->items[i];
			continue;
		}
		d->unseen += is_unseen(d, b, a);
		if (differs)
			r = add(d, PORTSCOPE_CHANGED, differs, &before->items[i], &after->items[i]);
	}
	memmove(before->items + kept, before->items + n,
		(before->count - n) * sizeof(*before->items));
	memmove(after->items + kept, after->items + n, (after->count - n) * sizeof(*after->items));
	before->count -= n - kept;
	after->count -= n - kept;
	return r;
}

/* Sockets of one name, in either document or in both. */
static int compare_sets(struct portscope_diff *d, struct set before, struct set after)
{
	bool loose = (before.count ? before.items : after.items)->key[1] & 1;
	int most = loose ? 0 : PORTSCOPE_ASPECTS, r = 0;

	match_equal(d, &before, &after);
	if (before.count && after.count)
		r = before.count <= PAIRS_MAX / after.count
			    ? match_closest(d, &before, &after, most)
			    : match_in_order(d, &before, &after, most);
	for (size_t i = 0; i < before.count && r >= 0; i++)
		r = add(d, PORTSCOPE_CLOSED, 0, &before.items[i], NULL);
	for (size_t i = 0; i < after.count && r >= 0; i++)
		r = add(d, PORTSCOPE_OPENED, 0, NULL, &after.items[i]);
	return r;
}

/* The items from `at` on that have the key `key`. */
static struct set set_at(const struct items *items, size_t at, const uint8_t *key)
{
	struct set set = {items->items + at, 0};

	while (at + set.count < items->count &&
		!memcmp(set.items[set.count].key, key, sizeof(set.items->key)))
		set.count++;
	return set;
}

static int compare_all(
	struct portscope_diff *d, const struct items *before, const struct items *after)
{
	size_t i = 0, j = 0;
	int r = 0;

	while ((i < before->count || j < after->count) && r >= 0) {
		int c = i == before->count  ? 1
			: j == after->count ? -1
					    : memcmp(before->items[i].key, after->items[j].key,
						      sizeof(before->items->key));
		uint8_t key[sizeof(before->items->key)];
		struct set b, a;

		memcpy(key, c <= 0 ? before->items[i].key : after->items[j].key, sizeof(key));
		b = set_at(before, i, key);
		a = set_at(after, j, key);
		i += b.count;
		j += a.count;
		r = compare_sets(d, b, a);
	}
	return r;
}

/* Gives the texts of both documents common numbers. */
static int number_texts(struct portscope_diff *d, unsigned side)
{
	const struct pool *pool = &d->documents[side]->pool;
	int r = 0;

	d->numbers[side] = reallocarray(NULL, pool->count + 1, sizeof(uint32_t));
	if (!d->numbers[side])
		return -ENOMEM;
	d->numbers[side][0] = 0;
	for (uint32_t i = 1; i < pool->count && r >= 0; i++)
		r = pool_intern(&d->pool, pool_text(pool, i), &d->numbers[side][i]);
	return r;
}

static void choose_compared(struct portscope_diff *d)
{
	static const unsigned columns[PORTSCOPE_ASPECTS] = {
		[PORTSCOPE_ASPECT_PROGRAM] = COLUMN_PROCESS | COLUMN_PROCESSES,
		[PORTSCOPE_ASPECT_EXECUTABLE] = COLUMN_PROCESSES,
		[PORTSCOPE_ASPECT_USER] = COLUMN_USER,
		[PORTSCOPE_ASPECT_UNIT] = COLUMN_UNIT,
		[PORTSCOPE_ASPECT_CONTAINER] = COLUMN_CONTAINER,
		[PORTSCOPE_ASPECT_EXPOSURE] = COLUMN_EXPOSURE,
		[PORTSCOPE_ASPECT_DUAL_STACK] = COLUMN_DUAL_STACK,
	};
	static const unsigned owners = COLUMN_OWNER | COLUMN_PROCESS | COLUMN_PROCESSES;
	unsigned before = d->documents[0]->columns, after = d->documents[1]->columns;

	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++)
		if (before & columns[i] && after & columns[i])
			d->compared |= 1u << i;
	d->owners = before & owners && after & owners;
	d->directions = before & after & COLUMN_DIRECTION;
	d->clients = before & after & COLUMN_PROBABLE_CLIENT;
	d->interfaces = before & after & COLUMN_INTERFACE && !d->documents[0]->unnamed &&
			!d->documents[1]->unnamed;
	d->states = before & after & COLUMN_STATE;
}

static int fill(struct portscope_diff *d)
{
	struct items items[2] = {0};
	int r = 0;

	choose_compared(d);
	for (unsigned side = 0; side < 2 && r >= 0; side++)
		r = number_texts(d, side);
	for (unsigned side = 0; side < 2 && r >= 0; side++)
		r = items_make(d, side, &items[side]);
	if (r >= 0)
		r = compare_all(d, &items[0], &items[1]);
	free(items[0].items);
	free(items[1].items);
	return r < 0 ? r : comparison_warn(d);
}

int documents_compare(const struct portscope_document *before,
	const struct portscope_document *after, bool listening, struct portscope_diff **ret)
{
	CLEANUP(portscope_diff_free_cleanup)
	struct portscope_diff *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->documents[0] = before;
	d->documents[1] = after;
	d->listening = listening;
	r = fill(d);
	if (r < 0)
		return r;
	*ret = STEAL(d);
	return 0;
}

struct portscope_diff *portscope_diff_free(struct portscope_diff *d)
{
	if (!d)
		return NULL;
	free(d->numbers[0]);
	free(d->numbers[1]);
	free(d->changes);
	pool_done(&d->pool);
	warnings_done(&d->warnings);
	free(d);
	return NULL;
}
