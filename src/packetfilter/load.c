/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the first packet of a new connection holds, loaded into registers: a TCP SYN or a first UDP
 * datagram, not fragmented, without options of IP. What its sender is free to choose (source port,
 * TTL, length, options of TCP) is not known.
 */
#include "packetfilter/run.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <netinet/in.h>

void load_unknown(struct symbol *r, size_t length)
{
	memset(r, 0, length * sizeof(*r));
}

void load_value(struct symbol *r, const void *value, size_t length)
{
	const uint8_t *bytes = value;

	for (size_t i = 0; i < length; i++)
		r[i] = (struct symbol){.value = bytes[i], .known = 0xff};
}

void load_source(const struct run *run, const struct facts *facts, struct symbol *r, size_t first,
	size_t length)
{
	for (size_t i = 0; i < length; i++) {
		r[i] = (struct symbol){
			.source = true, .index = (uint8_t)(first + i), .known = 0xff};
		if (facts->source_lost)
			r[i] = (struct symbol){0};
	}
}

void load_address(const struct run *run, const struct facts *facts, struct symbol *r, size_t first,
	size_t length)
{
	/* What a rule put there is the same for every packet that the rule is applied to. */
	bool own = facts->translated &&
		   memcmp(facts->address, run->packet->address, sizeof(facts->address)) != 0;

	load_value(r, facts->address + first, length);
	for (size_t i = 0; i < length; i++) {
		r[i].tag = own ? TAG_NONE : TAG_ADDRESS;
		if (run->m->collecting)
			r[i].known = 0;
	}
}

void load_port(const struct facts *facts, struct symbol *r)
{
	uint8_t bytes[2] = {(uint8_t)(facts->port >> 8), (uint8_t)facts->port};

	load_value(r, bytes, 2);
	if (!facts->same_port)
		return;
	r[0].tag = TAG_PORT_HIGH;
	r[1].tag = TAG_PORT_LOW;
}

/* Byte `at` of the network header. */
static struct symbol network_byte(const struct run *run, const struct facts *facts, size_t at)
{
	const struct packet *p = run->packet;
	struct symbol s = {0};

	if (p->family == AF_INET) {
		if (at == 0) /* version 4, five words: options are not reckoned with */
			s = (struct symbol){.value = 0x45, .known = 0xff};
		else if (at == 6) /* reserved, DF, MF, then the offset: no fragment */
			s = (struct symbol){.value = 0, .known = 0xbf};
		else if (at == 7)
			s = (struct symbol){.value = 0, .known = 0xff};
		else if (at == 9 && !run->m->collecting)
			s = (struct symbol){.value = p->protocol, .known = 0xff};
		else if (at >= 12 && at < 16)
			load_source(run, facts, &s, at - 12, 1);
		else if (at >= 16 && at < 20)
			load_address(run, facts, &s, at - 16, 1);
		return s;
	}
	if (at == 0)
		s = (struct symbol){.value = 0x60, .known = 0xf0};
	else if (at == 6 && !run->m->collecting)
		s = (struct symbol){.value = p->protocol, .known = 0xff};
	else if (at >= 8 && at < 24)
		load_source(run, facts, &s, at - 8, 1);
	else if (at >= 24 && at < 40)
		load_address(run, facts, &s, at - 24, 1);
	return s;
}

static struct symbol transport_byte(const struct run *run, const struct facts *facts, size_t at)
{
	struct symbol port[2], s = {0};

	if (run->m->collecting)
		return s;
	if (at == 2 || at == 3) {
		load_port(facts, port);
		return port[at - 2];
	}
	if (run->packet->protocol != IPPROTO_TCP)
		return s;
	if (at == 13) /* SYN; a sender that speaks ECN sets the two highest as well */
		s = (struct symbol){.value = 0x02, .known = 0x3f};
	else if (at >= 8 && at < 12) /* nothing is acknowledged */
		s = (struct symbol){.value = 0, .known = 0xff};
	return s;
}

/* Of Ethernet what follows both addresses: the type of what is inside. */
static struct symbol link_byte(const struct run *run, size_t at)
{
	uint16_t type = run->packet->family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	struct symbol s = {0};

	if (!run->m->collecting && run->packet->in->type == ARPHRD_ETHER && (at == 12 || at == 13))
		s = (struct symbol){.value = (uint8_t)(at == 12 ? type >> 8 : type),
			.known = 0xff,
			.tag = TAG_LINK};
	return s;
}

