/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that run others, or hold something for them, by the names of their executables. */
#include <stdio.h>
#include <string.h>

#include "registry/registry.h"
#include "registry/tables.h"
#include "util/glob.h"
#include "util/macros.h"

bool registry_is_named(const char *patterns, const char *name)
{
	size_t n;

	for (const char *at = patterns; *at; at += n + strspn(at + n, " ")) {
		size_t literal;
		char pattern[64];

		n = strcspn(at, " ");
		literal = MIN(strcspn(at, "*?["), n);
		/* Nearly every name differs in its first letters. */
		if (strncmp(at, name, literal))
			continue;
		snprintf(pattern, sizeof(pattern), "%.*s", (int)n, at);
		if (glob_match(pattern, name))
			return true;
	}
	return false;
}

enum registry_starter registry_starter(const char *program)
{
	for (size_t i = 0; i < registry_starter_rows_count; i++)
		if (registry_is_named(registry_text(registry_starter_rows[i].names), program))
			return (enum registry_starter)registry_starter_rows[i].kind;
	return REGISTRY_STARTER_OTHER;
}

bool registry_next_interpreter_of_all(size_t *position, struct registry_interpreter *ret)
{
	const struct registry_interpreter_row *row;

	if (*position >= registry_interpreter_rows_count)
		return false;
	row = &registry_interpreter_rows[(*position)++];
	*ret = (struct registry_interpreter){
		.names = registry_text(row->names),
		.value = registry_text(row->value),
		.attached = registry_text(row->attached),
		.code = registry_text(row->code),
		.script = registry_text(row->script),
		.skip = registry_text(row->skip),
		.source = registry_text(row->source),
		.style = (enum registry_style)row->style,
	};
	return true;
}

bool registry_next_carrier(const char *program, size_t *position, struct registry_carrier *ret)
{
	while (*position < registry_carrier_rows_count) {
		const struct registry_carrier_row *row = &registry_carrier_rows[(*position)++];

		if (strcmp(registry_text(row->program), program) != 0)
			continue;
		*ret = (struct registry_carrier){
			.program = registry_text(row->program),
			.runtime = registry_text(row->runtime),
			.option = registry_text(row->option),
			.source = registry_text(row->source),
			.kind = (enum registry_carried)row->kind,
		};
		return true;
	}
	return false;
}

const char *registry_broker(const char *program)
{
	for (size_t i = 0; i < registry_broker_rows_count; i++)
		if (!strcmp(registry_text(registry_broker_rows[i].program), program))
			return registry_text(registry_broker_rows[i].why);
	return NULL;
}

const char *registry_filterer(enum registry_filterer kind, const char *name)
{
	for (size_t i = 0; i < registry_filterer_rows_count; i++) {
		const struct registry_filterer_row *row = &registry_filterer_rows[i];

		if (row->kind == kind && registry_is_named(registry_text(row->names), name))
			return registry_text(row->tool);
	}
	return NULL;
}
