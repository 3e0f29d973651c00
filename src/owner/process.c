/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Describes a process: what it is called, what it runs, as whom and since when. Everything is read
 * through a descriptor of its folder in /proc, which stays that of this process even when its
 * number goes to another. Nothing that the process links to is opened, and its status is asked for
 * only as far as the kernel knows it already: the file system behind it may hang.
 */
#include "owner/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "model/cgroup.h"
#include "owner/executable.h"
#include "owner/name.h"
#include "owner/owner.h"
#include "util/array.h"
#include "util/file.h"

/** Longest command line that is kept. */
#define CMDLINE_MAX 4096
/** How much of it is read: a script may stand after a long class path. */
#define ARGUMENTS_MAX 65536
/** Longest text of /proc/PID/cgroup: a dozen hierarchies, each with a path. */
#define CGROUP_MAX 65536
/** One process that is being read. */
struct reading {
	struct process_reader *reader;
	int dir;    /**< its folder */
	int thread; /**< the folder of a thread that lives: the same, or opened for it */
	struct process *process;
	bool refused;     /**< we may not see its executable */
	bool without_exe; /**< it has none, though it should */
	int error;        /**< the first other failure, or 0 */
};

/* Also what everything in the folder of a process is that has ended. */
static bool is_absent(int error)
{
	return error == -ENOENT || error == -ESRCH;
}

/* Remembers that something of the process could not be read, though it is there. */
static void note(struct reading *reading, int error)
{
	if (!reading->error && !is_absent(error))
		reading->error = error;
}

void process_reader_init(
	struct process_reader *reader, unsigned details, struct users *users, int proc_fd)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec now, up;

	*reader = (struct process_reader){
		.details = details,
		.users = users,
		.ticks = ticks > 0 ? (uint64_t)ticks : 100,
	};
	trust_init(&reader->trust, proc_fd);
	reader->ancestors.proc_fd = proc_fd;
	reader->monitors.proc_fd = proc_fd;
	/* Rounded, so that the small error of two readings does not move a start time by a second.
	 */
	if (!clock_gettime(CLOCK_REALTIME, &now) && !clock_gettime(CLOCK_BOOTTIME, &up))
		reader->boot_time = ((now.tv_sec - up.tv_sec) * 1000000000LL + now.tv_nsec -
					    up.tv_nsec + 500000000) /
				    1000000000;
}

void process_reader_fail(struct process_reader *reader, int error)
{
	reader->failed++;
	reader->failure = error;
}

void process_reader_done(struct process_reader *reader)
{
	free(reader->arguments);
	trust_done(&reader->trust);
	ancestors_done(&reader->ancestors);
	monitors_done(&reader->monitors);
	preload_done(&reader->preload);
}

/* Reads a small file of /proc whole, or its first `size` - 1 bytes; its length. */
static ssize_t read_file(int dir, const char *name, char *text, size_t size)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;

	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		ssize_t n = read(fd, text + length, size - 1 - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	return (ssize_t)length;
}

/* The folder belongs to the effective user, also of a process that is not dumpable. */
static int describe_user(struct reading *reading)
{
	struct process *process = reading->process;
	const char *name;
	struct stat st;
	int r;

	if (fstat(reading->dir, &st) < 0) {
		note(reading, -errno);
		return 0;
	}
	process->uid = st.st_uid;
	process->has_uid = true;
	/* Whose name cannot be looked up is counted there. */
	r = users_add(reading->reader->users, st.st_uid, &name);
	if (r < 0 || !name)
		return r;
	process->shown.user = strdup(name);
	return process->shown.user ? 0 : -ENOMEM;
}

static int describe_cgroup(struct reading *reading)
{
	AUTO_FREE char *text = NULL;
	const char *path;
	size_t length;
	int r;

	r = file_read(reading->dir, "cgroup", CGROUP_MAX, &text, &length);
	if (r < 0)
		note(reading, r);
	if (r < 0 || cgroup_path_parse(text, length, &path, &length) < 0)
		return 0;
	reading->process->cgroup = strndup(path, length);
	return reading->process->cgroup ? 0 : -ENOMEM;
}

static int describe_cmdline(const char *arguments, size_t length, struct process *process)
{
	char *text;

	/* A title written over the arguments leaves NULs after it. */
	while (length && !arguments[length - 1])
		length--;
	length = MIN(length, CMDLINE_MAX);
	if (!length)
		return 0;
	text = malloc(length + 1);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++)
		text[i] = arguments[i] ? arguments[i] : ' ';
	text[length] = '\0';
	process->shown.cmdline = text;
	return 0;
}

