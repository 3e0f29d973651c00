/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How each holder came to run, in words: the chain of its parents, and what the cgroup, the user
 * and the sockets of an sshd add to where it ends. What is not known is said to be so. Where an
 * ssh session comes from is what its sshd's own socket says; an environment could say anything.
 */
#include "listing/origin.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "model/owner.h"
#include "util/address.h"
#include "util/file.h"
#include "util/out.h"

/** What all origins of a listing share. */
struct origins {
	struct portscope_snapshot *snapshot;
	struct sockets connections; /**< TCP, asked for when the first session is met */
	bool asked;
};

static int put_user(struct origins *o, struct out *out, uint32_t uid)
{
	const char *name;
	int r = users_add(&o->snapshot->host.users, uid, &name);

	if (r < 0)
		return r;
	if (name)
		out_text(out, name);
	else
		out_format(out, "user %u", uid);
	return 0;
}

/* All connections of this network namespace, whatever the listing asks for. */
static int ask_connections(struct origins *o)
{
	struct collect_request request = {0};
	struct collect_report report = {0};

	if (o->asked)
		return 0;
	o->asked = true;
	collect_request_fill(&request, PORTSCOPE_TCP, PORTSCOPE_INET | PORTSCOPE_INET6,
		1u << PORTSCOPE_ESTABLISHED);
	return collect_all(
		&o->snapshot->sources, &request, &o->connections, &report, &o->snapshot->warnings);
}

static const struct socket *find_connection(const struct origins *o, uint32_t inode)
{
	for (size_t i = 0; i < o->connections.count; i++)
		if (o->connections.items[i].present & SOCKET_HAS_INODE &&
			o->connections.items[i].inode == inode)
			return &o->connections.items[i];
	return NULL;
}

/* The connection of a session: of those that its sshd holds the one with the lowest number. */
static const struct socket *find_session(const struct origins *o, uint32_t pid)
{
	const struct socket *found = NULL;
	unsigned lowest = UINT32_MAX;
	const struct dirent *entry;
	char path[32], link[64];
	DIR *folder;
	int fd;

	snprintf(path, sizeof(path), "%u/fd", pid);
	fd = openat(o->snapshot->sources.proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		close_fd(fd);
		return NULL;
	}
	while ((entry = readdir(folder))) {
		ssize_t length = readlinkat(fd, entry->d_name, link, sizeof(link) - 1);
		unsigned number, inode;

		link[MAX(length, 0)] = '\0';
		if (sscanf(entry->d_name, "%u", &number) != 1 || number > lowest ||
			sscanf(link, "socket:[%u]", &inode) != 1)
			continue;
		if (find_connection(o, inode)) {
			found = find_connection(o, inode);
			lowest = number;
		}
	}
	closedir(folder);
	return found;
}

static int put_ssh(struct origins *o, struct out *out, uint32_t pid, uint32_t uid)
{
	const struct socket *session;
	const uint8_t *ipv4;
	int r = ask_connections(o);

	if (r < 0)
		return r;
	out_text(out, "ssh session of ");
	r = put_user(o, out, uid);
	if (r < 0)
		return r;
	session = find_session(o, pid);
	if (!session) {
		out_text(out, " from an unknown address");
		return 0;
	}
	ipv4 = address_as_ipv4(session->family, session->remote_address);
	out_text(out, " from ");
	address_write(out, ipv4 ? AF_INET : session->family, ipv4 ? ipv4 : session->remote_address);
	return 0;
}

/* What systemd-logind wrote down of a session, in lines KEY=VALUE; false: nothing. */
static bool read_session(const struct origins *o, const char *unit, uint32_t *ret_leader,
	uint32_t *ret_uid, bool *ret_ssh)
{
	AUTO_FREE char *text = NULL;
	char id[64], path[96], *rest, *line;

	*ret_leader = *ret_uid = 0;
	*ret_ssh = false;
	if (sscanf(unit, "session-%63[0-9a-z].scope", id) != 1)
		return false;
	snprintf(path, sizeof(path), "run/systemd/sessions/%s", id);
	if (file_read(o->snapshot->sources.root_fd, path, 65536, &text, NULL) < 0)
		return false;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		sscanf(line, "LEADER=%u", ret_leader);
		sscanf(line, "UID=%u", ret_uid);
		*ret_ssh = *ret_ssh || !strcmp(line, "SERVICE=sshd");
	}
	return *ret_leader != 0;
}

/* Whether a timer of the same name may have started a service. */
static bool has_timer(const struct origins *o, const char *unit)
{
	static const char *const folders[] = {"etc/systemd/system", "run/systemd/transient",
		"run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"};
	size_t length = strlen(unit);
	char path[512];

	if (length < 9 || strcmp(unit + length - 8, ".service"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/%.*s.timer", folders[i], (int)(length - 8), unit);
		if (faccessat(o->snapshot->sources.root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

/* What a systemd started, or took over when the parent of the chain ended. */
static int put_managed(struct origins *o, struct out *out, const struct process *process)
{
	const struct origin *origin = process->origin;
	const char *unit = process->unit ? process->unit->unit : NULL;
	uint32_t leader, uid;
	bool ssh;
	int r = 0;

	if (unit && read_session(o, unit, &leader, &uid, &ssh)) {
		if (ssh)
			return put_ssh(o, out, leader, uid);
		out_text(out, "session of ");
		return put_user(o, out, uid);
	}
	out_text(out, "systemd");
	if (origin->uid) {
		out_text(out, " of ");
		r = put_user(o, out, origin->uid);
	}
	if (unit)
		out_format(out, ", %s", unit);
	if (unit && has_timer(o, unit))
		out_text(out, ", which has a timer");
	return r;
}

static int put_end(struct origins *o, struct out *out, const struct process *process)
{
	const struct portscope_container *container =
		process->unit ? process->unit->container : NULL;
	const struct origin *origin = process->origin;

	switch (origin->end) {
	case ORIGIN_MANAGER:
		return put_managed(o, out, process);
	case ORIGIN_SSH:
		return put_ssh(o, out, origin->pid, origin->uid);
	case ORIGIN_CONTAINER:
		out_text(out, container ? container->runtime : "a container runtime");
		if (container)
			out_format(out, ", container %s",
				container->name ? container->name : container->id);
		return 0;
	case ORIGIN_FIRST:
		out_text(out, "process 1");
		return 0;
	case ORIGIN_OUTSIDE:
		out_text(out, "a process outside of this pid namespace");
		return 0;
	case ORIGIN_UNKNOWN:
		out_text(out, "a parent that cannot be seen");
		return 0;
	case ORIGIN_GOES_ON:
		out_text(out, "more parents");
		return 0;
	case ORIGIN_CRON:
		break;
	}
	return 0;
}

static int tell(struct origins *o, struct process *process)
{
	const struct origin *origin = process->origin;
	AUTO_OUT struct out out = OUT_MEMORY;
	int r;

	if (origin->chain)
		out_text(&out, origin->chain);
	if (origin->chain && origin->end != ORIGIN_CRON)
		out_text(&out, ", ");
	r = put_end(o, &out, process);
	if (r < 0)
		return r;
	process->shown.started_by = out_string(&out) ? STEAL(out.buffer) : NULL;
	return process->shown.started_by ? 0 : -ENOMEM;
}

int snapshot_gather_origins(struct portscope_snapshot *s)
{
	struct origins o = {.snapshot = s};
	struct process *process;
	int r = 0;

	for (size_t i = 0; r >= 0 && (process = owner_index_process(s->host.owners, i)); i++)
		if (process->origin)
			r = tell(&o, process);
	sockets_done(&o.connections);
	return r;
}
