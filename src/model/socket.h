/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel said of one socket, and nothing else. Flat and small: a listing of a busy host
 * holds hundreds of thousands of these.
 */
#ifndef PORTSCOPE_MODEL_SOCKET_H
#define PORTSCOPE_MODEL_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include <portscope.h>

/** Bits of socket.present: which of the values that may be missing are there. */
enum socket_present {
	SOCKET_HAS_UID = 1 << 0, /**< not for time-wait, syn-recv and orphans: the kernel's 0 there
				      is no user */
	SOCKET_HAS_INODE = 1 << 1,
	SOCKET_HAS_COOKIE = 1 << 2, /**< not from /proc/net */
	SOCKET_HAS_CGROUP = 1 << 3,
	SOCKET_HAS_MARK = 1 << 4,   /**< needs CAP_NET_ADMIN */
	SOCKET_HAS_V6ONLY = 1 << 5, /**< `v6only` is known */
	SOCKET_HAS_SEND_Q = 1 << 6, /**< not of listeners in /proc/net */
	SOCKET_EARLIER = 1 << 7,    /**< the last pass over the kernel's sockets lacked it: it may
					 have ended */
};

/** One socket. Ports in host byte order, addresses in network byte order. */
struct socket {
	uint8_t protocol; /**< IPPROTO_TCP or IPPROTO_UDP */
	uint8_t family;   /**< AF_INET or AF_INET6 */
	uint8_t state;   /**< enum portscope_state; another number: unknown to us, shown as it is */
	uint8_t present; /**< enum socket_present */
	uint8_t v6only;  /**< 1: an IPv6 socket that takes no IPv4 */
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t local_address[16];
	uint8_t remote_address[16];
	uint64_t cookie;  /**< unique among all sockets since boot */
	uint64_t cgroup;  /**< cgroup v2 id of the socket's creator */
	uint32_t ifindex; /**< interface it is bound to; 0: none */
	uint32_t recv_q;  /**< bytes; of a TCP listener: connections that wait to be accepted */
	uint32_t send_q;  /**< bytes; of a TCP listener: the backlog */
	uint32_t uid;
	uint32_t inode;
	uint32_t mark;
	uint32_t number; /**< not of the kernel: what the owner index identifies it by */
};

struct socket_record;

/** What a BPF program wrote of a socket; never the end of a walk. */
void socket_from_record(const struct socket_record *record, struct socket *ret);

/** Takes one socket; a negative errno ends the collection. */
typedef int (*socket_fn)(const struct socket *socket, void *userdata);

/** A growing list of sockets. */
struct sockets {
	struct socket *items;
	size_t count;
};

/** Appends a copy of `socket`; -ENOMEM at worst. `sockets` is a struct sockets: a socket_fn. */
int sockets_add(const struct socket *socket, void *sockets);
/** Appends copies of all of `more`, or moves them: `more` may be empty after it. */
int sockets_append(struct sockets *list, struct sockets *more);
/** Frees the list, not `sockets` itself. */
void sockets_done(struct sockets *sockets);

_Static_assert(sizeof(struct socket) <= 128, "a listing holds many of them");

#endif
