/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A filter as text: the language itself with every bracket written, so that what is shown can be
 * read with the manual at hand, and parses to the same tree. Names appear as what they stand for.
 */
#include <string.h>

#include "filter/plan.h"
#include "model/field.h"
#include "util/address.h"
#include "util/text.h"

static void show_node(struct out *o, const struct node *node, bool nested);

static const char *field_name(unsigned id)
{
	return portscope_field_at(id)->name;
}

static void show_side(struct out *o, const struct node *node, const char *local, const char *remote,
	const char *either)
{
	out_text(o, node->side == SIDE_LOCAL ? local : node->side == SIDE_REMOTE ? remote : either);
}

static void show_relation(struct out *o, const struct node *node, bool negated)
{
	if (node->kind == NODE_GLOB)
		out_text(o, negated ? " !~ " : " ~ ");
	else
		out_text(o, negated ? " != " : " = ");
}

static void show_ports(struct out *o, const struct node *node, bool negated)
{
	if (!node->n) {
		out_text(o, negated ? "*" : "not *");
		return;
	}
	show_side(o, node, "sport", "dport", "port");
	show_relation(o, node, negated);
	for (size_t i = 0; i < node->n; i++) {
		out_text(o, i ? "," : "");
		out_number(o, node->ports[i].low);
		if (node->ports[i].high != node->ports[i].low) {
			out_char(o, '-');
			out_number(o, node->ports[i].high);
		}
	}
}

static void show_address(struct out *o, const struct filter_address *a)
{
	bool inet = a->family == AF_INET;

	if (!a->prefix) {
		out_text(o, inet ? "inet:*" : "inet6:*");
		return;
	}
	if (!inet)
		out_char(o, '[');
	address_write(o, a->family, a->bytes);
	if (a->prefix < (inet ? 32 : 128)) {
		out_char(o, '/');
		out_number(o, a->prefix);
	}
	if (!inet)
		out_char(o, ']');
}

/* Quotes where the text would be read as something else, and shows what a terminal must not get. */
static void show_word(struct out *o, const char *word)
{
	static const char *const keywords[] = {"", "null", "and", "or", "not"};
	size_t length = strlen(word);
	bool quote = word[strcspn(word, " \t\r\n\v\f(),&|")] || strchr("=!<>~\"'", *word);

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		quote |= !strcmp(word, keywords[i]);
	if (quote)
		out_char(o, strchr(word, '"') ? '\'' : '"');
	for (size_t i = 0; i < length; i++) {
		if (word[i] >= ' ' && word[i] <= '~') {
			out_char(o, word[i]);
			continue;
		}
		text_visible(o, word + i, length - i);
		break;
	}
	if (quote)
		out_char(o, strchr(word, '"') ? '\'' : '"');
}

static void show_singles(struct out *o, const struct node *node)
{
	bool first = true;

	for (size_t i = 0; i < node->n; i++)
		for (uint64_t v = node->numbers[i].low;; v++) {
			if (!first)
				out_char(o, ',');
			first = false;
			out_number(o, v);
			if (v == node->numbers[i].high)
				break;
		}
}

/* Values of the field table: flags, words, hexadecimal and plain numbers. */
static void show_value(struct out *o, const struct node *node, uint64_t v)
{
	enum portscope_type type = portscope_field_at(node->field)->type;

	if (type == PORTSCOPE_BOOL) {
		out_text(o, v ? "true" : "false");
	} else if (type == PORTSCOPE_WORD) {
		out_text(o, portscope_field_word(node->field, (unsigned)v));
	} else if (type == PORTSCOPE_HEX) {
		out_text(o, "0x");
		out_hex(o, v);
	} else {
		out_number(o, v);
	}
}

/* A range that is open at one end, as the order it was written by; false if it is none. */
static bool show_order(struct out *o, const struct node *node, bool negated)
{
	const struct number_span *span = node->numbers;
	/* With `=` these fields are conditions of another kind. */
	bool always = node->field == PORTSCOPE_FIELD_MARK || node->field == PORTSCOPE_FIELD_IFINDEX;
	bool at_least = node->n == 1 && span->high == UINT64_MAX;

	if (node->n != 1 || !(at_least || (!span->low && (span->high || always))))
		return false;
	out_text(o, negated ? "not " : "");
	out_text(o, field_name(node->field));
	out_text(o, at_least ? " >= " : " <= ");
	out_number(o, at_least ? span->low : span->high);
	return true;
}

