/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all commands start with: options, --help and --version. */
#include "cli/command.h"

#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"

int command_run(
	const struct command *const *commands, const struct command *command, int argc, char **argv)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	AUTO_FREE void *state = calloc(1, command->size);
	struct options *options = state;
	int status;

	if (!state) {
		message("out of memory");
		return STATUS_FAILED;
	}
	options->command = command;
	options->commands = commands;
	status = options_parse(options, argc, argv);
	if (status)
		return status;
	if (!options->help && !options->version)
		return command->run(state);
	if (options->help)
		help_write(&out, options);
	else
		version_write(&out);
	return output_finish(&out);
}
