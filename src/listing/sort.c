/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sorting rows by fields: their values are read once a row and then compared. */
#include "listing/sort.h"

#include <stdlib.h>

#include "model/field.h"
#include "util/macros.h"

struct item {
	struct portscope_value *values; /**< one a key */
	uint32_t place;                 /**< before the sort: decides ties */
	uint32_t position;
};

struct keys {
	const struct portscope_sort *items;
	size_t count;
};

static int compare(const void *x, const void *y, void *userdata)
{
	const struct item *a = x, *b = y;
	const struct keys *keys = userdata;

	for (size_t i = 0; i < keys->count; i++) {
		int c = value_compare(&a->values[i], &b->values[i]);

		/* What is unknown comes last in either direction. */
		if (c)
			return keys->items[i].descending && a->values[i].known && b->values[i].known
				       ? -c
				       : c;
	}
	return a->place < b->place ? -1 : 1;
}

int rows_sort(const struct portscope_sort *keys, size_t n_keys, row_at_fn at, const void *userdata,
	uint32_t *order, size_t n)
{
	struct keys by = {keys, n_keys};
	AUTO_FREE struct item *items = reallocarray(NULL, n + 1, sizeof(*items));
	AUTO_FREE struct portscope_value *values =
		reallocarray(NULL, n * n_keys + 1, sizeof(*values));

	if (!items || !values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct portscope_row row;

		at(userdata, order[i], &row);
		for (size_t k = 0; k < n_keys; k++) {
			portscope_get(&row, keys[k].field, &values[i * n_keys + k]);
			value_reduce(&values[i * n_keys + k]);
		}
		items[i] = (struct item){&values[i * n_keys], (uint32_t)i, order[i]};
	}
	qsort_r(items, n, sizeof(*items), compare, &by);
	for (size_t i = 0; i < n; i++)
		order[i] = items[i].position;
	return 0;
}
