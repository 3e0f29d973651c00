/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays that grow by one item at a time. An array is a pointer and a count, both zero at first;
 * how much room it has follows from the count, which is why it must have grown here alone. It may
 * be cut to a smaller count at any time, and is given back by free().
 */
#ifndef PORTSCOPE_UTIL_ARRAY_H
#define PORTSCOPE_UTIL_ARRAY_H

#include "util/macros.h"

/** The room of an array that is not empty. */
#define ARRAY_LEAST 8

/** True where there is no room for one more: at 0 and at the powers of two from ARRAY_LEAST on. */
static inline bool array_is_full(size_t count)
{
	return !(count & (count - 1)) && (!count || count >= ARRAY_LEAST);
}

/** Doubles the room of a full array; `items` is the address of its pointer. -ENOMEM at worst. */
int array_grow(void *items, size_t count, size_t size);

/* A pointer that may be NULL, whatever the compiler knows of it. */
static inline void *array_item(const void *item)
{
	return (void *)item;
}

/**
 * Adds an item to the array `items` of `count` items and tells where it is; its bytes are
 * undefined. NULL without memory, and the array is as it was. Both are evaluated more than once.
 */
#define ARRAY_ADD(items, count)                                                                    \
	((__typeof__(items))array_item(                                                            \
		unlikely(array_is_full(count)) &&                                                  \
				array_grow(&(items), (count), sizeof(*(items))) < 0                \
			? NULL                                                                     \
			: &(items)[(count)++]))

#endif
