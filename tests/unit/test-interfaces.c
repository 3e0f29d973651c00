/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces from made-up answers of rtnetlink: whole ones, interrupted ones and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <cmocka.h>

#include "collect/interfaces.h"

/** A kernel that answers one datagram a request. */
struct kernel {
	struct transport transport;
	char answer[4096];
	size_t length;
	uint32_t sequence;
	unsigned asked;
	/** Writes the answer to a request of this type; `time` counts the dumps of links so far. */
	void (*tell)(struct kernel *k, uint16_t type, unsigned time);
};

static struct nlmsghdr *begin(struct kernel *k, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(k->answer + k->length);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_MULTI | flags;
	message->nlmsg_seq = k->sequence;
	return message;
}

static void end(struct kernel *k, const struct nlmsghdr *message)
{
	k->length += message->nlmsg_len;
}

static void tell_link(struct kernel *k, int index, const char *name, uint16_t flags)
{
	struct nlmsghdr *message = begin(k, RTM_NEWLINK, flags);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message, sizeof(*link));

	link->ifi_index = index;
	mnl_attr_put_u32(message, IFLA_MTU, 1500);
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	end(k, message);
}

static void put_address(struct nlmsghdr *message, uint16_t type, int family, const char *text)
{
	uint8_t bytes[16];

	if (!text)
		return;
	assert_int_equal(inet_pton(family, text, bytes), 1);
	mnl_attr_put(message, type, family == AF_INET ? 4 : 16, bytes);
}

static void tell_address(struct kernel *k, unsigned index, int family, const char *address,
	const char *local, const char *broadcast)
{
	struct nlmsghdr *message = begin(k, RTM_NEWADDR, 0);
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	int kind = family == AF_INET6 ? AF_INET6 : AF_INET;

	head->ifa_family = family;
	head->ifa_index = index;
	put_address(message, IFA_ADDRESS, kind, address);
	put_address(message, IFA_LOCAL, kind, local);
	put_address(message, IFA_BROADCAST, kind, broadcast);
	end(k, message);
}

static void tell_done(struct kernel *k, int code)
{
	struct nlmsghdr *message = begin(k, NLMSG_DONE, 0);

	*(int *)mnl_nlmsg_put_extra_header(message, sizeof(int)) = code;
	end(k, message);
}

static int kernel_send(struct transport *t, const void *request, size_t length)
{
	struct kernel *k = (struct kernel *)t;
	const struct nlmsghdr *head = request;

	assert_true(head->nlmsg_flags & NLM_F_DUMP);
	k->length = 0;
	k->sequence = head->nlmsg_seq;
	k->tell(k, head->nlmsg_type, k->asked);
	k->asked += head->nlmsg_type == RTM_GETLINK;
	return 0;
}

static ssize_t kernel_receive(struct transport *t, void *buffer, size_t size)
{
	struct kernel *k = (struct kernel *)t;
	size_t length = k->length;

	assert_true(length <= size);
	memcpy(buffer, k->answer, length);
	k->length = 0;
	return length ? (ssize_t)length : -EAGAIN;
}

static int ask(void (*tell)(struct kernel *, uint16_t, unsigned), struct interfaces *ret,
	unsigned *ret_asked)
{
	struct kernel k = {
		.transport = {.send = kernel_send, .receive = kernel_receive}, .tell = tell};
	int r = collect_interfaces_over(&k.transport, ret);

	*ret_asked = k.asked;
	return r;
}

static void tell_whole(struct kernel *k, uint16_t type, unsigned time)
{
	if (type == RTM_GETLINK) {
		/* Older kernels dump in the order of a hash. */
		tell_link(k, 7, "a-name-of-15-by", 0);
		tell_link(k, 1, "lo", 0);
		tell_link(k, 3, "ppp0", 0);
	} else {
		tell_address(k, 1, AF_INET, "127.0.0.1", "127.0.0.1", NULL);
		tell_address(k, 7, AF_INET, "10.0.0.1", "10.0.0.1", "10.0.0.255");
		tell_address(k, 3, AF_INET, "192.0.2.2", "192.0.2.1", NULL);
		tell_address(k, 7, AF_INET6, "fe80::1", NULL, NULL);
		tell_address(k, 7, 129, "10.0.0.1", NULL, NULL);
	}
	tell_done(k, 0);
}

static void assert_address(const struct interface_address *a, int family, const char *text)
{
	char shown[INET6_ADDRSTRLEN];

	assert_int_equal(a->family, family);
	assert_string_equal(inet_ntop(family, a->address, shown, sizeof(shown)), text);
}

