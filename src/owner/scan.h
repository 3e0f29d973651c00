/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one interface of the backends: a scan hands out one record for each descriptor.
 *
 * A record does not say the network namespace, and one scan serves sockets of all of them: the
 * kernel counts cookies (sock_gen_cookie()) and the inodes of sockets (get_next_ino()) for the
 * whole host, so that neither means one socket here and another there.
 */
#ifndef PORTSCOPE_OWNER_SCAN_H
#define PORTSCOPE_OWNER_SCAN_H

#include "util/bpf.h"

/** A socket and one way in which a process holds it. */
struct owner_record {
	uint64_t cookie; /**< 0: not known, the inode tells */
	uint64_t start;  /**< of the process, in clock ticks since boot; 0: not known */
	uint32_t inode;
	uint32_t pid;
	uint32_t tid;    /**< of the thread whose own table it is in; pid: the process's table */
	int64_t fd;      /**< -1: held by an io_uring ring of the process */
	int process_dir; /**< a folder inside /proc/PID, which pins the process; or -1 */
};

/** A scan: what the caller gives and what it learns beside the records. */
struct owner_scan {
	int proc_fd;   /**< -1: there is no /proc */
	bool proc_own; /**< it is that of our own pid namespace */
	/** Takes a record; a negative result ends the scan and is its result. */
	int (*found)(const struct owner_record *record, void *userdata);
	void *userdata;

	size_t hidden;           /**< processes that we may not look into */
	size_t failed;           /**< processes whose descriptors could not all be read, */
	int failure;             /**< and the last reason */
	size_t busy_rings;       /**< io_uring rings that did not tell what they hold */
	bool seen_init;          /**< procfs: process 1 is among those listed */
	char reason[BPF_REASON]; /**< why the scan failed, in words */
};

/**
 * Asks the kernel. -EOPNOTSUPP: not possible here, `reason` says why; records may have been handed
 * out already.
 */
int owner_bpf_scan(struct owner_scan *scan);

/** Walks /proc. -ENOENT: there is none. */
int owner_proc_scan(struct owner_scan *scan);

/**
 * Hands out what the io_uring ring behind descriptor `fd` of a process or thread holds.
 * `folder` is its /proc/PID or /proc/PID/task/TID, or `..` of a folder in it.
 */
int owner_proc_ring(struct owner_scan *scan, int dir, const char *folder, uint32_t fd,
	const struct owner_record *holder);

#endif