static int describe_names(
	const char *arguments, size_t length, const char *comm, struct process *process)
{
	struct portscope_process *shown = &process->shown;
	struct name_facts facts = {
		.comm = comm, .exe = shown->exe, .arguments = arguments, .length = length};
	struct names names;
	int r = names_make(&facts, &names);

	if (r < 0)
		return r;
	shown->program = names.program;
	shown->name_length = names.name_length;
	shown->title = names.title;
	return 0;
}

/*
 * Whether it is the systemd of the system or of a user, which keeps every socket that it activates
 * services by: the service is what the user knows. Another process that calls itself so comes after
 * those that it shares a socket with, and hides nobody.
 */
static bool is_manager(const struct process_stat *stat)
{
	return !strcmp(stat->comm, "systemd");
}

/* Takes what the state says of the process. */
static int describe_state(
	struct reading *reading, struct holder *holder, const struct process_stat *stat)
{
	const struct process_reader *reader = reading->reader;
	struct portscope_process *shown = &reading->process->shown;

	holder->start = stat->start;
	holder->manager = is_manager(stat);
	if (reader->details & OWNER_WANT_START_TIME && reader->boot_time)
		shown->start_time = reader->boot_time + (int64_t)(stat->start / reader->ticks);
	shown->parent = stat->parent;
	if (!(reader->details & OWNER_WANT_PROGRAM))
		return 0;
	shown->comm = strdup(stat->comm);
	return shown->comm ? 0 : -ENOMEM;
}

/* What cannot be seen of an executable is not allowed, or a failure. */
static int miss_trust(struct reading *reading, int error)
{
	if (error == -ENOMEM)
		return error;
	if (error == -EACCES || error == -EPERM)
		reading->refused = true;
	else
		note(reading, error);
	return 0;
}

/* Whether the executable, and the name that the program has beside it, can be relied upon. */
static int describe_trust(struct reading *reading)
{
	struct portscope_process *shown = &reading->process->shown;
	struct trust *trust = &reading->reader->trust;
	int r;

	if (!shown->exe)
		return 0;
	r = shown->exe_deleted ? 0 : trust_check(trust, reading->thread, shown->exe);
	if (r < 0)
		return miss_trust(reading, r);
	shown->exe_trust_known = r >= 0;
	shown->exe_trusted = r > 0;
	if (r > 0 && shown->program && shown->program[shown->name_length]) {
		r = trust_check_name(trust, shown->exe, shown->program, shown->name_length);
		reading->process->name_trusted = r > 0;
	}
	return r < 0 ? miss_trust(reading, r) : 0;
}

/* Whether it holds ports for a container. */
static int describe_carrier(struct reading *reading, size_t length)
{
	struct process_reader *reader = reading->reader;
	const struct carrier_facts facts = {
		.dir = reading->dir,
		.thread = reading->thread,
		.exe = reading->process->shown.exe,
		.arguments = reader->arguments,
		.length = length,
	};
	int r;

	if (!facts.exe || !(reader->details & OWNER_WANT_CGROUP))
		return 0;
	r = carrier_describe(&reader->monitors, &reader->trust, &facts, &reading->process->carried);
	if (r < 0 && r != -ENOMEM)
		note(reading, r);
	return r == -ENOMEM ? r : 0;
}

/* What it runs and is called. */
static int describe_program(struct reading *reading, const char *comm)
{
	struct process_reader *reader = reading->reader;
	unsigned details = reader->details;
	ssize_t length;
	int r = 0;

	if (!(details & (OWNER_WANT_PROGRAM | OWNER_WANT_CMDLINE)))
		return 0;
	if (!reader->arguments)
		reader->arguments = malloc(ARGUMENTS_MAX + 1);
	if (!reader->arguments)
		return -ENOMEM;
	reader->arguments[0] = '\0';
	length = read_file(reading->thread, "cmdline", reader->arguments, ARGUMENTS_MAX + 1);
	if (length < 0)
		note(reading, (int)length);
	length = MAX(length, 0);
	if (details & OWNER_WANT_PROGRAM)
		r = describe_names(reader->arguments, (size_t)length, comm, reading->process);
	if (r == 0 && details & OWNER_WANT_CMDLINE)
		r = describe_cmdline(reader->arguments, (size_t)length, reading->process);
	return r < 0 ? r : describe_carrier(reading, (size_t)length);
}

static int describe_cwd(struct reading *reading)
{
	char path[PATH_MAX];
	ssize_t length = readlinkat(reading->thread, "cwd", path, sizeof(path));

	if (length < 0) {
		if (errno != EACCES && errno != EPERM)
			note(reading, -errno);
		return 0;
	}
	reading->process->shown.cwd = strndup(path, (size_t)length);
	return reading->process->shown.cwd ? 0 : -ENOMEM;
}

