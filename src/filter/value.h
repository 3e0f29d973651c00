/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A value that is being parsed, and what the parsers of single kinds of values share. */
#ifndef PORTSCOPE_FILTER_VALUE_H
#define PORTSCOPE_FILTER_VALUE_H

#include "filter/parser.h"

struct value {
	struct parser *parser;
	const struct predicate *predicate;
	enum token_kind comparison;
	char *word;            /**< without quotes */
	size_t offset, length; /**< of the word in the text */
	bool quoted;
};

/** Calls `take` for each value of the list that starts at the current token. */
int value_each(struct value *v, int (*take)(struct value *v, void *userdata), void *userdata);
/** Fails at a part of the value. */
int value_fail(struct value *v, size_t offset, const char *hint, const char *message);
/** A decimal or 0x number; -EINVAL: none, -ERANGE: above `max`. */
int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret);
/** What compares so with `v`: 1 and a range, or 0 if nothing up to `max` does. */
int number_range_of(enum token_kind comparison, uint64_t v, uint64_t max, uint64_t *ret_low,
	uint64_t *ret_high);
/** Parses a list of ports or of hosts. */
int endpoint_parse(struct value *v, struct node **ret);

#endif
