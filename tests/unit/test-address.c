/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses as bytes: writing them as the C library does, and what their prefixes mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "util/address.h"

static uint8_t parse(const char *text, uint8_t ret[16])
{
	uint8_t family = strchr(text, ':') ? AF_INET6 : AF_INET;

	memset(ret, 0xee, 16);
	assert_int_equal(inet_pton(family, text, ret), 1);
	return family;
}

static void test_write(void **state)
{
	static const char *const texts[] = {"0.0.0.0", "127.0.0.1", "10.9.8.7", "255.255.255.255",
		"100.64.0.1", "::", "::1", "fe80::77", "2001:db8::1:0:0:1", "::ffff:192.0.2.1",
		"1:2:3:4:5:6:7:8", "2001:db8:0:1:1:1:1:1", "ff02::1:2"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO_OUT struct out o = {.fd = -1};
		uint8_t address[16];
		uint8_t family = parse(texts[i], address);

		assert_int_equal(address_write(&o, family, address), strlen(texts[i]));
		assert_int_equal(o.used, strlen(texts[i]));
		assert_memory_equal(o.buffer, texts[i], o.used);
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text;
		bool mapped, wildcard, link_local;
	} cases[] = {
		{"0.0.0.0", false, true, false},
		{"127.0.0.1", false, false, false},
		{"0.0.0.1", false, false, false},
		{"::", false, true, false},
		{"::1", false, false, false},
		{"::0.0.0.1", false, false, false},
		{"::ffff:0.0.0.0", true, true, false},
		{"::ffff:10.0.0.1", true, false, false},
		{"::fffe:10.0.0.1", false, false, false},
		{"1::ffff:10.0.0.1", false, false, false},
		{"64:ff9b::10.0.0.1", false, false, false},
		{"fe80::1", false, false, true},
		{"febf:ffff::1", false, false, true},
		{"fec0::1", false, false, false},
		{"fe7f::1", false, false, false},
		{"254.128.0.1", false, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t address[16];
		uint8_t family = parse(cases[i].text, address);
		const uint8_t *ipv4 = address_as_ipv4(family, address);

		assert_int_equal(address_is_mapped(family, address), cases[i].mapped);
		assert_int_equal(address_is_wildcard(family, address), cases[i].wildcard);
		assert_int_equal(address_is_link_local6(family, address), cases[i].link_local);
		if (family == AF_INET)
			assert_ptr_equal(ipv4, address);
		else if (cases[i].mapped)
			assert_ptr_equal(ipv4, address + 12);
		else
			assert_null(ipv4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
