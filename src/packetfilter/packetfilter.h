/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packet filter of this network namespace, read once and asked often: who can reach a socket,
 * and which ports of this host lead elsewhere. Reading needs CAP_NET_ADMIN; asking needs nothing.
 */
#ifndef PORTSCOPE_PACKETFILTER_PACKETFILTER_H
#define PORTSCOPE_PACKETFILTER_PACKETFILTER_H

#include <sys/socket.h>

#include "model/reach.h"
#include "model/row.h"
#include "model/warnings.h"

struct packetfilter;

/**
 * Reads the rules and what else decides where packets go. `proc_fd` is /proc. What could not be
 * read, and what is not inspected, is added to the warnings, and makes answers uncertain.
 */
int packetfilter_open(int proc_fd, struct warnings *warnings, struct packetfilter **ret);
/** Frees it and all that it answered; NULL is fine. */
struct packetfilter *packetfilter_close(struct packetfilter *pf);

/**
 * Who can reach a socket that listens, which its address alone would expose as given; `ret` NULL:
 * it does not listen. The answer is kept, so that the second look at it cannot fail. -ENOMEM at
 * worst.
 */
int packetfilter_reach(struct packetfilter *pf, const struct socket *socket, enum exposure exposure,
	const struct reach **ret);

/** Ports of this host whose new connections a rule of NAT sends elsewhere. */
struct publication {
	uint8_t protocol;      /**< IPPROTO_TCP or IPPROTO_UDP */
	uint8_t family;        /**< AF_INET or AF_INET6 */
	uint8_t address[16];   /**< of this host, as packets come in */
	uint16_t low, high;    /**< ports, inclusive */
	uint8_t target[16];    /**< where they are sent */
	uint16_t target_low;   /**< port there of `low` */
	bool one_port;         /**< all go to `target_low`; else each to the one as far from it */
	bool local;            /**< the target is an address of this host: a redirect */
	bool certain;          /**< all packets that come by this interface are sent there */
	const char *interface; /**< the one that they come by */
};

/** Takes a publication; a negative errno ends the listing and is its result. */
typedef int (*publication_fn)(const struct publication *publication, void *userdata);

/**
 * Lists the publications, by interface, address, protocol and port; the same one is listed for each
 * interface that it holds for. 0, or a negative errno; -EPERM where the rules could not be read.
 */
int packetfilter_publications(struct packetfilter *pf, publication_fn take, void *userdata);

#endif
