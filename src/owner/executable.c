/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What /proc/PID/exe says, and what it does not: the kernel writes ` (deleted)` after the path of
 * a file that is gone, and a file may have that name; the link of a first thread that has ended is
 * empty, though other threads run the program.
 */
#include "owner/executable.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/file.h"

#define DELETED " (deleted)"

/*
 * Whether the end of the link is the kernel's mark: it is part of the name if a file of that whole
 * name is there, as the process sees files, and is what the process runs.
 */
static bool is_mark(int dir, const char *link)
{
	struct statx running, named;
	char path[PATH_MAX + 8];

	if (file_stat_cached(dir, "exe", 0, &running) < 0 || !running.stx_nlink)
		return true;
	snprintf(path, sizeof(path), "root%s", link);
	return file_stat_cached(dir, path, 0, &named) < 0 || !file_is_same(&running, &named);
}

int executable_read(int dir, char **ret_path, bool *ret_deleted)
{
	static const size_t mark = sizeof(DELETED) - 1;
	char link[PATH_MAX];
	ssize_t length = readlinkat(dir, "exe", link, sizeof(link) - 1);
	bool deleted;

	if (length < 0)
		return -errno;
	if (!length)
		return -ENOENT;
	link[length] = '\0';
	deleted = (size_t)length > mark && !strcmp(link + length - mark, DELETED) &&
		  is_mark(dir, link);
	if (deleted)
		link[(size_t)length - mark] = '\0';
	*ret_path = strdup(link);
	if (!*ret_path)
		return -ENOMEM;
	*ret_deleted = deleted;
	return 0;
}

int executable_open_thread(int dir)
{
	AUTO_CLOSE int tasks = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	int found = -ENOENT;
	char link[2];
	DIR *folder;

	if (tasks < 0)
		return -errno;
	folder = fdopendir(tasks);
	if (!folder)
		return -errno;
	steal_fd(&tasks);
	while (found < 0 && (entry = readdir(folder))) {
		AUTO_CLOSE int thread = -1;

		if (entry->d_name[0] == '.')
			continue;
		thread = openat(dirfd(folder), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (thread < 0)
			continue;
		if (readlinkat(thread, "exe", link, sizeof(link)) > 0)
			found = steal_fd(&thread);
		else if (errno == EACCES || errno == EPERM)
			found = -EACCES;
		if (found == -EACCES)
			break;
	}
	closedir(folder);
	return found;
}
