/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command `audit` writes for a reader. */
#ifndef PORTSCOPE_CLI_AUDIT_H
#define PORTSCOPE_CLI_AUDIT_H

#include "format/findings.h"

extern const struct findings_format findings_text;
/** What it shows of a socket: ids of fields. */
extern const uint16_t findings_text_columns[FINDING_CELLS];

/** Writes the rules, a line each. */
void rules_write(struct out *o);
/** Writes all that is known of one; `width` 0: lines are not broken. */
void rule_write(struct out *o, const struct portscope_rule *rule, unsigned width);

#endif
