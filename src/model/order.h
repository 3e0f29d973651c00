/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The natural order of a listing: protocol, local port, local address, then the peer; probable
 * clients (UDP on an ephemeral port) last. v4-mapped addresses stand among the IPv4 ones.
 */
#ifndef PORTSCOPE_MODEL_ORDER_H
#define PORTSCOPE_MODEL_ORDER_H

#include "model/host.h"

/** Fills `order`, an array of `sockets->count` positions. */
int order_naturally(const struct sockets *sockets, const struct host *host, uint32_t *order);

/** True for an unconnected UDP socket on an ephemeral port. */
static inline bool socket_is_probable_client(const struct socket *s, const struct host *host)
{
	return s->protocol == IPPROTO_UDP && s->state == PORTSCOPE_UNCONNECTED &&
	       host_port_is_ephemeral(host, s->local_port);
}

#endif
