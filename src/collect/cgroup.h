/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the cgroup id that comes with a socket (INET_DIAG_CGROUP_ID) to the path of the cgroup,
 * each distinct id looked up once, in the cgroup v2 mounts that this process sees.
 */
#ifndef PORTSCOPE_COLLECT_CGROUP_H
#define PORTSCOPE_COLLECT_CGROUP_H

#include "model/cgroup.h"
#include "model/warnings.h"

/** How to look; the first that is allowed and works is used. */
enum cgroup_way {
	CGROUP_BY_HANDLE = 1, /**< open_by_handle_at(2): needs CAP_DAC_READ_SEARCH */
	CGROUP_BY_WALK = 2,   /**< one walk of the hierarchy for all ids together */
};

/**
 * Sets the path of every cgroup of `set` that exists and can be seen. `proc_fd` is /proc,
 * `root_fd` the root directory in which the mount points of /proc/self/mountinfo are to be found.
 * An id that is not found keeps its NULL and is not an error: the cgroup may have ended before its
 * sockets. -ENOMEM at worst.
 */
int cgroups_resolve(
	struct cgroups *set, int proc_fd, int root_fd, unsigned ways, struct warnings *warnings);

/** A mount of the cgroup v2 hierarchy. */
struct cgroup_mount {
	const char *point; /**< where it is mounted, an absolute path */
	const char *root;  /**< which cgroup is its root, as this cgroup namespace sees it */
};

/**
 * Finds the cgroup v2 mounts in the text of /proc/self/mountinfo (proc_pid_mountinfo(5)): at most
 * `space`, the one of the whole hierarchy first, one for each root. Cuts `text` up, and the
 * mounts point into it. Returns their number.
 */
size_t cgroup_mounts_parse(char *text, struct cgroup_mount *ret_mounts, size_t space);

#endif
