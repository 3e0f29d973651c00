/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mistaken options: abbreviations, misspellings, letters of ss(8), options of other commands. */
#include "cli/mistake.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/out.h"
#include "util/suggest.h"

const struct option_spec *option_with_letter(const struct option_spec *table, char letter)
{
	for (; letter && table->name; table++)
		if (table->letter == letter)
			return table;
	return NULL;
}

static bool is_default(const struct options *options)
{
	return options->command == options->commands[0];
}

/* "unknown option ...; see portscope [COMMAND] --help" */
static void see_help(const struct options *options, const char *dashes, const char *name)
{
	bool bare = is_default(options);

	message("unknown option %s%s; see portscope %s%s--help", dashes, name,
		bare ? "" : options->command->name, bare ? "" : " ");
}

/* Writes the options that an abbreviation may mean; returns how many, the last one in `ret`. */
static size_t find_long(const struct option_spec *table, const char *name, struct out *list,
	const struct option_spec **ret)
{
	size_t length = strlen(name), n = 0;

	for (; length && table->name; table++)
		if (!strncmp(table->name, name, length)) {
			*ret = table;
			if (!table->name[length])
				return 1;
			out_format(list, "%s--%s", n++ ? ", " : "", table->name);
		}
	return n;
}

/* The command that takes an option which this one does not, or NULL. */
static const struct command *command_with(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		for (const struct option_spec *o = (*commands)->options; o->name; o++)
			if (!strcmp(o->name, name))
				return *commands;
	return NULL;
}

static void unknown_long(const struct options *options, const char *name)
{
	const struct option_spec *table = options->command->options;
	const struct command *other = command_with(options->commands, name);
	const char *near = NULL;
	AUTO_FREE const char **names = NULL;
	size_t n = 0;

	while (table[n].name)
		n++;
	names = calloc(n, sizeof(*names));
	for (size_t i = 0; names && i < n; i++)
		names[i] = table[i].name;
	near = names ? suggest(name, names, n) : NULL;
	if (other)
		message("--%s is an option of %s, not of %s", name, other->name,
			options->command->name);
	else if (near)
		message("unknown option --%s; did you mean --%s?", name, near);
	else
		see_help(options, "--", name);
}

static int wrong_long(const struct options *options, const char *word)
{
	AUTO_OUT struct out list = OUT_MEMORY;
	const struct option_spec *found;
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	n = find_long(options->command->options, name, &list, &found);
	if (n == 1 && found->argument)
		message("option --%s needs an argument: --%s=%s", found->name, found->name,
			found->argument);
	else if (n == 1)
		message("option --%s takes no argument", found->name);
	else if (n > 1)
		message("option --%s may mean %.*s", name, (int)list.used, list.buffer);
	else
		unknown_long(options, name);
	return STATUS_USAGE;
}

static int wrong_letter(const struct options *options, char letter)
{
	const struct command *command = options->command;
	const struct option_spec *found = option_with_letter(command->options, letter);

	if (found)
		message("option -%c needs an argument: -%c %s", letter, letter, found->argument);
	else if (command->uncovered && strchr(command->uncovered, letter))
		message("portscope does not support option -%c of ss: use ss", letter);
	else if (!is_default(options) && letter >= '0' && letter <= '9')
		message("unknown option -%c; a port is a number from 0 to 65535", letter);
	else
		see_help(options, "-", (char[]){letter, 0});
	return STATUS_USAGE;
}

int mistake_option(const struct options *options, char **argv, int at, char letter)
{
	const char *last = argv[optind - 1];

	if (letter && (strncmp(last, "--", 2) != 0 || !last[2]))
		return wrong_letter(options, letter);
	return wrong_long(options, letter ? last : argv[optind - 1 > at ? optind - 1 : at]);
}
