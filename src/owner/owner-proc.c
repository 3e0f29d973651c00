/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The procfs backend: reads the links in /proc/PID/fd. They are read and never followed, so that
 * no file system behind them can hang us.
 *
 * A thread can have a descriptor table of its own (unshare(CLONE_FILES)), though nearly none has:
 * /proc/PID/task is opened only where its link count tells of several threads, and a thread's
 * table is walked only where kcmp(2) says that it is another one. Without kcmp two tables count as
 * one if they have the same descriptors. An io_uring ring can hold sockets that have no descriptor
 * any more: fdinfo names them.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "owner/scan.h"
#include "util/table.h"

/** Like the directories of procfs, a walk has three levels: /proc, task and fd. */
enum { LEVEL_PROC, LEVEL_TASK, LEVEL_FD, LEVELS };

#define BUFFER_SIZE 65536

struct walk {
	struct owner_scan *scan;
	bool kcmp;    /**< the kernel's comparison can be asked */
	bool refused; /**< something of the process in hand may not be read, */
	int error;    /**< or could not be, for this first reason */
	_Alignas(struct dirent64) char buffers[LEVELS][BUFFER_SIZE];
};

/** A descriptor table that is walked. */
struct table_walk {
	struct owner_record record; /**< the process and the thread it belongs to */
	uint32_t count;             /**< of its descriptors, and the sum of their hashes: */
	uint64_t sum;               /**< what tells it from another where there is no kcmp */
};

/**
 * Sees an entry of a directory; other than 0 ends the walk of that directory. Negative is a failure
 * of our own, which ends the scan: what the kernel does not give is noted in the walk.
 */
typedef int (*visit_fn)(
	struct walk *walk, int dir, const char *name, uint32_t number, void *userdata);

/* The number that a text of digits is. */
static bool parse_number(const char *text, char end, uint32_t *ret)
{
	uint64_t number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && number <= UINT32_MAX; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	if (p == text || *p != end || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static bool not_allowed(int error)
{
	return error == -EACCES || error == -EPERM;
}

/* Notes why something of the process in hand could not be read; one that has ended lacks nothing.
 */
static void note(struct walk *walk, int error)
{
	if (not_allowed(error))
		walk->refused = true;
	else if (!walk->error && error != -ENOENT && error != -ESRCH)
		walk->error = error;
}

static void clear(struct walk *walk)
{
	walk->refused = false;
	walk->error = 0;
}

/* Visits the entries of a directory that are numbers: processes, threads, descriptors. */
static int walk_numbers(struct walk *walk, int level, int dir, visit_fn visit, void *userdata)
{
	char *buffer = walk->buffers[level];
	uint32_t number;
	int r;

	for (;;) {
		ssize_t length = getdents64(dir, buffer, BUFFER_SIZE);

		if (length < 0)
			note(walk, -errno);
		if (length <= 0)
			return 0;
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);

			at += entry->d_reclen;
			if (!parse_number(entry->d_name, '\0', &number))
				continue;
			r = visit(walk, dir, entry->d_name, number, userdata);
			if (r != 0)
				return r;
		}
	}
}

/* The inode of a link `socket:[123]`. */
static bool parse_socket(const char *link, uint32_t *ret)
{
	static const char prefix[] = "socket:[";

	return !strncmp(link, prefix, sizeof(prefix) - 1) &&
	       parse_number(link + sizeof(prefix) - 1, ']', ret);
}

/* A line of UserFiles, `    0: socket:[123]`. */
static int read_ring_line(
	struct owner_scan *scan, const char *line, const struct owner_record *holder)
{
	struct owner_record record = *holder;
	const char *colon = strchr(line, ':');

	if (!colon)
		return 0;
	colon += 1 + strspn(colon + 1, " \t");
	if (!parse_socket(colon, &record.inode))
		return 0;
	record.fd = -1;
	return scan->found(&record, scan->userdata);
}

