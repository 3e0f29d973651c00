/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The netlink socket to the kernel, and the reading of its answers, datagram by datagram. The
 * socket is connected to port 0, and every sender is checked: in a namespace that somebody else
 * owns, other sockets could send to ours.
 */
#include "util/netlink.h"

#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

/* The kernel answers at once; whoever waits this long for a datagram waits for nothing. */
#define RECEIVE_TIMEOUT_SECONDS 10

static int kernel_send(struct transport *t, const void *message, size_t length)
{
	ssize_t n = mnl_socket_sendto(t->mnl, message, length);

	return n < 0 ? -errno : (size_t)n == length ? 0 : -EIO;
}

static int64_t seconds_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Strangers and signals do not put the end of the waiting off. */
static ssize_t kernel_receive(struct transport *t, void *buffer, size_t size)
{
	int64_t begin = 0;

	for (;;) {
		struct sockaddr_nl sender = {0};
		struct iovec iov = {.iov_base = buffer, .iov_len = size};
		struct msghdr message = {.msg_name = &sender,
			.msg_namelen = sizeof(sender),
			.msg_iov = &iov,
			.msg_iovlen = 1};
		ssize_t n = recvmsg(mnl_socket_get_fd(t->mnl), &message, MSG_TRUNC);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n >= 0 && message.msg_namelen == sizeof(sender) && sender.nl_pid == 0)
			return n;
		if (!begin)
			begin = seconds_now();
		else if (seconds_now() - begin >= RECEIVE_TIMEOUT_SECONDS)
			return -EAGAIN;
	}
}

int transport_open_kernel(int protocol, struct transport *ret)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	static const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT_SECONDS};
	struct mnl_socket *mnl = mnl_socket_open2(protocol, SOCK_CLOEXEC);
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

void netlink_done(struct netlink *n)
{
	free(n->buffer);
	*n = (struct netlink){0};
}

/** The answer to one request. */
struct answer {
	netlink_message_fn found;
	void *userdata;
	bool acknowledged; /**< an acknowledgement was asked for, and terminates it */
	bool ended;
	bool entries; /**< the datagram that was read last had some */
	int outcome;
};

/* The code inside NLMSG_DONE or NLMSG_ERROR: a missing handler answers in the former. */
static int message_code(const struct nlmsghdr *message, const struct answer *answer)
{
	int code;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(code))
		return -EBADMSG;
	memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	if (code < 0)
		return code;
	/* An acknowledgement that nobody asked for is not the end of a dump. */
	return message->nlmsg_type == NLMSG_DONE || answer->acknowledged ? 0 : -EBADMSG;
}

/* mnl_nlmsg_ok() takes lengths of 2 GiB and more for negative ones, up to libmnl 1.0.4. */
static bool message_fits(const struct nlmsghdr *message, size_t left)
{
	return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= left;
}

/* Takes one message of ours. 0, or the negative errno that ends the conversation. */
static int take_message(const struct nlmsghdr *message, struct answer *answer)
{
	int r;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->outcome |= NETLINK_INTERRUPTED;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		answer->ended = true;
		r = message_code(message, answer);
		break;
	default:
		answer->entries = true;
		r = answer->found(message, answer->userdata);
		break;
	}
	if (r != -EBADMSG)
		return r;
	answer->outcome |= NETLINK_DAMAGED;
	return 0;
}

/* Takes one datagram apart. 0, or the negative errno that ends the conversation. */
static int take_datagram(const struct netlink *n, size_t length, struct answer *answer)
{
	const char *at = n->buffer;
	size_t left = length, step;

	for (; !answer->ended && message_fits((const void *)at, left); at += step, left -= step) {
		const struct nlmsghdr *message = (const void *)at;
		int r;

		step = MIN(MNL_ALIGN((size_t)message->nlmsg_len), left);
		if (message->nlmsg_seq != n->sequence ||
			(n->transport->port_id && message->nlmsg_pid != n->transport->port_id))
			continue;
		r = take_message(message, answer);
		if (r < 0)
			return r;
	}
	/* The kernel sends no empty datagram, and nothing after the end of a dump. */
	if (left || !length)
		answer->outcome |= NETLINK_DAMAGED;
	return 0;
}

static int read_answer(struct netlink *n, struct answer *answer)
{
	while (!answer->ended) {
		ssize_t length = n->transport->receive(n->transport, n->buffer, NETLINK_BUFFER);
		int r;

		if (length == -EAGAIN || length == -ENOBUFS) {
			answer->outcome |= NETLINK_DAMAGED;
			break;
		}
		if (length < 0)
			return (int)length;
		if (length > NETLINK_BUFFER) {
			answer->outcome |= NETLINK_DAMAGED;
			length = NETLINK_BUFFER;
		}
		answer->entries = false;
		r = take_datagram(n, (size_t)length, answer);
		if (r < 0)
			return r;
		n->datagrams += answer->entries;
		if (n->limit && n->datagrams > n->limit && !answer->ended)
			return answer->outcome | NETLINK_MORE;
	}
	return answer->outcome;
}

int netlink_ask(
	struct netlink *n, struct nlmsghdr *request, netlink_message_fn found, void *userdata)
{
	struct answer answer = {
		.found = found,
		.userdata = userdata,
		.acknowledged = request->nlmsg_flags & NLM_F_ACK,
	};
	int r;

	request->nlmsg_seq = ++n->sequence;
	n->datagrams = 0;
	r = n->transport->send(n->transport, request, request->nlmsg_len);
	return r < 0 ? r : read_answer(n, &answer);
}

static int take_nothing(const struct nlmsghdr *message, void *userdata)
{
	return 0;
}

int netlink_init(struct netlink *ret, struct transport *transport)
{
	struct nlmsghdr noop = {
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	};
	char *buffer = malloc(NETLINK_BUFFER);

	if (!buffer)
		return -ENOMEM;
	*ret = (struct netlink){.transport = transport, .buffer = buffer};
	/* Whatever comes of this: the first request will tell. */
	if (transport->mnl)
		netlink_ask(ret, &noop, take_nothing, NULL);
	return 0;
}