static int describe_rest(struct reading *reading, const char *comm)
{
	unsigned details = reading->reader->details;
	int r = describe_program(reading, comm);

	if (r == 0 && details & OWNER_WANT_TRUST)
		r = describe_trust(reading);
	if (r == 0 && details & OWNER_WANT_CWD)
		r = describe_cwd(reading);
	if (r == 0 && details & OWNER_WANT_PRELOAD)
		r = preload_find(
			&reading->reader->preload, reading->thread, &reading->process->preload);
	if (r == 0 && details & OWNER_WANT_ORIGIN)
		r = origin_find(&reading->reader->ancestors, reading->process->shown.parent,
			&reading->process->origin);
	if (r == 0 && details & OWNER_WANT_USER)
		r = describe_user(reading);
	if (r == 0 && details & OWNER_WANT_CGROUP)
		r = describe_cgroup(reading);
	return r;
}

/*
 * What was read holds only if the process was there to the end: the folder of one that has ended
 * belongs to root, and its files seem not to exist.
 */
static void confirm(struct reading *reading, struct holder *holder)
{
	if (faccessat(reading->dir, "stat", F_OK, 0) < 0) {
		holder->gone = is_absent(-errno);
		note(reading, -errno);
		reading->process->has_uid = false;
		free((char *)STEAL(reading->process->shown.user));
	}
	if (holder->gone)
		return;
	reading->reader->refused += reading->refused;
	reading->reader->without_exe += reading->without_exe;
	if (reading->error)
		process_reader_fail(reading->reader, reading->error);
}

/* Whether the first thread has ended and others go on: it took all its links with it. */
static bool is_headless(const struct process_stat *stat)
{
	return (stat->state == 'Z' || stat->state == 'X') && stat->threads > 1;
}

static bool has_ended(const struct process_stat *stat)
{
	return stat->threads <= 1 &&
	       (stat->state == 'Z' || stat->state == 'X' || stat->flags & PROCESS_IS_ENDING);
}

/* Reads /proc/PID/stat; the holder is gone where that is another process, or none any more. */
static int read_stat(int dir, struct holder *holder, struct process_stat *stat)
{
	char text[2048];
	ssize_t r = read_file(dir, "stat", text, sizeof(text));

	if (r >= 0)
		r = process_parse_stat(text, stat);
	holder->gone =
		is_absent((int)r) ||
		(r >= 0 && ((holder->start && stat->start != holder->start) || has_ended(stat)));
	return (int)r;
}

/*
 * Reads the link to the executable, of a thread that lives where the first one has ended. Kernel
 * threads have no executable, and not everybody may read the link. That of any other process is
 * missing only while the process, or the thread that was chosen, ends.
 */
static int describe_exe(struct reading *reading, struct holder *holder, struct process_stat *stat)
{
	struct portscope_process *shown = &reading->process->shown;
	enum { ATTEMPTS = 8 };

	for (int i = 0; i < ATTEMPTS; i++) {
		bool deleted;
		char *path;
		int r;

		if (is_headless(stat)) {
			if (reading->thread != reading->dir)
				close_fd(reading->thread);
			reading->thread = executable_open_thread(reading->dir);
			if (reading->thread < 0)
				reading->thread = reading->dir;
		}
		r = executable_read(reading->thread, &path, &deleted);
		if (r == 0) {
			shown->exe = path;
			shown->exe_deleted = deleted;
			return 0;
		}
		reading->refused = r == -EACCES || r == -EPERM;
		if (r == -ENOMEM || reading->refused || stat->flags & PROCESS_IS_KERNEL)
			return r == -ENOMEM ? r : 0;
		note(reading, r);
		if (!stat->state || read_stat(reading->dir, holder, stat) < 0 || holder->gone)
			return 0;
	}
	reading->without_exe = true;
	return 0;
}

static int describe(struct reading *reading, struct holder *holder)
{
	unsigned details = reading->reader->details;
	struct process_stat stat = {0};
	int known = read_stat(reading->dir, holder, &stat), r = 0;

	if (holder->gone)
		return 0;
	if (known < 0)
		note(reading, known);
	/* Its number by itself does not tell whether it is the process that is meant. */
	if (known < 0 && holder->start)
		return 0;
	if (details & (OWNER_WANT_PROGRAM | OWNER_WANT_EXE | OWNER_WANT_TRUST))
		r = describe_exe(reading, holder, &stat);
	if (r == 0 && !holder->gone && known >= 0)
		r = describe_state(reading, holder, &stat);
	if (r == 0 && !holder->gone)
		r = describe_rest(reading, known < 0 ? NULL : stat.comm);
	return r;
}

int process_describe(struct process_reader *reader, int dir, struct holder *holder)
{
	struct reading reading = {
		.reader = reader, .dir = dir, .thread = dir, .process = &holder->process};
	int r = describe(&reading, holder);

	if (!holder->gone)
		confirm(&reading, holder);
	if (reading.thread != dir)
		close_fd(reading.thread);
	return r;
}
