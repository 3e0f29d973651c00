/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sockets were seen: all of a list, each once, or the last few thousand of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect/cookies.h"

static void fill(struct sockets *list, const uint64_t *cookies, size_t n)
{
	*list = (struct sockets){0};
	for (size_t i = 0; i < n; i++) {
		struct socket s = {.protocol = IPPROTO_TCP, .cookie = cookies[i], .recv_q = i};

		assert_int_equal(sockets_add(&s, list), 0);
	}
}

static void test_index(void **state)
{
	/* One after the other as the kernel gives them, spread, and alike in their low bits. */
	static const uint64_t steps[] = {1, 0x9e3779b97f4a7c15, 1 << 16, 1ull << 32};

	for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
		struct sockets list = {0};
		struct cookie_index index = {0};
		size_t n = 20000, doubles = 99;

		for (size_t i = 0; i < n; i++) {
			struct socket s = {.cookie = (i * 7919 % n + 1) * steps[k]};

			assert_int_equal(sockets_add(&s, &list), 0);
		}
		assert_int_equal(cookie_index_make(&list, &index, &doubles), 0);
		assert_int_equal(doubles, 0);
		assert_int_equal(index.count, n);
		assert_int_equal(list.count, n);
		for (size_t i = 0; i < n; i++) {
			uint64_t cookie = list.items[i].cookie;

			assert_int_equal(cookie, (i * 7919 % n + 1) * steps[k]);
			assert_int_equal(cookie_index_find(&index, cookie), i);
			if (i)
				assert_true(index.items[i - 1].key < index.items[i].key);
		}
		assert_int_equal(cookie_index_find(&index, (n + 1) * steps[k]), -ENOENT);
		assert_int_equal(cookie_index_find(&index, 0), -ENOENT);
		cookie_index_done(&index);
		assert_null(index.items);
		sockets_done(&list);
	}
}

static void test_no_sockets(void **state)
{
	struct sockets list = {0};
	struct cookie_index index = {0};
	size_t doubles = 99;

	assert_int_equal(cookie_index_find(&index, 1), -ENOENT);
	assert_int_equal(cookie_index_make(&list, &index, &doubles), 0);
	assert_int_equal(doubles, 0);
	assert_int_equal(cookie_index_find(&index, 1), -ENOENT);
	cookie_index_done(&index);
}

/* What was told last stays, in the place of the first. */
static void test_doubles(void **state)
{
	static const struct {
		uint64_t told[8];
		size_t n;
		uint32_t kept[8]; /**< which of them, in order */
		size_t count;
	} cases[] = {
		{{5, 5}, 2, {1}, 1},
		{{5, 6, 5}, 3, {2, 1}, 2},
		{{5, 6, 6, 5, 5}, 5, {4, 2}, 2},
		{{9, 8, 7, 8, 9, 6}, 6, {4, 3, 2, 5}, 4},
		{{1, 1, 1, 1, 1, 1, 1, 1}, 8, {7}, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sockets list;
		struct cookie_index index = {0};
		size_t doubles;

		fill(&list, cases[i].told, cases[i].n);
		assert_int_equal(cookie_index_make(&list, &index, &doubles), 0);
		assert_int_equal(list.count, cases[i].count);
		assert_int_equal(index.count, cases[i].count);
		assert_int_equal(doubles, cases[i].n - cases[i].count);
		for (size_t k = 0; k < cases[i].count; k++) {
			assert_int_equal(list.items[k].recv_q, cases[i].kept[k]);
			assert_int_equal(cookie_index_find(&index, list.items[k].cookie), k);
		}
		cookie_index_done(&index);
		sockets_done(&list);
	}
}

/* Every one of the last 4096 is found, whenever it is asked; nothing is found that was not told. */
static void test_recent(void **state)
{
	struct recent_cookies *recent = calloc(1, sizeof(*recent));
	uint64_t n = 5 * RECENT_COOKIES + 17;

	assert_non_null(recent);
	for (uint64_t i = 1; i <= n; i++)
		assert_false(recent_cookies_add(recent, i));
	for (uint64_t i = n; i > n - RECENT_COOKIES; i--)
		assert_true(recent_cookies_add(recent, i));
	assert_false(recent_cookies_add(recent, n + 1));
	assert_false(recent_cookies_add(recent, 1));
	free(recent);
}

/* Asked at every distance while the stream goes on. */
static void test_recent_distances(void **state)
{
	static const uint64_t distances[] = {
		1, 2, 63, 1024, RECENT_COOKIES - 2, RECENT_COOKIES - 1, RECENT_COOKIES};

	for (size_t k = 0; k < ARRAY_SIZE(distances); k++) {
		struct recent_cookies *recent = calloc(1, sizeof(*recent));

		assert_non_null(recent);
		for (uint64_t i = 1; i < 4 * RECENT_COOKIES; i++) {
			/* Large and far apart, as after years of uptime. */
			uint64_t step = 0x100000001;

			assert_false(recent_cookies_add(recent, i * step));
			/* A look is no telling: the distance counts what came since it was told. */
			if (i >= distances[k] && i % 997 == 0)
				assert_true(
					recent_cookies_add(recent, (i + 1 - distances[k]) * step));
		}
		free(recent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_no_sockets),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_recent_distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
