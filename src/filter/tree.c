/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and freeing trees, and what can be told from a tree without a socket. */
#include "filter/tree.h"

#include <string.h>

#include "model/field.h"
#include "util/array.h"

#define STATES_PER_KIND 16

/**
 * A set of combinations of protocol, family and state, one bit each: the part of a filter that
 * decides which dumps are asked for. States beyond 15 are nobody's.
 */
typedef uint64_t scope_set;

struct node *node_free(struct node *node)
{
	if (!node)
		return NULL;
	switch (node->kind) {
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		for (size_t i = 0; i < node->n; i++)
			node_free(node->children[i]);
		break;
	case NODE_TEXT:
	case NODE_GLOB:
		for (size_t i = 0; i < node->n; i++)
			free(node->texts[i]);
		break;
	default:
		break;
	}
	if (node->n)
		free(node->array);
	free(node);
	return NULL;
}

struct node *node_new(enum node_kind kind)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node)
		node->kind = kind;
	return node;
}

void *node_grow(struct node *node, size_t size)
{
	if (array_is_full(node->n) && array_grow(&node->array, node->n, size) < 0)
		return NULL;
	return memset((char *)node->array + node->n++ * size, 0, size);
}

int node_join(enum node_kind kind, struct node **left, struct node **right)
{
	AUTO_NODE struct node *joined = NULL;
	struct node **child;

	if (!*right)
		return 0;
	if (!*left) {
		*left = STEAL(*right);
		return 0;
	}
	if ((*left)->kind == kind) {
		child = node_grow(*left, sizeof(*child));
		if (!child)
			return -ENOMEM;
		*child = STEAL(*right);
		return 0;
	}
	joined = node_new(kind);
	if (!joined)
		return -ENOMEM;
	child = node_grow(joined, sizeof(*child));
	if (!child)
		return -ENOMEM;
	*child = *left;
	*left = STEAL(joined);
	child = node_grow(*left, sizeof(*child));
	if (!child)
		return -ENOMEM;
	*child = STEAL(*right);
	return 0;
}

int node_negate(struct node **node)
{
	AUTO_NODE struct node *negated = node_new(NODE_NOT);
	struct node **child = negated ? node_grow(negated, sizeof(*child)) : NULL;

	if (!child)
		return -ENOMEM;
	*child = *node;
	*node = STEAL(negated);
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const struct port_span *p = a, *q = b;

	return p->low - q->low;
}

void ports_normalize(struct port_span *ports, size_t *n)
{
	size_t kept = 0;

	if (*n)
		qsort(ports, *n, sizeof(*ports), compare_ports);
	for (size_t i = 0; i < *n; i++) {
		struct port_span *last = kept ? &ports[kept - 1] : NULL;

		if (last && ports[i].low <= last->high + 1)
			last->high = MAX(last->high, ports[i].high);
		else
			ports[kept++] = ports[i];
	}
	*n = kept;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct number_span *p = a, *q = b;

	return p->low < q->low ? -1 : p->low > q->low;
}

void numbers_normalize(struct number_span *numbers, size_t *n)
{
	size_t kept = 0;

	if (*n)
		qsort(numbers, *n, sizeof(*numbers), compare_numbers);
	for (size_t i = 0; i < *n; i++) {
		struct number_span *last = kept ? &numbers[kept - 1] : NULL;

		if (last && (last->high == UINT64_MAX || numbers[i].low <= last->high + 1))
			last->high = MAX(last->high, numbers[i].high);
		else
			numbers[kept++] = numbers[i];
	}
	*n = kept;
}

static bool reads_field(const struct node *node)
{
	return node->kind == NODE_USER || node->kind == NODE_NUMBER || node->kind == NODE_TEXT ||
	       node->kind == NODE_GLOB || node->kind == NODE_NULL;
}

