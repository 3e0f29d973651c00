/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The matches of xtables, as iptables-nft puts them into nf_tables and iptables-legacy into its own
 * tables, one decoder each, in a table by name and revision. A match that is not in it may hold or
 * not. Targets are in xt-target.c.
 */
#include "packetfilter/run.h"

#include <limits.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_devgroup.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_policy.h>
#include <linux/netfilter/xt_quota.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>

/** What a decoder reads. */
struct xt {
	struct run *run;
	struct machine *m;
	const struct packet *packet;
	struct path *path;
	const struct operation *op;
};

static struct condition inverted(const struct xt *x, struct condition c, bool invert)
{
	return invert ? condition_not(x->m, c) : c;
}

static struct condition both(const struct xt *x, struct condition a, struct condition b)
{
	return condition_and(x->m, a, b);
}

/* Any port that the sender likes: only the whole range is certain. */
static struct condition source_port(unsigned low, unsigned high, bool invert)
{
	return low == 0 && high >= UINT16_MAX ? condition_of(!invert) : condition_unknown();
}

static struct condition match_tcp(const struct xt *x)
{
	const struct xt_tcp *t = (const void *)x->op->data;
	struct condition c = condition_of(x->packet->protocol == IPPROTO_TCP);
	uint8_t flags = 0x02, known = 0x3f;

	if (x->m->collecting)
		return condition_unknown();
	c = both(x, c, source_port(t->spts[0], t->spts[1], t->invflags & XT_TCP_INV_SRCPT));
	c = both(x, c,
		inverted(x, condition_port(x->m, &x->path->facts, t->dpts[0], t->dpts[1]),
			t->invflags & XT_TCP_INV_DSTPT));
	if ((flags ^ t->flg_cmp) & t->flg_mask & known || t->flg_cmp & ~t->flg_mask)
		c = both(x, c, condition_of(t->invflags & XT_TCP_INV_FLAGS));
	else if (t->flg_mask & ~known)
		c = both(x, c, condition_unknown());
	else
		c = both(x, c, condition_of(!(t->invflags & XT_TCP_INV_FLAGS)));
	return t->option ? both(x, c, condition_unknown()) : c;
}

static struct condition match_udp(const struct xt *x)
{
	const struct xt_udp *u = (const void *)x->op->data;
	struct condition c = condition_of(x->packet->protocol == IPPROTO_UDP);

	if (x->m->collecting)
		return condition_unknown();
	c = both(x, c, source_port(u->spts[0], u->spts[1], u->invflags & XT_UDP_INV_SRCPT));
	return both(x, c,
		inverted(x, condition_port(x->m, &x->path->facts, u->dpts[0], u->dpts[1]),
			u->invflags & XT_UDP_INV_DSTPT));
}

static struct condition ports_of(
	const struct xt *x, uint8_t flags, const uint16_t *ports, const uint8_t *ranges, size_t n)
{
	struct condition c = condition_of(false);

	if (x->m->collecting || flags != XT_MULTIPORT_DESTINATION)
		return condition_unknown();
	for (size_t i = 0; i < MIN(n, XT_MULTI_PORTS); i++) {
		bool range = ranges && ranges[i] && i + 1 < XT_MULTI_PORTS;

		c = condition_or(
			x->m, c, condition_port(x->m, &x->path->facts, ports[i], ports[i + range]));
		i += range;
	}
	return c;
}

static struct condition match_multiport0(const struct xt *x)
{
	const struct xt_multiport *p = (const void *)x->op->data;

	return ports_of(x, p->flags, p->ports, NULL, p->count);
}

static struct condition match_multiport1(const struct xt *x)
{
	const struct xt_multiport_v1 *p = (const void *)x->op->data;

	return inverted(x, ports_of(x, p->flags, p->ports, p->pflags, p->count), p->invert);
}

