/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the other files of the api need of an audit. */
#ifndef PORTSCOPE_AUDIT_AUDIT_H
#define PORTSCOPE_AUDIT_AUDIT_H

#include <portscope.h>

#include "collect/collect.h"

/** portscope_audit_open() with given sources, which must outlive the audit; NULL: this system. */
int audit_open_from(const struct portscope_query *query, struct portscope_policy *policy,
	const struct portscope_document *baseline, const struct sources *sources,
	struct portscope_audit **ret, char **ret_error);

/** The rules that each row of its snapshot breaks: bits 1 << the position in the table. */
const uint32_t *audit_broken_rules(const struct portscope_audit *audit);

#endif
