/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The values that conditions compare with: what may stand after each word, and the leaf that it
 * makes. Ports and hosts, which have a syntax of their own, are in endpoint.c.
 */
#include "filter/parser.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model/field.h"
#include "util/suggest.h"

#define SET        COMPARISON_SET
#define ORDER      COMPARISON_ORDER
#define LIKENESS   COMPARISON_LIKENESS
#define CHOICE_MAX 48

static const struct {
	const char *expected; /* after "expected" */
	enum node_kind node;
	unsigned takes;
} kinds[] = {
	[VALUE_PORT] = {"a port number or service name", NODE_PORT, SET | ORDER},
	[VALUE_HOST] = {"an address, [address]:port or host name", NODE_ADDRESS, SET},
	[VALUE_DEVICE] = {"the name or number of an interface", NODE_DEVICE, SET},
	[VALUE_MARK] = {"a mark or mark/mask", NODE_MARK, SET},
	[VALUE_CGROUP] = {"the path of a cgroup", NODE_CGROUP, SET},
	[VALUE_STATE] = {"a state", NODE_STATE, SET},
	[VALUE_PROTOCOL] = {"tcp or udp", NODE_PROTOCOL, SET},
	[VALUE_FAMILY] = {"inet or inet6", NODE_FAMILY, SET},
	[VALUE_PORT_RANGE] = {"well-known, registered or dynamic", NODE_PORT, SET | ORDER},
	[VALUE_USER] = {"a user name or number", NODE_USER, SET},
	[VALUE_FLAG] = {"true or false", NODE_NUMBER, SET},
	[VALUE_NUMBER] = {"a number", NODE_NUMBER, SET | ORDER},
	[VALUE_HEX] = {"a hexadecimal number", NODE_NUMBER, SET},
	[VALUE_PID] = {"a process id", NODE_NUMBER, SET | ORDER},
	[VALUE_TIME] = {"a time of UTC, such as 2026-11-25 or 2026-11-25T18:30", NODE_NUMBER,
		SET | ORDER},
	[VALUE_WORD] = {"a word", NODE_NUMBER, SET | ORDER | LIKENESS},
	[VALUE_TEXT] = {"a text", NODE_TEXT, SET | LIKENESS},
};

/* The words that can be compared by their order; NULL: those of the field have none. */
static const struct vocabulary *ordered_words(const struct predicate *predicate)
{
	const struct vocabulary *words =
		predicate->field < 0 ? NULL : field_get((unsigned)predicate->field)->words;

	return words && words->ordered ? words : NULL;
}

static const struct {
	const char *word;
	uint32_t states;
} groups[] = {
	/* As ss(8) has them; a bound and inactive socket is a kind of closed one. */
	{"all", PORTSCOPE_STATES_ALL},
	{"connected",
		PORTSCOPE_STATES_CONNECTED | 1u << PORTSCOPE_TIME_WAIT | 1u << PORTSCOPE_SYN_RECV},
	{"synchronized", (PORTSCOPE_STATES_CONNECTED | 1u << PORTSCOPE_TIME_WAIT |
				 1u << PORTSCOPE_SYN_RECV) &
				 ~(1u << PORTSCOPE_SYN_SENT)},
	{"bucket", 1u << PORTSCOPE_TIME_WAIT | 1u << PORTSCOPE_SYN_RECV},
	{"big", PORTSCOPE_STATES_ALL & ~(1u << PORTSCOPE_TIME_WAIT | 1u << PORTSCOPE_SYN_RECV)},
};

unsigned value_takes(const struct predicate *predicate)
{
	unsigned takes = kinds[predicate->kind].takes;

	if (predicate->kind == VALUE_WORD && !ordered_words(predicate))
		takes &= ~ORDER;
	return takes;
}

static int add_range(struct node *node, enum token_kind comparison, uint64_t v)
{
	uint64_t low, high;
	struct number_span *range;

	if (!number_range_of(comparison, v, UINT64_MAX, &low, &high))
		return 0;
	range = node_grow(node, sizeof(*range));
	if (!range)
		return -ENOMEM;
	*range = (struct number_span){low, high};
	return 0;
}

static int fail_unknown(
	struct value *v, const char *what, const char *const *choices, size_t n_choices)
{
	const char *nearest = suggest(v->word, choices, n_choices);
	struct quote q = quote_word(v->word, v->length);
	char hint[sizeof(((struct filter_error *)0)->hint)];
	size_t known = 0;
	int used = 0;