/* Counts what could not be read, unless its process has ended. */
static void fail(struct owner_scan *scan, int error)
{
	if (not_allowed(error)) {
		scan->hidden++;
	} else if (error != -ENOENT && error != -ESRCH) {
		scan->failed++;
		scan->failure = error;
	}
}

/* Reads fdinfo of a ring once; positive: the ring was in use and told nothing. */
static int read_ring(struct owner_scan *scan, int fd, const struct owner_record *holder)
{
	AUTO_FREE char *line = NULL;
	bool files = false, told = false;
	size_t size = 0;
	FILE *info;
	int r = 0;

	info = fdopen(fd, "re");
	if (!info) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	while (r >= 0 && getline(&line, &size, info) > 0) {
		/* A section begins with a letter, the files in it with a number. */
		if (isalpha((unsigned char)*line)) {
			files = !strncmp(line, "UserFiles:", 10);
			told = told || files;
		} else if (files) {
			r = read_ring_line(scan, line, holder);
		}
	}
	if (r >= 0 && ferror(info))
		fail(scan, -errno);
	else if (r >= 0 && !feof(info))
		r = -ENOMEM;
	fclose(info);
	return r < 0 ? r : !told;
}

int owner_proc_ring(struct owner_scan *scan, int dir, const char *folder, uint32_t fd,
	const struct owner_record *holder)
{
	enum { ATTEMPTS = 20 };
	char path[64];
	int info, r = 1;

	snprintf(path, sizeof(path), "%s/fdinfo/%u", folder, fd);
	/* The kernel only tries to lock the ring, and is silent if its owner is just using it. */
	for (int i = 0; i < ATTEMPTS && r > 0; i++) {
		info = openat(dir, path, O_RDONLY | O_CLOEXEC);
		if (info < 0) {
			fail(scan, -errno);
			return 0;
		}
		if (i > 0)
			sched_yield();
		r = read_ring(scan, info, holder);
	}
	scan->busy_rings += r > 0;
	return MIN(r, 0);
}

/* Looks at one descriptor. */
static int visit_fd(struct walk *walk, int dir, const char *name, uint32_t number, void *userdata)
{
	struct owner_scan *scan = walk->scan;
	struct table_walk *table = userdata;
	char link[40];
	ssize_t length = readlinkat(dir, name, link, sizeof(link) - 1);

	if (length < 0) {
		note(walk, -errno);
		return walk->refused;
	}
	link[length] = '\0';
	table->count++;
	table->sum += table_hash(number);
	if (parse_socket(link, &table->record.inode)) {
		table->record.fd = number;
		return scan->found(&table->record, scan->userdata);
	}
	if (!strcmp(link, "anon_inode:[io_uring]"))
		return owner_proc_ring(scan, dir, "..", number, &table->record);
	return 0;
}

static int walk_table(struct walk *walk, int dir, struct table_walk *table)
{
	int r = walk_numbers(walk, LEVEL_FD, dir, visit_fd, table);

	return MIN(r, 0);
}

