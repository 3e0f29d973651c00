/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of one kind of packet through this host: from the interface through the hooks to a
 * socket, to another host or to nowhere, from all sources at once. For every source the set of
 * what may become of it is kept; something is certain only where that set has one member.
 */
#ifndef PORTSCOPE_PACKETFILTER_JUDGE_H
#define PORTSCOPE_PACKETFILTER_JUDGE_H

#include "packetfilter/machine.h"

/** Who dropped or accepted: the number of a rule, or one of these with a chain or nothing. */
#define BY_NOBODY        0u
#define BY_ROUTING       1u /**< no route, no forwarding, or a source that cannot be */
#define BY_RP_FILTER     2u /**< the route back leads elsewhere */
#define BY_RULE(i)       ((uint32_t)(i) << 2 | 1u << 31)
#define BY_POLICY(i)     ((uint32_t)(i) << 2 | 3u << 30)
#define BY_IS_RULE(by)   ((by) >> 30 == 2)
#define BY_IS_POLICY(by) ((by) >> 30 == 3)
#define BY_NUMBER(by)    ((by) >> 2 & 0x0fffffff)

enum ending_kind {
	ENDING_LOCAL,   /**< delivered to a socket of this host, if there is one */
	ENDING_FORWARD, /**< sent on to another host or namespace */
	ENDING_ROUTED,  /**< as far as JUDGE_PREROUTING goes */
};

/** One thing that may become of packets. */
struct ending {
	enum ending_kind kind;
	struct facts facts; /**< destination as it is by then */
	uint64_t *bits;     /**< the sources */
};

struct judgement {
	struct ending *endings;
	size_t n_endings, space;
	uint64_t *universe;            /**< sources that can arrive at all */
	uint64_t *dropped;             /**< those of them that may be dropped */
	uint64_t *anything;            /**< those of which nothing is known */
	uint32_t *drop_by, *accept_by; /**< by elementary interval; the last that had a say */
	uint64_t *rejected;            /**< of the dropped: with an answer */
	struct validity validity;
};

/** What is asked. */
struct question {
	uint8_t protocol;
	uint16_t port;
	uint8_t address[16];
	const struct link *in;
	bool prerouting; /**< only as far as the routing decision */
};

/** The rules of one family, ready to be asked. */
struct judge {
	const struct rules *rules;
	const struct routing *routing;
	uint8_t family;
	struct space space;
	struct machine machine;
	uint32_t *chains; /**< base chains of this family, by hook and priority */
	size_t n_chains;
	bool bridged;         /**< a bridge's own rules are not looked into */
	double *weights;      /**< by elementary interval: how many addresses, see judge.c */
	uint64_t *impossible; /**< sources that no packet from outside has */
};

/** Prepares; both must outlive it. -ENOMEM at worst. */
int judge_open(const struct rules *rules, const struct routing *routing, uint8_t family,
	struct judge *ret);
void judge_close(struct judge *judge);

/** Follows packets. `ret` is to be freed; -ENOMEM at worst. */
int judge_ask(struct judge *judge, const struct question *question, struct judgement *ret);
void judgement_done(struct judgement *judgement);

/** True if a chain of netdev ingress, or another bound to devices, sees packets of this interface.
 */
bool judge_has_device(const struct chain *chain, const struct link *link);
/** True if both come to the same: a limit on the way there makes no difference. */
bool ending_is_same(const struct ending *a, const struct ending *b);
/** How many different things may become of sources in elementary interval `i`. */
unsigned judgement_count(const struct judgement *judgement, uint32_t i);

#endif
