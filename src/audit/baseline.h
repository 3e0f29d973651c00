/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kept listing of what is normal: which rows of a snapshot are new or changed since then. */
#ifndef PORTSCOPE_AUDIT_BASELINE_H
#define PORTSCOPE_AUDIT_BASELINE_H

#include "listing/snapshot.h"

/** A row beside the baseline. Both false and NULL: it is as it was. */
struct baseline_row {
	bool opened;
	char *changed; /**< owned: what was and what is, for a reader; may hold unsafe bytes */
};

/**
 * Compares a snapshot of all that listens with the baseline; fills `rows`, zeroed, one for each row
 * of the snapshot, and adds to the warnings. -EINVAL: the baseline does not hold all that listened,
 * and `ret_error` says so in printable text that the caller frees.
 */
int baseline_compare(const struct portscope_document *baseline, struct portscope_snapshot *snapshot,
	struct baseline_row *rows, char **ret_error);

void baseline_rows_free(struct baseline_row *rows, size_t n);

#endif
