/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scanner. It has no state but a place in the text, so that the parser may look twice. */
#include "filter/lex.h"

#include <string.h>

#include "util/macros.h"

static const struct {
	char text[4];
	enum token_kind kind;
} symbols[] = {
	/* Longer ones first. */
	{"!=", TOKEN_UNEQUAL},
	{"!~", TOKEN_UNLIKE},
	{"==", TOKEN_EQUAL},
	{"<=", TOKEN_AT_MOST},
	{">=", TOKEN_AT_LEAST},
	{"&&", TOKEN_AND},
	{"||", TOKEN_OR},
	{"!", TOKEN_NOT},
	{"~", TOKEN_LIKE},
	{"=", TOKEN_EQUAL},
	{"<", TOKEN_LESS},
	{">", TOKEN_GREATER},
	{"&", TOKEN_AND},
	{"|", TOKEN_OR},
	{"(", TOKEN_OPEN},
	{")", TOKEN_CLOSE},
	{",", TOKEN_COMMA},
};

static const char blanks[] = " \t\r\n\v\f";

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

struct token lex(const char *text, size_t offset, bool value)
{
	struct token token = {.kind = TOKEN_WORD};
	const char *start;

	token.offset = offset + strspn(text + offset, blanks);
	start = text + token.offset;
	if (!*start) {
		token.kind = TOKEN_END;
		return token;
	}
	if (*start == '"' || *start == '\'') {
		const char *end = strchr(start + 1, *start);

		token.kind = end ? TOKEN_QUOTED : TOKEN_UNCLOSED;
		token.length = end ? (size_t)(end - start) + 1 : strlen(start);
		return token;
	}
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (!strncmp(start, symbols[i].text, strlen(symbols[i].text))) {
			token.kind = symbols[i].kind;
			token.length = strlen(symbols[i].text);
			return token;
		}
	token.length = strcspn(start, value ? " \t\r\n\v\f(),&|" : " \t\r\n\v\f(),&|!=<>~\"'");
	if (is_word(start, token.length, "and"))
		token.kind = TOKEN_AND;
	else if (is_word(start, token.length, "or"))
		token.kind = TOKEN_OR;
	else if (is_word(start, token.length, "not"))
		token.kind = TOKEN_NOT;
	return token;
}
