/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wrapping. */
#include "cli/page.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/text.h"

static void put_blanks(struct page *p, unsigned n)
{
	out_blanks(p->out, n);
	p->column += n;
}

static void break_line(struct page *p)
{
	out_char(p->out, '\n');
	p->column = 0;
	p->space = false;
}

void page_end(struct page *p)
{
	if (p->column)
		break_line(p);
}

void page_line(struct page *p, unsigned start, unsigned indent)
{
	page_end(p);
	p->indent = indent;
	put_blanks(p, start);
}

static void put_word(struct page *p, const char *word, size_t length)
{
	AUTO_OUT struct out visible = OUT_FOR(p->out);
	size_t columns = text_visible(&visible, word, length);

	if (p->column > p->indent && p->column + p->space + columns > p->width) {
		break_line(p);
		put_blanks(p, p->indent);
	}
	if (p->space)
		put_blanks(p, 1);
	out_bytes(p->out, visible.buffer, visible.used);
	p->column += columns;
	p->space = true;
}

void page_words(struct page *p, const char *text)
{
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		put_word(p, text, length);
		text += length;
	}
}

void page_format(struct page *p, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	page_words(p, text);
}

void page_cell(struct page *p, const char *text, unsigned column)
{
	page_words(p, text);
	put_blanks(p, column > p->column + 2 ? column - p->column : 2);
	p->space = false;
}
