/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rows need beside their sockets, each only where a field asks for it: listeners, names,
 * ports, interfaces, holders, units.
 */
#include "listing/snapshot.h"

#include <string.h>

#include "annotate/annotate.h"
#include "annotate/program.h"
#include "annotate/service.h"
#include "annotate/unit-index.h"
#include "collect/cgroup.h"
#include "collect/host.h"
#include "collect/interfaces.h"
#include "listing/origin.h"
#include "model/field.h"
#include "owner/owner.h"
#include "util/address.h"

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
		if (from->items[i].protocol == IPPROTO_TCP &&
			from->items[i].state == PORTSCOPE_LISTEN)
			r = sockets_add(&from->items[i], to);
	return r;
}

/* All TCP listeners, whatever the query leaves out: they tell which connections are inbound. */
static int gather_listeners(struct portscope_snapshot *s)
{
	struct collect_request request = {.collector = s->query.collector};
	struct collect_report report = {0};
	int r;

	collect_request_fill(
		&request, PORTSCOPE_TCP, PORTSCOPE_INET | PORTSCOPE_INET6, 1u << PORTSCOPE_LISTEN);
	if (s->needs & NEED_RULES || has_all_listeners(&s->query))
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
		if (r < 0)
			r = warnings_miss(&s->warnings, r, "the kernel's ephemeral port range");
	}
	if (r >= 0 && s->needs & NEED_SERVICES && s->sources.etc_fd >= 0)
		r = service_names_load(s->sources.etc_fd, &s->warnings, &s->host.services);
	return r;
}

static int gather_interfaces(struct portscope_snapshot *s)
{
	int (*gather)(struct interfaces *) =
		s->sources.interfaces ? s->sources.interfaces : collect_interfaces;
	bool rows = uses_interfaces(s), whole = s->query.identity || s->query.say_public;
	int r = rows || whole ? gather(&s->host.interfaces) : 0;

	if (r < 0 && rows)
		return warnings_miss(&s->warnings, r, "names and addresses of interfaces");
	if (r < 0 && r != -ENOMEM)
		return warnings_add(&s->warnings, WARNING_NOTE,
			"whether this host has a public address is not known: %s", strerror(-r));
	s->host.say_public = s->query.say_public;
	return r < 0 || !whole ? r : exposure_find_public(&s->host);
}

static int gather_identity(struct portscope_snapshot *s)
{
	const char *what;
	int r = 0;

	if (s->needs & NEED_NETNS || s->query.identity)
		r = collect_netns(s->sources.proc_fd, &s->host.shown.netns);
	/* Without /proc much is missing, and said. */
	if (r == -ENOENT)
		r = 0;
	if (r < 0)
		r = warnings_miss(&s->warnings, r, "the network namespace");
	if (r < 0 || (!s->query.identity && !(s->needs & NEED_IDENTITY)))
		return r;
	r = collect_identity(&s->sources, &s->host.shown, &what);
	return r < 0 ? warnings_miss(&s->warnings, r, what) : r;
}

static int gather_owners(struct portscope_snapshot *s)
{
	struct owner_request request = {
		.proc_fd = s->sources.proc_fd,
		.users = &s->host.users,
	};
	int r;

	if (s->needs & NEED_PROCESSES)
		request.details |= OWNER_WANT_PROGRAM;
	if (s->needs & NEED_DETAILS)
		request.details |= OWNER_WANT_EXE | OWNER_WANT_CMDLINE | OWNER_WANT_START_TIME |
				   OWNER_WANT_USER;
	if (s->needs & NEED_PROGRAMS)
		request.details |= OWNER_WANT_EXE | OWNER_WANT_CMDLINE;
	if (s->needs & NEED_USERS)
		request.details |= OWNER_WANT_USER;
	/* The program tells whether it holds ports for a container. */
	if (s->needs & NEED_UNITS)
		request.details |= OWNER_WANT_CGROUP | OWNER_WANT_PROGRAM;
	if (s->needs & NEED_TRUST)
		request.details |= OWNER_WANT_TRUST;
	if (s->needs & NEED_CWD)
		request.details |= OWNER_WANT_CWD;
	if (s->needs & NEED_PRELOAD)
		request.details |= OWNER_WANT_PRELOAD;
	if (s->needs & NEED_ORIGIN)
		request.details |= OWNER_WANT_ORIGIN;
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
	/* Looked up when all are in. */
	for (size_t i = 0; r >= 0 && (process = owner_index_process(s->host.owners, i)); i++)
		if (process->cgroup && process->carried.container)
			r = unit_index_add_carrier(
				s->host.units, process->cgroup, &process->carried, &process->unit);
		else if (process->cgroup)
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

static void look_up_programs(struct portscope_snapshot *s)
{
	struct process *process;

	for (size_t i = 0; (process = owner_index_process(s->host.owners, i)); i++)
		program_look_up(process);
}

/* The users of the sockets; only those that the query wants are shown. */
static int gather_users(struct portscope_snapshot *s)
{
	const char *name;
	int r = 0;

	for (size_t i = 0; i < s->wanted && r >= 0; i++)
		if (s->sockets.items[i].present & SOCKET_HAS_UID)
			r = users_add(&s->host.users, s->sockets.items[i].uid, &name);
	return r;
}

int snapshot_gather(struct portscope_snapshot *s)
{
	int r = 0;

	s->host.users.numeric = s->query.numeric;
	if (s->needs & NEED_LISTENERS)
		r = gather_listeners(s);
	if (r >= 0 && s->needs & NEED_USERS)
		r = gather_users(s);
	if (r >= 0 && s->needs & NEED_OWNERS)
		r = gather_owners(s);
	if (r >= 0)
		r = users_warn(&s->host.users, &s->warnings);
	if (r >= 0 && s->needs & NEED_UNITS)
		r = gather_units(s);
	if (r >= 0 && s->needs & NEED_ORIGIN)
		r = snapshot_gather_origins(s);
	if (r >= 0 && s->needs & NEED_PROGRAMS)
		look_up_programs(s);
	if (r >= 0)
		r = gather_ports(s);
	if (r >= 0)
		r = gather_interfaces(s);
	if (r >= 0)
		r = snapshot_gather_reach(s);
	return r < 0 ? r : gather_identity(s);
}
