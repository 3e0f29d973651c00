/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message of inet_diag: every value of it, what is missing, and lengths that do not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <cmocka.h>

#include "collect/decode-inet.h"
#include "util/macros.h"

#define BODY NLMSG_SPACE(sizeof(struct inet_diag_msg))

/** A message under construction. */
struct made {
	_Alignas(8) unsigned char bytes[512];
};

static struct inet_diag_msg *begin(struct made *m, uint8_t family)
{
	struct nlmsghdr *head = (void *)m->bytes;
	struct inet_diag_msg *body = NLMSG_DATA(head);

	memset(m, 0, sizeof(*m));
	*head = (struct nlmsghdr){.nlmsg_len = BODY, .nlmsg_type = SOCK_DIAG_BY_FAMILY};
	body->idiag_family = family;
	body->idiag_state = PORTSCOPE_ESTABLISHED;
	body->id.idiag_sport = htons(8080);
	body->id.idiag_dport = htons(65535);
	for (int i = 0; i < 16; i++) {
		((uint8_t *)body->id.idiag_src)[i] = 0x10 + i;
		((uint8_t *)body->id.idiag_dst)[i] = 0x30 + i;
	}
	body->id.idiag_if = 7;
	body->id.idiag_cookie[0] = 0x89abcdef;
	body->id.idiag_cookie[1] = 0x01234567;
	body->idiag_timer = 2;
	body->idiag_retrans = 3;
	body->idiag_expires = 4000;
	body->idiag_rqueue = 5;
	body->idiag_wqueue = 4000000000;
	body->idiag_uid = 1000;
	body->idiag_inode = 4242;
	return body;
}

static struct rtattr *add(struct made *m, uint16_t type, const void *payload, uint16_t length)
{
	struct nlmsghdr *head = (void *)m->bytes;
	struct rtattr *a = (void *)(m->bytes + head->nlmsg_len);

	a->rta_len = RTA_LENGTH(length);
	a->rta_type = type;
	if (length)
		memcpy(RTA_DATA(a), payload, length);
	head->nlmsg_len += RTA_SPACE(length);
	return a;
}

/* Decodes a copy that ends where the message does, for the sanitizers. */
static int decode(const struct made *m, uint8_t protocol, struct socket *ret)
{
	const struct nlmsghdr *head = (const void *)m->bytes;
	size_t length = MIN(MAX(head->nlmsg_len, sizeof(*head)), sizeof(m->bytes));
	AUTO_FREE void *copy = malloc(length);

	assert_non_null(copy);
	memcpy(copy, m->bytes, length);
	return decode_inet(copy, protocol, ret);
}

static void test_values(void **state)
{
	static const uint8_t zero[12];
	struct made m;
	struct socket s;

	for (int six = 0; six < 2; six++) {
		begin(&m, six ? AF_INET6 : AF_INET);
		assert_int_equal(decode(&m, IPPROTO_TCP, &s), 0);
		assert_int_equal(s.protocol, IPPROTO_TCP);
		assert_int_equal(s.family, six ? AF_INET6 : AF_INET);
		assert_int_equal(s.state, PORTSCOPE_ESTABLISHED);
		assert_int_equal(s.local_port, 8080);
		assert_int_equal(s.remote_port, 65535);
		for (int i = 0; i < (six ? 16 : 4); i++) {
			assert_int_equal(s.local_address[i], 0x10 + i);
			assert_int_equal(s.remote_address[i], 0x30 + i);
		}
		/* Of an IPv4 socket the kernel fills four bytes, and we keep no more. */
		if (!six) {
			assert_memory_equal(s.local_address + 4, zero, 12);
			assert_memory_equal(s.remote_address + 4, zero, 12);
		}
		assert_int_equal(s.cookie, 0x0123456789abcdef);
		assert_int_equal(s.ifindex, 7);
		assert_int_equal(s.recv_q, 5);
		assert_int_equal(s.send_q, 4000000000);
		assert_int_equal(s.uid, 1000);
		assert_int_equal(s.inode, 4242);
		assert_int_equal(s.present,
			SOCKET_HAS_UID | SOCKET_HAS_INODE | SOCKET_HAS_COOKIE | SOCKET_HAS_SEND_Q);
	}
}

/* The kernel's zeros for what it does not know. */
static void test_missing(void **state)
{
	static const struct {
		uint32_t uid, inode, present;
	} cases[] = {
		{0, 0, 0}, /* time-wait, syn-recv, orphan */
		{0, 9, SOCKET_HAS_UID | SOCKET_HAS_INODE},
		{9, 9, SOCKET_HAS_UID | SOCKET_HAS_INODE},
		{9, 0, SOCKET_HAS_UID},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made m;
		struct socket s;
		struct inet_diag_msg *body = begin(&m, AF_INET);

		body->idiag_uid = cases[i].uid;
		body->idiag_inode = cases[i].inode;
		assert_int_equal(decode(&m, IPPROTO_TCP, &s), 0);
		assert_int_equal(s.present & (SOCKET_HAS_UID | SOCKET_HAS_INODE), cases[i].present);
	}
}

