/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a listing needs of a public filter: the parsed one, and what it means for a collection. */
#ifndef PORTSCOPE_LISTING_REQUEST_H
#define PORTSCOPE_LISTING_REQUEST_H

#include "collect/collect.h"
#include "filter/filter.h"

/** The names that mean something on this host, for filter_parse(); keep it where it is. */
struct filter_lookup {
	struct filter_names names;
	struct service_names *services; /**< loaded when the first name is asked for */
	bool loaded;
};

void filter_lookup_init(struct filter_lookup *lookup);
void filter_lookup_done(struct filter_lookup *lookup);

/** The parsed filter behind the public one. */
struct filter *portscope_filter_parsed(const struct portscope_filter *filter);

/** The programs that a request points to. */
struct filter_programs {
	uint8_t *bytes[COLLECT_PROTOCOLS][COLLECT_FAMILIES];
};

/** Warns of what a filter reads and this user may not see. */
int filter_warn(const struct filter *filter, struct warnings *warnings);

/**
 * Narrows a request to what can match: states, and a program for the kernel for each part.
 * `programs` is to be freed when the request is done.
 */
int filter_narrow(const struct filter *filter, struct collect_request *request,
	struct filter_programs *programs, struct warnings *warnings);
void filter_programs_done(struct filter_programs *programs);

/**
 * Asks the kernel which sockets of `request` are autobound and tells the filter, which borrows
 * `cookies` (to be freed). Where that cannot be known, a warning says so.
 */
int filter_ask_autobound(struct filter *filter, const struct sources *sources,
	const struct collect_request *request, uint64_t **cookies, struct warnings *warnings);

#endif
