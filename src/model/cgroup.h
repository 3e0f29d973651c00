/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control groups as two stages name them: by the id that the kernel gives with a socket, which
 * the collector resolves, and by the path in /proc/PID/cgroup, which the owner stage reads. A set
 * of ids holds each once, with its path where somebody found it.
 */
#ifndef PORTSCOPE_MODEL_CGROUP_H
#define PORTSCOPE_MODEL_CGROUP_H

#include <stddef.h>
#include <stdint.h>

/** One cgroup v2, by its id: the inode number of its directory. */
struct cgroup {
	uint64_t id;
	char *path; /**< below the root of the hierarchy as this process sees it, `/` at least;
			 NULL: not found. Owned by the set. */
};

/** Distinct cgroups in the order of their ids. Zero it first. */
struct cgroups {
	struct cgroup *items;
	size_t count;
	uint64_t last; /**< the id that was added last: most sockets follow one of their kind */
};

/**
 * Adds an id. 0 and 1 are not answers and are left out: 1 is the root, which is what every socket
 * has where nobody uses cgroup v2. -ENOMEM at worst.
 */
int cgroups_add(struct cgroups *set, uint64_t id);

/** The member with this id, or NULL. Valid until the next one is added. */
struct cgroup *cgroups_find(const struct cgroups *set, uint64_t id);

/** Frees what `set` holds, not `set` itself. */
void cgroups_done(struct cgroups *set);

/**
 * Finds in the text of /proc/PID/cgroup (cgroups(7)) the path that tells most of the process:
 * that of systemd's own hierarchy of cgroup v1, else that of cgroup v2, else that of any
 * controller; what merely stands at the root comes last. On hosts that have both hierarchies,
 * older container runtimes leave the process where their daemon is in v2, and only v1 names the
 * container. Points into `text`, not terminated; -ENOENT if there is no such line.
 */
int cgroup_path_parse(const char *text, size_t length, const char **ret_path, size_t *ret_length);

#endif