static void test_states(void **state)
{
	struct made m;
	struct socket s;
	struct inet_diag_msg *body = begin(&m, AF_INET);

	for (unsigned i = 0; i < 256; i++) {
		body->idiag_state = i;
		assert_int_equal(decode(&m, IPPROTO_UDP, &s), 0);
		assert_int_equal(s.state, i);
		assert_int_equal(decode(&m, IPPROTO_TCP, &s), 0);
		/* TCP has no unconnected sockets: its `close` is a port bound and not used. */
		assert_int_equal(s.state, i == 7 ? PORTSCOPE_BOUND_INACTIVE : i);
	}
}

static void test_attributes(void **state)
{
	struct made m;
	struct socket s;
	uint64_t cgroup = 0x123456789a;
	uint32_t mark = 0xcafe;
	uint8_t one = 1, zero = 0;

	begin(&m, AF_INET6);
	add(&m, INET_DIAG_SHUTDOWN, &zero, 1);
	add(&m, INET_DIAG_SKV6ONLY, &one, 1);
	add(&m, INET_DIAG_CGROUP_ID, &cgroup, 8);
	add(&m, 999, "of a later kernel", 17);
	add(&m, INET_DIAG_MARK, &mark, 4);
	assert_int_equal(decode(&m, IPPROTO_TCP, &s), 0);
	assert_int_equal(s.v6only, 1);
	assert_int_equal(s.cgroup, cgroup);
	assert_int_equal(s.mark, mark);
	assert_int_equal(s.present & (SOCKET_HAS_V6ONLY | SOCKET_HAS_CGROUP | SOCKET_HAS_MARK),
		SOCKET_HAS_V6ONLY | SOCKET_HAS_CGROUP | SOCKET_HAS_MARK);

	begin(&m, AF_INET6);
	add(&m, INET_DIAG_SKV6ONLY, &zero, 1);
	assert_int_equal(decode(&m, IPPROTO_UDP, &s), 0);
	assert_int_equal(s.v6only, 0);
	assert_true(s.present & SOCKET_HAS_V6ONLY);
	assert_false(s.present & (SOCKET_HAS_CGROUP | SOCKET_HAS_MARK));
}

static void assert_refused(const struct made *m)
{
	struct socket s, untouched;

	memset(&s, 0x5a, sizeof(s));
	untouched = s;
	assert_int_equal(decode(m, IPPROTO_TCP, &s), -EBADMSG);
	assert_memory_equal(&s, &untouched, sizeof(s));
}

static void test_wrong_lengths(void **state)
{
	static const uint16_t wrong[] = {0, 1, 3, 4, 6, 7, 8, 9, 12, 0xffff};
	struct made m;
	uint8_t one = 1;

	for (size_t i = 0; i < BODY; i++) {
		begin(&m, AF_INET);
		((struct nlmsghdr *)m.bytes)->nlmsg_len = i;
		assert_refused(&m);
	}
	/* Too short for the head of an attribute. */
	for (size_t i = 1; i < 4; i++) {
		begin(&m, AF_INET);
		((struct nlmsghdr *)m.bytes)->nlmsg_len += i;
		assert_refused(&m);
	}
	/* An attribute of five bytes, that says otherwise. */
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin(&m, AF_INET6);
		add(&m, INET_DIAG_SKV6ONLY, &one, 1)->rta_len = wrong[i];
		assert_refused(&m);
	}
	/* The padding of the last one is missing. */
	begin(&m, AF_INET6);
	add(&m, INET_DIAG_SKV6ONLY, &one, 1);
	((struct nlmsghdr *)m.bytes)->nlmsg_len -= 1;
	assert_refused(&m);
}

/* Values of another size than the kernel's. */
static void test_wrong_payloads(void **state)
{
	static const struct {
		uint16_t type, length;
	} known[] = {{INET_DIAG_SKV6ONLY, 1}, {INET_DIAG_SHUTDOWN, 1}, {INET_DIAG_TOS, 1},
		{INET_DIAG_TCLASS, 1}, {INET_DIAG_MARK, 4}, {INET_DIAG_CLASS_ID, 4},
		{INET_DIAG_CGROUP_ID, 8}, {INET_DIAG_SOCKOPT, 2}};
	static const char payload[16];

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		for (uint16_t length = 0; length <= sizeof(payload); length++) {
			struct made m;
			struct socket s;

			begin(&m, AF_INET6);
			add(&m, known[i].type, payload, length);
			assert_int_equal(decode(&m, IPPROTO_TCP, &s),
				length == known[i].length ? 0 : -EBADMSG);
		}
}

static void test_wrong_family(void **state)
{
	static const uint8_t families[] = {AF_UNSPEC, AF_UNIX, AF_NETLINK, 255};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct made m;

		begin(&m, families[i]);
		assert_refused(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_wrong_payloads),
		cmocka_unit_test(test_wrong_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
