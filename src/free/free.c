/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The choice: each port of the range is judged by what is known of it, and then those that remain
 * are tried one after the other, in ascending order or at random, until there are enough.
 *
 * Other callers try ports too: what they hold for a moment is in no listing, or in one and not in
 * the next. Where the choice would fail, such ports get another chance.
 */
#include "free/free.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "annotate/service.h"
#include "free/elsewhere.h"
#include "collect/trial.h"
#include "collect/host.h"
#include "model/host.h"
#include "util/address.h"

/* How often ports get another chance: each takes a fresh listing and about a millisecond. */
#define ROUNDS 60
/* A passive socket that is in so many listings keeps its port: a trial bind would have ended
 * before. */
#define PATIENCE 40

/** What is known of a port; the order is that of precedence. */
enum verdict {
	VERDICT_OPEN,    /**< to be tried */
	VERDICT_FREE,    /**< tried */
	VERDICT_BUSY,    /**< tried, and somebody had it who is in no listing */
	VERDICT_PASSIVE, /**< only sockets have it that another caller's trial might be */
	VERDICT_IN_USE,
	VERDICT_ELSEWHERE,
	VERDICT_RESERVED,
	VERDICT_REGISTERED,
	VERDICT_EPHEMERAL,
	VERDICT_REFUSED,
	VERDICTS,
};

struct chooser {
	const struct portscope_wish *wish;
	const struct sources *sources;
	struct trial trial;
	struct ephemeral_ports ephemeral;
	struct service_names *services;
	struct warnings warnings;
	int refusal;
	uint8_t elsewhere[65536 / 8]; /**< a bit a port that the other host uses */
	const char *collector;        /**< where the sockets came from */
	uint8_t verdicts[65536];
	/** Of ports that only passive sockets have: the lowest cookie among them, in this listing
	   and the one before, and in how many listings it was the same. */
	uint64_t holders[2][65536];
	uint8_t seen[65536];
	uint16_t *order; /**< what is tried, in this order */
	size_t n_order;
};

/** The result with what it owns. */
struct choice {
	struct portscope_choice shown;
	struct warnings warnings;
	struct out lack;
};

static bool has_bit(const uint8_t *map, uint16_t port)
{
	return map && map[port / 8] >> port % 8 & 1;
}

/* True if a socket is in the way of one that would be bound to `address`. */
static bool is_in_the_way(const struct socket *s, const struct portscope_endpoint *address)
{
	const uint8_t *theirs4 = address_as_ipv4(s->family, s->local_address);

	if (!address)
		return true;
	if (address_is_wildcard(s->family, s->local_address)) {
		bool v6only = s->present & SOCKET_HAS_V6ONLY && s->v6only;

		return theirs4 ? address->family == AF_INET
			       : address->family == AF_INET6 || !v6only;
	}
	if (address->family == AF_INET)
		return theirs4 && (!memcmp(theirs4, address->address, 4) ||
					  address_is_wildcard(AF_INET, address->address));
	return !theirs4 && (!memcmp(s->local_address, address->address, 16) ||
				   address_is_wildcard(AF_INET6, address->address));
}

/* True for sockets as trial_bind() makes them: bound, and nothing else. */
static bool is_passive(const struct socket *s)
{
	return s->present & SOCKET_HAS_COOKIE &&
	       s->state == (s->protocol == IPPROTO_TCP ? PORTSCOPE_BOUND_INACTIVE
						       : PORTSCOPE_UNCONNECTED);
}

static void mark_in_use(struct chooser *c, const struct socket *s)
{
	uint64_t *holder = &c->holders[0][s->local_port];

	if (!s->local_port || !is_in_the_way(s, c->wish->address))
		return;
	if (!is_passive(s))
		c->verdicts[s->local_port] = VERDICT_IN_USE;
	else if (!*holder || s->cookie < *holder)
		*holder = s->cookie;
}

/* Passive sockets that were there before as well keep their port. */
static void mark_passive(struct chooser *c)
{
	for (unsigned port = c->wish->low; port <= c->wish->high; port++) {
		uint64_t now = c->holders[0][port];

		c->seen[port] = now && now == c->holders[1][port] ? c->seen[port] + 1 : 0;
		if (now && c->verdicts[port] != VERDICT_IN_USE && c->verdicts[port] != VERDICT_FREE)
			c->verdicts[port] =
				c->seen[port] >= PATIENCE ? VERDICT_IN_USE : VERDICT_PASSIVE;
	}
	memcpy(c->holders[1], c->holders[0], sizeof(c->holders[1]));
	memset(c->holders[0], 0, sizeof(c->holders[0]));
}

