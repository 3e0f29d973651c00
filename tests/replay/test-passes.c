/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the collector makes of dumps that are interrupted, doubled, refused, foreign or lacking: a
 * recorded conversation is changed in one way at a time and played back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <cmocka.h>

#include "collect/collect.h"
#include "collect/iterate.h"
#include "replay.h"

/** One collection and what came of it. */
struct answer {
	int result;
	struct sockets sockets;
	struct collect_report report;
	struct warnings warnings;
};

static struct recording recording;
static int proc_fd;

/* No dump is taken more often. */
enum { MOST_PASSES = 5 };

/** What is asked, of all protocols and families named. */
struct question {
	unsigned protocols, families;
	uint32_t states;
	bool needs_netlink;
};

static const struct question tcp4 = {PORTSCOPE_TCP, PORTSCOPE_INET, PORTSCOPE_STATES_ALL};
static const struct question udp4 = {PORTSCOPE_UDP, PORTSCOPE_INET, PORTSCOPE_STATES_ALL};
static const struct question everything = {
	PORTSCOPE_TCP | PORTSCOPE_UDP, PORTSCOPE_INET | PORTSCOPE_INET6, PORTSCOPE_STATES_ALL};

static struct collect_request request_of(const struct question *q)
{
	struct collect_request request = {0};

	collect_request_fill(&request, q->protocols, q->families, q->states);
	request.needs_netlink = q->needs_netlink;
	return request;
}

static struct answer ask_below(int below, struct replay *r, const struct question *question)
{
	struct sources sources = {
		.transport = &r->transport, .proc_fd = below, .etc_fd = -1, .root_fd = -1};
	struct collect_request request = request_of(question);
	struct answer a = {0};

	a.result = collect_all(&sources, &request, &a.sockets, &a.report, &a.warnings);
	assert_int_equal(r->unmatched, 0);
	return a;
}

static struct answer ask(struct replay *r, const struct question *question)
{
	return ask_below(proc_fd, r, question);
}

static void answer_done(struct answer *a)
{
	sockets_done(&a->sockets);
	warnings_done(&a->warnings);
}

/* How many passes were taken, where one dump was asked for. */
static unsigned passes_of(const struct replay *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < recording.count; i++)
		n += r->times[i];
	return n;
}

static const struct socket *find(const struct answer *a, uint64_t cookie)
{
	const struct socket *found = NULL;

	for (size_t i = 0; i < a->sockets.count; i++)
		if (a->sockets.items[i].cookie == cookie) {
			assert_null(found);
			found = &a->sockets.items[i];
		}
	return found;
}

static size_t count_of(const struct question *question)
{
	struct replay r;
	struct answer a;
	size_t n;

	replay_init(&r, &recording);
	a = ask(&r, question);
	assert_int_equal(a.result, 0);
	n = a.sockets.count;
	assert_true(n > 5);
	answer_done(&a);
	replay_done(&r);
	return n;
}

static void assert_complete(const struct answer *a)
{
	assert_int_equal(a->result, 0);
	assert_int_equal(a->warnings.count, 0);
	assert_false(a->report.used_procfs);
}

static void assert_incomplete(const struct answer *a, const char *words)
{
	assert_int_equal(a->result, 0);
	assert_int_equal(a->warnings.count, 1);
	assert_true(a->warnings.items[0].incomplete);
	assert_non_null(strstr(a->warnings.items[0].text, words));
}

static void test_as_recorded(void **state)
{
	struct replay r;
	struct answer a;

	replay_init(&r, &recording);
	a = ask(&r, &everything);
	assert_complete(&a);
	/* The one that takes two datagrams could have missed something: it is taken again. */
	assert_int_equal(passes_of(&r), 5);
	assert_int_equal(r.lookups, 0);
	for (size_t i = 0; i < a.sockets.count; i++)
		assert_ptr_equal(find(&a, a.sockets.items[i].cookie), &a.sockets.items[i]);
	answer_done(&a);
	replay_done(&r);
}

