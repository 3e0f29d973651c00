/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public functions and the two drivers. The buffered one collects everything, gathers what
 * the fields need beside it and then walks the records; the streaming one does so as they come.
 */
#include "listing/snapshot.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "annotate/annotate.h"
#include "annotate/service.h"
#include "annotate/unit-index.h"
#include "listing/request.h"
#include "listing/findings.h"
#include "collect/cgroup.h"
#include "collect/host.h"
#include "collect/interfaces.h"
#include "model/field.h"
#include "model/host.h"
#include "model/order.h"
#include "owner/owner.h"
#include "util/address.h"

struct portscope_snapshot {
	struct portscope_query query;
	uint16_t *fields; /**< owned copies of the query's arrays */
	struct portscope_sort *sort;
	struct filter *filter; /**< borrowed from the query; NULL: none */
	struct filter_programs programs;
	uint64_t *autobound; /**< cookies that the filter borrows */
	unsigned needs;
	bool streaming;
	bool spent; /**< a stream that has run */
	struct sources sources;
	int proc_fd; /**< owned, or -1 */
	int etc_fd;
	int root_fd;
	struct host host;
	struct sockets sockets;
	struct findings_index *findings; /**< NULL: not asked for */
	uint32_t *order;                 /**< of a buffered snapshot */
	struct warnings warnings;
	struct portscope_counts counts;
	int64_t time;
};

static unsigned query_needs(const struct portscope_query *query)
{
	unsigned needs = field_needs(query->fields, query->n_fields);

	for (size_t i = 0; i < query->n_sort; i++)
		needs |= field_needs(&query->sort[i].field, 1);
	if (query->filter)
		needs |= filter_needs(portscope_filter_parsed(query->filter));
	return needs;
}

bool portscope_streams(const struct portscope_query *query)
{
	if (query->filter && filter_uses_autobound(portscope_filter_parsed(query->filter)))
		return false;
	return query->unsorted && !query->n_sort && !(query_needs(query) & ~NEEDS_STREAMING);
}

/* IPv4 has more sockets than those of AF_INET: an IPv6 one may take IPv4, or speak it. */
static bool takes_ipv4(const struct socket *s)
{
	if (s->family == AF_INET || address_is_mapped(s->family, s->local_address))
		return true;
	return address_is_wildcard(s->family, s->local_address) &&
	       !(s->present & SOCKET_HAS_V6ONLY && s->v6only) && !s->remote_port;
}

static bool family_wanted(const struct portscope_query *query, const struct socket *s)
{
	return (query->families & PORTSCOPE_INET6 && s->family == AF_INET6) ||
	       (query->families & PORTSCOPE_INET && takes_ipv4(s));
}

/* What to ask of the kernel: no less than what the query wants, and little more. */
static int make_request(struct portscope_snapshot *s, struct collect_request *ret)
{
	unsigned families = s->query.families;

	if (families & PORTSCOPE_INET)
		families |= PORTSCOPE_INET6;
	*ret = (struct collect_request){.needs_netlink = s->needs & NEED_NETLINK};
	collect_request_fill(ret, s->query.protocols, families, s->query.states);
	return s->filter ? filter_narrow(s->filter, ret, &s->programs, &s->warnings) : 0;
}

static bool socket_wanted(const struct portscope_snapshot *s, const struct socket *socket)
{
	return family_wanted(&s->query, socket) &&
	       (!s->filter || filter_match_socket(s->filter, socket));
}

static void keep_wanted(struct portscope_snapshot *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->sockets.count; i++)
		if (socket_wanted(s, &s->sockets.items[i]))
			s->sockets.items[kept++] = s->sockets.items[i];
	s->sockets.count = kept;
}

static void set_collector(struct portscope_snapshot *s, const struct collect_report *report)
{
	s->host.shown.collector = report->used_procfs ? "procfs" : "netlink";
}

/* True if the sockets of the query have every TCP listener among them. */
static bool has_all_listeners(const struct portscope_query *query)
{
	return !query->filter && query->protocols & PORTSCOPE_TCP &&
	       query->families == (PORTSCOPE_INET | PORTSCOPE_INET6) &&
	       query->states >> PORTSCOPE_LISTEN & 1;
}

