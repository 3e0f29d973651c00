/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from outside: what is escaped and how, in tables and in JSON; widths; cutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <locale.h>
#include <stdio.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "util/text.h"

struct text_case {
	const char *text;
	size_t length; /**< 0: up to the NUL */
	const char *visible;
	size_t columns;
	const char *json;
};

#define LITERAL(text) text, sizeof(text) - 1

static const struct text_case cases[] = {
	{LITERAL(""), "", 0, ""},
	{LITERAL("nginx: worker"), "nginx: worker", 13, "nginx: worker"},
	{LITERAL("a\\b"), "a\\\\b", 4, "a\\\\b"},
	{LITERAL("\"x\""), "\"x\"", 3, "\\\"x\\\""},
	/* Control characters and DEL. */
	{LITERAL("a\0b"), "a\\x00b", 6, "a\\u0000b"},
	{LITERAL("\t\n\r"), "\\x09\\x0a\\x0d", 12, "\\u0009\\u000a\\u000d"},
	{LITERAL("\x1b[31m"), "\\x1b[31m", 8, "\\u001b[31m"},
	{LITERAL("\x7f"), "\\x7f", 4, "\\u007f"},
	/* C1: CSI in one character, and NEL; as a bare byte it is no UTF-8 at all. */
	{LITERAL("\xc2\x9b"), "\\xc2\\x9b", 8, "\\u009b"},
	{LITERAL("\xc2\x85"), "\\xc2\\x85", 8, "\\u0085"},
	{LITERAL("\x9b"), "\\x9b", 4, "\\\\x9b"},
	/* Bidirectional and zero-width. */
	{LITERAL("\xe2\x80\xae"), "\\xe2\\x80\\xae", 12, "\\u202e"},
	{LITERAL("\xe2\x81\xa6"), "\\xe2\\x81\\xa6", 12, "\\u2066"},
	{LITERAL("\xe2\x80\x8b"), "\\xe2\\x80\\x8b", 12, "\\u200b"},
	{LITERAL("\xef\xbb\xbf"), "\\xef\\xbb\\xbf", 12, "\\ufeff"},
	{LITERAL("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81", 16, "\\udb40\\udc41"},
	/* Invalid: a lone continuation, a cut one, overlong, surrogates, beyond the last. */
	{LITERAL("\x80"), "\\x80", 4, "\\\\x80"},
	{LITERAL("\xe2\x82"), "\\xe2\\x82", 8, "\\\\xe2\\\\x82"},
	{LITERAL("\xc0\xaf"), "\\xc0\\xaf", 8, "\\\\xc0\\\\xaf"},
	{LITERAL("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", 12, "\\\\xe0\\\\x80\\\\xaf"},
	{LITERAL("\xed\xa0\x80"), "\\xed\\xa0\\x80", 12, "\\\\xed\\\\xa0\\\\x80"},
	{LITERAL("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", 16, "\\\\xf4\\\\x90\\\\x80\\\\x80"},
	{LITERAL("\xff\xfe"), "\\xff\\xfe", 8, "\\\\xff\\\\xfe"},
	{LITERAL("\xc3("), "\\xc3(", 5, "\\\\xc3("},
	/* Good UTF-8 stays, with the width it has: narrow, wide, combining. */
	{LITERAL("na\xc3\xafve"), "na\xc3\xafve", 5, "na\xc3\xafve"},
	{LITERAL("\xe6\xbc\xa2\xe5\xad\x97"), "\xe6\xbc\xa2\xe5\xad\x97", 4,
		"\xe6\xbc\xa2\xe5\xad\x97"},
	{LITERAL("e\xcc\x81"), "e\xcc\x81", 1, "e\xcc\x81"},
	{LITERAL("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", 2, "\xf0\x9f\x98\x80"},
};

static void assert_holds(const struct out *o, const char *expected)
{
	assert_int_equal(o->used, strlen(expected));
	assert_memory_equal(o->buffer ? o->buffer : "", expected, o->used);
}

static void test_visible(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_OUT struct out o = {.fd = -1};

		assert_int_equal(
			text_visible(&o, cases[i].text, cases[i].length), cases[i].columns);
		assert_holds(&o, cases[i].visible);
	}
}

static void test_json(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_OUT struct out o = {.fd = -1};

		text_json(&o, cases[i].text, cases[i].length);
		assert_holds(&o, cases[i].json);
	}
}

static size_t encode(uint32_t c, char *ret)
{
	if (c < 0x80)
		return ret[0] = (char)c, 1;
	if (c < 0x800)
		return ret[0] = (char)(0xc0 | c >> 6), ret[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return ret[0] = (char)(0xe0 | c >> 12), ret[1] = (char)(0x80 | (c >> 6 & 63)),
		       ret[2] = (char)(0x80 | (c & 63)), 3;
	return ret[0] = (char)(0xf0 | c >> 18), ret[1] = (char)(0x80 | (c >> 12 & 63)),
	       ret[2] = (char)(0x80 | (c >> 6 & 63)), ret[3] = (char)(0x80 | (c & 63)), 4;
}

/* Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), its Bidi_Control and Zl, Zp:
 * whatever is invisible or reorders its neighbours. */
static void test_nothing_invisible(void **state)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c},
		{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3},
		{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++) {
			AUTO_OUT struct out o = {.fd = -1}, json = {.fd = -1};
			char text[4];
			size_t n = encode(c, text);

			text_visible(&o, text, n);
			if (o.used != 4 * n || o.buffer[0] != '\\')
				fail_msg("U+%04X reaches the terminal", c);
			text_json(&json, text, n);
			if (json.buffer[0] != '\\' || json.buffer[1] != 'u')
				fail_msg("U+%04X reaches JSON as it is", c);
		}
}

/* Whatever the locale of the program is: what is written is UTF-8. */
static void test_plain_locale(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};

	assert_non_null(setlocale(LC_ALL, "C"));
	assert_int_equal(text_visible(&o, "\xc3\xaf", 2), 1);
	assert_holds(&o, "\xc3\xaf");
	assert_string_equal(setlocale(LC_ALL, NULL), "C");
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		size_t columns, kept, used;
	} cuts[] = {
		{"", 5, 0, 0},
		{"abc", 0, 0, 0},
		{"abc", 2, 2, 2},
		{"abc", 3, 3, 3},
		{"abc", 9, 3, 3},
		/* A wide character is kept whole or not at all. */
		{"\xe6\xbc\xa2\xe5\xad\x97", 3, 3, 2},
		{"\xe6\xbc\xa2\xe5\xad\x97", 4, 6, 4},
		{"\xe6\xbc\xa2", 1, 0, 0},
		/* A combining one stays with what it belongs to. */
		{"e\xcc\x81x", 1, 3, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		AUTO_OUT struct out o = {.fd = -1};
		size_t used = 99;

		assert_int_equal(
			text_cut(&o, cuts[i].text, strlen(cuts[i].text), cuts[i].columns, &used),
			cuts[i].kept);
		assert_int_equal(used, cuts[i].used);
	}
}

/* What it takes to measure text is loaded once, while files can still be opened. */
static void test_locale_is_kept(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};
	struct rlimit before, none;
	size_t columns, kept, used;

	assert_int_equal(text_visible(&o, "\xe6\xbc\xa2", 3), 2);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	columns = text_visible(&o, "\xe5\xad\x97", 3);
	kept = text_cut(&o, "\xe5\xad\x97x", 4, 2, &used);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(columns, 2);
	assert_int_equal(kept, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nothing_invisible),
		cmocka_unit_test(test_plain_locale),
		cmocka_unit_test(test_cut),
	};

	/* As the program is: once setlocale() has loaded a locale, it stays. */
	const struct CMUnitTest first[] = {cmocka_unit_test(test_locale_is_kept)};

	if (cmocka_run_group_tests(first, NULL, NULL) || !setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
