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
		assert_string_equal(
			vocabulary_word(&state_words, states[i].state), states[i].words[0]);
		assert_non_null(state_words.labels[states[i].state]);
		for (size_t k = 0; k < 5 && states[i].words[k]; k++)
			assert_int_equal(state_find(states[i].words[k]), states[i].state);
	}
	assert_string_equal(state_words.labels[PORTSCOPE_ESTABLISHED], "ESTAB");
	assert_string_equal(state_words.labels[PORTSCOPE_UNCONNECTED], "UNCONN");
	assert_int_equal(state_find("LISTEN"), PORTSCOPE_LISTEN);
	assert_int_equal(state_find("Time-Wait"), PORTSCOPE_TIME_WAIT);
}

static void test_unknown_states(void **state)
{
	static const unsigned unknown[] = {0, 12, 14, 15, 31, 255, 100000};

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_null(vocabulary_word(&state_words, unknown[i]));
	assert_int_equal(state_find(""), -ENOENT);
	assert_int_equal(state_find("listen "), -ENOENT);
	assert_int_equal(state_find("open"), -ENOENT);
}

/* The aliases for suggestions are found, each once, and none is the name of a state. */
static void test_aliases(void **state)
{
	size_t n = 0;

	for (; state_alias(n); n++) {
		assert_true(state_find(state_alias(n)) > 0);
		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(state_alias(i), state_alias(n));
		for (unsigned i = 0; i < state_words.count; i++)
			if (vocabulary_word(&state_words, i))
				assert_string_not_equal(
					vocabulary_word(&state_words, i), state_alias(n));
	}
	assert_true(n >= 12);
	assert_null(state_alias(SIZE_MAX));
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
		assert_string_equal(
			vocabulary_word(&port_range_words, port_range_of(ports[i].port)),
			ports[i].name);
}

static void test_others(void **state)
{
	static const char *const exposures[] = {"loopback", "link", "private", "public", "any"};
	static const char *const directions[] = {NULL, "listening", "inbound", "outbound"};
	static const char *const sources[] = {"portscope-services", "program", "site-services",
		"preferred", "de-facto", "iana", "etc-services"};

	for (unsigned i = 0; i < ARRAY_SIZE(exposures); i++)
		assert_string_equal(vocabulary_word(&exposure_words, i), exposures[i]);
	for (unsigned i = 1; i < ARRAY_SIZE(directions); i++)
		assert_string_equal(vocabulary_word(&direction_words, i), directions[i]);
	assert_null(vocabulary_word(&direction_words, DIRECTION_UNKNOWN));
	for (unsigned i = 0; i < ARRAY_SIZE(sources); i++)
		assert_string_equal(vocabulary_word(&service_source_words, i), sources[i]);
	assert_string_equal(vocabulary_word(&protocol_words, IPPROTO_TCP), "tcp");
	assert_string_equal(vocabulary_word(&protocol_words, IPPROTO_UDP), "udp");
	assert_string_equal(vocabulary_word(&family_words, AF_INET6), "inet6");
	assert_null(vocabulary_word(&protocol_words, 0));
	assert_null(vocabulary_word(&protocol_words, 255));
}

static const char *written(struct out *o, const struct vocabulary *words, uint32_t mask)
{
	o->used = 0;
	vocabulary_write(o, words, mask);
	out_char(o, '\0');
	return o->buffer;
}

/* Masks of a query are told in words. */
static void test_masks(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};

	assert_string_equal(written(&o, &protocol_words, 0), "");
	assert_string_equal(written(&o, &protocol_words, PORTSCOPE_UDP), "udp");
	assert_string_equal(written(&o, &family_words, ~0u), "inet,inet6");
	assert_string_equal(
		written(&o, &state_words, PORTSCOPE_STATES_LISTENING), "unconnected,listen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_unknown_states),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
