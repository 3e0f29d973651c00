/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules about a socket as such: its port, its address, its queue and who shares it. */
#include <string.h>

#include "rules/rules.h"
#include "util/address.h"

int judge_ephemeral(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	if (row->socket->protocol != IPPROTO_TCP || !row->ephemeral)
		return 0;
	return verdict_fill(ret, severity_weigh(PORTSCOPE_LOW, row->exposure, false), "observed",
		NULL,
		"give it a fixed port below the range, or reserve this one "
		"(ip_local_reserved_ports)",
		"It listens on a port that the kernel hands out to connections: the port may be "
		"taken at the next start, or was chosen by chance.");
}

/** True if both take what comes to the same address and port. */
static bool same_place(const struct socket *a, const struct socket *b)
{
	return a->family == b->family && a->ifindex == b->ifindex &&
	       !memcmp(a->local_address, b->local_address, a->family == AF_INET ? 4 : 16);
}

static bool share_user(const struct rules_listener *a, const struct rules_listener *b)
{
	for (size_t i = 0; i < a->n_users; i++)
		for (size_t j = 0; j < b->n_users; j++)
			if (a->users[i] == b->users[j])
				return true;
	return false;
}

/* Users differ where no holder of the one has the user of a holder of the other. */
static bool other_user(const struct rules_listener *a, const struct rules_listener *b)
{
	if (a->n_users && b->n_users)
		return !share_user(a, b);
	return a->socket->present & b->socket->present & SOCKET_HAS_UID &&
	       a->socket->uid != b->socket->uid;
}

int judge_shared(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct socket *s = row->socket;
	const struct rules_listener *own = rules_index_find(index, s);
	bool tcp = s->protocol == IPPROTO_TCP;
	size_t n;
	const struct rules_listener *l = rules_index_port(index, s->protocol, s->local_port, &n);

	for (size_t i = 0; own && i < n; i++)
		if (&l[i] != own && same_place(s, l[i].socket) && other_user(own, &l[i]))
			/* Receivers of multicast share a UDP port as a rule (SO_REUSEADDR). */
			return verdict_fill(ret, tcp ? PORTSCOPE_MEDIUM : PORTSCOPE_INFO,
				"observed", "socket(7), SO_REUSEPORT",
				"let one user hold the port, or stop what does not belong there",
				"Sockets of different users share this address and port: each "
				"takes a part of what was meant for the other.");
	return 0;
}

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b);
}

int judge_shared_programs(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct socket *s = row->socket;
	const struct rules_listener *own = rules_index_find(index, s);
	bool tcp = s->protocol == IPPROTO_TCP;
	size_t n;
	const struct rules_listener *l = rules_index_port(index, s->protocol, s->local_port, &n);

	for (size_t i = 0; own && i < n; i++) {
		bool exe = differ(own->exe, l[i].exe), unit = differ(own->unit, l[i].unit);

		/* Another user is reported by itself. */
		if (&l[i] == own || !same_place(s, l[i].socket) || other_user(own, &l[i]) ||
			(!exe && !unit))
			continue;
		return verdict_fill(ret, tcp ? PORTSCOPE_MEDIUM : PORTSCOPE_INFO, "observed", NULL,
			"let one of them hold the port; after an update restart both",
			"Sockets of %s and of %s share this address and port: each takes a part of "
			"what was meant for the other.",
			exe ? own->exe : own->unit, exe ? l[i].exe : l[i].unit);
	}
	return 0;
}

int judge_local_clients(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct rules_listener *own = rules_index_find(index, row->socket);

	if (!own || row->exposure != EXPOSURE_ANY || !own->local_clients || own->remote_clients)
		return 0;
	return verdict_fill(ret, PORTSCOPE_INFO, "observed", NULL,
		"bind it to 127.0.0.1 or ::1 if nobody else needs it",
		"It listens on every address, but all of its clients now (%u) are on this host.",
		own->local_clients);
}

int judge_queue(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct socket *s = row->socket;

	/* With listen(fd, 0) the kernel lets one connection wait all the same, and no other. */
	if (s->state != PORTSCOPE_LISTEN || !(s->present & SOCKET_HAS_SEND_Q) || !s->recv_q ||
		s->recv_q < s->send_q)
		return 0;
	return verdict_fill(ret, PORTSCOPE_MEDIUM, "observed", "listen(2)",
		"look why the program does not accept; raise its backlog only if it merely is busy",
		"Its accept queue is %s (%u %s, its backlog is %u): new clients are not served.",
		s->recv_q > s->send_q ? "overflowing" : "full", s->recv_q,
		s->recv_q == 1 ? "connection waits" : "connections wait", s->send_q);
}

int judge_udp_client(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	if (!row->probable_client)
		return 0;
	return verdict_fill(ret, PORTSCOPE_INFO, "observed", NULL,
		"nothing, if it is a client; a server belongs on a fixed port below the range",
		"An unconnected UDP socket on a port that the kernel chose: most likely a "
		"client's, "
		"though anybody may send to it.");
}
