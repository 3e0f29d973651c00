/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The filter language of ss(8), and more: text → tree (parse), tree → answer for a row (match),
 * tree → program for the kernel (compile), tree → text for --explain-filter (show).
 *
 * The tree is exact. The kernel's program and the state mask let through a superset of what
 * matches, so every row that comes from the kernel is matched once more here.
 *
 * What is not known decides nothing. A condition on a value that is null is neither true nor
 * false, its negation neither, and only rows for which the whole filter is true match: a socket
 * whose owner is hidden is neither `process = sshd` nor `process != sshd`. `process = null` asks
 * for such rows.
 */
#ifndef PORTSCOPE_FILTER_FILTER_H
#define PORTSCOPE_FILTER_FILTER_H

#include "model/row.h"
#include "util/macros.h"
#include "util/out.h"

struct filter;

/** An address with its prefix length; prefix 0: any address of the family. */
struct filter_address {
	uint8_t family; /**< AF_INET or AF_INET6 */
	uint8_t prefix;
	uint8_t bytes[16];
};

/** A port that a service name stands for. */
struct filter_service {
	uint8_t protocol; /**< IPPROTO_TCP or IPPROTO_UDP; 0: either */
	uint16_t port;
};

/**
 * What names mean. Looking them up is not the parser's business, so that it runs without a
 * network, a file or a privilege; a lookup that is NULL knows no name. The two that fill an array
 * return how many there are, which may be more than `max`, 0 for an unknown name.
 */
struct filter_names {
	size_t (*service)(void *userdata, const char *name, struct filter_service *ret, size_t max);
	/** One that is near to a name that nobody knows; NULL: none. Lives as long as userdata. */
	const char *(*similar_service)(void *userdata, const char *name);
	/** `prefix` is set by the parser. */
	size_t (*host)(void *userdata, const char *name, struct filter_address *ret, size_t max);
	/** 0; -ENODEV: no such interface; another negative errno: it could not be found out. */
	int (*interface)(void *userdata, const char *name, uint32_t *ret_index);
	/** 0, or a negative errno for an unknown name; so the next. */
	int (*cgroup)(void *userdata, const char *path, uint64_t *ret_id);
	int (*user)(void *userdata, const char *name, uint32_t *ret_uid);
	void *userdata;
	bool findings; /**< the fields of findings may be asked for: an audit answers */
};

/** What is wrong with a filter, and where. Printable, except that the text is not in it. */
struct filter_error {
	size_t offset; /**< in bytes */
	size_t length; /**< may be 0: at the end */
	char message[128];
	char hint[192]; /**< what was expected, stands beside the caret; may be empty */
};

/**
 * Parses a filter; words of a command line are joined by blanks before. `names` may be NULL.
 * -EINVAL: `error` says why; -ENOMEM. No text at all is the filter that matches everything.
 */
int filter_parse(const char *text, const struct filter_names *names, struct filter **ret,
	struct filter_error *error);

/** Frees a filter; NULL is fine. */
struct filter *filter_free(struct filter *filter);
DEFINE_CLEANUP(struct filter *, filter_free)

/**
 * Writes the error for a reader: the message, then the place in the text with a caret under it.
 * Lines are separated, not ended, by newlines; of a long text a window is shown.
 */
void filter_error_write(const struct filter_error *error, const char *text, struct out *o);

/** True if the row matches. */
bool filter_match(const struct filter *filter, const struct portscope_row *row);
/**
 * Makes filter_match_trusted() ask for more than names, which any process may choose: a condition
 * on a program is true for a trusted executable that root runs, or whom another condition, joined
 * by `and`, says: a user, a unit, a container. Returns the field on which it may not rest at all;
 * NULL: none.
 */
const char *filter_restrict(struct filter *filter);
/** True if the row matches, and of a restricted filter if all of it is true for one holder. */
bool filter_match_trusted(const struct filter *filter, const struct portscope_row *row);
/** True if what is not known of the row decides: neither the filter nor its negation matches. */
bool filter_is_undecided(const struct filter *filter, const struct portscope_row *row);
/**
 * True unless the socket by itself already tells that its row cannot match: what to ask before
 * owners and the like are computed.
 */
bool filter_match_socket(const struct filter *filter, const struct socket *socket);

/**
 * The states that can match. `state` and `exclude` replace `default_states`; a condition on the
 * field `state`, and a lone port or service name, widen it to all states first.
 */
uint32_t filter_states(const struct filter *filter, uint32_t default_states);
/** The same for one kind of socket; 0: no such socket can match. */
uint32_t filter_states_of(
	const struct filter *filter, uint8_t protocol, uint8_t family, uint32_t default_states);

/** What the filter reads, of enum field_need. */
unsigned filter_needs(const struct filter *filter);
/** True if it asks for a field of findings: the socket alone does not decide. */
bool filter_is_of_findings(const struct filter *filter);
/** True if a mark is asked for, which takes CAP_NET_ADMIN. */
bool filter_uses_mark(const struct filter *filter);
/** True if `autobound` is asked for: see filter_set_autobound(). */
bool filter_uses_autobound(const struct filter *filter);

/**
 * Tells which sockets are autobound, as the kernel answered to the program of
 * filter_compile_autobound(): their cookies in ascending order, borrowed. Until then it is
 * unknown, and nothing matches because of it.
 */
void filter_set_autobound(struct filter *filter, const uint64_t *cookies, size_t n);

/** True if the filter is a lone port or service name, by which the local port is meant. */
bool filter_is_lone(const struct filter *filter);
/** True for a word that a condition starts with, or that joins conditions. */
bool filter_is_word(const char *word);
/** True if the filter has a condition on who holds a socket, and none on states. */
bool filter_asks_holder(const struct filter *filter);
/** True if the filter asks for one local port, whatever else it asks for. */
bool filter_is_one_port(const struct filter *filter);
/** Turns a lone filter to the port of the peer; sockets without one do not match. */
void filter_turn_to_peer(struct filter *filter);

/** How to compile. */
enum filter_compile {
	FILTER_MAY_MARK = 1 << 0,  /**< the caller has CAP_NET_ADMIN */
	FILTER_NO_CGROUP = 1 << 1, /**< a kernel before 5.9 */
	/** The program is only for these sockets; none set: for any. */
	FILTER_TCP = 1 << 2,
	FILTER_UDP = 1 << 3,
	FILTER_INET = 1 << 4,
	FILTER_INET6 = 1 << 5,
};

/**
 * Makes the value of INET_DIAG_REQ_BYTECODE, at most FILTER_PROGRAM_MAX bytes, that lets through
 * every socket that can match. NULL and length 0: everything can, send no program. 1 if nothing
 * can: no dump is needed (a program is made that refuses everything).
 */
int filter_compile(const struct filter *filter, unsigned flags, uint8_t **ret, size_t *ret_length);
#define FILTER_PROGRAM_MAX 4096

/** The program that lets through autobound sockets: 4 bytes. */
void filter_compile_autobound(uint8_t ret[4]);

/** Parts of a filter. */
enum filter_part {
	FILTER_TREE,   /**< all of it, with every bracket, in a form that parses to the same */
	FILTER_KERNEL, /**< what the kernel's program lets through */
	FILTER_REST,   /**< what is left to judge here */
};

/** Writes a part of the filter; `flags` are those of filter_compile(). */
void filter_show(const struct filter *filter, enum filter_part part, unsigned flags, struct out *o);
/**
 * Writes all parts, a line each, with those of `states`, which are asked for, that can match: what
 * --explain-filter prints.
 */
void filter_explain(const struct filter *filter, unsigned flags, uint32_t states, struct out *o);

#endif
