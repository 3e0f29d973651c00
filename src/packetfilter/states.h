/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets on their way that are alike: what is known of them, and from which sources they come. */
#ifndef PORTSCOPE_PACKETFILTER_STATES_H
#define PORTSCOPE_PACKETFILTER_STATES_H

#include "packetfilter/judge.h"

struct state {
	struct facts facts;
	uint64_t *bits;
};

struct states {
	struct state *items;
	size_t n, room;
};

/** A judgement that is being made. */
struct course {
	struct judge *judge;
	const struct question *question;
	struct judgement *result;
	struct packet packet;
	struct states accepted; /**< by the base chain that runs */
	size_t words;
	uint64_t **spare; /**< bits that nobody uses */
	size_t n_spare, spare_room;
	uint64_t steps;
	int error;
};

/** Zeroed bits; NULL sets the error. */
uint64_t *bits_take(struct course *c);
void bits_give(struct course *c, uint64_t *bits);
/** Adds bits under these facts; what is alike is put together. */
void states_add(
	struct course *c, struct states *s, const struct facts *facts, const uint64_t *bits);
/** Moves all of `from` to `to`. */
void states_move(struct course *c, struct states *to, struct states *from);
/** Takes out what has no source left. */
void states_tidy(struct course *c, struct states *s);
void states_done(struct course *c, struct states *s);

/** Runs a base chain: what it accepts, by rule or by policy, remains in `s`. */
void course_base_chain(struct course *c, uint32_t chain, struct states *s);
/** Notes that these may be dropped, and by whom. */
void course_drop(struct course *c, const uint64_t *bits, uint32_t by);
/** Notes that nothing is known of these. */
void course_give_up(struct course *c, const uint64_t *bits);

#endif
