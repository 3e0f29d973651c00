/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that reading /proc/PID/fd can cost: reads every link and only counts the sockets. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char processes[65536], descriptors[65536];

static size_t count_sockets(int fd)
{
	size_t count = 0;
	ssize_t length;
	char link[64];

	while ((length = getdents64(fd, descriptors, sizeof(descriptors))) > 0)
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const void *)(descriptors + at);

			at += entry->d_reclen;
			if (entry->d_name[0] == '.' ||
				readlinkat(fd, entry->d_name, link, sizeof(link)) < 8)
				continue;
			count += !memcmp(link, "socket:[", 8);
		}
	return count;
}

int main(void)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY);
	size_t count = 0;
	ssize_t length;

	while ((length = getdents64(proc, processes, sizeof(processes))) > 0)
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const void *)(processes + at);
			char path[300];
			int fd;

			at += entry->d_reclen;
			if (!isdigit((unsigned char)entry->d_name[0]))
				continue;
			snprintf(path, sizeof(path), "%s/fd", entry->d_name);
			fd = openat(proc, path, O_RDONLY | O_DIRECTORY);
			if (fd < 0)
				continue;
			count += count_sockets(fd);
			close(fd);
		}
	printf("%zu descriptors of sockets\n", count);
	return 0;
}
