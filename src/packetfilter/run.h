/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the machine: registers, and a rule on its way. */
#ifndef PORTSCOPE_PACKETFILTER_RUN_H
#define PORTSCOPE_PACKETFILTER_RUN_H

#include "packetfilter/machine.h"

/** Where a byte comes from, as far as that narrows what an answer is valid for. */
enum tag {
	TAG_NONE,
	TAG_PORT_HIGH, /**< first byte of the destination port */
	TAG_PORT_LOW,
	TAG_PORT_MIXED, /**< made of the port */
	TAG_ADDRESS,
	TAG_LINK,
};

/** One byte of a register. */
struct symbol {
	bool source; /**< it is (byte `index` of the source & known) ^ value */
	uint8_t index;
	uint8_t value;
	uint8_t known; /**< else these bits of `value` are certain */
	uint8_t tag;
};

/** A rule on its way, for some of the sources. */
struct path {
	struct symbol r[REGISTER_BYTES];
	struct facts facts;
	bool changed; /**< facts differ from those at the beginning of the rule */
	struct condition matched;
};

struct run {
	struct machine *m;
	const struct packet *packet;
	const struct rule *rule;
	struct found *found;
	size_t n_found;
	unsigned depth;
};

/* conditions.c */
struct condition condition_equal(struct machine *m, const struct facts *facts,
	const struct symbol *r, const uint8_t *data, size_t length);
struct condition condition_between(struct machine *m, const struct facts *facts,
	const struct symbol *r, const uint8_t *low, const uint8_t *high, size_t length);
struct condition condition_or(struct machine *m, struct condition a, struct condition b);
/** Memory for the time of one judgement; NULL sets m->error. */
void *machine_take(struct machine *m, size_t size);

/* load.c */
/** Fills registers; false: the rule ends here for all (NFT_BREAK). */
bool load_payload(struct run *run, const struct operation *op, struct path *path);
bool load_meta(struct run *run, const struct operation *op, struct path *path);
bool load_ct(struct run *run, const struct operation *op, struct path *path);
void load_unknown(struct symbol *r, size_t length);
void load_value(struct symbol *r, const void *value, size_t length);
void load_source(const struct run *run, const struct facts *facts, struct symbol *r, size_t first,
	size_t length);
void load_address(const struct run *run, const struct facts *facts, struct symbol *r, size_t first,
	size_t length);
void load_port(const struct facts *facts, struct symbol *r);

/* lookup.c */
/** An answer of a set: which sources find it, and what they find. */
struct answer {
	struct condition condition;
	const struct element *element; /**< whose data they are; NULL: of a set without any */
	bool limited;
};

#define MAX_ANSWERS 48

/** Looks the registers up; how many answers there are; 0: nothing is found. -E2BIG: too many. */
int lookup(struct run *run, struct path *path, const struct set *set, const struct symbol *key,
	struct answer answers[MAX_ANSWERS]);

/* fib.c */
/** What the route of an address says: several values for several sources. */
int fib(struct run *run, const struct operation *op, struct path *path,
	struct answer answers[MAX_ANSWERS]);

/* nat.c */
/** Changes the destination; false: to what is not known. */
bool nat_apply(struct run *run, const struct operation *op, struct path *path);

/* xt.c */
struct condition xt_match(struct run *run, const struct operation *op, struct path *path);
/** Sets the verdict of a target; false: it has none and the rule goes on. */
bool xt_target(struct run *run, const struct operation *op, struct path *path, struct verdict *ret);

#endif
