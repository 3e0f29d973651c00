/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audit needs of a kept listing: which rows of its snapshot are new since then. */
#ifndef PORTSCOPE_DIFF_DIFF_H
#define PORTSCOPE_DIFF_DIFF_H

#include <portscope.h>

#include "model/warnings.h"

/** A row beside the baseline. Both false and NULL: it is as it was. */
struct baseline_row {
	bool opened;
	char *changed; /**< owned: what was and what is, for a reader; may hold unsafe bytes */
};

/** What a snapshot has to gather to be compared with the baseline, of enum field_need. */
unsigned baseline_needs(const struct portscope_document *baseline);

/**
 * Compares a snapshot of all that listens with the baseline; fills `rows`, zeroed, one for each row
 * of the snapshot, and adds to the warnings. -EINVAL: the baseline does not hold all that listened,
 * and `ret_error` says so in printable text that the caller frees.
 */
int baseline_compare(const struct portscope_document *baseline, struct portscope_snapshot *snapshot,
	struct warnings *warnings, struct baseline_row *rows, char **ret_error);

void baseline_rows_free(struct baseline_row *rows, size_t n);

#endif
