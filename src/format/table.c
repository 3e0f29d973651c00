/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table. It looks at every row twice, first to measure and then to write, because keeping the
 * text of all cells would cost more memory than the sockets themselves.
 */
#include "format/format.h"

#include "format/text.h"
#include "util/text.h"

#define GAP 2
/* Below these widths nothing is cut: a process with its pid, an IPv4 address with its port. */
#define NARROWEST_NAME     16
#define NARROWEST_SCRAP    8 /* when all else is not enough */
#define NARROWEST_ENDPOINT 21
#define COLOUR_FAINT       "\033[2m"
#define COLOUR_OFF         "\033[0m"

static const struct portscope_field *field_of(const struct printer *p, size_t column)
{
	return portscope_field_at(p->listing->columns[column]);
}

static void table_begin(struct printer *p)
{
	p->scratch = (struct out)OUT_FOR(p->out);
	for (size_t i = 0; i < p->listing->n_columns; i++)
		p->widths[i] = p->listing->no_header ? 1 : strlen(field_of(p, i)->title);
}

static void table_measure(struct printer *p, const struct portscope_row *row)
{
	for (size_t i = 0; i < p->listing->n_columns; i++) {
		struct portscope_value value;
		size_t width;

		portscope_get(row, p->listing->columns[i], &value);
		if (text_bound(&value) <= p->widths[i])
			continue;
		p->scratch.used = 0;
		width = text_value(&p->scratch, &value, TEXT_TABLE);
		if (width > p->widths[i])
			p->widths[i] = width;
	}
}

static size_t total_width(const struct printer *p)
{
	size_t total = 0;

	for (size_t i = 0; i < p->listing->n_columns; i++)
		if (p->widths[i])
			total += p->widths[i] + GAP;
	return total ? total - GAP : 0;
}

/* The default column that gives way first, or -1. */
static int next_to_drop(const struct printer *p)
{
	int found = -1;

	for (size_t i = 0; i < p->listing->n_default; i++)
		if (p->widths[i] && field_of(p, i)->give_way &&
			(found < 0 || field_of(p, i)->give_way > field_of(p, found)->give_way))
			found = i;
	return found;
}

static bool is_endpoint(const struct portscope_field *field)
{
	return field->type == PORTSCOPE_ENDPOINT;
}

static bool is_name(const struct portscope_field *field)
{
	return field->type == PORTSCOPE_TEXT || field->type == PORTSCOPE_NAMES ||
	       field->type == PORTSCOPE_PROCESSES || field->type == PORTSCOPE_PIDS ||
	       field->type == PORTSCOPE_CONTAINER || field->type == PORTSCOPE_TEXTS;
}

/* The widest of the columns that `may_cut` names, or -1 when all are as narrow as they may be. */
static int next_to_cut(const struct printer *p,
	bool (*may_cut)(const struct portscope_field *field), unsigned narrowest)
{
	int found = -1;

	for (size_t i = 0; i < p->listing->n_columns; i++)
		if (p->widths[i] > narrowest && may_cut(field_of(p, i)) &&
			(found < 0 || p->widths[i] > p->widths[found]))
			found = i;
	return found;
}

/* Makes the table as narrow as the terminal: nothing may wrap. */
static void fit(struct printer *p)
{
	unsigned width = p->listing->width;
	int column;

	while (total_width(p) > width && (column = next_to_drop(p)) >= 0)
		p->widths[column] = 0;
	while (total_width(p) > width &&
		((column = next_to_cut(p, is_name, NARROWEST_NAME)) >= 0 ||
			(column = next_to_cut(p, is_endpoint, NARROWEST_ENDPOINT)) >= 0 ||
			(column = next_to_cut(p, is_name, NARROWEST_SCRAP)) >= 0))
		p->widths[column]--;
	/* At last whole columns go, from the right; those that somebody asked for stay longest. */
	for (size_t i = p->listing->n_default; i-- > 1 && total_width(p) > width;)
		p->widths[i] = 0;
	for (size_t i = p->listing->n_columns; i-- > 1 && total_width(p) > width;)
		p->widths[i] = 0;
}

static size_t last_column(const struct printer *p)
{
	size_t last = p->listing->n_columns;

	while (last && !p->widths[last - 1])
		last--;
	return last ? last - 1 : 0;
}