static int copy_listeners(const struct sockets *from, struct sockets *to)
{
	int r = 0;

	for (size_t i = 0; i < from->count && r >= 0; i++)
		if (from->items[i].state == PORTSCOPE_LISTEN)
			r = sockets_add(&from->items[i], to);
	return r;
}

/* All TCP listeners, whatever the query leaves out: they tell which connections are inbound. */
static int gather_listeners(struct portscope_snapshot *s)
{
	struct collect_request request = {0};
	struct collect_report report = {0};
	int r;

	collect_request_fill(
		&request, PORTSCOPE_TCP, PORTSCOPE_INET | PORTSCOPE_INET6, 1u << PORTSCOPE_LISTEN);
	if (has_all_listeners(&s->query))
		r = copy_listeners(&s->sockets, &s->host.listeners);
	else
		r = collect_all(&s->sources, &request, &s->host.listeners, &report, &s->warnings);
	if (r >= 0)
		direction_prepare(&s->host.listeners);
	return r;
}

/* Interfaces are asked for only where a socket's row depends on them. */
static bool uses_interfaces(const struct portscope_snapshot *s)
{
	if (!(s->needs & (NEED_INTERFACES | NEED_ADDRESSES)))
		return false;
	if (s->streaming)
		return true;
	for (size_t i = 0; i < s->sockets.count; i++) {
		const struct socket *k = &s->sockets.items[i];
		const uint8_t *ipv4 = address_as_ipv4(k->family, k->local_address);

		if (k->ifindex)
			return true;
		if (s->needs & NEED_ADDRESSES && k->protocol == IPPROTO_UDP && ipv4 && ipv4[0] &&
			ipv4[0] != 127)
			return true;
	}
	return false;
}

static int gather_ports(struct portscope_snapshot *s)
{
	int r = 0;

	if (s->needs & NEED_EPHEMERAL) {
		r = collect_ephemeral(s->sources.proc_fd, &s->host.ephemeral);
		if (r < 0 && r != -ENOMEM)
			r = warnings_add(&s->warnings, WARNING_NOTE,
				"the kernel's ephemeral port range could not be read: %s",
				strerror(-r));
	}
	if (r >= 0 && s->needs & NEED_SERVICES && s->sources.etc_fd >= 0)
		r = service_names_load(s->sources.etc_fd, &s->warnings, &s->host.services);
	return r;
}

static int gather_interfaces(struct portscope_snapshot *s)
{
	int (*gather)(struct interfaces *) =
		s->sources.interfaces ? s->sources.interfaces : collect_interfaces;
	int r = uses_interfaces(s) ? gather(&s->host.interfaces) : 0;

	if (r < 0 && r != -ENOMEM)
		r = warnings_add(&s->warnings, WARNING_NOTE,
			"names and addresses of interfaces could not be read: %s", strerror(-r));
	return r;
}

static int gather_identity(struct portscope_snapshot *s)
{
	if (s->needs & NEED_NETNS || s->query.identity)
		s->host.shown.netns = collect_netns(s->sources.proc_fd);
	return s->query.identity ? collect_identity(&s->sources, &s->host.shown) : 0;
}

/* What is understood of a socket, and what the audit has to say of it. */
static void make_row(
	const struct portscope_snapshot *s, const struct socket *socket, struct portscope_row *ret)
{
	annotate(socket, &s->host, s->needs, ret);
	if (s->findings)
		findings_index_get(s->findings, ret);
}

struct sort_item {
	struct portscope_value *values; /**< one a key */
	uint32_t position;              /**< in the natural order: decides ties */
	uint32_t socket;
};

static int compare_items(const void *x, const void *y, void *userdata)
{
	const struct sort_item *a = x, *b = y;
	const struct portscope_snapshot *s = userdata;

	for (size_t i = 0; i < s->query.n_sort; i++) {
		int c = value_compare(&a->values[i], &b->values[i]);

		/* What is unknown comes last in either direction. */
		if (c)
			return s->sort[i].descending && a->values[i].known && b->values[i].known
				       ? -c
				       : c;
	}
	return a->position < b->position ? -1 : 1;
}

