/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filters that may not be fooled by a name: what a policy allows rests on them. Any process may
 * choose its title, its comm and its arguments, copy a program or run it in a mount namespace of
 * its own. So a condition on a program asks for a trusted executable and for the user root, unless
 * a condition beside it says which user or unit; a condition on what a process chooses is refused.
 */
#include "filter/filter.h"
#include "filter/tree.h"
#include "model/field.h"

bool node_rests_on_name(const struct node *node)
{
	if (node->kind != NODE_TEXT && node->kind != NODE_GLOB)
		return false;
	switch (node->field) {
	case PORTSCOPE_FIELD_PROCESS:
	case PORTSCOPE_FIELD_PROCESSES:
	case PORTSCOPE_FIELD_PROGRAM:
	case PORTSCOPE_FIELD_EXE:
		return true;
	default:
		return false;
	}
}

/* What a condition says of who runs the process: nobody but root can choose that. */
static unsigned says_who(const struct node *node)
{
	if (node->kind == NODE_USER)
		return WHO_BY_USER;
	if (node->kind != NODE_TEXT && node->kind != NODE_GLOB)
		return 0;
	switch (node->field) {
	case PORTSCOPE_FIELD_UNIT:
	case PORTSCOPE_FIELD_CONTAINER:
		return WHO_BY_PLACE;
	default:
		return 0;
	}
}

/* What is said wherever this is true: by one part of an `and`, by every part of an `or`. */
static unsigned implies_who(const struct node *node)
{
	unsigned who = node->kind == NODE_OR ? WHO_BY_USER | WHO_BY_PLACE : 0;

	if (node->kind != NODE_AND && node->kind != NODE_OR)
		return says_who(node);
	for (size_t i = 0; i < node->n; i++) {
		unsigned part = implies_who(node->children[i]);

		who = node->kind == NODE_AND ? who | part : who & part;
	}
	return who;
}

static size_t count_children(const struct node *node)
{
	if (node->kind == NODE_NOT)
		return 1;
	return node->kind == NODE_AND || node->kind == NODE_OR ? node->n : 0;
}

/* Tells each condition what is said beside it. */
static void tell_who(struct node *node, unsigned who)
{
	if (node->kind == NODE_AND)
		who |= implies_who(node);
	node->who = (uint8_t)who;
	for (size_t i = 0; i < count_children(node); i++)
		tell_who(node->children[i], who);
}

static bool has_name(const struct node *node)
{
	for (size_t i = 0; i < count_children(node); i++)
		if (has_name(node->children[i]))
			return true;
	return node_rests_on_name(node);
}

const char *filter_restrict(struct filter *filter)
{
	for (size_t i = 0; i < filter->n_fields; i++)
		if (filter->fields[i] == PORTSCOPE_FIELD_CMDLINE ||
			filter->fields[i] == PORTSCOPE_FIELD_CWD)
			return portscope_field_at(filter->fields[i])->name;
	filter->strict = filter->root && has_name(filter->root);
	if (filter->strict)
		tell_who(filter->root, 0);
	return NULL;
}
