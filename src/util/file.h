/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading small files whole, below an injected directory descriptor. */
#ifndef PORTSCOPE_UTIL_FILE_H
#define PORTSCOPE_UTIL_FILE_H

#include <sys/stat.h>

#include "util/macros.h"

/**
 * Reads at most `limit` bytes of `path` below `dirfd` into a NUL-terminated buffer that the caller
 * frees; a final newline stays. -EFBIG when there is more. Meant for procfs, sysfs and
 * configuration files.
 */
int file_read(int dirfd, const char *path, size_t limit, char **ret, size_t *ret_length);

/** The same from a descriptor, which may block: what a user names may be a pipe. */
int file_read_fd(int fd, size_t limit, char **ret, size_t *ret_length);

/** The same as file_read() for only the first line, without its newline. */
int file_read_line(int dirfd, const char *path, char **ret);

/**
 * Status of a file as far as the kernel knows it: a server is not asked, so that nothing waits for
 * one. `flags` are those of statx(2), which is its result, too, but for errors: -errno.
 */
int file_stat_cached(int dirfd, const char *path, int flags, struct statx *ret);

/** Whether both are the same file. */
bool file_is_same(const struct statx *a, const struct statx *b);

#endif
