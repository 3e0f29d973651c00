/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that hold ports for a container say in their arguments for which one, as docker-proxy
 * and conmon do. They are believed where the executable is trusted and root runs it.
 *
 * Podman's rootlessport has no arguments. It ends when the conmon of its container does, for it
 * waits for the end of a pipe that nobody but that conmon keeps open for writing: who reads from
 * the pipe of a conmon belongs to its container. Both are a user's, and so is what they say; pipes
 * of other users' processes count for nothing. Nor do pipes that either has both ends of. With two
 * containers at the other ends, or none that can be seen, it is not known.
 */
#include "owner/carrier.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "owner/executable.h"
#include "owner/name.h"
#include "registry/registry.h"
#include "util/array.h"
#include "util/file.h"

/** As much of the arguments of a monitor as is read: paths and options of the runtime. */
#define ARGUMENTS_MAX (1 << 20)

/** A pipe, and what a process can do with it: S_IRUSR, S_IWUSR. */
struct pipe {
	uint64_t inode;
	mode_t mode;
};

struct pipes {
	struct pipe *items;
	size_t count;
};

/** A process that has the id of its container. */
struct monitor {
	const char *program; /**< file name of its executable, a constant */
	char *container;
	uint32_t uid;
	struct pipes pipes;
};

void monitors_done(struct monitors *monitors)
{
	for (size_t i = 0; i < monitors->count; i++) {
		free(monitors->items[i].container);
		free(monitors->items[i].pipes.items);
	}
	free(monitors->items);
}

/* What has ended, or may not be looked into, is no monitor that is known. */
static int unless_unseen(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -EACCES || error == -EPERM ? 0
											  : error;
}

