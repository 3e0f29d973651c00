/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resolves cgroup ids. The id of a cgroup is the inode number of its directory, and the file
 * handle of a kernfs node (FILEID_KERNFS) is that id alone: with privilege one system call finds
 * the directory. Without, one walk reads every directory of the hierarchy.
 *
 * A mount shows the hierarchy from its own root, which is not always the real one (containers,
 * bind mounts): paths are put together from the mount's root and the place below it, which makes
 * them comparable with those in /proc/PID/cgroup.
 */
#include "collect/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/array.h"
#include "util/file.h"
#include "util/macros.h"

/** FILEID_KERNFS of the kernel's include/linux/exportfs.h, stable since Linux 5.5. */
enum { KERNFS_HANDLE_TYPE = 0xfe };

/** Mounts of differing roots; a host that has more loses the last. */
enum { MOUNTS_MAX = 16 };

/** A host with thousands of containers has some megabytes of mounts. */
enum { MOUNTINFO_LIMIT = 64 << 20 };

/** Undoes \ooo in place, as the kernel writes blanks and backslashes in mountinfo. */
static void octal_undo(char *s)
{
	char *to = s;

	for (const char *from = s; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
			from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/** Cuts one line of mountinfo; false if it is not a cgroup v2 mount. */
static bool mount_line_parse(char *line, struct cgroup_mount *ret)
{
	char *root = NULL, *point = NULL, *rest = line, *word;

	for (unsigned i = 0; (word = strsep(&rest, " ")); i++) {
		if (i == 3)
			root = word;
		else if (i == 4)
			point = word;
		else if (i > 5 && !strcmp(word, "-"))
			break; /* the optional fields end here */
	}
	word = word ? strsep(&rest, " ") : NULL;
	if (!word || strcmp(word, "cgroup2") != 0 || *root != '/' || *point != '/')
		return false;
	octal_undo(root);
	octal_undo(point);
	*ret = (struct cgroup_mount){.root = root, .point = point};
	return true;
}

size_t cgroup_mounts_parse(char *text, struct cgroup_mount *ret_mounts, size_t space)
{
	size_t count = 0;
	char *line;

	while ((line = strsep(&text, "\n")) && count < space) {
		struct cgroup_mount mount;
		size_t i = 0;

		if (!mount_line_parse(line, &mount))
			continue;
		while (i < count && strcmp(ret_mounts[i].root, mount.root) != 0)
			i++;
		if (i < count)
			continue;
		if (count && !strcmp(mount.root, "/")) {
			ret_mounts[count++] = ret_mounts[0];
			ret_mounts[0] = mount;
		} else {
			ret_mounts[count++] = mount;
		}
	}
	return count;
}

/** The path of a cgroup that stands at `place` (empty or with a leading slash) in the mount. */
static char *path_join(const struct cgroup_mount *mount, const char *place)
{
	const char *root = mount->root;
	char *path;

	if (!strcmp(root, "/") && *place)
		root = "";
	return asprintf(&path, "%s%s", root, place) < 0 ? NULL : path;
}

/** A mount that was opened. */
struct hierarchy {
	const struct cgroup_mount *mount;
	int fd;
	int proc_fd;
};

/**
 * The place of an open directory below the mount, read off the link in /proc. False if it is not
 * below it (it belongs to another cgroup namespace) or was removed meanwhile.
 */
static bool directory_place(const struct hierarchy *h, int fd, char *ret, size_t size)
{
	size_t n = strlen(h->mount->point);
	struct stat named, opened;
	char link[32], *place;
	ssize_t length;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	length = readlinkat(h->proc_fd, link, ret, size);
	if (length < 0 || (size_t)length >= size)
		return false;
	ret[length] = '\0';
	if (strncmp(ret, h->mount->point, n) != 0 || (ret[n] && ret[n] != '/'))
		return false;
	place = ret + n;
	if (fstat(fd, &opened) < 0 ||
		fstatat(h->fd, *place ? place + 1 : "", &named, AT_EMPTY_PATH) < 0 ||
		named.st_ino != opened.st_ino)
		return false;
	memmove(ret, place, strlen(place) + 1);
	return true;
}

/** Resolves by file handles: 1 when every id was asked for, 0 where this way is closed to us. */
static int resolve_by_handle(struct cgroups *set, const struct hierarchy *h)
{
	AUTO_FREE char *place = malloc(PATH_MAX);

	if (!place)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		union {
			struct file_handle handle;
			char space[sizeof(struct file_handle) + sizeof(uint64_t)];
		} u = {{.handle_bytes = sizeof(uint64_t), .handle_type = KERNFS_HANDLE_TYPE}};
		struct cgroup *cgroup = &set->items[i];
		AUTO_CLOSE int fd = -1;

		if (cgroup->path)
			continue;
		memcpy(u.space + sizeof(struct file_handle), &cgroup->id, sizeof(cgroup->id));
		fd = open_by_handle_at(h->fd, &u.handle, O_PATH | O_CLOEXEC);
		if (fd < 0 && (errno == ESTALE || errno == ENOENT))
			continue;
		if (fd < 0)
			return errno == ENOMEM ? -ENOMEM : 0;
		if (!directory_place(h, fd, place, PATH_MAX))
			continue;
		cgroup->path = path_join(h->mount, place);
		if (!cgroup->path)
			return -ENOMEM;
	}
	return 1;
}

/**
 * One walk. The places that wait to be read (with a leading slash, below the mount) stand in a
 * list, not on the stack and not as open descriptors: how deep the hierarchy goes is up to
 * anybody who may make cgroups.
 */
struct walk {
	struct cgroups *set;
	const struct hierarchy *h;
	char **waiting;
	size_t n_waiting;
	size_t missing; /**< ids not found yet */
	dev_t device;   /**< what is mounted inside the hierarchy is not entered */
	bool unread;    /**< a directory could not be read */
};

static void walk_done(struct walk *w)
{
	while (w->n_waiting)
		free(w->waiting[--w->n_waiting]);
	free(w->waiting);
}

static int walk_push(struct walk *w, const char *parent, const char *name)
{
	char *place, **added;

	if (asprintf(&place, "%s/%s", parent, name) < 0)
		return -ENOMEM;
	added = ARRAY_ADD(w->waiting, w->n_waiting);
	if (!added) {
		free(place);
		return -ENOMEM;
	}
	*added = place;
	return 0;
}

/** Gives the cgroup with this id its path, if it is one of those wanted. */
static int walk_match(struct walk *w, uint64_t id, const char *place)
{
	struct cgroup *cgroup = cgroups_find(w->set, id);

	if (!cgroup || cgroup->path)
		return 0;
	cgroup->path = path_join(w->h->mount, place);
	if (!cgroup->path)
		return -ENOMEM;
	w->missing--;
	return 0;
}

/** Reads one directory and puts those in it on the list. */
static int walk_directory(struct walk *w, const char *place)
{
	AUTO_CLOSE int fd = openat(w->h->fd, *place ? place + 1 : ".",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	struct stat st;
	DIR *dir;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0) {
		w->unread |= errno != ENOENT; /* one that has just been removed is not a loss */
		return 0;
	}
	if (!*place)
		w->device = st.st_dev;
	else if (st.st_dev != w->device)
		return 0;
	r = walk_match(w, st.st_ino, place);
	if (r < 0)
		return r;
	dir = fdopendir(fd);
	if (!dir)
		return -ENOMEM;
	steal_fd(&fd);
	while (!r && w->missing && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			r = walk_push(w, place, entry->d_name);
	closedir(dir);
	return r;
}

static int resolve_by_walk(
	struct cgroups *set, const struct hierarchy *h, struct warnings *warnings)
{
	CLEANUP(walk_done) struct walk w = {.set = set, .h = h};
	int r;

	for (size_t i = 0; i < set->count; i++)
		w.missing += !set->items[i].path;
	r = walk_directory(&w, "");
	while (!r && w.missing && w.n_waiting) {
		AUTO_FREE char *place = w.waiting[--w.n_waiting];

		r = walk_directory(&w, place);
	}
	if (!r && w.unread && w.missing)
		r = warnings_add(warnings, WARNING_DETAIL,
			"not every cgroup could be read: the units of some sockets are unknown");
	return r;
}

static bool cgroups_missing(const struct cgroups *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!set->items[i].path)
			return true;
	return false;
}

/** Resolves what one mount shows. */
static int resolve_in_mount(struct cgroups *set, const struct cgroup_mount *mount, int proc_fd,
	int root_fd, unsigned ways, struct warnings *warnings)
{
	const char *point = mount->point + strspn(mount->point, "/");
	AUTO_CLOSE int fd =
		openat(root_fd, *point ? point : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct hierarchy h = {.mount = mount, .fd = fd, .proc_fd = proc_fd};
	struct statfs fs;
	int r = 0;

	/* Something else may be mounted on top: inode numbers would match there by chance. */
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return warnings_add(
			warnings, WARNING_DETAIL, "cannot read the cgroups at %s", mount->point);
	if (ways & CGROUP_BY_HANDLE)
		r = resolve_by_handle(set, &h);
	if (!r && (ways & CGROUP_BY_WALK))
		r = resolve_by_walk(set, &h, warnings);
	return MIN(r, 0);
}

int cgroups_resolve(
	struct cgroups *set, int proc_fd, int root_fd, unsigned ways, struct warnings *warnings)
{
	struct cgroup_mount mounts[MOUNTS_MAX];
	AUTO_FREE char *text = NULL;
	size_t n;
	int r;

	if (!cgroups_missing(set))
		return 0;
	r = file_read(proc_fd, "self/mountinfo", MOUNTINFO_LIMIT, &text, NULL);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return warnings_add(warnings, WARNING_DETAIL,
			"cannot read /proc/self/mountinfo: the cgroups of sockets are unknown");
	n = cgroup_mounts_parse(text, mounts, MOUNTS_MAX);
	if (!n)
		return warnings_add(warnings, WARNING_DETAIL,
			"no cgroup v2 is mounted: the cgroups of sockets are unknown");
	for (size_t i = 0; !r && i < n && cgroups_missing(set); i++)
		r = resolve_in_mount(set, &mounts[i], proc_fd, root_fd, ways, warnings);
	return r;
}
