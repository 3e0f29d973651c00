/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Expressions: a Pratt parser. `not` binds tightest, then `and`, which may be left out, then `or`,
 * as the manual of ss says. `state` and `exclude` are not conditions but choose the states of the
 * whole filter, so they stand outside of brackets and negations.
 */
#include "filter/parser.h"

#include <stdio.h>
#include <string.h>

#include "model/names.h"
#include "util/suggest.h"

enum binding {
	BIND_NOTHING,
	BIND_OR,
	BIND_AND,
	BIND_NOT,
};

/* Words that are not a field. */
static const struct {
	const char *name;
	enum value_kind kind;
	uint8_t side;
} words[] = {
	{"src", VALUE_HOST, SIDE_LOCAL},
	{"dst", VALUE_HOST, SIDE_REMOTE},
	{"addr", VALUE_HOST, SIDE_LOCAL | SIDE_REMOTE},
	{"sport", VALUE_PORT, SIDE_LOCAL},
	{"dport", VALUE_PORT, SIDE_REMOTE},
	{"port", VALUE_PORT, SIDE_LOCAL | SIDE_REMOTE},
	{"dev", VALUE_DEVICE, 0},
	{"fwmark", VALUE_MARK, 0},
	{"autobound", VALUE_AUTOBOUND, 0},
};

/* Fields that the kernel knows by another name, or that have a syntax of their own. */
static const struct {
	enum portscope_field_id field;
	enum value_kind kind;
	uint8_t side;
} special_fields[] = {
	{PORTSCOPE_FIELD_LOCAL, VALUE_HOST, SIDE_LOCAL},
	{PORTSCOPE_FIELD_LOCAL_ADDRESS, VALUE_HOST, SIDE_LOCAL},
	{PORTSCOPE_FIELD_LOCAL_PORT, VALUE_PORT, SIDE_LOCAL},
	{PORTSCOPE_FIELD_PEER, VALUE_HOST, SIDE_REMOTE},
	{PORTSCOPE_FIELD_REMOTE_ADDRESS, VALUE_HOST, SIDE_REMOTE},
	{PORTSCOPE_FIELD_REMOTE_PORT, VALUE_PORT, SIDE_REMOTE},
	{PORTSCOPE_FIELD_INTERFACE, VALUE_DEVICE, 0},
	{PORTSCOPE_FIELD_IFINDEX, VALUE_DEVICE, 0},
	{PORTSCOPE_FIELD_MARK, VALUE_MARK, 0},
	{PORTSCOPE_FIELD_CGROUP, VALUE_CGROUP, 0},
	{PORTSCOPE_FIELD_STATE, VALUE_STATE, 0},
	{PORTSCOPE_FIELD_PROTOCOL, VALUE_PROTOCOL, 0},
	{PORTSCOPE_FIELD_FAMILY, VALUE_FAMILY, 0},
	{PORTSCOPE_FIELD_PORT_RANGE, VALUE_PORT_RANGE, SIDE_LOCAL},
	{PORTSCOPE_FIELD_USER, VALUE_USER, 0},
};

static const struct {
	const char *word;
	enum token_kind comparison;
} comparisons[] = {
	{"eq", TOKEN_EQUAL},
	{"ne", TOKEN_UNEQUAL},
	{"neq", TOKEN_UNEQUAL},
	{"lt", TOKEN_LESS},
	{"le", TOKEN_AT_MOST},
	{"leq", TOKEN_AT_MOST},
	{"gt", TOKEN_GREATER},
	{"ge", TOKEN_AT_LEAST},
	{"geq", TOKEN_AT_LEAST},
};

static int parse_expression(struct parser *p, enum binding binding, struct node **ret);

static bool token_is(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && p->token.length == strlen(word) &&
	       !memcmp(p->text + p->token.offset, word, p->token.length);
}

static int fail_here(struct parser *p, const char *hint, const char *message)
{
	return parser_fail(p, p->token.offset, p->token.length, hint, "%s", message);
}

static int fail_unexpected(struct parser *p, const char *expected)
{
	struct quote q = quote_word(p->text + p->token.offset, p->token.length);

	if (p->token.kind == TOKEN_END)
		return fail_here(p, expected, "the filter ends too early");
	if (p->token.kind == TOKEN_UNCLOSED)
		return fail_here(p, "", "the quote is not closed");
	return parser_fail(
		p, p->token.offset, p->token.length, expected, "unexpected '%s'", q.text);
}

