/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One dump over a transport: a request goes out, sockets come in, and how it ended is told. */
#ifndef PORTSCOPE_COLLECT_DUMP_H
#define PORTSCOPE_COLLECT_DUMP_H

#include "collect/transport.h"
#include "model/socket.h"

/**
 * Room for a datagram. The kernel never fills more than 32 KiB of it (net/netlink/af_netlink.c),
 * and a smaller buffer makes it stop more often, which is when sockets are missed.
 */
#define DUMP_BUFFER 65536

/** What to ask for. */
struct dump_request {
	uint8_t protocol;     /**< IPPROTO_TCP or IPPROTO_UDP */
	uint8_t family;       /**< AF_INET or AF_INET6 */
	uint32_t states;      /**< bits 1 << enum portscope_state */
	const void *bytecode; /**< INET_DIAG_REQ_BYTECODE, or NULL */
	size_t bytecode_length;
};

/** How a dump ended, if it did not fail; bits. */
enum dump_outcome {
	DUMP_DONE = 0,
	DUMP_INTERRUPTED = 1, /**< the kernel said that its tables changed */
	DUMP_DAMAGED = 2,     /**< a length did not hold, or the end is missing */
};

/** A connection with the kernel: counts its requests and owns the buffer. */
struct dumper {
	struct transport *transport;
	uint32_t sequence;
	char *buffer;
};

/** Prepares dumps over `transport`, which must outlive it. */
int dumper_init(struct dumper *ret, struct transport *transport);
void dumper_done(struct dumper *d);

/**
 * Runs one dump to its end and hands every socket to `found`. Returns enum dump_outcome, or a
 * negative errno: the kernel's refusal (-ENOENT: it has no handler), or that of `found`.
 */
int dumper_run(
	struct dumper *d, const struct dump_request *request, socket_fn found, void *userdata);

/** Looks one socket up by its addresses and cookie: 1 found, 0 gone, or a negative errno. */
int dumper_lookup(struct dumper *d, const struct socket *wanted);

#endif
