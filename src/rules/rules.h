/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THE table of rules: what may be wrong with a socket that listens. A rule is a predicate of one
 * row and the host index that knows nothing of other rules, of filters and of policies.
 */
#ifndef PORTSCOPE_RULES_RULES_H
#define PORTSCOPE_RULES_RULES_H

#include "model/host.h"
#include "model/warnings.h"
#include "registry/registry.h"
#include "util/macros.h"

/** A socket of the host index, and what is needed of it once its row is gone. */
struct rules_listener {
	const struct socket *socket;
	enum exposure exposure;
	uint32_t users[8]; /**< effective users of its holders, each once, as far as known */
	uint8_t n_users;
	const char *exe;         /**< of its first holder, as the row has it; NULL: unknown */
	const char *unit;        /**< of that holder */
	uint32_t local_clients;  /**< connections from this host itself, of a TCP wildcard */
	uint32_t remote_clients; /**< and from elsewhere */
};

/** The host index: all that listens, whatever is asked for, its holders and its clients. */
struct rules_index {
	struct rules_listener *listeners; /**< by protocol, port */
	size_t n_listeners;
	struct sockets sockets;     /**< what the listeners point to, if it is the index's own */
	uint16_t unprivileged_from; /**< ip_unprivileged_port_start */
	bool all_processes;         /**< no holder can be out of sight */
};

/** True for what the rules judge: TCP that listens, UDP without a peer. */
static inline bool rules_judge_socket(const struct socket *s)
{
	return s->protocol == IPPROTO_TCP ? s->state == PORTSCOPE_LISTEN
					  : s->state == PORTSCOPE_UNCONNECTED;
}

/**
 * Copies the listeners among `sockets` into the index and counts its connections as clients of the
 * TCP wildcards that took them. -ENOMEM at worst.
 */
int rules_index_gather(struct rules_index *index, const struct sockets *sockets);
/** Notes what is known of a listener now that its row is understood. */
void rules_index_describe(struct rules_index *index, const struct portscope_row *row);
/** Frees what the index holds. */
void rules_index_done(struct rules_index *index);

/** Sorts the listeners. */
void rules_index_sort(struct rules_index *index);
/** The listener that this socket is, or NULL. */
struct rules_listener *rules_index_find(
	const struct rules_index *index, const struct socket *socket);
/** The listeners of a port, `ret_count` of them. */
const struct rules_listener *rules_index_port(
	const struct rules_index *index, uint8_t protocol, uint16_t port, size_t *ret_count);
/** Counts the connections among `sockets` as clients of the TCP wildcards that took them. */
void rules_index_count_clients(struct rules_index *index, const struct sockets *sockets);

/** What a rule found. */
struct verdict {
	const struct rule *rule;
	enum portscope_severity severity;
	const char *evidence;   /**< a constant, see struct finding */
	char *what;             /**< owned; a few words; NULL: the title of the rule */
	char *text;             /**< owned */
	char *advice;           /**< owned; NULL: none */
	const char *references; /**< a constant; NULL: those of the rule */
	bool wordless;          /**< set by who asks: nothing but the severity is wanted */
};

/** Frees what a verdict holds. */
void verdict_done(struct verdict *verdict);

struct rule {
	struct portscope_rule shown;
	unsigned needs; /**< of enum field_need: what the row has to have */
	/** 1 and a verdict, but for `rule`; 0: nothing is wrong; -ENOMEM. NULL: the policy's. */
	int (*judge)(const struct portscope_row *row, const struct rules_index *index,
		struct verdict *ret);
};

/** Rule `i`, or NULL after the last. */
const struct rule *rule_at(size_t i);
/** The rule with this id, or NULL. */
const struct rule *rule_find(const char *id);
/** What all rules need together. */
unsigned rules_need(void);
/** True if somebody may hold the socket who was not seen: only its port tells what it is. */
bool rules_lack_owner(const struct portscope_row *row, const struct rules_index *index);
/** Warns of the sockets judged whose owners could not be seen, `unseen` of `judged`. */
int rules_warn_unseen(size_t unseen, size_t judged, struct warnings *warnings);

/**
 * How bad something is that counts as `severity` where anybody can reach it: loopback leaves
 * information, the link takes a step; a private network a step for `amplification` alone, since a
 * host in a cloud has none but private addresses.
 */
enum portscope_severity severity_weigh(
	enum portscope_severity severity, enum exposure exposure, bool amplification);

/* The predicates. */
typedef int judge_fn(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret);
judge_fn judge_insecure, judge_moved, judge_mismatch, judge_replace, judge_upgrade, judge_companion,
	judge_alternative;
judge_fn judge_memory_exe, judge_temporary_exe, judge_deleted_exe, judge_impostor, judge_shell,
	judge_no_process, judge_privileged, judge_root;
judge_fn judge_ephemeral, judge_shared, judge_shared_programs, judge_preload, judge_local_clients,
	judge_queue, judge_udp_client;

/** Writes a verdict whose text and advice are formatted; `advice` may be NULL. 1 or -ENOMEM. */
int verdict_fill(struct verdict *ret, enum portscope_severity severity, const char *evidence,
	const char *references, const char *advice, const char *format, ...) PRINTF_LIKE(6, 7);

/** Adds the few words that stand for a verdict in a line. 1; -ENOMEM: the verdict is freed. */
int verdict_brief(struct verdict *verdict, const char *format, ...) PRINTF_LIKE(2, 3);

/** What a text calls a holder. */
const char *verdict_holder(const struct portscope_process *process);

#endif