/* A change that happens in the first `*userdata` passes alone. */
static bool is_over(const struct replay *r, unsigned time)
{
	return time >= *(const unsigned *)r->userdata;
}

static void lose_the_end(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (is_over(r, time))
		return;
	blocks_split(answers);
	blocks_remove(answers, answers->count - 1);
}

static void interrupt(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (!is_over(r, time))
		block_message(&answers->items[0])->nlmsg_flags |= NLM_F_DUMP_INTR;
}

static void tell_twice(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (is_over(r, time))
		return;
	blocks_split(answers);
	blocks_add(answers, answers->items[2].bytes, answers->items[2].length);
	/* Before the end of the dump, which must stay the last. */
	struct block last = answers->items[answers->count - 1];
	answers->items[answers->count - 1] = answers->items[answers->count - 2];
	answers->items[answers->count - 2] = last;
}

static void damage(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (!is_over(r, time))
		block_message(&answers->items[0])->nlmsg_len = 20;
}

static void overflow(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (!is_over(r, time))
		answers->items[0].claims = -ENOBUFS;
}

static const struct {
	replay_change_fn change;
	const char *warning; /**< when it never stops */
} signs[] = {
	{lose_the_end, "cut short or damaged"},
	{damage, "cut short or damaged"},
	{overflow, "cut short or damaged"},
	{interrupt, "opened and closed while they were listed"},
};

/* Whatever was wrong with the first pass, two clean ones that agree are believed. */
static void test_once(void **state)
{
	size_t n = count_of(&tcp4);

	for (size_t i = 0; i < ARRAY_SIZE(signs) + 1; i++) {
		struct replay r;
		struct answer a;
		unsigned times = 1;

		replay_init(&r, &recording);
		r.userdata = &times;
		r.change = i < ARRAY_SIZE(signs) ? signs[i].change : tell_twice;
		a = ask(&r, &tcp4);
		assert_complete(&a);
		/* One that told a socket twice saw the same sockets, too. */
		assert_int_equal(passes_of(&r), r.change == tell_twice ? 2 : 3);
		assert_int_equal(a.sockets.count, n);
		answer_done(&a);
		replay_done(&r);
	}
}

static void test_always(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		struct replay r;
		struct answer a;
		unsigned times = 99;

		replay_init(&r, &recording);
		r.userdata = &times;
		r.change = signs[i].change;
		a = ask(&r, &tcp4);
		assert_incomplete(&a, signs[i].warning);
		assert_non_null(strstr(a.warnings.items[0].text, "IPv4 TCP"));
		assert_int_equal(passes_of(&r), MOST_PASSES);
		answer_done(&a);
		replay_done(&r);
	}
}

/* A duplicate in every pass, but always the same sockets: two that agree are enough. */
static void test_agreement(void **state)
{
	size_t n = count_of(&tcp4);
	struct replay r;
	struct answer a;
	unsigned times = 99;

	replay_init(&r, &recording);
	r.userdata = &times;
	r.change = tell_twice;
	a = ask(&r, &tcp4);
	assert_complete(&a);
	assert_int_equal(passes_of(&r), 2);
	assert_int_equal(a.sockets.count, n);
	answer_done(&a);
	replay_done(&r);
}

/** Sockets that a pass lacks, for a test of what is kept. */
struct absence {
	uint64_t missing[MOST_PASSES]; /**< cookie of the one that pass number i lacks */
	uint64_t alive;                /**< what a look-up finds; 0: nothing */
	unsigned told;                 /**< duplicates in passes before this one */
};

static void lack(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	const struct absence *absence = r->userdata;
	unsigned told = absence->told;

	r->userdata = &told;
	tell_twice(r, exchange, time, answers);
	r->userdata = (void *)absence;
	blocks_split(answers);
	for (size_t i = 0; i < answers->count; i++)
		if (message_cookie(block_message(&answers->items[i])) == absence->missing[time])
			if (absence->missing[time])
				blocks_remove(answers, i--);
}

