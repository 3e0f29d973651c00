/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the one process that holds a port came to run, below what is said of the port. */
#ifndef PORTSCOPE_CLI_STARTED_H
#define PORTSCOPE_CLI_STARTED_H

#include <portscope.h>

#include "cli/page.h"

/** The fields that are read of each row; they must be asked for. */
#define STARTED_FIELDS 4
extern const uint16_t started_fields[STARTED_FIELDS];

/** What the rows have in common. Zero everything first. */
struct started {
	uint32_t pid;         /**< of the one holder; 0: none yet */
	bool several;         /**< there are more than one, or one that cannot be seen */
	const char *by, *cwd; /**< the snapshot's */
	int64_t since;        /**< 0: not known */
};

/** Takes a row into account. */
void started_take(struct started *started, const struct portscope_row *row);
/** Writes the line, if all rows have the same single holder; `now` is the time of the listing. */
void started_put(const struct started *started, int64_t now, unsigned indent, struct page *page);

#endif
