/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nearest known word: what is offered, and what is too far to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/macros.h"
#include "util/suggest.h"

static const char *const words[] = {"--columns", "--color", "--csv", "--json", "--json-lines",
	"protocol", "state", "sport", "dport", NULL, "established", "listen", "time-wait", "l"};

static void test_near(void **state)
{
	static const struct {
		const char *word, *expected;
	} cases[] = {
		{"--colums", "--columns"},
		{"--colour", "--color"},
		{"sprot", "sport"}, /* two neighbours swapped */
		{"DPORT", "dport"},
		{"proto", "protocol"}, /* an abbreviation */
		{"estabilshed", "established"},
		{"lisen", "listen"},
		{"time_wait", "time-wait"},
		{"listen", "listen"},
		{"--jsonlines", "--json-lines"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = suggest(cases[i].word, words, ARRAY_SIZE(words));

		assert_non_null(found);
		assert_string_equal(found, cases[i].expected);
	}
}

static void test_far(void **state)
{
	static const char *const far[] = {"", "x", "zz", "xyzzy", "portscope", "--frobnicate",
		"a-word-that-is-much-longer-than-anything-a-hand-could-have-mistyped"};

	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		assert_null(suggest(far[i], words, ARRAY_SIZE(words)));
	assert_null(suggest("sport", words, 0));
	assert_null(suggest("sport", NULL, 0));
}

static void test_first_of_equals(void **state)
{
	static const char *const equal[] = {"xport", "sport", "dport"};

	assert_ptr_equal(suggest("aport", equal, 3), equal[0]);
	assert_ptr_equal(suggest("dport", equal, 3), equal[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
