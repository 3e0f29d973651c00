/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of the kernel for a query, and how a filter narrows it. */
#ifndef PORTSCOPE_LISTING_REQUEST_H
#define PORTSCOPE_LISTING_REQUEST_H

#include "collect/collect.h"
#include "filter/filter.h"

/** The programs that a request points to. */
struct filter_programs {
	uint8_t *bytes[COLLECT_PROTOCOLS][COLLECT_FAMILIES];
};

void filter_programs_done(struct filter_programs *programs);

/** Warns of what a filter reads and this user may not see. */
int filter_warn(const struct filter *filter, struct warnings *warnings);

/**
 * What to ask of the kernel for a query: no less than it wants, and little more. With `listeners`
 * all that listens and its clients are asked for as well, and no program of the filter is.
 * `programs` is to be freed when the request is done.
 */
int request_make(const struct portscope_query *query, bool listeners, struct collect_request *ret,
	struct filter_programs *programs, struct warnings *warnings);

/** True for a socket of a protocol and state that the query names. */
bool request_asked(const struct portscope_query *query, const struct socket *socket);
/** True for one of these that it wants, as far as only the socket tells. */
bool request_wants(const struct portscope_query *query, const struct socket *socket);

/**
 * Asks the kernel which sockets of `request` are autobound and tells the filter, which borrows
 * `cookies` (to be freed). Where that cannot be known, a warning says so.
 */
int filter_ask_autobound(struct filter *filter, const struct sources *sources,
	const struct collect_request *request, uint64_t **cookies, struct warnings *warnings);

#endif
