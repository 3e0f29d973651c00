/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading recorded rules (tests/fuzz/corpus/packetfilter/ruleset: a rule set of nft with a table
 * of iptables-nft beside it), judging them on an invented host, and the sets of sources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>

#include "packetfilter/filter.h"
#include "packetfilter/read.h"
#include "util/file.h"

struct feed {
	struct transport transport;
	const uint8_t *data;
	size_t left;
	uint32_t sequence;
};

static int feed_send(struct transport *t, const void *message, size_t length)
{
	struct feed *f = (struct feed *)t;

	f->sequence = ((const struct nlmsghdr *)message)->nlmsg_seq;
	return 0;
}

/* One recorded datagram, its messages numbered as the request at hand is. */
static ssize_t feed_receive(struct transport *t, void *buffer, size_t size)
{
	struct feed *f = (struct feed *)t;
	size_t n, at = 0;

	if (f->left < 2)
		return -EAGAIN;
	n = f->data[0] | (size_t)f->data[1] << 8;
	assert_true(n <= f->left - 2 && n <= size);
	memcpy(buffer, f->data + 2, n);
	f->data += n + 2;
	f->left -= n + 2;
	while (at + sizeof(struct nlmsghdr) <= n) {
		struct nlmsghdr *m = (struct nlmsghdr *)((char *)buffer + at);

		m->nlmsg_seq = f->sequence;
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	return (ssize_t)n;
}

static struct rules rules;

static int read_recording(void **state)
{
	AUTO_FREE char *bytes = NULL;
	AUTO_CLOSE int fd = open(getenv("SOURCE_ROOT"), O_PATH | O_DIRECTORY);
	struct feed feed = {.transport = {.send = feed_send, .receive = feed_receive}};

	if (file_read(fd, "tests/fuzz/corpus/packetfilter/ruleset", 1 << 20, &bytes, &feed.left) <
		0)
		return -1;
	feed.data = (const uint8_t *)bytes;
	return rules_read(&feed.transport, &rules) == READ_WHOLE && !feed.left ? 0 : -1;
}

static int free_recording(void **state)
{
	rules_done(&rules);
	return 0;
}

static const struct chain *chain_of(uint8_t family, const char *table, const char *name)
{
	uint32_t t = rules_find_table(&rules, family, table);
	uint32_t c = t == NOTHING ? NOTHING : rules_find_chain(&rules, t, name);

	assert_int_not_equal(c, NOTHING);
	return &rules.chains[c];
}

static const struct rule *rule_of(const struct chain *chain, uint32_t i)
{
	assert_true(i < chain->n_rules);
	return &rules.rules[rules.order[chain->first + i]];
}

static void test_tables(void **state)
{
	const struct chain *input = chain_of(NFPROTO_INET, "filter", "input");
	const struct chain *pre = chain_of(NFPROTO_INET, "filter", "pre");
	const struct chain *early = chain_of(NFPROTO_NETDEV, "early", "in");

	assert_int_equal(rules.n_tables, 5);
	assert_true(rules.tables[rules_find_table(&rules, NFPROTO_IPV4, "sleeping")].dormant);
	assert_true(input->base);
	assert_int_equal(input->hook, NF_INET_LOCAL_IN);
	assert_int_equal(input->policy, NF_DROP);
	assert_int_equal(input->n_rules, 13);
	assert_string_equal(pre->type, "nat");
	assert_int_equal(pre->priority, -100);
	assert_false(chain_of(NFPROTO_INET, "filter", "web")->base);
	assert_int_equal(early->n_devices, 1);
	assert_string_equal(early->devices[0], "v0");
}

static void test_rules(void **state)
{
	const struct chain *input = chain_of(NFPROTO_INET, "filter", "input");
	const struct rule *bad = rule_of(input, 2), *https = rule_of(input, 3);

	assert_string_equal(bad->comment, "known bad");
	assert_null(https->comment);
	assert_int_equal(https->protocol, IPPROTO_TCP);
	assert_false(https->by_port);
	assert_true(rule_of(input, 4)->protocol == IPPROTO_TCP);
	for (size_t i = 0; i < rules.n_rules; i++)
		for (uint32_t k = 0; k < rules.rules[i].n_operations; k++)
			assert_int_not_equal(rules.rules[i].operations[k].kind, OP_UNKNOWN);
}

static void test_sets(void **state)
{
	uint32_t table = rules_find_table(&rules, NFPROTO_INET, "filter");
	const struct set *bad = &rules.sets[rules_find_set(&rules, table, "bad")];
	const struct set *verdicts = &rules.sets[rules_find_set(&rules, table, "verdicts")];
	static const uint8_t first[2][4] = {{10, 1, 0, 0}, {10, 1, 255, 255}};
	static const uint8_t last[2][4] = {{255, 255, 255, 0}, {255, 255, 255, 255}};

	assert_int_equal(bad->n_elements, 3);
	assert_memory_equal(bad->elements[0].low, first[0], 4);
	assert_memory_equal(bad->elements[0].high, first[1], 4);
	/* An interval that reaches the highest key has no end of its own. */
	assert_memory_equal(bad->elements[2].low, last[0], 4);
	assert_memory_equal(bad->elements[2].high, last[1], 4);
	assert_int_equal(verdicts->n_elements, 2);
	assert_int_equal(verdicts->elements[0].verdict.code, NFT_JUMP);
	assert_string_equal(rules.chains[verdicts->elements[0].verdict.chain].name, "web");
	assert_int_equal(verdicts->elements[1].verdict.code, NF_DROP);
	assert_int_equal(rules.n_objects, 1);
	assert_true(rules.objects[0].invert);
}

/* A host with one interface and one address. */
static struct link eth = {.index = 2, .name = "v0", .kind = "veth", .type = 1};
static struct local_address address = {
	.family = AF_INET, .prefix = 24, .bytes = {10, 9, 9, 1}, .link = 2};
static struct route route = {.family = AF_INET,
	.prefix = 32,
	.type = 2,
	.address = {10, 9, 9, 1},
	.table = 255,
	.n_links = 1,
	.links = {2}};
static const struct routing routing = {.links = &eth,
	.n_links = 1,
	.addresses = &address,
	.n_addresses = 1,
	.routes = &route,
	.n_routes = 1};

/* What becomes of TCP from `source`: the port that it ends at, or 0 for dropped. */
static unsigned ends_at(struct judge *judge, unsigned port, uint32_t source)
{
	struct question q = {.protocol = IPPROTO_TCP,
		.port = (uint16_t)port,
		.address = {10, 9, 9, 1},
		.in = &eth};
	struct judgement j;
	uint32_t at = 0;
	unsigned found = 0;

	assert_int_equal(judge_ask(judge, &q, &j), 0);
	while (at + 1 < judge->space.n && judge->space.starts[at + 1] <= source)
		at++;
	assert_int_equal(judgement_count(&j, at), 1);
	for (size_t i = 0; i < j.n_endings; i++)
		if (bit_at(j.endings[i].bits, at))
			found = j.endings[i].facts.port;
	/* The same is said of every port that it is valid for. */
	assert_true(j.validity.low <= port && port <= j.validity.high);
	judgement_done(&j);
	return found;
}

static void test_judgement(void **state)
{
	struct judge judge;

	assert_int_equal(judge_open(&rules, &routing, AF_INET, &judge), 0);
	assert_int_equal(ends_at(&judge, 22, 0x0a020203), 22);
	assert_int_equal(ends_at(&judge, 22, 0x0a010203), 0);    /* @bad */
	assert_int_equal(ends_at(&judge, 22, 0x42020203), 0);    /* ingress */
	assert_int_equal(ends_at(&judge, 23, 0x0a020203), 0);    /* policy */
	assert_int_equal(ends_at(&judge, 8080, 0x0a020203), 80); /* redirect */
	assert_int_equal(ends_at(&judge, 5432, 0x0a020203), 5432);
	assert_int_equal(ends_at(&judge, 5432, 0x0b020203), 0);
	assert_int_equal(ends_at(&judge, 99, 0x0a02ffff), 99); /* concatenation */
	assert_int_equal(ends_at(&judge, 99, 0x0a030001), 0);
	assert_int_equal(ends_at(&judge, 200, 0x0a030001), 200);
	assert_int_equal(ends_at(&judge, 7005, 0x0a020203), 7005); /* mark from a map */
	assert_int_equal(ends_at(&judge, 7005, 0x0b020203), 0);
	judge_close(&judge);
}

static bool is_doubted(struct packetfilter *pf, const char *name)
{
	for (size_t i = 0; i < pf->routing.n_links; i++)
		if (!strcmp(pf->routing.links[i].name, name))
			return packetfilter_doubts(pf, &pf->routing.links[i]);
	fail();
	return false;
}

/* What stands before the rules at an interface makes what is above it uncertain, and nothing else.
 */
static void test_doubtful_links(void **state)
{
	static struct link links[] = {
		{.index = 1, .name = "plain"},
		{.index = 2, .name = "blue", .kind = "vrf"},
		{.index = 3, .name = "member", .master = 2},
		{.index = 4, .name = "ovs", .kind = "openvswitch"},
		{.index = 5, .name = "ovsport", .master = 4},
		{.index = 6, .name = "br0", .kind = "bridge"},
		{.index = 7, .name = "port", .master = 6},
		{.index = 8, .name = "br1", .kind = "bridge"},
		{.index = 9, .name = "quick", .master = 8, .xdp = true},
		{.index = 10, .name = "br1.5", .kind = "vlan", .lower = 8},
		{.index = 11, .name = "source", .kind = "macvlan", .picky = true},
		{.index = 12,
			.name = "v0"}, /* the recording has a chain of netdev ingress for it */
		{.index = 13, .name = "v0.5", .kind = "vlan", .lower = 12},
		{.index = 14, .name = "mv", .kind = "macvlan", .lower = 1},
	};
	static const char *const doubted[] = {
		"blue", "member", "ovs", "ovsport", "br1", "quick", "br1.5", "source", "v0.5"};
	static const char *const sure[] = {"plain", "br0", "port", "v0", "mv"};
	struct packetfilter pf = {
		.rules = rules, .routing = {.links = links, .n_links = ARRAY_SIZE(links)}};
	struct warnings warnings = {0};

	assert_int_equal(outside_look_at_links(&pf, &warnings), 0);
	for (size_t i = 0; i < ARRAY_SIZE(doubted); i++)
		assert_true(is_doubted(&pf, doubted[i]));
	for (size_t i = 0; i < ARRAY_SIZE(sure); i++)
		assert_false(is_doubted(&pf, sure[i]));
	assert_int_equal(warnings.count, ARRAY_SIZE(doubted));
	warnings_done(&warnings);
	free(pf.doubtful);
}

static void test_patterns(void **state)
{
	struct interval in[8];

	assert_int_equal(intervals_of_pattern(0x0a000000, 0xff000000, 32, in, 8), 1);
	assert_true(in[0].low == 0x0a000000 && in[0].high == 0x0affffff);
	assert_int_equal(intervals_of_pattern(0x01, 0xfffffffd, 32, in, 8), 2);
	assert_true(in[0].low == 1 && in[0].high == 1 && in[1].low == 3);
	assert_int_equal(intervals_of_pattern(0, 0, 32, in, 8), 1);
	assert_true(in[0].low == 0 && in[0].high == 0xffffffff);
	assert_int_equal(intervals_of_pattern(0, 0xff, 32, in, 8), 0);
	assert_int_equal(intervals_of_pattern(0, 0, 128, in, 8), 1);
	assert_true(in[0].high == ~(source_number)0);
}

static void test_space(void **state)
{
	struct space space = {.bits = 32};
	struct span span;

	assert_int_equal(space_add(&space, (struct interval){10, 19}), 0);
	assert_int_equal(space_add(&space, (struct interval){15, 0xffffffff}), 0);
	assert_int_equal(space_seal(&space), 0);
	assert_int_equal(space.n, 4); /* 0, 10, 15, 20 */
	assert_true(space_span(&space, (struct interval){10, 19}, &span));
	assert_true(span.from == 1 && span.to == 3);
	assert_true(space_span(&space, (struct interval){15, 0xffffffff}, &span));
	assert_true(span.from == 2 && span.to == 4);
	assert_false(space_span(&space, (struct interval){11, 19}, &span));
	assert_true(space_interval(&space, 3).high == 0xffffffff);
	space_done(&space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_judgement),
		cmocka_unit_test(test_doubtful_links),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_space),
	};

	return cmocka_run_group_tests(tests, read_recording, free_recording);
}
