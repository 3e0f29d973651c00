/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the rules of nf_tables in this network namespace over netlink. */
#ifndef PORTSCOPE_PACKETFILTER_READ_H
#define PORTSCOPE_PACKETFILTER_READ_H

#include "packetfilter/rules.h"
#include "util/netlink.h"

/**
 * Reads everything twice at most: a change of the rules in between is noticed by their generation.
 * 0; READ_UNSTABLE: they changed again and again, what is there may not fit together;
 * READ_DAMAGED: some message could not be made sense of and is missing. -EPERM without
 * CAP_NET_ADMIN; -EPROTONOSUPPORT or -EOPNOTSUPP: this kernel has no nf_tables.
 */
int rules_read(struct transport *transport, struct rules *ret);

enum read_outcome {
	READ_WHOLE = 0,
	READ_UNSTABLE = 1,
	READ_DAMAGED = 2,
};

#endif
