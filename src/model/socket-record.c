/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a BPF program wrote of a socket to a struct socket, as decode_inet() makes it. */
#include "model/socket.h"

#include <string.h>

#include "model/socket-record.h"

void socket_from_record(const struct socket_record *record, struct socket *ret)
{
	struct socket s = {
		.protocol = record->protocol,
		.family = record->family,
		.state = record->state,
		.present = SOCKET_HAS_COOKIE | SOCKET_HAS_SEND_Q,
		.local_port = record->local_port,
		.remote_port = record->remote_port,
		.cookie = record->cookie,
		.ifindex = record->ifindex,
		.recv_q = record->recv_q,
		.send_q = record->send_q,
		.uid = record->uid,
		.inode = record->inode,
	};

	if (s.protocol == IPPROTO_TCP && s.state == PORTSCOPE_UNCONNECTED)
		s.state = PORTSCOPE_BOUND_INACTIVE;
	memcpy(s.local_address, record->local_address, sizeof(s.local_address));
	memcpy(s.remote_address, record->remote_address, sizeof(s.remote_address));
	if (s.inode)
		s.present |= SOCKET_HAS_INODE;
	if (s.inode || s.uid)
		s.present |= SOCKET_HAS_UID;
	if (record->flags & SOCKET_RECORD_CGROUP) {
		s.cgroup = record->cgroup;
		s.present |= SOCKET_HAS_CGROUP;
	}
	if (record->flags & SOCKET_RECORD_MARK) {
		s.mark = record->mark;
		s.present |= SOCKET_HAS_MARK;
	}
	if (record->flags & SOCKET_RECORD_V6ONLY) {
		s.v6only = !!(record->flags & SOCKET_RECORD_V6);
		s.present |= SOCKET_HAS_V6ONLY;
	}
	*ret = s;
}
