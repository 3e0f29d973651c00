/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The netlink socket to the kernel. It is connected to port 0, and every sender is checked: in a
 * namespace that somebody else owns, other sockets could send to ours.
 */
#include "collect/transport.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

/* A dump is answered at once; whoever waits this long waits for nothing. */
#define RECEIVE_TIMEOUT_SECONDS 10

static int kernel_send(struct transport *t, const void *message, size_t length)
{
	ssize_t n = mnl_socket_sendto(t->mnl, message, length);

	return n < 0 ? -errno : (size_t)n == length ? 0 : -EIO;
}

static ssize_t kernel_receive(struct transport *t, void *buffer, size_t size)
{
	for (;;) {
		struct sockaddr_nl sender = {0};
		struct iovec iov = {.iov_base = buffer, .iov_len = size};
		struct msghdr message = {.msg_name = &sender,
			.msg_namelen = sizeof(sender),
			.msg_iov = &iov,
			.msg_iovlen = 1};
		ssize_t n = recvmsg(mnl_socket_get_fd(t->mnl), &message, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (message.msg_namelen == sizeof(sender) && sender.nl_pid == 0)
			return n;
	}
}

int transport_open_kernel(struct transport *ret)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	static const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT_SECONDS};
	struct mnl_socket *mnl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	int fd, r;

	if (!mnl)
		return -errno;
	fd = mnl_socket_get_fd(mnl);
	if (mnl_socket_bind(mnl, 0, MNL_SOCKET_AUTOPID) < 0 ||
		connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0) {
		r = -errno;
		mnl_socket_close(mnl);
		return r;
	}
	*ret = (struct transport){
		.send = kernel_send,
		.receive = kernel_receive,
		.port_id = mnl_socket_get_portid(mnl),
		.mnl = mnl,
	};
	return 0;
}

void transport_close(struct transport *t)
{
	if (t->mnl)
		mnl_socket_close(t->mnl);
	t->mnl = NULL;
}
