/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings by socket. Few combinations of rules occur: each is made into a list of ids once. */
#include "listing/findings.h"

#include <string.h>

#include "audit/audit.h"
#include "listing/snapshot.h"
#include "rules/rules.h"
#include "model/warnings.h"

/** What a socket is known by, and the rules that it breaks. */
struct mark {
	uint64_t key;
	uint32_t rules;
};

/** The ids of a combination of rules. */
struct combination {
	uint32_t rules;
	size_t count;
	const char *ids[32];
};

struct findings_index {
	struct mark *marks; /**< by key */
	size_t n_marks;
	struct combination **combinations; /**< by rules */
	size_t n_combinations;
};

/* Cookies count up from 1, so that the highest bit tells them from inodes. */
static uint64_t key_of(const struct socket *s)
{
	return s->present & SOCKET_HAS_COOKIE ? s->cookie : UINT64_C(1) << 63 | s->inode;
}

static int compare_marks(const void *a, const void *b)
{
	uint64_t x = ((const struct mark *)a)->key, y = ((const struct mark *)b)->key;

	return x < y ? -1 : x > y;
}

static const struct combination *find_combination(
	const struct findings_index *index, uint32_t rules)
{
	for (size_t i = 0; i < index->n_combinations; i++)
		if (index->combinations[i]->rules == rules)
			return index->combinations[i];
	return NULL;
}

static int add_combination(struct findings_index *index, uint32_t rules)
{
	struct combination **grown, *made;

	if (find_combination(index, rules))
		return 0;
	grown = reallocarray(
		index->combinations, index->n_combinations + 1, sizeof(*index->combinations));
	if (!grown)
		return -ENOMEM;
	index->combinations = grown;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->rules = rules;
	for (size_t i = 0; i < ARRAY_SIZE(made->ids) && rule_at(i); i++)
		if (rules >> i & 1)
			made->ids[made->count++] = rule_at(i)->shown.id;
	index->combinations[index->n_combinations++] = made;
	return 0;
}

static int fill(struct findings_index *index, const struct portscope_audit *audit)
{
	const struct portscope_snapshot *snapshot = portscope_audit_snapshot(audit);
	const uint32_t *broken = audit_broken_rules(audit);
	size_t n = portscope_count(snapshot);
	int r = 0;

	index->marks = calloc(n + 1, sizeof(*index->marks));
	if (!index->marks)
		return -ENOMEM;
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct portscope_row row;

		snapshot_row(snapshot, i, &row);
		index->marks[i] = (struct mark){key_of(row.socket), broken[i]};
		r = add_combination(index, broken[i]);
	}
	index->n_marks = n;
	qsort(index->marks, n, sizeof(*index->marks), compare_marks);
	return r;
}

/* What the audit could not see its findings lack. */
static int pass_on(const struct portscope_audit *audit, struct warnings *warnings)
{
	size_t n;
	const struct portscope_warning *w =
		portscope_get_warnings(portscope_audit_snapshot(audit), &n);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = warnings_add(warnings,
			w[i].incomplete ? WARNING_INCOMPLETE
			: w[i].detail   ? WARNING_DETAIL
					: WARNING_NOTE,
			"%s", w[i].text);
	return r;
}

int findings_index_open(const struct sources *sources, bool numeric, struct warnings *warnings,
	struct findings_index **ret)
{
	struct portscope_query query = {
		.protocols = PORTSCOPE_TCP | PORTSCOPE_UDP,
		.families = PORTSCOPE_INET | PORTSCOPE_INET6,
		.numeric = numeric,
	};
	struct findings_index *index = calloc(1, sizeof(*index));
	struct portscope_audit *audit;
	AUTO_FREE char *error = NULL;
	int r = index ? audit_open_from(&query, NULL, NULL, sources, &audit, &error) : -ENOMEM;

	if (r >= 0) {
		r = fill(index, audit);
		if (r >= 0)
			r = pass_on(audit, warnings);
		portscope_audit_close(audit);
	}
	if (r < 0) {
		findings_index_close(index);
		return r;
	}
	*ret = index;
	return 0;
}

struct findings_index *findings_index_close(struct findings_index *index)
{
	if (!index)
		return NULL;
	for (size_t i = 0; i < index->n_combinations; i++)
		free(index->combinations[i]);
	free(index->combinations);
	free(index->marks);
	free(index);
	return NULL;
}

void findings_index_get(const struct findings_index *index, struct portscope_row *row)
{
	struct mark key = {.key = key_of(row->socket)};
	const struct mark *mark =
		bsearch(&key, index->marks, index->n_marks, sizeof(*index->marks), compare_marks);
	const struct combination *c = mark ? find_combination(index, mark->rules) : NULL;

	row->judged = c != NULL;
	row->findings = c ? c->ids : NULL;
	row->n_findings = c ? c->count : 0;
}