/* Sorts by fields: their values are read once a row and then compared. */
static int sort_by_fields(struct portscope_snapshot *s)
{
	size_t n = s->sockets.count, keys = s->query.n_sort;
	AUTO_FREE struct sort_item *items = reallocarray(NULL, n + 1, sizeof(*items));
	AUTO_FREE struct portscope_value *values =
		reallocarray(NULL, n * keys + 1, sizeof(*values));

	if (!items || !values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct portscope_row row;

		make_row(s, &s->sockets.items[s->order[i]], &row);
		for (size_t k = 0; k < keys; k++) {
			portscope_get(&row, s->sort[k].field, &values[i * keys + k]);
			value_reduce(&values[i * keys + k]);
		}
		items[i] = (struct sort_item){&values[i * keys], i, s->order[i]};
	}
	qsort_r(items, n, sizeof(*items), compare_items, s);
	for (size_t i = 0; i < n; i++)
		s->order[i] = items[i].socket;
	return 0;
}

static int sort(struct portscope_snapshot *s)
{
	int r;

	s->order = reallocarray(NULL, s->sockets.count + 1, sizeof(*s->order));
	if (!s->order)
		return -ENOMEM;
	r = order_naturally(&s->sockets, &s->host, s->order);
	return r < 0 || !s->query.n_sort ? r : sort_by_fields(s);
}

static int gather_owners(struct portscope_snapshot *s)
{
	struct owner_request request = {
		.proc_fd = s->sources.proc_fd,
		.numeric = s->query.numeric,
	};
	int r;

	if (s->needs & NEED_PROCESSES)
		request.details |= OWNER_WANT_NAME;
	if (s->needs & NEED_DETAILS)
		request.details |= OWNER_WANT_COMM | OWNER_WANT_EXE | OWNER_WANT_CMDLINE |
				   OWNER_WANT_START_TIME | OWNER_WANT_USER;
	if (s->needs & NEED_USERS)
		request.details |= OWNER_WANT_USER;
	if (s->needs & NEED_UNITS)
		request.details |= OWNER_WANT_CGROUP;
	r = owner_resolve(
		&request, s->sockets.items, s->sockets.count, &s->warnings, &s->host.owners);
	if (r >= 0)
		s->host.shown.owner_backend = owner_index_backend(s->host.owners);
	return r;
}

/* What the cgroups of the holders stand for, as the owner stage read them. */
static int add_holders_units(struct portscope_snapshot *s)
{
	struct process *process;
	int r = 0;

	for (size_t i = 0; r >= 0 && (process = owner_index_process(s->host.owners, i)); i++)
		if (process->cgroup)
			r = unit_index_add(s->host.units, process->cgroup);
	/* Looked up when all are in: adding moves them. */
	for (size_t i = 0; r >= 0 && (process = owner_index_process(s->host.owners, i)); i++)
		if (process->cgroup)
			process->unit = unit_index_by_path(s->host.units, process->cgroup);
	return r;
}

static int gather_units(struct portscope_snapshot *s)
{
	struct cgroups cgroups = {0};
	int r = unit_index_open(s->sources.root_fd, &s->warnings, &s->host.units);

	for (size_t i = 0; i < s->sockets.count && r >= 0; i++)
		if (s->sockets.items[i].present & SOCKET_HAS_CGROUP)
			r = cgroups_add(&cgroups, s->sockets.items[i].cgroup);
	if (r >= 0)
		r = cgroups_resolve(&cgroups, s->sources.proc_fd, s->sources.root_fd,
			CGROUP_BY_HANDLE | CGROUP_BY_WALK, &s->warnings);
	if (r >= 0)
		r = unit_index_add_cgroups(s->host.units, &cgroups);
	if (r >= 0 && s->needs & NEED_OWNERS)
		r = add_holders_units(s);
	cgroups_done(&cgroups);
	return r;
}

static int collect_sockets(struct portscope_snapshot *s)
{
	struct collect_request request;
	struct collect_report report = {0};
	int r = make_request(s, &request);

	if (r >= 0)
		r = collect_all(&s->sources, &request, &s->sockets, &report, &s->warnings);
	if (r >= 0 && s->filter && filter_uses_autobound(s->filter))
		r = filter_ask_autobound(
			s->filter, &s->sources, &request, &s->autobound, &s->warnings);
	set_collector(s, &report);
	if (r >= 0)
		keep_wanted(s);
	return r;
}