static enum value_kind kind_of_type(enum portscope_type type)
{
	switch (type) {
	case PORTSCOPE_BOOL:
		return VALUE_FLAG;
	case PORTSCOPE_NUMBER:
		return VALUE_NUMBER;
	case PORTSCOPE_HEX:
		return VALUE_HEX;
	case PORTSCOPE_PIDS:
		return VALUE_PID;
	case PORTSCOPE_TIME:
		return VALUE_TIME;
	case PORTSCOPE_WORD:
		return VALUE_WORD;
	case PORTSCOPE_ADDRESS:
	case PORTSCOPE_ENDPOINT:
		return VALUE_HOST;
	default:
		return VALUE_TEXT;
	}
}

/* What is found of sockets only an audit knows. */
static bool may_ask(const struct parser *p, const struct portscope_field *field)
{
	return !field->of_answer && (!field->of_finding || (p->names && p->names->findings));
}

/* What the current word means at the start of a condition. */
static bool find_predicate(const struct parser *p, struct predicate *ret)
{
	const struct portscope_field *field;

	*ret = (struct predicate){.field = -ENOENT};
	for (unsigned id = 0; (field = portscope_field_at(id)); id++)
		if (may_ask(p, field) && token_is(p, field->name)) {
			ret->name = field->name;
			ret->kind = kind_of_type(field->type);
			ret->field = (int)id;
		}
	for (size_t i = 0; ret->name && i < ARRAY_SIZE(special_fields); i++)
		if (ret->field == (int)special_fields[i].field) {
			ret->kind = special_fields[i].kind;
			ret->side = special_fields[i].side;
		}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (token_is(p, words[i].name)) {
			ret->name = words[i].name;
			ret->kind = words[i].kind;
			ret->side = words[i].side;
		}
	return ret->name != NULL;
}

/* True if nothing but the current word, or a list that it starts, is the filter. */
static bool is_alone(const struct parser *p)
{
	struct token after = lex(p->text, p->token.offset + p->token.length, false);

	return strspn(p->text, " \t\r\n\v\f") == p->token.offset &&
	       (after.kind == TOKEN_END || after.kind == TOKEN_COMMA);
}

static bool is_service(const struct parser *p, const char *word)
{
	struct filter_service service;

	return p->names->service && p->names->service(p->names->userdata, word, &service, 1) > 0;
}

static int fail_unknown_word(struct parser *p)
{
	AUTO_FREE char *word = strndup(p->text + p->token.offset, p->token.length);
	struct quote q = quote_word(p->text + p->token.offset, p->token.length);
	const char *known[160] = {"and", "or", "not", "exclude"};
	const struct portscope_field *field;
	size_t n = 4;
	char hint[sizeof(p->error->hint)] = "expected a condition such as sport = :22";
	const char *nearest;

	if (!word)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		known[n++] = words[i].name;
	for (unsigned id = 0; n < ARRAY_SIZE(known) && (field = portscope_field_at(id)); id++)
		if (may_ask(p, field))
			known[n++] = field->name;
	nearest = suggest(word, known, n);
	if (state_find(word) >= 0)
		snprintf(hint, sizeof(hint), "write: state = %s", q.text);
	else if (word[strspn(word, ":0123456789-")] == '\0' || is_service(p, word))
		snprintf(hint, sizeof(hint), "write: sport = %s, or dport, or port", q.text);
	else if (nearest)
		snprintf(hint, sizeof(hint), "did you mean %s?", nearest);
	else if (is_alone(p) && (nearest = similar_service(p, word)))
		snprintf(hint, sizeof(hint), "did you mean the service %s?", nearest);
	return parser_fail(p, p->token.offset, p->token.length, hint, "unknown word '%s'", q.text);
}

/* A port or service by itself is a filter, but no part of one. */
static bool looks_lone(const struct parser *p)
{
	char word[256];

	if (!is_alone(p))
		return false;
	if (strchr(":0123456789", p->text[p->token.offset]))
		return true;
	if (p->token.length >= sizeof(word))
		return false;
	memcpy(word, p->text + p->token.offset, p->token.length);
	word[p->token.length] = '\0';
	return is_service(p, word);
}

static int parse_lone(struct parser *p, struct node **ret)
{
	int r = value_parse_lone(p, ret);

	if (r < 0)
		return r;
	if (p->token.kind != TOKEN_END)
		return fail_unexpected(p, "a lone port is the whole filter, or write sport = PORT");
	p->filter->lone = true;
	return 0;
}

/* The comparison after a word; equal if there is none. */
static enum token_kind parse_comparison(struct parser *p, bool *ret_explicit)
{
	enum token_kind kind = p->token.kind;

	*ret_explicit = true;
	if (kind >= TOKEN_EQUAL && kind <= TOKEN_UNLIKE) {
		parser_next(p);
		return kind;
	}
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++)
		if (token_is(p, comparisons[i].word)) {
			parser_next(p);
			return comparisons[i].comparison;
		}
	*ret_explicit = false;
	return TOKEN_EQUAL;
}

