/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of dumps, the merging of passes and the choice between netlink and /proc/net.
 *
 * The kernel's dump is not a snapshot: it resumes by position, so a socket that stays may be told
 * twice or not at all while its neighbours come and go. A duplicate is the sign of that. Then the
 * dump is taken again: by cookie, the last state wins, and a socket that the last pass lacks is
 * kept only if an exact look-up still finds it. A pass without such a sign, or one that saw the
 * same sockets as another, is believed; if the third is neither, the answer is incomplete.
 */
#include "collect/collect.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "collect/cookies.h"
#include "collect/dump.h"
#include "collect/procnet.h"

#define PASSES 3

static const struct {
	uint8_t number;
	unsigned bit;
	const char *name;
} protocols[] = {
	{IPPROTO_TCP, PORTSCOPE_TCP, "TCP"},
	{IPPROTO_UDP, PORTSCOPE_UDP, "UDP"},
};

static const struct {
	uint8_t number;
	unsigned bit;
	const char *name;
} families[] = {
	{AF_INET, PORTSCOPE_INET, "IPv4"},
	{AF_INET6, PORTSCOPE_INET6, "IPv6"},
};

/** One collection under way. */
struct collection {
	const struct sources *sources;
	const struct collect_request *request;
	struct collect_report *report;
	struct warnings *warnings;
	struct transport kernel;
	struct netlink netlink; /**< without a transport: there is no sock_diag */
	int refusal;            /**< why not, a negative errno */
};

static int collection_begin(struct collection *c)
{
	struct transport *transport = c->sources->transport;

	if (!transport) {
		c->refusal = transport_open_kernel(NETLINK_SOCK_DIAG, &c->kernel);
		if (c->refusal < 0)
			return 0;
		transport = &c->kernel;
	}
	return netlink_init(&c->netlink, transport);
}

static void collection_end(struct collection *c)
{
	netlink_done(&c->netlink);
	transport_close(&c->kernel);
}

/** One pass of one dump. */
struct pass {
	struct sockets sockets;
	struct cookie_index index;
	size_t doubles;
	int outcome;
};

static void pass_done(struct pass *p)
{
	sockets_done(&p->sockets);
	cookie_index_done(&p->index);
}

static int pass_take(struct collection *c, const struct dump_request *request, struct pass *p)
{
	int r = dump_sockets(&c->netlink, request, sockets_add, &p->sockets);

	if (r < 0)
		return r;
	p->outcome = r;
	return cookie_index_make(&p->sockets, &p->index, &p->doubles);
}

static bool pass_is_clean(const struct pass *p)
{
	return !p->doubles && p->outcome == NETLINK_DONE;
}

static bool passes_agree(const struct pass *a, const struct pass *b)
{
	if (a->outcome != NETLINK_DONE || b->outcome != NETLINK_DONE ||
		a->index.count != b->index.count)
		return false;
	for (size_t i = 0; i < a->index.count; i++)
		if (a->index.items[i].key != b->index.items[i].key)
			return false;
	return true;
}

/*
 * Adds to the last pass what only an earlier one saw and the kernel still knows. 1: all that was
 * missing is settled; 0: the kernel did not say of some.
 */
static int pass_adopt(struct collection *c, struct pass *last, const struct pass *earlier)
{
	struct sockets *into = &last->sockets;
	size_t before = into->count;
	int settled = 1;

	for (size_t i = 0; i < earlier->sockets.count; i++) {
		const struct socket *s = &earlier->sockets.items[i];
		int r;

		if (cookie_index_find(&last->index, s->cookie) >= 0)
			continue;
		r = dump_lookup(&c->netlink, s);
		if (r > 0)
			r = sockets_add(s, into);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			settled = 0;
	}
	if (into->count > before) {
		int r;

		cookie_index_done(&last->index);
		r = cookie_index_make(into, &last->index, &(size_t){0});
		if (r < 0)
			return r;
	}
	return settled;
}

static int warn_unsure(struct collection *c, const struct pass *last, const char *what)
{
	if (last->outcome & NETLINK_DAMAGED)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"the kernel's answer about %s sockets was cut short or damaged", what);
	return warnings_add(c->warnings, WARNING_INCOMPLETE,
		"%s sockets opened and closed while they were listed: some may be missing", what);
}

/* Dumps up to three times into passes[]; returns how many passes were taken. */
static int take_passes(struct collection *c, const struct dump_request *request,
	struct pass *passes, bool *ret_sure)
{
	bool sure = false;
	int n = 0;

	while (n < PASSES && !sure) {
		int r = pass_take(c, request, &passes[n]);

		if (r < 0)
			return r;
		sure = pass_is_clean(&passes[n]);
		for (int i = 0; i < n && !sure; i++)
			sure = passes_agree(&passes[i], &passes[n]);
		n++;
	}
	*ret_sure = sure;
	return n;
}