bool load_payload(struct run *run, const struct operation *op, struct path *path)
{
	struct symbol *r = path->r + op->destination;

	for (size_t i = 0; i < op->length; i++) {
		if (op->base == NFT_PAYLOAD_NETWORK_HEADER)
			r[i] = network_byte(run, &path->facts, op->offset + i);
		else if (op->base == NFT_PAYLOAD_TRANSPORT_HEADER)
			r[i] = transport_byte(run, &path->facts, op->offset + i);
		else if (op->base == NFT_PAYLOAD_LL_HEADER)
			r[i] = link_byte(run, op->offset + i);
		else
			load_unknown(&r[i], 1);
	}
	/* Other link-layer headers and what lies behind may be absent, which ends the rule. */
	if (op->base == NFT_PAYLOAD_LL_HEADER && !run->m->collecting)
		run->m->validity.link = true;
	if (op->base > NFT_PAYLOAD_TRANSPORT_HEADER ||
		(op->base == NFT_PAYLOAD_LL_HEADER && !run->m->collecting &&
			run->packet->in->type != ARPHRD_ETHER))
		path->matched.maybe = true;
	return true;
}

/* A text as registers hold it: filled up with zeros. */
static void load_name(struct symbol *r, const char *name)
{
	char padded[16] = {0};

	memcpy(padded, name, strnlen(name, sizeof(padded) - 1));
	load_value(r, padded, sizeof(padded));
}

static void load_mark(struct symbol *r, const struct mark *mark)
{
	for (size_t i = 0; i < sizeof(mark->value); i++)
		r[i] = (struct symbol){.value = mark->value[i], .known = mark->known[i]};
}

static void load_u32(struct symbol *r, uint32_t value)
{
	load_value(r, &value, sizeof(value));
}

/* What is asked of an interface; `link` NULL: there is none here. */
static bool load_link(struct symbol *r, const struct link *link, uint32_t key)
{
	uint16_t type;

	switch (key) {
	case NFT_META_IIF:
	case NFT_META_OIF:
		load_u32(r, link ? link->index : 0);
		return true;
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		load_name(r, link ? link->name : "");
		return true;
	}
	if (!link)
		return false;
	switch (key) {
	case NFT_META_IFTYPE:
	case NFT_META_OIFTYPE:
		type = link->type;
		load_value(r, &type, sizeof(type));
		return true;
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
		load_u32(r, link->group);
		return true;
	default:
		load_name(r, link->kind);
		return link->kind[0] != 0;
	}
}

static void tag(struct symbol *r, size_t length, enum tag tag)
{
	for (size_t i = 0; i < length; i++)
		r[i].tag = tag;
}

static bool load_meta_link(struct run *run, const struct operation *op, struct symbol *r)
{
	bool out = op->key == NFT_META_OIF || op->key == NFT_META_OIFNAME ||
		   op->key == NFT_META_OIFTYPE || op->key == NFT_META_OIFGROUP ||
		   op->key == NFT_META_OIFKIND;
	const struct link *link = out ? run->packet->out : run->packet->in;

	if (run->m->collecting) {
		load_unknown(r, op->length);
		return true;
	}
	run->m->validity.link = true;
	if (!load_link(r, link, op->key))
		return false;
	tag(r, op->length, TAG_LINK);
	return true;
}

