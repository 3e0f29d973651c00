/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Radix sort, least significant byte first; a byte that is the same everywhere costs one look. */
#include "util/radix.h"

struct keyed *radix_sort(struct keyed *items, struct keyed *room, size_t n)
{
	uint64_t differing = 0;

	for (size_t i = 1; i < n; i++)
		differing |= items[i].key ^ items[0].key;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		size_t starts[256] = {0}, sum = 0;
		struct keyed *sorted = room;

		if (!(differing >> shift & 255))
			continue;
		for (size_t i = 0; i < n; i++)
			starts[items[i].key >> shift & 255]++;
		for (size_t i = 0; i < 256; i++) {
			size_t count = starts[i];

			starts[i] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			sorted[starts[items[i].key >> shift & 255]++] = items[i];
		room = items;
		items = sorted;
	}
	return items;
}
