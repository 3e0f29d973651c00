/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the vocabulary: every state by every name that ss has for it, and the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/names.h"
#include "util/macros.h"

static const struct {
	unsigned state;
	const char *words[5]; /**< the first is its name */
} states[] = {
	{PORTSCOPE_ESTABLISHED, {"established", "estab"}},
	{PORTSCOPE_SYN_SENT, {"syn-sent", "syn_sent"}},
	{PORTSCOPE_SYN_RECV, {"syn-recv", "syn_recv", "syn-rcv"}},
	{PORTSCOPE_FIN_WAIT_1, {"fin-wait-1", "fin_wait_1", "fin-wait1"}},
	{PORTSCOPE_FIN_WAIT_2, {"fin-wait-2", "fin_wait_2", "fin-wait2"}},
	{PORTSCOPE_TIME_WAIT, {"time-wait", "time_wait", "timewait"}},
	{PORTSCOPE_UNCONNECTED, {"unconnected", "unconn", "close", "closed"}},
	{PORTSCOPE_CLOSE_WAIT, {"close-wait", "close_wait"}},
	{PORTSCOPE_LAST_ACK, {"last-ack", "last_ack"}},
	{PORTSCOPE_LISTEN, {"listen", "listening"}},
	{PORTSCOPE_CLOSING, {"closing"}},
	{PORTSCOPE_BOUND_INACTIVE, {"bound-inactive", "bound_inactive"}},
};

static void test_states(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		assert_string_equal(portscope_state_name(states[i].state), states[i].words[0]);
		assert_non_null(state_label(states[i].state));
		for (size_t k = 0; k < 5 && states[i].words[k]; k++)
			assert_int_equal(state_find(states[i].words[k]), states[i].state);
	}
	assert_string_equal(state_label(PORTSCOPE_ESTABLISHED), "ESTAB");
	assert_string_equal(state_label(PORTSCOPE_UNCONNECTED), "UNCONN");
	assert_int_equal(state_find("LISTEN"), PORTSCOPE_LISTEN);
	assert_int_equal(state_find("Time-Wait"), PORTSCOPE_TIME_WAIT);
}

static void test_unknown_states(void **state)
{
	static const unsigned unknown[] = {0, 12, 14, 15, 31, 255, 100000};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		assert_null(portscope_state_name(unknown[i]));
		assert_null(state_label(unknown[i]));
	}
	assert_int_equal(state_find(""), -ENOENT);
	assert_int_equal(state_find("listen "), -ENOENT);
	assert_int_equal(state_find("open"), -ENOENT);
}

/* The words for suggestions are those that are found, each once. */
static void test_words(void **state)
{
	size_t n = 0;

	for (; state_word(n); n++) {
		assert_true(state_find(state_word(n)) > 0);
		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(state_word(i), state_word(n));
	}
	assert_true(n >= 24);
	assert_null(state_word(n));
	assert_null(state_word(SIZE_MAX));
}

static void test_ranges(void **state)
{
	static const struct {
		uint16_t port;
		const char *name;
	} ports[] = {{0, "well-known"}, {1, "well-known"}, {1023, "well-known"},
		{1024, "registered"}, {49151, "registered"}, {49152, "dynamic"},
		{65535, "dynamic"}};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		assert_string_equal(port_range_name(port_range_of(ports[i].port)), ports[i].name);
}

static void test_others(void **state)
{
	static const char *const exposures[] = {"loopback", "link", "private", "public", "any"};
	static const char *const directions[] = {NULL, "listening", "inbound", "outbound"};
	static const char *const sources[] = {"portscope-services", "site-services", "preferred",
		"de-facto", "iana", "etc-services"};

	for (unsigned i = 0; i < ARRAY_SIZE(exposures); i++)
		assert_string_equal(exposure_name(i), exposures[i]);
	for (unsigned i = 1; i < ARRAY_SIZE(directions); i++)
		assert_string_equal(direction_name(i), directions[i]);
	assert_null(direction_name(DIRECTION_UNKNOWN));
	for (unsigned i = 0; i < ARRAY_SIZE(sources); i++)
		assert_string_equal(service_source_name(i), sources[i]);
	assert_string_equal(protocol_name(IPPROTO_TCP), "tcp");
	assert_string_equal(protocol_name(IPPROTO_UDP), "udp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_unknown_states),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
