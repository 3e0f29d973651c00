/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a port open on this host right now: a listing, of which `explain` shows a part. */
#ifndef PORTSCOPE_CLI_EXPLAIN_OPEN_H
#define PORTSCOPE_CLI_EXPLAIN_OPEN_H

#include "cli/explain.h"
#include "format/format.h"

struct explain_open {
	struct portscope_query query;
	struct listing listing;
	uint16_t columns[FORMAT_COLUMNS_MAX];
	uint16_t fields[FORMAT_COLUMNS_MAX]; /**< the columns, and what chooses the rows */
	size_t hidden;                       /**< sockets shown whose owner this user may not see */
	struct portscope_snapshot *snapshot;
};

/** Takes the listing; to be closed whatever it returns. */
int explain_open(struct explain_open *open, bool json);
void explain_open_close(struct explain_open *open);

/** The sockets that have a port at either end, as lines below the port's page. */
int explain_open_text(struct explain_open *open, struct page *p, uint16_t port, unsigned protocols);
/** The same as the member `sockets`. */
int explain_open_json(struct explain_open *open, struct json *j, uint16_t port, unsigned protocols);

#endif
