/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of source addresses. Every source that a rule set, a set or a route names is an end of an
 * interval; between two neighbouring ends nothing tells one source from another. These elementary
 * intervals are numbered, and a set of sources is one bit for each: whatever is asked of a hundred
 * thousand prefixes is an operation on words.
 */
#ifndef PORTSCOPE_PACKETFILTER_SPACE_H
#define PORTSCOPE_PACKETFILTER_SPACE_H

#include <string.h>

#include "util/macros.h"

/** An address as a number: 32 bits of IPv4, 128 of IPv6. */
__extension__ typedef unsigned __int128 source_number;

/** All addresses from the first to the last of the two. */
struct interval {
	source_number low, high;
};

/** Elementary intervals from one number up to another, which is not among them. */
struct span {
	uint32_t from, to;
};

struct space {
	unsigned bits; /**< 32 or 128 */
	source_number *starts;
	uint32_t n;
	size_t room;
};

/** Notes that an interval is named. -ENOMEM at worst. */
int space_add(struct space *space, struct interval interval);
/** Numbers what was noted. */
int space_seal(struct space *space);
void space_done(struct space *space);

/** The elementary intervals of an interval; false: it was not noted, and they do not fit. */
bool space_span(const struct space *space, struct interval interval, struct span *ret);
/** What elementary interval `i` holds. */
struct interval space_interval(const struct space *space, uint32_t i);
/** The highest address. */
static inline source_number space_highest(const struct space *space)
{
	return space->bits == 128 ? ~(source_number)0 : 0xffffffffu;
}

/** An address of 4 or 16 bytes as a number. */
source_number source_of_bytes(const uint8_t *bytes, size_t length);
/** The addresses of a prefix. */
struct interval interval_of_prefix(const uint8_t *bytes, size_t length, unsigned prefix);

/**
 * The addresses of `bits` bits that equal `value` where `mask` has ones, as intervals in order:
 * how many; 0: more than `room`.
 */
size_t intervals_of_pattern(source_number value, source_number mask, unsigned bits,
	struct interval *intervals, size_t room);

/* Bits, one for each elementary interval. */

static inline size_t bits_words(uint32_t n)
{
	return ((size_t)n + 63) / 64;
}

/** The bits of word `w` that lie in `span`. */
static inline uint64_t bits_mask(struct span span, uint32_t w)
{
	uint64_t mask = ~UINT64_C(0);

	if (w == span.from / 64)
		mask &= ~UINT64_C(0) << span.from % 64;
	if (w == (span.to - 1) / 64)
		mask &= ~UINT64_C(0) >> (63 - (span.to - 1) % 64);
	return mask;
}

static inline void bits_set(uint64_t *bits, struct span span)
{
	if (span.from >= span.to)
		return;
	for (uint32_t w = span.from / 64; w <= (span.to - 1) / 64; w++)
		bits[w] |= bits_mask(span, w);
}

static inline void bits_clear(uint64_t *bits, struct span span)
{
	if (span.from >= span.to)
		return;
	for (uint32_t w = span.from / 64; w <= (span.to - 1) / 64; w++)
		bits[w] &= ~bits_mask(span, w);
}

static inline bool bits_any(const uint64_t *bits, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (bits[i])
			return true;
	return false;
}

static inline bool bit_at(const uint64_t *bits, uint32_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

#endif
