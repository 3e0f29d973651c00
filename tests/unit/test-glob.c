/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns: each sign of them, letter case, and that none takes exponential time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/glob.h"
#include "util/macros.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"ssh*", "ssh.service", true},
		{"ssh*", "ssh", true},
		{"ssh*", "openssh", false},
		{"*ssh", "openssh", true},
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[!a-c]x", "dx", true},
		{"[]x]", "]", true},
		{"[abc", "[abc", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"a\\", "a\\", true},
		{"*a*b*c", "xxaxxbxxc", true},
		{"*a*b*c", "xxaxxcxxb", false},
	};
	char text[20000];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (glob_match(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
	/* No pattern takes exponential time. */
	memset(text, 'a', sizeof(text));
	assert_false(glob_match_bytes("*a*a*a*a*a*a*a*a*a*a*a*a*b", text, sizeof(text)));
}

static void test_case(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"HTTP*", "http-alt", true},
		{"http*", "HTTP-ALT", true},
		{"[A-C]x", "bX", true},
		{"[a-c]x", "BX", true},
		{"[!a-c]x", "Bx", false},
		{"[!a-c]x", "Dx", true},
		{"\\H", "h", true},
		{"http", "https", false},
		/* Only ASCII has cases here. */
		{"\xc4", "\xe4", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (glob_match_caseless(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
	assert_false(glob_match("HTTP*", "http-alt"));
	assert_false(glob_match("[A-C]x", "bx"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
