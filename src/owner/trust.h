/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an executable is what its path says, and nobody but root can change it. */
#ifndef PORTSCOPE_OWNER_TRUST_H
#define PORTSCOPE_OWNER_TRUST_H

#include <sys/stat.h>

#include "util/table.h"

struct trusted_path;

/** Paths that were looked at, so that the executable of many processes is looked at once. */
struct trust {
	int proc_fd; /**< says where servers and user programs provide the files; -1: nothing does
		      */
	struct trusted_path *paths;
	size_t n_paths;
	char **foreign; /**< mount points of file systems that root of this host does not rule */
	size_t n_foreign;
	bool mounts_read;
	bool mounts_known; /**< else nothing is trusted, */
	int mounts_error;  /**< and if this is not 0, nothing is known to be or not to be */
};

void trust_init(struct trust *trust, int proc_fd);
void trust_done(struct trust *trust);

/**
 * Whether the running file, of which `exe` is the link in `dir`, is the one that has this path in
 * our own mount namespace, and that file and all folders up to the root can be written by root
 * alone. 1, 0, or -errno where that cannot be seen; -ENOMEM.
 */
int trust_check(struct trust *trust, int dir, const char *path);

/**
 * Whether the trusted executable at `path` is, in the same folder, known by this name too, as by a
 * symbolic link: 1, 0, -errno where that cannot be seen; -ENOMEM.
 */
int trust_check_name(struct trust *trust, const char *path, const char *name, size_t length);

#endif
