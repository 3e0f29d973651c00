/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a wrong filter is shown: the message, the place, and a caret under it. */
#include "filter/filter.h"

#include <string.h>

/** Characters of a long filter that stand around the place of the error. */
#define WINDOW 64

/* One column a character, so that the caret stands where it should. */
static size_t write_plain(struct out *o, const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c & 0xc0) == 0x80)
			continue; /* the rest of a UTF-8 sequence */
		if (c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f')
			c = ' ';
		out_char(o, c < ' ' || c > '~' ? '?' : (char)c);
		columns++;
	}
	return columns;
}

void filter_error_write(const struct filter_error *error, const char *text, struct out *o)
{
	size_t total = strlen(text);
	size_t offset = MIN(error->offset, total);
	size_t start = offset > WINDOW / 2 ? offset - WINDOW / 2 : 0;
	size_t end = total - offset > WINDOW ? offset + WINDOW : total;
	size_t columns;

	/* A few characters more are not worth an ellipsis. */
	if (start <= 4)
		start = 0;
	if (total - end <= 4)
		end = total;
	out_text(o, error->message);
	out_text(o, "\n    ");
	columns = start ? 4 : 0;
	if (start)
		out_text(o, "... ");
	columns += write_plain(o, text + start, offset - start);
	write_plain(o, text + offset, end - offset);
	out_text(o, end < total ? " ...\n    " : "\n    ");
	out_blanks(o, columns);
	out_char(o, '^');
	for (size_t i = 1; i < MIN(error->length, end - offset); i++)
		if (((unsigned char)text[offset + i] & 0xc0) != 0x80)
			out_char(o, '~');
	if (*error->hint) {
		out_char(o, ' ');
		out_text(o, error->hint);
	}
}