static int append_sockets(struct sockets *list, struct sockets *more)
{
	int r = 0;

	if (!list->count) {
		sockets_done(list);
		*list = *more;
		*more = (struct sockets){0};
		return 0;
	}
	for (size_t i = 0; i < more->count && r >= 0; i++)
		r = sockets_add(&more->items[i], list);
	return r;
}

static int dump_merged(struct collection *c, const struct dump_request *request,
	struct sockets *ret, const char *what)
{
	struct pass passes[PASSES] = {0};
	struct pass *last;
	bool sure = false;
	int n = take_passes(c, request, passes, &sure);
	int r = MIN(n, 0);

	if (n > 0) {
		last = &passes[n - 1];
		for (int i = n - 2; i >= 0 && r >= 0; i--) {
			r = pass_adopt(c, last, &passes[i]);
			sure = sure && r > 0;
		}
		if (r >= 0 && !sure)
			r = warn_unsure(c, last, what);
		if (r >= 0)
			r = append_sockets(ret, &last->sockets);
	}
	for (size_t i = 0; i < PASSES; i++)
		pass_done(&passes[i]);
	return r;
}

/* sock_diag said no: read /proc/net, and say so. */
static int fall_back(struct collection *c, const struct dump_request *request, int refusal,
	socket_fn found, void *userdata, const char *what)
{
	bool lacking = c->request->needs_netlink ||
		       (request->protocol == IPPROTO_TCP &&
			       request->states >> PORTSCOPE_BOUND_INACTIVE & 1);
	int r = c->sources->proc_fd < 0
			? -ENOENT
			: procnet_read(c->sources->proc_fd, request, found, userdata);

	/* A kernel without IPv6 has neither; but then it has the tables of IPv4. */
	if (r == -ENOENT && request->family == AF_INET6 &&
		!faccessat(c->sources->proc_fd, "net/tcp", F_OK, 0))
		return 0;
	c->report->used_procfs = true;
	if (r >= 0)
		return warnings_add(c->warnings, lacking ? WARNING_INCOMPLETE : WARNING_NOTE,
			"sock_diag is not available for %s (%s): read /proc/net instead, which "
			"knows no "
			"cookie, interface, dual stack, backlog or bound-inactive socket",
			what, strerror(-refusal));
	if (r == -ENOENT || r == -EACCES || r == -EPERM || r == -EBADMSG)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"%s sockets could not be read: sock_diag says %s, /proc/net says %s", what,
			strerror(-refusal), strerror(-r));
	return r;
}

/* Errors that mean that this kernel or this user has no such sock_diag. */
static bool is_refusal(int r)
{
	return r == -ENOENT || r == -EPERM || r == -EACCES || r == -EAFNOSUPPORT ||
	       r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EINVAL || r == -ENOSYS;
}

struct streaming {
	struct recent_cookies recent;
	socket_fn found;
	void *userdata;
	size_t duplicates; /**< in the dump under way */
	int stopped;       /**< what `found` returned below 0 */
};

static int stream_add(const struct socket *socket, void *userdata)
{
	struct streaming *s = userdata;
	int r;

	if (socket->present & SOCKET_HAS_COOKIE && recent_cookies_add(&s->recent, socket->cookie)) {
		s->duplicates++;
		return 0;
	}
	r = s->found(socket, s->userdata);
	if (r < 0)
		s->stopped = r;
	return r;
}

static int dump_streaming(struct collection *c, const struct dump_request *request,
	struct streaming *s, const char *what)
{
	struct pass view = {0};
	int r;

	s->duplicates = 0;
	r = dump_sockets(&c->netlink, request, stream_add, s);
	if (r < 0)
		return r;
	view.outcome = r;
	return r != NETLINK_DONE || s->duplicates ? warn_unsure(c, &view, what) : 0;
}

static int dump_or_refuse(struct collection *c, struct dump_request *request, struct sockets *list,
	struct streaming *s, const char *what)
{
	int r;

	if (!c->netlink.transport)
		return c->refusal;
	r = s ? dump_streaming(c, request, s, what) : dump_merged(c, request, list, what);
	if (r != -EINVAL || !request->bytecode || (s && s->stopped))
		return r;
	/* An older kernel knows fewer conditions: what it lets through is judged here anyway. */
	request->bytecode = NULL;
	request->bytecode_length = 0;
	return s ? dump_streaming(c, request, s, what) : dump_merged(c, request, list, what);
}

