/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the plan to the kernel's bytecode (include/uapi/linux/inet_diag.h; net/ipv4/inet_diag.c
 * audits and runs it). Jumps only go forward, and the audit follows the `yes` of each operation to
 * find where operations start, so `yes` is always the next one and only `no` jumps. To accept is
 * to arrive at the end exactly, to refuse is to jump four bytes beyond it.
 */
#include <string.h>
#include <linux/inet_diag.h>

#include "filter/plan.h"

#define OP_SIZE sizeof(struct inet_diag_bc_op)
/** The largest operation: an IPv6 address. */
#define ARM_MAX (OP_SIZE + sizeof(struct inet_diag_hostcond) + 16)

/*
 * Operations that jump to a place not reached yet are chained through their `no`: each has the
 * place of the one before it, in units of four bytes counted from 1.
 */
struct program {
	uint8_t *bytes;
	size_t used;
};

typedef uint16_t chain;

static void emit_plan(struct program *p, const struct node *plan, chain *refuse);

static void emit_op(struct program *p, uint8_t code, const void *data, size_t size, chain *no)
{
	struct inet_diag_bc_op op = {
		.code = code,
		.yes = (uint8_t)(OP_SIZE + size),
		.no = *no,
	};

	*no = (chain)(p->used / 4 + 1);
	memcpy(p->bytes + p->used, &op, OP_SIZE);
	if (size)
		memcpy(p->bytes + p->used + OP_SIZE, data, size);
	p->used += OP_SIZE + size;
}

static void emit_jump(struct program *p, chain *to)
{
	emit_op(p, INET_DIAG_BC_JMP, NULL, 0, to);
}

/* Lets everything in the chain jump to `target`. */
static void bind_chain(struct program *p, chain *c, size_t target)
{
	while (*c) {
		size_t at = (*c - 1u) * 4u;
		struct inet_diag_bc_op op;

		memcpy(&op, p->bytes + at, sizeof(op));
		*c = op.no;
		op.no = (uint16_t)(target - at);
		memcpy(p->bytes + at, &op, sizeof(op));
	}
}

static void emit_port(struct program *p, const struct port_span *span, bool local, chain *no)
{
	struct inet_diag_bc_op operand = {0};

	if (span->low > 0) {
		operand.no = span->low;
		emit_op(p, local ? INET_DIAG_BC_S_GE : INET_DIAG_BC_D_GE, &operand, OP_SIZE, no);
	}
	if (span->high < UINT16_MAX) {
		operand.no = span->high;
		emit_op(p, local ? INET_DIAG_BC_S_LE : INET_DIAG_BC_D_LE, &operand, OP_SIZE, no);
	}
}

static void emit_address(
	struct program *p, const struct filter_address *address, bool local, chain *no)
{
	uint8_t data[ARM_MAX];
	struct inet_diag_hostcond condition = {
		.family = address->family,
		.prefix_len = address->prefix,
		.port = -1,
	};
	size_t length = address->family == AF_INET ? 4 : 16;

	memcpy(data, &condition, sizeof(condition));
	memcpy(data + sizeof(condition), address->bytes, length);
	emit_op(p, local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, data,
		sizeof(condition) + length, no);
}

/* Number `i` of the single numbers in a set of ranges. */
static uint64_t number_at(const struct node *leaf, size_t i)
{
	for (size_t j = 0; j < leaf->n; j++) {
		uint64_t count = leaf->numbers[j].high - leaf->numbers[j].low + 1;

		if (i < count)
			return leaf->numbers[j].low + i;
		i -= (size_t)count;
	}
	return 0;
}

