/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random filters for the tests: an expression with its text, laid out at random, and an evaluation
 * of its own that shares nothing with the library. Values come from small pools, so that they meet.
 */
#ifndef PORTSCOPE_TESTS_FILTER_RANDOM_H
#define PORTSCOPE_TESTS_FILTER_RANDOM_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "filter/filter.h"
#include "model/names.h"

/* xorshift64*: the same numbers everywhere. */
static inline uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static inline unsigned random_below(uint64_t *seed, unsigned n)
{
	return (unsigned)(random_next(seed) >> 33) % n;
}

enum expr_kind {
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT,
	EXPR_PORT,
	EXPR_PORTS,
	EXPR_HOST,
	EXPR_DEVICE,
	EXPR_MARK,
	EXPR_AUTOBOUND,
	EXPR_CGROUP,
	EXPR_STATE,
	EXPR_PROTOCOL,
	EXPR_FAMILY,
	EXPR_PORT_RANGE,
	/* These a row alone knows. */
	EXPR_QUEUE,
	EXPR_UID,
	EXPR_EXPOSURE,
	EXPR_SERVICE,
	EXPR_DIRECTION,
	EXPR_NO_SERVICE,
};

enum { EXPR_KIDS = 8 };

struct expr {
	enum expr_kind kind;
	struct expr *kids[EXPR_KIDS];
	unsigned n;
	unsigned side;       /* 1 local, 2 remote, 3 either */
	unsigned comparison; /* index into expr_comparisons */
	uint64_t a, b;
	struct filter_address address;
	bool has_port, any_address;
};

static const char *const expr_comparisons[6][4] = {
	{"=", "==", "eq", "="},
	{"!=", "ne", "neq", "!="},
	{"<", "lt", "<", "lt"},
	{"<=", "le", "leq", "<="},
	{">", "gt", ">", "gt"},
	{">=", "ge", "geq", ">="},
};

static inline bool expr_compare(unsigned comparison, uint64_t x, uint64_t y)
{
	switch (comparison) {
	case 0:
		return x == y;
	case 1:
		return x != y;
	case 2:
		return x < y;
	case 3:
		return x <= y;
	case 4:
		return x > y;
	default:
		return x >= y;
	}
}

/* What the values are drawn from; a test fills it with what its sockets have. */
struct random_pool {
	uint16_t ports[64];
	unsigned n_ports;
	struct filter_address addresses[64]; /* prefix as the family's */
	unsigned n_addresses;
	uint32_t devices[4];
	uint32_t marks[4];
	uint64_t cgroups[4];
	bool kernel_only; /* nothing but what the kernel can judge */
};

static inline unsigned random_near_port(uint64_t *seed, const struct random_pool *pool)
{
	unsigned port = pool->ports[random_below(seed, pool->n_ports)];
	unsigned around = random_below(seed, 8);

	if (around == 0)
		return random_below(seed, 65536);
	if (around == 1 && port)
		return port - 1;
	if (around == 2 && port < 65535)
		return port + 1;
	return port;
}

static inline void random_host(uint64_t *seed, const struct random_pool *pool, struct expr *e)
{
	e->address = pool->addresses[random_below(seed, pool->n_addresses)];
	if (random_below(seed, 2))
		e->address.prefix = (uint8_t)random_below(seed, e->address.prefix + 1u);
	e->any_address = !random_below(seed, 8);
	e->has_port = e->any_address ? random_below(seed, 4) : !random_below(seed, 4);
	e->a = random_near_port(seed, pool);
	e->comparison = random_below(seed, 2);
}

