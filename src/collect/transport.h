/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seam to the kernel: two functions, so that a test can feed recorded datagrams where the
 * program has a netlink socket.
 */
#ifndef PORTSCOPE_COLLECT_TRANSPORT_H
#define PORTSCOPE_COLLECT_TRANSPORT_H

#include <sys/types.h>

#include "util/macros.h"

struct mnl_socket;

struct transport {
	/** Sends one netlink message; 0 or a negative errno. */
	int (*send)(struct transport *t, const void *message, size_t length);
	/**
	 * Receives one datagram into `buffer`: its length, which is larger than `size` if it was
	 * cut, or a negative errno; -EAGAIN when nothing is to come.
	 */
	ssize_t (*receive)(struct transport *t, void *buffer, size_t size);
	uint32_t port_id;       /**< the netlink port of our end, which answers carry; 0: any */
	struct mnl_socket *mnl; /**< the kernel's transport alone uses it */
};

/** Opens the kernel's socket diagnostics (NETLINK_SOCK_DIAG). */
int transport_open_kernel(struct transport *ret);
/** Closes a transport that transport_open_kernel() opened; others are left alone. */
void transport_close(struct transport *t);

#endif
