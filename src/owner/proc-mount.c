/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of /proc we were given: whose processes it shows, and which it hides. */
#include "owner/proc-mount.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

bool proc_is_real(int proc_fd)
{
	struct statfs fs;

	return fstatfs(proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool proc_has_processes(int proc_fd)
{
	struct dirent *entry;
	bool found = false;
	DIR *folder;
	int fd;

	if (proc_fd < 0)
		return false;
	if (faccessat(proc_fd, "self/stat", F_OK, 0) == 0)
		return true;
	fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		close_fd(fd);
		return false;
	}
	while (!found && (entry = readdir(folder)))
		found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	closedir(folder);
	return found;
}

/* Reads a link; an empty string if it cannot be read. */
static void read_link(int dir, const char *name, char *ret, size_t size)
{
	ssize_t length = readlinkat(dir, name, ret, size - 1);

	ret[MAX(length, 0)] = '\0';
}

bool proc_is_own(int proc_fd)
{
	char link[32], pid[32];

	read_link(proc_fd, "self", link, sizeof(link));
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	return !strcmp(link, pid) && proc_is_real(proc_fd);
}

bool proc_is_first(int proc_fd)
{
	char link[64];

	read_link(proc_fd, "self/ns/pid", link, sizeof(link));
	return !strcmp(link, FIRST_PID_NAMESPACE);
}

/* The mode in the options of a procfs, if it hides processes: in words since Linux 5.8. */
static void find_mode(const char *options, char *ret, size_t size)
{
	static const char *const hiding[] = {"invisible", "ptraceable", "2", "4"};
	const char *mode = strstr(options, "hidepid=");
	size_t length;

	if (!mode)
		return;
	mode += strlen("hidepid=");
	length = strcspn(mode, ", \n");
	for (size_t i = 0; i < ARRAY_SIZE(hiding); i++)
		if (strlen(hiding[i]) == length && !strncmp(mode, hiding[i], length))
			snprintf(ret, size, "%s", hiding[i]);
}

void proc_hidepid(int proc_fd, char *ret, size_t size)
{
	AUTO_FREE char *line = NULL;
	char device[32];
	size_t space = 0;
	struct stat st;
	FILE *mounts;
	int fd;

	*ret = '\0';
	if (fstat(proc_fd, &st) < 0)
		return;
	snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	fd = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	mounts = fd < 0 ? NULL : fdopen(fd, "re");
	if (!mounts) {
		close_fd(fd);
		return;
	}
	while (getline(&line, &space, mounts) > 0) {
		/* proc(5): id parent major:minor root point options [tags] - type source options */
		const char *type = strstr(line, " - proc ");

		if (type && strstr(line, device))
			find_mode(type, ret, size);
	}
	fclose(mounts);
}
