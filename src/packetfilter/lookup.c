/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking registers up in sets and maps. A key that is the source address alone finds all its
 * answers in one list that is kept with the set; any other key is compared with each element.
 */
#include "packetfilter/run.h"

/** The spans of all elements of a set, where its key is the source; see rules.h. */
struct set_spans {
	uint32_t n;
	bool failed; /**< some element has no spans: nothing here holds */
	uint32_t n_merged;
	struct span *merged; /**< of all elements, side by side */
	uint32_t *elements;  /**< the element of each of `spans` */
	struct span spans[];
};

/* One key among fields: those of a concatenation of intervals are compared one by one. */
static struct condition element_condition(struct run *run, const struct path *path,
	const struct set *set, const struct symbol *key, const struct element *e)
{
	struct machine *m = run->m;
	struct condition c = condition_of(true);
	size_t at = 0;

	if (!e->high)
		return condition_of(false);
	if (e->low == e->high)
		return condition_equal(m, &path->facts, key, e->low, set->key_length);
	if (!set->n_fields)
		return condition_between(m, &path->facts, key, e->low, e->high, set->key_length);
	for (unsigned i = 0; i < set->n_fields && !c.never; i++) {
		size_t length = set->fields[i];

		if (!length || at + length > set->key_length)
			return condition_unknown();
		c = condition_and(m, c,
			condition_between(
				m, &path->facts, key + at, e->low + at, e->high + at, length));
		at += (length + 3) / 4 * 4; /* each field begins a register */
	}
	return c;
}

/* A limit of an element counts as not reached: one that only matches when it is, does not. */
static bool element_counts(const struct element *e, struct condition *c, bool *limited)
{
	*limited = e->limits;
	if (e->limits && e->over)
		return false;
	c->maybe |= e->unknown;
	return true;
}

static bool same_data(const struct set *set, const struct element *a, const struct element *b)
{
	if (a->verdict.code != b->verdict.code || a->verdict.chain != b->verdict.chain ||
		!a->data != !b->data || a->limits != b->limits)
		return false;
	return !a->data || !memcmp(a->data, b->data, set->data_length);
}

/* Adds what an element answers to the answer with the same data. */
static int add_answer(struct run *run, const struct set *set, struct answer *answers, int n,
	struct condition c, const struct element *e)
{
	bool map = set->flags & NFT_SET_MAP, limited;
	int i = 0;

	if (!element_counts(e, &c, &limited))
		return n;
	while (i < n &&
		!(map ? same_data(set, answers[i].element, e) : answers[i].limited == limited))
		i++;
	if (i == MAX_ANSWERS)
		return -E2BIG;
	if (i == n)
		answers[n++] = (struct answer){.condition = condition_of(false)};
	answers[i].condition = condition_or(run->m, answers[i].condition, c);
	answers[i].element = e;
	answers[i].limited = limited;
	return n;
}

/* What no element answers the catch-all does. */
static int add_catch_all(struct run *run, const struct set *set, struct answer *answers, int n)
{
	struct condition rest = condition_of(true);

	if (!set->catch_all)
		return n;
	for (int i = 0; i < n; i++)
		rest = condition_and(run->m, rest, condition_not(run->m, answers[i].condition));
	return rest.never ? n : add_answer(run, set, answers, n, rest, set->catch_all);
}

static int lookup_each(struct run *run, struct path *path, const struct set *set,
	const struct symbol *key, struct answer answers[MAX_ANSWERS])
{
	int n = 0;

	for (size_t i = 0; i < set->n_elements && n >= 0; i++) {
		struct condition c = element_condition(run, path, set, key, &set->elements[i]);

		if (!c.never)
			n = add_answer(run, set, answers, n, c, &set->elements[i]);
	}
	return n < 0 ? n : add_catch_all(run, set, answers, n);
}

/* The key is the whole source address and nothing else. */
static bool is_source(const struct run *run, const struct set *set, const struct symbol *key)
{
	if (set->key_length != family_bytes(run->m->family))
		return false;
	for (size_t i = 0; i < set->key_length; i++)
		if (!key[i].source || key[i].index != i || key[i].known != 0xff || key[i].value)
			return false;
	return true;
}

static struct interval element_interval(const struct set *set, const struct element *e)
{
	return (struct interval){source_of_bytes(e->low, set->key_length),
		source_of_bytes(e->high, set->key_length)};
}

