/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sorting rows by fields, whatever they are rows of. */
#ifndef PORTSCOPE_LISTING_SORT_H
#define PORTSCOPE_LISTING_SORT_H

#include "model/row.h"

/** Makes the row at a position. */
typedef void (*row_at_fn)(const void *userdata, uint32_t position, struct portscope_row *ret);

/**
 * Sorts `order`, an array of `n` positions, by the keys; what is equal stays in its order, and what
 * is unknown comes last in either direction. -ENOMEM at worst.
 */
int rows_sort(const struct portscope_sort *keys, size_t n_keys, row_at_fn at, const void *userdata,
	uint32_t *order, size_t n);

#endif
