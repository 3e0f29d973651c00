/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the words of --columns and --sort to ids of fields. */
#include "cli/columns.h"

#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/suggest.h"

/* The fields that a command can be asked for. */
struct known {
	const char *option;
	bool findings; /**< those of a finding too */
};

static const char *see_fields(const struct known *known)
{
	return known->findings ? "portscope audit --list-fields" : "portscope --list-fields";
}

/* The title of a column is what a reader saw, so it leads to the name as well. */
static void unknown_field(const struct known *known, const char *name)
{
	const char *words[2 * PORTSCOPE_FIELDS];
	const char *near;
	size_t n = 0;

	if (!*name) {
		message("%s: a name is missing; %s names the fields", known->option,
			see_fields(known));
		return;
	}
	for (unsigned id = 0; id < PORTSCOPE_FIELDS; id++) {
		if (portscope_field_at(id)->of_finding && !known->findings)
			continue;
		words[n++] = portscope_field_at(id)->name;
		words[n++] = portscope_field_at(id)->title;
	}
	near = suggest(name, words, n);
	for (size_t i = 0; near && i < n; i += 2)
		if (near == words[i + 1])
			near = words[i];
	if (near)
		message("%s: there is no field '%s'; did you mean %s?", known->option, name, near);
	else
		message("%s: there is no field '%s'; %s names them all", known->option, name,
			see_fields(known));
}

/* The id of the field that starts a list, or -1 after a message. */
static int parse_field(const struct known *known, const char *list)
{
	char name[64];
	int id;

	snprintf(name, sizeof(name), "%.*s", (int)MIN(strcspn(list, ","), sizeof(name) - 1), list);
	id = portscope_field_find(name);
	if (id < 0) {
		unknown_field(known, name);
		return -1;
	}
	if (portscope_field_at(id)->of_finding && !known->findings) {
		message("%s: only a finding has the field '%s': portscope audit %s=%s",
			known->option, name, known->option, name);
		return -1;
	}
	return id;
}

/* What follows the first comma of a list, or NULL. */
static const char *next_in_list(const char *list)
{
	const char *comma = strchr(list, ',');

	return comma ? comma + 1 : NULL;
}

static bool is_among(uint16_t id, const uint16_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A field that is there already is not added: in JSON its key must not stand twice. */
static int add_columns(struct columns *c, const struct known *known, const char *text)
{
	for (; text; text = next_in_list(text)) {
		int id = parse_field(known, text);

		if (id < 0)
			return STATUS_USAGE;
		if (!is_among(id, c->ids, c->n))
			c->ids[c->n++] = id;
	}
	return 0;
}

static int choose_sort(struct columns *c, const struct known *known, const char *text)
{
	for (; text; text = next_in_list(text)) {
		bool descending = *text == '-';
		int id = parse_field(known, text + descending);

		if (id < 0)
			return STATUS_USAGE;
		if (c->n_sort == ARRAY_SIZE(c->sort)) {
			message("--sort: more than %zu fields", ARRAY_SIZE(c->sort));
			return STATUS_USAGE;
		}
		c->sort[c->n_sort++] = (struct portscope_sort){id, descending};
	}
	return 0;
}

size_t columns_of_format(const struct format *format, bool findings, uint16_t *ret)
{
	size_t n = 0;

	for (unsigned id = 0; findings && format->answers && id < PORTSCOPE_FIELDS; id++)
		if (portscope_field_at(id)->of_answer)
			ret[n++] = id;
	/* SARIF has members of its own for what it reads. */
	for (unsigned id = 0; findings && !format->n_reads && id < PORTSCOPE_FIELDS; id++)
		if (portscope_field_at(id)->of_finding)
			ret[n++] = id;
	for (unsigned id = 0; id < PORTSCOPE_FIELDS; id++)
		if (portscope_field_at(id)->in_json)
			ret[n++] = id;
	return n;
}

int columns_choose(struct columns *c, const struct options *options, bool findings,
	const uint16_t *defaults, size_t n)
{
	const char *asked = options->columns;
	struct known known = {"--columns", findings};
	int r = 0;

	if (!asked || *asked == '+') {
		memcpy(c->ids, defaults, n * sizeof(*defaults));
		c->n = c->n_default = n;
	}
	if (asked)
		r = add_columns(c, &known, asked + (*asked == '+'));
	c->n_read = c->n;
	known.option = "--sort";
	return r ? r : choose_sort(c, &known, options->sort);
}

void columns_show(struct columns *c, uint16_t field)
{
	if (is_among(field, c->ids, c->n))
		return;
	c->ids[c->n++] = field;
	c->n_read = c->n;
}

void columns_read(struct columns *c, uint16_t field)
{
	if (!is_among(field, c->ids, c->n_read))
		c->ids[c->n_read++] = field;
}
