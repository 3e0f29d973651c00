/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command `diff` calls for its JSON. */
#ifndef PORTSCOPE_CLI_DIFF_H
#define PORTSCOPE_CLI_DIFF_H

#include <portscope.h>

#include "util/out.h"

/** The word for a kind of change. */
const char *diff_kind_name(enum portscope_change_kind kind);

/** A diff, and what its JSON says beside it. */
struct diff_json {
	struct out *out;
	const struct portscope_host *host; /**< who compared */
	const struct portscope_warning *warnings;
	size_t n_warnings;
	const struct portscope_diff *diff;
	const struct portscope_document *before, *after;
};

/** Writes it as one document. */
void diff_json_write(const struct diff_json *d);

#endif
