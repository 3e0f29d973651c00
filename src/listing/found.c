/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which rules each socket breaks. Few combinations of rules occur: each is made into a list of ids
 * once.
 */
#include "listing/found.h"

#include "rules/rules.h"
#include "util/array.h"

/** The ids of a combination of rules. */
struct combination {
	uint32_t rules;
	size_t count;
	const char *ids[32];
};

struct found {
	const struct combination **by_socket; /**< NULL: not judged */
	struct combination **combinations;
	size_t n_combinations;
};

static const struct combination *find_combination(const struct found *f, uint32_t rules)
{
	for (size_t i = 0; i < f->n_combinations; i++)
		if (f->combinations[i]->rules == rules)
			return f->combinations[i];
	return NULL;
}

static const struct combination *add_combination(struct found *f, uint32_t rules)
{
	const struct combination *known = find_combination(f, rules);
	struct combination **added, *made;

	if (known)
		return known;
	made = calloc(1, sizeof(*made));
	added = made ? ARRAY_ADD(f->combinations, f->n_combinations) : NULL;
	if (!added) {
		free(made);
		return NULL;
	}
	*added = made;
	made->rules = rules;
	for (size_t i = 0; i < ARRAY_SIZE(made->ids) && rule_at(i); i++)
		if (rules >> i & 1)
			made->ids[made->count++] = rule_at(i)->shown.id;
	return made;
}

struct found *found_new(size_t n)
{
	struct found *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->by_socket = calloc(n + 1, sizeof(*f->by_socket));
	return f->by_socket ? f : found_free(f);
}

int found_set(struct found *f, size_t position, uint32_t rules)
{
	f->by_socket[position] = add_combination(f, rules);
	return f->by_socket[position] ? 0 : -ENOMEM;
}

void found_get(const struct found *f, size_t position, struct portscope_row *row)
{
	const struct combination *c = f->by_socket[position];

	row->judged = c != NULL;
	row->findings = c ? c->ids : NULL;
	row->n_findings = c ? c->count : 0;
}

void found_move(struct found *f, size_t from, size_t to)
{
	f->by_socket[to] = f->by_socket[from];
}

struct found *found_free(struct found *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->n_combinations; i++)
		free(f->combinations[i]);
	free(f->combinations);
	free(f->by_socket);
	free(f);
	return NULL;
}
