/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CSV (RFC 4180, with the line ends of this system) for spreadsheets. A cell that a spreadsheet
 * would take for a formula gets an apostrophe in front.
 */
#include "format/format.h"

#include "format/text.h"

static void put_cell(struct out *o, const char *text, size_t length)
{
	bool formula = length && strchr("=+-@", text[0]);
	bool quoted = false;

	for (size_t i = 0; i < length && !quoted; i++)
		quoted = strchr(",\"\n", text[i]) != NULL;
	if (quoted)
		out_char(o, '"');
	if (formula)
		out_char(o, '\'');
	for (size_t i = 0; quoted && i < length; i++) {
		if (text[i] == '"')
			out_char(o, '"');
		out_char(o, text[i]);
	}
	if (quoted)
		out_char(o, '"');
	else
		out_bytes(o, text, length);
}

static void csv_begin(struct printer *p)
{
	p->scratch = (struct out)OUT_FOR(p->out);
	for (size_t i = 0; i < p->listing->n_columns && !p->listing->no_header; i++) {
		if (i)
			out_char(p->out, ',');
		out_text(p->out, portscope_field_at(p->listing->columns[i])->name);
	}
	if (!p->listing->no_header)
		out_char(p->out, '\n');
}

static void csv_row(struct printer *p, const struct portscope_row *row)
{
	p->rows++;
	for (size_t i = 0; i < p->listing->n_columns; i++) {
		struct portscope_value value;

		if (i)
			out_char(p->out, ',');
		portscope_get(row, p->listing->columns[i], &value);
		p->scratch.used = 0;
		text_value(&p->scratch, &value, TEXT_PLAIN);
		put_cell(p->out, p->scratch.buffer, p->scratch.used);
	}
	out_char(p->out, '\n');
}

static void csv_end(struct printer *p)
{
	out_done(&p->scratch);
}

const struct format format_csv = {
	.name = "csv",
	.any_order = true,
	.all_fields = true,
	.answers = true,
	.begin = csv_begin,
	.row = csv_row,
	.end = csv_end,
};
