/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cell keeps when it is shortened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "format/cell.h"
#include "util/text.h"

static const struct {
	enum cell_kind kind;
	const char *text;
	unsigned width;
	const char *expected; /**< lines of a list are joined by | */
} cases[] = {
	{CELL_NAME, "postgresql", 20, "postgresql"},
	{CELL_NAME, "postgresql", 8, "postgre…"},
	{CELL_NAME, "数据库服务", 7, "数据库…"},
	{CELL_WHOLE, "BOUND-INACTIVE", 5, "BOUND-INACTIVE"},
	{CELL_HOLDER, "redis-server/12230", 18, "redis-server/12230"},
	{CELL_HOLDER, "redis-server/12230", 14, "redis-s…/12230"},
	{CELL_HOLDER, "nginx/901 +4", 9, "n…/901 +4"},
	/* No word for why a holder is not known loses a letter. */
	{CELL_HOLDER, "hidden", 4, "hidden"},
	{CELL_ENDPOINT, "[2001:db8:1:2:3:4:eeee:1]:8080", 30, "[2001:db8:1:2:3:4:eeee:1]:8080"},
	{CELL_ENDPOINT, "[2001:db8:1:2:3:4:eeee:1]:8080", 24, "[2001:db8:…:eeee:1]:8080"},
	{CELL_ENDPOINT, "[2001:db8:1:2:3:4:eeee:1]:8080", 27, "[2001:db8:…:4:eeee:1]:8080"},
	{CELL_ENDPOINT, "[2001:db8:1:2:3:4:eeee:1]:8080", 16, "[2001:…:1]:8080"},
	{CELL_ENDPOINT, "[2001:db8:1:2:3:4:eeee:1]:8080", 5, "[2001:db8:1:2:3:4:eeee:1]:8080"},
	{CELL_ENDPOINT, "[fe80::1:2:3:4%eth0]:546", 20, "[fe80::…:4%eth0]:546"},
	{CELL_ENDPOINT, "192.168.100.100:40112", 10, "192.168.100.100:40112"},
	{CELL_ENDPOINT, "0.0.0.0:8500 ×64", 10, "0.0.0.0:8500 ×64"},
	{CELL_ADDRESS, "2001:db8:1:2:3:4:eeee:1", 18, "2001:db8:…:eeee:1"},
	{CELL_LIST, "nginx/901 fd=6,7; nginx/902 fd=6", 40, "nginx/901 fd=6,7; nginx/902 fd=6"},
	{CELL_LIST, "nginx/901 fd=6,7; nginx/902 fd=6", 17, "nginx/901 fd=6,7;|nginx/902 fd=6"},
	{CELL_LIST, "redis-server/901 fd=6", 16, "redis-…/901 fd=6"},
	{CELL_LIST, "901,902,903", 8, "901,902,|903"},
	{CELL_LIST, "901,902,903", 2, "901,|902,|903"},
};

static void test_shortened(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_OUT struct out o = {.fd = -1}, measure = {.fd = -1};
		struct cell cell = {.text = cases[i].text, .length = strlen(cases[i].text)};
		size_t position = 0;

		cell.width = text_visible(&measure, cell.text, cell.length);
		while (position < cell.length) {
			unsigned used;
			size_t at;

			if (position)
				out_char(&o, '|');
			at = o.used;
			used = cell_put(&o, cases[i].kind, &cell, cases[i].width, &position);
			/* What it says it took is what it took. */
			assert_int_equal(text_visible(&measure, o.buffer + at, o.used - at), used);
		}
		out_char(&o, 0);
		assert_string_equal(o.buffer, cases[i].expected);
	}
}

/* A cell fits into what it says it can be shortened to. */
static void test_least(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned name = 4; name <= 8; name += 4) {
			AUTO_OUT struct out o = {.fd = -1}, measure = {.fd = -1};
			struct cell cell = {.text = cases[i].text, .length = strlen(cases[i].text)};
			size_t position = 0;
			unsigned least;

			cell.width = text_visible(&measure, cell.text, cell.length);
			least = cell_least(cases[i].kind, &cell, name, name / 4);
			assert_true(least <= cell.width);
			while (position < cell.length)
				assert_true(cell_put(&o, cases[i].kind, &cell, least, &position) <=
					    least);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shortened),
		cmocka_unit_test(test_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
