/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prose for a reader: words that wrap, with an indentation that hangs. */
#ifndef PORTSCOPE_CLI_PAGE_H
#define PORTSCOPE_CLI_PAGE_H

#include "util/out.h"

struct page {
	struct out *out;
	unsigned width;  /**< columns of a line */
	unsigned indent; /**< of the lines that follow */
	unsigned column; /**< where the next word goes */
	bool space;      /**< one is due before the next word */
};

/** Starts a line at `start` columns, whose followers begin at `indent`. */
void page_line(struct page *p, unsigned start, unsigned indent);
/** Writes words, escaped; a line that is full is broken between two. */
void page_words(struct page *p, const char *text);
/** The same for text that is put together; at most 1023 bytes. */
void page_format(struct page *p, const char *format, ...) PRINTF_LIKE(2, 3);
/** Writes words and goes to `column` at least, with two blanks between. */
void page_cell(struct page *p, const char *text, unsigned column);
/** Ends the last line. */
void page_end(struct page *p);

#endif