static bool is_text_field(const struct predicate *predicate)
{
	const struct portscope_field *field;

	if (predicate->field < 0)
		return false;
	field = portscope_field_at((unsigned)predicate->field);
	return kind_of_type(field->type) == VALUE_TEXT || field->type == PORTSCOPE_WORD;
}

/* Fits the kind of a condition on a field to the comparison that is made. */
static void adjust_kind(
	const struct parser *p, struct predicate *predicate, enum token_kind comparison)
{
	struct token value = lex(p->text, p->token.offset, true);
	const struct portscope_field *field;

	if (predicate->field < 0)
		return;
	field = portscope_field_at((unsigned)predicate->field);
	/* Patterns are for the text that a field shows, not for what is behind it. */
	if ((comparison == TOKEN_LIKE || comparison == TOKEN_UNLIKE) && is_text_field(predicate))
		predicate->kind = VALUE_TEXT;
	else if (!(value_takes(predicate) & 1u << comparison))
		predicate->kind = kind_of_type(field->type);
	if ((comparison == TOKEN_EQUAL || comparison == TOKEN_UNEQUAL) &&
		value.kind == TOKEN_WORD && value.length == 4 &&
		!memcmp(p->text + value.offset, "null", 4))
		predicate->kind = VALUE_TEXT;
}

/* `state S` and `exclude S`, whose word has been passed. */
static int parse_states(struct parser *p, bool exclude)
{
	uint32_t states;
	int r = value_parse_states(p, &states);

	if (r < 0)
		return r;
	if (!p->filter->has_states)
		p->filter->states = exclude ? PORTSCOPE_STATES_ALL : 0;
	p->filter->has_states = true;
	if (exclude)
		p->filter->states &= ~states;
	else
		p->filter->states |= states;
	return 0;
}

/* A flag without a comparison: `autobound`, `dual_stack`. */
static int parse_flag(const struct predicate *predicate, struct node **ret)
{
	AUTO_NODE struct node *node =
		node_new(predicate->kind == VALUE_AUTOBOUND ? NODE_AUTOBOUND : NODE_NUMBER);
	struct number_span *range;

	if (!node)
		return -ENOMEM;
	if (node->kind == NODE_NUMBER) {
		node->field = (uint16_t)predicate->field;
		range = node_grow(node, sizeof(*range));
		if (!range)
			return -ENOMEM;
		*range = (struct number_span){1, 1};
	}
	*ret = STEAL(node);
	return 0;
}

/* One condition; `*ret` NULL for `state` and `exclude`, which are none. */
static int parse_condition(struct parser *p, struct node **ret)
{
	struct token word = p->token;
	struct predicate predicate;
	enum token_kind comparison;
	bool exclude = token_is(p, "exclude"), explicit;

	if (token_is(p, "*")) {
		parser_next(p);
		*ret = node_new(NODE_ALL);
		return *ret ? 0 : -ENOMEM;
	}
	if (!exclude && !find_predicate(p, &predicate))
		return looks_lone(p) ? parse_lone(p, ret) : fail_unknown_word(p);
	parser_next(p);
	if (!exclude && (predicate.kind == VALUE_AUTOBOUND))
		return parse_flag(&predicate, ret);
	comparison = parse_comparison(p, &explicit);
	if (!explicit && (exclude || predicate.kind == VALUE_STATE)) {
		if (p->depth)
			return parser_fail(p, word.offset, word.length,
				"write state = NAME or state != NAME here",
				"'%s' is for the whole filter, not for a part of it",
				exclude ? "exclude" : "state");
		p->states_token = word;
		return parse_states(p, exclude);
	}
	if (exclude) {
		p->token = word;
		parser_next(p);
		return fail_unexpected(p, "expected a state; or write state != NAME");
	}
	if (!explicit && predicate.kind == VALUE_FLAG)
		return parse_flag(&predicate, ret);
	adjust_kind(p, &predicate, comparison);
	if (!(value_takes(&predicate) & 1u << comparison))
		return parser_fail(p, word.offset, p->token.offset - word.offset,
			value_takes(&predicate) & 1u << TOKEN_LESS   ? "use = != < <= > >="
			: value_takes(&predicate) & 1u << TOKEN_LIKE ? "use = != ~ !~"
								     : "use = or !=",
			"'%s' cannot be compared like this", predicate.name);
	return value_parse(p, &predicate, comparison, ret);
}