static void show_numbers(struct out *o, const struct node *node, bool negated)
{
	enum portscope_type type = portscope_field_at(node->field)->type;
	bool single = type == PORTSCOPE_BOOL || type == PORTSCOPE_WORD || type == PORTSCOPE_HEX;
	unsigned least = 0;
	bool first = true;

	if (!node->n) {
		/* An empty set: what is below the least. */
		out_text(o, field_name(node->field));
		out_text(o, negated ? " >= " : " < ");
		while (type == PORTSCOPE_WORD && !portscope_field_word(node->field, least))
			least++;
		show_value(o, node, least);
		return;
	}
	if (!single && show_order(o, node, negated))
		return;
	out_text(o, field_name(node->field));
	show_relation(o, node, negated);
	for (size_t i = 0; i < node->n; i++) {
		const struct number_span *span = &node->numbers[i];

		for (uint64_t v = span->low; single; v++) {
			if (!first)
				out_char(o, ',');
			first = false;
			show_value(o, node, v);
			if (v == span->high)
				break;
		}
		if (single)
			continue;
		if (i)
			out_char(o, ',');
		show_value(o, node, span->low);
		if (span->high != span->low) {
			out_char(o, '-');
			show_value(o, node, span->high);
		}
	}
}

static void show_mask(struct out *o, const struct node *node, bool negated)
{
	unsigned field = node->kind == NODE_STATE      ? PORTSCOPE_FIELD_STATE
			 : node->kind == NODE_PROTOCOL ? PORTSCOPE_FIELD_PROTOCOL
						       : PORTSCOPE_FIELD_FAMILY;

	out_text(o, field_name(field));
	show_relation(o, node, negated);
	vocabulary_write(o, field_get(field)->words, node->mask);
}

static void show_leaf(struct out *o, const struct node *node, bool negated)
{
	switch (node->kind) {
	case NODE_ALL:
	case NODE_NONE:
		out_text(o, (node->kind == NODE_ALL) != negated ? "*" : "not *");
		return;
	case NODE_AUTOBOUND:
		out_text(o, negated ? "not autobound" : "autobound");
		return;
	case NODE_PORT:
		show_ports(o, node, negated);
		return;
	case NODE_NUMBER:
		show_numbers(o, node, negated);
		return;
	case NODE_STATE:
	case NODE_PROTOCOL:
	case NODE_FAMILY:
		show_mask(o, node, negated);
		return;
	case NODE_ADDRESS:
		show_side(o, node, "src", "dst", "addr");
		show_relation(o, node, negated);
		for (size_t i = 0; i < node->n; i++) {
			out_text(o, i ? "," : "");
			show_address(o, &node->addresses[i]);
		}
		return;
	case NODE_MARK:
		out_text(o, "fwmark");
		show_relation(o, node, negated);
		for (size_t i = 0; i < node->n; i++) {
			out_text(o, i ? ",0x" : "0x");
			out_hex(o, node->marks[i].mark);
			if (node->marks[i].mask != UINT32_MAX) {
				out_text(o, "/0x");
				out_hex(o, node->marks[i].mask);
			}
		}
		return;
	case NODE_DEVICE:
	case NODE_CGROUP:
	case NODE_USER:
		out_text(o, node->kind == NODE_DEVICE   ? "dev"
			    : node->kind == NODE_CGROUP ? field_name(PORTSCOPE_FIELD_CGROUP)
							: field_name(PORTSCOPE_FIELD_USER));
		show_relation(o, node, negated);
		show_singles(o, node);
		return;
	case NODE_NULL:
		out_text(o, field_name(node->field));
		show_relation(o, node, negated);
		out_text(o, "null");
		return;
	default:
		out_text(o, field_name(node->field));
		show_relation(o, node, negated);
		for (size_t i = 0; i < node->n; i++) {
			out_text(o, i ? "," : "");
			show_word(o, node->texts[i]);
		}
	}
}