static bool is_alive(struct replay *r, uint64_t cookie)
{
	return ((const struct absence *)r->userdata)->alive == cookie;
}

/* Cookies of sockets that the request gives: connections, or others. */
static void cookies_of(const struct question *question, bool connected, uint64_t *ret, size_t n)
{
	struct replay r;
	struct answer a;
	size_t found = 0;

	replay_init(&r, &recording);
	a = ask(&r, question);
	for (size_t i = 0; i < a.sockets.count && found < n; i++)
		if (!a.sockets.items[i].remote_port == !connected)
			ret[found++] = a.sockets.items[i].cookie;
	assert_int_equal(found, n);
	answer_done(&a);
	replay_done(&r);
}

static struct answer ask_lacking(
	struct replay *r, const struct question *q, struct absence *absence)
{
	replay_init(r, &recording);
	r->change = lack;
	r->alive = is_alive;
	r->userdata = absence;
	return ask(r, q);
}

/* Every pass lacks another socket: the second one misses what those beside it list. Nobody who
 * listens is looked up, since the look-up finds but one of those that share a port; all are kept.
 */
static void test_disagreement(void **state)
{
	static const struct question *const questions[] = {&tcp4, &udp4};

	for (size_t i = 0; i < 2; i++) {
		size_t n = count_of(questions[i]);
		struct absence absence = {.told = 99};
		struct replay r;
		struct answer a;

		cookies_of(questions[i], false, absence.missing, 3);
		a = ask_lacking(&r, questions[i], &absence);
		assert_incomplete(&a, "some may be missing (best-effort snapshot)");
		assert_int_equal(passes_of(&r), 3);
		assert_int_equal(r.lookups, 0);
		assert_int_equal(a.sockets.count, n);
		assert_false(find(&a, absence.missing[0])->present & SOCKET_EARLIER);
		assert_false(find(&a, absence.missing[1])->present & SOCKET_EARLIER);
		assert_true(find(&a, absence.missing[2])->present & SOCKET_EARLIER);
		answer_done(&a);
		replay_done(&r);
	}
}

/* Another socket was born or ended before each pass: that is no disagreement. */
static void test_births_and_deaths(void **state)
{
	uint64_t c[2];

	cookies_of(&tcp4, false, c, 2);
	for (size_t i = 0; i < 2; i++) {
		struct absence birth = {.missing = {c[0], 0, 0}};
		struct absence death = {.missing = {0, c[0], c[0]}};
		struct absence both = {.missing = {c[0], 0, c[1]}};
		struct absence *const all[] = {&birth, &death, &both};

		for (size_t k = 0; k < ARRAY_SIZE(all); k++) {
			struct replay r;
			struct answer a;

			all[k]->told = i;
			a = ask_lacking(&r, &tcp4, all[k]);
			assert_complete(&a);
			assert_true(passes_of(&r) <= 3);
			assert_non_null(find(&a, c[0]));
			answer_done(&a);
			replay_done(&r);
		}
	}
}

/* A connection that passes lack is looked up: found, it is kept; not found, it has ended. A
 * look-up that fails tells neither. */
static void test_looked_up(void **state)
{
	static const int errors[] = {0, -ENOENT, -ESTALE, -EPERM};
	size_t n = count_of(&tcp4);
	uint64_t c = 0;

	cookies_of(&tcp4, true, &c, 1);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct absence absence = {.missing = {0, c, c}};
		bool kept = errors[i] == 0 || errors[i] == -EPERM;
		const struct socket *found;
		struct replay r;
		struct answer a;

		replay_init(&r, &recording);
		r.change = lack;
		r.alive = is_alive;
		r.lookup_error = errors[i];
		r.userdata = &absence;
		absence.alive = c;
		a = ask(&r, &tcp4);
		assert_complete(&a);
		assert_int_equal(r.lookups, 1);
		assert_int_equal(a.sockets.count, n - !kept);
		found = find(&a, c);
		assert_int_equal(!found, !kept);
		if (kept)
			assert_int_equal(!!(found->present & SOCKET_EARLIER), errors[i] != 0);
		answer_done(&a);
		replay_done(&r);
	}
}

