/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all parts of the parser stand on: the token that is looked at, errors that point at a place,
 * numbers, and the list of values after a comparison.
 */
#include "filter/parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void parser_next(struct parser *p)
{
	p->token = lex(p->text, p->token.offset + p->token.length, false);
}

void parser_value(struct parser *p)
{
	p->token = lex(p->text, p->token.offset, true);
}

int parser_fail(
	struct parser *p, size_t offset, size_t length, const char *hint, const char *message, ...)
{
	va_list args;

	p->error->offset = offset;
	p->error->length = length;
	va_start(args, message);
	vsnprintf(p->error->message, sizeof(p->error->message), message, args);
	va_end(args);
	snprintf(p->error->hint, sizeof(p->error->hint), "%s", hint);
	return -EINVAL;
}

struct quote quote_word(const char *word, size_t length)
{
	struct quote q = {{0}};
	size_t n = 0;

	for (size_t i = 0; i < length && n < sizeof(q.text) - 4; i++) {
		unsigned char c = (unsigned char)word[i];

		if ((c & 0xc0) != 0x80)
			q.text[n++] = c < ' ' || c > '~' ? '?' : (char)c;
	}
	if (n == sizeof(q.text) - 4)
		memcpy(q.text + n, "...", 3);
	return q;
}

const char *similar_service(const struct parser *p, const char *word)
{
	if (!p->names->similar_service || !isalpha((unsigned char)*word))
		return NULL;
	return p->names->similar_service(p->names->userdata, word);
}

bool comparison_is_set(enum token_kind comparison)
{
	return 1u << comparison & (COMPARISON_SET | COMPARISON_LIKENESS);
}

int number_parse(const char *text, size_t length, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned base = 10;
	size_t i = 0;

	if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	}
	if (i == length)
		return -EINVAL;
	/* All of it is looked at first: `99999999999999999999x` is not a number at all. */
	for (size_t j = i; j < length; j++)
		if (!strchr(base == 16 ? "0123456789abcdefABCDEF" : "0123456789", text[j]))
			return -EINVAL;
	for (; i < length; i++) {
		unsigned digit = (unsigned char)text[i];

		digit = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit, &v) ||
			v > max)
			return -ERANGE;
	}
	*ret = v;
	return 0;
}

int number_range_of(
	enum token_kind comparison, uint64_t v, uint64_t max, uint64_t *ret_low, uint64_t *ret_high)
{
	uint64_t low = 0, high = max;

	switch (comparison) {
	case TOKEN_LESS:
		if (!v)
			return 0;
		high = v - 1;
		break;
	case TOKEN_AT_MOST:
		high = v;
		break;
	case TOKEN_GREATER:
		if (v >= max)
			return 0;
		low = v + 1;
		break;
	case TOKEN_AT_LEAST:
		low = v;
		break;
	default:
		low = high = v;
	}
	*ret_low = low;
	*ret_high = high;
	return 1;
}

int value_fail(struct value *v, size_t offset, const char *hint, const char *message)
{
	return parser_fail(v->parser, v->offset + offset, v->length - offset, hint, "%s", message);
}

/* Takes the current token as a value of `v`; the word is the caller's to free. */
static int value_take(struct value *v)
{
	struct parser *p = v->parser;
	char hint[sizeof(p->error->hint)];
	bool quoted;

	parser_value(p);
	quoted = p->token.kind == TOKEN_QUOTED;
	if (p->token.kind != TOKEN_WORD && !quoted) {
		struct quote q = quote_word(p->text + p->token.offset, p->token.length);

		snprintf(hint, sizeof(hint), "expected %s", v->expected);
		if (p->token.kind == TOKEN_UNCLOSED)
			return parser_fail(
				p, p->token.offset, p->token.length, "", "the quote is not closed");
		if (p->token.kind == TOKEN_END)
			return parser_fail(
				p, p->token.offset, 0, hint, "the filter ends too early");
		return parser_fail(
			p, p->token.offset, p->token.length, hint, "unexpected '%s'", q.text);
	}
	if (quoted && p->text[p->token.offset + p->token.length] &&
		!strchr(" \t\r\n\v\f(),&|", p->text[p->token.offset + p->token.length]))
		return parser_fail(p, p->token.offset + p->token.length, 1,
			"quote the whole value, with the other kind of quotes if need be",
			"text right after a quote");
	v->offset = p->token.offset + quoted;
	v->length = p->token.length - 2 * quoted;
	v->quoted = quoted;
	v->word = strndup(p->text + v->offset, v->length);
	return v->word ? 0 : -ENOMEM;
}

int value_each(struct value *v, int (*take)(struct value *v, void *userdata), void *userdata)
{
	for (;;) {
		int r = value_take(v);

		if (r >= 0)
			r = take(v, userdata);
		free(v->word);
		v->word = NULL;
		if (r < 0)
			return r;
		parser_next(v->parser);
		if (v->parser->token.kind != TOKEN_COMMA)
			return 0;
		if (!comparison_is_set(v->comparison))
			return parser_fail(v->parser, v->parser->token.offset, 1,
				"expected a single value", "a list has no order");
		parser_next(v->parser);
	}
}
