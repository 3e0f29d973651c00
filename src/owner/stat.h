/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of /proc/PID/stat. */
#ifndef PORTSCOPE_OWNER_STAT_H
#define PORTSCOPE_OWNER_STAT_H

#include "util/macros.h"

/** What /proc/PID/stat says. */
struct process_stat {
	char comm[64]; /**< as the kernel has it, unescaped */
	char state;    /**< of its first thread */
	uint32_t parent;
	uint32_t threads;
	uint64_t flags; /**< PROCESS_IS_KERNEL and others of the kernel's */
	uint64_t start;
};

/** A kernel thread: PF_KTHREAD of the kernel's include/linux/sched.h, as is the next. */
#define PROCESS_IS_KERNEL 0x00200000u
/** PF_EXITING. */
#define PROCESS_IS_ENDING 0x00000004u

/** Reads the text of /proc/PID/stat, whatever the name in it is. -EBADMSG: it is none. */
int process_parse_stat(const char *text, struct process_stat *ret);

#endif
