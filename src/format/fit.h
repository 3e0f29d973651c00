/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How wide the columns of a table are on a screen that is too narrow for all of it: names give way
 * first, then the middle of addresses, then whole columns.
 */
#ifndef PORTSCOPE_FORMAT_FIT_H
#define PORTSCOPE_FORMAT_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Blanks between two columns. */
#define FIT_GAP 2

enum fit_kind {
	FIT_WHOLE,   /**< numbers and words: as wide as it is, or left out */
	FIT_NAME,    /**< gives way first */
	FIT_ADDRESS, /**< gives way second */
};

struct fit_column {
	enum fit_kind kind;
	unsigned natural;   /**< what its widest cell takes */
	unsigned least;     /**< as narrow as it reads well */
	unsigned narrowest; /**< as narrow as it says anything */
	bool asked;         /**< somebody asked for it: it is never left out */
	bool empty;         /**< no cell says anything */
	uint8_t give_way;   /**< the highest is left out first; 0: never, unless it is empty */
	unsigned width;     /**< the answer; 0: left out */
};

/** From here on a column is left out before names become too short to read well. */
#define FIT_LIGHT 4

/**
 * Chooses the widths. Where what may not go is too wide all the same, the table is wider than
 * `width`, with each column as narrow as it may be.
 */
void fit_columns(struct fit_column *columns, size_t n, unsigned width);

/** The columns of the screen that the table takes. */
unsigned fit_total(const struct fit_column *columns, size_t n);

#endif
