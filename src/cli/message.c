/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages. */
#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

/*
 * What is to be said is often that there is no memory: a line is put together in this room, and
 * nothing is allocated. It is written at once, unless it is longer.
 */
#define ROOM 8192

static void begin(struct out *out, char *room)
{
	*out = (struct out){.fd = STDERR_FILENO, .buffer = room, .size = ROOM, .fixed = true};
	out_text(out, "portscope: ");
}

static void end(struct out *out)
{
	/* A character whose width could not be asked for ends the line early, and not the message.
	 */
	out->error = 0;
	out_char(out, '\n');
	out_flush(out);
}

void message(const char *format, ...)
{
	char room[ROOM], text[ROOM / 2];
	AUTO_OUT struct out out;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin(&out, room);
	text_visible(&out, text, MIN((size_t)MAX(length, 0), sizeof(text) - 1));
	end(&out);
}

void message_lines(const char *text)
{
	size_t left = strlen(text);
	AUTO_OUT struct out out;
	char room[ROOM];

	begin(&out, room);
	for (size_t n; left; text += n, left -= n) {
		n = MIN(left, (size_t)ROOM / 2);
		out_bytes(&out, text, n);
	}
	end(&out);
}