/* The state of a new connection as the matches number it. */
static uint32_t state_bits(const struct xt *x)
{
	if (x->path->facts.untracked)
		return XT_STATE_UNTRACKED;
	return x->packet->tracked ? XT_STATE_BIT(IP_CT_NEW) : XT_STATE_INVALID;
}

static struct condition match_state(const struct xt *x)
{
	const struct xt_state_info *s = (const void *)x->op->data;

	if (x->m->collecting || !x->packet->tracking_known)
		return condition_unknown();
	return condition_of(s->statemask & state_bits(x));
}

static source_number number_of(const struct xt *x, const union nf_inet_addr *a)
{
	return source_of_bytes((const uint8_t *)a, family_bytes(x->m->family));
}

static struct condition source_in(
	const struct xt *x, const union nf_inet_addr *value, const union nf_inet_addr *mask)
{
	source_number m = number_of(x, mask);

	/* A value with bits outside of its mask equals nothing. */
	if (number_of(x, value) & ~m)
		return condition_of(false);
	return condition_source_masked(x->m, &x->path->facts, number_of(x, value), m);
}

static struct condition address_in(const struct xt *x, const uint8_t *address,
	const union nf_inet_addr *value, const union nf_inet_addr *mask)
{
	const uint8_t *v = (const uint8_t *)value, *k = (const uint8_t *)mask;
	bool equal = true;

	if (x->m->collecting)
		return condition_unknown();
	x->m->validity.address = true;
	for (size_t i = 0; i < family_bytes(x->m->family); i++)
		equal &= (address[i] & k[i]) == v[i];
	return condition_of(equal);
}

/* The port that the packet came with, whatever became of it. */
static struct condition original_port(const struct xt *x, unsigned low, unsigned high)
{
	struct facts came = x->path->facts;

	came.port = x->packet->port;
	came.same_port = true;
	return condition_port(x->m, &came, low, high);
}

/* Both revisions as the newer one has it. */
static struct condition conntrack(const struct xt *x, const struct xt_conntrack_mtinfo3 *i)
{
	const uint16_t asked = i->match_flags, inv = i->invert_flags;
	const struct facts *facts = &x->path->facts;
	struct condition c = condition_of(true);
	bool none = !x->packet->tracked || facts->untracked;
	uint32_t state = x->m->collecting ? 0 : state_bits(x);

	if (!none && destination_changed(x->m, x->packet, facts))
		state |= 1u << (IP_CT_NUMBER + 2); /* XT_CONNTRACK_STATE_DNAT */
	if (!x->packet->tracking_known)
		return condition_unknown();
	if (asked & XT_CONNTRACK_STATE && !x->m->collecting)
		c = inverted(x, condition_of(i->state_mask & state), inv & XT_CONNTRACK_STATE);
	if (none && !x->m->collecting)
		return asked & XT_CONNTRACK_STATE ? c : condition_of(false);
	if (asked & XT_CONNTRACK_DIRECTION)
		c = both(x, c, inverted(x, condition_of(true), inv & XT_CONNTRACK_DIRECTION));
	if (asked & XT_CONNTRACK_ORIGSRC)
		c = both(x, c,
			inverted(x, source_in(x, &i->origsrc_addr, &i->origsrc_mask),
				inv & XT_CONNTRACK_ORIGSRC));
	if (asked & XT_CONNTRACK_ORIGDST)
		c = both(x, c,
			inverted(x,
				address_in(
					x, x->packet->address, &i->origdst_addr, &i->origdst_mask),
				inv & XT_CONNTRACK_ORIGDST));
	if (asked & XT_CONNTRACK_REPLSRC)
		c = both(x, c,
			inverted(x,
				address_in(x, facts->address, &i->replsrc_addr, &i->replsrc_mask),
				inv & XT_CONNTRACK_REPLSRC));
	if (asked & XT_CONNTRACK_PROTO && !x->m->collecting)
		c = both(x, c,
			inverted(x, condition_of(i->l4proto == x->packet->protocol),
				inv & XT_CONNTRACK_PROTO));
	if (asked & XT_CONNTRACK_ORIGDST_PORT && !x->m->collecting)
		c = both(x, c,
			inverted(x, original_port(x, i->origdst_port, i->origdst_port_high),
				inv & XT_CONNTRACK_ORIGDST_PORT));
	if (asked & XT_CONNTRACK_REPLSRC_PORT && !x->m->collecting)
		c = both(x, c,
			inverted(x,
				condition_port(x->m, facts, i->replsrc_port, i->replsrc_port_high),
				inv & XT_CONNTRACK_REPLSRC_PORT));
	if (asked & (XT_CONNTRACK_REPLDST | XT_CONNTRACK_STATUS | XT_CONNTRACK_EXPIRES |
			    XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_REPLDST_PORT))
		c = both(x, c, condition_unknown());
	return c;
}

