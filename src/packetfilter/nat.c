/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing the destination of a connection: nf_tables' nat and redir, and what the targets DNAT
 * and REDIRECT of xtables share with them.
 */
#include "packetfilter/run.h"

#include <linux/if_addr.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/rtnetlink.h>

#include "util/address.h"

#ifndef NF_NAT_RANGE_NETMAP
#define NF_NAT_RANGE_NETMAP (1 << 6)
#endif

/* The bytes in registers, if they are known. */
static bool read_value(const struct symbol *r, size_t length, uint8_t *ret)
{
	for (size_t i = 0; i < length; i++) {
		if (r[i].source || r[i].known != 0xff)
			return false;
		ret[i] = r[i].value;
	}
	return true;
}

/* A port may depend on the one that was looked up, which then must not serve others. */
static void note_port(struct machine *m, const struct symbol *r, const struct facts *facts)
{
	if (r[0].tag || r[1].tag)
		m->validity.low = m->validity.high = facts->port;
}

/* The new port: one, or a range in which the old one may stay. */
static bool apply_port(struct run *run, const struct operation *op, struct path *path)
{
	uint8_t low[2], high[2];
	unsigned from, to;
	struct facts *facts = &path->facts;

	if (op->last == NO_REGISTER)
		return true;
	if (op->key & NF_NAT_RANGE_PROTO_OFFSET || !read_value(path->r + op->last, 2, low))
		return false;
	memcpy(high, low, 2);
	if (op->last_max != NO_REGISTER && !read_value(path->r + op->last_max, 2, high))
		return false;
	note_port(run->m, path->r + op->last, facts);
	from = low[0] << 8 | low[1];
	to = high[0] << 8 | high[1];
	if (from != to) {
		if (op->key & (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY))
			return false;
		/* A port in the range stays; another one is replaced by one of them. */
		return !condition_port(run->m, facts, from, to).never;
	}
	facts->same_port = false;
	facts->port = (uint16_t)from;
	return true;
}

static bool apply_address(struct run *run, const struct operation *op, struct path *path)
{
	size_t n = family_bytes(run->packet->family);
	uint8_t low[16], high[16];
	struct facts *facts = &path->facts;

	if (op->source == NO_REGISTER)
		return true;
	if (!read_value(path->r + op->source, n, low))
		return false;
	memcpy(high, low, n);
	if (op->source_max != NO_REGISTER && !read_value(path->r + op->source_max, n, high))
		return false;
	if (memcmp(low, high, n)) {
		if (!(op->key & NF_NAT_RANGE_NETMAP))
			return false;
		/* The bits in which the ends agree are those of the new network. */
		run->m->validity.address = true;
		for (size_t i = 0; i < n; i++)
			low[i] = (uint8_t)((low[i] & ~(low[i] ^ high[i])) |
					   (facts->address[i] & (low[i] ^ high[i])));
	}
	memcpy(facts->address, low, n);
	facts->translated = true;
	return true;
}

/* IPv4: the first address of the interface that is meant for all the world. */
static const struct local_address *redirect_ipv4(const struct machine *m, const struct packet *p)
{
	for (size_t i = 0; i < m->routing->n_addresses; i++) {
		const struct local_address *a = &m->routing->addresses[i];

		if (a->family == AF_INET && a->link == p->in->index &&
			!(a->flags & IFA_F_SECONDARY) && a->scope == RT_SCOPE_UNIVERSE)
			return a;
	}
	return NULL;
}

/* IPv6: the first of the interface with the scope of the destination, if that is not global. */
static const struct local_address *redirect_ipv6(
	const struct machine *m, const struct packet *p, const struct facts *facts)
{
	bool link_local = address_is_link_local6(AF_INET6, facts->address);

	for (size_t i = 0; i < m->routing->n_addresses; i++) {
		const struct local_address *a = &m->routing->addresses[i];

		if (a->family == AF_INET6 && a->link == p->in->index &&
			!(a->flags & IFA_F_TENTATIVE && !(a->flags & IFA_F_OPTIMISTIC)) &&
			(!link_local || address_is_link_local6(AF_INET6, a->bytes)))
			return a;
	}
	return NULL;
}

bool machine_redirect(struct machine *m, const struct packet *packet, struct facts *facts)
{
	const struct local_address *to = packet->family == AF_INET
						 ? redirect_ipv4(m, packet)
						 : redirect_ipv6(m, packet, facts);

	m->validity.link = m->validity.address = true;
	if (!to)
		return false;
	facts->translated = true;
	facts->nat_done = true;
	memcpy(facts->address, to->bytes, family_bytes(packet->family));
	return true;
}

bool nat_apply(struct run *run, const struct operation *op, struct path *path)
{
	path->facts.nat_done = true;
	path->changed = true;
	if (run->m->collecting)
		return true;
	if (op->kind == OP_REDIRECT && !machine_redirect(run->m, run->packet, &path->facts))
		return false;
	if (op->kind == OP_NAT && !apply_address(run, op, path))
		return false;
	if (!apply_port(run, op, path))
		return false;
	path->facts.translated = true;
	return true;
}
