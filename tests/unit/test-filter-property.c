/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random filters over random sockets. The library's answer is that of an evaluation of the
 * expression itself, and what it gives the kernel is accepted by the kernel's audit and lets
 * through every socket that matches: exactly those, where the kernel can judge the whole filter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "filter-names.h"
#include "filter-random.h"
#include "kernel-filter.h"
#include "model/host.h"

enum { EXPRESSIONS = 25000, SUBJECTS = 64, LARGE = 300 };

/* A socket with its row, and what the kernel knows of it beyond what it tells. */
struct subject {
	struct socket socket;
	struct portscope_row row;
	struct kernel_socket kernel;
};

struct world {
	struct host host;
	struct random_pool pool;
	struct subject subjects[SUBJECTS];
	uint64_t autobound[SUBJECTS];
	size_t n_autobound;
	bool all_known;
};

static void make_pool(struct random_pool *pool)
{
	static const uint16_t ports[] = {0, 1, 22, 80, 443, 1023, 1024, 8080, 49151, 49152, 65535};
	static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "10.0.0.1", "10.128.0.1",
		"192.168.1.1", "::", "::1", "fe80::1", "2001:db8::1", "2001:db8:8000::1",
		"::ffff:10.0.0.1", "::ffff:127.0.0.1"};

	memset(pool, 0, sizeof(*pool));
	memcpy(pool->ports, ports, sizeof(ports));
	pool->n_ports = ARRAY_SIZE(ports);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct filter_address *a = &pool->addresses[pool->n_addresses++];

		a->family = strchr(addresses[i], ':') ? AF_INET6 : AF_INET;
		a->prefix = a->family == AF_INET ? 32 : 128;
		assert_int_equal(inet_pton(a->family, addresses[i], a->bytes), 1);
	}
	for (unsigned i = 0; i < 4; i++) {
		pool->devices[i] = i;
		pool->marks[i] = i * 3;
		pool->cgroups[i] = i ? 1000 + i : 1;
	}
}

static void make_address(
	uint64_t *seed, const struct random_pool *pool, uint8_t family, uint8_t *ret)
{
	const struct filter_address *a;

	do
		a = &pool->addresses[random_below(seed, pool->n_addresses)];
	while (a->family != family);
	memcpy(ret, a->bytes, 16);
}

static void make_subject(uint64_t *seed, struct world *w, size_t i)
{
	static const uint8_t states[] = {1, 2, 6, 7, 8, 10, 13, 3};
	struct subject *it = &w->subjects[i];
	struct socket *s = &it->socket;
	bool full;

	memset(it, 0, sizeof(*it));
	s->protocol = random_below(seed, 2) ? IPPROTO_TCP : IPPROTO_UDP;
	s->family = random_below(seed, 2) ? AF_INET : AF_INET6;
	s->state = states[random_below(seed, ARRAY_SIZE(states))];
	full = s->state != PORTSCOPE_TIME_WAIT && s->state != PORTSCOPE_SYN_RECV;
	s->local_port = w->pool.ports[random_below(seed, w->pool.n_ports)];
	s->remote_port = w->pool.ports[random_below(seed, w->pool.n_ports)];
	make_address(seed, &w->pool, s->family, s->local_address);
	make_address(seed, &w->pool, s->family, s->remote_address);
	s->ifindex = w->pool.devices[random_below(seed, 4)];
	s->recv_q = random_below(seed, 4);
	s->cookie = 100 + i;
	s->present = SOCKET_HAS_COOKIE;
	it->kernel.socket = s;
	it->kernel.autobound = !full || random_below(seed, 2);
	if (full) {
		it->kernel.mark = w->pool.marks[random_below(seed, 4)];
		it->kernel.cgroup = w->pool.cgroups[random_below(seed, 4)];
	}
	if (w->all_known || (full && random_below(seed, 4))) {
		s->present |= SOCKET_HAS_MARK | SOCKET_HAS_CGROUP | SOCKET_HAS_UID;
		s->mark = it->kernel.mark;
		s->cgroup = it->kernel.cgroup;
		s->uid = random_below(seed, 4);
	}
	if (it->kernel.autobound)
		w->autobound[w->n_autobound++] = s->cookie;
	it->row.socket = s;
	it->row.host = &w->host;
	it->row.range = port_range_of(s->local_port);
	it->row.exposure = (enum exposure)random_below(seed, 5);
	it->row.direction = (enum direction)random_below(seed, 4);
	it->row.service.name = (const char *const[]){NULL, "ssh", "http"}[random_below(seed, 3)];
}