static struct condition match_conntrack3(const struct xt *x)
{
	struct xt_conntrack_mtinfo3 info;

	memcpy(&info, x->op->data, sizeof(info));
	return conntrack(x, &info);
}

/* Revision 2 has single ports in network byte order, revision 1 masks of one byte as well. */
static struct condition match_conntrack2(const struct xt *x)
{
	struct xt_conntrack_mtinfo2 old;
	struct xt_conntrack_mtinfo3 info;

	memcpy(&old, x->op->data, sizeof(old));
	memset(&info, 0, sizeof(info));
	memcpy(&info, &old, sizeof(old));
	if (x->op->revision == 1) {
		struct xt_conntrack_mtinfo1 oldest;

		memcpy(&oldest, x->op->data, sizeof(oldest));
		info.state_mask = oldest.state_mask;
		info.status_mask = oldest.status_mask;
	}
	info.origdst_port = info.origdst_port_high = ntohs(old.origdst_port);
	info.replsrc_port = info.replsrc_port_high = ntohs(old.replsrc_port);
	return conntrack(x, &info);
}

/* Of IPv6 the types mean something else than the type of a route, but for this one. */
static bool types_known(const struct xt *x, uint32_t types)
{
	return x->m->family == AF_INET || types == XT_ADDRTYPE_LOCAL;
}

static struct condition addrtype(const struct xt *x, uint32_t source, bool not_source,
	uint32_t destination, bool not_destination, bool on_link)
{
	struct condition c = condition_of(true);

	if (source)
		c = both(x, c,
			inverted(x,
				types_known(x, source) ? condition_source_type(x->m, x->packet,
								 &x->path->facts, source, on_link)
						       : condition_unknown(),
				not_source));
	if (destination)
		c = both(x, c,
			inverted(x,
				types_known(x, destination)
					? condition_destination_type(x->m, x->packet,
						  &x->path->facts, destination, on_link)
					: condition_unknown(),
				not_destination));
	return c;
}

static struct condition match_addrtype0(const struct xt *x)
{
	const struct xt_addrtype_info *i = (const void *)x->op->data;

	return addrtype(x, i->source, i->invert_source, i->dest, i->invert_dest, false);
}

static struct condition match_addrtype1(const struct xt *x)
{
	const struct xt_addrtype_info_v1 *i = (const void *)x->op->data;

	if (i->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		return condition_unknown();
	return addrtype(x, i->source, i->flags & XT_ADDRTYPE_INVERT_SOURCE, i->dest,
		i->flags & XT_ADDRTYPE_INVERT_DEST, i->flags & XT_ADDRTYPE_LIMIT_IFACE_IN);
}

static struct condition match_iprange(const struct xt *x)
{
	const struct xt_iprange_mtinfo *i = (const void *)x->op->data;
	size_t n = family_bytes(x->m->family);
	struct condition c = condition_of(true);

