/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of the two programs, and the reading of what they write. */
#include "collect/iterate.h"

#include <linux/capability.h>
#include <string.h>

#include "model/socket-record.h"
#include "util/capability.h"
/* Generated code, not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "held.skel.h"
#include "tcp.skel.h"
#include "udp.skel.h"
#pragma GCC diagnostic pop

/** A walk under way. */
struct walk {
	struct iteration *iteration;
	socket_fn found;
	void *userdata;
	bool may_mark; /**< sock_diag shows marks only to CAP_NET_ADMIN: so do we */
	bool ended;
};

static int take_records(const void *records, size_t count, void *userdata)
{
	const struct socket_record *items = records;
	struct walk *walk = userdata;
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		struct socket socket;

		if (items[i].flags & SOCKET_RECORD_END) {
			walk->ended = true;
			walk->iteration->exact = items[i].flags & SOCKET_RECORD_EXACT;
			continue;
		}
		socket_from_record(&items[i], &socket);
		if (!walk->may_mark)
			socket.present &= (uint8_t)~SOCKET_HAS_MARK;
		r = walk->found(&socket, walk->userdata);
	}
	return r;
}

static int run(int link_fd, struct walk *walk)
{
	char *reason = walk->iteration->reason;
	int r = bpf_iterate(link_fd, sizeof(struct socket_record), take_records, walk, reason);

	/* The program's last word is missing: the kernel stopped before the end. */
	return r < 0 || walk->ended ? r : bpf_refused("walking the sockets", -EIO, reason);
}

static void destroy_tcp_cleanup(struct tcp_bpf **skel)
{
	tcp_bpf__destroy(*skel);
}

static int walk_tcp(uint32_t states, struct walk *walk)
{
	CLEANUP(destroy_tcp_cleanup) struct tcp_bpf *skel = tcp_bpf__open();
	char *reason = walk->iteration->reason;
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->states = states;
	r = tcp_bpf__load(skel);
	if (r < 0)
		return bpf_refused("loading the program", r, reason);
	r = tcp_bpf__attach(skel);
	if (r < 0)
		return bpf_refused("attaching the program", -errno, reason);
	return run(skel->links.sockets_fd, walk);
}

static void destroy_udp_cleanup(struct udp_bpf **skel)
{
	udp_bpf__destroy(*skel);
}

static int walk_udp(uint32_t states, struct walk *walk)
{
	CLEANUP(destroy_udp_cleanup) struct udp_bpf *skel = udp_bpf__open();
	char *reason = walk->iteration->reason;
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->states = states;
	r = udp_bpf__load(skel);
	if (r < 0)
		return bpf_refused("loading the program", r, reason);
	r = udp_bpf__attach(skel);
	if (r < 0)
		return bpf_refused("attaching the program", -errno, reason);
	return run(skel->links.sockets_fd, walk);
}

static void destroy_held_cleanup(struct held_bpf **skel)
{
	held_bpf__destroy(*skel);
}

static int walk_held(uint32_t states, struct walk *walk)
{
	CLEANUP(destroy_held_cleanup) struct held_bpf *skel = held_bpf__open();
	char *reason = walk->iteration->reason;
	int r;

	if (!skel)
		return -ENOMEM;
	/* A TCP socket that is only bound has the number of a UDP socket without a peer. */
	skel->rodata->udp_states = states;
	skel->rodata->tcp_states = states & ~(1u << PORTSCOPE_UNCONNECTED);
	if (states >> PORTSCOPE_BOUND_INACTIVE & 1)
		skel->rodata->tcp_states |= 1u << PORTSCOPE_UNCONNECTED;
	r = held_bpf__load(skel);
	if (r < 0)
		return bpf_refused("loading the program", r, reason);
	r = held_bpf__attach(skel);
	if (r < 0)
		return bpf_refused("attaching the program", -errno, reason);
	return run(skel->links.sockets_fd, walk);
}

bool iterate_permitted(struct iteration *iteration)
{
	return bpf_permitted(iteration->reason);
}

int iterate_sockets(uint8_t protocol, uint32_t states, socket_fn found, void *userdata,
	struct iteration *iteration)
{
	struct walk walk = {
		.iteration = iteration,
		.found = found,
		.userdata = userdata,
		.may_mark = capability_effective() >> CAP_NET_ADMIN & 1,
	};

	if (!iterate_permitted(iteration))
		return -EOPNOTSUPP;
	if (protocol == ITERATE_HELD)
		return walk_held(states, &walk);
	return protocol == IPPROTO_TCP ? walk_tcp(states, &walk) : walk_udp(states, &walk);
}
