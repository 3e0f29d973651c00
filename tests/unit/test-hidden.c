/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hidden ports, on kernels that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "audit/hidden.h"

/** A kernel: what is bound, and what of it each listing shows. */
struct kernel {
	uint16_t bound[4];    /**< ports of TCP; 0: none */
	uint16_t hidden;      /**< is in no listing */
	uint16_t short_lived; /**< is bound once, and no more when it is looked at again */
	uint16_t late;        /**< is in no listing but the last */
	int denied_below;
	bool shows_bound;
	unsigned listings, binds_of_short_lived;
};

static void show(struct port_set *set, uint16_t port)
{
	set->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

static int list(void *userdata, unsigned protocol, struct port_set *ret)
{
	struct kernel *k = userdata;

	if (protocol != PORTSCOPE_TCP)
		return 0;
	k->listings++;
	for (size_t i = 0; i < ARRAY_SIZE(k->bound); i++)
		if (k->bound[i] != k->hidden && (k->bound[i] != k->late || k->listings == 3))
			show(ret, k->bound[i]);
	return 0;
}

static int bind_port(void *userdata, unsigned protocol, uint16_t port)
{
	struct kernel *k = userdata;

	if (port < k->denied_below)
		return -EACCES;
	if (protocol != PORTSCOPE_TCP)
		return 0;
	if (port == k->short_lived)
		return k->binds_of_short_lived++ ? 0 : -EADDRINUSE;
	for (size_t i = 0; i < ARRAY_SIZE(k->bound); i++)
		if (k->bound[i] == port)
			return -EADDRINUSE;
	return 0;
}

static int shows_bound(void *userdata)
{
	return ((struct kernel *)userdata)->shows_bound;
}

static struct hidden_report find(struct kernel *k)
{
	struct hidden_view view = {list, bind_port, shows_bound, k};
	struct hidden_report report = {0};

	assert_int_equal(hidden_find(&view, &report), 0);
	return report;
}

static void test_nothing_hidden(void **state)
{
	struct kernel k = {.bound = {22, 80, 65535}, .shows_bound = true};
	struct hidden_report report = find(&k);

	assert_int_equal(report.sockets.count, 0);
	assert_int_equal(report.denied, 0);
	sockets_done(&report.sockets);
}

static void test_hidden(void **state)
{
	struct kernel k = {.bound = {22, 31337}, .hidden = 31337, .shows_bound = true};
	struct hidden_report report = find(&k);

	assert_int_equal(report.sockets.count, 1);
	assert_int_equal(report.sockets.items[0].local_port, 31337);
	assert_int_equal(report.sockets.items[0].protocol, IPPROTO_TCP);
	/* Before the first bind, between the two, and after the second. */
	assert_int_equal(k.listings, 3);
	sockets_done(&report.sockets);
}

/* What comes and goes while it is looked at is not hidden. */
static void test_passing(void **state)
{
	struct kernel k = {.bound = {4000}, .short_lived = 5000, .late = 4000, .shows_bound = true};
	struct hidden_report report = find(&k);

	assert_int_equal(report.sockets.count, 0);
	sockets_done(&report.sockets);
}

static void test_blind_kernel(void **state)
{
	struct kernel k = {.bound = {4000}, .hidden = 4000};
	struct hidden_report report = find(&k);

	assert_true(report.tcp_skipped);
	assert_int_equal(report.sockets.count, 0);
	sockets_done(&report.sockets);
}

static void test_denied(void **state)
{
	struct kernel k = {.bound = {4000}, .denied_below = 1024, .shows_bound = true};
	struct hidden_report report = find(&k);

	/* Of both protocols. */
	assert_int_equal(report.denied, 2 * 1023);
	assert_int_equal(report.sockets.count, 0);
	sockets_done(&report.sockets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_hidden),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_passing),
		cmocka_unit_test(test_blind_kernel),
		cmocka_unit_test(test_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
