/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorting many things by a number: linear, where a sort by comparison of 200,000 sockets costs as
 * much as receiving half of them.
 */
#ifndef PORTSCOPE_UTIL_RADIX_H
#define PORTSCOPE_UTIL_RADIX_H

#include "util/macros.h"

/** Something's key, and where it is. */
struct keyed {
	uint64_t key;
	uint32_t position;
};

/**
 * Sorts `n` items by key; equal keys keep their order. `room` is as large as `items`. Returns the
 * one of both that holds the result.
 */
struct keyed *radix_sort(struct keyed *items, struct keyed *room, size_t n);

#endif