/* Elements are in order and do not overlap, and so are their spans. */
static struct set_spans *make_spans(struct machine *m, const struct set *set)
{
	size_t n = set->n_elements, size = sizeof(struct set_spans) + 2 * n * sizeof(struct span);
	struct set_spans *spans = calloc(1, size + n * sizeof(uint32_t));

	if (!spans) {
		m->error = -ENOMEM;
		return NULL;
	}
	spans->merged = spans->spans + n;
	spans->elements = (uint32_t *)(spans->merged + n);
	for (size_t i = 0; i < n; i++) {
		struct element *e = &set->elements[i];
		struct span span, *last;

		if (!e->high || (e->limits && e->over))
			continue;
		if (e->unknown || !space_span(m->space, element_interval(set, e), &span)) {
			spans->failed = true;
			return spans;
		}
		spans->elements[spans->n] = (uint32_t)i;
		spans->spans[spans->n++] = span;
		last = spans->n_merged ? &spans->merged[spans->n_merged - 1] : NULL;
		if (last && last->to == span.from)
			last->to = span.to;
		else
			spans->merged[spans->n_merged++] = span;
	}
	return spans;
}

/* Appends a span to the answer with the same data; each has room for all that are left. */
static int add_span(struct run *run, const struct set *set, const struct set_spans *spans,
	uint32_t i, struct answer *answers, int n)
{
	const struct element *e = &set->elements[spans->elements[i]];
	struct span *list, *last;
	int k = 0;

	while (k < n && !same_data(set, answers[k].element, e))
		k++;
	if (k == MAX_ANSWERS)
		return -E2BIG;
	if (k == n) {
		list = machine_take(run->m, (spans->n - i) * sizeof(*list));
		if (!list)
			return -ENOMEM;
		answers[n++] = (struct answer){
			.condition = {.where = true, .spans = list},
			.element = e,
			.limited = e->limits,
		};
	}
	list = (struct span *)answers[k].condition.spans;
	last = answers[k].condition.n ? &list[answers[k].condition.n - 1] : NULL;
	if (last && last->to == spans->spans[i].from)
		last->to = spans->spans[i].to;
	else
		list[answers[k].condition.n++] = spans->spans[i];
	return n;
}

static int lookup_source(struct run *run, struct path *path, const struct set *set,
	const struct symbol *key, struct answer answers[MAX_ANSWERS])
{
	struct set_spans **cache = &((struct set *)set)->spans[run->m->family == AF_INET6];
	const struct set_spans *spans;
	bool plain = !(set->flags & (NFT_SET_MAP | NFT_SET_EVAL | NFT_SET_EXPR | NFT_SET_TIMEOUT));
	int n = 0;

	if (!*cache)
		*cache = make_spans(run->m, set);
	spans = *cache;
	if (!spans)
		return 0;
	if (spans->failed)
		return lookup_each(run, path, set, key, answers);
	if (plain && spans->n_merged) {
		answers[n++] = (struct answer){
			.condition = {.where = true, .spans = spans->merged, .n = spans->n_merged},
			.element = &set->elements[0],
		};
	} else {
		for (uint32_t i = 0; i < spans->n && n >= 0; i++)
			n = add_span(run, set, spans, i, answers, n);
	}
	return n < 0 ? n : add_catch_all(run, set, answers, n);
}

/* Notes all sources that the elements of a set name. */
static void collect(
	struct run *run, struct path *path, const struct set *set, const struct symbol *key)
{
	bool source = is_source(run, set, key);

	for (size_t i = 0; i < set->n_elements && !run->m->error; i++) {
		if (!source)
			element_condition(run, path, set, key, &set->elements[i]);
		else if (set->elements[i].high)
			run->m->error =
				space_add(run->m->space, element_interval(set, &set->elements[i]));
	}
	arena_done(&run->m->scratch);
}

int lookup(struct run *run, struct path *path, const struct set *set, const struct symbol *key,
	struct answer answers[MAX_ANSWERS])
{
	if (run->m->collecting) {
		collect(run, path, set, key);
		return 0;
	}
	if (is_source(run, set, key))
		return lookup_source(run, path, set, key, answers);
	return lookup_each(run, path, set, key, answers);
}
