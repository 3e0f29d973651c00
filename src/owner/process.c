/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Describes a process: what it is called, what it runs, as whom and since when. Everything is read
 * through a descriptor of its folder in /proc, which stays that of this process even when its
 * number goes to another. Nothing that the process links to is opened or asked for its status: the
 * file system behind it may hang.
 */
#include "owner/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "model/cgroup.h"
#include "owner/owner.h"
#include "util/file.h"

/** Longest command line that is kept. */
#define CMDLINE_MAX 4096
/** Longest text of /proc/PID/cgroup: a dozen hierarchies, each with a path. */
#define CGROUP_MAX 65536
/** The kernel cuts comm to this (TASK_COMM_LEN less the final NUL). */
#define COMM_LENGTH 15

struct user_name {
	uint32_t uid;
	char *name;
};

/** One process that is being read. */
struct reading {
	struct process_reader *reader;
	int dir; /**< its folder */
	struct process *process;
	bool refused; /**< we may not see its executable */
	int error;    /**< the first other failure, or 0 */
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

void process_reader_init(struct process_reader *reader, unsigned details, bool numeric)
{
	long ticks = sysconf(_SC_CLK_TCK);
	struct timespec now, up;

	*reader = (struct process_reader){
		.details = details,
		.numeric = numeric,
		.ticks = ticks > 0 ? (uint64_t)ticks : 100,
	};
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
	for (size_t i = 0; i < reader->n_users; i++)
		free(reader->users[i].name);
	free(reader->users);
	table_done(&reader->users_table);
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

int process_parse_stat(const char *text, struct process_stat *ret)
{
	/* comm is written as it is (escapes are for /proc/PID/status alone) and may hold brackets,
	 * spaces and newlines; what follows it never does. */
	const char *begin = strchr(text, '('), *end = strrchr(text, ')');
	struct process_stat stat = {0};
	size_t length;

	if (!begin || !end || end < begin)
		return -EBADMSG;
	length = MIN((size_t)(end - begin - 1), sizeof(stat.comm) - 1);
	memcpy(stat.comm, begin + 1, length);
	/* The start time is field 22, the state that follows comm is field 3 (proc(5)). */
	for (int field = 3; field <= 22; field++) {
		end = strchr(end, ' ');
		if (!end)
			return -EBADMSG;
		end++;
	}
	if (sscanf(end, "%" SCNu64, &stat.start) != 1)
		return -EBADMSG;
	*ret = stat;
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* comm is the start of a program's name: all of it unless it was cut. */
static bool agrees(const char *comm, const char *name)
{
	size_t length = strlen(comm);

	if (length == 0)
		return false;
	return length < COMM_LENGTH ? !strcmp(comm, name) : !strncmp(comm, name, length);
}

/*
 * The program's name in argv[0]: of `/usr/bin/python3` the last part, of a title that a daemon
 * wrote there (`nginx: worker process`, `/usr/bin/redis-server 127.0.0.1:6379`) what stands before
 * `mark`, of a login shell's `-bash` what follows the dash.
 */
static char *argv0_name(const char *argv0, const char *mark)
{
	const char *title = strstr(argv0, mark);
	AUTO_FREE char *path = title ? strndup(argv0, (size_t)(title - argv0)) : strdup(argv0);
	const char *name;

	if (!path)
		return NULL;
	name = base_name(path);
	return strdup(*name == '-' ? name + 1 : name);
}

char *process_name(const char *comm, const char *exe, const char *argv0)
{
	AUTO_FREE char *called = argv0_name(argv0 ? argv0 : "", ": ");
	AUTO_FREE char *first = argv0_name(argv0 ? argv0 : "", " ");
	const char *program = exe ? base_name(exe) : "";
	char *name;

	if (!called || !first)
		return NULL;
	if (!*program || agrees(comm, program) || agrees(comm, called) || agrees(comm, first))
		return strdup(comm);
	/* python3 rather than python3.11, if it was called so. */
	if (*called && !strncmp(program, called, strlen(called)))
		program = called;
	if (!*comm)
		return strdup(program);
	return asprintf(&name, "%s (%s)", program, comm) < 0 ? NULL : name;
}

/* Cuts `mark` off the end of `text`; whether it was there. */
static bool cut_end(char *text, const char *mark)
{
	size_t length = strlen(text), cut = strlen(mark);

	if (length < cut || strcmp(text + length - cut, mark))
		return false;
	text[length - cut] = '\0';
	return true;
}

static uint32_t hash_user(const void *users, size_t position)
{
	return table_hash(((const struct user_name *)users)[position].uid);
}

/* The name of a user, or its number as text. */
static char *look_up_user(uint32_t uid, bool numeric)
{
	AUTO_FREE char *buffer = NULL;
	struct passwd entry, *found = NULL;
	char *name;

	for (size_t size = 1024; !numeric && size <= 1 << 20; size *= 4) {
		free(buffer);
		buffer = malloc(size);
		if (!buffer || getpwuid_r(uid, &entry, buffer, size, &found) != ERANGE)
			break;
	}
	if (found)
		return strdup(found->pw_name);
	return asprintf(&name, "%" PRIu32, uid) < 0 ? NULL : name;
}

/* The same, remembered. */
static const char *user_name(struct process_reader *reader, uint32_t uid)
{
	uint32_t at = table_hash(uid), position;
	char *name;

	while ((position = table_next(&reader->users_table, &at)) != TABLE_END)
		if (reader->users[position].uid == uid)
			return reader->users[position].name;
	if (reader->n_users == reader->users_space) {
		size_t space = reader->users_space * 2 + 8;
		struct user_name *grown = reallocarray(reader->users, space, sizeof(*grown));

		if (!grown)
			return NULL;
		reader->users = grown;
		reader->users_space = space;
	}
	if (table_grow(&reader->users_table, reader->n_users, hash_user, reader->users) < 0)
		return NULL;
	name = look_up_user(uid, reader->numeric);
	if (!name)
		return NULL;
	table_add(&reader->users_table, table_hash(uid), (uint32_t)reader->n_users);
	reader->users[reader->n_users++] = (struct user_name){.uid = uid, .name = name};
	return name;
}

/* The folder belongs to the effective user, also of a process that is not dumpable. */
static int describe_user(struct reading *reading)
{
	struct process *process = reading->process;
	const char *name;
	struct stat st;

	if (fstat(reading->dir, &st) < 0) {
		note(reading, -errno);
		return 0;
	}
	process->uid = st.st_uid;
	process->has_uid = true;
	name = user_name(reading->reader, st.st_uid);
	process->shown.user = name ? strdup(name) : NULL;
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

/* The link to the executable; kernel threads have none, and not everybody may read it. */
static int describe_exe(struct reading *reading, char path[PATH_MAX])
{
	ssize_t length = readlinkat(reading->dir, "exe", path, PATH_MAX - 1);
	struct process *process = reading->process;

	if (length < 0 && (errno == EACCES || errno == EPERM))
		reading->refused = true;
	else if (length < 0)
		note(reading, -errno);
	if (length <= 0)
		return 0;
	path[length] = '\0';
	process->shown.exe_deleted = cut_end(path, " (deleted)");
	process->shown.exe = strdup(path);
	return process->shown.exe ? 0 : -ENOMEM;
}

static int describe_cmdline(char *text, size_t length, struct process *process)
{
	/* A title written over the arguments leaves NULs behind it. */
	while (length && !text[length - 1])
		length--;
	if (!length)
		return 0;
	text[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = ' ';
	process->shown.cmdline = strdup(text);
	return process->shown.cmdline ? 0 : -ENOMEM;
}

static int describe_program(struct reading *reading, const char *comm)
{
	unsigned details = reading->reader->details;
	struct process *process = reading->process;
	char cmdline[CMDLINE_MAX + 1] = "", path[PATH_MAX];
	ssize_t length = 0;
	int r;

	if (details & (OWNER_WANT_NAME | OWNER_WANT_EXE)) {
		r = describe_exe(reading, path);
		if (r < 0)
			return r;
	}
	if (details & (OWNER_WANT_NAME | OWNER_WANT_CMDLINE))
		length = read_file(reading->dir, "cmdline", cmdline, sizeof(cmdline));
	if (length < 0)
		note(reading, (int)length);
	if (comm && details & OWNER_WANT_NAME) {
		process->shown.name = process_name(comm, process->shown.exe, cmdline);
		if (!process->shown.name)
			return -ENOMEM;
	}
	if (length > 0 && details & OWNER_WANT_CMDLINE)
		return describe_cmdline(cmdline, (size_t)length, process);
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
	if (!(reader->details & OWNER_WANT_COMM))
		return 0;
	shown->comm = strdup(stat->comm);
	return shown->comm ? 0 : -ENOMEM;
}

static int describe_rest(struct reading *reading, const char *comm)
{
	unsigned details = reading->reader->details;
	int r = describe_program(reading, comm);

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
	if (reading->error)
		process_reader_fail(reading->reader, reading->error);
}

int process_describe(struct process_reader *reader, int dir, struct holder *holder)
{
	struct reading reading = {.reader = reader, .dir = dir, .process = &holder->process};
	struct process_stat stat = {0};
	char text[2048];
	ssize_t r;
	int e = 0;

	r = read_file(dir, "stat", text, sizeof(text));
	if (r >= 0)
		r = process_parse_stat(text, &stat);
	if (is_absent((int)r) || (r >= 0 && holder->start && stat.start != holder->start)) {
		holder->gone = true;
		return 0;
	}
	if (r < 0)
		note(&reading, (int)r);
	else
		e = describe_state(&reading, holder, &stat);
	/* Its number alone does not tell whether it is the process that is meant. */
	if (e == 0 && (r >= 0 || !holder->start))
		e = describe_rest(&reading, r < 0 ? NULL : stat.comm);
	confirm(&reading, holder);
	return e;
}
