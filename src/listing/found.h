/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The findings of a listing, by socket. */
#ifndef PORTSCOPE_LISTING_FOUND_H
#define PORTSCOPE_LISTING_FOUND_H

#include "model/row.h"

struct found;

/** For `n` sockets, none of which is judged yet; NULL where memory is short. */
struct found *found_new(size_t n);
/** The rules that a socket breaks: bits 1 << the position in the table. -ENOMEM at worst. */
int found_set(struct found *found, size_t position, uint32_t rules);
/** Sets the findings of a row; of what was not judged they stay unknown. */
void found_get(const struct found *found, size_t position, struct portscope_row *row);
/** Moves those of a socket together with it. */
void found_move(struct found *found, size_t from, size_t to);
/** Frees them; NULL is fine. */
struct found *found_free(struct found *found);

#endif
