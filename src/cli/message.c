/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages. */
#include "cli/message.h"

#include <stdarg.h>

#include "util/text.h"

void message(const char *format, ...)
{
	AUTO_OUT struct out out = {.fd = -1};
	va_list args;

	out_init(&out, STDERR_FILENO);
	out_text(&out, "portscope: ");
	va_start(args, format);
	text_visible_format(&out, format, args);
	va_end(args);
	out_char(&out, '\n');
	out_flush(&out);
}

void message_lines(const char *text)
{
	AUTO_OUT struct out out = {.fd = -1};

	out_init(&out, STDERR_FILENO);
	out_text(&out, "portscope: ");
	out_text(&out, text);
	out_char(&out, '\n');
	out_flush(&out);
}
