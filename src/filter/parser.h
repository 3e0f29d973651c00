/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the parser share: expressions (parse.c) and values (value.c). */
#ifndef PORTSCOPE_FILTER_PARSER_H
#define PORTSCOPE_FILTER_PARSER_H

#include "filter/lex.h"
#include "filter/tree.h"

/** Brackets and negations within each other. Deep enough for people, harmless for the stack. */
#define DEPTH_MAX 256

struct parser {
	const char *text;
	struct token token; /**< the one that is looked at */
	const struct filter_names *names;
	struct filter_error *error;
	struct filter *filter;
	unsigned depth;
	bool has_or;               /**< outside of all brackets */
	struct token states_token; /**< of `state` or `exclude` after the first condition */
};

/** What a word of a condition stands for, and what it can be compared with. */
enum value_kind {
	VALUE_PORT,
	VALUE_HOST,
	VALUE_DEVICE,
	VALUE_MARK,
	VALUE_CGROUP,
	VALUE_AUTOBOUND,
	VALUE_STATE,
	VALUE_PROTOCOL,
	VALUE_FAMILY,
	VALUE_PORT_RANGE,
	VALUE_USER,
	VALUE_FLAG,
	VALUE_NUMBER,
	VALUE_HEX,
	VALUE_PID,
	VALUE_WORD,
	VALUE_TEXT,
};

struct predicate {
	const char *name;
	enum value_kind kind;
	uint8_t side;
	int field; /**< id, or negative: no field has this name */
};

/** Steps to the next token. */
void parser_next(struct parser *p);
/** Looks at the token once more, as a value. */
void parser_value(struct parser *p);
/** Fills the error, for a part of the text; always -EINVAL. */
int parser_fail(struct parser *p, size_t offset, size_t length, const char *hint,
	const char *message, ...) PRINTF_LIKE(5, 6);
/** A printable copy of a word, shortened; what every message quotes by. */
struct quote {
	char text[48];
};
struct quote quote_word(const char *word, size_t length);

/** A service that may have been meant by a word that is none; NULL: none, or it is no word. */
const char *similar_service(const struct parser *p, const char *word);

/** True for comparisons that a list can have: equal, unequal, like, unlike. */
bool comparison_is_set(enum token_kind comparison);
/**
 * Parses the values after a comparison, the first of which is the current token, into a leaf.
 * `comparison` is one that value_takes() allows.
 */
int value_parse(struct parser *p, const struct predicate *predicate, enum token_kind comparison,
	struct node **ret);
/** What it can be compared by, as a mask of 1 << token_kind. */
unsigned value_takes(const struct predicate *predicate);
/** One or more states with aliases and groups, separated by commas, as a mask. */
int value_parse_states(struct parser *p, uint32_t *ret);
/** A lone port, range of ports or service name; 0 if the token is none of them. */
int value_parse_lone(struct parser *p, struct node **ret);

#endif
