/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a cgroup path says of the processes in it: the systemd unit and the container. Only the
 * path is read here; names of containers that stand in files are those of container-name.h.
 */
#ifndef PORTSCOPE_ANNOTATE_UNIT_H
#define PORTSCOPE_ANNOTATE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

/** What a path says. Strings are owned; NULL where there is none. */
struct unit_parts {
	char *unit; /**< `ssh.service`; of user 1000's manager: `user@1000/backup.service` */
	const char *runtime; /**< of the container, as in portscope_container; a constant */
	char *id;            /**< of the container, set if `runtime` is */
	char *name;          /**< where the path tells it: LXC, systemd-nspawn */
	char *pod;           /**< uid of the Kubernetes pod */
	uint32_t uid;        /**< user whose manager runs it */
	bool has_uid;
};

/**
 * Parses a path in the unified hierarchy or in that of systemd in cgroup v1.
 *
 * Both the unit and the container are the outermost that the path names, for these are the ones
 * that this host's own systemctl, docker, machinectl... know: a service inside a container that
 * runs its own systemd is that container's. What stands below a service was delegated to it and
 * changes nothing. -ENOMEM at worst.
 */
int unit_parse(const char *path, struct unit_parts *ret);

/** Frees what `parts` holds, not `parts` itself. */
void unit_parts_done(struct unit_parts *parts);

#endif