static inline struct expr *random_leaf(uint64_t *seed, const struct random_pool *pool)
{
	static const enum expr_kind kinds[] = {EXPR_PORT, EXPR_PORT, EXPR_PORTS, EXPR_HOST,
		EXPR_HOST, EXPR_DEVICE, EXPR_MARK, EXPR_AUTOBOUND, EXPR_CGROUP, EXPR_PORT_RANGE,
		/* beyond the kernel's reach */
		EXPR_STATE, EXPR_PROTOCOL, EXPR_FAMILY, EXPR_QUEUE, EXPR_UID, EXPR_EXPOSURE,
		EXPR_SERVICE, EXPR_DIRECTION, EXPR_NO_SERVICE};
	struct expr *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->kind = kinds[random_below(seed, pool->kernel_only ? 10 : ARRAY_SIZE(kinds))];
	e->side = 1 + random_below(seed, 3);
	e->comparison = random_below(seed, 2);
	switch (e->kind) {
	case EXPR_PORT:
		e->comparison = random_below(seed, 6);
		e->a = random_near_port(seed, pool);
		break;
	case EXPR_PORTS:
		e->a = random_near_port(seed, pool);
		e->b = e->a + random_below(seed, 2000);
		e->b = MIN(65535u, e->b);
		e->n = random_near_port(seed, pool);
		break;
	case EXPR_HOST:
		random_host(seed, pool, e);
		break;
	case EXPR_DEVICE:
		e->a = pool->devices[random_below(seed, 4)];
		break;
	case EXPR_MARK:
		e->a = pool->marks[random_below(seed, 4)];
		e->b = random_below(seed, 2) ? UINT32_MAX : random_below(seed, 16);
		break;
	case EXPR_CGROUP:
		e->a = pool->cgroups[random_below(seed, 4)];
		break;
	case EXPR_STATE:
		e->a = (uint64_t[]){1, 2, 6, 7, 8, 10, 13}[random_below(seed, 7)];
		break;
	case EXPR_PORT_RANGE:
		e->comparison = random_below(seed, 6);
		e->a = random_below(seed, 3);
		break;
	case EXPR_EXPOSURE:
		e->comparison = random_below(seed, 6);
		e->a = random_below(seed, 5);
		break;
	case EXPR_DIRECTION:
		e->a = 1 + random_below(seed, 3);
		break;
	case EXPR_QUEUE:
	case EXPR_UID:
		e->comparison = random_below(seed, 6);
		e->a = random_below(seed, 4);
		break;
	default:
		e->a = random_below(seed, 2);
	}
	return e;
}

static inline struct expr *random_expr(
	uint64_t *seed, const struct random_pool *pool, unsigned depth)
{
	struct expr *e;

	if (!depth || !random_below(seed, 3))
		return random_leaf(seed, pool);
	e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	e->kind = (enum expr_kind)random_below(seed, 3);
	e->n = e->kind == EXPR_NOT ? 1 : 2 + random_below(seed, random_below(seed, 8) ? 2 : 6);
	for (unsigned i = 0; i < e->n; i++)
		e->kids[i] = random_expr(seed, pool, depth - 1);
	return e;
}

static inline struct expr *expr_free(struct expr *e)
{
	if (!e)
		return NULL;
	for (unsigned i = 0; e->kind <= EXPR_NOT && i < e->n; i++)
		expr_free(e->kids[i]);
	free(e);
	return NULL;
}
DEFINE_CLEANUP(struct expr *, expr_free)

/* What a filter is asked about: what the library sees, and what only the kernel does. */
struct expr_subject {
	const struct portscope_row *row;
	bool autobound, autobound_known;
};

/* 0 no, 1 undecided, 2 yes. */
static inline int expr_known(bool known, bool holds)
{
	return !known ? 1 : holds ? 2 : 0;
}

static inline bool expr_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static inline bool expr_host_side(const struct expr *e, const struct socket *s, bool local)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *address = local ? s->local_address : s->remote_address;

	if (e->has_port && e->a != (local ? s->local_port : s->remote_port))
		return false;
	if (e->any_address)
		return true;
	if (e->address.family == AF_INET && s->family == AF_INET6) {
		if (memcmp(address, mapped, 12))
			return false;
		address += 12;
	} else if (e->address.family != s->family) {
		return false;
	}
	return expr_prefix(address, e->address.bytes, e->address.prefix);
}

static inline bool expr_port_holds(const struct expr *e, unsigned port, unsigned comparison)
{
	if (e->kind == EXPR_PORTS)
		return port == e->n || (port >= e->a && port <= e->b);
	return expr_compare(comparison, port, e->a);
}

static inline bool expr_ports(const struct expr *e, const struct socket *s)
{
	/* Either side: `!=` is the opposite of `=`. */
	unsigned comparison = e->comparison == 1 ? 0 : e->comparison;
	bool holds = (e->side & 1 && expr_port_holds(e, s->local_port, comparison)) ||
		     (e->side & 2 && expr_port_holds(e, s->remote_port, comparison));

	return holds != (e->comparison == 1);
}

