/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the attributes of expressions, elements and objects to operations of the machine. */
#ifndef PORTSCOPE_PACKETFILTER_DECODE_H
#define PORTSCOPE_PACKETFILTER_DECODE_H

#include "packetfilter/attributes.h"
#include "packetfilter/rules.h"

/** No expression of a rule that the kernel takes is longer, nor are there more. */
#define MAX_OPERATIONS 128

/**
 * Decodes a list of expressions of a rule in `table`. An expression that is not known, or lacks
 * what it needs, becomes OP_UNKNOWN. -ENOMEM, or -EBADMSG where lengths do not hold.
 */
int decode_expressions(struct rules *r, uint32_t table, const struct nlattr *list,
	const struct operation **ret, uint32_t *ret_count);

/** Decodes a verdict (NFTA_DATA_VERDICT); -EBADMSG where it is not whole. */
int decode_verdict(
	struct rules *r, uint32_t table, const struct nlattr *verdict, struct verdict *ret);

/** Whether the expressions of an element are limits: fills `limits`, `over` and `unknown`. */
void decode_element_expressions(
	const struct nlattr *one, const struct nlattr *list, struct element *ret);

/** True if these attributes are those of a limit that matches only once it is reached. */
bool decode_is_over(uint32_t object_type, const struct nlattr *data);

/** Fills in what lets a rule be passed over fast. */
void decode_shortcut(struct rule *rule);

#endif
