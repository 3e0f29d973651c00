/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows that differ only in their address or their port, made into one for a reader: the IPv4 and
 * the IPv6 socket of one holder, the members of a REUSEPORT group, ports in a row.
 */
#ifndef PORTSCOPE_FORMAT_MERGE_H
#define PORTSCOPE_FORMAT_MERGE_H

#include <portscope.h>

#include "util/out.h"

/** A row on its way into another, or not. */
struct merge_item {
	struct portscope_endpoint local;
	uint64_t others; /**< a hash of all that is shown beside it */
	unsigned copies; /**< sockets of this endpoint; start with 1 */
	uint16_t last;   /**< the last port of a run; start with that of `local` */
	bool localhost;  /**< 127.0.0.1 and ::1, which `local` does not tell */
	bool gone;       /**< it is part of an earlier row */
};

/** True if two rows are alike in everything that is shown but their local endpoint. */
typedef bool (*merge_same_fn)(size_t a, size_t b, const void *userdata);

/** Fills in an item that is still by itself. */
void merge_item_init(
	struct merge_item *item, const struct portscope_endpoint *local, uint64_t others);

/**
 * Merges `n` rows in the natural order of a listing (protocol, port, address). What stays in a row
 * that is not gone tells of all that went into it. -ENOMEM at worst.
 */
int merge_rows(struct merge_item *items, size_t n, merge_same_fn same, const void *userdata);

/** Writes the endpoint of a merged row: `*:80`, `localhost:631`, `0.0.0.0:20000-20299`, `*:53 ×4`;
 * returns the columns. */
size_t merge_put_endpoint(struct out *o, const struct merge_item *item);

#endif