	if (i->flags & IPRANGE_SRC) {
		struct interval in = {number_of(x, &i->src_min), number_of(x, &i->src_max)};

		c = inverted(x, condition_source(x->m, &x->path->facts, &in, 1),
			i->flags & IPRANGE_SRC_INV);
	}
	if (i->flags & IPRANGE_DST) {
		const uint8_t *a = x->path->facts.address;
		bool in = memcmp(a, &i->dst_min, n) >= 0 && memcmp(a, &i->dst_max, n) <= 0;

		x->m->validity.address = true;
		if (x->m->collecting)
			return condition_unknown();
		c = both(x, c, condition_of(in != ((i->flags & IPRANGE_DST_INV) != 0)));
	}
	return c;
}

/* (mark & mask) == value, as far as the mark is known. */
static struct condition mark_is(
	const struct xt *x, const struct mark *mark, uint32_t value, uint32_t mask, bool invert)
{
	uint32_t now, known;

	memcpy(&now, mark->value, sizeof(now));
	memcpy(&known, mark->known, sizeof(known));
	if (value & ~mask || (now ^ value) & mask & known)
		return condition_of(invert);
	return mask & ~known ? condition_unknown() : condition_of(!invert);
}

static struct condition match_mark(const struct xt *x)
{
	const struct xt_mark_mtinfo1 *i = (const void *)x->op->data;

	return mark_is(x, &x->path->facts.mark, i->mark, i->mask, i->invert);
}

static struct condition match_connmark(const struct xt *x)
{
	const struct xt_connmark_mtinfo1 *i = (const void *)x->op->data;

	if (x->packet->tracking_known && (!x->packet->tracked || x->path->facts.untracked))
		return condition_of(false);
	return mark_is(x, &x->path->facts.ct_mark, i->mark, i->mask, i->invert);
}

static struct condition match_pkttype(const struct xt *x)
{
	const struct xt_pkttype_info *i = (const void *)x->op->data;

	if (x->m->collecting || x->path->facts.type_lost)
		return condition_unknown();
	return inverted(x, condition_of(i->pkttype == x->packet->packet_type), i->invert);
}

static struct condition match_devgroup(const struct xt *x)
{
	const struct xt_devgroup_info *i = (const void *)x->op->data;

	if (x->m->collecting || i->flags & XT_DEVGROUP_MATCH_DST)
		return condition_unknown();
	x->m->validity.link = true;
	if (!(i->flags & XT_DEVGROUP_MATCH_SRC))
		return condition_of(true);
	return inverted(x, condition_of(((i->src_group ^ x->packet->in->group) & i->src_mask) == 0),
		i->flags & XT_DEVGROUP_INVERT_SRC);
}

static struct condition match_rpfilter(const struct xt *x)
{
	const struct xt_rpfilter_info *i = (const void *)x->op->data;

	return inverted(x,
		condition_source_route(x->m, x->packet, i->flags & XT_RPFILTER_LOOSE,
			i->flags & XT_RPFILTER_ACCEPT_LOCAL),
		i->flags & XT_RPFILTER_INVERT);
}

/* A packet that did not come through IPsec. */
static struct condition match_policy(const struct xt *x)
{
	const struct xt_policy_info *i = (const void *)x->op->data;

	return i->flags & XT_POLICY_MATCH_IN ? condition_of(i->flags & XT_POLICY_MATCH_NONE)
					     : condition_unknown();
}

/* Limits count as not reached. */
static struct condition limited(const struct xt *x, bool over)
{
	x->path->facts.limited = true;
	x->path->changed = true;
	return condition_of(!over);
}

static struct condition match_limit(const struct xt *x)
{
	return limited(x, false);
}

static struct condition match_hashlimit1(const struct xt *x)
{
	const struct xt_hashlimit_mtinfo1 *i = (const void *)x->op->data;

	return limited(x, i->cfg.mode & XT_HASHLIMIT_INVERT);
}

static struct condition match_hashlimit2(const struct xt *x)
{
	const struct xt_hashlimit_mtinfo2 *i = (const void *)x->op->data;