/* Adds the pipe of a descriptor. The mode of its link says what it is open for. */
static int add_pipe(int fds, const char *name, struct pipes *pipes)
{
	char link[32], end;
	struct stat st;
	uint64_t inode;
	ssize_t length = readlinkat(fds, name, link, sizeof(link) - 1);
	struct pipe *pipe = NULL;

	if (length < 0)
		return unless_unseen(-errno);
	link[length] = '\0';
	if (sscanf(link, "pipe:[%" SCNu64 "%c", &inode, &end) != 2 || end != ']')
		return 0;
	if (fstatat(fds, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return unless_unseen(-errno);
	for (size_t i = 0; !pipe && i < pipes->count; i++)
		if (pipes->items[i].inode == inode)
			pipe = &pipes->items[i];
	if (!pipe) {
		pipe = ARRAY_ADD(pipes->items, pipes->count);
		if (!pipe)
			return -ENOMEM;
		*pipe = (struct pipe){.inode = inode};
	}
	pipe->mode |= st.st_mode & (S_IRUSR | S_IWUSR);
	return 0;
}

static int read_pipes(int dir, struct pipes *pipes)
{
	AUTO_CLOSE int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	DIR *folder;
	int r = 0;

	if (fd < 0)
		return unless_unseen(-errno);
	folder = fdopendir(fd);
	if (!folder)
		return -errno;
	steal_fd(&fd);
	while (r == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			r = add_pipe(dirfd(folder), entry->d_name, pipes);
	closedir(folder);
	return r;
}

/* The first of the options that say the id of a container among the arguments, or NULL. */
static const char *find_container(
	const char *program, const char *arguments, size_t length, struct registry_carrier *ret)
{
	const char *value = NULL;

	for (size_t i = 0; !value && registry_next_carrier(program, &i, ret);)
		if (ret->kind != REGISTRY_CARRIED_PIPE)
			value = names_find_option(arguments, length, ret->option);
	return value;
}

static int add_monitor(struct monitors *monitors, struct trust *trust, int dir)
{
	AUTO_FREE char *exe = NULL, *arguments = NULL;
	struct registry_carrier carrier;
	const char *slash, *container;
	struct monitor *added;
	size_t position = 0, length;
	struct stat st;
	bool deleted;
	int r = executable_read(dir, &exe, &deleted);

	slash = exe ? strrchr(exe, '/') : NULL;
	if (r < 0 || deleted || !slash || !registry_next_carrier(slash + 1, &position, &carrier))
		return unless_unseen(r);
	r = trust_check(trust, dir, exe);
	if (r <= 0)
		return unless_unseen(r);
	if (fstat(dir, &st) < 0)
		return unless_unseen(-errno);
	r = file_read(dir, "cmdline", ARGUMENTS_MAX, &arguments, &length);
	if (r < 0)
		return unless_unseen(r);
	container = find_container(slash + 1, arguments, length, &carrier);
	if (!container || carrier.kind != REGISTRY_CARRIED_ID)
		return 0;
	added = ARRAY_ADD(monitors->items, monitors->count);
	if (!added)
		return -ENOMEM;
	*added = (struct monitor){.program = carrier.program, .uid = st.st_uid};
	added->container = strdup(container);
	return added->container ? read_pipes(dir, &added->pipes) : -ENOMEM;
}

/* Reads those of all users. One that fails does not hide the others. */
static int read_monitors(struct monitors *monitors, struct trust *trust)
{
	AUTO_CLOSE int fd = -1;
	const struct dirent *entry;
	DIR *folder;
	int r = 0;

	if (monitors->read || monitors->proc_fd < 0)
		return 0;
	monitors->read = true;
	fd = openat(monitors->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder)
		return -errno;
	steal_fd(&fd);
	while (r != -ENOMEM && (entry = readdir(folder))) {
		AUTO_CLOSE int dir = -1;
		int failed;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		dir = openat(dirfd(folder), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		failed = dir < 0 ? unless_unseen(-errno) : add_monitor(monitors, trust, dir);
		r = failed == -ENOMEM || !r ? failed : r;
	}
	closedir(folder);
	return r;
}

/* Whether one process only reads from a pipe that the other only writes to. */
static bool is_fed_by(const struct pipes *reader, const struct pipes *writer)
{
	for (size_t i = 0; i < reader->count; i++)
		for (size_t k = 0; k < writer->count; k++)
			if (reader->items[i].inode == writer->items[k].inode &&
				reader->items[i].mode == S_IRUSR &&
				writer->items[k].mode == S_IWUSR)
				return true;
	return false;
}

/* The container at the other end of what a process reads; NULL: of none, or of several. */
static const char *find_by_pipe(const struct monitors *monitors, const char *program, uint32_t uid,
	const struct pipes *pipes)
{
	const char *found = NULL;

	for (size_t i = 0; i < monitors->count; i++) {
		const struct monitor *m = &monitors->items[i];

		if (m->uid != uid || strcmp(m->program, program) != 0 ||
			!is_fed_by(pipes, &m->pipes))
			continue;
		if (found && strcmp(found, m->container) != 0)
			return NULL;
		found = m->container;
	}
	return found;
}

static int describe_by_pipe(struct monitors *monitors, struct trust *trust, int dir,
	const struct registry_carrier *carrier, struct carried *carried)
{
	struct pipes pipes = {0};
	const char *container = NULL;
	int r = read_monitors(monitors, trust);

	if (r != -ENOMEM) {
		int failed = read_pipes(dir, &pipes);

		r = failed < 0 ? failed : r;
	}
	if (r == 0)
		container = find_by_pipe(monitors, carrier->option, carried->uid, &pipes);
	free(pipes.items);
	if (!container)
		return r;
	carried->container = strdup(container);
	return carried->container ? 0 : -ENOMEM;
}

int carrier_describe(struct monitors *monitors, struct trust *trust,
	const struct carrier_facts *facts, struct carried *carried)
{
	const char *slash = strrchr(facts->exe, '/'), *value;
	struct registry_carrier carrier;
	size_t position = 0;
	struct stat st;
	int r;

	if (!slash || !registry_next_carrier(slash + 1, &position, &carrier))
		return 0;
	value = find_container(slash + 1, facts->arguments, facts->length, &carrier);
	if (fstat(facts->dir, &st) < 0)
		return unless_unseen(-errno);
	if (carrier.kind != REGISTRY_CARRIED_PIPE && (!value || st.st_uid != 0))
		return 0;
	r = trust_check(trust, facts->thread, facts->exe);
	if (r <= 0)
		return unless_unseen(r);
	*carried = (struct carried){
		.runtime = carrier.runtime,
		.by_id = carrier.kind != REGISTRY_CARRIED_ADDRESS,
		.uid = st.st_uid,
	};
	if (carrier.kind == REGISTRY_CARRIED_PIPE)
		return describe_by_pipe(monitors, trust, facts->dir, &carrier, carried);
	carried->container = strdup(value);
	return carried->container ? 0 : -ENOMEM;
}
