/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The second source: /proc/net/{tcp,tcp6,udp,udp6}, where sock_diag is refused or missing. */
#ifndef PORTSCOPE_COLLECT_PROCNET_H
#define PORTSCOPE_COLLECT_PROCNET_H

#include "collect/dump.h"

/**
 * Hands out the sockets that `request` asks for (its bytecode left aside) from the table below
 * `proc_fd`. -ENOENT when there is no such table (no IPv6, say); -EBADMSG at a line that it does
 * not understand, after handing out those before it.
 */
int procnet_read(int proc_fd, const struct dump_request *request, socket_fn found, void *userdata);

#endif
