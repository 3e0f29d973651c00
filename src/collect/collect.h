/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The collector: from what is asked to kernel facts. It chooses the source, repeats a dump that
 * shows signs of having missed something, and says in the warnings what it could not see.
 */
#ifndef PORTSCOPE_COLLECT_COLLECT_H
#define PORTSCOPE_COLLECT_COLLECT_H

#include "util/netlink.h"
#include "model/socket.h"
#include "model/warnings.h"

struct interfaces;
struct iteration;

/** Where facts come from. Everything below is replaced by a test. */
struct sources {
	struct transport *transport; /**< NULL: the kernel's own, and its iterators */
	/** Walks sockets as iterate_sockets() does; NULL: the kernel, or with `transport` nobody.
	 */
	int (*iterate)(uint8_t protocol, uint32_t states, socket_fn found, void *userdata,
		struct iteration *iteration);
	int proc_fd; /**< /proc; -1: there is none */
	int etc_fd;  /**< /etc; -1: there is none */
	int root_fd; /**< the root directory; -1: there is none */
	/** Gathers the interfaces as collect_interfaces() does; NULL: those of this namespace. */
	int (*interfaces)(struct interfaces *ret);
	int64_t now; /**< seconds since the epoch; 0: ask the clock */
};

/**
 * Opens what this system has; -1 stands for what it has not. Warns of what cannot be opened, unless
 * `warnings` is NULL, where whoever needs it will. To be closed whatever it returns, which is
 * -ENOMEM at worst.
 */
int sources_open(struct sources *ret, struct warnings *warnings);
/** Closes what sources_open() opened. */
void sources_close(struct sources *sources);
#define AUTO_SOURCES CLEANUP(sources_close)

/** What is asked of one protocol and family; nothing if there are no states. */
struct collect_part {
	uint32_t states;      /**< bits 1 << enum portscope_state */
	const void *bytecode; /**< a kernel filter, or NULL */
	size_t bytecode_length;
};

/** Positions of the parts of a request. */
enum { COLLECT_PROTOCOLS = 2, COLLECT_FAMILIES = 2 };

struct collect_request {
	struct collect_part parts[COLLECT_PROTOCOLS]
				 [COLLECT_FAMILIES]; /**< tcp, udp; inet, inet6 */
	bool needs_netlink; /**< something is asked that /proc/net does not know */
	bool only_netlink;  /**< the bytecode says what nothing else can */
	/** Dumps of sock_diag may be compared with what processes hold, even where it was asked for
	 *  by name: the holders are asked for anyway. */
	bool compared;
	enum portscope_collector collector;
};

/** Asks the same states of all protocols and families of the masks. */
void collect_request_fill(
	struct collect_request *request, unsigned protocols, unsigned families, uint32_t states);

/** What a collection found out beside the sockets. */
struct collect_report {
	bool used_procfs; /**< some or all of it comes from /proc/net */
	bool used_bpf;    /**< some or all of it comes from the kernel's iterators */
};

/** Collects everything asked for into `ret`, without duplicates, dumping again where needed. Those
 *  with SOCKET_EARLIER may have ended meanwhile. */
int collect_all(const struct sources *sources, const struct collect_request *request,
	struct sockets *ret, struct collect_report *report, struct warnings *warnings);

/**
 * Hands sockets out as they are decoded, less the duplicates of the last few thousand. What
 * `found` returns below 0 ends it and is returned. A stream takes one pass: it says in the
 * warnings where it cannot vouch for that.
 */
int collect_stream(const struct sources *sources, const struct collect_request *request,
	socket_fn found, void *userdata, struct collect_report *report, struct warnings *warnings);

#endif
