/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of one cell on a screen, and how it becomes shorter without losing what matters: of a
 * holder the pid stays, of an endpoint the port and both ends of the address.
 */
#ifndef PORTSCOPE_FORMAT_CELL_H
#define PORTSCOPE_FORMAT_CELL_H

#include <portscope.h>

#include "util/out.h"

enum cell_kind {
	CELL_WHOLE,    /**< numbers and words */
	CELL_NAME,     /**< cut at its end */
	CELL_HOLDER,   /**< `name/pid +N`: the name is cut */
	CELL_ADDRESS,  /**< an address without a port: loses its middle */
	CELL_ENDPOINT, /**< `address:port`: the same; aligned at the colon */
	CELL_LIST,     /**< broken into lines between its members */
};

struct cell {
	const char *text; /**< printable, as text_value() writes it */
	size_t length;
	unsigned width; /**< columns that it takes whole */
};

/** How the values of a type are treated. */
enum cell_kind cell_kind_of(enum portscope_type type);

/** Columns behind the name, from the slash on, or behind the address, from the colon on. */
unsigned cell_tail(enum cell_kind kind, const struct cell *cell);

/** The least width of a cell whose names keep `name` columns, and whose addresses keep `groups` at
 * either end. */
unsigned cell_least(enum cell_kind kind, const struct cell *cell, unsigned name, unsigned groups);

/**
 * Writes a cell, shortened where it is wider than `width` and can be; returns the columns it took.
 * Of a list it writes the members from `*position` on that one line takes, and moves it on.
 */
unsigned cell_put(struct out *o, enum cell_kind kind, const struct cell *cell, unsigned width,
	size_t *position);

#endif
