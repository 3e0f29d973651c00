/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a socket to a row: the steps of understanding, called in order, each only where needed. */
#ifndef PORTSCOPE_ANNOTATE_ANNOTATE_H
#define PORTSCOPE_ANNOTATE_ANNOTATE_H

#include "model/host.h"

/** Understands one socket as far as `needs` (enum field_need) asks. Allocates nothing. */
void annotate(const struct socket *socket, const struct host *host, unsigned needs,
	struct portscope_row *ret);

/** The widest place from which the local address of `socket` can be reached. */
enum exposure exposure_of(const struct socket *socket, const struct host *host);
/** Notes the first public address of the host. -ENOMEM at worst. */
int exposure_find_public(struct host *host);

/**
 * Who opened the connection; inferred, since the kernel does not tell: inbound if a listener of
 * the namespace would take the local end, else outbound if the local port is ephemeral.
 */
enum direction direction_of(const struct socket *socket, const struct host *host);

/** Sorts the listeners for direction_of(). */
void direction_prepare(struct sockets *listeners);

#endif
