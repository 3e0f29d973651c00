/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the routing tables say of an address, for nf_tables' fib expression and the matches of
 * xtables that ask the same. A source is looked up for all sources at once: each elementary
 * interval has one route, because the prefixes of routes are among the ends of intervals.
 */
#include "packetfilter/run.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "util/address.h"

static void bytes_of(source_number number, uint8_t family, uint8_t *bytes)
{
	for (size_t i = family_bytes(family); i--; number >>= 8)
		bytes[i] = (uint8_t)number;
}

/* inet_addr_type() of the kernel: IPv4, by the local table alone. */
static uint8_t type_ipv4(const struct routing *routing, const uint8_t *a, const struct link *link)
{
	const struct route *route;

	if (a[0] == 0 || (a[0] & a[1] & a[2] & a[3]) == 255)
		return RTN_BROADCAST;
	if (a[0] >> 4 == 14)
		return RTN_MULTICAST;
	route = routing_find_local(routing, AF_INET, a);
	if (!route || (link && !route_uses(route, link->index)))
		return RTN_UNICAST;
	return route->type;
}

/* Of IPv6; 0: not known. What has no route is unreachable. */
static uint8_t type_ipv6(const struct routing *routing, const uint8_t *a, const struct link *link)
{
	static const uint8_t none[16];
	const struct route *route;
	bool known;

	if (a[0] == 0xff)
		return RTN_MULTICAST;
	if (!memcmp(a, none, sizeof(none)))
		return RTN_UNSPEC;
	route = routing_find(routing, AF_INET6, a, &known);
	/* With an interface the question is whether the address is its own. */
	if (link && routing_is_own_on(routing, a, link->index))
		return RTN_LOCAL;
	if (!link && route && route->table == RT_TABLE_LOCAL)
		return route->type;
	if (!known || address_is_link_local6(AF_INET6, a))
		return UINT8_MAX;
	if (!route)
		return RTN_UNREACHABLE;
	if (route->type == RTN_ANYCAST || route->type == RTN_UNICAST)
		return route->type;
	return route->type == RTN_LOCAL ? RTN_UNICAST : RTN_UNREACHABLE;
}

static uint8_t type_of(struct machine *m, const uint8_t *address, const struct link *link)
{
	return m->family == AF_INET ? type_ipv4(m->routing, address, link)
				    : type_ipv6(m->routing, address, link);
}

/* Spans of the elementary intervals for which `judge` says so. */
struct picked {
	struct condition yes, unknown;
};

/** 1, 0, or -1: not known. */
typedef int (*judge_fn)(struct machine *m, const uint8_t *address, const void *userdata);

static void add_to(struct condition *c, uint32_t i)
{
	struct span *spans = (struct span *)c->spans;

	if (c->n && spans[c->n - 1].to == i)
		spans[c->n - 1].to++;
	else
		spans[c->n++] = (struct span){i, i + 1};
}

/* Judges each elementary interval by its first address. */
static struct condition pick(struct machine *m, judge_fn judge, const void *userdata)
{
	size_t room = ((size_t)m->space->n + 1) * sizeof(struct span);
	struct condition yes = {.where = true, .spans = machine_take(m, room)};
	bool unknown = false;

	if (!yes.spans)
		return condition_unknown();
	for (uint32_t i = 0; i < m->space->n; i++) {
		uint8_t address[16];
		int is;

		bytes_of(m->space->starts[i], m->family, address);
		is = judge(m, address, userdata);
		unknown |= is < 0;
		if (is)
			add_to(&yes, i);
	}
	yes.maybe = unknown;
	yes.never = !yes.n;
	return yes;
}

/** Types of routes as bits, and the interface that they must lead through, if any. */
struct types {
	uint32_t types;
	const struct link *link;
};

static int judge_type(struct machine *m, const uint8_t *address, const void *userdata)
{
	const struct types *t = userdata;
	uint8_t type = type_of(m, address, t->link);

	return type == UINT8_MAX ? -1 : (int)(t->types >> type & 1);
}

struct condition condition_destination_type(struct machine *m, const struct packet *packet,
	const struct facts *facts, uint32_t types, bool on_link)
{
	struct types t = {types, on_link ? packet->in : NULL};
	int is;

	if (m->collecting)
		return condition_unknown();
	m->validity.address = true;
	m->validity.link |= on_link;
	is = judge_type(m, facts->address, &t);
	return is < 0 ? condition_unknown() : condition_of(is);
}

