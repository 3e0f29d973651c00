/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands `help` and `version`, and what is said to words that are commands elsewhere. */
#include <string.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/word.h"

/* More than there are. */
#define COMMANDS_MAX 16

static const struct command *find_command(
	const struct command *const *commands, const char *what, const char *name)
{
	const char *names[COMMANDS_MAX] = {0};
	int found;

	for (size_t i = 0; commands[i] && i + 1 < ARRAY_SIZE(names); i++)
		names[i] = commands[i]->name;
	found = word_find(what, name, names);
	return found < 0 ? NULL : commands[found];
}

static int run_help(void *state)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	struct options *options = state;

	if (options->n_words > 1) {
		message("help takes one command, not also '%s'", options->words[1]);
		return STATUS_USAGE;
	}
	options->command = options->commands[0];
	if (options->n_words)
		options->command =
			find_command(options->commands, "a command is", options->words[0]);
	if (!options->command)
		return STATUS_USAGE;
	help_write(&out, options);
	return output_finish(&out);
}

static int run_version(void *state)
{
	const struct options *options = state;

	if (options->n_words) {
		message("version takes no words, not '%s'", options->words[0]);
		return STATUS_USAGE;
	}
	return output_text(version_write);
}

bool command_is_missed(const struct command *const *commands, const char *word)
{
	static const struct {
		const char *word, *instead;
	} missed[] = {
		{"kill", "to end what holds port 3000: kill $(portscope --pids 3000)"},
		{"watch", "to keep looking: watch portscope -l"},
		{"top", "to keep looking: watch portscope -tan"},
	};
	AUTO_OUT struct out names = OUT_MEMORY;

	for (size_t i = 0; i < ARRAY_SIZE(missed); i++) {
		if (strcmp(word, missed[i].word) != 0)
			continue;
		for (size_t c = 0; commands[c]; c++)
			out_format(&names, "%s%s", c ? ", " : "", commands[c]->name);
		message("there is no command '%s'; commands are %.*s; %s", word, (int)names.used,
			names.used ? names.buffer : "", missed[i].instead);
		return true;
	}
	return false;
}

static const struct option_spec options[] = {OPTIONS_END};

const struct command command_help = {
	.name = "help",
	.options = options,
	.size = sizeof(struct options),
	.arguments = "[COMMAND]",
	.help = "what a command does",
	.usage = "help [OPTIONS] [COMMAND]",
	.about = "What portscope or one of its commands does, as with --help.\n",
	.closing = "\nExit status: 0 done, 2 wrong usage, 3 failed.\n",
	.run = run_help,
};

const struct command command_version = {
	.name = "version",
	.options = options,
	.size = sizeof(struct options),
	.arguments = "",
	.help = "the version",
	.usage = "version [OPTIONS]",
	.about = "The version, as with --version.\n",
	.closing = "\nExit status: 0 done, 2 wrong usage, 3 failed.\n",
	.run = run_version,
};