/* Whatever has a port, in any state, of the protocols wanted. */
static int mark_sockets(struct chooser *c)
{
	struct collect_request request = {0};
	struct collect_report report = {0};
	struct sockets sockets = {0};
	int r;

	collect_request_fill(&request, c->wish->protocols, PORTSCOPE_INET | PORTSCOPE_INET6,
		PORTSCOPE_STATES_ALL);
	r = collect_all(c->sources, &request, &sockets, &report, &c->warnings);
	c->collector = report.used_procfs ? "procfs" : "netlink";
	for (size_t i = 0; i < sockets.count && r >= 0; i++)
		mark_in_use(c, &sockets.items[i]);
	sockets_done(&sockets);
	mark_passive(c);
	return r;
}

static bool has_service(const struct chooser *c, uint16_t port)
{
	return (c->wish->protocols & PORTSCOPE_TCP &&
		       service_name(c->services, IPPROTO_TCP, port).name) ||
	       (c->wish->protocols & PORTSCOPE_UDP &&
		       service_name(c->services, IPPROTO_UDP, port).name);
}

static void judge(struct chooser *c)
{
	const struct portscope_wish *wish = c->wish;

	for (unsigned port = wish->low; port <= wish->high; port++) {
		if (c->verdicts[port] != VERDICT_OPEN)
			continue;
		if (has_bit(c->elsewhere, port))
			c->verdicts[port] = VERDICT_ELSEWHERE;
		else if (has_bit(c->ephemeral.reserved, port))
			c->verdicts[port] = VERDICT_RESERVED;
		else if (!wish->registered && has_service(c, port))
			c->verdicts[port] = VERDICT_REGISTERED;
		else if (wish->lasting && port >= c->ephemeral.low && port <= c->ephemeral.high)
			c->verdicts[port] = VERDICT_EPHEMERAL;
	}
}

/* 1 if the port is free, 0 if not, or a negative errno. */
static int try_port(struct chooser *c, uint16_t port)
{
	static const uint8_t verdicts[] = {
		[TRIAL_FREE] = VERDICT_FREE,
		[TRIAL_BUSY] = VERDICT_BUSY,
		[TRIAL_REFUSED] = VERDICT_REFUSED,
	};
	int r;

	if (c->verdicts[port] != VERDICT_OPEN)
		return c->verdicts[port] == VERDICT_FREE;
	r = trial_bind(&c->trial, port);
	if (r < 0)
		return r;
	if (r == TRIAL_REFUSED)
		c->refusal = EACCES;
	c->verdicts[port] = verdicts[r];
	return r == TRIAL_FREE;
}

/* A number below `limit`, each as likely as any other. */
static int random_below(uint32_t limit, uint32_t *ret)
{
	/* What remains of 2^32 above a multiple of `limit` would favour small numbers. */
	uint32_t fair = UINT32_MAX - UINT32_MAX % limit, number;

	do {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
	} while (number >= fair);
	*ret = number % limit;
	return 0;
}

/* The ports to begin with, the next one at a time: drawn, unless the first ones are wanted. */
static int next_start(struct chooser *c, size_t i, uint16_t *ret)
{
	uint32_t drawn = 0;
	int r = c->wish->first ? 0 : random_below(c->n_order - i, &drawn);

	if (r < 0)
		return r;
	*ret = c->order[i + drawn];
	c->order[i + drawn] = c->order[i];
	c->order[i] = *ret;
	return 0;
}

static void list_starts(struct chooser *c, size_t length)
{
	c->n_order = 0;
	for (unsigned port = c->wish->low; port + length - 1 <= c->wish->high; port++)
		if (c->verdicts[port] == VERDICT_OPEN || c->verdicts[port] == VERDICT_FREE)
			c->order[c->n_order++] = port;
}

/* The same for `length` ports in a row. */
static int try_run(struct chooser *c, uint16_t start, size_t length)
{
	int r = 1;

	for (size_t k = 0; k < length && r > 0; k++)
		r = try_port(c, start + k);
	return r;
}

/* One pass: positive when `ret` holds as many ports as are wanted. */
static int pass(struct chooser *c, uint16_t *ret)
{
	size_t length = c->wish->consecutive ? c->wish->count : 1, found = 0;

	list_starts(c, length);
	for (size_t i = 0; i < c->n_order; i++) {
		uint16_t start;
		int r = next_start(c, i, &start);

		if (r >= 0)
			r = try_run(c, start, length);
		if (r < 0)
			return r;
		if (!r)
			continue;
		for (size_t k = 0; k < length; k++)
			ret[found++] = start + k;
		if (found == c->wish->count)
			return 1;
	}
	return 0;
}

/* Gives ports that may be free by now another chance; false if there is none. */
static bool reopen(struct chooser *c)
{
	bool any = false;

	for (unsigned port = c->wish->low; port <= c->wish->high; port++)
		if (c->verdicts[port] == VERDICT_BUSY || c->verdicts[port] == VERDICT_PASSIVE) {
			c->verdicts[port] = VERDICT_OPEN;
			any = true;
		}
	return any;
}

