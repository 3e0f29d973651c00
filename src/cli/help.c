/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help, --version and --list-fields. */
#include "cli/help.h"

#include "cli/options.h"

static void put_padded(struct out *o, const char *text, size_t width)
{
	out_text(o, text);
	if (strlen(text) < width)
		out_blanks(o, width - strlen(text));
}

static void put_option(struct out *o, const struct option_spec *spec)
{
	AUTO_OUT struct out name = {.fd = -1};

	out_format(&name, "  %c%c%c --%s%s%s", spec->letter ? '-' : ' ',
		spec->letter ? spec->letter : ' ', spec->letter ? ',' : ' ', spec->name,
		spec->argument ? "=" : "", spec->argument ? spec->argument : "");
	out_char(&name, 0);
	put_padded(o, name.buffer ? name.buffer : "", 24);
	out_format(o, "  %s\n", spec->help);
}

static void put_commands(struct out *o)
{
	out_text(o, "\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++) {
		out_text(o, "  ");
		put_padded(o, (*c)->name, 8);
		put_padded(o, (*c)->arguments, 18);
		out_format(o, "  %s\n", (*c)->help);
	}
}

void help_write(struct out *o, const struct command *command)
{
	out_format(o, "Usage: portscope %s\n", command->usage);
	out_text(o, command->about);
	out_text(o, "\nOptions:\n");
	for (size_t i = 0; option_at(i); i++)
		if (option_at(i)->commands & command->bit)
			put_option(o, option_at(i));
	if (command == commands[0])
		put_commands(o);
	out_text(o, command->closing);
	out_text(o, "The manual has more: man portscope\n");
}

void version_write(struct out *o)
{
	out_text(o, "portscope " PORTSCOPE_VERSION "\n");
}

void fields_write(struct out *o)
{
	const struct portscope_field *field;

	for (unsigned id = 0; (field = portscope_field_at(id)); id++) {
		put_padded(o, field->name, 16);
		put_padded(o, field->title, 12);
		out_format(o, "%s\n", field->help);
	}
}