static int survey_node(struct filter *filter, const struct node *node)
{
	uint16_t *added;

	if (!node)
		return 0;
	filter->kinds |= 1u << node->kind;
	if (node->kind == NODE_AND || node->kind == NODE_OR || node->kind == NODE_NOT) {
		for (size_t i = 0; i < node->n; i++) {
			int r = survey_node(filter, node->children[i]);

			if (r < 0)
				return r;
		}
		return 0;
	}
	if (!reads_field(node))
		return 0;
	for (size_t i = 0; i < filter->n_fields; i++)
		if (filter->fields[i] == node->field)
			return 0;
	added = ARRAY_ADD(filter->fields, filter->n_fields);
	if (!added)
		return -ENOMEM;
	*added = node->field;
	return 0;
}

int filter_survey(struct filter *filter)
{
	return survey_node(filter, filter->root);
}

struct filter *filter_free(struct filter *filter)
{
	if (!filter)
		return NULL;
	node_free(filter->root);
	free(filter->fields);
	free(filter);
	return NULL;
}

unsigned filter_needs(const struct filter *filter)
{
	const uint32_t netlink =
		1u << NODE_DEVICE | 1u << NODE_MARK | 1u << NODE_CGROUP | 1u << NODE_AUTOBOUND;

	return field_needs(filter->fields, filter->n_fields) |
	       (filter->kinds & netlink ? NEED_NETLINK : 0) |
	       (filter->strict ? NEED_TRUST | NEED_PROCESSES | NEED_USERS | NEED_UNITS : 0);
}

bool filter_is_of_findings(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n_fields; i++)
		if (portscope_field_at(filter->fields[i])->of_finding)
			return true;
	return false;
}

static bool mentions_field(const struct filter *filter, unsigned id)
{
	for (size_t i = 0; i < filter->n_fields; i++)
		if (filter->fields[i] == id)
			return true;
	return false;
}

bool filter_uses_mark(const struct filter *filter)
{
	return filter->kinds & 1u << NODE_MARK || mentions_field(filter, PORTSCOPE_FIELD_MARK);
}

bool filter_uses_autobound(const struct filter *filter)
{
	return filter->kinds & 1u << NODE_AUTOBOUND;
}

void filter_set_autobound(struct filter *filter, const uint64_t *cookies, size_t n)
{
	filter->autobound = cookies;
	filter->n_autobound = n;
	filter->autobound_known = true;
}

bool filter_is_lone(const struct filter *filter)
{
	return filter->lone;
}

bool filter_asks_holder(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n_fields && !filter->has_states; i++) {
		unsigned id = filter->fields[i];

		if (field_get(id)->from == FIELD_FROM_HOLDER || id == PORTSCOPE_FIELD_PROCESS ||
			id == PORTSCOPE_FIELD_PID || id == PORTSCOPE_FIELD_PROCESSES)
			return true;
	}
	return false;
}

static bool is_one_port(const struct node *node)
{
	bool found = node->kind == NODE_PORT && node->side == SIDE_LOCAL && node->n == 1 &&
		     node->ports[0].low == node->ports[0].high;

	for (size_t i = 0; node->kind == NODE_AND && i < node->n && !found; i++)
		found = is_one_port(node->children[i]);
	return found;
}

bool filter_is_one_port(const struct filter *filter)
{
	return filter->root && is_one_port(filter->root);
}

/* A peer's port of 0 stands for no peer, which is nobody that could be meant. */
static void leave_out_port_0(struct node *node)
{
	if (!node->n || node->ports[0].low)
		return;
	if (node->ports[0].high) {
		node->ports[0].low = 1;
	} else if (node->n > 1) {
		node->n--;
		memmove(node->ports, node->ports + 1, node->n * sizeof(*node->ports));
	} else {
		free(node->ports);
		node->ports = NULL;
		node->n = 0;
	}
}

