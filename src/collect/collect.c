/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The choice between the backends.
 *
 * A dump of sock_diag is not a snapshot: it resumes by position. What it says in one datagram it
 * need not resume, and that is exact. Beyond, the kernel's iterators are exact where there are any
 * and this process may use them; else passes are compared (passes.c). Listening TCP sockets are
 * not looked for with an iterator unless it is asked for: the walk would go over the whole hash of
 * connections, empty or not.
 */
#include "collect/collect.h"

#include <pthread.h>
#include <string.h>

#include "collect/backends.h"

/* Whether this process has iterators to ask, and may. */
static bool has_iterators(const struct sources *sources, struct iteration *iteration)
{
	return sources->iterate || (!sources->transport && iterate_permitted(iteration));
}

/* Whether sockets may come from them. */
static bool may_iterate(const struct sources *sources, const struct collect_request *request,
	struct iteration *iteration)
{
	return !request->only_netlink && request->collector != PORTSCOPE_COLLECTOR_NETLINK &&
	       request->collector != PORTSCOPE_COLLECTOR_PROCFS &&
	       has_iterators(sources, iteration);
}

/* Whether a dump may be compared with what processes hold, which they tell. */
static bool may_compare(const struct collection *c, const struct collect_request *request,
	struct iteration *iteration)
{
	return !request->only_netlink &&
	       (request->collector == PORTSCOPE_COLLECTOR_NETLINK ? request->compared
								  : c->may_iterate) &&
	       has_iterators(c->sources, iteration) && compare_is_telling(c);
}

/* Whether an iterator is the next choice, where one datagram does not hold the answer. */
static bool is_worth_iterating(const struct collection *c, size_t protocol)
{
	const struct collect_part *parts = c->request->parts[protocol];
	const uint32_t others = 1u << PORTSCOPE_LISTEN | 1u << PORTSCOPE_BOUND_INACTIVE |
				1u << PORTSCOPE_UNCONNECTED;

	return c->may_iterate && (collect_protocols[protocol].number == IPPROTO_UDP ||
					 (parts[0].states | parts[1].states) & ~others);
}

static int warn_no_iterator(struct collection *c, size_t protocol)
{
	c->may_iterate = false;
	if (c->request->collector == PORTSCOPE_COLLECTOR_BPF)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"%s sockets could not be read with the bpf collector: %s",
			collect_protocols[protocol].name, c->iteration.reason);
	return warnings_add(c->warnings, WARNING_DETAIL, "the bpf collector could not be used: %s",
		c->iteration.reason);
}

/* The list that a brief answer is, to where it belongs. */
static int hand_over(struct sockets *list, const struct sink *sink)
{
	int r = 0;

	if (!sink->stream)
		return sockets_append(sink->list, list);
	for (size_t i = 0; i < list->count && r >= 0; i++)
		r = stream_add(&list->items[i], sink->stream);
	return r;
}

/* sock_diag as long as it is exact, then the iterators, then sock_diag again. */
static int collect_best(struct collection *c, size_t protocol, const struct sink *sink)
{
	struct sockets list = {0};
	bool used_bpf = c->report->used_bpf;
	int r;

	if (!is_worth_iterating(c, protocol))
		return collect_by_netlink(c, protocol, sink);
	r = collect_briefly(c, protocol, &list);
	if (r > 0)
		r = hand_over(&list, sink);
	else if (r == 0)
		r = collect_by_iterator(c, protocol, sink);
	sockets_done(&list);
	if (r != -EOPNOTSUPP || (sink->stream && sink->stream->stopped))
		return r;
	c->report->used_bpf = used_bpf;
	r = warn_no_iterator(c, protocol);
	return r < 0 ? r : collect_by_netlink(c, protocol, sink);
}

static int collect_protocol(struct collection *c, size_t protocol, const struct sink *sink)
{
	int r;

	switch (c->request->only_netlink ? PORTSCOPE_COLLECTOR_NETLINK : c->request->collector) {
	case PORTSCOPE_COLLECTOR_PROCFS:
		return collect_by_procfs(c, protocol, sink);
	case PORTSCOPE_COLLECTOR_NETLINK:
		return collect_by_netlink(c, protocol, sink);
	case PORTSCOPE_COLLECTOR_BPF:
		r = c->may_iterate ? collect_by_iterator(c, protocol, sink) : -EOPNOTSUPP;
		if (r == -EOPNOTSUPP && !(sink->stream && sink->stream->stopped))
			return warn_no_iterator(c, protocol);
		return r;
	default:
		return collect_best(c, protocol, sink);
	}
}

