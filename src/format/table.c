/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table. For a program that reads it, it looks at every row twice, first to measure and then to
 * write, because keeping the text of all cells would cost more memory than the sockets themselves;
 * for a reader it is a screen's (screen.c).
 */
#include "format/format.h"

#include "format/paint.h"
#include "format/screen.h"
#include "format/text.h"

#define GAP 2

static const struct portscope_field *field_of(const struct printer *p, size_t column)
{
	return portscope_field_at(p->listing->columns[column]);
}

static void fail(struct printer *p, int r)
{
	if (r < 0 && !p->out->error)
		p->out->error = r;
}

static void table_begin(struct printer *p)
{
	p->scratch = (struct out)OUT_FOR(p->out);
	for (size_t i = 0; i < p->listing->n_columns; i++)
		p->widths[i] = p->listing->no_header ? 1 : strlen(field_of(p, i)->title);
	if (p->listing->screen)
		fail(p, screen_open(p->listing, &p->screen));
}

static void table_measure(struct printer *p, const struct portscope_row *row)
{
	/* A row that did not fit into memory ends the table: what came after it would be shifted.
	 */
	if (p->screen && !p->out->error)
		fail(p, screen_add(p->screen, row));
	for (size_t i = 0; i < p->listing->n_columns && !p->listing->screen; i++) {
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

static void put_header(struct printer *p)
{
	size_t last = p->listing->n_columns - 1;
	enum paint paint = p->listing->colour ? PAINT_BOLD : PAINT_NONE;

	paint_begin(p->out, paint);
	for (size_t i = 0; i <= last; i++) {
		const struct portscope_field *field = field_of(p, i);
		size_t blanks = p->widths[i] - strlen(field->title);

		out_blanks(p->out, field->right ? blanks : 0);
		out_text(p->out, field->title);
		if (i < last)
			out_blanks(p->out, GAP + (field->right ? 0 : blanks));
	}
	paint_end(p->out, paint);
	out_char(p->out, '\n');
}

static void put_cell(struct printer *p, size_t column, const struct portscope_row *row)
{
	size_t width = p->widths[column], used;
	bool right = field_of(p, column)->right;
	enum paint paint = PAINT_NONE;
	struct portscope_value value;

	portscope_get(row, p->listing->columns[column], &value);
	if (p->listing->colour)
		paint = paint_cell(p->listing->columns[column], row, &value);
	/* What is aligned to the right is a number or `-`, whose width is known beforehand. */
	used = right ? text_bound(&value) : 0;
	if (used < width && right)
		out_blanks(p->out, width - used);
	paint_begin(p->out, paint);
	used = text_value(p->out, &value, TEXT_TABLE);
	paint_end(p->out, paint);
	if (column + 1 < p->listing->n_columns)
		out_blanks(p->out, GAP + (!right && used < width ? width - used : 0));
}

static void table_row(struct printer *p, const struct portscope_row *row)
{
	if (!p->rows++ && !p->listing->screen && !p->listing->no_header)
		put_header(p);
	if (p->listing->screen)
		return;
	for (size_t i = 0; i < p->listing->n_columns; i++)
		put_cell(p, i, row);
	out_char(p->out, '\n');
}

static void table_end(struct printer *p)
{
	if (p->screen && !p->out->error)
		fail(p, screen_write(p->screen, p->out, p->widths));
	else if (!p->screen && !p->rows && !p->listing->no_header)
		put_header(p);
	p->screen = screen_close(p->screen);
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
