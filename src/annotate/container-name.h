/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of containers whose cgroup tells only their id, read from where each runtime keeps its
 * state on disk. No runtime is asked: its socket may hang, and talking to it is a privilege that
 * not every reader of a listing should need.
 */
#ifndef PORTSCOPE_ANNOTATE_CONTAINER_NAME_H
#define PORTSCOPE_ANNOTATE_CONTAINER_NAME_H

#include "annotate/unit.h"
#include "model/owner.h"
#include "model/warnings.h"

struct container_names;

/** `root_fd` is the root directory, `warnings` where unreadable state is reported; both are kept.
 */
int container_names_open(int root_fd, struct warnings *warnings, struct container_names **ret);
struct container_names *container_names_close(struct container_names *names);

/**
 * Sets `parts->name` where it is missing and can be read. A container that was taken for
 * containerd's and is found to be Docker's becomes that: their cgroups may be called alike; one
 * whose runtime is unknown becomes that of the runtime that knows it. -ENOMEM at worst.
 */
int container_names_get(struct container_names *names, struct unit_parts *parts);

/**
 * Sets the container in `parts`, which has none, to the one that ports are held for: that of this
 * id, or one of root's that has this address. -ENOMEM at worst.
 */
int container_names_find(
	struct container_names *names, const struct carried *carried, struct unit_parts *parts);

#endif
