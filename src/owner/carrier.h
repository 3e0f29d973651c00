/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that hold ports for a container, and which container that is. */
#ifndef PORTSCOPE_OWNER_CARRIER_H
#define PORTSCOPE_OWNER_CARRIER_H

#include "model/owner.h"
#include "owner/trust.h"

struct monitor;

/** The carriers that have the id of their container, read when the first other one needs them. */
struct monitors {
	int proc_fd; /**< -1: there is no /proc */
	bool read;
	struct monitor *items;
	size_t count;
};

void monitors_done(struct monitors *monitors);

/** What /proc says of a process that may be a carrier. */
struct carrier_facts {
	int dir;               /**< its folder in /proc */
	int thread;            /**< that of one of its threads that lives, or the same */
	const char *exe;       /**< the link to its executable */
	const char *arguments; /**< text of /proc/PID/cmdline */
	size_t length;
};

/**
 * Sets `carried` if the process is a trusted carrier and its container is certain. -errno where
 * something could not be read; -ENOMEM.
 */
int carrier_describe(struct monitors *monitors, struct trust *trust,
	const struct carrier_facts *facts, struct carried *carried);

#endif