static void make_world(uint64_t *seed, struct world *w, bool all_known)
{
	memset(w, 0, sizeof(*w));
	w->all_known = w->pool.kernel_only = all_known;
	make_pool(&w->pool);
	w->pool.kernel_only = all_known;
	for (size_t i = 0; i < SUBJECTS; i++)
		make_subject(seed, w, i);
}

struct counts {
	size_t asked, matched, refused;
};

/* How the program was made, and what it is. */
struct compiled {
	unsigned flags;
	uint8_t *program;
	size_t length;
	int result;
};

static void compiled_done(struct compiled *c)
{
	free(c->program);
}

static void check_subject(const struct filter *filter, const struct compiled *c,
	const struct subject *it, int expected, bool exact, struct counts *counts)
{
	const struct socket *s = &it->socket;
	bool matches = filter_match(filter, &it->row), passes, quick;
	uint32_t states = filter_states_of(filter, s->protocol, s->family, PORTSCOPE_STATES_ALL);

	assert_int_equal(matches, expected == 2);
	/* A program for other sockets says nothing of this one. */
	if (c->flags & (s->protocol == IPPROTO_TCP ? FILTER_UDP : FILTER_TCP) ||
		c->flags & (s->family == AF_INET ? FILTER_INET6 : FILTER_INET))
		return;
	passes = !c->program || program_run(c->program, c->length, &it->kernel);
	quick = filter_match_socket(filter, s);
	counts->asked++;
	counts->matched += matches;
	counts->refused += !passes;
	if (matches) {
		assert_true(passes);
		assert_true(quick);
		assert_true(states >> s->state & 1);
		assert_int_equal(c->result, 0);
	}
	if (exact) {
		assert_int_equal(passes, matches);
		assert_int_equal(quick, matches);
	}
}

static void check_expression(uint64_t *seed, struct world *w, unsigned depth, struct counts *counts)
{
	CLEANUP(expr_free_cleanup) struct expr *e = random_expr(seed, &w->pool, depth);
	CLEANUP(filter_free_cleanup) struct filter *filter = NULL;
	CLEANUP(compiled_done) struct compiled c = {0};
	bool known = w->all_known || random_below(seed, 2), exact;
	struct filter_error error;
	AUTO_OUT struct out o;

	out_init(&o, -1);
	expr_write(seed, &o, e, EXPR_OR);
	out_char(&o, '\0');
	if (filter_parse(o.buffer, NULL, &filter, &error) < 0)
		fail_msg("%s: %s", o.buffer, error.message);
	if (known)
		filter_set_autobound(filter, w->autobound, w->n_autobound);
	c.flags = w->all_known ? FILTER_MAY_MARK : random_below(seed, 64);
	c.result = filter_compile(filter, c.flags, &c.program, &c.length);
	assert_true(c.result >= 0);
	assert_true(c.length <= FILTER_PROGRAM_MAX);
	if (c.program && !program_audit(c.program, c.length, c.flags & FILTER_MAY_MARK))
		fail_msg("%s: the kernel would refuse the program", o.buffer);
	/* What is near the limit may have been widened. */
	exact = w->all_known && depth < 6;
	for (size_t i = 0; i < SUBJECTS; i++) {
		struct expr_subject subject = {
			.row = &w->subjects[i].row,
			.autobound = w->subjects[i].kernel.autobound,
			.autobound_known = known,
		};

		check_subject(
			filter, &c, &w->subjects[i], expr_evaluate(e, &subject), exact, counts);
	}
}