static inline int expr_evaluate(const struct expr *e, const struct expr_subject *subject)
{
	const struct portscope_row *row = subject->row;
	const struct socket *s = row->socket;
	bool negative = e->comparison == 1;
	int result;

	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
		result = e->kind == EXPR_AND ? 2 : 0;
		for (unsigned i = 0; i < e->n; i++) {
			int kid = expr_evaluate(e->kids[i], subject);

			result = e->kind == EXPR_AND ? MIN(result, kid) : MAX(result, kid);
		}
		return result;
	case EXPR_NOT:
		return 2 - expr_evaluate(e->kids[0], subject);
	case EXPR_PORT:
	case EXPR_PORTS:
		return expr_known(true, expr_ports(e, s));
	case EXPR_HOST:
		return expr_known(
			true, ((e->side & 1 && expr_host_side(e, s, true)) ||
				      (e->side & 2 && expr_host_side(e, s, false))) != negative);
	case EXPR_DEVICE:
		return expr_known(true, (s->ifindex == e->a) != negative);
	case EXPR_MARK:
		return expr_known(
			s->present & SOCKET_HAS_MARK, ((s->mark & e->b) == e->a) != negative);
	case EXPR_AUTOBOUND:
		return expr_known(subject->autobound_known && s->present & SOCKET_HAS_COOKIE,
			subject->autobound);
	case EXPR_CGROUP:
		return expr_known(s->present & SOCKET_HAS_CGROUP, (s->cgroup == e->a) != negative);
	case EXPR_STATE:
		return expr_known(true, (s->state == e->a) != negative);
	case EXPR_PROTOCOL:
		return expr_known(true, ((s->protocol == IPPROTO_UDP) == (e->a == 1)) != negative);
	case EXPR_FAMILY:
		return expr_known(true, ((s->family == AF_INET6) == (e->a == 1)) != negative);
	case EXPR_PORT_RANGE:
		return expr_known(true, expr_compare(e->comparison, row->range, e->a));
	case EXPR_QUEUE:
		return expr_known(true, expr_compare(e->comparison, s->recv_q, e->a));
	case EXPR_UID:
		return expr_known(
			s->present & SOCKET_HAS_UID, expr_compare(e->comparison, s->uid, e->a));
	case EXPR_EXPOSURE:
		return expr_known(true, expr_compare(e->comparison, row->exposure, e->a));
	case EXPR_SERVICE:
		return expr_known(row->service.name,
			row->service.name && (strcmp(row->service.name, e->a ? "http" : "ssh") ==
						     0) != negative);
	case EXPR_DIRECTION:
		return expr_known(row->direction, (row->direction == e->a) != negative);
	case EXPR_NO_SERVICE:
		return expr_known(true, (row->service.name == NULL) != negative);
	}
	return 0;
}

static inline void expr_blank(uint64_t *seed, struct out *o)
{
	if (random_below(seed, 2))
		out_char(o, ' ');
}

static inline void expr_write_relation(uint64_t *seed, struct out *o, const struct expr *e)
{
	const char *text = expr_comparisons[e->comparison][random_below(seed, 4)];
	bool word = *text >= 'a';

	if (word)
		out_char(o, ' ');
	else
		expr_blank(seed, o);
	out_text(o, text);
	if (word)
		out_char(o, ' ');
	else
		expr_blank(seed, o);
}

static inline void expr_write_host(uint64_t *seed, struct out *o, const struct expr *e)
{
	char text[INET6_ADDRSTRLEN];
	bool inet6 = e->address.family == AF_INET6;
	bool bracket = inet6 && (e->has_port || random_below(seed, 2));

	if (e->any_address) {
		if (!e->has_port || random_below(seed, 2))
			out_char(o, '*');
	} else {
		inet_ntop(e->address.family, e->address.bytes, text, sizeof(text));
		out_text(o, bracket ? "[" : "");
		out_text(o, text);
		if (bracket && random_below(seed, 2)) {
			out_char(o, ']');
			bracket = false;
		}
		if (e->address.prefix < (inet6 ? 128 : 32) || !random_below(seed, 4)) {
			out_char(o, '/');
			out_number(o, e->address.prefix);
		}
		out_text(o, bracket ? "]" : "");
	}
	if (e->has_port) {
		out_char(o, ':');
		out_number(o, e->a);
	}
}

