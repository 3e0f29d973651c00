/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who opened a connection: by its state, by the listener that would take it, by its port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "annotate/annotate.h"
#include "util/macros.h"

/** An end of a socket, and what a listener may have beside it. */
struct end {
	const char *address;
	uint16_t port;
	uint32_t ifindex;
	bool v6only;
};

static struct socket made(const struct end *end, uint8_t state)
{
	struct socket s = {.protocol = IPPROTO_TCP,
		.family = strchr(end->address, ':') ? AF_INET6 : AF_INET,
		.state = state,
		.local_port = end->port,
		.ifindex = end->ifindex,
		.present = SOCKET_HAS_V6ONLY,
		.v6only = end->v6only};

	assert_int_equal(inet_pton(s.family, end->address, s.local_address), 1);
	return s;
}

static enum direction direction(
	const struct end *listeners, size_t n, const struct end *connection, uint8_t state)
{
	struct host host = {.ephemeral = {.low = 32768, .high = 60999}};
	struct socket s = made(connection, state);
	enum direction d;

	for (size_t i = 0; i < n; i++) {
		struct socket l = made(&listeners[i], PORTSCOPE_LISTEN);

		assert_int_equal(sockets_add(&l, &host.listeners), 0);
	}
	direction_prepare(&host.listeners);
	d = direction_of(&s, &host);
	sockets_done(&host.listeners);
	return d;
}

static void test_states(void **state)
{
	static const struct {
		uint8_t state;
		enum direction with, without; /**< a listener that would take it */
	} cases[] = {
		{PORTSCOPE_LISTEN, DIRECTION_LISTENING, DIRECTION_LISTENING},
		{PORTSCOPE_UNCONNECTED, DIRECTION_LISTENING, DIRECTION_LISTENING},
		{PORTSCOPE_SYN_SENT, DIRECTION_OUTBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_SYN_RECV, DIRECTION_INBOUND, DIRECTION_INBOUND},
		{PORTSCOPE_BOUND_INACTIVE, DIRECTION_UNKNOWN, DIRECTION_UNKNOWN},
		{PORTSCOPE_ESTABLISHED, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_FIN_WAIT_1, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_FIN_WAIT_2, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_TIME_WAIT, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_CLOSE_WAIT, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_LAST_ACK, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
		{PORTSCOPE_CLOSING, DIRECTION_INBOUND, DIRECTION_OUTBOUND},
	};
	static const struct end listener = {"0.0.0.0", 40000}, end = {"10.9.8.7", 40000};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(direction(&listener, 1, &end, cases[i].state), cases[i].with);
		assert_int_equal(direction(NULL, 0, &end, cases[i].state), cases[i].without);
	}
}

/* Which listener would take which local end. The port is none that the kernel gives away, so that
 * the answer is inbound or none. */
