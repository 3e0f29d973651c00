/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each text once, under a number: a listing says the same few names a million times. */
#ifndef PORTSCOPE_DOCUMENT_POOL_H
#define PORTSCOPE_DOCUMENT_POOL_H

#include "util/table.h"

struct pool {
	char *bytes; /**< the texts, each ended by NUL */
	size_t used, space;
	uint32_t *offsets; /**< of each text; number 0 is not a text */
	uint32_t count;    /**< numbers given so far, 0 among them */
	struct table table;
};

/** The number of a text, the same for the same text; 0 for NULL. -EFBIG: too much of it. */
int pool_intern(struct pool *pool, const char *text, uint32_t *ret);
/** The text of a number; NULL for 0. It holds until the next text comes in. */
const char *pool_text(const struct pool *pool, uint32_t number);
/** Frees what `pool` holds, not `pool` itself. */
void pool_done(struct pool *pool);

#endif
