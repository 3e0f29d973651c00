/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command `diff` calls for its JSON. */
#ifndef PORTSCOPE_CLI_DIFF_H
#define PORTSCOPE_CLI_DIFF_H

#include <portscope.h>

#include "util/out.h"

/** The word for a kind of change. */
const char *diff_kind_name(enum portscope_change_kind kind);

/** Writes the whole diff as one JSON document. */
void diff_json_write(struct out *o, const struct portscope_diff *diff,
	const struct portscope_document *before, const struct portscope_document *after);

#endif
