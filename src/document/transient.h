/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of units that are another one each time: what of them stays. */
#ifndef PORTSCOPE_DOCUMENT_TRANSIENT_H
#define PORTSCOPE_DOCUMENT_TRANSIENT_H

#include "util/out.h"

/**
 * Writes a unit with `*` for what is made up anew each time: `session-12.scope` becomes
 * `session-*.scope`. A name that stays is written as it is.
 */
void transient_unit(struct out *o, const char *unit);

#endif