static void test_listeners(void **state)
{
	static const struct {
		struct end listener, end;
		bool takes;
	} cases[] = {
		{{"0.0.0.0", 80}, {"10.9.8.7", 80}, true},
		{{"0.0.0.0", 80}, {"10.9.8.7", 81}, false},
		{{"0.0.0.0", 80}, {"::ffff:10.9.8.7", 80}, true},
		{{"0.0.0.0", 80}, {"fd00::7", 80}, false},
		{{"::", 80}, {"fd00::7", 80}, true},
		{{"::", 80}, {"10.9.8.7", 80}, true},
		{{"::", 80}, {"::ffff:10.9.8.7", 80}, true},
		{{"::", 80, .v6only = true}, {"fd00::7", 80}, true},
		{{"::", 80, .v6only = true}, {"10.9.8.7", 80}, false},
		{{"::", 80, .v6only = true}, {"::ffff:10.9.8.7", 80}, false},
		{{"::ffff:0.0.0.0", 80}, {"10.9.8.7", 80}, true},
		{{"::ffff:0.0.0.0", 80}, {"fd00::7", 80}, false},
		{{"10.9.8.7", 80}, {"10.9.8.7", 80}, true},
		{{"10.9.8.7", 80}, {"10.9.8.8", 80}, false},
		{{"::ffff:10.9.8.7", 80}, {"10.9.8.7", 80}, true},
		{{"10.9.8.7", 80}, {"::ffff:10.9.8.7", 80}, true},
		{{"fd00::7", 80}, {"fd00::7", 80}, true},
		{{"fd00::7", 80}, {"fd00::8", 80}, false},
		{{"fd00::7", 80}, {"10.9.8.7", 80}, false},
		{{"0.0.0.0", 80, .ifindex = 3}, {"10.9.8.7", 80, .ifindex = 3}, true},
		{{"0.0.0.0", 80, .ifindex = 3}, {"10.9.8.7", 80, .ifindex = 4}, false},
		{{"0.0.0.0", 80}, {"10.9.8.7", 80, .ifindex = 4}, true},
		{{"fe80::77", 80, .ifindex = 3}, {"fe80::77", 80, .ifindex = 3}, true},
		{{"fe80::77", 80, .ifindex = 3}, {"fe80::77", 80, .ifindex = 4}, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum direction d =
			direction(&cases[i].listener, 1, &cases[i].end, PORTSCOPE_ESTABLISHED);

		if (d != (cases[i].takes ? DIRECTION_INBOUND : DIRECTION_UNKNOWN))
			fail_msg("%s takes %s: %d", cases[i].listener.address, cases[i].end.address,
				d);
	}
}

/* Among many listeners the right one is found, also where others have the same port. */
static void test_many_listeners(void **state)
{
	static const struct end listeners[] = {{"127.0.0.1", 443}, {"0.0.0.0", 22}, {"fd00::1", 80},
		{"10.9.8.7", 443}, {"::", 8080}, {"127.0.0.1", 80}, {"10.9.8.9", 443}};
	static const struct {
		struct end end;
		enum direction expected;
	} cases[] = {
		{{"10.9.8.7", 443}, DIRECTION_INBOUND},
		{{"10.9.8.9", 443}, DIRECTION_INBOUND},
		{{"127.0.0.1", 443}, DIRECTION_INBOUND},
		{{"10.9.8.8", 443}, DIRECTION_UNKNOWN},
		{{"10.9.8.8", 22}, DIRECTION_INBOUND},
		{{"10.9.8.8", 8080}, DIRECTION_INBOUND},
		{{"10.9.8.8", 1}, DIRECTION_UNKNOWN},
		{{"10.9.8.8", 65535}, DIRECTION_UNKNOWN},
		{{"10.9.8.8", 32767}, DIRECTION_UNKNOWN},
		{{"10.9.8.8", 32768}, DIRECTION_OUTBOUND},
		{{"10.9.8.8", 60999}, DIRECTION_OUTBOUND},
		{{"10.9.8.8", 61000}, DIRECTION_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(direction(listeners, ARRAY_SIZE(listeners), &cases[i].end,
					 PORTSCOPE_ESTABLISHED),
			cases[i].expected);
}

static void test_udp(void **state)
{
	static const struct end listener = {"0.0.0.0", 40000};
	struct host host = {.ephemeral = {.low = 32768, .high = 60999}};
	struct socket s = made(&listener, PORTSCOPE_ESTABLISHED);
	struct socket tcp = made(&listener, PORTSCOPE_LISTEN);

	s.protocol = IPPROTO_UDP;
	assert_int_equal(sockets_add(&tcp, &host.listeners), 0);
	direction_prepare(&host.listeners);
	assert_int_equal(direction_of(&s, &host), DIRECTION_UNKNOWN);
	s.state = PORTSCOPE_UNCONNECTED;
	assert_int_equal(direction_of(&s, &host), DIRECTION_LISTENING);
	sockets_done(&host.listeners);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_many_listeners),
		cmocka_unit_test(test_udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
