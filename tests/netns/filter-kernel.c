/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter-kernel COUNT [SEED]: draws filters at random and lets this kernel run their programs over
 * the sockets of the network namespace. What comes through, matched once more, has to be what the
 * test's own evaluation of the expression chooses from all sockets. Prints what was compared.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/filter-random.h"
#include "collect/dump.h"
#include "model/host.h"

/* All sockets of the namespace and the cookies of those that are autobound. */
struct world {
	struct netlink netlink;
	struct sockets sockets;
	uint64_t *autobound;
	size_t n_autobound;
	struct random_pool pool;
	struct host host;
};

struct totals {
	unsigned expressions;
	size_t programs, received, matched, refused;
};

static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
static const uint8_t families[] = {AF_INET, AF_INET6};

static int compare_cookies(const void *a, const void *b)
{
	uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;

	return p < q ? -1 : p > q;
}

static int dump(struct world *w, uint8_t protocol, uint8_t family, uint32_t states,
	const void *program, size_t length, struct sockets *ret)
{
	struct dump_request request = {
		.protocol = protocol,
		.family = family,
		.states = states,
		.bytecode = program,
		.bytecode_length = length,
	};
	int r = dump_sockets(&w->netlink, &request, sockets_add, ret);

	if (r)
		fprintf(stderr, "a dump ended with %d\n", r);
	return r;
}

static int dump_all(struct world *w, const void *program, size_t length, struct sockets *ret)
{
	for (size_t i = 0; i < 4; i++) {
		int r = dump(w, protocols[i / 2], families[i % 2], PORTSCOPE_STATES_ALL, program,
			length, ret);

		if (r)
			return r;
	}
	return 0;
}

/* Values that the sockets of the namespace have. */
static void fill_pool(struct world *w)
{
	struct random_pool *pool = &w->pool;
	size_t step = w->sockets.count / 60 + 1;

	memset(pool, 0, sizeof(*pool));
	for (size_t i = 0; i < w->sockets.count && pool->n_ports + 2 < 64; i += step) {
		const struct socket *s = &w->sockets.items[i];
		struct filter_address *a = &pool->addresses[pool->n_addresses++];

		pool->ports[pool->n_ports++] = i & 1 ? s->local_port : s->remote_port;
		a->family = s->family;
		a->prefix = s->family == AF_INET ? 32 : 128;
		memcpy(a->bytes, i & 2 ? s->local_address : s->remote_address, 16);
		/* A v4-mapped address may be asked for as IPv4 too. */
		if (s->family == AF_INET6 && a->bytes[10] == 0xff && i & 4) {
			a->family = AF_INET;
			a->prefix = 32;
			memmove(a->bytes, a->bytes + 12, 4);
			memset(a->bytes + 4, 0, 12);
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		pool->devices[i] = i;
		pool->marks[i] = i;
		pool->cgroups[i] = 1;
	}
	for (size_t i = 0, n = 0; i < w->sockets.count && n < 4; i++)
		if (w->sockets.items[i].ifindex)
			pool->devices[n++] = w->sockets.items[i].ifindex;
	for (size_t i = 0, n = 0; i < w->sockets.count && n < 3; i += step)
		if (w->sockets.items[i].present & SOCKET_HAS_CGROUP)
			pool->cgroups[n++] = w->sockets.items[i].cgroup;
}

static int look(struct world *w)
{
	struct sockets autobound = {0};
	uint8_t program[4];
	int r;

	sockets_done(&w->sockets);
	free(w->autobound);
	w->autobound = NULL;
	w->sockets = (struct sockets){0};
	filter_compile_autobound(program);
	r = dump_all(w, NULL, 0, &w->sockets);
	if (!r)
		r = dump_all(w, program, sizeof(program), &autobound);
	w->n_autobound = autobound.count;
	if (!r && autobound.count) {
		w->autobound = calloc(autobound.count, sizeof(*w->autobound));
		if (!w->autobound)
			r = -ENOMEM;
	}
	for (size_t i = 0; !r && i < autobound.count; i++)
		w->autobound[i] = autobound.items[i].cookie;
	sockets_done(&autobound);
	if (!r && w->n_autobound)
		qsort(w->autobound, w->n_autobound, sizeof(*w->autobound), compare_cookies);
	return r;
}

/* The row of a socket: what is not the kernel's is made up from the cookie. */
static void make_row(const struct world *w, const struct socket *s, struct portscope_row *ret)
{
	static const char *const services[] = {NULL, "ssh", "http"};

	*ret = (struct portscope_row){
		.socket = s,
		.host = &w->host,
		.range = port_range_of(s->local_port),
		.exposure = (enum exposure)(s->cookie % 5),
		.direction = (enum direction)(s->cookie / 5 % 4),
		.service.name = services[s->cookie / 3 % 3],
	};
}

static bool is_autobound(const struct world *w, uint64_t cookie)
{
	return w->n_autobound &&
	       bsearch(&cookie, w->autobound, w->n_autobound, sizeof(cookie), compare_cookies);
}

static bool contains(const struct sockets *set, uint64_t cookie)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].cookie == cookie)
			return true;
	return false;
}

