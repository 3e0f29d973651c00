/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the holders of a listing came to run. */
#ifndef PORTSCOPE_LISTING_ORIGIN_H
#define PORTSCOPE_LISTING_ORIGIN_H

#include "listing/snapshot.h"

/** Puts into words how each holder came to run; their units must be known. -ENOMEM at worst. */
int snapshot_gather_origins(struct portscope_snapshot *snapshot);

#endif
