/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Escaping and measuring of text from outside. Widths are wcwidth(3)'s in the locale C.UTF-8, which
 * is loaded when the first character beyond ASCII comes along, as most listings have none, and kept
 * for the next ones: it is a file that is mapped.
 */
#include "util/text.h"

#include <stdio.h>
#include <time.h>
#include <wchar.h>

/* Decodes one character (RFC 3629); returns its length, or 0 where there is no valid one. */
static size_t utf8_decode(const char *text, size_t length, uint32_t *ret)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80       ? 1
		   : p[0] >> 5 == 6  ? 2
		   : p[0] >> 4 == 14 ? 3
		   : p[0] >> 3 == 30 ? 4
				     : 0;
	uint32_t c;

	if (!n || n > length)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/* Characters that move the cursor, hide themselves or reorder their neighbours. */
static bool is_deceptive(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x34f || c == 0x61c ||
	       c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
	       (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
	       (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
	       (c >= 0x1bca0 && c <= 0x1bca3) || (c >= 0x1d173 && c <= 0x1d17a) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* Terminal columns of a character; negative for one that cannot be shown. */
static int width_of(struct out *o, uint32_t c)
{
	locale_t before;
	int width;

	if (c < 0x80)
		return c < 0x20 || c == 0x7f ? -1 : 1;
	if (!o->locale)
		o->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!o->locale) {
		if (errno == ENOMEM)
			out_fail(o, -ENOMEM);
		return 1;
	}
	before = uselocale(o->locale);
	width = wcwidth(c);
	uselocale(before);
	return width;
}

static void put_byte_escape(struct out *o, unsigned char byte)
{
	const char *hex = "0123456789abcdef";
	char escape[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

	out_bytes(o, escape, sizeof(escape));
}

static size_t plain_run(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[n] >= 0x20 && text[n] < 0x7f && text[n] != '\\' && text[n] != '"')
		n++;
	return n;
}

size_t text_visible(struct out *o, const char *text, size_t length)
{
	size_t columns = 0;

	while (length) {
		size_t n = plain_run(text, length);
		uint32_t c;
		int width;

		if (n) {
			out_bytes(o, text, n);
			columns += n;
		} else if (*text == '"' || *text == '\\') {
			n = 1;
			out_text(o, *text == '"' ? "\"" : "\\\\");
			columns += *text == '"' ? 1 : 2;
		} else {
			n = utf8_decode(text, length, &c);
			width = n && !is_deceptive(c) ? width_of(o, c) : -1;
			if (n && width >= 0) {
				out_bytes(o, text, n);
				columns += width;
			} else {
				n = MAX(n, (size_t)1);
				for (size_t i = 0; i < n; i++)
					put_byte_escape(o, text[i]);
				columns += 4 * n;
			}
		}
		text += n;
		length -= n;
	}
	return columns;
}

int text_visible_format(struct out *o, const char *format, va_list args)
{
	char *text;
	int length = vasprintf(&text, format, args);

	if (length < 0) {
		out_fail(o, -ENOMEM);
		return o->error;
	}
	text_visible(o, text, length);
	free(text);
	return o->error;
}

static void put_json_escape(struct out *o, uint32_t c)
{
	if (c >= 0x10000)
		out_format(o, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		out_format(o, "\\u%04x", c);
}

void text_json(struct out *o, const char *text, size_t length)
{
	while (length) {
		size_t n = plain_run(text, length);
		uint32_t c;

		if (n) {
			out_bytes(o, text, n);
		} else if (*text == '"' || *text == '\\') {
			n = 1;
			out_char(o, '\\');
			out_char(o, *text);
		} else {
			n = utf8_decode(text, length, &c);
			if (!n) {
				n = 1;
				out_char(o, '\\');
				put_byte_escape(o, *text);
			} else if (is_deceptive(c)) {
				put_json_escape(o, c);
			} else {
				out_bytes(o, text, n);
			}
		}
		text += n;
		length -= n;
	}
}

size_t text_cut(struct out *o, const char *text, size_t length, size_t columns, size_t *ret_columns)
{
	size_t kept = 0, used = 0;

	while (kept < length) {
		uint32_t c = 0;
		size_t n = utf8_decode(text + kept, length - kept, &c);
		int width = n ? width_of(o, c) : 1;

		if (width < 0)
			width = 1;
		if (used + width > columns)
			break;
		used += width;
		kept += MAX(n, (size_t)1);
	}
	*ret_columns = used;
	return kept;
}

size_t text_time(struct out *o, int64_t seconds)
{
	time_t t = seconds;
	struct tm tm;
	char text[40];
	size_t n = 0;

	if (gmtime_r(&t, &tm))
		n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	out_bytes(o, text, n);
	return n;
}