/* Told in another state the second time, in one pass or in the next: the last word counts. */
static void close_the_third(
	struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	struct inet_diag_msg *again;

	tell_twice(r, exchange, time, answers);
	again = NLMSG_DATA(block_message(&answers->items[answers->count - 2]));
	again->idiag_state = PORTSCOPE_CLOSING;
}

static void stay_closed(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	blocks_split(answers);
	if (time == 0)
		block_message(&answers->items[0])->nlmsg_flags |= NLM_F_DUMP_INTR;
	else
		((struct inet_diag_msg *)NLMSG_DATA(block_message(&answers->items[2])))
			->idiag_state = PORTSCOPE_CLOSING;
}

static void test_last_state_wins(void **state)
{
	static const replay_change_fn changes[] = {stay_closed, close_the_third};

	for (size_t i = 0; i < 2; i++) {
		struct replay r;
		struct answer a;
		unsigned times = 99;

		replay_init(&r, &recording);
		r.change = changes[i];
		r.userdata = &times;
		a = ask(&r, &tcp4);
		assert_complete(&a);
		assert_int_equal(a.sockets.items[2].state, PORTSCOPE_CLOSING);
		assert_ptr_equal(find(&a, a.sockets.items[2].cookie), &a.sockets.items[2]);
		answer_done(&a);
		replay_done(&r);
	}
}

/* The end of a dump says -ENOENT: what a missing handler does. */
static void refuse_in_done(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	int code = *(const int *)r->userdata;

	blocks_split(answers);
	while (answers->count > 1)
		blocks_remove(answers, 0);
	memcpy(NLMSG_DATA(block_message(&answers->items[0])), &code, sizeof(code));
}

static void refuse_with_error(
	struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr body;
	} answer = {{sizeof(answer), NLMSG_ERROR, 0, 0, 0}, {.error = *(const int *)r->userdata}};

	answer.head.nlmsg_seq = block_message(&answers->items[0])->nlmsg_seq;
	answer.head.nlmsg_pid = r->transport.port_id;
	blocks_done(answers);
	blocks_add(answers, &answer, sizeof(answer));
}

static void test_refused(void **state)
{
	static const replay_change_fn ways[] = {refuse_in_done, refuse_with_error};
	static const int codes[] = {-ENOENT, -EPERM, -EACCES, -EINVAL, -EOPNOTSUPP};

	for (size_t i = 0; i < ARRAY_SIZE(ways) * ARRAY_SIZE(codes) * 2; i++) {
		struct question question = everything;
		struct replay r;
		struct answer a;
		int code = codes[i / 4];

		question.states &= ~(1u << PORTSCOPE_BOUND_INACTIVE);
		question.needs_netlink = i & 1;
		replay_init(&r, &recording);
		r.change = ways[i / 2 % 2];
		r.any_states = true;
		r.userdata = &code;
		a = ask(&r, &question);
		assert_int_equal(a.result, 0);
		assert_true(a.report.used_procfs);
		assert_int_equal(a.warnings.count, 4);
		for (size_t k = 0; k < 4; k++) {
			const char *text = a.warnings.items[k].text;

			/* Only where a field is asked for that the files lack is it incomplete. */
			assert_int_equal(a.warnings.items[k].incomplete, i & 1);
			assert_non_null(strstr(text, strerror(-code)));
			assert_non_null(strstr(text, "/proc/net"));
		}
		assert_int_equal(a.sockets.count, 8);
		answer_done(&a);
		replay_done(&r);
	}
}

