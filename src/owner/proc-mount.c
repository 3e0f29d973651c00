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

#include "util/file.h"

/* PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"
/** More than a host with ten thousand containers has. */
#define MOUNTS_MAX (16 << 20)

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

/* Whether a link leads to `target`. Where there is no such link, this is no procfs of ours. */
static int leads_to(int dir, const char *name, const char *target)
{
	char link[64];
	ssize_t length = readlinkat(dir, name, link, sizeof(link) - 1);

	if (length < 0)
		return errno == ENOENT || errno == EINVAL ? 0 : -errno;
	link[length] = '\0';
	return !strcmp(link, target);
}

int proc_is_own(int proc_fd)
{
	struct statfs fs;
	char pid[32];
	int r;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	r = leads_to(proc_fd, "self", pid);
	if (r <= 0)
		return r;
	return fstatfs(proc_fd, &fs) < 0 ? -errno : fs.f_type == PROC_SUPER_MAGIC;
}

int proc_is_first(int proc_fd)
{
	return leads_to(proc_fd, "self/ns/pid", FIRST_PID_NAMESPACE);
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

int proc_hidepid(int proc_fd, char *ret, size_t size)
{
	AUTO_FREE char *text = NULL;
	char device[32], *next;
	struct stat st;
	int r;

	*ret = '\0';
	if (fstat(proc_fd, &st) < 0)
		return -errno;
	snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
	r = file_read(proc_fd, "self/mountinfo", MOUNTS_MAX, &text, NULL);
	for (char *line = text; r >= 0 && line; line = next) {
		/* proc(5): id parent major:minor root point options [tags] - type source options */
		const char *type;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		type = strstr(line, " - proc ");
		if (type && strstr(line, device))
			find_mode(type, ret, size);
	}
	return r;
}
