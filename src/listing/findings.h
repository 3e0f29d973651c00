/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The field `findings` of a listing: which rules of the audit each socket that listens breaks. A
 * whole audit is made for it, so that it is gathered only where it is asked for.
 */
#ifndef PORTSCOPE_LISTING_FINDINGS_H
#define PORTSCOPE_LISTING_FINDINGS_H

#include "collect/collect.h"
#include "model/row.h"

struct findings_index;

/** Audits what these sources show, without a policy. */
int findings_index_open(const struct sources *sources, bool numeric, struct warnings *warnings,
	struct findings_index **ret);
struct findings_index *findings_index_close(struct findings_index *index);

/** Fills in the findings of a row; of what was not judged they stay unknown. */
void findings_index_get(const struct findings_index *index, struct portscope_row *row);

#endif
