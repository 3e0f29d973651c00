/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the tree to the kernel's part of it. Negations are pushed to the leaves first, so that a
 * leaf which the kernel cannot judge becomes "maybe", that is true, in either polarity, and the
 * rest of the filter keeps its use. Ports stay positive: their complement is a set of ports too.
 */
#include "filter/plan.h"

#include <string.h>
#include <linux/inet_diag.h>

/** More ranges of ports are merged over narrow gaps. */
#define SPANS_MAX 64
/** More interfaces, cgroups, addresses or marks than this in one leaf are not worth a program. */
#define ARMS_MAX 100

struct planner {
	unsigned flags;
	bool exact;
};

static int plan_node(struct planner *p, const struct node *node, bool negated, struct node **ret);

size_t leaf_arms(const struct node *leaf)
{
	size_t sides = leaf->side == (SIDE_LOCAL | SIDE_REMOTE) ? 2 : 1, n = 0;

	switch (leaf->kind) {
	case NODE_PORT:
	case NODE_ADDRESS:
		return leaf->n * sides;
	case NODE_MARK:
		return leaf->n;
	case NODE_AUTOBOUND:
		return 1;
	default:
		/* Single numbers; a wide range of them counts as too many. */
		for (size_t i = 0; i < leaf->n && n <= ARMS_MAX; i++)
			n += MIN(leaf->numbers[i].high - leaf->numbers[i].low, ARMS_MAX) + 1;
		return n;
	}
}

static size_t arm_size(const struct node *leaf, size_t i)
{
	const size_t op = sizeof(struct inet_diag_bc_op);

	switch (leaf->kind) {
	case NODE_PORT:
		i %= leaf->n;
		return 2 * op *
		       (size_t)((leaf->ports[i].low > 0) + (leaf->ports[i].high < UINT16_MAX));
	case NODE_ADDRESS:
		return op + sizeof(struct inet_diag_hostcond) +
		       (leaf->addresses[i % leaf->n].family == AF_INET ? 4 : 16);
	case NODE_DEVICE:
		return op + sizeof(uint32_t);
	case NODE_MARK:
		return op + sizeof(struct inet_diag_markcond);
	case NODE_CGROUP:
		return op + sizeof(uint64_t);
	default:
		return op;
	}
}

static size_t leaf_size(const struct node *leaf, bool negated)
{
	size_t n = leaf_arms(leaf), size = 0;

	for (size_t i = 0; i < n; i++)
		size += arm_size(leaf, i);
	/* A jump after each comparison but the last, or where it is negated after the last too. */
	return size + sizeof(struct inet_diag_bc_op) * (negated ? n : n - 1);
}

size_t plan_size(const struct node *plan)
{
	size_t size = 0;

	switch (plan->kind) {
	case NODE_ALL:
		return 0;
	case NODE_NONE:
		return sizeof(struct inet_diag_bc_op);
	case NODE_NOT:
		return leaf_size(plan->children[0], true);
	case NODE_AND:
	case NODE_OR:
		for (size_t i = 0; i < plan->n; i++)
			size += plan_size(plan->children[i]);
		if (plan->kind == NODE_OR)
			size += sizeof(struct inet_diag_bc_op) * (plan->n - 1);
		return size;
	default:
		return leaf_size(plan, false);
	}
}

static int plan_constant(enum node_kind kind, struct node **ret)
{
	*ret = node_new(kind);
	return *ret ? 0 : -ENOMEM;
}

/* What the kernel cannot judge. */
static int plan_maybe(struct planner *p, struct node **ret)
{
	p->exact = false;
	return plan_constant(NODE_ALL, ret);
}

/* Closes gaps between ports, the narrow ones first, until few ranges are left. */
static void merge_spans(struct planner *p, struct port_span *spans, size_t *n)
{
	for (int gap = 2; *n > SPANS_MAX; gap *= 2) {
		size_t kept = 1;

		for (size_t i = 1; i < *n; i++)
			if (spans[i].low - spans[kept - 1].high <= gap)
				spans[kept - 1].high = spans[i].high;
			else
				spans[kept++] = spans[i];
		*n = kept;
		p->exact = false;
	}
}