/* Calls one protocol and family after the other; `s` NULL: merged into `list`. */
static int collect_each(struct collection *c, struct sockets *list, struct streaming *s)
{
	for (size_t i = 0; i < COLLECT_PROTOCOLS * COLLECT_FAMILIES; i++) {
		size_t p = i / COLLECT_FAMILIES, f = i % COLLECT_FAMILIES;
		const struct collect_part *part = &c->request->parts[p][f];
		struct dump_request request = {
			.protocol = protocols[p].number,
			.family = families[f].number,
			.states = part->states,
			.bytecode = part->bytecode,
			.bytecode_length = part->bytecode_length,
		};
		char what[16];
		int r;

		if (!part->states)
			continue;
		snprintf(what, sizeof(what), "%s %s", families[f].name, protocols[p].name);
		r = dump_or_refuse(c, &request, list, s, what);
		if (is_refusal(r) && !(s && s->stopped))
			r = fall_back(c, &request, r, s ? stream_add : sockets_add,
				s ? (void *)s : list, what);
		if (r < 0)
			return r;
	}
	return 0;
}

void collect_request_fill(struct collect_request *request, unsigned asked_protocols,
	unsigned asked_families, uint32_t states)
{
	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++)
			if (asked_protocols & protocols[p].bit && asked_families & families[f].bit)
				request->parts[p][f].states = states;
}

/** One collection into a list, alone or beside another. */
struct gathering {
	struct collection collection;
	struct collect_request request;
	struct collect_report report;
	struct warnings warnings;
	struct sockets list;
	int result;
};

static void *gather(void *argument)
{
	struct gathering *g = argument;

	g->collection.request = &g->request;
	g->collection.report = &g->report;
	g->collection.warnings = &g->warnings;
	g->result = collection_begin(&g->collection);
	if (g->result >= 0)
		g->result = collect_each(&g->collection, &g->list, NULL);
	collection_end(&g->collection);
	return NULL;
}

static void gathering_done(struct gathering *g)
{
	sockets_done(&g->list);
	warnings_done(&g->warnings);
}

/*
 * The kernel walks its whole hash of connections for each family. Two processors walk both at
 * once; where only listeners are asked for there is no such walk, and nothing to gain.
 */
static bool is_worth_splitting(const struct sources *sources, const struct collect_request *request)
{
	const uint32_t no_walk = 1u << PORTSCOPE_LISTEN | 1u << PORTSCOPE_UNCONNECTED;

	return !sources->transport && request->parts[0][0].states & ~no_walk &&
	       request->parts[0][1].states & ~no_walk;
}

static int merge_gathering(struct gathering *g, struct sockets *ret, struct collect_report *report,
	struct warnings *warnings)
{
	int r = g->result;

	report->used_procfs |= g->report.used_procfs;
	for (size_t i = 0; i < g->warnings.count && r >= 0; i++)
		r = warnings_add(warnings,
			g->warnings.items[i].incomplete ? WARNING_INCOMPLETE
			: g->warnings.items[i].detail   ? WARNING_DETAIL
							: WARNING_NOTE,
			"%s", g->warnings.items[i].text);
	return r < 0 ? r : append_sockets(ret, &g->list);
}

int collect_all(const struct sources *sources, const struct collect_request *request,
	struct sockets *ret, struct collect_report *report, struct warnings *warnings)
{
	struct gathering first = {.collection.sources = sources, .request = *request};
	struct gathering second = {.collection.sources = sources};
	struct sockets list = {0};
	pthread_t thread;
	bool split = is_worth_splitting(sources, request);
	int r;

	if (split) {
		for (size_t p = 0; p < COLLECT_PROTOCOLS; p++) {
			second.request.parts[p][1] = first.request.parts[p][1];
			first.request.parts[p][1] = (struct collect_part){0};
		}
		second.request.needs_netlink = request->needs_netlink;
		split = pthread_create(&thread, NULL, gather, &second) == 0;
		gather(&first);
		if (split)
			pthread_join(thread, NULL);
		else
			gather(&second);
	} else {
		gather(&first);
	}
	r = merge_gathering(&first, &list, report, warnings);
	if (r >= 0)
		r = merge_gathering(&second, &list, report, warnings);
	gathering_done(&first);
	gathering_done(&second);
	if (r < 0) {
		sockets_done(&list);
		return r;
	}
	*ret = list;
	return 0;
}

int collect_stream(const struct sources *sources, const struct collect_request *request,
	socket_fn found, void *userdata, struct collect_report *report, struct warnings *warnings)
{
	struct collection c = {
		.sources = sources, .request = request, .report = report, .warnings = warnings};
	AUTO_FREE struct streaming *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->found = found;
	s->userdata = userdata;
	r = collection_begin(&c);
	if (r >= 0)
		r = collect_each(&c, NULL, s);
	collection_end(&c);
	return r;
}
