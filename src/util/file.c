/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole small files, whose size procfs does not tell beforehand. */
#include "util/file.h"

#include <fcntl.h>
#include <string.h>

int file_read_fd(int fd, size_t limit, char **ret, size_t *ret_length)
{
	AUTO_FREE char *buffer = NULL;
	size_t used = 0, size = 0;

	for (;;) {
		ssize_t n;

		if (size - used < 2) {
			char *grown = realloc(buffer, size ? 2 * size : 1024);

			if (!grown)
				return -ENOMEM;
			buffer = grown;
			size = size ? 2 * size : 1024;
		}
		n = read(fd, buffer + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		used += n;
		if (used > limit)
			return -EFBIG;
	}
	buffer[used] = 0;
	*ret = STEAL(buffer);
	if (ret_length)
		*ret_length = used;
	return 0;
}

int file_read(int dirfd, const char *path, size_t limit, char **ret, size_t *ret_length)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : file_read_fd(fd, limit, ret, ret_length);
}

int file_read_line(int dirfd, const char *path, char **ret)
{
	char *text;
	int r = file_read(dirfd, path, 4096, &text, NULL);

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = 0;
	*ret = text;
	return 0;
}

int file_stat_cached(int dirfd, const char *path, int flags, struct statx *ret)
{
	flags |= AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	return statx(dirfd, path, flags, STATX_BASIC_STATS, ret) < 0 ? -errno : 0;
}

bool file_is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor;
}