static bool is_branch(const struct node *node)
{
	return node->kind == NODE_AND || node->kind == NODE_OR || node->kind == NODE_NOT;
}

static void show_node(struct out *o, const struct node *node, bool nested)
{
	if (node->kind == NODE_NOT && is_branch(node->children[0])) {
		out_text(o, "not ");
		show_node(o, node->children[0], true);
	} else if (node->kind == NODE_NOT) {
		show_leaf(o, node->children[0], true);
	} else if (is_branch(node)) {
		if (nested)
			out_char(o, '(');
		for (size_t i = 0; i < node->n; i++) {
			if (i)
				out_text(o, node->kind == NODE_AND ? " and " : " or ");
			show_node(o, node->children[i], true);
		}
		if (nested)
			out_char(o, ')');
	} else {
		show_leaf(o, node, false);
	}
}

/* Protocol, family and state decide which dumps are asked for: no row of others arrives. */
static bool decided_by_dump(const struct node *node)
{
	if (node->kind == NODE_NOT)
		node = node->children[0];
	return node->kind == NODE_STATE || node->kind == NODE_PROTOCOL || node->kind == NODE_FAMILY;
}

/* The parts of a conjunction of which the kernel does not say the last word. */
static void show_rest(struct out *o, const struct node *root, unsigned flags)
{
	const struct node *const *parts = (const struct node *const *)&root;
	size_t n = 1, shown = 0;

	if (root->kind == NODE_AND) {
		parts = (const struct node *const *)root->children;
		n = root->n;
	}
	for (size_t i = 0; i < n; i++) {
		AUTO_NODE struct node *plan = NULL;
		bool exact = false;

		if (decided_by_dump(parts[i]))
			continue;
		if (plan_make(parts[i], flags, &plan, &exact) >= 0 && exact)
			continue;
		if (shown++)
			out_text(o, " and ");
		show_node(o, parts[i], n > 1);
	}
	if (!shown)
		out_char(o, '*');
}

void filter_show(const struct filter *filter, enum filter_part part, unsigned flags, struct out *o)
{
	AUTO_NODE struct node *plan = NULL;
	bool exact;

	if (part == FILTER_TREE && filter->has_states) {
		if (filter->states)
			out_text(o, "state ");
		else
			out_text(o, "exclude all");
		vocabulary_write(o, &state_words, filter->states);
		if (filter->root)
			out_char(o, ' ');
	}
	if (!filter->root) {
		if (part != FILTER_TREE || !filter->has_states)
			out_char(o, '*');
	} else if (part == FILTER_TREE) {
		show_node(o, filter->root, filter->has_states);
	} else if (part == FILTER_REST) {
		show_rest(o, filter->root, flags);
	} else if (plan_make(filter->root, flags, &plan, &exact) >= 0) {
		show_node(o, plan, false);
	} else {
		o->error = -ENOMEM;
	}
}

void filter_explain(const struct filter *filter, unsigned flags, uint32_t states, struct out *o)
{
	AUTO_FREE uint8_t *program = NULL;
	size_t length = 0;

	states &= filter_states(filter, states);
	if (filter_compile(filter, flags, &program, &length) < 0)
		o->error = -ENOMEM;
	out_text(o, "filter: ");
	filter_show(filter, FILTER_TREE, flags, o);
	out_text(o, "\nstates: ");
	vocabulary_write(o, &state_words, states);
	if (!states)
		out_text(o, "none");
	out_text(o, "\nkernel: ");
	filter_show(filter, FILTER_KERNEL, flags, o);
	if (length)
		out_format(o, " (%zu bytes)", length);
	out_text(o, "\nrest:   ");
	filter_show(filter, FILTER_REST, flags, o);
	out_char(o, '\n');
	if (filter_uses_mark(filter) && !(flags & FILTER_MAY_MARK))
		out_text(o, "note:   marks take CAP_NET_ADMIN, which is missing\n");
	if (filter_uses_autobound(filter))
		out_text(o, "note:   autobound takes a second dump, joined by cookie\n");
}
