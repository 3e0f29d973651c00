/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One dump of sock_diag: a request goes out, sockets come in, and how it ended is reported. */
#ifndef PORTSCOPE_COLLECT_DUMP_H
#define PORTSCOPE_COLLECT_DUMP_H

#include "model/socket.h"
#include "util/netlink.h"

/** What to ask for. */
struct dump_request {
	uint8_t protocol;     /**< IPPROTO_TCP or IPPROTO_UDP */
	uint8_t family;       /**< AF_INET or AF_INET6 */
	uint32_t states;      /**< bits 1 << enum portscope_state */
	const void *bytecode; /**< INET_DIAG_REQ_BYTECODE, or NULL */
	size_t bytecode_length;
};

/**
 * Runs one dump to its end and hands every socket to `found`. Returns enum netlink_outcome, or a
 * negative errno: the kernel's refusal (-ENOENT: it has no handler), or that of `found`.
 */
int dump_sockets(
	struct netlink *n, const struct dump_request *request, socket_fn found, void *userdata);

/** Looks one socket up by its addresses and cookie: 1 found, 0 gone, or a negative errno. */
int dump_lookup(struct netlink *n, const struct socket *wanted);

#endif
