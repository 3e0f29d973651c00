/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces of this network namespace and their addresses, as rtnetlink(7) tells them. */
#ifndef PORTSCOPE_COLLECT_INTERFACES_H
#define PORTSCOPE_COLLECT_INTERFACES_H

#include "model/host.h"
#include "util/netlink.h"

/**
 * Names and addresses of all interfaces, over the kernel's own transport. -EAGAIN: they changed
 * each time they were read, or the answer was damaged; or another negative errno.
 */
int collect_interfaces(struct interfaces *ret);
/** The same over a transport of NETLINK_ROUTE. */
int collect_interfaces_over(struct transport *transport, struct interfaces *ret);
void interfaces_done(struct interfaces *interfaces);

/** Index of the interface with this name or alternative name; -ENODEV: there is none. */
int collect_interface_index(const char *name, uint32_t *ret);

#endif
