/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Datagrams of any content in place of the kernel's rules. An input is datagrams: two bytes of
 * length (least significant first) and that many bytes; messages get the sequence number that is
 * waited for. What is read is judged: for every source something must come of a packet.
 */
#include "fuzz.h"

#include <linux/netlink.h>
#include <string.h>

#include "packetfilter/judge.h"
#include "packetfilter/read.h"

struct feed {
	struct transport transport;
	const uint8_t *data;
	size_t left;
	uint32_t sequence;
};

static int feed_send(struct transport *t, const void *message, size_t length)
{
	struct feed *f = (struct feed *)t;

	HOLDS(length >= sizeof(struct nlmsghdr));
	f->sequence = ((const struct nlmsghdr *)message)->nlmsg_seq;
	return 0;
}

static ssize_t feed_receive(struct transport *t, void *buffer, size_t size)
{
	struct feed *f = (struct feed *)t;
	struct nlmsghdr m;
	size_t n;

	if (f->left < 2)
		return -EAGAIN;
	n = f->data[0] | (size_t)f->data[1] << 8;
	f->data += 2;
	f->left -= 2;
	n = MIN(n, f->left);
	HOLDS(n <= size);
	if (n)
		memcpy(buffer, f->data, n);
	f->data += n;
	f->left -= n;
	for (size_t at = 0; at + sizeof(m) <= n; at += NLMSG_ALIGN(m.nlmsg_len)) {
		memcpy(&m, (char *)buffer + at, sizeof(m));
		m.nlmsg_seq = f->sequence;
		memcpy((char *)buffer + at, &m, sizeof(m));
		if (m.nlmsg_len < sizeof(m) || m.nlmsg_len > n - at)
			break;
	}
	return (ssize_t)n;
}

static void judge_some(const struct rules *rules, const struct routing *routing, uint8_t family)
{
	struct judge judge;
	struct judgement j;

	if (judge_open(rules, routing, family, &judge) < 0)
		return;
	for (unsigned i = 0; i < 4; i++) {
		struct question q = {
			.protocol = i & 1 ? IPPROTO_TCP : IPPROTO_UDP,
			.port = i & 2 ? 22 : 8080,
			.in = &routing->links[0],
		};

		memcpy(q.address, routing->addresses[family == AF_INET6].bytes, 16);
		HOLDS(judge_ask(&judge, &q, &j) >= 0);
		for (uint32_t k = 0; k < judge.space.n; k++)
			HOLDS(!bit_at(j.universe, k) || judgement_count(&j, k) >= 1);
		HOLDS(j.validity.low <= q.port && j.validity.high >= q.port);
		judgement_done(&j);
	}
	judge_close(&judge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link link = {.index = 2, .name = "v0", .kind = "veth", .type = 1};
	struct local_address addresses[] = {
		{.family = AF_INET, .prefix = 24, .bytes = {10, 9, 9, 1}, .link = 2},
		{.family = AF_INET6, .prefix = 64, .bytes = {0xfd, [15] = 1}, .link = 2},
	};
	struct route routes[] = {
		{.family = AF_INET,
			.prefix = 32,
			.type = 2,
			.address = {10, 9, 9, 1},
			.table = 255,
			.n_links = 1,
			.links = {2}},
		{.family = AF_INET6,
			.prefix = 128,
			.type = 2,
			.address = {0xfd, [15] = 1},
			.table = 255,
			.n_links = 1,
			.links = {2}},
	};
	struct routing routing = {.links = &link,
		.n_links = 1,
		.addresses = addresses,
		.n_addresses = 2,
		.routes = routes,
		.n_routes = 2};
	struct feed feed = {.transport = {.send = feed_send, .receive = feed_receive},
		.data = data,
		.left = size};
	struct rules rules;

	if (rules_read(&feed.transport, &rules) < 0)
		return 0;
	judge_some(&rules, &routing, AF_INET);
	judge_some(&rules, &routing, AF_INET6);
	rules_done(&rules);
	return 0;
}