static inline void expr_write_leaf(uint64_t *seed, struct out *o, const struct expr *e)
{
	static const char *const ports[] = {"", "sport", "dport", "port"};
	static const char *const hosts[] = {"", "src", "dst", "addr"};

	switch (e->kind) {
	case EXPR_PORT:
	case EXPR_PORTS:
		out_text(o, ports[e->side]);
		expr_write_relation(seed, o, e);
		if (random_below(seed, 2))
			out_char(o, ':');
		out_number(o, e->a);
		if (e->kind == EXPR_PORTS) {
			out_char(o, '-');
			out_number(o, e->b);
			out_char(o, ',');
			expr_blank(seed, o);
			out_number(o, e->n);
		}
		return;
	case EXPR_HOST:
		out_text(o, hosts[e->side]);
		if (!e->comparison && random_below(seed, 2))
			out_char(o, ' ');
		else
			expr_write_relation(seed, o, e);
		expr_write_host(seed, o, e);
		return;
	case EXPR_DEVICE:
		out_text(o, random_below(seed, 2) ? "dev" : "ifindex");
		expr_write_relation(seed, o, e);
		out_number(o, e->a);
		return;
	case EXPR_MARK:
		out_text(o, "fwmark");
		expr_write_relation(seed, o, e);
		out_format(o, random_below(seed, 2) ? "0x%x" : "%u", (unsigned)e->a);
		if (e->b != UINT32_MAX)
			out_format(o, "/0x%x", (unsigned)e->b);
		return;
	case EXPR_AUTOBOUND:
		out_text(o, "autobound");
		return;
	default:
		break;
	}
	out_text(o, e->kind == EXPR_CGROUP       ? "cgroup"
		    : e->kind == EXPR_STATE      ? "state"
		    : e->kind == EXPR_PROTOCOL   ? "protocol"
		    : e->kind == EXPR_FAMILY     ? "family"
		    : e->kind == EXPR_PORT_RANGE ? "port_range"
		    : e->kind == EXPR_QUEUE      ? "recv_q"
		    : e->kind == EXPR_UID        ? "uid"
		    : e->kind == EXPR_EXPOSURE   ? "exposure"
		    : e->kind == EXPR_DIRECTION  ? "direction"
						 : "service");
	expr_write_relation(seed, o, e);
	switch (e->kind) {
	case EXPR_STATE:
		out_text(o, vocabulary_word(&state_words, e->a));
		break;
	case EXPR_PROTOCOL:
		out_text(o, e->a ? "udp" : "tcp");
		break;
	case EXPR_FAMILY:
		out_text(o, e->a ? "inet6" : "inet");
		break;
	case EXPR_PORT_RANGE:
		out_text(o, vocabulary_word(&port_range_words, e->a));
		break;
	case EXPR_EXPOSURE:
		out_text(o, vocabulary_word(&exposure_words, e->a));
		break;
	case EXPR_DIRECTION:
		out_text(o, vocabulary_word(&direction_words, e->a));
		break;
	case EXPR_SERVICE:
		out_text(o, e->a ? "http" : "ssh");
		break;
	case EXPR_NO_SERVICE:
		out_text(o, "null");
		break;
	default:
		out_number(o, e->a);
	}
}

/* Writes the expression with the brackets it needs, and some that it does not. */
static inline void expr_write(
	uint64_t *seed, struct out *o, const struct expr *e, enum expr_kind parent)
{
	static const char *const ands[] = {" and ", "&&", " & ", " "};
	static const char *const ors[] = {" or ", "||", "|", " or "};
	bool bracket = !random_below(seed, 8);

	if (e->kind == EXPR_NOT) {
		out_text(o, bracket ? "(" : "");
		out_text(o, random_below(seed, 2) ? "not " : "!");
		expr_write(seed, o, e->kids[0], EXPR_NOT);
		out_text(o, bracket ? ")" : "");
		return;
	}
	if (e->kind > EXPR_NOT) {
		out_text(o, bracket ? "( " : "");
		expr_write_leaf(seed, o, e);
		out_text(o, bracket ? ")" : "");
		return;
	}
	bracket = bracket || parent == EXPR_NOT || (parent == EXPR_AND && e->kind == EXPR_OR);
	out_text(o, bracket ? "(" : "");
	for (unsigned i = 0; i < e->n; i++) {
		if (i)
			out_text(o, (e->kind == EXPR_AND ? ands : ors)[random_below(seed, 4)]);
		expr_write(seed, o, e->kids[i], e->kind);
	}
	out_text(o, bracket ? ")" : "");
}

#endif
