/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the collector: one collection under way, and the backends that serve it. */
#ifndef PORTSCOPE_COLLECT_BACKENDS_H
#define PORTSCOPE_COLLECT_BACKENDS_H

#include "collect/collect.h"
#include "collect/cookies.h"
#include "collect/dump.h"
#include "collect/iterate.h"
#include "collect/passes.h"

/** The rows of a request: bits, numbers and names. */
struct collect_kind {
	uint8_t number;
	unsigned bit;
	const char *name;
};
extern const struct collect_kind collect_protocols[COLLECT_PROTOCOLS];
extern const struct collect_kind collect_families[COLLECT_FAMILIES];

/** One collection under way. */
struct collection {
	const struct sources *sources;
	const struct collect_request *request;
	struct collect_report *report;
	struct warnings *warnings;
	struct transport kernel;
	struct netlink netlink; /**< without a transport: there is no sock_diag */
	int refusal;            /**< why not, a negative errno */
	bool may_iterate;
	bool may_compare; /**< a dump may be compared with what processes hold */
	bool compare;     /**< the protocol under way has to be */
	struct iteration iteration;
};

/** A stream of sockets to whoever asked. */
struct streaming {
	struct recent_cookies recent;
	socket_fn found;
	void *userdata;
	size_t duplicates; /**< in the part under way */
	size_t count;      /**< handed out in it */
	int64_t begin;     /**< of it, in nanoseconds */
	int stopped;       /**< what `found` returned below 0 */
};

/** Hands a socket on, unless it was just handed out; a socket_fn. */
int stream_add(const struct socket *socket, void *streaming);
/** Starts a part of a stream. */
void stream_begin(struct streaming *s);
/** Whether a part of a stream, which resumed by position, may have missed sockets. */
bool stream_is_unsure(const struct streaming *s);

/** Where sockets go: merged into a list, or, where `stream` is set, handed out. */
struct sink {
	struct sockets *list;
	struct streaming *stream;
};

/** Opens the way to sock_diag; where it is refused, `refusal` says why. */
int collection_begin(struct collection *c);
void collection_end(struct collection *c);

/** Adds the warning that belongs to enum passes_verdict, if any. */
int collection_warn(struct collection *c, int verdict, const char *what);

/** Collects one protocol from sock_diag, and what it refuses from /proc/net unless asked not to. */
int collect_by_netlink(struct collection *c, size_t protocol, const struct sink *sink);

/**
 * Tries to have one protocol in one datagram a family: 1: it is in the list, and exact; 0: it
 * takes more, or something else, and nothing was added; or a negative errno.
 */
int collect_briefly(struct collection *c, size_t protocol, struct sockets *list);

/** Collects one protocol from /proc/net, as was asked for. */
int collect_by_procfs(struct collection *c, size_t protocol, const struct sink *sink);

/**
 * Collects one protocol from the kernel's iterators, and from sock_diag what they do not see.
 * -EOPNOTSUPP: not possible here, nothing was added and `iteration` says why.
 */
int collect_by_iterator(struct collection *c, size_t protocol, const struct sink *sink);

/** Whether what processes hold is all that can be held. */
bool compare_is_telling(const struct collection *c);

/**
 * Adds what the list, dumps of one protocol, lacks and processes hold, and drops what ended between
 * its passes. -EOPNOTSUPP: not possible here, and the list is as it was.
 */
int collect_compare(struct collection *c, size_t protocol, struct sockets *list);

#endif