static int open_buffered(struct portscope_snapshot *s)
{
	int r = collect_sockets(s);

	if (r >= 0 && s->needs & NEED_LISTENERS)
		r = gather_listeners(s);
	if (r >= 0 && s->needs & NEED_USERS)
		r = collect_users(&s->sockets, s->query.numeric, &s->host.users);
	if (r >= 0 && s->needs & NEED_OWNERS)
		r = gather_owners(s);
	if (r >= 0 && s->needs & NEED_UNITS)
		r = gather_units(s);
	if (r >= 0 && s->needs & NEED_FINDINGS)
		r = findings_index_open(&s->sources, s->query.numeric, &s->warnings, &s->findings);
	return r;
}

/* The last word of the filter, when everything that it reads is there. */
static int keep_matching(struct portscope_snapshot *s)
{
	size_t kept = 0, hidden = 0;

	for (size_t i = 0; i < s->sockets.count; i++) {
		struct portscope_row row;

		make_row(s, &s->sockets.items[i], &row);
		if (filter_match(s->filter, &row))
			s->sockets.items[kept++] = s->sockets.items[i];
		else if (row.owner == OWNER_HIDDEN && filter_is_undecided(s->filter, &row))
			hidden++;
	}
	s->sockets.count = kept;
	if (!hidden)
		return 0;
	/* Shown, such a socket would say itself that its owner is hidden. */
	return warnings_add(&s->warnings, WARNING_INCOMPLETE,
		"the filter asks for owners, and %zu socket%s left out because %s hidden from this "
		"user",
		hidden, hidden == 1 ? " is" : "s are",
		hidden == 1 ? "its owner is" : "their owners are");
}

static void *copy_array(const void *from, size_t n, size_t size)
{
	void *copy = reallocarray(NULL, n + 1, size);

	if (copy && n)
		memcpy(copy, from, n * size);
	return copy;
}

static int snapshot_fill(struct portscope_snapshot *s)
{
	int r = 0;

	s->fields = copy_array(s->query.fields, s->query.n_fields, sizeof(*s->fields));
	s->sort = copy_array(s->query.sort, s->query.n_sort, sizeof(*s->sort));
	if (!s->fields || !s->sort)
		return -ENOMEM;
	s->query.fields = s->fields;
	s->query.sort = s->sort;
	s->filter = s->query.filter ? portscope_filter_parsed(s->query.filter) : NULL;
	s->needs = query_needs(&s->query);
	s->streaming = portscope_streams(&s->query);
	/* Probable clients stand last in the natural order. */
	if (!s->streaming && !s->query.n_sort)
		s->needs |= NEED_EPHEMERAL;
	s->time = s->sources.now ? s->sources.now : time(NULL);
	if (!s->streaming)
		r = open_buffered(s);
	if (r >= 0)
		r = gather_ports(s);
	if (r >= 0)
		r = gather_interfaces(s);
	if (r >= 0)
		r = gather_identity(s);
	if (r < 0 || s->streaming)
		return r;
	if (s->filter)
		r = keep_matching(s);
	return r < 0 ? r : sort(s);
}

