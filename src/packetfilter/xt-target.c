/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The targets of xtables: what ends a rule, what changes the destination or a mark, and what has
 * no say in where a packet goes. A target that is not known may do anything.
 */
#include "packetfilter/run.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <netinet/in.h>

/* Targets that let the packet go on as it is, as far as a verdict is concerned. */
static const char *const without_say[] = {
	"LOG",
	"NFLOG",
	"ULOG",
	"TRACE",
	"AUDIT",
	"CHECKSUM",
	"CLASSIFY",
	"CONNSECMARK",
	"SECMARK",
	"DSCP",
	"TOS",
	"TTL",
	"HL",
	"TCPMSS",
	"TCPOPTSTRIP",
	"RATEEST",
	"IDLETIMER",
	"TEE",
	"LED",
	"SET",
	"ECN",
	"HMARK",
};

static uint32_t read_mark(const uint8_t bytes[4])
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void write_mark(struct mark *mark, uint32_t value, uint32_t known)
{
	value &= known;
	memcpy(mark->value, &value, sizeof(value));
	memcpy(mark->known, &known, sizeof(known));
}

/* mark = (mark & ~clear) ^ (value & value_known), bit by bit as far as all is known. */
static void change_mark(struct mark *mark, uint32_t clear, uint32_t value, uint32_t value_known)
{
	uint32_t kept = read_mark(mark->value) & ~clear;
	uint32_t kept_known = read_mark(mark->known) | clear;

	write_mark(mark, kept ^ value, kept_known & value_known);
}

static void set_mark(const struct operation *op, struct path *path)
{
	const struct xt_mark_tginfo2 *i = (const void *)op->data;

	change_mark(&path->facts.mark, i->mask, i->mark, ~0u);
}

static void set_connmark(const struct operation *op, struct path *path)
{
	const struct xt_connmark_tginfo1 *one = (const void *)op->data;
	const struct xt_connmark_tginfo2 *two = (const void *)op->data;
	struct mark *mark = &path->facts.mark, *ct = &path->facts.ct_mark;
	unsigned mode = op->revision == 2 ? two->mode : one->mode;

	if (op->revision == 2 && two->shift_bits) {
		write_mark(mode == XT_CONNMARK_RESTORE ? mark : ct, 0, 0);
		return;
	}
	switch (mode) {
	case XT_CONNMARK_SET:
		change_mark(ct, one->ctmask, one->ctmark, ~0u);
		break;
	case XT_CONNMARK_SAVE:
		change_mark(ct, one->ctmask, read_mark(mark->value) & one->nfmask,
			read_mark(mark->known) | ~one->nfmask);
		break;
	default:
		change_mark(mark, one->nfmask, read_mark(ct->value) & one->ctmask,
			read_mark(ct->known) | ~one->ctmask);
		break;
	}
}

/** A new destination, whichever struct it came in. */
struct destination {
	unsigned flags;
	uint8_t low[16], high[16];
	uint16_t port_low, port_high;
};

static bool read_destination(
	const struct run *run, const struct operation *op, struct destination *ret)
{
	const struct nf_nat_ipv4_multi_range_compat *old = (const void *)op->data;
	const struct nf_nat_range *range = (const void *)op->data;

	memset(ret, 0, sizeof(*ret));
	if (run->packet->family == AF_INET && op->revision == 0) {
		if (op->data_length < sizeof(*old) || old->rangesize != 1)
			return false;
		ret->flags = old->range[0].flags;
		memcpy(ret->low, &old->range[0].min_ip, 4);
		memcpy(ret->high, &old->range[0].max_ip, 4);
		ret->port_low = ntohs(old->range[0].min.all);
		ret->port_high = ntohs(old->range[0].max.all);
		return true;
	}
	/* Revision 2 has one member more at the end, for shifted ports. */
	if (op->data_length < sizeof(*range))
		return false;
	ret->flags = range->flags;
	memcpy(ret->low, &range->min_addr, 16);
	memcpy(ret->high, &range->max_addr, 16);
	ret->port_low = ntohs(range->min_proto.all);
	ret->port_high = ntohs(range->max_proto.all);
	return true;
}

/* Puts the destination where nf_tables' nat has it: in registers. */
static bool change_destination(
	struct run *run, const struct operation *op, struct path *path, bool redirect, bool network)
{
	struct operation nat = {.kind = redirect ? OP_REDIRECT : OP_NAT,
		.how = NFT_NAT_DNAT,
		.source = NO_REGISTER,
		.source_max = NO_REGISTER,
		.last = NO_REGISTER,
		.last_max = NO_REGISTER};
	struct destination d;
	uint8_t low[2], high[2];

	if (!read_destination(run, op, &d))
		return false;
	nat.key = d.flags & ~(unsigned)NF_NAT_RANGE_NETMAP;
	if (network)
		nat.key |= NF_NAT_RANGE_NETMAP;
	if (!redirect && (network || d.flags & NF_NAT_RANGE_MAP_IPS)) {
		nat.source = 0;
		nat.source_max = 16;
		load_value(path->r, d.low, 16);
		load_value(path->r + 16, d.high, 16);
	}
	if (d.flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		low[0] = (uint8_t)(d.port_low >> 8), low[1] = (uint8_t)d.port_low;
		high[0] = (uint8_t)(d.port_high >> 8), high[1] = (uint8_t)d.port_high;
		nat.last = 32;
		nat.last_max = 36;
		load_value(path->r + 32, low, 2);
		load_value(path->r + 36, high, 2);
	}
	return nat_apply(run, &nat, path);
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

/* Those that change something and go on; false: it is none of them. */
static bool changes(struct run *run, const struct operation *op, struct path *path)
{
	const char *name = op->name;

	if (!strcmp(name, "MARK") && op->revision == 2 &&
		op->data_length >= sizeof(struct xt_mark_tginfo2))
		set_mark(op, path);
	else if (!strcmp(name, "CONNMARK") && op->revision >= 1 && op->revision <= 2 &&
		 op->data_length >= sizeof(struct xt_connmark_tginfo1))
		set_connmark(op, path);
	else if (!strcmp(name, "NOTRACK") ||
		 (!strcmp(name, "CT") && op->data_length >= sizeof(uint16_t) &&
			 ((const struct xt_ct_target_info *)(const void *)op->data)->flags &
				 XT_CT_NOTRACK))
		path->facts.untracked |= !run->packet->tracked;
	else if (strcmp(name, "CT"))
		return is_one_of(name, without_say, ARRAY_SIZE(without_say));
	path->changed = true;
	return true;
}

bool xt_target(struct run *run, const struct operation *op, struct path *path, struct verdict *ret)
{
	static const char *const source[] = {"MASQUERADE", "SNAT", "NPT", "SNPT"};
	bool redirect = !strcmp(op->name, "REDIRECT"), network = !strcmp(op->name, "NETMAP");

	ret->chain = NOTHING;
	if (changes(run, op, path))
		return false;
	if (!strcmp(op->name, "REJECT"))
		ret->code = VERDICT_REJECT;
	else if (!strcmp(op->name, "NFQUEUE"))
		ret->code = NF_QUEUE;
	else if (redirect || network || !strcmp(op->name, "DNAT"))
		ret->code = change_destination(run, op, path, redirect, network) ? NF_ACCEPT
										 : VERDICT_ANYTHING;
	else if (is_one_of(op->name, source, ARRAY_SIZE(source))) {
		path->facts.nat_done = path->facts.source_lost = path->changed = true;
		ret->code = NF_ACCEPT;
	} else
		ret->code = VERDICT_ANYTHING;
	return true;
}
