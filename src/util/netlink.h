/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conversations with the kernel over netlink, for all who ask it: a request goes out, the sender
 * of each answer is checked, nobody is waited for without end, and how the answer ended is
 * reported.
 *
 * The seam to the kernel is two functions, so that a test can feed recorded datagrams where the
 * program has a netlink socket.
 */
#ifndef PORTSCOPE_UTIL_NETLINK_H
#define PORTSCOPE_UTIL_NETLINK_H

#include <linux/netlink.h>
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
	struct mnl_socket *mnl; /**< only used by the kernel's transport */
};

/** Opens the kernel's end of a netlink protocol (NETLINK_SOCK_DIAG, NETLINK_ROUTE, ...). */
int transport_open_kernel(int protocol, struct transport *ret);
/** Closes a transport that transport_open_kernel() opened; others are left alone. */
void transport_close(struct transport *t);

/**
 * Room for a datagram. The kernel never fills more than 32 KiB of it (net/netlink/af_netlink.c),
 * and a smaller buffer makes a dump stop more often, which is when entries are missed.
 */
#define NETLINK_BUFFER 65536

/** How an answer ended, if it was not refused; bits. */
enum netlink_outcome {
	NETLINK_DONE = 0,
	NETLINK_INTERRUPTED = 1, /**< the kernel said that its tables changed */
	NETLINK_DAMAGED = 2,     /**< a length did not hold, or the end is missing */
	NETLINK_MORE = 4,        /**< the limit was reached; the transport must be opened anew */
};

/** A connection with the kernel: counts its requests and owns the buffer. */
struct netlink {
	struct transport *transport;
	uint32_t sequence;
	char *buffer;
	unsigned limit;     /**< an answer ends after this many datagrams with entries and one
				 more; 0: none */
	unsigned datagrams; /**< with entries, in the last answer */
};

/**
 * Prepares requests over `transport`, which must outlive it, and tells the kernel the size of our
 * buffer: it fills a datagram as far as the last one read had room, the first little.
 */
int netlink_init(struct netlink *ret, struct transport *transport);
void netlink_done(struct netlink *n);

/**
 * Takes one message of an answer. 0; -EBADMSG: it cannot be what it says, which makes the answer
 * a damaged one; another negative errno ends the conversation and is its result.
 */
typedef int (*netlink_message_fn)(const struct nlmsghdr *message, void *userdata);

/**
 * Sends a request, numbers it, and hands every message of its answer to `found` up to the end of
 * the dump, or with NLM_F_ACK to the acknowledgement. Returns enum netlink_outcome, or a negative
 * errno: the kernel's refusal (sock_diag: -ENOENT without a handler), or that of `found`.
 */
int netlink_ask(
	struct netlink *n, struct nlmsghdr *request, netlink_message_fn found, void *userdata);

#endif
