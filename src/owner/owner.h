/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds which socket. Two backends look at all descriptors of all processes in sight and hand
 * out those that are TCP or UDP sockets: `bpf` has the kernel walk them, `procfs` reads the links
 * in /proc/PID/fd. owner_resolve() runs the first that works and describes the processes.
 *
 * Neither sees everything. Both: no holder outside the pid namespace, no socket that is in flight
 * between processes, and no ring whose own descriptor was closed after it was registered. procfs
 * alone: no process that this user may not look into.
 */
#ifndef PORTSCOPE_OWNER_H
#define PORTSCOPE_OWNER_H

#include "model/owner.h"
#include "model/users.h"
#include "model/warnings.h"

/** What to read of each holder. Its pid, its descriptors and its parent are always there. */
enum owner_detail {
	OWNER_WANT_PROGRAM = 1 << 0, /**< program, title, comm and executable */
	OWNER_WANT_EXE = 1 << 1,
	OWNER_WANT_CMDLINE = 1 << 2,
	OWNER_WANT_START_TIME = 1 << 3,
	OWNER_WANT_USER = 1 << 4,
	OWNER_WANT_CGROUP = 1 << 5,
	OWNER_WANT_TRUST = 1 << 6, /**< of the executable */
	OWNER_WANT_CWD = 1 << 7,
	OWNER_WANT_ORIGIN = 1 << 8, /**< of its parents */
	OWNER_WANT_PRELOAD = 1 << 9,
};

struct owner_request {
	int proc_fd;         /**< directory of /proc; -1: there is none */
	const char *backend; /**< `bpf` or `procfs` and no other; NULL: the first that works */
	unsigned details;    /**< of enum owner_detail */
	struct users *users; /**< takes those of the holders; not NULL where they are wanted */
};

/**
 * Finds the holders of `sockets`, a whole dump, which it numbers, and describes them. What could
 * not be seen is said in `w`. -EINVAL: there is no such backend. Where none works the index has no
 * backend and knows no holder, which is not a failure.
 */
int owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret);

#endif
