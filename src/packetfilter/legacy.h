/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the tables of iptables-legacy, which nf_tables knows nothing of. */
#ifndef PORTSCOPE_PACKETFILTER_LEGACY_H
#define PORTSCOPE_PACKETFILTER_LEGACY_H

#include "packetfilter/rules.h"

/**
 * Adds the tables that this namespace has: /proc/net/ip_tables_names and ip6_tables_names list
 * them, and no other is asked for, because asking makes it. 0, or a negative errno; -EBADMSG where
 * a table does not make sense.
 */
int legacy_read(int proc_fd, struct rules *rules);

#endif