int snapshot_open_from(const struct portscope_query *query, const struct sources *sources,
	struct portscope_snapshot **ret)
{
	struct portscope_snapshot *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->query = *query;
	s->sources = *sources;
	s->proc_fd = s->etc_fd = s->root_fd = -1;
	r = snapshot_fill(s);
	if (r < 0) {
		portscope_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int portscope_open(const struct portscope_query *query, struct portscope_snapshot **ret)
{
	AUTO_CLOSE int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int etc_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sources sources = {.proc_fd = proc_fd, .etc_fd = etc_fd, .root_fd = root_fd};
	struct portscope_snapshot *s;
	int r = snapshot_open_from(query, &sources, &s);

	if (r < 0)
		return r;
	s->proc_fd = steal_fd(&proc_fd);
	s->etc_fd = steal_fd(&etc_fd);
	s->root_fd = steal_fd(&root_fd);
	*ret = s;
	return 0;
}

struct portscope_snapshot *portscope_close(struct portscope_snapshot *s)
{
	if (!s)
		return NULL;
	free(s->fields);
	free(s->sort);
	free(s->order);
	free(s->autobound);
	filter_programs_done(&s->programs);
	sockets_done(&s->sockets);
	sockets_done(&s->host.listeners);
	interfaces_done(&s->host.interfaces);
	ephemeral_done(&s->host.ephemeral);
	users_done(&s->host.users);
	service_names_free(s->host.services);
	owner_index_free(s->host.owners);
	unit_index_close(s->host.units);
	findings_index_close(s->findings);
	identity_done(&s->host.shown);
	warnings_done(&s->warnings);
	close_fd(s->proc_fd);
	close_fd(s->etc_fd);
	close_fd(s->root_fd);
	free(s);
	return NULL;
}

/** A walk over the rows. */
struct walk {
	struct portscope_snapshot *snapshot;
	portscope_row_fn row;
	void *userdata;
	int stopped; /**< what the callback returned, if it was not 0 */
};

static int hand_out(const struct socket *socket, void *userdata)
{
	struct walk *walk = userdata;
	struct portscope_snapshot *s = walk->snapshot;
	struct portscope_row row;

	if (s->streaming && !socket_wanted(s, socket))
		return 0;
	make_row(s, socket, &row);
	if (s->streaming && s->filter && !filter_match(s->filter, &row))
		return 0;
	s->counts.rows++;
	s->counts.hidden_owners += row.owner == OWNER_HIDDEN;
	walk->stopped = walk->row(&row, walk->userdata);
	return walk->stopped ? -ECANCELED : 0;
}

static int each_streaming(struct portscope_snapshot *s, struct walk *walk)
{
	struct collect_request request;
	struct collect_report report = {0};
	int r;

	if (s->spent)
		return -EALREADY;
	s->spent = true;
	r = make_request(s, &request);
	if (r >= 0)
		r = collect_stream(&s->sources, &request, hand_out, walk, &report, &s->warnings);
	set_collector(s, &report);
	return r;
}

/* In sorted order the sockets lie scattered: each is fetched into the cache a while before. */
#define FETCH_AHEAD 12

static int each_buffered(struct portscope_snapshot *s, struct walk *walk)
{
	int r = 0;

	for (size_t i = 0; i < s->sockets.count && r >= 0; i++) {
		if (i + FETCH_AHEAD < s->sockets.count) {
			const char *next =
				(const char *)&s->sockets.items[s->order[i + FETCH_AHEAD]];

			__builtin_prefetch(next);
			__builtin_prefetch(next + sizeof(struct socket) - 1);
		}
		r = hand_out(&s->sockets.items[s->order[i]], walk);
	}
	return r;
}

int portscope_each(struct portscope_snapshot *s, portscope_row_fn row, void *userdata)
{
	struct walk walk = {.snapshot = s, .row = row, .userdata = userdata};
	int r = 0;

	s->counts = (struct portscope_counts){0};
	if (s->streaming)
		r = each_streaming(s, &walk);
	else
		r = each_buffered(s, &walk);
	return walk.stopped ? walk.stopped : r;
}

const struct host *snapshot_host(const struct portscope_snapshot *s)
{
	return &s->host;
}

const struct sources *snapshot_sources(const struct portscope_snapshot *s)
{
	return &s->sources;
}

struct warnings *snapshot_warnings(struct portscope_snapshot *s)
{
	return &s->warnings;
}

void snapshot_row(const struct portscope_snapshot *s, size_t i, struct portscope_row *ret)
{
	make_row(s, &s->sockets.items[s->order[i]], ret);
}

const struct portscope_host *portscope_get_host(const struct portscope_snapshot *s)
{
	return &s->host.shown;
}

int64_t portscope_get_time(const struct portscope_snapshot *s)
{
	return s->time;
}

const struct portscope_warning *portscope_get_warnings(
	const struct portscope_snapshot *s, size_t *ret_count)
{
	*ret_count = s->warnings.count;
	return s->warnings.items;
}

size_t portscope_count(const struct portscope_snapshot *s)
{
	return s->sockets.count;
}

struct portscope_counts portscope_get_counts(const struct portscope_snapshot *s)
{
	return s->counts;
}
