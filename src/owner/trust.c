/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The link /proc/PID/exe can be dressed up: in a mount namespace of its own any user may put any
 * file over /usr/sbin/sshd. So the file that runs is compared with the one that has the path here,
 * and what leads there is looked at: root must own all of it, and no group and nobody else may
 * write to it. An access list that lets somebody else write shows in the bits of the group.
 *
 * A file on a server, or of a FUSE file system, is what somebody else says it is, and asking for
 * it may take forever: such mounts are found by name, never entered and never trusted. The root
 * file system is the exception: without it nothing here would run.
 */
#include "owner/trust.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/file.h"

/** The most of /proc/self/mountinfo that is read: hosts of many containers have long ones. */
#define MOUNTS_MAX (16 << 20)

/** What was found at a path in our mount namespace. */
struct trusted_path {
	char *path;
	struct statx file;
	int safe; /**< 1: root's alone, and so is the way to it; 0: not; negative: not known */
};

void trust_init(struct trust *trust, int proc_fd)
{
	*trust = (struct trust){.proc_fd = proc_fd};
}

void trust_done(struct trust *trust)
{
	for (size_t i = 0; i < trust->n_paths; i++)
		free(trust->paths[i].path);
	free(trust->paths);
	for (size_t i = 0; i < trust->n_foreign; i++)
		free(trust->foreign[i]);
	free(trust->foreign);
}

static bool is_foreign_type(const char *type, size_t length)
{
	static const char *const types[] = {"9p", "afs", "autofs", "ceph", "cifs", "coda", "fuse",
		"fuseblk", "gfs2", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3",
		"smbfs"};

	if (length > 5 && !strncmp(type, "fuse.", 5))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i]) == length && !strncmp(type, types[i], length))
			return true;
	return false;
}

/* Undoes the octal escapes that the kernel writes for blanks and backslashes (proc(5)). */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* A line of mountinfo: id parent major:minor root point options [tags] - type source options. */
static int add_mount(struct trust *trust, const char *line)
{
	const char *type = strstr(line, " - ");
	char **added, *point;
	size_t length;

	for (int i = 0; i < 4 && line; i++) {
		line = strchr(line, ' ');
		line += line != NULL;
	}
	if (!line || !type || !is_foreign_type(type + 3, strcspn(type + 3, " ")))
		return 0;
	length = strcspn(line, " ");
	/* Without the root itself nothing here would run. */
	if (length < 2)
		return 0;
	point = strndup(line, length);
	if (!point)
		return -ENOMEM;
	unescape(point);
	added = ARRAY_ADD(trust->foreign, trust->n_foreign);
	if (!added) {
		free(point);
		return -ENOMEM;
	}
	*added = point;
	return 0;
}

static int read_mounts(struct trust *trust)
{
	AUTO_FREE char *text = NULL;
	char *rest, *line;
	int r = 0;

	if (trust->mounts_read)
		return 0;
	trust->mounts_read = true;
	if (trust->proc_fd < 0)
		return 0;
	r = file_read(trust->proc_fd, "self/mountinfo", MOUNTS_MAX, &text, NULL);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		trust->mounts_error = r;
		return 0;
	}
	trust->mounts_known = true;
	for (line = strtok_r(text, "\n", &rest); line && r == 0; line = strtok_r(NULL, "\n", &rest))
		r = add_mount(trust, line);
	return r;
}

static bool is_foreign(const struct trust *trust, const char *path)
{
	for (size_t i = 0; i < trust->n_foreign; i++) {
		size_t length = strlen(trust->foreign[i]);

		if (!strncmp(path, trust->foreign[i], length) &&
			(path[length] == '/' || !path[length]))
			return true;
	}
	return false;
}

static bool is_roots(const struct statx *st)
{
	return st->stx_uid == 0 && !(st->stx_mode & (S_IWGRP | S_IWOTH));
}

/* What is not there, or is something else by now, is not safe; other failures do not tell. */
static int not_safe(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP ? 0 : error;
}

/* Walks a path from the root of our mount namespace: of struct trusted_path, whether it is safe. */
static int walk(const char *path, struct statx *ret)
{
	AUTO_CLOSE int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];

	while (dir >= 0) {
		size_t length;
		int next, r;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		r = file_stat_cached(dir, "", AT_EMPTY_PATH, ret);
		if (r < 0)
			return not_safe(r);
		if (!is_roots(ret) || length > NAME_MAX)
			return 0;
		if (!length)
			return S_ISREG(ret->stx_mode);
		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		path += length;
		/* What the kernel calls a path has no symbolic link in it. */
		next = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return not_safe(-errno);
		close_fd(dir);
		dir = next;
	}
	return not_safe(-errno);
}

/* Of struct trusted_path, whether a path is safe. */
static int judge(const struct trust *trust, const char *path, struct statx *ret)
{
	if (trust->mounts_error)
		return trust->mounts_error;
	return *path == '/' && trust->mounts_known && !is_foreign(trust, path) ? walk(path, ret)
									       : 0;
}

static int look_up(struct trust *trust, const char *path, const struct trusted_path **ret)
{
	struct trusted_path *added;
	int r;

	for (size_t i = 0; i < trust->n_paths; i++)
		if (!strcmp(trust->paths[i].path, path)) {
			*ret = &trust->paths[i];
			return 0;
		}
	r = read_mounts(trust);
	if (r < 0)
		return r;
	added = ARRAY_ADD(trust->paths, trust->n_paths);
	if (!added)
		return -ENOMEM;
	*added = (struct trusted_path){.path = strdup(path)};
	if (!added->path) {
		trust->n_paths--;
		return -ENOMEM;
	}
	added->safe = judge(trust, path, &added->file);
	*ret = added;
	return 0;
}

int trust_check(struct trust *trust, int dir, const char *path)
{
	const struct trusted_path *here;
	struct statx running;
	int r = look_up(trust, path, &here);

	if (r < 0 || here->safe <= 0)
		return r < 0 ? r : here->safe;
	r = file_stat_cached(dir, "exe", 0, &running);
	if (r < 0)
		return r;
	return file_is_same(&running, &here->file);
}

int trust_check_name(struct trust *trust, const char *path, const char *name, size_t length)
{
	const char *slash = strrchr(path, '/');
	const struct trusted_path *here;
	char other[PATH_MAX];
	struct statx named;
	int r = look_up(trust, path, &here);

	if (r < 0 || here->safe <= 0 || !slash || !length || memchr(name, '/', length))
		return MIN(r, 0);
	if ((size_t)(slash + 1 - path) + length >= sizeof(other))
		return 0;
	snprintf(
		other, sizeof(other), "%.*s%.*s", (int)(slash + 1 - path), path, (int)length, name);
	r = file_stat_cached(AT_FDCWD, other, 0, &named);
	return r < 0 ? not_safe(r) : file_is_same(&named, &here->file);
}
