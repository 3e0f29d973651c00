/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the public functions offer beyond portscope.h, to tests alone: other sources of facts. */
#ifndef PORTSCOPE_API_H
#define PORTSCOPE_API_H

#include <portscope.h>

#include "collect/collect.h"

/** portscope_open() with given sources, which must outlive the snapshot. */
int snapshot_open_from(const struct portscope_query *query, const struct sources *sources,
	struct portscope_snapshot **ret);

#endif
