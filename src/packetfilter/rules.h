/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's rules as they were read: tables, chains, rules made of operations of a register
 * machine, sets and stateful objects. Built by read.c and decode.c (nf_tables) and legacy.c
 * (iptables-legacy), judged by machine.c and judge.c. Everything lives in one arena.
 */
#ifndef PORTSCOPE_PACKETFILTER_RULES_H
#define PORTSCOPE_PACKETFILTER_RULES_H

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "util/macros.h"
#include "util/table.h"

/** Memory that is freed as a whole. Zero it first. */
struct arena {
	struct arena_block *blocks;
	char *at;
	size_t left;
};

/** `size` bytes, zeroed and aligned; NULL: no memory. */
void *arena_take(struct arena *arena, size_t size);
/** A copy of `length` bytes, terminated by a NUL. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
void arena_done(struct arena *arena);

/** No table, chain, set or rule. */
#define NOTHING UINT32_MAX

/** Registers are 64 bytes that expressions overlay; register numbers are turned into offsets. */
#define REGISTER_BYTES 64

/** What an operation does. */
enum operation_kind {
	OP_UNKNOWN, /**< not decoded: may match and may not, and may change what it writes to */
	OP_NOTHING, /**< no effect on where a packet goes: counter, log, dup */
	OP_PAYLOAD,
	OP_PAYLOAD_SET,
	OP_META,
	OP_META_SET,
	OP_CT,
	OP_CT_SET,
	OP_CMP,
	OP_RANGE,
	OP_BITWISE,
	OP_BYTEORDER,
	OP_IMMEDIATE,
	OP_VERDICT,
	OP_LOOKUP,
	OP_DYNSET,
	OP_LIMIT,  /**< a limit that counts as not reached: rate, quota, number of connections */
	OP_OBJECT, /**< a named object; its kind decides */
	OP_FIB,
	OP_NAT,
	OP_REDIRECT,
	OP_MASQUERADE,
	OP_REJECT,
	OP_NOTRACK,
	OP_QUEUE,
	OP_TPROXY,
	OP_SYNPROXY,
	OP_RANDOM, /**< writes a value that nobody foresees: numgen, hash, osf, time */
	OP_XT_MATCH,
	OP_XT_TARGET,
	OP_IP_HEADER, /**< what an iptables-legacy rule itself compares */
};

/** A verdict of the kernel: NF_DROP, NF_ACCEPT, NF_QUEUE, NFT_JUMP, ... */
struct verdict {
	int32_t code;
	uint32_t chain; /**< of NFT_JUMP and NFT_GOTO; NOTHING where it is not known */
};

/** One operation. Which members mean something depends on `kind`. */
struct operation {
	uint8_t kind;
	uint8_t source;      /**< offset in the registers */
	uint8_t destination; /**< offset in the registers */
	uint8_t length;      /**< bytes */
	uint8_t how;         /**< NFT_CMP_*, NFT_BITWISE_*, ... */
	bool invert;
	bool to_verdict;      /**< OP_LOOKUP: the data are verdicts */
	bool has_destination; /**< OP_LOOKUP: it is a map */
	uint8_t base;         /**< OP_PAYLOAD: enum nft_payload_bases */
	uint8_t family;       /**< OP_NAT */
	uint8_t last;         /**< OP_NAT, OP_REDIRECT: register of the port; 255: none */
	uint8_t last_max;     /**< the same, of the end of a range */
	uint8_t source_max;   /**< OP_NAT: register of the last address; 255: none */
	uint8_t revision;     /**< of an xt match or target */
	uint16_t offset;      /**< OP_PAYLOAD */
	uint32_t key;         /**< meta, ct, fib: what is asked for; flags of NAT */
	uint32_t flags;       /**< OP_FIB */
	uint32_t set;         /**< OP_LOOKUP, OP_DYNSET: number of the set, or NOTHING */
	uint32_t object;      /**< OP_OBJECT */
	struct verdict verdict;
	const uint8_t *data;  /**< what is compared with, loaded, ... */
	const uint8_t *data2; /**< end of a range, xor of a bitwise */
	const char *name;     /**< name of an xt match or target, of an expression not decoded */
	size_t data_length;
};