static int copy_spans(const struct node *node, struct node *ret)
{
	for (size_t i = 0; i < node->n; i++) {
		struct port_span *copy = node_grow(ret, sizeof(*copy));

		if (!copy)
			return -ENOMEM;
		*copy = node->ports[i];
	}
	return 0;
}

static int complement_spans(const struct node *node, struct node *ret)
{
	unsigned low = 0;

	for (size_t i = 0; i <= node->n; i++) {
		unsigned end = i < node->n ? node->ports[i].low : UINT16_MAX + 1u;

		if (low < end) {
			struct port_span *span = node_grow(ret, sizeof(*span));

			if (!span)
				return -ENOMEM;
			*span = (struct port_span){(uint16_t)low, (uint16_t)(end - 1)};
		}
		if (i < node->n)
			low = node->ports[i].high + 1u;
	}
	return 0;
}

static int finish_ports(struct planner *p, struct node **ports, struct node **ret)
{
	struct node *node = *ports;

	merge_spans(p, node->ports, &node->n);
	if (!node->n)
		return plan_constant(NODE_NONE, ret);
	if (node->n == 1 && node->ports[0].low == 0 && node->ports[0].high == UINT16_MAX)
		return plan_constant(NODE_ALL, ret);
	*ret = STEAL(*ports);
	return 0;
}

static int plan_ports(struct planner *p, const struct node *node, bool negated, struct node **ret)
{
	static const uint8_t sides[] = {SIDE_LOCAL, SIDE_REMOTE};
	AUTO_NODE struct node *set = node_new(NODE_PORT), *all = NULL;
	int r = set ? copy_spans(node, set) : -ENOMEM;

	if (r < 0)
		return r;
	if (!negated) {
		set->side = node->side;
		return finish_ports(p, &set, ret);
	}
	/* Neither side may be in the set. */
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		AUTO_NODE struct node *one = NULL, *planned = NULL;

		if (!(node->side & sides[i]))
			continue;
		one = node_new(NODE_PORT);
		if (!one)
			return -ENOMEM;
		one->side = sides[i];
		r = complement_spans(set, one);
		if (r >= 0)
			r = finish_ports(p, &one, &planned);
		/* Both sides have the same set, so both plans are constant or none is. */
		if (r >= 0 && all && (planned->kind == NODE_ALL || planned->kind == NODE_NONE))
			continue;
		if (r >= 0)
			r = node_join(NODE_AND, &all, &planned);
		if (r < 0)
			return r;
	}
	*ret = STEAL(all);
	return 0;
}

static int plan_leaf(struct planner *p, const struct node *node, bool negated, size_t item_size,
	struct node **ret)
{
	AUTO_NODE struct node *leaf = NULL;
	int r;

	if (leaf_arms(node) > ARMS_MAX)
		return plan_maybe(p, ret);
	leaf = node_new(node->kind);
	if (!leaf)
		return -ENOMEM;
	leaf->side = node->side;
	for (size_t i = 0; i < node->n; i++) {
		void *item = node_grow(leaf, item_size);

		if (!item)
			return -ENOMEM;
		memcpy(item, (const char *)node->array + i * item_size, item_size);
	}
	r = negated ? node_negate(&leaf) : 0;
	if (r < 0)
		return r;
	*ret = STEAL(leaf);
	return 0;
}

/* A leaf that is settled once protocol or family of the dump are known. */
static int plan_choice(struct planner *p, const struct node *node, bool negated, unsigned first,
	unsigned second, struct node **ret)
{
	unsigned known = p->flags & first ? 1 : p->flags & second ? 2 : 0;

	if (!known)
		return plan_maybe(p, ret);
	return plan_constant(((node->mask & known) != 0) != negated ? NODE_ALL : NODE_NONE, ret);
}

static bool is_constant(const struct node *node, enum node_kind kind)
{
	return node->kind == kind;
}

