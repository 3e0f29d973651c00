/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From where the packet filter lets others in to a port, below what is said of the port. */
#ifndef PORTSCOPE_CLI_REACHING_H
#define PORTSCOPE_CLI_REACHING_H

#include <portscope.h>

#include "cli/page.h"

/** The fields that are read of each row; where they were not asked for, nothing is written. */
#define REACHING_FIELDS 6
extern const uint16_t reaching_fields[REACHING_FIELDS];

/** No more sockets than this are described: one a protocol and family is usual. */
#define REACHING_MAX 8

/** What is to be said of the sockets of a port. Zero everything first. */
struct reaching {
	struct {
		const char *protocol;
		struct portscope_endpoint at;
		const char *reach; /**< the word */
		bool certain;
		const char *rule; /**< the snapshot's; NULL: none decides */
	} items[REACHING_MAX];
	size_t n;
};

/** Takes a row into account, if its socket listens and the packet filter could be read. */
void reaching_take(struct reaching *reaching, const struct portscope_row *row);
/** Writes a sentence for each. */
void reaching_put(const struct reaching *reaching, unsigned indent, struct page *page);

#endif
