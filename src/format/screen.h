/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table on a screen. Here a reader looks at it, so rows are kept as text until all are known:
 * then they can be merged, fitted to the width, aligned and coloured.
 */
#ifndef PORTSCOPE_FORMAT_SCREEN_H
#define PORTSCOPE_FORMAT_SCREEN_H

#include "format/format.h"

struct screen;

/** An empty table; -ENOMEM at worst. */
int screen_open(const struct listing *listing, struct screen **ret);
/** Frees it; NULL is fine. */
struct screen *screen_close(struct screen *screen);
/** Keeps a row; -ENOMEM at worst. */
int screen_add(struct screen *screen, const struct portscope_row *row);
/** Writes the table, and the widths of its columns to `ret_widths`: 0 for one left out. */
int screen_write(struct screen *screen, struct out *o, unsigned *ret_widths);

#endif
