/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The natural order, held against the plainest sort of the same order on random sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/order.h"
#include "util/address.h"
#include "util/macros.h"

static const struct host host = {.ephemeral = {.low = 32768, .high = 60999}};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* IPv4 first, v4-mapped addresses among them. */
static int compare_address(
	const struct socket *a, const uint8_t *x, const struct socket *b, const uint8_t *y)
{
	const uint8_t *x4 = address_as_ipv4(a->family, x), *y4 = address_as_ipv4(b->family, y);

	if (!x4 || !y4)
		return x4 ? -1 : y4 ? 1 : memcmp(x, y, 16);
	return memcmp(x4, y4, 4);
}

/* What order.h says, word for word. */
static int naive(const struct socket *a, const struct socket *b)
{
	int c = compare(socket_is_probable_client(a, &host), socket_is_probable_client(b, &host));

	if (!c)
		c = compare(a->protocol != IPPROTO_TCP, b->protocol != IPPROTO_TCP);
	if (!c)
		c = compare(a->local_port, b->local_port);
	if (!c)
		c = compare_address(a, a->local_address, b, b->local_address);
	if (!c)
		c = compare(a->remote_port, b->remote_port);
	if (!c)
		c = compare_address(a, a->remote_address, b, b->remote_address);
	if (!c)
		c = compare(a->ifindex, b->ifindex);
	return c ? c : compare(a->cookie, b->cookie);
}

/** A small generator of one's own: the same sockets on every host. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static void random_address(uint64_t *random, uint8_t family, uint8_t *ret)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	/* Few values, that often differ in one byte alone: ties are what is hard. */
	size_t length = family == AF_INET ? 4 : 16;

	memset(ret, 0, 16);
	if (family == AF_INET6 && next_random(random) % 3 == 0)
		memcpy(ret, mapped, sizeof(mapped));
	else if (next_random(random) % 4)
		ret[0] = next_random(random) % 2 ? 0x20 : 0xfe;
	for (int i = next_random(random) % 3; i > 0; i--)
		ret[length - 1 - next_random(random) % 4] = next_random(random) % 3;
	if (next_random(random) % 5 == 0)
		ret[next_random(random) % length] ^= 1;
}

static struct socket random_socket(uint64_t *random, unsigned ports, uint64_t cookie)
{
	struct socket s = {.cookie = cookie};

	s.protocol = next_random(random) % 3 ? IPPROTO_TCP : IPPROTO_UDP;
	s.family = next_random(random) % 2 ? AF_INET : AF_INET6;
	s.state = next_random(random) % 2 ? PORTSCOPE_UNCONNECTED : PORTSCOPE_ESTABLISHED;
	s.local_port = next_random(random) % ports * (65535 / ports);
	s.remote_port = next_random(random) % ports * (65535 / ports);
	random_address(random, s.family, s.local_address);
	random_address(random, s.family, s.remote_address);
	s.ifindex = next_random(random) % 2;
	return s;
}

static void assert_ordered(struct sockets *list)
{
	AUTO_FREE uint32_t *order = calloc(list->count + 1, sizeof(*order));
	AUTO_FREE char *seen = calloc(list->count + 1, 1);

	assert_int_equal(order_naturally(list, &host, order), 0);
	for (size_t i = 0; i < list->count; i++) {
		assert_in_range(order[i], 0, list->count - 1);
		assert_false(seen[order[i]]);
		seen[order[i]] = 1;
		if (i && naive(&list->items[order[i - 1]], &list->items[order[i]]) > 0)
			fail_msg("row %zu of %zu stands before row %zu", i - 1, list->count, i);
	}
}

static void test_random(void **state)
{
	static const unsigned ports[] = {1, 2, 5, 300, 65535};
	uint64_t random = 1;

	for (size_t round = 0; round < 400; round++) {
		struct sockets list = {0};
		size_t n = next_random(&random) % 300;

		for (size_t i = 0; i < n; i++) {
			struct socket s = random_socket(
				&random, ports[round % ARRAY_SIZE(ports)], next_random(&random));

			assert_int_equal(sockets_add(&s, &list), 0);
		}
		assert_ordered(&list);
		sockets_done(&list);
	}
}

/* A server with one IPv6 address behind a prefix that others share. */
static void test_same_prefix(void **state)
{
	struct sockets list = {0};

	for (unsigned i = 0; i < 40; i++) {
		struct socket s = {.protocol = IPPROTO_TCP,
			.family = AF_INET6,
			.state = PORTSCOPE_ESTABLISHED,
			.local_port = 443,
			.remote_port = 60000 - i,
			.cookie = i + 1};

		memcpy(s.local_address, "\x20\x01\x0d\xb8", 4);
		s.local_address[15] = i % 4;
		s.remote_address[0] = 0x20;
		assert_int_equal(sockets_add(&s, &list), 0);
	}
	assert_ordered(&list);
	sockets_done(&list);
}

static void test_few(void **state)
{
	struct sockets list = {0};
	struct socket s = {.protocol = IPPROTO_UDP, .family = AF_INET};

	assert_ordered(&list);
	assert_int_equal(sockets_add(&s, &list), 0);
	assert_ordered(&list);
	sockets_done(&list);
	assert_null(list.items);
}

/* A probable client is an unconnected UDP socket on an ephemeral port, and comes last. */
static void test_probable_clients(void **state)
{
	struct socket client = {.protocol = IPPROTO_UDP,
		.family = AF_INET,
		.state = PORTSCOPE_UNCONNECTED,
		.local_port = 40000};
	struct socket others[] = {client, client, client, client};
	struct sockets list = {0};
	uint32_t order[5];

	others[0].local_port = 61000;
	others[1].local_port = 32767;
	others[2].state = PORTSCOPE_ESTABLISHED;
	others[3].protocol = IPPROTO_TCP;
	assert_true(socket_is_probable_client(&client, &host));
	sockets_add(&client, &list);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(socket_is_probable_client(&others[i], &host));
		sockets_add(&others[i], &list);
	}
	assert_int_equal(order_naturally(&list, &host, order), 0);
	assert_int_equal(order[4], 0);
	assert_int_equal(order[0], 4);
	sockets_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_same_prefix),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_probable_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
