/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parser in four files, each of which uses those after it: expressions (parse.c), the values
 * of their conditions (value.c), ports and hosts among them (endpoint.c), and what all of them
 * stand on (parser.c).
 */
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
	VALUE_TIME,
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
/** A decimal or 0x number; -EINVAL: none, -ERANGE: above `max`. */
int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret);
/** What compares so with `v`: 1 and a range, or 0 if nothing up to `max` does. */
int number_range_of(enum token_kind comparison, uint64_t v, uint64_t max, uint64_t *ret_low,
	uint64_t *ret_high);

/** A value that is being parsed. */
struct value {
	struct parser *parser;
	const struct predicate *predicate;
	enum token_kind comparison;
	const char *expected;  /**< what it should be, in words */
	char *word;            /**< without quotes */
	size_t offset, length; /**< of the word in the text */
	bool quoted;
};

/** Calls `take` for each value of the list that starts at the current token. */
int value_each(struct value *v, int (*take)(struct value *v, void *userdata), void *userdata);
/** Fails at a part of the value. */
int value_fail(struct value *v, size_t offset, const char *hint, const char *message);

/** Parses a list of ports or of hosts. */
int endpoint_parse(struct value *v, struct node **ret);

/**
 * Parses the values after a comparison, the first of which is the current token, into a leaf.
 * `comparison` is one that value_takes() allows.
 */
int value_parse(struct parser *p, const struct predicate *predicate, enum token_kind comparison,
	struct node **ret);
/** What it can be compared by, as bits 1 << enum token_kind. */
unsigned value_takes(const struct predicate *predicate);
/** One or more states with aliases and groups, separated by commas, as a mask. */
int value_parse_states(struct parser *p, uint32_t *ret);
/** A lone port, range of ports or service name; 0 if the token is none of them. */
int value_parse_lone(struct parser *p, struct node **ret);

/** The seconds since the epoch that a text such as 2026-11-25 or 2026-11-25T18:30 stands for. */
int time_parse(const char *text, uint64_t *ret_low, uint64_t *ret_high);

#endif
