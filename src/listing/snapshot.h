/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a snapshot offers beyond portscope.h: other sources to tests, its inside to the audit. */
#ifndef PORTSCOPE_LISTING_SNAPSHOT_H
#define PORTSCOPE_LISTING_SNAPSHOT_H

#include <portscope.h>

#include "collect/collect.h"

/** portscope_open() with given sources, which must outlive the snapshot. */
int snapshot_open_from(const struct portscope_query *query, const struct sources *sources,
	struct portscope_snapshot **ret);

/** The host index behind the rows. */
const struct host *snapshot_host(const struct portscope_snapshot *snapshot);
/** Where its facts come from. */
const struct sources *snapshot_sources(const struct portscope_snapshot *snapshot);
/** Its warnings, for a later stage to add to. */
struct warnings *snapshot_warnings(struct portscope_snapshot *snapshot);
/** Row `i` of a buffered snapshot, in the order of portscope_each(); its socket stays. */
void snapshot_row(const struct portscope_snapshot *snapshot, size_t i, struct portscope_row *ret);

#endif
