/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THE option table: getopt, --help, the completions' check and the manual's check all go by it.
 * Each line says which commands take the option. Letters of `list` mean what they mean in ss(8).
 */
#ifndef PORTSCOPE_CLI_OPTIONS_H
#define PORTSCOPE_CLI_OPTIONS_H

#include <portscope.h>

#include "cli/commands.h"
#include "format/format.h"

/** Exit status; see the manual. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FOUND = 1, /**< findings, differences, or nothing of what was asked by name */
	STATUS_USAGE = 2,
	STATUS_FAILED = 3,
	STATUS_INCOMPLETE = 4,
};

/** What the command line says. */
struct options {
	bool listening, all;
	unsigned protocols, families; /**< 0: not said */
	bool numeric;
	bool processes;
	bool no_header;
	bool verbose;
	bool list_fields, help, version;
	bool explain_filter;
	bool fail_on_change;
	const char *baseline;     /**< NULL: none; `-` is the standard input */
	const char *policy;       /**< NULL: the default one, if it is there */
	const char *fail_on;      /**< name of a severity; NULL: the default */
	const char *explain_rule; /**< id of a rule to explain */
	bool list_rules, sarif;
	const char *filter_file;     /**< -F; `-` is the standard input */
	const struct format *format; /**< NULL: the table */
	const char *columns;         /**< NULL: the default ones */
	const char *sort;
	enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } colour;
	bool list, insecure; /**< of explain */
	const char *range;
	uint32_t count; /**< of free; 0: not said */
	bool consecutive, registered;
	enum { ORDER_UNSAID, ORDER_RANDOM, ORDER_FIRST } order;
	const char *address, *with;
	char **words; /**< what is not an option; ends in NULL */
	int n_words;
};

struct option_spec {
	char letter; /**< 0: none */
	const char *name;
	const char *argument; /**< name of its argument, or NULL */
	const char *help;
	unsigned commands; /**< of enum command_bit */
};

/** Option `i`, or NULL after the last. */
const struct option_spec *option_at(size_t i);

/**
 * Reads the words of a command, its name in argv[0]; on a mistake it says so on stderr and returns
 * STATUS_USAGE, else 0.
 */
int options_parse(const struct command *command, int argc, char **argv, struct options *ret);

#endif
