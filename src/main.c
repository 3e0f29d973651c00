/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command table. A command word in first place is the command; without one it is `list`. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static const struct command *const commands[] = {
	&command_list,
	&command_explain,
	&command_free,
	&command_audit,
	&command_diff,
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

int main(int argc, char **argv)
{
	guard_standard_descriptors();
	/* A reader who has seen enough closes the pipe: that is no failure, see the writers. */
	signal(SIGPIPE, SIG_IGN);
	for (const struct command *const *c = commands; *c && argc > 1; c++)
		if (!strcmp(argv[1], (*c)->name))
			return command_run(commands, *c, argc - 1, argv + 1);
	return command_run(commands, commands[0], argc, argv);
}
