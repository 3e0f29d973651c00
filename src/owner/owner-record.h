/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the BPF program writes for each descriptor: shared by the program and its reader, which
 * both have the fixed-width types from elsewhere.
 */
#ifndef PORTSCOPE_OWNER_RECORD_H
#define PORTSCOPE_OWNER_RECORD_H

/** One descriptor, or with OWNER_RECORD_RING one io_uring ring that may hold sockets. */
struct owner_bpf_record {
	uint64_t cookie; /**< 0: known by its inode alone: MPTCP, whose listed TCP socket has
			  another cookie and the same inode; or it was never listed */
	uint64_t start;  /**< of the process: nanoseconds since boot */
	uint32_t inode;
	uint32_t pid;
	uint32_t tid; /**< of the thread whose descriptor table this is; pid: the process's */
	uint32_t fd;
	uint32_t flags; /**< OWNER_RECORD_* */
	uint32_t padding;
};

#define OWNER_RECORD_RING 1

#endif
