/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command `audit` writes for a reader, and what it says of all findings together. */
#ifndef PORTSCOPE_CLI_AUDIT_H
#define PORTSCOPE_CLI_AUDIT_H

#include "cli/audit-lines.h"
#include "format/format.h"
#include "util/json.h"

/** What is known of all findings together: the `of` of a listing_kind. */
struct report {
	const struct portscope_audit *audit;
	const char *policy;        /**< path; NULL: none */
	const char *fail_on;       /**< name of the severity; `none` */
	struct audit_lines *lines; /**< of the text */
	unsigned least;            /**< the lowest severity that the text shows */
	bool details;              /**< the text says all that is known of each */
};

/** Findings as lines. */
extern const struct format format_report;

/** Writes the member `summary`; `report` is a struct report. */
void report_put_summary(struct json *j, const void *report);

/** Writes the rules, a line each. */
void rules_write(struct out *o);
/** Writes all that is known of one; `width` 0: lines are not broken. */
void rule_write(struct out *o, const struct portscope_rule *rule, unsigned width);

#endif