static void test_mixed(void **state)
{
	uint64_t seed = 20240501;
	struct counts counts = {0};
	struct world w;

	for (unsigned i = 0; i < EXPRESSIONS; i++) {
		if (i % 500 == 0)
			make_world(&seed, &w, false);
		check_expression(&seed, &w, i % 5, &counts);
	}
	/* Neither side of the comparison is trivial. */
	assert_true(counts.matched > counts.asked / 10);
	assert_true(counts.refused > counts.asked / 10);
}

/* All of it within the kernel's reach, and everything known: nothing is left to do here. */
static void test_exact(void **state)
{
	uint64_t seed = 7;
	struct counts counts = {0};
	struct world w;

	for (unsigned i = 0; i < EXPRESSIONS; i++) {
		if (i % 500 == 0)
			make_world(&seed, &w, true);
		check_expression(&seed, &w, i % 5, &counts);
	}
	assert_int_equal(counts.matched + counts.refused, counts.asked);
	assert_true(counts.matched > counts.asked / 10);
	assert_true(counts.refused > counts.asked / 10);
}

/* Beyond 4 KiB the program is looser, never wrong. */
static void test_large(void **state)
{
	uint64_t seed = 99;
	struct counts counts = {0};
	struct world w;

	for (unsigned i = 0; i < LARGE; i++) {
		make_world(&seed, &w, i % 2);
		check_expression(&seed, &w, 9, &counts);
	}
	assert_true(counts.matched && counts.refused);
}

/* A list of ports that would take 20 KiB is merged over its gaps, and still selects. */
static void test_many_ports(void **state)
{
	CLEANUP(filter_free_cleanup) struct filter *filter = NULL;
	CLEANUP(compiled_done) struct compiled c = {0};
	struct socket s = {.protocol = IPPROTO_TCP, .family = AF_INET};
	struct kernel_socket k = {.socket = &s};
	AUTO_OUT struct out o;
	unsigned passed = 0;

	out_init(&o, -1);
	out_text(&o, "dport = 40000");
	for (unsigned i = 0; i < 1000; i++)
		out_format(&o, ",%u", 1 + i * 17);
	out_char(&o, '\0');
	assert_int_equal(filter_parse(o.buffer, NULL, &filter, NULL), 0);
	assert_int_equal(filter_compile(filter, 0, &c.program, &c.length), 0);
	assert_true(c.length && c.length <= FILTER_PROGRAM_MAX);
	assert_true(program_audit(c.program, c.length, false));
	for (unsigned port = 0; port <= 65535; port++) {
		bool listed = port == 40000 || (port < 17000 && port % 17 == 1), passes;

		s.remote_port = (uint16_t)port;
		passes = program_run(c.program, c.length, &k);
		assert_true(passes || !listed);
		passed += passes;
	}
	assert_true(passed < 17100);
}

static void test_autobound_program(void **state)
{
	struct socket s = {0};
	struct kernel_socket k = {.socket = &s, .autobound = true};
	/* Room for every operation, though this is of 4 bytes: compilers look into the simulation.
	 */
	uint8_t program[64] = {0};

	filter_compile_autobound(program);
	assert_true(program_audit(program, 4, false));
	assert_true(program_run(program, 4, &k));
	k.autobound = false;
	assert_false(program_run(program, 4, &k));
}

/* What is null decides nothing, whichever way it is asked. */
static void test_null(void **state)
{
	static const struct {
		const char *text;
		bool nobody, root;
	} cases[] = {
		{"uid = 0", false, true},
		{"uid != 0", false, false},
		{"not uid = 0", false, false},
		{"not uid != 0", false, true},
		{"uid = null", true, false},
		{"uid != null", false, true},
		{"uid = 0 or sport = 0", true, true},
		{"uid = 0 and sport = 0", false, true},
		{"uid < 5 or not uid < 5", false, true},
		{"autobound or not autobound", false, false},
		{"user = 0", false, true},
		{"user != 0", false, false},
		{"fwmark 0 or fwmark != 0", false, false},
		{"cgroup 0 or cgroup != 0", false, false},
		{"state listen", false, false},
		{"state = listen", false, false},
		{"state != listen", true, true},
		{"not *", false, false},
		{"", true, true},
	};
	struct socket nobody = {.protocol = IPPROTO_TCP, .family = AF_INET, .state = 1};
	struct socket root = nobody;
	struct host host = {0};

	root.present = SOCKET_HAS_UID;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(filter_free_cleanup) struct filter *filter = NULL;
		struct portscope_row row = {.host = &host, .socket = &nobody};

		assert_int_equal(filter_parse(cases[i].text, &test_names, &filter, NULL), 0);
		if (filter_match(filter, &row) != cases[i].nobody)
			fail_msg("%s: unknown user", cases[i].text);
		row.socket = &root;
		if (filter_match(filter, &row) != cases[i].root)
			fail_msg("%s: root", cases[i].text);
	}
}