	for (size_t i = 0; i < n_choices; i++)
		known += choices[i] != NULL;
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean %s?", nearest);
	else if (!known || known > 8)
		snprintf(hint, sizeof(hint), "expected %s", v->expected);
	else
		for (size_t i = 0; i < n_choices && used < (int)sizeof(hint); i++)
			if (choices[i])
				used += snprintf(hint + used, sizeof(hint) - used, "%s%s",
					used ? ", " : "one of ", choices[i]);
	return parser_fail(v->parser, v->offset, v->length, hint, "unknown %s '%s'", what, q.text);
}

static int add_device(struct value *v, struct node *node)
{
	const struct filter_names *names = v->parser->names;
	uint32_t index;
	uint64_t number;
	int r = number_parse(v->word, v->length, UINT32_MAX, &number);

	if (r == -ERANGE)
		return value_fail(v, 0, "an interface number has 32 bits", "number out of range");
	/* An interface may be called 7, but whoever writes 7 means the number, as in ss. */
	if (!r)
		return add_range(node, TOKEN_EQUAL, number);
	r = names->interface ? names->interface(names->userdata, v->word, &index) : -ENODEV;
	if (r == -ENODEV)
		return fail_unknown(v, "interface", NULL, 0);
	if (r < 0)
		return r;
	return add_range(node, TOKEN_EQUAL, index);
}

static int add_mark(struct value *v, struct node *node)
{
	const char *slash = strchr(v->word, '/');
	size_t length = slash ? (size_t)(slash - v->word) : v->length;
	uint64_t mark, mask = UINT32_MAX;
	struct mark_condition *condition;
	int r = number_parse(v->word, length, UINT32_MAX, &mark);

	if (!r && slash)
		r = number_parse(slash + 1, v->length - length - 1, UINT32_MAX, &mask);
	if (r == -ERANGE)
		return value_fail(v, 0, "marks and masks have 32 bits", "mark out of range");
	if (r < 0)
		return fail_unknown(v, "mark", NULL, 0);
	condition = node_grow(node, sizeof(*condition));
	if (!condition)
		return -ENOMEM;
	*condition = (struct mark_condition){(uint32_t)mark, (uint32_t)mask};
	return 0;
}

static int add_cgroup(struct value *v, struct node *node)
{
	const struct filter_names *names = v->parser->names;
	uint64_t id;
	int r = number_parse(v->word, v->length, UINT64_MAX, &id);

	/* An id, as --explain-filter shows it: no path of a cgroup is a number alone. */
	if (!r)
		return add_range(node, TOKEN_EQUAL, id);
	r = names->cgroup ? names->cgroup(names->userdata, v->word, &id) : -ENOENT;

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return fail_unknown(v, "cgroup", NULL, 0);
	return add_range(node, TOKEN_EQUAL, id);
}

static int add_user(struct value *v, struct node *node)
{
	const struct filter_names *names = v->parser->names;
	uint32_t uid;
	uint64_t number;
	int r = number_parse(v->word, v->length, UINT32_MAX, &number);

	if (r == -ERANGE)
		return value_fail(v, 0, "a user number has 32 bits", "number out of range");
	if (!r)
		return add_range(node, TOKEN_EQUAL, number);
	r = names->user ? names->user(names->userdata, v->word, &uid) : -ENOENT;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return fail_unknown(v, "user", NULL, 0);
	return add_range(node, TOKEN_EQUAL, uid);
}

static int add_choice(struct value *v, struct node *node, const struct vocabulary *words)
{
	for (unsigned i = 0; i < words->count; i++)
		if (words->words[i] && !strcasecmp(v->word, words->words[i])) {
			node->mask |= words->bit(i);
			return 0;
		}
	return fail_unknown(v, v->predicate->name, words->words, words->count);
}

static int add_flag(struct value *v, struct node *node)
{
	static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(v->word, words[i]))
			return add_range(node, TOKEN_EQUAL, i & 1);
	return fail_unknown(v, "value", words, 4);
}

/* A time stands for all of the day, minute or second that it names. */
static int add_time(struct value *v, struct node *node)
{
	struct number_span *span;
	uint64_t low, high;

	if (time_parse(v->word, &low, &high) < 0)
		return fail_unknown(v, "time", NULL, 0);
	span = node_grow(node, sizeof(*span));
	if (!span)
		return -ENOMEM;
	*span = (struct number_span){low, high};
	if (v->comparison == TOKEN_LESS || v->comparison == TOKEN_AT_MOST)
		*span = (struct number_span){0, v->comparison == TOKEN_LESS ? low - 1 : high};
	if (v->comparison == TOKEN_GREATER || v->comparison == TOKEN_AT_LEAST)
		*span = (struct number_span){
			v->comparison == TOKEN_GREATER ? high + 1 : low, UINT64_MAX};
	return 0;
}

