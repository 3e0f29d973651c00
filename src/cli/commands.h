/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands: each takes the words after its name and returns an exit status. */
#ifndef PORTSCOPE_CLI_COMMANDS_H
#define PORTSCOPE_CLI_COMMANDS_H

struct command {
	const char *name;
	const char *arguments; /**< for --help */
	const char *help;
	int (*run)(int argc, char **argv);
};

/** All commands, the default one first; ends with a NULL name. */
extern const struct command commands[];

int command_list(int argc, char **argv);

#endif
