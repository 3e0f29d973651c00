/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which columns of a table stay on a narrow screen, and how wide they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "format/fit.h"
#include "util/macros.h"

/* The columns of `portscope -l`, as on a common host. */
static const struct fit_column listening[] = {
	{FIT_WHOLE, 5, 5, 5},
	{FIT_ADDRESS, 31, 25, 20},
	{FIT_NAME, 13, 8, 7, .give_way = 1},
	{FIT_WHOLE, 10, 10, 10, .give_way = 9},
	{FIT_WHOLE, 8, 8, 8, .give_way = 2},
	{FIT_NAME, 26, 14, 10},
	{FIT_NAME, 15, 8, 5, .give_way = 7},
	{FIT_NAME, 32, 8, 8, .give_way = 6},
};
enum { PROTO, LOCAL, SERVICE, RANGE, EXPOSURE, PROCESS, USER, WORKLOAD, COLUMNS };

static void fit(struct fit_column *ret, unsigned width)
{
	memcpy(ret, listening, sizeof(listening));
	fit_columns(ret, COLUMNS, width);
}

static void test_wide(void **state)
{
	struct fit_column c[COLUMNS];

	fit(c, 200);
	for (size_t i = 0; i < COLUMNS; i++)
		assert_int_equal(c[i].width, c[i].natural);
}

/* Names give way before addresses, those before columns. */
static void test_order(void **state)
{
	struct fit_column c[COLUMNS];
	bool names = false, addresses = false, columns = false;

	for (unsigned width = 160; width > 90; width--) {
		fit(c, width);
		assert_true(fit_total(c, COLUMNS) <= width);
		names = names || c[PROCESS].width < c[PROCESS].natural;
		addresses = addresses || c[LOCAL].width < c[LOCAL].natural;
		columns = columns || !c[RANGE].width;
		assert_true(names || !addresses);
		assert_true(addresses || !columns);
		if (!c[RANGE].width)
			break;
	}
	assert_true(columns);
}

/* Where something was left out, no blank space could take it back or lengthen what is short. */
static void test_no_blank_space(void **state)
{
	struct fit_column c[COLUMNS];

	for (unsigned width = 40; width < 180; width++) {
		unsigned total;

		fit(c, width);
		total = fit_total(c, COLUMNS);
		for (size_t i = 0; i < COLUMNS; i++) {
			if (!c[i].width && width >= 80)
				assert_true(total + FIT_GAP + c[i].least > width || total == width);
			if (c[i].width && c[i].width < c[i].natural)
				assert_true(total >= width);
			assert_true(!c[i].width || c[i].width >= c[i].narrowest);
		}
	}
}

static void test_columns_leave(void **state)
{
	static const int order[] = {RANGE, USER, WORKLOAD};
	struct fit_column c[COLUMNS];

	fit(c, 80);
	assert_int_equal(c[RANGE].width, 0);
	for (unsigned width = 180; width > 60; width--) {
		fit(c, width);
		/* What comes later in the order goes for room that what went before cannot give. */
		for (size_t i = 1; i < ARRAY_SIZE(order); i++)
			if (!c[order[i]].width && c[order[i - 1]].width)
				assert_true(c[order[i]].least > c[order[i - 1]].least);
		assert_true(c[PROTO].width && c[LOCAL].width && c[PROCESS].width);
	}
}

/* What says nothing goes before all but RANGE; what was asked for never. */
static void test_empty_and_asked(void **state)
{
	struct fit_column c[COLUMNS];

	memcpy(c, listening, sizeof(listening));
	c[WORKLOAD].empty = true;
	c[PROCESS].empty = true;
	c[RANGE].asked = true;
	fit_columns(c, COLUMNS, 90);
	assert_int_equal(c[WORKLOAD].width && c[PROCESS].width, 0);
	assert_true(c[USER].width);
	fit_columns(c, COLUMNS, 30);
	assert_int_equal(c[RANGE].width, 10);
	assert_int_equal(c[USER].width, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_blank_space),
		cmocka_unit_test(test_columns_leave),
		cmocka_unit_test(test_empty_and_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
