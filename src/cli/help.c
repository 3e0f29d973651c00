/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help, --version and --list-fields. */
#include "cli/help.h"

#include "cli/page.h"

#define HELP_WIDTH  80
#define HELP_INDENT 26

static void put_padded(struct out *o, const char *text, size_t width)
{
	out_text(o, text);
	if (strlen(text) < width)
		out_blanks(o, width - strlen(text));
}

static void put_option(struct out *o, const struct option_spec *spec)
{
	struct page page = {.out = o, .width = HELP_WIDTH};
	AUTO_OUT struct out name = OUT_FOR(o);

	out_format(&name, "  %c%c%c --%s%s%s", spec->letter ? '-' : ' ',
		spec->letter ? spec->letter : ' ', spec->letter ? ',' : ' ', spec->name,
		spec->argument ? "=" : "", spec->argument ? spec->argument : "");
	page_line(&page, 0, HELP_INDENT);
	put_padded(o, out_string(&name) ? name.buffer : "", HELP_INDENT - 2);
	out_text(o, "  ");
	page.column = HELP_INDENT;
	page_words(&page, spec->help);
	page_end(&page);
}

static void put_commands(struct out *o, const struct command *const *commands)
{
	out_text(o, "\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++) {
		out_text(o, "  ");
		put_padded(o, (*c)->name, 8);
		put_padded(o, (*c)->arguments, 18);
		out_format(o, "  %s\n", (*c)->help);
	}
}

void help_write(struct out *o, const struct options *options)
{
	const struct command *command = options->command;

	out_format(o, "Usage: portscope %s\n", command->usage);
	out_text(o, command->about);
	out_text(o, "\nOptions:\n");
	for (const struct option_spec *option = command->options; option->name; option++)
		if (option->kind != OPTION_REFUSED)
			put_option(o, option);
	if (command == options->commands[0])
		put_commands(o, options->commands);
	out_text(o, command->closing);
	out_text(o, "See portscope(1) for details.\n");
}

void version_write(struct out *o)
{
	out_text(o, "portscope " PORTSCOPE_VERSION "\n");
}

static void put_fields(struct out *o, bool of_finding)
{
	for (unsigned id = 0; id < PORTSCOPE_FIELDS; id++) {
		const struct portscope_field *field = portscope_field_at(id);

		if (field->of_finding != of_finding)
			continue;
		put_padded(o, field->name, 16);
		put_padded(o, field->title, 12);
		out_format(o, "%s\n", field->help);
	}
}

void socket_fields_write(struct out *o)
{
	put_fields(o, false);
}

void finding_fields_write(struct out *o)
{
	put_fields(o, true);
	put_fields(o, false);
}