static int add_number(struct value *v, struct node *node, uint64_t max)
{
	const char *dash = strchr(v->word, '-');
	size_t length = dash ? (size_t)(dash - v->word) : v->length;
	struct number_span *range;
	uint64_t low, high;
	int r = number_parse(v->word, length, max, &low);

	if (!r && dash)
		r = number_parse(dash + 1, v->length - length - 1, max, &high);
	if (r == -ERANGE)
		return value_fail(
			v, 0, "too large for what it is compared with", "number out of range");
	if (r < 0)
		return fail_unknown(v, "number", NULL, 0);
	if (!dash)
		return add_range(node, v->comparison, low);
	if (!comparison_is_set(v->comparison))
		return value_fail(v, 0, "expected a single number", "a range has no order");
	if (low > high)
		return value_fail(v, 0, "write the smaller number first", "empty range");
	range = node_grow(node, sizeof(*range));
	if (!range)
		return -ENOMEM;
	*range = (struct number_span){low, high};
	return 0;
}

/* Cookies are written in hexadecimal, with or without 0x. */
static int add_hex(struct value *v, struct node *node)
{
	char text[2 + 17] = "0x";
	uint64_t number;
	int r = number_parse(v->word, v->length, UINT64_MAX, &number);

	if (strncasecmp(v->word, "0x", 2)) {
		if (v->length > 16)
			return fail_unknown(v, "number", NULL, 0);
		memcpy(text + 2, v->word, v->length);
		r = number_parse(text, v->length + 2, UINT64_MAX, &number);
	}
	if (r < 0)
		return fail_unknown(v, "number", NULL, 0);
	return add_range(node, TOKEN_EQUAL, number);
}

/* As systemctl(1) completes the name of a unit: NGINX means NGINX.service. */
static const char *unit_suffix(const struct value *v)
{
	static const char *const types[] = {".service", ".socket", ".device", ".mount",
		".automount", ".swap", ".target", ".path", ".timer", ".slice", ".scope"};
	const char *dot = strrchr(v->word, '.');

	if ((v->predicate->field != PORTSCOPE_FIELD_UNIT &&
		    v->predicate->field != PORTSCOPE_FIELD_SOCKET_UNIT) ||
		!(1u << v->comparison & SET))
		return "";
	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (!strcmp(dot, types[i]))
			return "";
	return types[0];
}