/* What the kernel lets through, matched once more. */
static int ask_kernel(
	struct world *w, const struct filter *filter, struct sockets *ret, struct totals *totals)
{
	for (size_t i = 0; i < 4; i++) {
		uint8_t protocol = protocols[i / 2], family = families[i % 2];
		unsigned flags = FILTER_MAY_MARK |
				 (protocol == IPPROTO_TCP ? FILTER_TCP : FILTER_UDP) |
				 (family == AF_INET ? FILTER_INET : FILTER_INET6);
		uint32_t states = filter_states_of(filter, protocol, family, PORTSCOPE_STATES_ALL);
		struct sockets passed = {0};
		AUTO_FREE uint8_t *program = NULL;
		size_t length;
		int r = filter_compile(filter, flags, &program, &length);

		if (r < 0)
			return r;
		totals->programs += length > 0;
		if (states)
			r = dump(w, protocol, family, states, program, length, &passed);
		for (size_t j = 0; !r && j < passed.count; j++) {
			struct portscope_row row;

			make_row(w, &passed.items[j], &row);
			totals->received++;
			if (!filter_match(filter, &row))
				continue;
			r = sockets_add(&passed.items[j], ret);
			totals->matched++;
		}
		sockets_done(&passed);
		/* 1 said that nothing can match: then nothing may have come. */
		if (r < 0)
			return r;
	}
	return 0;
}

/* 0: the same rows; 1: others. */
static int compare(struct world *w, const struct expr *e, struct filter *filter, const char *text,
	struct totals *totals, bool last)
{
	struct sockets found = {0};
	size_t expected = 0;
	int r;

	filter_set_autobound(filter, w->autobound, w->n_autobound);
	r = ask_kernel(w, filter, &found, totals);
	for (size_t i = 0; !r && i < w->sockets.count; i++) {
		const struct socket *s = &w->sockets.items[i];
		struct portscope_row row;
		struct expr_subject subject = {&row, is_autobound(w, s->cookie), true};
		bool wanted;

		make_row(w, s, &row);
		wanted = expr_evaluate(e, &subject) == 2;
		expected += wanted;
		if (wanted == contains(&found, s->cookie))
			continue;
		r = 1;
		if (last)
			fprintf(stderr, "%s: socket %#llx, state %u, port %u: %s\n", text,
				(unsigned long long)s->cookie, s->state, s->local_port,
				wanted ? "missing" : "should not be here");
	}
	if (!r && expected != found.count)
		r = 1;
	totals->refused += w->sockets.count - expected;
	sockets_done(&found);
	return r;
}

static int try_expression(struct world *w, uint64_t *seed, unsigned i, struct totals *totals)
{
	CLEANUP(expr_free_cleanup) struct expr *e = NULL;
	CLEANUP(filter_free_cleanup) struct filter *filter = NULL;
	struct filter_error error;
	AUTO_OUT struct out o;
	int r = 1;

	w->pool.kernel_only = i % 2;
	e = random_expr(seed, &w->pool, i % 6);
	out_init(&o, -1);
	expr_write(seed, &o, e, EXPR_OR);
	out_char(&o, '\0');
	if (filter_parse(o.buffer, NULL, &filter, &error) < 0) {
		fprintf(stderr, "%s: %s\n", o.buffer, error.message);
		return -EINVAL;
	}
	totals->expressions++;
	/* A timer of the kernel's may have ended a socket in between: look anew. */
	for (unsigned attempt = 0; attempt < 3 && r == 1; attempt++) {
		if (attempt && look(w))
			return -EIO;
		r = compare(w, e, filter, o.buffer, totals, attempt == 2);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct transport transport;
	struct world w = {0};
	struct totals totals = {0};
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 4711;
	int r = transport_open_kernel(NETLINK_SOCK_DIAG, &transport);

	if (r < 0 || !count || !seed) {
		fprintf(stderr, "filter-kernel COUNT [SEED]: %s\n", strerror(-r));
		return 2;
	}
	r = netlink_init(&w.netlink, &transport);
	if (!r)
		r = look(&w);
	if (!r)
		fill_pool(&w);
	for (unsigned i = 0; i < count && !r; i++)
		r = try_expression(&w, &seed, i, &totals);
	printf("{\"sockets\": %zu, \"expressions\": %u, \"programs\": %zu, \"received\": %zu, "
	       "\"matched\": %zu, \"refused\": %zu, \"autobound\": %zu}\n",
		w.sockets.count, totals.expressions, totals.programs, totals.received,
		totals.matched, totals.refused, w.n_autobound);
	sockets_done(&w.sockets);
	free(w.autobound);
	netlink_done(&w.netlink);
	transport_close(&transport);
	return r != 0;
}
