/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output buffer, and the number formatting that a listing spends its time in. */
#include "util/out.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

/* Large enough that write(2) costs nothing beside the formatting, small enough for the cache. */
#define OUT_BLOCK 65536

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

void out_init(struct out *o, int fd)
{
	*o = (struct out){.fd = fd};
}

void out_fail(struct out *o, int error)
{
	for (; o && !o->error; o = o->target)
		o->error = error;
}

void out_done(struct out *o)
{
	if (!o->fixed)
		free(o->buffer);
	if (o->locale)
		freelocale(o->locale);
	*o = (struct out){.fd = -1};
}

int out_flush(struct out *o)
{
	size_t done = 0;

	while (!o->error && o->fd >= 0 && done < o->used) {
		ssize_t n = write(o->fd, o->buffer + done, o->used - done);

		if (n >= 0)
			done += n;
		else if (errno == EAGAIN)
			/* Somebody else may have made the pipe non-blocking: wait all the same.
			 */
			poll(&(struct pollfd){.fd = o->fd, .events = POLLOUT}, 1, -1);
		else if (errno != EINTR)
			out_fail(o, -errno);
	}
	if (o->fd >= 0)
		o->used = 0;
	return o->error;
}

char *out_room(struct out *o, size_t n)
{
	char *grown;
	size_t size;

	if (o->error)
		return NULL;
	if (o->size - o->used >= n)
		return o->buffer + o->used;
	if (o->fd >= 0 && out_flush(o) < 0)
		return NULL;
	if (o->size - o->used >= n)
		return o->buffer + o->used;
	size = MAX(o->fd >= 0 ? (size_t)OUT_BLOCK : 2 * o->size + 64, o->used + n);
	grown = o->fixed ? NULL : realloc(o->buffer, size);
	if (!grown) {
		out_fail(o, -ENOMEM);
		return NULL;
	}
	o->buffer = grown;
	o->size = size;
	return o->buffer + o->used;
}

const char *out_string(struct out *o)
{
	char *end = o->error ? NULL : out_reserve(o, 1);

	if (!end)
		return NULL;
	*end = '\0';
	return o->buffer;
}

size_t out_digits(char *room, uint64_t number)
{
	size_t n = out_number_width(number);
	char *p = room + n;

	while (number >= 100) {
		p -= 2;
		memcpy(p, digit_pairs + 2 * (number % 100), 2);
		number /= 100;
	}
	if (number >= 10)
		memcpy(p - 2, digit_pairs + 2 * number, 2);
	else
		p[-1] = '0' + number;
	return n;
}

size_t out_hex(struct out *o, uint64_t number)
{
	char text[16];
	char *p = text + sizeof(text);

	do {
		*--p = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	out_bytes(o, p, text + sizeof(text) - p);
	return text + sizeof(text) - p;
}

void out_format(struct out *o, const char *format, ...)
{
	char text[1024];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length > 0)
		out_bytes(o, text, MIN((size_t)length, sizeof(text) - 1));
}