/* One protocol, compared with what processes hold where that is needed. */
static int collect_surely(struct collection *c, size_t protocol, const struct sink *sink)
{
	struct sockets list = {0};
	struct sink here = {.list = &list};
	int r;

	if (sink->stream || !c->may_compare)
		return collect_protocol(c, protocol, sink);
	c->compare = false;
	r = collect_protocol(c, protocol, &here);
	if (r >= 0 && c->compare)
		r = collect_compare(c, protocol, &list);
	if (r == -EOPNOTSUPP && c->compare) {
		/* Then passes have to tell. */
		c->may_compare = false;
		list.count = 0;
		r = collect_protocol(c, protocol, &here);
	}
	if (r >= 0)
		r = sockets_append(sink->list, &list);
	sockets_done(&list);
	return r;
}

/* One protocol after the other. */
static int collect_each(struct collection *c, const struct sink *sink)
{
	int r = 0;

	for (size_t p = 0; p < COLLECT_PROTOCOLS && r >= 0; p++) {
		const struct collect_part *parts = c->request->parts[p];

		if (parts[0].states || parts[1].states)
			r = collect_surely(c, p, sink);
	}
	return r;
}

/* A collection from its beginning to its end. */
static int collect(struct collection *c, const struct sink *sink)
{
	int r = collection_begin(c);

	c->may_iterate = may_iterate(c->sources, c->request, &c->iteration);
	c->may_compare = may_compare(c, c->request, &c->iteration);
	if (r >= 0)
		r = collect_each(c, sink);
	collection_end(c);
	return r;
}

void collect_request_fill(struct collect_request *request, unsigned asked_protocols,
	unsigned asked_families, uint32_t states)
{
	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++)
			if (asked_protocols & collect_protocols[p].bit &&
				asked_families & collect_families[f].bit)
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
	g->result = collect(&g->collection, &(struct sink){.list = &g->list});
	return NULL;
}

static void gathering_done(struct gathering *g)
{
	sockets_done(&g->list);
	warnings_done(&g->warnings);
}

/*
 * sock_diag walks the whole hash of connections for each family. Two processors walk both at once;
 * where only listeners are asked for there is no such walk, and nothing to gain. An iterator walks
 * it once for both.
 */
static bool is_worth_splitting(const struct sources *sources, const struct collect_request *request)
{
	const uint32_t no_walk = 1u << PORTSCOPE_LISTEN | 1u << PORTSCOPE_UNCONNECTED;
	struct iteration iteration;

	return !sources->transport && request->collector != PORTSCOPE_COLLECTOR_PROCFS &&
	       !request->compared && !may_iterate(sources, request, &iteration) &&
	       request->parts[0][0].states & ~no_walk && request->parts[0][1].states & ~no_walk;
}

static int merge_gathering(struct gathering *g, struct sockets *ret, struct collect_report *report,
	struct warnings *warnings)
{
	int r = g->result;

	report->used_procfs |= g->report.used_procfs;
	report->used_bpf |= g->report.used_bpf;
	if (r >= 0)
		r = warnings_append(warnings, &g->warnings);
	return r < 0 ? r : sockets_append(ret, &g->list);
}

int collect_all(const struct sources *sources, const struct collect_request *request,
	struct sockets *ret, struct collect_report *report, struct warnings *warnings)
{
	struct gathering first = {.collection.sources = sources, .request = *request};
	struct gathering second = {.collection.sources = sources, .request = *request};
	struct sockets list = {0};
	pthread_t thread;
	bool split = is_worth_splitting(sources, request);
	int r;

	if (split) {
		for (size_t p = 0; p < COLLECT_PROTOCOLS; p++) {
			second.request.parts[p][0] = (struct collect_part){0};
			first.request.parts[p][1] = (struct collect_part){0};
		}
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

	if (!s)
		return -ENOMEM;
	s->found = found;
	s->userdata = userdata;
	return collect(&c, &(struct sink){.stream = s});
}
