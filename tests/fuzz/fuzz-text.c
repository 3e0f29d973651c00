/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of any bytes. What a terminal gets holds no control character and is UTF-8, what JSON gets
 * has nothing raw that would end the string, and a cut is never wider than asked.
 */
#include "fuzz.h"

#include <ctype.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "util/text.h"

/* The columns of text by the C library's own decoder; -1 where it holds what no terminal should
 * get. */
static ssize_t columns_of(const char *text, size_t length)
{
	mbstate_t state = {0};
	ssize_t columns = 0;

	while (length) {
		wchar_t c = 0;
		size_t n = mbrtowc(&c, text, length, &state);
		int width;

		if (!n || n > length)
			return -1;
		width = wcwidth(c);
		if (width < 0)
			return -1;
		columns += width;
		text += n;
		length -= n;
	}
	return columns;
}

static void check_visible(const char *text, size_t length)
{
	AUTO_OUT struct out o = {.fd = -1};
	size_t columns = text_visible(&o, text, length);

	HOLDS(!o.error);
	HOLDS(columns_of(o.buffer, o.used) == (ssize_t)columns);
	for (size_t width = 0; width <= columns + 1; width += 1 + width / 8) {
		size_t cut_columns;
		size_t kept = text_cut(&o, o.buffer, o.used, width, &cut_columns);

		HOLDS(kept <= o.used);
		HOLDS(cut_columns <= width);
		HOLDS(columns_of(o.buffer, kept) == (ssize_t)cut_columns);
		/* Nothing is cut that fits, and one more wide character would not fit. */
		HOLDS(width < columns ? cut_columns + 1 >= width : kept == o.used);
	}
}

static void check_json(const char *text, size_t length)
{
	AUTO_OUT struct out o = {.fd = -1};

	text_json(&o, text, length);
	HOLDS(!o.error);
	for (size_t i = 0; i < o.used; i++) {
		HOLDS((unsigned char)o.buffer[i] >= 0x20 && o.buffer[i] != 0x7f);
		HOLDS(o.buffer[i] != '"');
		if (o.buffer[i] != '\\')
			continue;
		i++;
		HOLDS(i < o.used && strchr("\"\\u", o.buffer[i]));
		for (size_t k = 1; k <= 4 && o.buffer[i] == 'u'; k++)
			HOLDS(i + k < o.used && isxdigit((unsigned char)o.buffer[i + k]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HOLDS(setlocale(LC_CTYPE, "C.UTF-8"));
	check_visible((const char *)data, size);
	check_json((const char *)data, size);
	return 0;
}
