/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words, operators and brackets of a filter. Where a value is expected fewer characters end a
 * word than where a condition is: `sport!=22` are three tokens, but `cgroup = /a=b` has one value.
 */
#ifndef PORTSCOPE_FILTER_LEX_H
#define PORTSCOPE_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	/* Comparisons, in this order up to TOKEN_UNLIKE. */
	TOKEN_EQUAL,
	TOKEN_UNEQUAL,
	TOKEN_LESS,
	TOKEN_AT_MOST,
	TOKEN_GREATER,
	TOKEN_AT_LEAST,
	TOKEN_LIKE,
	TOKEN_UNLIKE,
	TOKEN_UNCLOSED, /**< a quote without its end */
};

/* Sets of comparisons, as bits 1 << enum token_kind. */
#define COMPARISON_SET (1u << TOKEN_EQUAL | 1u << TOKEN_UNEQUAL)
#define COMPARISON_ORDER                                                                           \
	(1u << TOKEN_LESS | 1u << TOKEN_AT_MOST | 1u << TOKEN_GREATER | 1u << TOKEN_AT_LEAST)
#define COMPARISON_LIKENESS (1u << TOKEN_LIKE | 1u << TOKEN_UNLIKE)

struct token {
	enum token_kind kind;
	size_t offset, length; /**< with quotes, if there are any */
};

/** The token at or after `offset`; `value` where a value is expected. */
struct token lex(const char *text, size_t offset, bool value);

#endif
