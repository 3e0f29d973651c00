/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Describing a process from its folder in /proc. */
#ifndef PORTSCOPE_OWNER_PROCESS_H
#define PORTSCOPE_OWNER_PROCESS_H

#include "model/owner-index.h"
#include "model/users.h"
#include "owner/carrier.h"
#include "owner/origin.h"
#include "owner/preload.h"
#include "owner/stat.h"
#include "owner/trust.h"

/** What is asked of every process, and what is remembered between them. */
struct process_reader {
	unsigned details;    /**< enum owner_detail */
	int64_t boot_time;   /**< seconds since the epoch; 0: not known */
	uint64_t ticks;      /**< clock ticks a second */
	struct users *users; /**< those of the answer */
	size_t refused;      /**< processes whose executable we may not see */
	size_t without_exe;  /**< and those that have none though they should */
	size_t failed;       /**< processes of which something else could not be read, */
	int failure;         /**< and the last reason */
	char *arguments;     /**< room for those of one process */
	struct trust trust;
	struct ancestors ancestors;
	struct monitors monitors;
	struct preload preload;
};

/** `proc_fd` is that of our own mounts; -1: none. */
void process_reader_init(
	struct process_reader *reader, unsigned details, struct users *users, int proc_fd);
void process_reader_done(struct process_reader *reader);

/** Counts a process that could not be described in full, for this reason. */
void process_reader_fail(struct process_reader *reader, int error);

/**
 * Describes the process whose folder in /proc is `dir`. If the holder has a start time and the
 * process another one, or if the process is no more, it is marked gone. What cannot be read is left
 * out and counted in the reader; only running out of memory is a failure.
 */
int process_describe(struct process_reader *reader, int dir, struct holder *holder);

#endif
