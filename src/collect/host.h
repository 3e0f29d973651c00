/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is gathered of the host beside its sockets: one small table after the other, by need. */
#ifndef PORTSCOPE_COLLECT_HOST_H
#define PORTSCOPE_COLLECT_HOST_H

#include "collect/collect.h"
#include "model/host.h"

/** The kernel's ephemeral ports (ip(7): ip_local_port_range, ip_local_reserved_ports). */
int collect_ephemeral(int proc_fd, struct ephemeral_ports *ret);
/** The first port that needs no privilege to be bound (ip(7): ip_unprivileged_port_start). */
int collect_unprivileged_start(int proc_fd, uint16_t *ret);
void ephemeral_done(struct ephemeral_ports *ports);

/**
 * Name, ids and kernel of the host; what cannot be read stays NULL. The result is the first failure
 * but for files that do not exist, and `ret_what` what it was.
 */
int collect_identity(
	const struct sources *sources, struct portscope_host *ret, const char **ret_what);
void identity_done(struct portscope_host *host);

/** Inode of the network namespace we are in. */
int collect_netns(int proc_fd, uint32_t *ret);

#endif