/* `and`, or what a negation made of an `or`. What does not fit any more is left to user space. */
static int plan_and(struct planner *p, const struct node *node, bool negated, struct node **ret)
{
	AUTO_NODE struct node *all = NULL;
	size_t size = 0;

	for (size_t i = 0; i < node->n; i++) {
		AUTO_NODE struct node *part = NULL;
		int r = plan_node(p, node->children[i], negated, &part);

		if (r < 0)
			return r;
		if (is_constant(part, NODE_NONE)) {
			*ret = STEAL(part);
			return 0;
		}
		if (is_constant(part, NODE_ALL))
			continue;
		if (size + plan_size(part) > FILTER_PROGRAM_MAX) {
			p->exact = false;
			continue;
		}
		size += plan_size(part);
		r = node_join(NODE_AND, &all, &part);
		if (r < 0)
			return r;
	}
	if (!all)
		return plan_constant(NODE_ALL, ret);
	*ret = STEAL(all);
	return 0;
}

static int plan_or(struct planner *p, const struct node *node, bool negated, struct node **ret)
{
	AUTO_NODE struct node *any = NULL;
	bool exact = p->exact;
	size_t size = 0;

	for (size_t i = 0; i < node->n; i++) {
		AUTO_NODE struct node *part = NULL;
		bool before = p->exact;
		int r;

		p->exact = true;
		r = plan_node(p, node->children[i], negated, &part);
		if (r < 0)
			return r;
		if (is_constant(part, NODE_ALL)) {
			/* If this part is true for certain, the others do not matter. */
			p->exact = p->exact && exact;
			*ret = STEAL(part);
			return 0;
		}
		p->exact = p->exact && before;
		if (is_constant(part, NODE_NONE))
			continue;
		size += plan_size(part) + sizeof(struct inet_diag_bc_op);
		if (size > FILTER_PROGRAM_MAX)
			return plan_maybe(p, ret);
		r = node_join(NODE_OR, &any, &part);
		if (r < 0)
			return r;
	}
	if (!any)
		return plan_constant(NODE_NONE, ret);
	*ret = STEAL(any);
	return 0;
}

static int plan_node(struct planner *p, const struct node *node, bool negated, struct node **ret)
{
	switch (node->kind) {
	case NODE_ALL:
	case NODE_NONE:
		return plan_constant(
			(node->kind == NODE_ALL) != negated ? NODE_ALL : NODE_NONE, ret);
	case NODE_NOT:
		return plan_node(p, node->children[0], !negated, ret);
	case NODE_AND:
	case NODE_OR:
		return (node->kind == NODE_AND) != negated ? plan_and(p, node, negated, ret)
							   : plan_or(p, node, negated, ret);
	case NODE_PORT:
		return plan_ports(p, node, negated, ret);
	case NODE_ADDRESS:
		return plan_leaf(p, node, negated, sizeof(*node->addresses), ret);
	case NODE_DEVICE:
		return plan_leaf(p, node, negated, sizeof(*node->numbers), ret);
	case NODE_MARK:
		return p->flags & FILTER_MAY_MARK
			       ? plan_leaf(p, node, negated, sizeof(*node->marks), ret)
			       : plan_maybe(p, ret);
	case NODE_CGROUP:
		return p->flags & FILTER_NO_CGROUP
			       ? plan_maybe(p, ret)
			       : plan_leaf(p, node, negated, sizeof(*node->numbers), ret);
	case NODE_AUTOBOUND:
		return plan_leaf(p, node, negated, 1, ret);
	case NODE_PROTOCOL:
		return plan_choice(p, node, negated, FILTER_TCP, FILTER_UDP, ret);
	case NODE_FAMILY:
		return plan_choice(p, node, negated, FILTER_INET, FILTER_INET6, ret);
	default:
		return plan_maybe(p, ret);
	}
}

int plan_make(const struct node *node, unsigned flags, struct node **ret, bool *ret_exact)
{
	struct planner p = {.flags = flags, .exact = true};
	AUTO_NODE struct node *plan = NULL;
	int r = plan_node(&p, node, false, &plan);

	if (r < 0)
		return r;
	*ret_exact = p.exact;
	*ret = STEAL(plan);
	return 0;
}
