/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every cgroup that a listing meets, with its unit and container: filled in the first phase, each
 * distinct path once, and looked up for each row afterwards.
 */
#ifndef PORTSCOPE_ANNOTATE_UNIT_INDEX_H
#define PORTSCOPE_ANNOTATE_UNIT_INDEX_H

#include "model/cgroup.h"
#include "model/row.h"
#include "model/warnings.h"

struct unit_index;

/**
 * Makes an empty index. `root_fd` is the root directory below which the state of container
 * runtimes is read while paths are added; it and `warnings` must stay until the last one is.
 */
int unit_index_open(int root_fd, struct warnings *warnings, struct unit_index **ret);
struct unit_index *unit_index_close(struct unit_index *index);

/** Adds a path as in /proc/PID/cgroup. -ENOMEM at worst. */
int unit_index_add(struct unit_index *index, const char *path);
/**
 * Adds what a process that holds ports for a container is part of: the unit of its own cgroup and
 * that container, which is looked up. -ENOMEM at worst.
 */
int unit_index_add_carrier(struct unit_index *index, const char *path,
	const struct carried *carried, const struct unit **ret);
/** Adds those of the cgroups whose path is known, to be found by id. -ENOMEM at worst. */
int unit_index_add_cgroups(struct unit_index *index, const struct cgroups *cgroups);

/** The unit of a path that was added, or NULL. It lives as long as the index. */
const struct unit *unit_index_by_path(const struct unit_index *index, const char *path);
/** The unit of a cgroup id that was added, or NULL: also for what is not an answer (0 and 1). */
const struct unit *unit_index_by_id(const struct unit_index *index, uint64_t id);

#endif
