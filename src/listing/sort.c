/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of the rows: the natural one, or by fields. */
#include "listing/snapshot.h"

#include "model/field.h"
#include "model/order.h"

struct sort_item {
	struct portscope_value *values; /**< one a key */
	uint32_t position;              /**< in the natural order: decides ties */
	uint32_t socket;
};

static int compare_items(const void *x, const void *y, void *userdata)
{
	const struct sort_item *a = x, *b = y;
	const struct portscope_snapshot *s = userdata;

	for (size_t i = 0; i < s->query.n_sort; i++) {
		int c = value_compare(&a->values[i], &b->values[i]);

		/* What is unknown comes last in either direction. */
		if (c)
			return s->sort[i].descending && a->values[i].known && b->values[i].known
				       ? -c
				       : c;
	}
	return a->position < b->position ? -1 : 1;
}

/* Sorts by fields: their values are read once a row and then compared. */
static int sort_by_fields(struct portscope_snapshot *s)
{
	size_t n = s->sockets.count, keys = s->query.n_sort;
	AUTO_FREE struct sort_item *items = reallocarray(NULL, n + 1, sizeof(*items));
	AUTO_FREE struct portscope_value *values =
		reallocarray(NULL, n * keys + 1, sizeof(*values));

	if (!items || !values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct portscope_row row;

		snapshot_understand(s, &s->sockets.items[s->order[i]], &row);
		for (size_t k = 0; k < keys; k++) {
			portscope_get(&row, s->sort[k].field, &values[i * keys + k]);
			value_reduce(&values[i * keys + k]);
		}
		items[i] = (struct sort_item){&values[i * keys], i, s->order[i]};
	}
	qsort_r(items, n, sizeof(*items), compare_items, s);
	for (size_t i = 0; i < n; i++)
		s->order[i] = items[i].socket;
	return 0;
}

int snapshot_sort(struct portscope_snapshot *s)
{
	int r;

	s->order = reallocarray(NULL, s->sockets.count + 1, sizeof(*s->order));
	if (!s->order)
		return -ENOMEM;
	r = order_naturally(&s->sockets, &s->host, s->order);
	return r < 0 || !s->query.n_sort ? r : sort_by_fields(s);
}