static int parse_prefix(struct parser *p, struct node **ret)
{
	struct token open = p->token;
	int r;

	if (p->token.kind == TOKEN_WORD)
		return parse_condition(p, ret);
	if (p->token.kind != TOKEN_OPEN && p->token.kind != TOKEN_NOT)
		return fail_unexpected(p, "expected a condition such as sport = :22");
	if (p->depth >= DEPTH_MAX)
		return fail_here(p, "256 are the limit", "brackets or negations too deep");
	p->depth++;
	parser_next(p);
	r = parse_expression(p, open.kind == TOKEN_NOT ? BIND_NOT : BIND_NOTHING, ret);
	p->depth--;
	if (r < 0)
		return r;
	if (open.kind == TOKEN_NOT)
		return node_negate(ret);
	if (p->token.kind != TOKEN_CLOSE) {
		if (p->token.kind == TOKEN_END)
			return parser_fail(p, open.offset, 1, "expected a ')' before the end",
				"the bracket is not closed");
		return fail_unexpected(p, "expected ')', and, or");
	}
	parser_next(p);
	return 0;
}

/* How tightly the operator at the current token binds; a missing one is `and`. */
static enum binding operator_binding(const struct parser *p)
{
	switch (p->token.kind) {
	case TOKEN_OR:
		return BIND_OR;
	case TOKEN_AND:
	case TOKEN_WORD:
	case TOKEN_OPEN:
	case TOKEN_NOT:
		return BIND_AND;
	default:
		return BIND_NOTHING;
	}
}

static int parse_expression(struct parser *p, enum binding binding, struct node **ret)
{
	AUTO_NODE struct node *left = NULL;
	int r = parse_prefix(p, &left);

	while (r >= 0 && operator_binding(p) > binding) {
		AUTO_NODE struct node *right = NULL;
		enum binding link = operator_binding(p);

		if (link == BIND_OR && !p->depth)
			p->has_or = true;
		if (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR)
			parser_next(p);
		r = parse_expression(p, link, &right);
		if (r >= 0)
			r = node_join(link == BIND_OR ? NODE_OR : NODE_AND, &left, &right);
	}
	if (r < 0)
		return r;
	*ret = STEAL(left);
	return 0;
}

/* The states that stand in front, where ss has them: they do not take part in the expression. */
static int parse_leading_states(struct parser *p)
{
	while (token_is(p, "state") || token_is(p, "exclude")) {
		struct token word = p->token;
		bool exclude = token_is(p, "exclude"), explicit;
		int r;

		parser_next(p);
		parse_comparison(p, &explicit);
		if (explicit) {
			p->token = word;
			return 0;
		}
		r = parse_states(p, exclude);
		if (r < 0)
			return r;
		if (p->token.kind == TOKEN_OR)
			return parser_fail(p, word.offset, word.length,
				"write state = NAME to make it a part",
				"'%s' is for the whole filter, not for a part of it",
				exclude ? "exclude" : "state");
		if (p->token.kind == TOKEN_AND) {
			parser_next(p);
			if (p->token.kind == TOKEN_END)
				return fail_unexpected(
					p, "expected a condition such as sport = :22");
		}
	}
	return 0;
}

static int parse_all(struct parser *p)
{
	int r;

	p->token = lex(p->text, 0, false);
	r = parse_leading_states(p);
	if (r < 0)
		return r;
	if (p->token.kind != TOKEN_END) {
		r = parse_expression(p, BIND_NOTHING, &p->filter->root);
		if (r < 0)
			return r;
	}
	if (p->token.kind == TOKEN_CLOSE)
		return fail_here(p, "no bracket is open here", "unexpected ')'");
	if (p->token.kind != TOKEN_END)
		return fail_unexpected(p, "expected and, or, or a condition");
	if (p->states_token.length && p->has_or)
		return parser_fail(p, p->states_token.offset, p->states_token.length,
			"put it first, or write state = NAME or state != NAME",
			"'%.*s' is for the whole filter, not for a part of it",
			(int)p->states_token.length, p->text + p->states_token.offset);
	return 0;
}

bool filter_is_word(const char *word)
{
	struct parser p = {.text = word};
	struct predicate predicate;

	p.token = lex(word, 0, false);
	return p.token.kind != TOKEN_WORD || token_is(&p, "exclude") ||
	       find_predicate(&p, &predicate);
}

int filter_parse(const char *text, const struct filter_names *names, struct filter **ret,
	struct filter_error *error)
{
	static const struct filter_names no_names;
	CLEANUP(filter_free_cleanup) struct filter *filter = calloc(1, sizeof(*filter));
	struct filter_error ignored;
	struct parser p = {
		.text = text,
		.names = names ? names : &no_names,
		.error = error ? error : &ignored,
		.filter = filter,
	};
	int r;

	if (!filter)
		return -ENOMEM;
	r = parse_all(&p);
	if (r >= 0)
		r = filter_survey(filter);
	if (r < 0)
		return r;
	*ret = STEAL(filter);
	return 0;
}