	return limited(x, i->cfg.mode & XT_HASHLIMIT_INVERT);
}

static struct condition match_hashlimit3(const struct xt *x)
{
	const struct xt_hashlimit_mtinfo3 *i = (const void *)x->op->data;

	return limited(x, i->cfg.mode & XT_HASHLIMIT_INVERT);
}

static struct condition match_connlimit(const struct xt *x)
{
	const struct xt_connlimit_info *i = (const void *)x->op->data;

	/* Matches above the limit, unless inverted. */
	return limited(x, !(i->flags & XT_CONNLIMIT_INVERT));
}

static struct condition match_quota(const struct xt *x)
{
	const struct xt_quota_info *i = (const void *)x->op->data;

	return limited(x, i->flags & XT_QUOTA_INVERT);
}

static struct condition match_comment(const struct xt *x)
{
	return condition_of(true);
}

/* clang-format off */
static const struct {
	const char *name;
	uint8_t from, to; /**< revisions */
	size_t size;      /**< at least */
	struct condition (*match)(const struct xt *x);
} matches[] = {
	{"tcp",       0, 0, sizeof(struct xt_tcp),               match_tcp},
	{"udp",       0, 0, sizeof(struct xt_udp),               match_udp},
	{"comment",   0, 0, 0,                                   match_comment},
	{"conntrack", 3, 3, sizeof(struct xt_conntrack_mtinfo3), match_conntrack3},
	{"conntrack", 2, 2, sizeof(struct xt_conntrack_mtinfo2), match_conntrack2},
	{"conntrack", 1, 1, sizeof(struct xt_conntrack_mtinfo2), match_conntrack2},
	{"state",     0, 0, sizeof(struct xt_state_info),        match_state},
	{"multiport", 0, 0, sizeof(struct xt_multiport),         match_multiport0},
	{"multiport", 1, 1, sizeof(struct xt_multiport_v1),      match_multiport1},
	{"addrtype",  0, 0, sizeof(struct xt_addrtype_info),     match_addrtype0},
	{"addrtype",  1, 1, sizeof(struct xt_addrtype_info_v1),  match_addrtype1},
	{"iprange",   1, 1, sizeof(struct xt_iprange_mtinfo),    match_iprange},
	{"mark",      1, 1, sizeof(struct xt_mark_mtinfo1),      match_mark},
	{"connmark",  1, 1, sizeof(struct xt_connmark_mtinfo1),  match_connmark},
	{"pkttype",   0, 0, sizeof(struct xt_pkttype_info),      match_pkttype},
	{"devgroup",  0, 0, sizeof(struct xt_devgroup_info),     match_devgroup},
	{"rpfilter",  0, 0, sizeof(struct xt_rpfilter_info),     match_rpfilter},
	{"policy",    0, 0, sizeof(struct xt_policy_info),       match_policy},
	{"limit",     0, 0, 0,                                   match_limit},
	{"hashlimit", 1, 1, sizeof(struct xt_hashlimit_mtinfo1), match_hashlimit1},
	{"hashlimit", 2, 2, sizeof(struct xt_hashlimit_mtinfo2), match_hashlimit2},
	{"hashlimit", 3, 3, sizeof(struct xt_hashlimit_mtinfo3), match_hashlimit3},
	{"connlimit", 1, 1, offsetof(struct xt_connlimit_info, data), match_connlimit},
	{"quota",     0, 0, offsetof(struct xt_quota_info, master), match_quota},
};
/* clang-format on */

static struct condition by_name(const struct xt *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		if (x->op->revision >= matches[i].from && x->op->revision <= matches[i].to &&
			x->op->data_length >= matches[i].size &&
			!strcmp(x->op->name, matches[i].name))
			return matches[i].match(x);
	return condition_unknown();
}

/* The name of an interface, some bytes of which are of no matter. */
static struct condition link_named(const struct xt *x, const struct link *link, const char *name,
	const unsigned char *mask, bool invert)
{
	char padded[IFNAMSIZ] = {0};
	bool equal = true, any = false;

	for (size_t i = 0; i < sizeof(padded); i++)
		any |= mask[i] != 0;
	if (!any)
		return condition_of(!invert);
	if (x->m->collecting)
		return condition_unknown();
	x->m->validity.link = true;
	if (link)
		memcpy(padded, link->name, sizeof(padded));
	for (size_t i = 0; i < sizeof(padded); i++)
		equal &= !((padded[i] ^ name[i]) & mask[i]);
	return condition_of(equal != invert);
}

static struct condition protocol_is(const struct xt *x, unsigned protocol, bool invert)
{
	if (x->m->collecting)
		return condition_unknown();
	return condition_of((protocol == x->packet->protocol) != invert);
}

static struct condition ipv4_header(const struct xt *x)
{
	const struct ipt_ip *ip = (const void *)x->op->data;
	struct condition c = condition_of(true);