/* The files know no bound-inactive socket: to ask for them makes the answer incomplete. */
static void test_refused_bound_inactive(void **state)
{
	struct replay r;
	struct answer a;
	int code = -EPERM;

	replay_init(&r, &recording);
	r.change = refuse_with_error;
	r.userdata = &code;
	a = ask(&r, &tcp4);
	assert_incomplete(&a, "bound-inactive");
	answer_done(&a);
	replay_done(&r);
}

/* Neither sock_diag nor /proc: nothing was seen, of either family. */
static void test_refused_altogether(void **state)
{
	static const unsigned families[] = {PORTSCOPE_INET, PORTSCOPE_INET6};

	for (size_t i = 0; i < 2; i++) {
		struct question question = tcp4;
		struct replay r;
		struct answer a;
		int code = -EPERM;

		question.families = families[i];
		replay_init(&r, &recording);
		r.change = refuse_with_error;
		r.userdata = &code;
		a = ask_below(-1, &r, &question);
		assert_incomplete(&a, "could not be read");
		assert_int_equal(a.sockets.count, 0);
		answer_done(&a);
		replay_done(&r);
	}
}

/* A kernel without IPv6 has no tcp6, but has tcp: that is no lack. */
static void test_refused_without_ipv6(void **state)
{
	char folder[] = "/tmp/portscope-replay-XXXXXX", path[64];
	struct question question = {.protocols = PORTSCOPE_TCP,
		.families = PORTSCOPE_INET6,
		.states = PORTSCOPE_STATES_CONNECTED};
	struct replay r;
	struct answer a;
	int code = -ENOENT, fd, file;

	assert_non_null(mkdtemp(folder));
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "%s/net", folder);
	assert_int_equal(mkdirat(fd, "net", 0700), 0);
	file = openat(fd, "net/tcp", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	close(file);
	replay_init(&r, &recording);
	r.change = refuse_in_done;
	r.any_states = true;
	r.userdata = &code;
	a = ask_below(fd, &r, &question);
	assert_complete(&a);
	assert_int_equal(a.sockets.count, 0);
	answer_done(&a);
	replay_done(&r);
	unlinkat(fd, "net/tcp", 0);
	unlinkat(fd, "net", AT_REMOVEDIR);
	close(fd);
	rmdir(folder);
}

/* An error that is no refusal ends the collection: it is not taken for an empty table. */
static void test_failure(void **state)
{
	struct replay r;
	struct answer a;
	int code = -ENOMEM;

	replay_init(&r, &recording);
	r.change = refuse_in_done;
	r.userdata = &code;
	a = ask(&r, &tcp4);
	assert_int_equal(a.result, -ENOMEM);
	assert_null(a.sockets.items);
	answer_done(&a);
	replay_done(&r);
}

/* An acknowledgement is not the end of a dump, and no reason to believe that there is nothing. */
static void test_acknowledged(void **state)
{
	struct replay r;
	struct answer a;
	int code = 0;

	replay_init(&r, &recording);
	r.change = refuse_with_error;
	r.userdata = &code;
	a = ask(&r, &tcp4);
	assert_incomplete(&a, "cut short or damaged");
	answer_done(&a);
	replay_done(&r);
}

/* Messages of other conversations, in front: made-up sockets and made-up ends. */
static void interfere(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	bool foreign = *(const bool *)r->userdata;
	struct blocks mixed = {0};

	blocks_split(answers);
	for (size_t i = 0; i < answers->count; i++) {
		const struct block *b = &answers->items[i];
		/* The end of another dump before each message of ours. */
		const struct block *others[] = {b, &answers->items[answers->count - 1]};

		for (size_t k = 0; k < 2; k++) {
			struct nlmsghdr *m;

			blocks_add(&mixed, others[k]->bytes, others[k]->length);
			m = block_message(&mixed.items[mixed.count - 1]);
			if (foreign)
				m->nlmsg_pid ^= 1;
			else
				m->nlmsg_seq ^= 1;
			if (message_cookie(m))
				((struct inet_diag_msg *)NLMSG_DATA(m))->id.idiag_cookie[1] = 99;
		}
		blocks_add(&mixed, b->bytes, b->length);
	}
	blocks_done(answers);
	*answers = mixed;
}

