/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command is: its option table, the texts of its --help, and a function. */
#ifndef PORTSCOPE_CLI_COMMAND_H
#define PORTSCOPE_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/** Exit status; see the manual. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FOUND = 1, /**< findings, differences, or nothing of what was asked by name */
	STATUS_USAGE = 2,
	STATUS_FAILED = 3,
	STATUS_INCOMPLETE = 4,
};

struct command {
	const char *name;
	const struct option_spec *options; /**< ends with one that has no name */
	size_t size;                       /**< of what the options are read into; see run() */
	const char *arguments;             /**< for --help of the whole program */
	const char *help;                  /**< one line for the same */
	const char *usage;     /**< what follows "Usage: portscope" in --help of the command */
	const char *about;     /**< what the command does, in lines */
	const char *closing;   /**< examples and exit status, in lines */
	const char *uncovered; /**< letters of ss(8) that the command does not take; or NULL */
	/**
	 * Does it. `state` has `size` bytes: a struct that starts with a struct options, in which
	 * everything that no option has set is 0. Returns an exit status.
	 */
	int (*run)(void *state);
};

/**
 * Runs a command with the words after its name, which argv[0] is: reads its options, answers
 * --help and --version. `commands` is the table that it stands in, the default command first and
 * NULL last. Returns the exit status.
 */
int command_run(const struct command *const *commands, const struct command *command, int argc,
	char **argv);

extern const struct command command_list, command_explain, command_free, command_audit,
	command_diff, command_help, command_version;

/**
 * Says that a word which people try is not a command, and which there are; false for any other
 * word.
 */
bool command_is_missed(const struct command *const *commands, const char *word);

#endif