/* One comparison of a leaf, which goes on when it holds. */
static void emit_arm(struct program *p, const struct node *leaf, size_t i, chain *no)
{
	bool local = leaf->side & SIDE_LOCAL && i < leaf->n;
	struct inet_diag_markcond mark;
	uint32_t device;
	uint64_t cgroup;

	switch (leaf->kind) {
	case NODE_PORT:
		emit_port(p, &leaf->ports[i % leaf->n], local, no);
		break;
	case NODE_ADDRESS:
		emit_address(p, &leaf->addresses[i % leaf->n], local, no);
		break;
	case NODE_DEVICE:
		device = (uint32_t)number_at(leaf, i);
		emit_op(p, INET_DIAG_BC_DEV_COND, &device, sizeof(device), no);
		break;
	case NODE_MARK:
		mark.mark = leaf->marks[i].mark;
		mark.mask = leaf->marks[i].mask;
		emit_op(p, INET_DIAG_BC_MARK_COND, &mark, sizeof(mark), no);
		break;
	case NODE_CGROUP:
		cgroup = number_at(leaf, i);
		emit_op(p, INET_DIAG_BC_CGROUP_COND, &cgroup, sizeof(cgroup), no);
		break;
	default:
		emit_op(p, INET_DIAG_BC_AUTO, NULL, 0, no);
	}
}

/* One of the comparisons has to hold. */
static void emit_leaf(struct program *p, const struct node *leaf, chain *refuse)
{
	size_t n = leaf_arms(leaf);
	chain done = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		chain next = 0;

		emit_arm(p, leaf, i, &next);
		emit_jump(p, &done);
		bind_chain(p, &next, p->used);
	}
	emit_arm(p, leaf, n - 1, refuse);
	bind_chain(p, &done, p->used);
}

/* None of the comparisons may hold; never a leaf of ports, which take two operations. */
static void emit_negated(struct program *p, const struct node *leaf, chain *refuse)
{
	for (size_t i = 0; i < leaf_arms(leaf); i++) {
		chain next = 0;

		emit_arm(p, leaf, i, &next);
		emit_jump(p, refuse);
		bind_chain(p, &next, p->used);
	}
}

/* Goes on where the plan holds, else leaves through `refuse`. */
static void emit_plan(struct program *p, const struct node *plan, chain *refuse)
{
	chain done = 0;

	switch (plan->kind) {
	case NODE_ALL:
		break;
	case NODE_NONE:
		emit_jump(p, refuse);
		break;
	case NODE_NOT:
		emit_negated(p, plan->children[0], refuse);
		break;
	case NODE_AND:
		for (size_t i = 0; i < plan->n; i++)
			emit_plan(p, plan->children[i], refuse);
		break;
	case NODE_OR:
		for (size_t i = 0; i + 1 < plan->n; i++) {
			chain next = 0;

			emit_plan(p, plan->children[i], &next);
			emit_jump(p, &done);
			bind_chain(p, &next, p->used);
		}
		emit_plan(p, plan->children[plan->n - 1], refuse);
		bind_chain(p, &done, p->used);
		break;
	default:
		emit_leaf(p, plan, refuse);
	}
}

int filter_compile(const struct filter *filter, unsigned flags, uint8_t **ret, size_t *ret_length)
{
	AUTO_NODE struct node *plan = NULL;
	AUTO_FREE uint8_t *bytes = NULL;
	struct program program = {0};
	chain refuse = 0;
	size_t size = 0;
	bool exact;
	int r = filter->root ? plan_make(filter->root, flags, &plan, &exact) : 0;

	if (r < 0)
		return r;
	if (plan)
		size = plan_size(plan);
	if (!size) {
		*ret = NULL;
		*ret_length = 0;
		return 0;
	}
	bytes = calloc(1, size);
	if (!bytes)
		return -ENOMEM;
	program.bytes = bytes;
	emit_plan(&program, plan, &refuse);
	bind_chain(&program, &refuse, program.used + OP_SIZE);
	*ret = STEAL(bytes);
	*ret_length = program.used;
	return plan->kind == NODE_NONE;
}

void filter_compile_autobound(uint8_t ret[4])
{
	struct inet_diag_bc_op op = {.code = INET_DIAG_BC_AUTO, .yes = OP_SIZE, .no = 2 * OP_SIZE};

	memcpy(ret, &op, sizeof(op));
}