static void test_foreign(void **state)
{
	size_t n = count_of(&tcp4);

	for (int foreign = 0; foreign < 2; foreign++) {
		struct replay r;
		struct answer a;
		bool flag = foreign;

		replay_init(&r, &recording);
		r.change = interfere;
		r.userdata = &flag;
		a = ask(&r, &tcp4);
		assert_complete(&a);
		assert_int_equal(a.sockets.count, n);
		for (size_t i = 0; i < n; i++)
			assert_int_not_equal(a.sockets.items[i].cookie >> 32, 99);
		answer_done(&a);
		replay_done(&r);
	}
}

/** A kernel with iterators. */
static struct {
	bool exact;
	unsigned walks;
	uint64_t missing[MOST_PASSES]; /**< cookie that walk number i lacks */
	unsigned told;                 /**< walks before this one tell the first socket twice */
	const struct sockets *held;    /**< what processes hold, each told twice; NULL: it
					 cannot be seen */
	int refusal;                   /**< of the walk, after half of it */
} kernel;

static int walk_made_up(uint8_t protocol, uint32_t states, socket_fn found, void *userdata,
	struct iteration *iteration)
{
	unsigned walk;
	int r = 0;

	if (protocol == ITERATE_HELD) {
		if (!kernel.held)
			return -EOPNOTSUPP;
		for (size_t i = 0; i < 2 * kernel.held->count && r >= 0; i++)
			r = found(&kernel.held->items[i / 2], userdata);
		return r;
	}
	walk = kernel.walks++;
	iteration->exact = kernel.exact;
	for (uint64_t cookie = 1; cookie <= 20 && r >= 0; cookie++) {
		struct socket s = {.protocol = protocol,
			.family = cookie % 2 ? AF_INET : AF_INET6,
			.state = cookie % 3 ? PORTSCOPE_LISTEN : PORTSCOPE_ESTABLISHED,
			.present = SOCKET_HAS_COOKIE,
			.cookie = cookie};

		if (cookie == kernel.missing[walk] || !(states >> s.state & 1))
			continue;
		r = found(&s, userdata);
		if (r >= 0 && cookie == 1 && walk < kernel.told)
			r = found(&s, userdata);
		if (cookie == 10 && kernel.refusal) {
			snprintf(
				iteration->reason, sizeof(iteration->reason), "of a made-up fault");
			return kernel.refusal;
		}
	}
	return r;
}

static struct answer ask_iterators(struct replay *r, uint32_t states)
{
	struct sources sources = {.transport = &r->transport,
		.iterate = walk_made_up,
		.proc_fd = proc_fd,
		.etc_fd = -1,
		.root_fd = -1};
	struct collect_request request = {.collector = PORTSCOPE_COLLECTOR_BPF};
	struct answer a = {0};

	collect_request_fill(&request, PORTSCOPE_TCP, PORTSCOPE_INET | PORTSCOPE_INET6, states);
	replay_init(r, &recording);
	a.result = collect_all(&sources, &request, &a.sockets, &a.report, &a.warnings);
	assert_true(a.report.used_bpf);
	return a;
}

/* An exact walk is taken once and believed; it serves both families, each with its states. */
static void test_exact_iterator(void **state)
{
	struct replay r;
	struct answer a;

	kernel = (typeof(kernel)){.exact = true};
	a = ask_iterators(&r, 1u << PORTSCOPE_LISTEN);
	assert_complete(&a);
	assert_int_equal(kernel.walks, 1);
	assert_int_equal(a.sockets.count, 14);
	answer_done(&a);
	replay_done(&r);
}

/*
 * One that is not, on a kernel that is too old, is judged as a dump is: walk 0 would do if it could
 * be compared with what processes hold, which it cannot here; the others are compared with each
 * other.
 */
