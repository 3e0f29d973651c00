/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds a holder in the table of programs, and reads what the table says of it. */
#include "annotate/program.h"

#include <string.h>

#include "util/glob.h"
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
			if (glob_match(pattern, argument) ||
				(slash && glob_match(pattern, slash + 1)))
				return true;
		}
		cmdline += length + (cmdline[length] == ' ');
	}
	return false;
}

/** What is known of a process that is looked up. */
struct suspect {
	const struct portscope_process *process;
	const struct unit *unit;
};

static bool fits_match(const char *match, const struct suspect *s)
{
	if (!match)
		return true;
	if (!strncmp(match, "arg=", 4))
		return fits_argument(match + 4, s->process->cmdline);
	return s->unit && s->unit->unit && glob_match(match + strlen("unit="), s->unit->unit);
}

/* By a path or a mere name. */
static const struct registry_program *find_named(const struct suspect *s, const char *name)
{
	const struct registry_program *program;
	size_t position = 0;

	while ((program = registry_next_program(name, &position)))
		if (fits_match(registry_program_match(program), s))
			return program;
	return NULL;
}

/* A program whose name is longer than comm, which is the start of it. */
static const struct registry_program *find_cut(const struct suspect *s)
{
	const char *comm = s->process->comm;
	const struct registry_program *program;
	size_t length = strlen(comm);

	for (size_t i = 0; length == COMM_LENGTH && (program = registry_program_at(i)); i++) {
		const char *pattern = registry_program_pattern(program);

		if (strlen(pattern) > length && !strncmp(pattern, comm, length) &&
			fits_match(registry_program_match(program), s))
			return program;
	}
	return NULL;
}

static enum program_proof prove(
	const struct portscope_process *process, const struct registry_program *program)
{
	const char *match = registry_program_match(program);

	if (!process->exe_trusted)
		return PROGRAM_BY_NAME;
	return match && !strncmp(match, "arg=", 4) ? PROGRAM_BY_ARGUMENTS : PROGRAM_BY_EXECUTABLE;
}

static const struct registry_program *find_program(
	const struct suspect *s, enum program_proof *ret_proof)
{
	const struct registry_program *found = NULL;

	*ret_proof = PROGRAM_BY_NAME;
	if (s->process->exe)
		found = find_named(s, s->process->exe);
	if (found)
		*ret_proof = prove(s->process, found);
	if (!found && s->process->comm)
		found = find_named(s, s->process->comm);
	if (!found && s->process->comm)
		found = find_cut(s);
	return found;
}

void program_look_up(struct process *process)
{
	struct suspect s = {&process->shown, process->unit};
	enum program_proof proof;

	process->program = find_program(&s, &proof);
	process->program_proof = (uint8_t)proof;
	process->looked_up = true;
}

const struct registry_program *program_of(
	const struct portscope_row *row, size_t i, enum program_proof *ret_proof)
{
	const struct process *holder = row->holders ? row->holders[i] : NULL;
	struct suspect s = {&row->processes[i], holder ? holder->unit : NULL};

	if (!holder || !holder->looked_up)
		return find_program(&s, ret_proof);
	*ret_proof = (enum program_proof)holder->program_proof;
	return holder->program;
}

bool program_speaks(const struct registry_program *program, const char *service)
{
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);)
		if (!strcmp(speech.service, service))
			return true;
	return false;
}

bool program_speaks_anywhere(
	const struct registry_program *program, uint8_t protocol, struct registry_speech *ret)
{
	for (size_t i = 0; registry_next_speech(program, &i, ret);)
		if (ret->any && ret->protocol == protocol)
			return true;
	return false;
}

bool program_at_home(const struct registry_program *program, uint8_t protocol, uint16_t port)
{
	const char *name = registry_name(protocol, port, NULL, NULL);
	struct registry_insecure insecure;
	struct registry_service service;
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);)
		if (speech.protocol == protocol && !speech.any && port >= speech.low &&
			port <= speech.high)
			return true;
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