static void assert_whole(const struct interfaces *list)
{
	assert_int_equal(list->count, 3);
	assert_string_equal(list->items[0].name, "lo");
	assert_int_equal(list->items[0].n_addresses, 1);
	assert_false(list->items[0].addresses[0].has_broadcast);
	assert_string_equal(list->items[1].name, "ppp0");
	/* IFA_ADDRESS is the other end's. */
	assert_address(&list->items[1].addresses[0], AF_INET, "192.0.2.1");
	assert_int_equal(list->items[2].index, 7);
	assert_string_equal(list->items[2].name, "a-name-of-15-by");
	assert_int_equal(list->items[2].n_addresses, 2);
	assert_address(&list->items[2].addresses[0], AF_INET, "10.0.0.1");
	assert_true(list->items[2].addresses[0].has_broadcast);
	assert_address(&list->items[2].addresses[1], AF_INET6, "fe80::1");
}

static void test_whole(void **state)
{
	struct interfaces list;
	unsigned asked;

	assert_int_equal(ask(tell_whole, &list, &asked), 0);
	assert_int_equal(asked, 1);
	assert_whole(&list);
	interfaces_done(&list);
}

static void tell_interrupted_once(struct kernel *k, uint16_t type, unsigned time)
{
	if (time == 0 && type == RTM_GETLINK)
		tell_link(k, 9, "gone", NLM_F_DUMP_INTR);
	tell_whole(k, type, time);
}

/* An interface that came between the two dumps. */
static void tell_stranger_once(struct kernel *k, uint16_t type, unsigned time)
{
	if (time == 1 && type == RTM_GETADDR)
		tell_address(k, 99, AF_INET, "10.0.0.9", NULL, NULL);
	tell_whole(k, type, time);
}

static void test_again(void **state)
{
	static void (*const tells[])(struct kernel *, uint16_t, unsigned) = {
		tell_interrupted_once, tell_stranger_once};

	for (size_t i = 0; i < ARRAY_SIZE(tells); i++) {
		struct interfaces list;
		unsigned asked;

		assert_int_equal(ask(tells[i], &list, &asked), 0);
		assert_int_equal(asked, 2);
		assert_whole(&list);
		interfaces_done(&list);
	}
}

static void tell_interrupted(struct kernel *k, uint16_t type, unsigned time)
{
	tell_link(k, 9, "gone", NLM_F_DUMP_INTR);
	tell_whole(k, type, time);
}

static void tell_no_end(struct kernel *k, uint16_t type, unsigned time)
{
	tell_link(k, 1, "lo", 0);
}

static void tell_no_name(struct kernel *k, uint16_t type, unsigned time)
{
	struct nlmsghdr *message = begin(k, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message, sizeof(*link));

	link->ifi_index = 1;
	end(k, message);
	tell_done(k, 0);
}

static void tell_long_name(struct kernel *k, uint16_t type, unsigned time)
{
	tell_link(k, 1, "sixteen-bytes-xx", 0);
	tell_done(k, 0);
}

static void tell_short_address(struct kernel *k, uint16_t type, unsigned time)
{
	if (type == RTM_GETLINK) {
		tell_link(k, 1, "lo", 0);
	} else {
		struct nlmsghdr *message = begin(k, RTM_NEWADDR, 0);
		struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

		head->ifa_family = AF_INET6;
		head->ifa_index = 1;
		put_address(message, IFA_ADDRESS, AF_INET, "10.0.0.1");
		end(k, message);
	}
	tell_done(k, 0);
}

static void tell_refusal(struct kernel *k, uint16_t type, unsigned time)
{
	if (type == RTM_GETADDR)
		tell_done(k, -EPERM);
	else
		tell_whole(k, type, time);
}

/* None of these ends in a list that is not whole. */
static void test_failures(void **state)
{
	static const struct {
		void (*tell)(struct kernel *, uint16_t, unsigned);
		int result;
		unsigned asked;
	} cases[] = {
		{tell_interrupted, -EAGAIN, 5},
		{tell_no_end, -EAGAIN, 1},
		{tell_no_name, -EAGAIN, 1},
		{tell_long_name, -EAGAIN, 1},
		{tell_short_address, -EAGAIN, 1},
		{tell_refusal, -EPERM, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct interfaces list = {0};
		unsigned asked;

		assert_int_equal(ask(cases[i].tell, &list, &asked), cases[i].result);
		assert_int_equal(asked, cases[i].asked);
		assert_null(list.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