	if (ip->smsk.s_addr)
		c = inverted(x, source_in(x, (const void *)&ip->src, (const void *)&ip->smsk),
			ip->invflags & IPT_INV_SRCIP);
	if (ip->dmsk.s_addr)
		c = both(x, c,
			inverted(x,
				address_in(x, x->path->facts.address, (const void *)&ip->dst,
					(const void *)&ip->dmsk),
				ip->invflags & IPT_INV_DSTIP));
	c = both(x, c,
		link_named(x, x->packet->in, ip->iniface, ip->iniface_mask,
			ip->invflags & IPT_INV_VIA_IN));
	c = both(x, c,
		link_named(x, x->packet->out, ip->outiface, ip->outiface_mask,
			ip->invflags & IPT_INV_VIA_OUT));
	if (ip->proto)
		c = both(x, c, protocol_is(x, ip->proto, ip->invflags & IPT_INV_PROTO));
	/* Only later fragments fulfil it. */
	if (ip->flags & IPT_F_FRAG)
		c = both(x, c, condition_of(ip->invflags & IPT_INV_FRAG));
	return c;
}

static bool is_zero(const void *bytes, size_t n)
{
	static const uint8_t zero[16];

	return !memcmp(bytes, zero, n);
}

static struct condition ipv6_header(const struct xt *x)
{
	const struct ip6t_ip6 *ip = (const void *)x->op->data;
	struct condition c = condition_of(true);

	if (!is_zero(&ip->smsk, 16))
		c = inverted(x, source_in(x, (const void *)&ip->src, (const void *)&ip->smsk),
			ip->invflags & IP6T_INV_SRCIP);
	if (!is_zero(&ip->dmsk, 16))
		c = both(x, c,
			inverted(x,
				address_in(x, x->path->facts.address, (const void *)&ip->dst,
					(const void *)&ip->dmsk),
				ip->invflags & IP6T_INV_DSTIP));
	c = both(x, c,
		link_named(x, x->packet->in, ip->iniface, ip->iniface_mask,
			ip->invflags & IP6T_INV_VIA_IN));
	c = both(x, c,
		link_named(x, x->packet->out, ip->outiface, ip->outiface_mask,
			ip->invflags & IP6T_INV_VIA_OUT));
	if (ip->flags & IP6T_F_PROTO && ip->proto)
		c = both(x, c, protocol_is(x, ip->proto, ip->invflags & IP6T_INV_PROTO));
	return c;
}

struct condition xt_match(struct run *run, const struct operation *op, struct path *path)
{
	struct xt x = {run, run->m, run->packet, path, op};

	if (op->kind == OP_XT_MATCH)
		return by_name(&x);
	if (run->m->family == AF_INET && op->data_length == sizeof(struct ipt_ip))
		return ipv4_header(&x);
	if (run->m->family == AF_INET6 && op->data_length == sizeof(struct ip6t_ip6))
		return ipv6_header(&x);
	return condition_unknown();
}