#define NO_REGISTER 255

struct rule {
	uint32_t chain;
	uint32_t n_operations;
	const struct operation *operations;
	uint64_t handle;
	const char *comment; /**< NULL: none */
	/* Enough to pass over it fast: 0 in `protocol`: any; low > high: no port is asked for. */
	uint8_t protocol;
	bool by_port; /**< it goes on only where the destination port is in low..high */
	uint16_t low, high;
};

struct chain {
	uint32_t table;
	const char *name;
	const char *type; /**< filter, nat or route; NULL of a chain that is only jumped to */
	bool base;
	uint8_t policy; /**< NF_ACCEPT or NF_DROP */
	uint8_t hook;
	int32_t priority;
	const char *const *devices; /**< of a netdev chain */
	size_t n_devices;
	uint32_t first, n_rules; /**< in `order` of the rule set */
	uint64_t handle;
	bool legacy; /**< of iptables-legacy */
};

struct nft_table {
	uint8_t family; /**< NFPROTO_* */
	const char *name;
	bool dormant;
	bool legacy;
};

/** One element of a set: a closed interval of keys. */
struct element {
	const uint8_t *low, *high; /**< `key_length` bytes each */
	const uint8_t *data;       /**< NULL: none */
	struct verdict verdict;
	bool limits;  /**< carries a limit or quota of its own */
	bool over;    /**< and such a limit lets it match only when it is reached */
	bool unknown; /**< carries an expression that is not decoded */
};

struct set {
	uint32_t table;
	const char *name;
	uint32_t flags; /**< NFT_SET_* */
	uint8_t key_length;
	uint8_t data_length;
	uint8_t fields[16]; /**< lengths in bytes of a concatenation */
	uint8_t n_fields;
	struct element *elements; /**< by key */
	size_t n_elements;
	size_t space;
	struct element *catch_all;  /**< NULL: none */
	bool damaged;               /**< its elements could not be read or do not make sense */
	struct set_spans *spans[2]; /**< cache of machine.c, by family */
};

struct object {
	uint32_t table;
	const char *name;
	uint32_t type; /**< NFT_OBJECT_* */
	bool invert;   /**< a limit that matches when it is reached */
};

struct rules {
	struct arena arena;
	struct nft_table *tables;
	struct chain *chains;
	struct rule *rules;
	struct set *sets;
	struct object *objects;
	size_t n_tables, n_chains, n_rules, n_sets, n_objects, n_flowtables;
	size_t tables_space, chains_space, rules_space, sets_space, objects_space;
	uint32_t *order; /**< rules by chain, in the order in which they are applied */
	struct table chains_by_name, sets_by_name;
	uint32_t last_chain; /**< of the rule that was read last: most follow one of their chain */
	uint32_t generation;
};

/* Looking up by name, while reading. NOTHING where there is none. */
uint32_t rules_find_table(const struct rules *r, uint8_t family, const char *name);
uint32_t rules_find_chain(const struct rules *r, uint32_t table, const char *name);
uint32_t rules_find_set(const struct rules *r, uint32_t table, const char *name);
uint32_t rules_find_object(const struct rules *r, uint32_t table, const char *name, uint32_t type);

/* Adding; -ENOMEM at worst. */
int rules_add_table(struct rules *r, const struct nft_table *table);
int rules_add_chain(struct rules *r, const struct chain *chain);
int rules_add_rule(struct rules *r, const struct rule *rule);
int rules_add_set(struct rules *r, const struct set *set);
int rules_add_object(struct rules *r, const struct object *object);
int set_add_element(struct set *set, const struct element *element);
/** Puts the rules of each chain in their order, again where more were added. */
int rules_order(struct rules *r);
/** Sorts what was added: the rules of each chain, the elements of each set. */
int rules_seal(struct rules *r);
void rules_done(struct rules *r);

#endif
