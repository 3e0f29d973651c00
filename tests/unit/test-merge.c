/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows that become one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <string.h>
#include <cmocka.h>

#include "format/merge.h"

/** A row: its address, its port, and all else, which one letter stands for. */
struct row {
	const char *address;
	uint16_t port;
	char other;
};

static bool same(size_t a, size_t b, const void *userdata)
{
	const struct row *rows = userdata;

	return rows[a].other == rows[b].other;
}

/* Merges rows and compares the endpoints of those that stay, one a line. */
static void check(const struct row *rows, size_t n, const char *expected)
{
	AUTO_OUT struct out text = {.fd = -1};
	struct merge_item items[1000];

	for (size_t i = 0; i < n; i++) {
		struct portscope_endpoint e = {.port = rows[i].port};

		e.family = strchr(rows[i].address, ':') || *rows[i].address == '*' ? AF_INET6
										   : AF_INET;
		e.any_family = *rows[i].address == '*';
		if (!e.any_family)
			assert_int_equal(inet_pton(e.family, rows[i].address, e.address), 1);
		/* A hash that is the same for all is allowed as well. */
		merge_item_init(&items[i], &e, 7);
	}
	assert_int_equal(merge_rows(items, n, same, rows), 0);
	for (size_t i = 0; i < n; i++) {
		if (items[i].gone)
			continue;
		out_char(&text, text.used ? ' ' : '\0');
		merge_put_endpoint(&text, &items[i]);
	}
	out_char(&text, 0);
	assert_string_equal(text.buffer + 1, expected);
}

#define CHECK(expected, ...)                                                                       \
	do {                                                                                       \
		const struct row rows_[] = {__VA_ARGS__};                                          \
		check(rows_, ARRAY_SIZE(rows_), expected);                                         \
	} while (0)

static void test_families(void **state)
{
	CHECK("*:80", {"0.0.0.0", 80, 'a'}, {"::", 80, 'a'});
	CHECK("localhost:631", {"127.0.0.1", 631, 'a'}, {"::1", 631, 'a'});
	/* Another address in between, another holder, another port. */
	CHECK("*:80 10.0.0.1:80", {"0.0.0.0", 80, 'a'}, {"10.0.0.1", 80, 'a'}, {"::", 80, 'a'});
	CHECK("0.0.0.0:80 [::]:80", {"0.0.0.0", 80, 'a'}, {"::", 80, 'b'});
	CHECK("0.0.0.0:80 [::]:81", {"0.0.0.0", 80, 'a'}, {"::", 81, 'a'});
	/* No twins. */
	CHECK("0.0.0.0:80 *:80", {"0.0.0.0", 80, 'a'}, {"*", 80, 'a'});
	CHECK("0.0.0.0:80 [::1]:80", {"0.0.0.0", 80, 'a'}, {"::1", 80, 'a'});
	CHECK("127.0.0.2:80 [::1]:80", {"127.0.0.2", 80, 'a'}, {"::1", 80, 'a'});
	CHECK("10.0.0.1:80 [fd00::1]:80", {"10.0.0.1", 80, 'a'}, {"fd00::1", 80, 'a'});
}

static void test_copies(void **state)
{
	struct row rows[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = (struct row){"0.0.0.0", 53, 'a'};
	check(rows, ARRAY_SIZE(rows), "0.0.0.0:53 ×64");
	rows[10].other = 'b';
	check(rows, ARRAY_SIZE(rows), "0.0.0.0:53 ×63 0.0.0.0:53");
	CHECK("*:53 ×2", {"0.0.0.0", 53, 'a'}, {"0.0.0.0", 53, 'a'}, {"::", 53, 'a'},
		{"::", 53, 'a'});
	/* What is merged must be as many on either side. */
	CHECK("0.0.0.0:53 ×2 [::]:53", {"0.0.0.0", 53, 'a'}, {"0.0.0.0", 53, 'a'}, {"::", 53, 'a'});
}

static void test_runs(void **state)
{
	CHECK("10.0.0.1:20-22", {"10.0.0.1", 20, 'a'}, {"10.0.0.1", 21, 'a'},
		{"10.0.0.1", 22, 'a'});
	CHECK("10.0.0.1:20 10.0.0.1:21", {"10.0.0.1", 20, 'a'}, {"10.0.0.1", 21, 'a'});
	/* A gap, another holder. */
	CHECK("10.0.0.1:20 10.0.0.1:21 10.0.0.1:23", {"10.0.0.1", 20, 'a'}, {"10.0.0.1", 21, 'a'},
		{"10.0.0.1", 23, 'a'});
	CHECK("10.0.0.1:20 10.0.0.1:21 10.0.0.1:22", {"10.0.0.1", 20, 'a'}, {"10.0.0.1", 21, 'b'},
		{"10.0.0.1", 22, 'a'});
	/* Two runs side by side, and one of what was merged before. */
	CHECK("10.0.0.1:20-22 10.0.0.2:20-22", {"10.0.0.1", 20, 'a'}, {"10.0.0.2", 20, 'a'},
		{"10.0.0.1", 21, 'a'}, {"10.0.0.2", 21, 'a'}, {"10.0.0.1", 22, 'a'},
		{"10.0.0.2", 22, 'a'});
	CHECK("*:20-22", {"0.0.0.0", 20, 'a'}, {"::", 20, 'a'}, {"0.0.0.0", 21, 'a'},
		{"::", 21, 'a'}, {"0.0.0.0", 22, 'a'}, {"::", 22, 'a'});
	CHECK("127.0.0.1:20-22 ×2", {"127.0.0.1", 20, 'a'}, {"127.0.0.1", 20, 'a'},
		{"127.0.0.1", 21, 'a'}, {"127.0.0.1", 21, 'a'}, {"127.0.0.1", 22, 'a'},
		{"127.0.0.1", 22, 'a'});
}

static void test_nothing(void **state)
{
	assert_int_equal(merge_rows(NULL, 0, same, NULL), 0);
	CHECK("*:1", {"*", 1, 'a'});
	/* The last port of one protocol and the first of the next are no run. */
	CHECK("10.0.0.1:65535 10.0.0.1:1", {"10.0.0.1", 65535, 'a'}, {"10.0.0.1", 1, 'a'});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
