/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree that the parser makes and everything else reads. A leaf is a set, and a socket matches
 * it when its value is in the set: `!=` is a negated leaf, `<` a range, a list one leaf.
 */
#ifndef PORTSCOPE_FILTER_TREE_H
#define PORTSCOPE_FILTER_TREE_H

#include "filter/filter.h"

enum node_kind {
	NODE_ALL,
	NODE_NONE, /**< in plans alone: the parser has sets that are empty */
	NODE_AND,  /**< children */
	NODE_OR,   /**< children */
	NODE_NOT,  /**< one child */
	/* What the kernel can judge. */
	NODE_PORT,      /**< ports; side */
	NODE_ADDRESS,   /**< addresses; side */
	NODE_DEVICE,    /**< numbers: interface indices */
	NODE_MARK,      /**< marks */
	NODE_CGROUP,    /**< numbers: cgroup ids */
	NODE_AUTOBOUND, /**< nothing */
	/* What decides which dumps are asked for. */
	NODE_STATE,    /**< mask of 1 << state */
	NODE_PROTOCOL, /**< mask of enum portscope_protocol */
	NODE_FAMILY,   /**< mask of enum portscope_family */
	/* What only a row knows. */
	NODE_USER,   /**< numbers: user ids of the holders, else of the socket */
	NODE_NUMBER, /**< numbers; field */
	NODE_TEXT,   /**< texts; field */
	NODE_GLOB,   /**< texts; field */
	NODE_NULL,   /**< field */
};

/** Which end of a connection; both: either. */
enum side {
	SIDE_LOCAL = 1,
	SIDE_REMOTE = 2,
};

/** What a condition says of who runs a process. */
enum who {
	WHO_BY_USER = 1,
	WHO_BY_PLACE = 2, /**< a unit or a container */
};

struct port_span {
	uint16_t low, high;
};

struct number_span {
	uint64_t low, high;
};

struct mark_condition {
	uint32_t mark, mask;
};

struct node {
	enum node_kind kind;
	uint8_t side; /**< enum side */
	uint8_t who;  /**< of a restricted filter: what is said beside it, WHO_* */
	uint16_t field;
	size_t n; /**< of the array below */
	union {
		struct node **children;
		struct port_span *ports; /**< sorted, disjoint */
		struct filter_address *addresses;
		struct number_span *numbers; /**< sorted, disjoint */
		struct mark_condition *marks;
		char **texts;
		uint32_t mask;
		void *array;
	};
};

struct filter {
	struct node *root;
	bool has_states; /**< by `state` or `exclude` */
	bool lone;
	bool strict; /**< restricted, and resting on the name of a program */
	uint32_t states;
	bool autobound_known;
	const uint64_t *autobound; /**< sorted cookies, not owned */
	size_t n_autobound;
	uint16_t *fields; /**< those that are read, each once */
	size_t n_fields;
	uint32_t kinds; /**< of nodes in the tree, 1 << enum node_kind */
};

/** Frees a tree; NULL is fine. */
struct node *node_free(struct node *node);
DEFINE_CLEANUP(struct node *, node_free)
#define AUTO_NODE CLEANUP(node_free_cleanup)

/** Whether a condition is about what a process is called, or runs. */
bool node_rests_on_name(const struct node *node);
/** A node without anything in it, or NULL. */
struct node *node_new(enum node_kind kind);
/** Grows the array of `node` by one item of `size` bytes; the zeroed item, or NULL. */
void *node_grow(struct node *node, size_t size);
/** `*left` becomes `*left kind *right`, both of which may be NULL for "no condition". */
int node_join(enum node_kind kind, struct node **left, struct node **right);
/** `*node` becomes its negation. */
int node_negate(struct node **node);
/** Sorts and merges ports. */
void ports_normalize(struct port_span *ports, size_t *n);
/** Sorts and merges numbers. */
void numbers_normalize(struct number_span *numbers, size_t *n);
/** Gathers what filter_needs() and filter_uses_*() tell. */
int filter_survey(struct filter *filter);

#endif