static void test_inexact_iterator(void **state)
{
	static const struct {
		uint64_t missing[MOST_PASSES];
		unsigned told, walks;
		bool sure;
	} cases[] = {
		{{0}, 0, 3, true},
		{{0}, 1, 4, true},
		{{0, 1, 0, 0}, 0, 4, true},
		{{0, 0, 2, 0}, 0, 4, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct replay r;
		struct answer a;

		kernel = (typeof(kernel)){.told = cases[i].told};
		memcpy(kernel.missing, cases[i].missing, sizeof(cases[i].missing));
		a = ask_iterators(&r, 1u << PORTSCOPE_LISTEN);
		if (cases[i].sure)
			assert_complete(&a);
		else
			assert_incomplete(&a, "TCP sockets opened and closed");
		assert_int_equal(kernel.walks, cases[i].walks);
		assert_int_equal(a.sockets.count, 14);
		answer_done(&a);
		replay_done(&r);
	}
}

/* A walk that ends early leaves nothing half: the answer says that there is none. */
static void test_iterator_that_fails(void **state)
{
	struct replay r;
	struct answer a;

	kernel = (typeof(kernel)){.exact = true, .refusal = -EOPNOTSUPP};
	a = ask_iterators(&r, 1u << PORTSCOPE_LISTEN);
	assert_incomplete(&a, "of a made-up fault");
	assert_int_equal(a.sockets.count, 0);
	answer_done(&a);
	replay_done(&r);
}

static struct answer ask_compared(struct replay *r, struct absence *absence)
{
	struct sources sources = {.transport = &r->transport,
		.iterate = walk_made_up,
		.proc_fd = proc_fd,
		.etc_fd = -1,
		.root_fd = -1};
	struct collect_request request = {
		.collector = PORTSCOPE_COLLECTOR_NETLINK, .compared = true};
	struct answer a = {0};

	collect_request_fill(&request, PORTSCOPE_TCP, PORTSCOPE_INET, PORTSCOPE_STATES_ALL);
	replay_init(r, &recording);
	r->change = lack;
	r->userdata = absence;
	a.result = collect_all(&sources, &request, &a.sockets, &a.report, &a.warnings);
	return a;
}

/* What a dump missed and processes hold is added, once; what it told twice is dumped again; what
 * ended between the passes goes. */
static void test_compared(void **state)
{
	size_t n = count_of(&tcp4);
	struct replay r;
	struct answer all, a;
	uint64_t c[2];

	cookies_of(&tcp4, false, c, 2);
	replay_init(&r, &recording);
	all = ask(&r, &tcp4);
	replay_done(&r);
	for (unsigned told = 0; told < 2; told++) {
		struct absence absence = {.missing = {c[0], c[0]}, .told = told};

		kernel = (typeof(kernel)){.held = &all.sockets};
		a = ask_compared(&r, &absence);
		assert_complete(&a);
		assert_int_equal(passes_of(&r), 1 + told);
		assert_int_equal(a.sockets.count, n);
		assert_memory_equal(find(&a, c[0]), find(&all, c[0]), sizeof(struct socket));
		answer_done(&a);
		replay_done(&r);
	}
	for (size_t i = 0; i < 2; i++) {
		struct absence absence = {.missing = {0, c[1]}, .told = 1};
		struct sockets held = {0};

		for (size_t k = 0; k < all.sockets.count; k++)
			if (i || all.sockets.items[k].cookie != c[1])
				assert_int_equal(sockets_add(&all.sockets.items[k], &held), 0);
		kernel = (typeof(kernel)){.held = &held};
		a = ask_compared(&r, &absence);
		assert_complete(&a);
		assert_int_equal(!!find(&a, c[1]), i);
		assert_int_equal(a.sockets.count, n - !i);
		answer_done(&a);
		replay_done(&r);
		sockets_done(&held);
	}
	answer_done(&all);
}

/* Where nobody can tell what processes hold, passes tell again. */
static void test_not_compared(void **state)
{
	struct absence absence = {0};
	struct replay r;
	struct answer a;

	kernel = (typeof(kernel)){0};
	a = ask_compared(&r, &absence);
	assert_complete(&a);
	assert_int_equal(passes_of(&r), 1 + 2);
	answer_done(&a);
	replay_done(&r);
}

/** What a stream hands out. */
struct stream {
	size_t count;
	size_t stop_at; /**< the socket at which it is ended; 0: never */
};

static int count_one(const struct socket *socket, void *userdata)
{
	struct stream *s = userdata;

	return ++s->count == s->stop_at ? -ECANCELED : 0;
}

static int stream(struct replay *r, const struct question *question, struct stream *s,
	struct warnings *warnings)
{
	struct sources sources = {
		.transport = &r->transport, .proc_fd = proc_fd, .etc_fd = -1, .root_fd = -1};
	struct collect_request request = request_of(question);
	struct collect_report report = {0};

	return collect_stream(&sources, &request, count_one, s, &report, warnings);
}

/* A stream cannot take a pass back: it drops duplicates and says what they mean. */
static void test_stream(void **state)
{
	static const replay_change_fn changes[] = {
		tell_twice, lose_the_end, interrupt, damage, overflow};
	size_t n = count_of(&tcp4);

	for (size_t i = 0; i < ARRAY_SIZE(changes) + 1; i++) {
		struct replay r;
		struct stream s = {0};
		struct warnings warnings = {0};
		unsigned times = 99;

		replay_init(&r, &recording);
		r.userdata = &times;
		r.change = i ? changes[i - 1] : NULL;
		assert_int_equal(stream(&r, &tcp4, &s, &warnings), 0);
		assert_int_equal(passes_of(&r), 1);
		assert_int_equal(warnings_incomplete(&warnings), i > 0);
		if (i < 3)
			assert_int_equal(s.count, n);
		warnings_done(&warnings);
		replay_done(&r);
	}
}

static void tell_twice_in_the_first(
	struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	if (passes_of(r) == 0)
		tell_twice(r, exchange, time, answers);
}

/* What one dump did says nothing about the next ones. */
static void test_stream_names_the_dump(void **state)
{
	struct replay r;
	struct stream s = {0};
	struct warnings warnings = {0};
	unsigned times = 99;

	replay_init(&r, &recording);
	r.userdata = &times;
	r.change = tell_twice_in_the_first;
	assert_int_equal(stream(&r, &everything, &s, &warnings), 0);
	assert_int_equal(passes_of(&r), 4);
	assert_int_equal(s.count, count_of(&everything));
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.items[0].text, "IPv4 TCP"));
	warnings_done(&warnings);
	replay_done(&r);
}

