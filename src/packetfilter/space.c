/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbering the elementary intervals, and finding them again. */
#include "packetfilter/space.h"

static int space_add_start(struct space *space, source_number start)
{
	source_number *grown;
	size_t room = space->room ? space->room * 2 : 256;

	if (space->n == space->room) {
		if (room >= UINT32_MAX / 2)
			return -ENOMEM;
		grown = reallocarray(space->starts, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		space->starts = grown;
		space->room = room;
	}
	space->starts[space->n++] = start;
	return 0;
}

int space_add(struct space *space, struct interval interval)
{
	int r = space_add_start(space, interval.low);

	if (r >= 0 && interval.high < space_highest(space))
		r = space_add_start(space, interval.high + 1);
	return r;
}

static int compare_numbers(const void *x, const void *y)
{
	const source_number *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

int space_seal(struct space *space)
{
	uint32_t kept = 0;
	bool sorted = true;
	int r = space_add_start(space, 0);

	if (r < 0)
		return r;
	for (uint32_t i = 1; i < space->n && sorted; i++)
		sorted = space->starts[i - 1] <= space->starts[i];
	if (!sorted)
		qsort(space->starts, space->n, sizeof(*space->starts), compare_numbers);
	for (uint32_t i = 0; i < space->n; i++)
		if (!kept || space->starts[kept - 1] != space->starts[i])
			space->starts[kept++] = space->starts[i];
	space->n = kept;
	return 0;
}

void space_done(struct space *space)
{
	free(space->starts);
	*space = (struct space){.bits = space->bits};
}

/* The number of the elementary interval that begins with `start`, or UINT32_MAX. */
static uint32_t find_start(const struct space *space, source_number start)
{
	uint32_t low = 0, high = space->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (space->starts[middle] < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < space->n && space->starts[low] == start ? low : UINT32_MAX;
}

bool space_span(const struct space *space, struct interval interval, struct span *ret)
{
	ret->from = find_start(space, interval.low);
	ret->to = interval.high >= space_highest(space) ? space->n
							: find_start(space, interval.high + 1);
	return ret->from != UINT32_MAX && ret->to != UINT32_MAX;
}

struct interval space_interval(const struct space *space, uint32_t i)
{
	return (struct interval){
		space->starts[i],
		i + 1 < space->n ? space->starts[i + 1] - 1 : space_highest(space),
	};
}

source_number source_of_bytes(const uint8_t *bytes, size_t length)
{
	source_number number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | bytes[i];
	return number;
}

struct interval interval_of_prefix(const uint8_t *bytes, size_t length, unsigned prefix)
{
	unsigned bits = (unsigned)length * 8;
	source_number number = source_of_bytes(bytes, length), rest;

	if (prefix >= bits)
		return (struct interval){number, number};
	rest = bits - prefix == 128 ? ~(source_number)0 : ((source_number)1 << (bits - prefix)) - 1;
	return (struct interval){number & ~rest, number | rest};
}

size_t intervals_of_pattern(source_number value, source_number mask, unsigned bits,
	struct interval *intervals, size_t room)
{
	source_number all = bits == 128 ? ~(source_number)0 : 0xffffffffu, free_bits = ~mask & all;
	source_number tail = 0, above, chosen = 0;
	size_t n = 0;

	/* What is free at the end is one stretch of addresses. */
	while (free_bits & (tail + 1) && tail != all)
		tail = tail << 1 | 1;
	above = free_bits & ~tail;
	do {
		if (n == room)
			return 0;
		intervals[n].low = (value & mask & all) | chosen;
		intervals[n].high = intervals[n].low | tail;
		n++;
		/* The next larger number made of the free bits alone. */
		chosen = ((chosen | ~above) + 1) & above;
	} while (chosen);
	return n;
}