static void turn_node(struct node *node)
{
	if (node->kind == NODE_PORT) {
		node->side = SIDE_REMOTE;
		leave_out_port_0(node);
	} else if (node->kind == NODE_AND || node->kind == NODE_OR) {
		for (size_t i = 0; i < node->n; i++)
			turn_node(node->children[i]);
	}
}

void filter_turn_to_peer(struct filter *filter)
{
	if (filter->lone)
		turn_node(filter->root);
}

static bool has_states(const struct filter *filter)
{
	return filter->has_states || filter->lone || filter->kinds & 1u << NODE_STATE;
}

static unsigned kind_of(unsigned udp, unsigned inet6)
{
	return (udp * 2 + inet6) * STATES_PER_KIND;
}

/* All combinations of which the protocol, family and state are in these masks. */
static scope_set scope_make(unsigned protocols, unsigned families, uint32_t states)
{
	scope_set s = 0;

	for (unsigned udp = 0; udp < 2; udp++)
		for (unsigned inet6 = 0; inet6 < 2; inet6++)
			if (protocols & (udp ? PORTSCOPE_UDP : PORTSCOPE_TCP) &&
				families & (inet6 ? PORTSCOPE_INET6 : PORTSCOPE_INET))
				s |= (scope_set)(states & 0xffff) << kind_of(udp, inet6);
	return s;
}

static scope_set scope_of(uint8_t protocol, uint8_t family, uint32_t states)
{
	return scope_make(protocol_bit(protocol), family_bit(family), states);
}

/* The combinations for which `node`, or its negation, can be true. */
static scope_set node_scope(const struct node *node, bool negated)
{
	const unsigned any = ~0u;
	scope_set s = 0;

	switch (node->kind) {
	case NODE_ALL:
		return negated ? 0 : ~(scope_set)0;
	case NODE_NONE:
		return negated ? ~(scope_set)0 : 0;
	case NODE_NOT:
		return node_scope(node->children[0], !negated);
	case NODE_AND:
	case NODE_OR:
		if ((node->kind == NODE_AND) != negated) {
			s = ~(scope_set)0;
			for (size_t i = 0; i < node->n; i++)
				s &= node_scope(node->children[i], negated);
		} else {
			for (size_t i = 0; i < node->n; i++)
				s |= node_scope(node->children[i], negated);
		}
		return s;
	case NODE_STATE:
		s = scope_make(any, any, node->mask);
		return negated ? ~s : s;
	case NODE_PROTOCOL:
		s = scope_make(node->mask, any, any);
		return negated ? ~s : s;
	case NODE_FAMILY:
		s = scope_make(any, node->mask, any);
		return negated ? ~s : s;
	case NODE_ADDRESS:
		/* An IPv4 address may be that of an IPv6 socket, never the other way round. */
		if (negated)
			return ~(scope_set)0;
		for (size_t i = 0; i < node->n; i++)
			s |= scope_make(any,
				node->addresses[i].family == AF_INET ? any : PORTSCOPE_INET6, any);
		return s;
	case NODE_PORT:
		return node->n || negated ? ~(scope_set)0 : 0;
	default:
		return ~(scope_set)0;
	}
}

static uint32_t states_of(const struct filter *filter, scope_set s, uint32_t default_states)
{
	uint32_t asked = default_states, possible = 0;

	if (filter->has_states)
		asked = filter->states;
	else if (has_states(filter))
		asked = PORTSCOPE_STATES_ALL;
	if (filter->root)
		s &= node_scope(filter->root, false);
	for (; s; s >>= STATES_PER_KIND)
		possible |= s & 0xffff;
	return asked & possible;
}

uint32_t filter_states(const struct filter *filter, uint32_t default_states)
{
	return states_of(filter, ~(scope_set)0, default_states);
}

uint32_t filter_states_of(
	const struct filter *filter, uint8_t protocol, uint8_t family, uint32_t default_states)
{
	return states_of(filter, scope_of(protocol, family, ~0u), default_states);
}
