/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from outside: names of processes, users, units, files. Anybody may choose their bytes, so
 * nothing of it reaches a terminal, a CSV file or a JSON document unescaped.
 */
#ifndef PORTSCOPE_UTIL_TEXT_H
#define PORTSCOPE_UTIL_TEXT_H

#include <stdarg.h>

#include "util/out.h"

/**
 * Writes text for a reader: control, DEL, C1, bidirectional and zero-width characters and bytes
 * that are not UTF-8 as `\x1b`, a backslash as `\\`. Returns the number of terminal columns.
 */
size_t text_visible(struct out *o, const char *text, size_t length);

/** The same for text that is put together; -ENOMEM at worst. */
int text_visible_format(struct out *o, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/** Writes the inside of a JSON string: valid UTF-8 exactly, other bytes as a visible `\x1b`. */
void text_json(struct out *o, const char *text, size_t length);

/**
 * Cuts visible text (as text_visible() wrote it) to at most `columns` terminal columns: returns
 * the number of bytes to keep and in `ret_columns` what they take. Nothing is written to `o`: it
 * measures, as it did for text_visible().
 */
size_t text_cut(
	struct out *o, const char *text, size_t length, size_t columns, size_t *ret_columns);

/** Writes a time, seconds since the epoch, as RFC 3339 has it, in UTC; returns its width. */
size_t text_time(struct out *o, int64_t time);

#endif
