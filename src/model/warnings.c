/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of warnings of one answer. */
#include "model/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
int warnings_add(struct warnings *w, enum warning_kind kind, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	struct portscope_warning *added;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		text = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->count; i++)
		if (!strcmp(w->items[i].text, text)) {
			/* The heavier kind of the two stays. */
			w->items[i].incomplete |= kind == WARNING_INCOMPLETE;
			w->items[i].detail &= kind == WARNING_DETAIL;
			return 0;
		}
	added = ARRAY_ADD(w->items, w->count);
	if (!added)
		return -ENOMEM;
	*added = (struct portscope_warning){
		.text = STEAL(text),
		.incomplete = kind == WARNING_INCOMPLETE,
		.detail = kind == WARNING_DETAIL,
	};
	return 0;
}

int warnings_append(struct warnings *w, const struct warnings *more)
{
	int r = 0;

	for (size_t i = 0; i < more->count && r >= 0; i++)
		r = warnings_add(w,
			more->items[i].incomplete ? WARNING_INCOMPLETE
			: more->items[i].detail   ? WARNING_DETAIL
						  : WARNING_NOTE,
			"%s", more->items[i].text);
	return r;
}

int warnings_miss(struct warnings *w, int error, const char *what)
{
	if (error == -ENOMEM)
		return error;
	return warnings_add(w, error == -ENOENT ? WARNING_NOTE : WARNING_INCOMPLETE,
		"%s could not be read: %s", what, strerror(-error));
}

bool warnings_incomplete(const struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->items[i].incomplete)
			return true;
	return false;
}

void warnings_done(struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free((char *)w->items[i].text);
	free(w->items);
	*w = (struct warnings){0};
}
