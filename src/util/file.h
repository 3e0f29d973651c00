/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading small files whole, below an injected directory descriptor. */
#ifndef PORTSCOPE_UTIL_FILE_H
#define PORTSCOPE_UTIL_FILE_H

#include "util/macros.h"

/**
 * Reads at most `limit` bytes of `path` below `dirfd` into a NUL-terminated buffer that the caller
 * frees; a final newline stays. -EFBIG when there is more. Meant for procfs, sysfs and
 * configuration files.
 */
int file_read(int dirfd, const char *path, size_t limit, char **ret, size_t *ret_length);

/** The same from a descriptor, which may block: what a user names may be a pipe. */
int file_read_fd(int fd, size_t limit, char **ret, size_t *ret_length);

/** The same as file_read() for the first line alone, without its newline. */
int file_read_line(int dirfd, const char *path, char **ret);

#endif
