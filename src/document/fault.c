/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a document, in words. */
#include "document/read.h"

#include <stdarg.h>

#include "util/text.h"

int reader_fault(struct reader *reader, int code, const char *format, ...)
{
	AUTO_OUT struct out out = OUT_MEMORY;
	va_list args;
	int r;

	va_start(args, format);
	r = text_visible_format(&out, format, args);
	va_end(args);
	if (r < 0 || !out_string(&out))
		return MIN(r, out.error);
	free(reader->error);
	reader->error = STEAL(out.buffer);
	return code;
}

const char *read_kind(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}
