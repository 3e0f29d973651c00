/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Colours: what is bad or far stands out, what needs no look recedes. */
#ifndef PORTSCOPE_FORMAT_PAINT_H
#define PORTSCOPE_FORMAT_PAINT_H

#include <portscope.h>

#include "util/out.h"

enum paint {
	PAINT_NONE,
	PAINT_FAINT,
	PAINT_BOLD,
	PAINT_YELLOW,
	PAINT_RED,
};

/** How a severity looks. */
enum paint paint_severity(int severity);
/** How a value of a row looks: far or bad, or as nothing in particular. */
enum paint paint_cell(
	unsigned field, const struct portscope_row *row, const struct portscope_value *value);

/** Starts a colour; nothing for PAINT_NONE. */
void paint_begin(struct out *o, enum paint paint);
/** Ends it. */
void paint_end(struct out *o, enum paint paint);

#endif
