/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/net, one socket a line (proc(5)). It knows neither cookie, interface, mark, nor
 * whether an IPv6 socket takes IPv4, nor a listener's backlog; and no bound-inactive socket.
 */
#include "collect/procnet.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Addresses stand as 32-bit words in the byte order of the host. */
static int parse_address(const char *text, uint8_t family, uint8_t *ret)
{
	size_t words = family == AF_INET ? 1 : 4;

	if (strlen(text) != 8 * words)
		return -EBADMSG;
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		if (sscanf(text + 8 * i, "%8x", &word) != 1)
			return -EBADMSG;
		memcpy(ret + 4 * i, &word, sizeof(word));
	}
	return 0;
}

static int parse_line(const char *line, const struct dump_request *request, struct socket *ret)
{
	char local[33], remote[33];
	unsigned local_port, remote_port, state, send_q, recv_q, uid, inode;
	struct socket s = {.protocol = request->protocol, .family = request->family};

	if (sscanf(line, " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %x:%x %*x:%*x %*x %u %*d %u",
		    local, &local_port, remote, &remote_port, &state, &send_q, &recv_q, &uid,
		    &inode) != 9 ||
		local_port > 65535 || remote_port > 65535 || state > 31 ||
		parse_address(local, s.family, s.local_address) < 0 ||
		parse_address(remote, s.family, s.remote_address) < 0)
		return -EBADMSG;
	s.state = state;
	s.local_port = local_port;
	s.remote_port = remote_port;
	s.recv_q = recv_q;
	s.send_q = send_q;
	s.uid = uid;
	s.inode = inode;
	if (s.inode)
		s.present |= SOCKET_HAS_INODE;
	if (s.inode || s.uid)
		s.present |= SOCKET_HAS_UID;
	if (s.state != PORTSCOPE_LISTEN)
		s.present |= SOCKET_HAS_SEND_Q;
	*ret = s;
	return 0;
}

int procnet_read(int proc_fd, const struct dump_request *request, socket_fn found, void *userdata)
{
	char path[32], line[512];
	FILE *file;
	int fd, r = 0;

	snprintf(path, sizeof(path), "net/%s%s", request->protocol == IPPROTO_TCP ? "tcp" : "udp",
		request->family == AF_INET6 ? "6" : "");
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	if (!fgets(line, sizeof(line), file))
		r = ferror(file) ? -EIO : 0;
	while (r >= 0 && fgets(line, sizeof(line), file)) {
		struct socket socket;

		r = parse_line(line, request, &socket);
		if (r >= 0 && request->states >> socket.state & 1)
			r = found(&socket, userdata);
	}
	if (r >= 0 && ferror(file))
		r = -EIO;
	fclose(file);
	return r;
}
