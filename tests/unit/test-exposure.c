/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From how far an address can be reached: every class at its edges, wildcards, interfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "annotate/annotate.h"
#include "model/names.h"
#include "util/macros.h"

static struct socket bound_to(const char *address)
{
	struct socket s = {.protocol = IPPROTO_TCP, .state = PORTSCOPE_LISTEN, .local_port = 80};

	s.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(s.family, address, s.local_address), 1);
	return s;
}

static const char *exposure(const struct socket *s, const struct host *host)
{
	const char *word = vocabulary_word(&exposure_words, exposure_of(s, host));

	return word ? word : "unknown";
}

static void test_addresses(void **state)
{
	static const struct {
		const char *address, *expected;
	} cases[] = {
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"126.255.255.255", "public"},
		{"128.0.0.0", "public"},
		{"::1", "loopback"},
		{"::2", "public"},
		{"::ffff:127.0.0.1", "loopback"},
		{"169.254.0.1", "link"},
		{"169.253.255.255", "public"},
		{"169.255.0.0", "public"},
		{"fe80::1", "link"},
		{"febf::1", "link"},
		{"fec0::1", "public"},
		{"fe7f::1", "public"},
		{"::ffff:169.254.1.1", "link"},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"9.255.255.255", "public"},
		{"11.0.0.0", "public"},
		{"172.15.255.255", "public"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", "public"},
		{"192.167.255.255", "public"},
		{"192.168.0.0", "private"},
		{"192.168.255.255", "private"},
		{"192.169.0.0", "public"},
		{"100.63.255.255", "public"},
		{"100.64.0.0", "private"},
		{"100.127.255.255", "private"},
		{"100.128.0.0", "public"},
		{"fc00::1", "private"},
		{"fdff::1", "private"},
		{"fbff::1", "public"},
		{"fe00::1", "public"},
		{"::ffff:10.0.0.1", "private"},
		{"8.8.8.8", "public"},
		{"2001:db8::1", "public"},
		{"::ffff:8.8.8.8", "public"},
		/* Multicast and broadcast stay on the link, as far as this is about who can reach
		   it. */
		{"224.0.0.251", "link"},
		{"239.255.255.255", "link"},
		{"223.255.255.255", "public"},
		{"240.0.0.0", "public"},
		{"255.255.255.255", "link"},
		{"255.255.255.254", "public"},
		{"ff02::fb", "link"},
		{"ff0e::1", "link"},
		{"0.0.0.0", "any"},
		{"::", "any"},
		{"::ffff:0.0.0.0", "any"},
	};
	static const struct host host;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct socket s = bound_to(cases[i].address);

		if (strcmp(exposure(&s, &host), cases[i].expected) != 0)
			fail_msg("%s is %s, not %s", cases[i].address, exposure(&s, &host),
				cases[i].expected);
	}
}

/** Interfaces for the tests below: lo, none, link, private and public ones. */
static struct interface_address addresses[][3] = {
	{{.family = AF_INET, .address = {127, 0, 0, 1}},
		{.family = AF_INET6, .address = {[15] = 1}}},
	{{0}},
	{{.family = AF_INET6, .address = {0xfe, 0x80}}},
	{{.family = AF_INET,
		 .address = {10, 9, 8, 7},
		 .has_broadcast = true,
		 .broadcast = {10, 9, 8, 255}},
		{.family = AF_INET6, .address = {0xfe, 0x80}}},
	{{.family = AF_INET6, .address = {0xfe, 0x80}},
		{.family = AF_INET, .address = {192, 168, 0, 1}},
		{.family = AF_INET6, .address = {0x20, 0x01}}},
};
static struct interface interfaces[] = {
	{.index = 1, .name = "lo", .addresses = addresses[0], .n_addresses = 2},
	{.index = 2, .name = "bare", .addresses = addresses[1], .n_addresses = 0},
	{.index = 3, .name = "link", .addresses = addresses[2], .n_addresses = 1},
	{.index = 4, .name = "lan", .addresses = addresses[3], .n_addresses = 2},
	{.index = 9, .name = "wan", .addresses = addresses[4], .n_addresses = 3},
};
static const struct host with_interfaces = {
	.interfaces = {.items = interfaces, .count = ARRAY_SIZE(interfaces)}};

/* The widest class among the addresses that a socket of its family can be reached by. */
static void test_bound_to_interface(void **state)
{
	static const struct {
		uint32_t ifindex;
		const char *ipv4, *dual, *ipv6;
	} cases[] = {
		{1, "loopback", "loopback", "loopback"},
		{2, "link", "link", "link"},
		{3, "link", "link", "link"},
		{4, "private", "private", "link"},
		{9, "private", "public", "public"},
		/* One that is not known: nothing was read, or it was made meanwhile. */
		{77, "unknown", "unknown", "unknown"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct socket four = bound_to("0.0.0.0"), six = bound_to("::");

		four.ifindex = six.ifindex = cases[i].ifindex;
		assert_string_equal(exposure(&four, &with_interfaces), cases[i].ipv4);
		six.present = SOCKET_HAS_V6ONLY;
		assert_string_equal(exposure(&six, &with_interfaces), cases[i].dual);
		six.v6only = 1;
		assert_string_equal(exposure(&six, &with_interfaces), cases[i].ipv6);
	}
}

/* An address says more than the interface: fe80::1 on a public one is still link. */
static void test_address_on_interface(void **state)
{
	static const struct {
		const char *address, *expected;
	} cases[] = {{"fe80::1", "link"}, {"192.168.0.1", "private"}, {"127.0.0.1", "loopback"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct socket s = bound_to(cases[i].address);

		s.ifindex = 9;
		assert_string_equal(exposure(&s, &with_interfaces), cases[i].expected);
	}
}

static void test_broadcast_of_network(void **state)
{
	struct socket s = bound_to("10.9.8.255"), mapped = bound_to("::ffff:10.9.8.255");
	struct socket other = bound_to("10.9.7.255");

	assert_string_equal(exposure(&s, &with_interfaces), "link");
	assert_string_equal(exposure(&mapped, &with_interfaces), "link");
	assert_string_equal(exposure(&other, &with_interfaces), "private");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_bound_to_interface),
		cmocka_unit_test(test_address_on_interface),
		cmocka_unit_test(test_broadcast_of_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
