/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public filter: the parsed one behind it, and the names that mean something on this host. */
#ifndef PORTSCOPE_LISTING_NAMES_H
#define PORTSCOPE_LISTING_NAMES_H

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

/** What this user may ask of the kernel, as flags of filter_compile(). */
unsigned filter_compile_flags(void);

#endif
