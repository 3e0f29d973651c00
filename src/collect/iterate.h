/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend `bpf`: the kernel walks its sockets with an iterator (iter/tcp, iter/udp) and a
 * program of ours writes a record for each. Unlike a dump of sock_diag, which resumes by position,
 * the walk resumes where it was however the tables change, in kernels that are young enough.
 */
#ifndef PORTSCOPE_COLLECT_ITERATE_H
#define PORTSCOPE_COLLECT_ITERATE_H

#include "model/socket.h"
#include "util/bpf.h"

/** What a walk turned out to be. */
struct iteration {
	bool exact; /**< this kernel walks each socket that stays exactly once */
	char reason[BPF_REASON];
};

/** True if this process may use the backend at all; else the reason is said. */
bool iterate_permitted(struct iteration *iteration);

/** In place of a protocol: the sockets that processes hold, of both protocols. */
#define ITERATE_HELD 0

/**
 * Hands out the sockets of a protocol in this network namespace, of both families, that are in one
 * of `states` (bits 1 << enum portscope_state); bound-inactive ones are only met as
 * ITERATE_HELD, which hands out a socket once for each descriptor. -EOPNOTSUPP: not
 * possible here, `reason` says why, and some may have been handed out before; or another negative
 * errno, that of `found`.
 */
int iterate_sockets(uint8_t protocol, uint32_t states, socket_fn found, void *userdata,
	struct iteration *iteration);

#endif
