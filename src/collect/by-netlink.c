/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backends `netlink` and `procfs`: one dump for each protocol and family. */
#include "collect/backends.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "collect/procnet.h"
#include "util/file.h"

/*
 * The kernel takes connections out of a bucket in chunks of this many, between which others may
 * change it (SKARR_SZ in net/ipv4/inet_diag.c). Buckets of listeners, and those of UDP, it walks
 * without a break as far as the datagram has room. Among so many buckets no datagram holds enough
 * connections for one of them to have a chunk.
 */
#define CHUNK   16
#define BUCKETS 4096

/* TCP sockets in these states are there only as long as somebody holds them. */
#define HELD_STATES (1u << PORTSCOPE_LISTEN | 1u << PORTSCOPE_BOUND_INACTIVE)

/* Whether the hash of connections of this network namespace is as large as usual. */
static bool has_many_buckets(const struct collection *c)
{
	AUTO_FREE char *text = NULL;
	long buckets;

	/* Kernels without this file have one hash, for all namespaces and sized by the memory. */
	if (c->sources->proc_fd < 0 ||
		file_read_line(c->sources->proc_fd, "sys/net/ipv4/tcp_ehash_entries", &text) < 0)
		return true;
	/* Below 0: that of the first namespace, which this one shares (ip-sysctl.rst). */
	buckets = strtol(text, NULL, 10);
	return labs(buckets) >= BUCKETS;
}

/* Whether the dump that just ended, of `count` sockets, cannot have missed one. */
static bool is_exact(const struct collection *c, const struct dump_request *request, size_t count)
{
	if (c->netlink.datagrams > 1)
		return false;
	return request->protocol == IPPROTO_UDP || request->states == 1u << PORTSCOPE_LISTEN ||
	       count < CHUNK || has_many_buckets(c);
}

/** One dump, taken over and over. */
struct dumping {
	struct collection *collection;
	const struct dump_request *request;
};

static int take(void *userdata, struct sockets *into, bool *ret_exact)
{
	const struct dumping *d = userdata;
	int r = dump_sockets(&d->collection->netlink, d->request, sockets_add, into);

	*ret_exact = r == NETLINK_DONE && is_exact(d->collection, d->request, into->count);
	return r;
}

static int dump_merged(struct collection *c, const struct dump_request *request,
	struct sockets *list, const char *what)
{
	struct dumping dumping = {.collection = c, .request = request};
	struct pass_source source = {
		.take = take,
		.userdata = &dumping,
		.netlink = &c->netlink,
		.compared = c->may_compare,
		.held = request->protocol == IPPROTO_UDP || !(request->states & ~HELD_STATES),
	};
	int r = passes_take(&source, list);

	return r < 0 ? r : collection_warn(c, r, what);
}

static int dump_streaming(struct collection *c, const struct dump_request *request,
	struct streaming *s, const char *what)
{
	int r;

	stream_begin(s);
	r = dump_sockets(&c->netlink, request, stream_add, s);
	if (r < 0)
		return r;
	if (r & NETLINK_DAMAGED)
		return collection_warn(c, PASSES_UNSURE | PASSES_DAMAGED, what);
	/* One datagram is exact, however long its reader takes. */
	if (r == NETLINK_DONE && !s->duplicates && c->netlink.datagrams <= 1)
		return 0;
	return r != NETLINK_DONE || stream_is_unsure(s) ? collection_warn(c, PASSES_UNSURE, what)
							: 0;
}

static int dump_to(struct collection *c, const struct dump_request *request,
	const struct sink *sink, const char *what)
{
	return sink->stream ? dump_streaming(c, request, sink->stream, what)
			    : dump_merged(c, request, sink->list, what);
}

static int dump_or_refuse(struct collection *c, struct dump_request *request,
	const struct sink *sink, const char *what)
{
	int r;

	if (!c->netlink.transport)
		return c->refusal;
	r = dump_to(c, request, sink, what);
	if (r != -EINVAL || !request->bytecode || (sink->stream && sink->stream->stopped))
		return r;
	/* An older kernel knows fewer conditions: what it lets through is judged here anyway. */
	request->bytecode = NULL;
	request->bytecode_length = 0;
	return dump_to(c, request, sink, what);
}

/* Errors that mean that this kernel or this user has no such sock_diag. */
static bool is_refusal(int r)
{
	return r == -ENOENT || r == -EPERM || r == -EACCES || r == -EAFNOSUPPORT ||
	       r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EINVAL || r == -ENOSYS;
}

/* Whether something that is asked for is not in /proc/net. */
static bool is_lacking(const struct collection *c, const struct dump_request *request)
{
	return c->request->needs_netlink ||
	       (request->protocol == IPPROTO_TCP &&
		       request->states >> PORTSCOPE_BOUND_INACTIVE & 1);
}