static int search(struct chooser *c, uint16_t *ret)
{
	for (unsigned round = 0;; round++) {
		uint32_t wait = 0;
		int r = pass(c, ret);

		if (r || round == ROUNDS || !reopen(c))
			return r;
		/* Callers that wait for each other should not do so in step. */
		r = random_below(2000000, &wait);
		if (r < 0)
			return r;
		nanosleep(&(struct timespec){.tv_nsec = wait}, NULL);
		r = mark_sockets(c);
		if (r < 0)
			return r;
		judge(c);
	}
}

static int prepare(struct chooser *c)
{
	int r = trial_prepare(&c->trial);

	if (r < 0)
		return r;
	r = collect_ephemeral(c->sources->proc_fd, &c->ephemeral);
	if (r < 0 && r != -ENOMEM)
		r = warnings_add(&c->warnings, WARNING_INCOMPLETE,
			"which ports are reserved could not be read: %s", strerror(-r));
	if (r >= 0 && c->sources->etc_fd >= 0)
		r = service_names_load(c->sources->etc_fd, &c->warnings, &c->services);
	if (r >= 0)
		r = mark_sockets(c);
	if (r >= 0)
		judge(c);
	return r;
}

static int compare_numbers(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void count(const struct chooser *c, struct portscope_choice *to)
{
	size_t counts[VERDICTS] = {0};

	for (unsigned port = c->wish->low; port <= c->wish->high; port++)
		counts[c->verdicts[port]]++;
	to->available = counts[VERDICT_FREE];
	to->in_use = counts[VERDICT_IN_USE] + counts[VERDICT_PASSIVE] + counts[VERDICT_BUSY];
	to->elsewhere = counts[VERDICT_ELSEWHERE];
	to->reserved = counts[VERDICT_RESERVED];
	to->registered = counts[VERDICT_REGISTERED];
	to->ephemeral = counts[VERDICT_EPHEMERAL];
	to->refused = counts[VERDICT_REFUSED];
	to->refusal = c->refusal;
	to->collector = c->collector;
}

/* `c` is zero but for what it was asked. */
static int choose(struct chooser *c, struct choice *to)
{
	size_t most = MAX(c->wish->count, (size_t)(c->wish->high - c->wish->low + 1));
	AUTO_FREE uint16_t *ports = reallocarray(NULL, most, sizeof(*ports));
	int r;

	c->order = reallocarray(NULL, most, sizeof(*c->order));
	if (!ports || !c->order)
		return -ENOMEM;
	r = prepare(c);
	if (r >= 0)
		r = search(c, ports);
	if (r < 0)
		return r;
	count(c, &to->shown);
	if (r) {
		qsort(ports, c->wish->count, sizeof(*ports), compare_numbers);
		to->shown.n_ports = c->wish->count;
		to->shown.ports = STEAL(ports);
	}
	if (c->wish->other)
		elsewhere_lack(c->wish->other, c->wish->protocols, &to->lack);
	if (to->lack.error)
		return to->lack.error;
	to->warnings = c->warnings;
	c->warnings = (struct warnings){0};
	if (to->lack.used) {
		out_char(&to->lack, 0);
		to->shown.other_lacks = to->lack.buffer;
	}
	to->shown.warnings = to->warnings.items;
	to->shown.n_warnings = to->warnings.count;
	return 0;
}

int choose_from(const struct portscope_wish *wish, const struct sources *sources,
	struct portscope_choice **ret)
{
	struct chooser *c = calloc(1, sizeof(*c));
	struct choice *choice = calloc(1, sizeof(*choice));
	struct sources own = {.proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	int r = -ENOMEM;

	if (c && choice) {
		c->wish = wish;
		if (wish->other)
			elsewhere_mark(wish->other, wish->protocols, c->elsewhere);
		choice->lack.fd = -1;
		c->sources = sources ? sources : &own;
		c->trial = (struct trial){.protocols = wish->protocols, .address = wish->address};
		r = sources ? 0 : sources_open(&own, &c->warnings);
		if (r >= 0)
			r = choose(c, choice);
		service_names_free(c->services);
		ephemeral_done(&c->ephemeral);
		warnings_done(&c->warnings);
		free(c->order);
	}
	free(c);
	sources_close(&own);
	if (r < 0) {
		portscope_choice_free(&choice->shown);
		return r;
	}
	*ret = &choice->shown;
	return 0;
}

int portscope_choose(const struct portscope_wish *wish, struct portscope_choice **ret)
{
	return choose_from(wish, NULL, ret);
}

struct portscope_choice *portscope_choice_free(struct portscope_choice *shown)
{
	struct choice *choice = (struct choice *)shown;

	if (!choice)
		return NULL;
	free((void *)choice->shown.ports);
	out_done(&choice->lack);
	warnings_done(&choice->warnings);
	free(choice);
	return NULL;
}