static void put_header(struct printer *p)
{
	size_t last = last_column(p);

	for (size_t i = 0; i <= last; i++) {
		const struct portscope_field *field = field_of(p, i);
		size_t length = MIN(strlen(field->title), (size_t)p->widths[i]);

		if (!p->widths[i])
			continue;
		if (field->right)
			out_blanks(p->out, p->widths[i] - length);
		out_bytes(p->out, field->title, length);
		if (i < last)
			out_blanks(p->out, GAP + (field->right ? 0 : p->widths[i] - length));
	}
	out_char(p->out, '\n');
}

/* Words that say how far something reaches or how bad it is. */
static const char *colour_of(const struct portscope_value *value)
{
	static const struct {
		const char *word;
		const char *colour;
	} colours[] = {
		{"any", "\033[33m"},
		{"public", "\033[31m"},
		{"loopback", COLOUR_FAINT},
	};

	if (value->known && value->type == PORTSCOPE_WORD && value->word.name)
		for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
			if (!strcmp(value->word.name, colours[i].word))
				return colours[i].colour;
	return NULL;
}

/* Cuts a cell to the width of its column; of an endpoint the port stays. Returns its new width. */
static size_t cut_cell(struct out *cell, size_t width, bool keep_port)
{
	const char *colon = keep_port ? memrchr(cell->buffer, ':', cell->used) : NULL;
	size_t tail = colon ? cell->buffer + cell->used - colon : 0;
	size_t kept, columns;
	char port[8];

	tail = tail < sizeof(port) && tail + 1 < width ? tail : 0;
	memcpy(port, cell->buffer + cell->used - tail, tail);
	kept = text_cut(cell, cell->buffer, cell->used - tail, width - 1 - tail, &columns);
	cell->used = kept;
	out_text(cell, "…");
	out_bytes(cell, port, tail);
	return columns + 1 + tail;
}

/* A cell that needs neither cutting nor colour, as most do; returns its width. */
static size_t put_plain_cell(
	struct printer *p, const struct portscope_value *value, size_t width, bool right)
{
	size_t bound = right ? text_bound(value) : 0;
	size_t written;

	/* What is aligned to the right is a number or `-`, whose width is known beforehand. */
	if (right && bound < width)
		out_blanks(p->out, width - bound);
	written = text_value(p->out, value, TEXT_TABLE);
	return right ? MAX(written, width) : written;
}

static size_t put_special_cell(
	struct printer *p, const struct portscope_value *value, size_t width, const char *colour)
{
	struct out *cell = &p->scratch;
	size_t used;

	cell->used = 0;
	used = text_value(cell, value, TEXT_TABLE);
	if (used > width)
		used = cut_cell(cell, width, value->type == PORTSCOPE_ENDPOINT);
	if (colour)
		out_text(p->out, colour);
	out_bytes(p->out, cell->buffer, cell->used);
	if (colour)
		out_text(p->out, COLOUR_OFF);
	return used;
}

static void put_cell(
	struct printer *p, size_t column, const struct portscope_value *value, bool last)
{
	const char *colour = p->listing->colour ? colour_of(value) : NULL;
	bool right = field_of(p, column)->right;
	size_t width = p->widths[column], used;

	/* Only a terminal's width makes a column narrower than its cells. */
	if (right || (!colour && !p->listing->width))
		used = put_plain_cell(p, value, width, right);
	else
		used = put_special_cell(p, value, width, colour);
	if (!last)
		out_blanks(p->out, GAP + (used < width ? width - used : 0));
}

static void table_row(struct printer *p, const struct portscope_row *row)
{
	size_t last;

	if (!p->rows++) {
		if (p->listing->width)
			fit(p);
		if (!p->listing->no_header)
			put_header(p);
	}
	last = last_column(p);
	for (size_t i = 0; i <= last; i++) {
		struct portscope_value value;

		if (!p->widths[i])
			continue;
		portscope_get(row, p->listing->columns[i], &value);
		put_cell(p, i, &value, i == last);
	}
	out_char(p->out, '\n');
}

static void table_end(struct printer *p)
{
	if (!p->rows && !p->listing->no_header) {
		if (p->listing->width)
			fit(p);
		put_header(p);
	}
	out_done(&p->scratch);
}

const char *table_left_out(const struct printer *p, size_t *position)
{
	while (*position < p->listing->n_columns)
		if (!p->widths[(*position)++])
			return field_of(p, *position - 1)->title;
	return NULL;
}

const struct format format_table = {
	.name = "table",
	.begin = table_begin,
	.measure = table_measure,
	.row = table_row,
	.end = table_end,
};
