/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: root is the one that every system has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/user.h"

static void test_root(void **state)
{
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *home = NULL;
	uint32_t uid = 1;

	assert_int_equal(user_name(0, false, &name), 0);
	assert_string_equal(name, "root");
	assert_int_equal(user_find("root", &uid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(user_home(0, &home), 0);
	assert_int_equal(home[0], '/');
}

static void test_numbers(void **state)
{
	AUTO_FREE char *root = NULL;
	AUTO_FREE char *nobody = NULL;

	assert_int_equal(user_name(0, true, &root), 0);
	assert_int_equal(user_name(UINT32_MAX - 7, false, &nobody), 0);
	assert_string_equal(root, "0");
	assert_string_equal(nobody, "4294967288");
}

static void test_unknown(void **state)
{
	char *home = NULL;
	uint32_t uid = 7;

	assert_int_equal(user_find("no such user", &uid), -ENOENT);
	assert_int_equal(user_find("", &uid), -ENOENT);
	assert_int_equal(uid, 7);
	assert_int_equal(user_home(UINT32_MAX - 7, &home), -ENOENT);
	assert_null(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
