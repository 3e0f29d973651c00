/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands: each takes the words after its name and returns an exit status. */
#ifndef PORTSCOPE_CLI_COMMANDS_H
#define PORTSCOPE_CLI_COMMANDS_H

/** A command as a bit: an option of the option table says by these which commands take it. */
enum command_bit {
	COMMAND_LIST = 1 << 0,
	COMMAND_EXPLAIN = 1 << 1,
	COMMAND_FREE = 1 << 2,
	COMMAND_AUDIT = 1 << 3,
	COMMAND_DIFF = 1 << 4,
	COMMAND_ALL = COMMAND_LIST | COMMAND_EXPLAIN | COMMAND_FREE | COMMAND_AUDIT | COMMAND_DIFF,
};

struct command {
	const char *name;
	enum command_bit bit;
	const char *arguments; /**< for --help of the whole program */
	const char *help;      /**< one line for the same */
	const char *usage;     /**< what follows "Usage: portscope" in --help of the command */
	const char *about;     /**< what the command does, in lines */
	const char *closing;   /**< examples and exit status, in lines */
	int (*run)(const struct command *command, int argc, char **argv);
};

/** All commands, the default one first; ends with NULL. */
extern const struct command *const commands[];

extern const struct command command_list, command_explain, command_free, command_audit,
	command_diff;

#endif
