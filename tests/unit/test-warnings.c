/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of warnings: each text once, and what makes an answer incomplete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/warnings.h"

static void test_kinds(void **state)
{
	struct warnings w = {0};

	assert_false(warnings_incomplete(&w));
	assert_int_equal(warnings_add(&w, WARNING_NOTE, "%d of %s", 3, "nine"), 0);
	assert_int_equal(warnings_add(&w, WARNING_DETAIL, "a detail"), 0);
	assert_false(warnings_incomplete(&w));
	assert_int_equal(warnings_add(&w, WARNING_INCOMPLETE, "a lack"), 0);
	assert_true(warnings_incomplete(&w));
	assert_int_equal(w.count, 3);
	assert_string_equal(w.items[0].text, "3 of nine");
	assert_false(w.items[0].incomplete || w.items[0].detail);
	assert_true(w.items[1].detail && !w.items[1].incomplete);
	assert_true(w.items[2].incomplete && !w.items[2].detail);
	warnings_done(&w);
	assert_int_equal(w.count, 0);
	assert_null(w.items);
}

static void test_once(void **state)
{
	struct warnings w = {0};

	for (int i = 0; i < 30; i++)
		assert_int_equal(warnings_add(&w, WARNING_NOTE, "number %d", i % 3), 0);
	assert_int_equal(w.count, 3);
	assert_false(warnings_incomplete(&w));
	/* The same words with more weight weigh more. */
	assert_int_equal(warnings_add(&w, WARNING_INCOMPLETE, "number 1"), 0);
	assert_int_equal(w.count, 3);
	assert_true(warnings_incomplete(&w));
	assert_int_equal(warnings_add(&w, WARNING_NOTE, "number 1"), 0);
	assert_true(warnings_incomplete(&w));
	warnings_done(&w);
}

/* A detail that is said again as a note is one no longer. */
static void test_append(void **state)
{
	struct warnings w = {0}, more = {0};

	assert_int_equal(warnings_add(&w, WARNING_NOTE, "a %d", 1), 0);
	assert_int_equal(warnings_add(&more, WARNING_INCOMPLETE, "a 1"), 0);
	assert_int_equal(warnings_add(&more, WARNING_DETAIL, "100%%"), 0);
	assert_int_equal(warnings_append(&w, &more), 0);
	assert_int_equal(w.count, 2);
	assert_true(w.items[0].incomplete);
	assert_string_equal(w.items[1].text, "100%");
	assert_true(w.items[1].detail);
	warnings_done(&w);
	warnings_done(&more);
}

static void test_no_longer_a_detail(void **state)
{
	struct warnings w = {0};

	assert_int_equal(warnings_add(&w, WARNING_DETAIL, "x"), 0);
	assert_int_equal(warnings_add(&w, WARNING_NOTE, "x"), 0);
	assert_false(w.items[0].detail);
	assert_int_equal(warnings_add(&w, WARNING_DETAIL, "x"), 0);
	assert_false(w.items[0].detail);
	assert_int_equal(w.count, 1);
	warnings_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_no_longer_a_detail),
		cmocka_unit_test(test_append),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