/* A match of one holder is a match; where nobody can be a holder, nobody is. */
static void test_holders(void **state)
{
	static const struct {
		const char *text;
		bool known, none, hidden;
	} cases[] = {
		{"process = nginx", true, false, false},
		{"process = worker", true, false, false}, /* by the kernel's name */
		{"process = sshd", false, false, false},
		{"process != nginx", false, true, false},
		{"process != sshd", true, true, false},
		{"process ~ ngi*", true, false, false},
		{"process !~ x*", true, true, false},
		{"processes = backup", true, false, false},
		{"process = sshd,backup", true, false, false},
		{"process = null", false, false, true},
		{"pid = 12", true, false, false},
		{"pid = 11-13", true, false, false},
		{"pid > 12", true, false, false},
		{"pid > 13", false, false, false},
		{"pid != 12", false, true, false},
		{"user = 33", true, false, false},
		{"user = 0", false, true, true}, /* the socket's, where no holder is known */
		{"user != 0", true, false, false},
		{"user = root,33", true, true, true},
		{"user ~ www*", true, false, false},
		{"user ~ bac*", true, false, false}, /* the second holder's */
		{"user !~ bac*", false, false, false},
		{"owner = hidden", false, false, true},
		{"owner != hidden", true, true, false},
		{"container = web", true, false, false},
		{"container = 0123456789ab", true, false, false},
		{"container = 0123456789", false, false, false},
		{"container != web", false, false, false},
		{"container = null", false, true, true},
		{"unit = nginx.service", true, false, false},
		{"unit ~ *.service", true, false, false},
		{"unit != nginx.service", false, false, false},
		{"unit = backup.service", true, false, false}, /* the second holder's */
		{"unit != backup.service", false, false, false},
		{"unit = other.service", false, false, false},
	};
	static const struct portscope_process processes[] = {{.pid = 12,
								     .program = "nginx",
								     .name_length = 5,
								     .comm = "worker",
								     .user = "www-data"},
		{.pid = 13, .program = "backup", .name_length = 6, .user = "backup"}};
	static const struct unit backup = {.unit = "backup.service"};
	static const struct process first = {.uid = 33, .has_uid = true},
				    second = {.uid = 7, .unit = &backup};
	static const struct process *const holders[] = {&first, &second};
	static const struct portscope_container container = {
		.runtime = "docker", .id = "0123456789abcdef", .name = "web"};
	static const struct unit unit = {.unit = "nginx.service", .container = &container};
	struct socket s = {.protocol = IPPROTO_TCP, .family = AF_INET, .present = SOCKET_HAS_UID};
	struct host host = {0};
	const struct portscope_row known = {.socket = &s,
		.host = &host,
		.owner = OWNER_KNOWN,
		.processes = processes,
		.holders = holders,
		.n_processes = 2,
		.unit = &unit};
	const struct portscope_row none = {.socket = &s, .host = &host, .owner = OWNER_NONE};
	const struct portscope_row hidden = {.socket = &s, .host = &host, .owner = OWNER_HIDDEN};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(filter_free_cleanup) struct filter *filter = NULL;

		assert_int_equal(filter_parse(cases[i].text, &test_names, &filter, NULL), 0);
		if (filter_match(filter, &known) != cases[i].known ||
			filter_match(filter, &none) != cases[i].none ||
			filter_match(filter, &hidden) != cases[i].hidden)
			fail_msg("%s", cases[i].text);
		/* The socket alone tells nothing of its holders. */
		assert_true(filter_match_socket(filter, &s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_many_ports),
		cmocka_unit_test(test_autobound_program),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
