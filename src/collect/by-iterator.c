/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend `bpf`. One walk serves both families. Where the kernel's walk is not exact, which
 * its last record says, it is judged as a dump of sock_diag is.
 */
#include "collect/backends.h"

#include <stdio.h>

#define BOUND_INACTIVE (1u << PORTSCOPE_BOUND_INACTIVE)

/** The states that are asked of each family, and who takes the sockets. */
struct choice {
	const struct collect_part *parts;
	socket_fn found;
	void *userdata;
};

static int choose(const struct socket *socket, void *userdata)
{
	const struct choice *choice = userdata;
	uint32_t states = choice->parts[socket->family == AF_INET6].states;

	return socket->state < 32 && states >> socket->state & 1
		       ? choice->found(socket, choice->userdata)
		       : 0;
}

/** The walk over one protocol. */
struct walk {
	struct collection *collection;
	size_t protocol;
};

static int walk(const struct walk *w, socket_fn found, void *userdata)
{
	struct collection *c = w->collection;
	const struct collect_part *parts = c->request->parts[w->protocol];
	struct choice choice = {.parts = parts, .found = found, .userdata = userdata};
	uint32_t states = (parts[0].states | parts[1].states) & ~BOUND_INACTIVE;

	return (c->sources->iterate ? c->sources->iterate : iterate_sockets)(
		collect_protocols[w->protocol].number, states, choose, &choice, &c->iteration);
}

static int take(void *userdata, struct sockets *into, bool *ret_exact)
{
	struct walk *w = userdata;
	int r = walk(w, sockets_add, into);

	*ret_exact = w->collection->iteration.exact;
	return r < 0 ? r : NETLINK_DONE;
}

/* No iterator walks sockets that are only bound. They are asked for first: one that begins to
 * listen meanwhile is met by the walk. */
static int add_bound(struct collection *c, size_t protocol, const struct sink *sink)
{
	const struct collect_request *whole = c->request;
	const struct collect_part *parts = whole->parts[protocol];
	struct collect_request request = *whole;
	int r;

	if (collect_protocols[protocol].number != IPPROTO_TCP ||
		!((parts[0].states | parts[1].states) & BOUND_INACTIVE))
		return 0;
	for (size_t f = 0; f < COLLECT_FAMILIES; f++)
		request.parts[protocol][f].states &= BOUND_INACTIVE;
	c->request = &request;
	r = collect_by_netlink(c, protocol, sink);
	c->request = whole;
	return r;
}

static int iterate_stream(struct walk *w, const struct sink *sink)
{
	struct collection *c = w->collection;
	int r = add_bound(c, w->protocol, sink);

	if (r < 0)
		return r;
	stream_begin(sink->stream);
	r = walk(w, stream_add, sink->stream);
	/* What was handed out cannot be taken back. */
	if (r == -EOPNOTSUPP && sink->stream->count && !sink->stream->stopped)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"%s sockets: the kernel's iterator ended early: %s",
			collect_protocols[w->protocol].name, c->iteration.reason);
	if (r < 0 || c->iteration.exact || !stream_is_unsure(sink->stream))
		return r;
	return collection_warn(c, PASSES_UNSURE, collect_protocols[w->protocol].name);
}

int collect_by_iterator(struct collection *c, size_t protocol, const struct sink *sink)
{
	struct walk w = {.collection = c, .protocol = protocol};
	struct pass_source source = {
		.take = take,
		.userdata = &w,
		.netlink = &c->netlink,
		.compared = c->may_compare,
	};
	struct sockets list = {0};
	struct sink bound = {.list = &list};
	struct cookie_index index = {0};
	int r;

	c->report->used_bpf = true;
	if (sink->stream)
		return iterate_stream(&w, sink);
	r = add_bound(c, protocol, &bound);
	if (r >= 0)
		r = passes_take(&source, &list);
	if (r >= 0)
		r = collection_warn(c, r, collect_protocols[protocol].name);
	/* A socket that began to listen between the two. */
	if (r >= 0)
		r = cookie_index_make(&list, &index, &(size_t){0});
	if (r >= 0)
		r = sockets_append(sink->list, &list);
	cookie_index_done(&index);
	sockets_done(&list);
	return r;
}
