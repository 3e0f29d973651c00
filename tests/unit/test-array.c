/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow: what was added stays, whatever is taken away in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/array.h"

static void test_growth(void **state)
{
	uint64_t *items = NULL;
	size_t count = 0;

	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t *added = ARRAY_ADD(items, count);

		assert_ptr_equal(added, &items[i]);
		assert_int_equal(count, i + 1);
		*added = i;
	}
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(items[i], i);
	free(items);
}

/* The address sanitizer sees a write behind the end. */
static void test_cut(void **state)
{
	const char **items = NULL;
	size_t count = 0;

	for (size_t cut = 0; cut < 40; cut++) {
		for (size_t i = 0; i < 70; i++) {
			const char **added = ARRAY_ADD(items, count);

			assert_non_null(added);
			*added = "x";
		}
		count = MIN(count, cut);
		for (size_t i = 0; i < count; i++)
			assert_string_equal(items[i], "x");
	}
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
