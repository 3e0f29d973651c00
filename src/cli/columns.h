/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --columns and --sort: which fields of its rows a command shows, and in which order the rows. */
#ifndef PORTSCOPE_CLI_COLUMNS_H
#define PORTSCOPE_CLI_COLUMNS_H

#include "cli/options.h"

struct columns {
	uint16_t ids[PORTSCOPE_FIELDS]; /**< the columns, then what is read beside them */
	size_t n;                       /**< columns */
	size_t n_default;               /**< of these, from the first, those nobody asked for */
	size_t n_read;                  /**< ids */
	struct portscope_sort sort[PORTSCOPE_FIELDS];
	size_t n_sort;
};

/**
 * Takes what the options ask for; where they name no columns, or only more, the `n` defaults.
 * `findings` if the rows are findings. Returns 0, or STATUS_USAGE after a message.
 */
int columns_choose(struct columns *c, const struct options *options, bool findings,
	const uint16_t *defaults, size_t n);
/**
 * The default columns of a format that has all fields: the fields of a finding where the rows are
 * such, and of a socket. Returns their number; `ret` has room for
 * PORTSCOPE_FIELDS.
 */
size_t columns_of_format(const struct format *format, bool findings, uint16_t *ret);
/** Adds a column unless it is there. */
void columns_show(struct columns *c, uint16_t field);
/** Reads a field beside the columns. */
void columns_read(struct columns *c, uint16_t field);

#endif
