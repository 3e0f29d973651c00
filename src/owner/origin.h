/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a process came to run: its parents, as far as /proc has them. */
#ifndef PORTSCOPE_OWNER_ORIGIN_H
#define PORTSCOPE_OWNER_ORIGIN_H

#include "model/owner.h"

struct ancestor;

/** The parents that were looked at: many processes have the same. */
struct ancestors {
	int proc_fd; /**< -1: there is no /proc */
	struct ancestor *items;
	size_t count;
};

void ancestors_done(struct ancestors *ancestors);

/**
 * Walks the parents of a process, whose parent has the pid `parent`, up to what starts processes
 * for others: a manager, cron, an ssh session, a container runtime. -ENOMEM at worst.
 */
int origin_find(struct ancestors *ancestors, uint32_t parent, struct origin **ret);

#endif