/* Notes that the prefixes of routes tell sources apart. */
static struct condition collect_routes(struct machine *m)
{
	if (!m->source_rules && !m->error)
		m->error = routing_add_to(m->routing, m->family, m->space);
	m->source_rules = true;
	return condition_unknown();
}

struct condition condition_source_type(struct machine *m, const struct packet *packet,
	const struct facts *facts, uint32_t types, bool on_link)
{
	struct types t = {types, on_link ? packet->in : NULL};

	if (m->collecting)
		return collect_routes(m);
	m->validity.link |= on_link;
	return facts->source_lost ? condition_unknown() : pick(m, judge_type, &t);
}

/** How a route back must look. */
struct way_back {
	const struct link *link;
	bool loose, accept_local;
};

static int judge_way_back(struct machine *m, const uint8_t *address, const void *userdata)
{
	const struct way_back *w = userdata;
	const struct route *route;
	bool known;

	/* A link-local source is looked up on the interface alone. */
	if (address_is_link_local6(m->family, address))
		return routing_is_on_link(m->routing, address, w->link->index);
	route = routing_find(m->routing, m->family, address, &known);
	if (!known || (route && route->more_links))
		return -1;
	if (!route)
		return 0;
	if (route->type == RTN_LOCAL)
		return w->accept_local;
	if (route->type != RTN_UNICAST)
		return 0;
	return w->loose || route_uses(route, w->link->index);
}

struct condition condition_source_route(
	struct machine *m, const struct packet *packet, bool loose, bool accept_local)
{
	struct way_back w = {packet->in, loose, accept_local};

	if (m->collecting)
		return collect_routes(m);
	m->validity.link = true;
	return pick(m, judge_way_back, &w);
}

/* One answer of a fib expression: its value, and for which sources. */
static int add_value(struct run *run, const struct operation *op, struct condition c,
	const void *value, struct answer *answers, int n)
{
	struct element *element;
	uint8_t *data;

	if (c.never)
		return n;
	element = machine_take(run->m, sizeof(*element));
	data = machine_take(run->m, REGISTER_BYTES);
	if (!element || !data)
		return n;
	memcpy(data, value, op->length);
	element->data = data;
	answers[n] = (struct answer){.condition = c, .element = element};
	return n + 1;
}

/* Types that an address can have. */
static int fib_type(
	struct run *run, const struct operation *op, struct path *path, struct answer *answers)
{
	bool on_link = op->flags & NFTA_FIB_F_IIF;
	int n = 0;

	if (op->flags & NFTA_FIB_F_OIF)
		return -ENOTSUP;
	for (uint32_t type = 0; type < __RTN_MAX; type++) {
		struct condition c = op->flags & NFTA_FIB_F_DADDR
					     ? condition_destination_type(run->m, run->packet,
						       &path->facts, 1u << type, on_link)
					     : condition_source_type(run->m, run->packet,
						       &path->facts, 1u << type, on_link);

		n = add_value(run, op, c, &type, answers, n);
	}
	return n;
}

/* The way back to the source: found through the interface, or not. */
static int fib_interface(
	struct run *run, const struct operation *op, struct path *path, struct answer *answers)
{
	static const uint8_t zero[REGISTER_BYTES];
	uint8_t value[REGISTER_BYTES] = {0};
	struct condition found;
	int n;

	if (!(op->flags & NFTA_FIB_F_SADDR) || !(op->flags & NFTA_FIB_F_IIF) ||
		path->facts.source_lost)
		return -ENOTSUP;
	found = condition_source_route(run->m, run->packet, false, false);
	if (run->m->collecting)
		return -ENOTSUP;
	if (op->flags & NFTA_FIB_F_PRESENT)
		value[0] = 1;
	else if (op->key == NFT_FIB_RESULT_OIF)
		memcpy(value, &run->packet->in->index, sizeof(uint32_t));
	else
		memcpy(value, run->packet->in->name, IFNAMSIZ);
	n = add_value(run, op, found, value, answers, 0);
	return add_value(run, op, condition_not(run->m, found), zero, answers, n);
}

int fib(struct run *run, const struct operation *op, struct path *path,
	struct answer answers[MAX_ANSWERS])
{
	/* Look-ups by mark depend on rules of routing only, which routing_find() reckons with. */
	if (op->key == NFT_FIB_RESULT_ADDRTYPE)
		return fib_type(run, op, path, answers);
	return fib_interface(run, op, path, answers);
}
