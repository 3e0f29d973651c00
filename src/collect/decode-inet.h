/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of inet_diag (linux/inet_diag.h) → struct socket. */
#ifndef PORTSCOPE_COLLECT_DECODE_INET_H
#define PORTSCOPE_COLLECT_DECODE_INET_H

#include <linux/netlink.h>

#include "model/socket.h"

/**
 * Decodes one answer to a dump of `protocol`; -EBADMSG if a length in it does not hold, and then
 * nothing of it was used. `message` must lie whole in the received datagram.
 */
int decode_inet(const struct nlmsghdr *message, uint8_t protocol, struct socket *ret);

#endif
