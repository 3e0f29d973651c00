/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of programs: the way from an executable to what it is known to speak. */
#include <string.h>

#include "registry/registry.h"
#include "registry/tables.h"
#include "util/glob.h"

/** How many programs there are; the row after the last only ends them. */
static size_t programs_count(void)
{
	return registry_programs_count - 1u;
}

const struct registry_program *registry_program_at(size_t i)
{
	return i < programs_count() ? &registry_programs[i] : NULL;
}

const char *registry_program_pattern(const struct registry_program *program)
{
	return registry_name_text(program->pattern);
}

const char *registry_program_match(const struct registry_program *program)
{
	return registry_text(program->match);
}

bool registry_program_needs_root(const struct registry_program *program)
{
	return program->flags & REGISTRY_PROGRAM_ROOT;
}

bool registry_program_is_carrier(const struct registry_program *program)
{
	return program->flags & REGISTRY_PROGRAM_CARRIER;
}

/** The first program with a plain name that is not below `name`. */
static size_t find_plain_program(const char *name)
{
	size_t low = registry_programs_plain, high = registry_programs_glob;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(registry_name_text(registry_programs[middle].pattern), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** As glob_match(), without asking it where the first letter tells. */
static bool fits_glob(const struct registry_program *program, const char *name)
{
	const char *glob = registry_name_text(program->pattern);

	return (strchr("*?[", *glob) || *glob == *name) && glob_match(glob, name);
}

const struct registry_program *registry_next_program(const char *executable, size_t *position)
{
	const char *slash = strrchr(executable, '/');
	const char *name = slash ? slash + 1 : executable;

	while (*position < programs_count()) {
		const struct registry_program *program;
		size_t i = *position;
		bool fits;

		if (i == registry_programs_plain)
			i = find_plain_program(name);
		*position = i + 1;
		program = &registry_programs[i];
		if (i < registry_programs_plain)
			fits = slash && fits_glob(program, executable);
		else if (i < registry_programs_glob)
			fits = !strcmp(registry_name_text(program->pattern), name);
		else
			fits = i < programs_count() && fits_glob(program, name);
		if (fits)
			return program;
		/* Plain names are in order: the next are others. */
		if (i >= registry_programs_plain && i < registry_programs_glob)
			*position = registry_programs_glob;
	}
	return NULL;
}

bool registry_next_speech(
	const struct registry_program *program, size_t *position, struct registry_speech *ret)
{
	const struct registry_speech_row *row = &registry_speech_rows[program[0].first + *position];

	if (row >= &registry_speech_rows[program[1].first])
		return false;
	(*position)++;
	*ret = (struct registry_speech){
		.service = registry_name_text(row->service),
		.source = registry_text(row->source),
		.tls = (enum registry_tls)row->tls,
		.protocol = row->protocol,
		.low = row->low,
		.high = row->high,
		.any = row->low == 0 && row->high != 0,
		.chosen = row->high == 0,
	};
	return true;
}
