/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One rule applied to one kind of packet from all sources at once. Registers hold, byte by byte,
 * either a value (some bits of which may not be known) or a byte of the source address; what is
 * compared with the latter splits the sources. Whatever cannot be decided goes both ways.
 */
#ifndef PORTSCOPE_PACKETFILTER_MACHINE_H
#define PORTSCOPE_PACKETFILTER_MACHINE_H

#include "packetfilter/routing.h"
#include "packetfilter/rules.h"

/** What is known of a packet's value: bits that are not in `known` may be anything. */
struct mark {
	uint8_t value[4], known[4]; /**< in the byte order of the host */
};

/** What rules may change about a packet. Compared as bytes: zero it before filling. */
struct facts {
	uint8_t address[16]; /**< destination */
	uint16_t port;
	bool same_port;  /**< it is the port that the packet came with */
	bool translated; /**< its destination was changed */
	bool nat_done;   /**< a NAT rule has spoken: the other NAT chains are passed over */
	bool untracked;
	bool limited;     /**< a limit on rate or number let it through */
	bool source_lost; /**< its source was changed: what is compared with it is not known */
	bool type_lost;   /**< the same of the packet type */
	struct mark mark, ct_mark;
};

/** What is fixed about the packet, and where it is. */
struct packet {
	uint8_t family; /**< AF_INET or AF_INET6 */
	uint8_t protocol;
	uint8_t hook;                /**< NF_INET_* */
	bool tracked;                /**< conntrack has seen it */
	bool tracking_known;         /**< whether it has is known */
	uint8_t packet_type;         /**< PACKET_HOST, _BROADCAST or _MULTICAST */
	uint16_t port;               /**< as it came */
	uint8_t address[16];         /**< the same */
	const struct link *in, *out; /**< `out` NULL: not routed yet, or for this host */
};

/** What the answer depends on, so that it can serve other packets too. */
struct validity {
	uint16_t low, high; /**< the same for every port of these */
	bool address;       /**< the destination was looked at */
	bool link;          /**< the interface was looked at */
};

struct machine {
	const struct rules *rules;
	const struct routing *routing;
	struct space *space;
	uint8_t family;
	bool collecting;   /**< only notes the sources that rules name */
	bool source_rules; /**< a rule asks for the route of a source */
	struct arena scratch;
	struct validity validity;
	bool *touched; /**< by set: a rule on the way may have changed it */
	int error;
};

/** A verdict for which anything is possible. */
#define VERDICT_ANYTHING INT32_MIN
/** Like NF_DROP, with an answer to the sender. */
#define VERDICT_REJECT (INT32_MIN + 1)
/** Given to a socket that is chosen by a rule. */
#define VERDICT_ELSEWHERE (INT32_MIN + 2)

/** What a rule does with some of the sources. NFT_CONTINUE: it changed facts and goes on. */
struct found {
	struct verdict verdict;
	const struct span *spans;
	uint32_t n;
	bool maybe; /**< or it does not apply */
	struct facts facts;
};

/** A rule that splits the sources further is not decoded any more. */
#define MAX_FOUND 64

/** Applies a rule; how many `found` there are. Sets m->error where memory runs out. */
size_t machine_run(struct machine *m, const struct rule *rule, const struct packet *packet,
	const struct facts *facts, struct found found[MAX_FOUND]);

/** A condition on a packet: which sources fulfil it. */
struct condition {
	bool never; /**< none does */
	bool maybe; /**< those that seem to may not */
	bool where; /**< only the sources in `spans` do; else all */
	const struct span *spans;
	uint32_t n;
};

/* For the decoders of xtables. */

static inline struct condition condition_of(bool holds)
{
	return (struct condition){.never = !holds};
}

static inline struct condition condition_unknown(void)
{
	return (struct condition){.maybe = true};
}

/** The source lies in one of these intervals, which are in order. */
struct condition condition_source(
	struct machine *m, const struct facts *facts, const struct interval *in, size_t n);
/** The source equals `value` where `mask` has ones. */
struct condition condition_source_masked(
	struct machine *m, const struct facts *facts, source_number value, source_number mask);
struct condition condition_not(struct machine *m, struct condition c);
struct condition condition_and(struct machine *m, struct condition a, struct condition b);
/** The destination port lies in low..high; the validity of the answer is narrowed. */
struct condition condition_port(
	struct machine *m, const struct facts *facts, unsigned low, unsigned high);
/** True if NAT gave the packet another destination than it came with. */
bool destination_changed(struct machine *m, const struct packet *packet, const struct facts *facts);
/** The route of the destination is of one of these types, bits 1 << RTN_*. */
struct condition condition_destination_type(struct machine *m, const struct packet *packet,
	const struct facts *facts, uint32_t types, bool on_link);
/** The same of the source. */
struct condition condition_source_type(struct machine *m, const struct packet *packet,
	const struct facts *facts, uint32_t types, bool on_link);
/** The route back to the source leads through the interface that it came by. */
struct condition condition_source_route(
	struct machine *m, const struct packet *packet, bool loose, bool accept_local);
/** Changes the destination as NAT does; false: to what is not known. */
bool machine_redirect(struct machine *m, const struct packet *packet, struct facts *facts);

#endif