static int add_text(struct value *v, struct node *node)
{
	char **text = node_grow(node, sizeof(*text));

	if (!text)
		return -ENOMEM;
	if (asprintf(text, "%s%s", v->word, unit_suffix(v)) < 0) {
		*text = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* A word with an order is compared by its place in it, any other as a text. */
static int add_word(struct value *v, struct node *node)
{
	const struct vocabulary *words = ordered_words(v->predicate);
	uint64_t low, high;

	for (unsigned i = 0; i < words->count; i++) {
		struct number_span *span;

		if (!words->words[i] || strcasecmp(v->word, words->words[i]))
			continue;
		if (!number_range_of(v->comparison, i, words->count - 1, &low, &high))
			return 0;
		/* What has no word is null, and below nothing. */
		while (low <= high && !words->words[low])
			low++;
		if (low > high)
			return 0;
		span = node_grow(node, sizeof(*span));
		if (!span)
			return -ENOMEM;
		*span = (struct number_span){low, high};
		return 0;
	}
	return fail_unknown(v, v->predicate->name, words->words, words->count);
}

static int add_port_range(struct value *v, struct node *node)
{
	const struct vocabulary *words = &port_range_words;
	uint64_t low, high;

	for (unsigned i = 0; i < words->count; i++) {
		struct port_span *range;
		unsigned first = 0, last = UINT16_MAX;

		if (strcasecmp(v->word, words->words[i]))
			continue;
		if (!number_range_of(v->comparison, i, words->count - 1, &low, &high))
			return 0;
		while (port_range_of((uint16_t)first) < low)
			first++;
		while (port_range_of((uint16_t)last) > high)
			last--;
		range = node_grow(node, sizeof(*range));
		if (!range)
			return -ENOMEM;
		*range = (struct port_span){(uint16_t)first, (uint16_t)last};
		return 0;
	}
	return fail_unknown(v, "range of ports", words->words, words->count);
}

static int add_state(struct value *v, uint32_t *states)
{
	const char *words[CHOICE_MAX];
	size_t n = 0;
	int state = state_find(v->word);

	if (state >= 0) {
		*states |= 1u << state;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!strcasecmp(v->word, groups[i].word)) {
			*states |= groups[i].states;
			return 0;
		}
		words[n++] = groups[i].word;
	}
	for (unsigned i = 0; n < CHOICE_MAX && i < state_words.count; i++)
		words[n++] = state_words.words[i];
	for (size_t i = 0; n < CHOICE_MAX && state_alias(i); i++)
		words[n++] = state_alias(i);
	return fail_unknown(v, "state", words, n);
}

static int add_value(struct value *v, struct node *node)
{
	switch (v->predicate->kind) {
	case VALUE_DEVICE:
		return add_device(v, node);
	case VALUE_MARK:
		return add_mark(v, node);
	case VALUE_CGROUP:
		return add_cgroup(v, node);
	case VALUE_STATE:
		return add_state(v, &node->mask);
	case VALUE_PROTOCOL:
		return add_choice(v, node, &protocol_words);
	case VALUE_FAMILY:
		return add_choice(v, node, &family_words);
	case VALUE_PORT_RANGE:
		return add_port_range(v, node);
	case VALUE_USER:
		return add_user(v, node);
	case VALUE_FLAG:
		return add_flag(v, node);
	case VALUE_PID:
		return add_number(v, node, UINT32_MAX);
	case VALUE_TIME:
		return add_time(v, node);
	case VALUE_NUMBER:
		return add_number(v, node, UINT64_MAX);
	case VALUE_HEX:
		return add_hex(v, node);
	case VALUE_WORD:
		return node->kind == NODE_NUMBER ? add_word(v, node) : add_text(v, node);
	default:
		return add_text(v, node);
	}
}

static struct value value_of(
	struct parser *p, const struct predicate *predicate, enum token_kind comparison)
{
	return (struct value){
		.parser = p,
		.predicate = predicate,
		.comparison = comparison,
		.expected = kinds[predicate->kind].expected,
	};
}

static int take_states(struct value *v, void *userdata)
{
	return add_state(v, userdata);
}

int value_parse_states(struct parser *p, uint32_t *ret)
{
	static const struct predicate predicate = {"state", VALUE_STATE, 0, -1};
	struct value v = value_of(p, &predicate, TOKEN_EQUAL);
	uint32_t states = 0;
	int r = value_each(&v, take_states, &states);

	if (r >= 0)
		*ret = states;
	return r;
}

static int take_value(struct value *v, void *userdata)
{
	struct node *node = userdata;

	if (v->predicate->field >= 0 && !v->quoted && 1u << v->comparison & SET &&
		!strcmp(v->word, "null")) {
		if (node->kind != NODE_NULL && (node->n || node->mask))
			return value_fail(v, 0, "compare with null by itself", "null in a list");
		node->kind = NODE_NULL;
		return 0;
	}
	if (node->kind == NODE_NULL)
		return value_fail(v, 0, "compare with null by itself", "null in a list");
	return add_value(v, node);
}

static enum node_kind node_kind_of(const struct predicate *predicate, enum token_kind comparison)
{
	if (1u << comparison & LIKENESS)
		return NODE_GLOB;
	if (predicate->kind == VALUE_WORD && !ordered_words(predicate))
		return NODE_TEXT;
	return kinds[predicate->kind].node;
}

int value_parse(struct parser *p, const struct predicate *predicate, enum token_kind comparison,
	struct node **ret)
{
	AUTO_NODE struct node *node = NULL;
	struct value v = value_of(p, predicate, comparison);
	int r;

	if (predicate->kind == VALUE_PORT || predicate->kind == VALUE_HOST)
		return endpoint_parse(&v, ret);
	node = node_new(node_kind_of(predicate, comparison));
	if (!node)
		return -ENOMEM;
	node->side = predicate->side;
	if (predicate->field >= 0)
		node->field = (uint16_t)predicate->field;
	r = value_each(&v, take_value, node);
	if (r < 0)
		return r;
	if (node->kind == NODE_NUMBER || node->kind == NODE_DEVICE || node->kind == NODE_USER ||
		node->kind == NODE_CGROUP)
		numbers_normalize(node->numbers, &node->n);
	else if (node->kind == NODE_PORT)
		ports_normalize(node->ports, &node->n);
	if (comparison == TOKEN_UNEQUAL || comparison == TOKEN_UNLIKE)
		r = node_negate(&node);
	if (r < 0)
		return r;
	*ret = STEAL(node);
	return 0;
}

int value_parse_lone(struct parser *p, struct node **ret)
{
	static const struct predicate predicate = {"sport", VALUE_PORT, SIDE_LOCAL, -1};
	struct value v = value_of(p, &predicate, TOKEN_EQUAL);

	return endpoint_parse(&v, ret);
}