#define PROCNET_LACKS "knows no cookie, interface, dual stack, backlog or bound-inactive socket"

/* Reads /proc/net; `why` is what it is read instead of, or NULL where it was asked for. */
static int read_procnet(struct collection *c, const struct dump_request *request,
	const struct sink *sink, const char *what, const char *why)
{
	enum warning_kind kind = is_lacking(c, request) ? WARNING_INCOMPLETE : WARNING_NOTE;
	socket_fn found = sink->stream ? stream_add : sockets_add;
	void *userdata = sink->stream ? (void *)sink->stream : sink->list;
	int fd = c->sources->proc_fd;
	int r = fd < 0 ? -ENOENT : procnet_read(fd, request, found, userdata);

	/* A kernel without IPv6 has neither; but then it has the tables of IPv4. */
	if (r == -ENOENT && request->family == AF_INET6 && !faccessat(fd, "net/tcp", F_OK, 0))
		return 0;
	c->report->used_procfs = true;
	if (r >= 0 && why)
		return warnings_add(c->warnings, kind,
			"sock_diag is not available for %s (%s): read /proc/net instead, "
			"which " PROCNET_LACKS,
			what, why);
	if (r >= 0)
		return warnings_add(c->warnings, kind == WARNING_NOTE ? WARNING_DETAIL : kind,
			"%s sockets come from /proc/net, which " PROCNET_LACKS, what);
	if (r == -ENOENT || r == -EACCES || r == -EPERM || r == -EBADMSG)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"%s sockets could not be read: %s%s%s/proc/net says %s", what,
			why ? "sock_diag says " : "", why ? why : "", why ? ", " : "",
			strerror(-r));
	return r;
}

/* What to ask of one protocol and family, and its name. */
static struct dump_request request_of(
	const struct collection *c, size_t protocol, size_t family, char *what, size_t size)
{
	const struct collect_part *part = &c->request->parts[protocol][family];
	uint8_t number = collect_protocols[protocol].number;
	/* No TCP socket is unconnected: its kind of that is bound-inactive. */
	uint32_t none = number == IPPROTO_TCP ? 1u << PORTSCOPE_UNCONNECTED : 0;

	snprintf(what, size, "%s %s", collect_families[family].name,
		collect_protocols[protocol].name);
	return (struct dump_request){
		.protocol = number,
		.family = collect_families[family].number,
		.states = part->states & ~none,
		.bytecode = part->bytecode,
		.bytecode_length = part->bytecode_length,
	};
}

int collect_by_netlink(struct collection *c, size_t protocol, const struct sink *sink)
{
	for (size_t f = 0; f < COLLECT_FAMILIES; f++) {
		char what[16];
		struct dump_request request = request_of(c, protocol, f, what, sizeof(what));
		int r;

		if (!request.states)
			continue;
		r = dump_or_refuse(c, &request, sink, what);
		if (!is_refusal(r) || (sink->stream && sink->stream->stopped)) {
			if (r < 0)
				return r;
			continue;
		}
		if (c->request->collector == PORTSCOPE_COLLECTOR_AUTO)
			r = read_procnet(c, &request, sink, what, strerror(-r));
		else
			r = warnings_add(c->warnings, WARNING_INCOMPLETE,
				"%s sockets could not be read: sock_diag says %s", what,
				strerror(-r));
		if (r < 0)
			return r;
	}
	return 0;
}

int collect_by_procfs(struct collection *c, size_t protocol, const struct sink *sink)
{
	int r = 0;

	for (size_t f = 0; f < COLLECT_FAMILIES && r >= 0; f++) {
		char what[16];
		struct dump_request request = request_of(c, protocol, f, what, sizeof(what));

		if (request.states)
			r = read_procnet(c, &request, sink, what, NULL);
	}
	return r;
}

/* A dump that was left in the middle goes on as long as its socket is there. */
static int reopen(struct collection *c)
{
	if (c->sources->transport)
		return 0;
	collection_end(c);
	return collection_begin(c);
}

int collect_briefly(struct collection *c, size_t protocol, struct sockets *list)
{
	size_t before = list->count;
	bool whole = c->netlink.transport;
	int r = 0;

	for (size_t f = 0; f < COLLECT_FAMILIES && whole && r >= 0; f++) {
		char what[16];
		struct dump_request request = request_of(c, protocol, f, what, sizeof(what));
		size_t begin = list->count;

		if (!request.states)
			continue;
		c->netlink.limit = 1;
		r = dump_sockets(&c->netlink, &request, sockets_add, list);
		c->netlink.limit = 0;
		whole = r == NETLINK_DONE && is_exact(c, &request, list->count - begin);
	}
	if (whole)
		return 1;
	list->count = before;
	if (r > 0 && r & NETLINK_MORE)
		return reopen(c);
	/* What does not go this way may go another. */
	return r == -ENOMEM ? r : 0;
}