bool load_meta(struct run *run, const struct operation *op, struct path *path)
{
	const struct packet *p = run->packet;
	struct symbol *r = path->r + op->destination;
	uint8_t byte;
	uint16_t two;

	load_unknown(r, op->length);
	switch (op->key) {
	case NFT_META_PROTOCOL:
		two = htons(p->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
		load_value(r, &two, sizeof(two));
		return true;
	case NFT_META_NFPROTO:
		byte = p->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
		load_value(r, &byte, 1);
		return true;
	case NFT_META_L4PROTO:
		if (!run->m->collecting)
			load_value(r, &p->protocol, 1);
		return true;
	case NFT_META_MARK:
		load_mark(r, &path->facts.mark);
		return true;
	case NFT_META_PKTTYPE:
		if (!path->facts.type_lost && !run->m->collecting)
			load_value(r, &p->packet_type, 1);
		return true;
	case NFT_META_IIF:
	case NFT_META_OIF:
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
	case NFT_META_IFTYPE:
	case NFT_META_OIFTYPE:
	case NFT_META_IIFGROUP:
	case NFT_META_OIFGROUP:
	case NFT_META_IIFKIND:
	case NFT_META_OIFKIND:
		return load_meta_link(run, op, r);
	case NFT_META_SKUID:
	case NFT_META_SKGID:
		/* A packet that comes in belongs to no socket yet, unless a rule gave it one. */
		return run->m->collecting;
	default:
		path->matched.maybe = true; /* some of them may be absent */
		return true;
	}
}

/* IPS_* bits of a connection that begins: not confirmed, no reply, NAT as far as it is known. */
static void load_status(struct run *run, const struct facts *facts, struct symbol *r)
{
	uint32_t value = destination_changed(run->m, run->packet, facts) ? IPS_DST_NAT : 0;
	uint32_t known = ~(uint32_t)(IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE | IPS_HELPER);
	struct mark mark;

	memcpy(mark.value, &value, sizeof(value));
	memcpy(mark.known, &known, sizeof(known));
	load_mark(r, &mark);
}

/* The addresses and ports of a connection, as the packet came or as the answer will come. */
static void load_tuple(struct run *run, const struct operation *op, struct path *path)
{
	struct facts came = path->facts;
	struct symbol *r = path->r + op->destination;
	bool source = op->key == NFT_CT_SRC || op->key == NFT_CT_SRC_IP ||
		      op->key == NFT_CT_SRC_IP6 || op->key == NFT_CT_PROTO_SRC;
	bool port = op->key == NFT_CT_PROTO_SRC || op->key == NFT_CT_PROTO_DST;
	size_t length = MIN(op->length, family_bytes(run->packet->family));

	if (op->how > 1)
		return;
	if (op->how == 0) {
		came.port = run->packet->port;
		came.same_port = true;
		came.translated = false;
		came.source_lost = false;
		memcpy(came.address, run->packet->address, sizeof(came.address));
	}
	/* What is the destination of the packet is the source of the answer. */
	if (op->how == 1)
		source = !source;
	if (port && !source && !run->m->collecting)
		load_port(&came, r);
	else if (!port && source)
		load_source(run, &came, r, 0, length);
	else if (!port)
		load_address(run, &came, r, 0, length);
}

/* Some keys are for one family alone. */
static bool family_fits(uint8_t family, uint32_t key)
{
	if (key == NFT_CT_SRC_IP || key == NFT_CT_DST_IP)
		return family == AF_INET;
	return family == AF_INET6 || (key != NFT_CT_SRC_IP6 && key != NFT_CT_DST_IP6);
}

bool load_ct(struct run *run, const struct operation *op, struct path *path)
{
	const struct packet *p = run->packet;
	struct symbol *r = path->r + op->destination;
	bool none = p->tracking_known && (!p->tracked || path->facts.untracked);
	uint32_t state = path->facts.untracked ? NF_CT_STATE_UNTRACKED_BIT
			 : !p->tracked         ? NF_CT_STATE_INVALID_BIT
					       : NF_CT_STATE_BIT(IP_CT_NEW);
	uint8_t byte;

	load_unknown(r, op->length);
	if (run->m->collecting && op->key != NFT_CT_SRC && op->key != NFT_CT_SRC_IP &&
		op->key != NFT_CT_SRC_IP6)
		return true;
	if (op->key == NFT_CT_STATE && p->tracking_known)
		load_u32(r, state);
	if (op->key == NFT_CT_STATE)
		return true;
	if (none || !family_fits(p->family, op->key))
		return false;
	switch (op->key) {
	case NFT_CT_DIRECTION:
		byte = IP_CT_DIR_ORIGINAL;
		load_value(r, &byte, 1);
		break;
	case NFT_CT_STATUS:
		load_status(run, &path->facts, r);
		break;
	case NFT_CT_MARK:
		load_mark(r, &path->facts.ct_mark);
		break;
	case NFT_CT_L3PROTOCOL:
		byte = p->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
		load_value(r, &byte, 1);
		break;
	case NFT_CT_PROTOCOL:
		load_value(r, &p->protocol, 1);
		break;
	case NFT_CT_SRC:
	case NFT_CT_DST:
	case NFT_CT_SRC_IP:
	case NFT_CT_DST_IP:
	case NFT_CT_SRC_IP6:
	case NFT_CT_DST_IP6:
	case NFT_CT_PROTO_SRC:
	case NFT_CT_PROTO_DST:
		load_tuple(run, op, path);
		break;
	default:
		path->matched.maybe = true;
		break;
	}
	if (!p->tracking_known)
		path->matched.maybe = true;
	return true;
}
