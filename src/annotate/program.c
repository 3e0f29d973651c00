/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds a holder in the table of programs, and reads what the table says of it. */
#include "annotate/program.h"

#include <fnmatch.h>
#include <string.h>

#include "util/macros.h"

/** The kernel cuts comm to this (TASK_COMM_LEN less the final NUL). */
#define COMM_LENGTH 15
/** An argument is compared as far as this; names of classes and scripts are shorter. */
#define ARGUMENT_MAX 256

/* True if the pattern fits an argument or, where that is a path, its file name. */
static bool fits_argument(const char *pattern, const char *cmdline)
{
	while (cmdline && *cmdline) {
		size_t length = strcspn(cmdline, " ");
		char argument[ARGUMENT_MAX];
		const char *slash;

		if (length > 0 && length < sizeof(argument)) {
			memcpy(argument, cmdline, length);
			argument[length] = '\0';
			slash = strrchr(argument, '/');
			if (!fnmatch(pattern, argument, 0) ||
				(slash && !fnmatch(pattern, slash + 1, 0)))
				return true;
		}
		cmdline += length + (cmdline[length] == ' ');
	}
	return false;
}

static bool fits_match(const char *match, const struct portscope_row *row, size_t i)
{
	const struct unit *unit = row->holders ? row->holders[i]->unit : NULL;

	if (!match)
		return true;
	if (!strncmp(match, "arg=", 4))
		return fits_argument(match + 4, row->processes[i].cmdline);
	return unit && unit->unit && !fnmatch(match + strlen("unit="), unit->unit, 0);
}

static const struct registry_program *find_executable(const struct portscope_row *row, size_t i)
{
	const struct registry_program *program;
	size_t position = 0;

	while ((program = registry_next_program(row->processes[i].exe, &position)))
		if (fits_match(registry_program_match(program), row, i))
			return program;
	return NULL;
}

/* True if comm is the start of a program's name: all of it unless it was cut. */
static bool fits_comm(const char *pattern, const char *comm)
{
	size_t length = strlen(comm);

	return !strchr(pattern, '/') &&
	       (!fnmatch(pattern, comm, 0) || (length == COMM_LENGTH && strlen(pattern) > length &&
						      !strncmp(pattern, comm, length)));
}

static const struct registry_program *find_comm(const struct portscope_row *row, size_t i)
{
	const struct registry_program *program;

	for (size_t k = 0; (program = registry_program_at(k)); k++)
		if (fits_comm(registry_program_pattern(program), row->processes[i].comm) &&
			fits_match(registry_program_match(program), row, i))
			return program;
	return NULL;
}

const struct registry_program *program_of(const struct portscope_row *row, size_t i, bool *ret_sure)
{
	const struct registry_program *found = NULL;

	if (row->processes[i].exe)
		found = find_executable(row, i);
	*ret_sure = found != NULL;
	if (!found && row->processes[i].comm)
		found = find_comm(row, i);
	return found;
}

bool program_speaks(const struct registry_program *program, const char *service)
{
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);)
		if (!strcmp(speech.service, service))
			return true;
	return false;
}

const char *program_speaks_anywhere(const struct registry_program *program, uint8_t protocol)
{
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);)
		if (speech.any && speech.protocol == protocol)
			return speech.service;
	return NULL;
}

bool program_at_home(const struct registry_program *program, uint8_t protocol, uint16_t port)
{
	const char *name = registry_name(protocol, port, NULL, NULL);
	struct registry_insecure insecure;
	struct registry_service service;

	if (name && program_speaks(program, name))
		return true;
	for (size_t i = 0; registry_next_service(protocol, port, &i, &service);)
		if (program_speaks(program, service.name))
			return true;
	for (size_t i = 0; registry_next_insecure(protocol, port, &i, &insecure);)
		if (program_speaks(program, insecure.key))
			return true;
	return false;
}
