/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command table. A command word in first place is the command; without one it is `list`. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.h"

static const struct command *const commands[] = {
	&command_list,
	&command_explain,
	&command_free,
	&command_audit,
	&command_diff,
	&command_help,
	&command_version,
	NULL,
};

/*
 * Where a standard descriptor is closed, the next file or netlink socket would take its number
 * and be written to. What stands there instead fails as a closed one does.
 */
static void guard_standard_descriptors(void)
{
	for (int fd; (fd = open("/", O_PATH)) >= 0;)
		if (fd > STDERR_FILENO) {
			close(fd);
			return;
		}
}

/* More than any command takes, with the name services of the C library. */
#define STACK_NEEDED_KIB 512

/*
 * A stack that is too small ends in a crash. It grows as its limit does, as far as we may raise
 * that; where we may not, there is hardly room to say so.
 */
static bool has_stack(void)
{
	static const char too_small[] = "portscope: the stack is too small: ulimit -s 512\n";
	static const rlim_t needed = STACK_NEEDED_KIB << 10;
	struct rlimit limit;
	ssize_t written;

	if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur >= needed)
		return true;
	limit.rlim_cur = needed;
	if (limit.rlim_max >= needed && setrlimit(RLIMIT_STACK, &limit) == 0)
		return true;
	written = write(STDERR_FILENO, too_small, sizeof(too_small) - 1);
	(void)written; /* nobody else is left to be told */
	return false;
}

int main(int argc, char **argv)
{
	guard_standard_descriptors();
	/* A reader who has seen enough closes the pipe: that is not a failure, see the writers. */
	signal(SIGPIPE, SIG_IGN);
	/* A limit of the size of files (ulimit -f) is a write error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	if (!has_stack())
		return STATUS_FAILED;
	for (const struct command *const *c = commands; *c && argc > 1; c++)
		if (!strcmp(argv[1], (*c)->name))
			return command_run(commands, *c, argc - 1, argv + 1);
	if (argc > 1 && command_is_missed(commands, argv[1]))
		return STATUS_USAGE;
	return command_run(commands, commands[0], argc, argv);
}