/* Opens a folder; a negative result is noted. */
static int open_folder(struct walk *walk, int dir, const char *name, const char *folder)
{
	char path[NAME_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", name, folder);
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		note(walk, -errno);
	return fd;
}

/** The threads of one process. */
struct thread_walk {
	struct table_walk *leader; /**< the process's own table */
	struct table_walk last;    /**< the last other one; threads may share that too */
};

/* Counts a descriptor without reading it. */
static int count_fd(struct walk *walk, int dir, const char *name, uint32_t number, void *userdata)
{
	struct table_walk *table = userdata;

	table->count++;
	table->sum += table_hash(number);
	return 0;
}

/* What the kernel says: positive if both threads use one table, 0 if not, negative: unknown. */
static int ask_kernel(struct walk *walk, uint32_t tid, uint32_t other)
{
	long r;

	if (!walk->kcmp)
		return -EOPNOTSUPP;
	r = syscall(SYS_kcmp, (pid_t)tid, (pid_t)other, KCMP_FILES, 0UL, 0UL);
	if (r >= 0)
		return r == 0;
	walk->kcmp = errno == ESRCH;
	return -errno;
}

/* Whether a thread uses a table that was walked already; `dir` is its folder of descriptors. */
static int same_table(struct walk *walk, int dir, uint32_t tid, const struct table_walk *walked)
{
	struct table_walk mine = {0};
	int r;

	if (!walked->record.tid)
		return 0;
	r = ask_kernel(walk, walked->record.tid, tid);
	if (r >= 0)
		return r;
	walk_numbers(walk, LEVEL_FD, dir, count_fd, &mine);
	if (lseek(dir, 0, SEEK_SET) < 0) {
		note(walk, -errno);
		return 1;
	}
	return mine.count == walked->count && mine.sum == walked->sum;
}

static int visit_thread(
	struct walk *walk, int dir, const char *name, uint32_t number, void *userdata)
{
	struct thread_walk *threads = userdata;
	AUTO_CLOSE int fds = -1;

	/* Nearly every thread is done here, before a folder is opened. */
	if (number == threads->leader->record.pid ||
		ask_kernel(walk, threads->leader->record.tid, number) > 0)
		return 0;
	fds = open_folder(walk, dir, name, "fd");
	if (fds < 0 || same_table(walk, fds, number, threads->leader) ||
		same_table(walk, fds, number, &threads->last))
		return 0;
	threads->last = (struct table_walk){.record = threads->leader->record};
	threads->last.record.tid = number;
	return walk_table(walk, fds, &threads->last);
}

static int walk_threads(struct walk *walk, int fds, struct table_walk *leader)
{
	struct thread_walk threads = {.leader = leader};
	AUTO_CLOSE int tasks = -1;
	struct stat st;

	/* Two links and one for each thread, which procfs keeps as other file systems do. */
	if (fstatat(fds, "../task", &st, 0) == 0 && st.st_nlink == 3)
		return 0;
	tasks = open_folder(walk, fds, "..", "task");
	return tasks < 0 ? 0 : walk_numbers(walk, LEVEL_TASK, tasks, visit_thread, &threads);
}

static int visit_process(
	struct walk *walk, int dir, const char *name, uint32_t number, void *userdata)
{
	struct owner_scan *scan = walk->scan;
	struct table_walk table = {.record = {.pid = number, .tid = number, .process_dir = -1}};
	AUTO_CLOSE int fds = open_folder(walk, dir, name, "fd");
	int r = 0;

	scan->seen_init = scan->seen_init || number == 1;
	if (fds >= 0) {
		table.record.process_dir = fds;
		r = walk_table(walk, fds, &table);
	}
	if (r == 0 && fds >= 0 && !walk->refused)
		r = walk_threads(walk, fds, &table);
	scan->hidden += walk->refused;
	if (walk->error)
		fail(scan, walk->error);
	clear(walk);
	return r;
}

int owner_proc_scan(struct owner_scan *scan)
{
	AUTO_FREE struct walk *walk = NULL;
	AUTO_CLOSE int dir = -1;
	int r;

	/* A copy of our own: the position in the caller's is not ours to move. */
	dir = scan->proc_fd < 0 ? -1
				: openat(scan->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		snprintf(scan->reason, sizeof(scan->reason), "/proc is not there");
		return -ENOENT;
	}
	walk = malloc(sizeof(*walk));
	if (!walk)
		return -ENOMEM;
	walk->scan = scan;
	walk->kcmp = scan->proc_own;
	clear(walk);
	r = walk_numbers(walk, LEVEL_PROC, dir, visit_process, NULL);
	/* What is noted now is of the list of processes itself. */
	if (r == 0 && walk->refused)
		return -EACCES;
	return r < 0 ? r : walk->error;
}