static void test_stream_stopped(void **state)
{
	struct replay r;
	struct stream s = {.stop_at = 3};
	struct warnings warnings = {0};

	replay_init(&r, &recording);
	assert_int_equal(stream(&r, &tcp4, &s, &warnings), -ECANCELED);
	assert_int_equal(s.count, 3);
	assert_int_equal(warnings.count, 0);
	replay_done(&r);
}

static int set_up(void **state)
{
	const char *folder = getenv("REPLAY");
	char path[4096];

	if (!folder)
		return -1;
	snprintf(path, sizeof(path), "%s/world.dump", folder);
	recording_read(path, &recording);
	snprintf(path, sizeof(path), "%s/host/proc", folder);
	proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return proc_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	recording_done(&recording);
	proc_fd = close_fd(proc_fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_recorded),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_births_and_deaths),
		cmocka_unit_test(test_looked_up),
		cmocka_unit_test(test_last_state_wins),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_bound_inactive),
		cmocka_unit_test(test_refused_altogether),
		cmocka_unit_test(test_refused_without_ipv6),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_acknowledged),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_exact_iterator),
		cmocka_unit_test(test_inexact_iterator),
		cmocka_unit_test(test_iterator_that_fails),
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_not_compared),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_names_the_dump),
		cmocka_unit_test(test_stream_stopped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
