/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to sock_diag and the reading of its answers, datagram by datagram. */
#include "collect/dump.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "collect/decode-inet.h"

/* The states that this protocol has, so that none is asked for in vain. */
static uint32_t kernel_states(const struct dump_request *request)
{
	uint32_t udp = 1u << PORTSCOPE_ESTABLISHED | 1u << PORTSCOPE_UNCONNECTED;

	/* TCP has no socket in state close; asking for it walks the whole hash of connections. */
	return request->protocol == IPPROTO_UDP ? request->states & udp
						: request->states & ~(1u << PORTSCOPE_UNCONNECTED);
}

int dumper_init(struct dumper *ret, struct transport *transport)
{
	char *buffer = malloc(DUMP_BUFFER);

	if (!buffer)
		return -ENOMEM;
	*ret = (struct dumper){.transport = transport, .buffer = buffer};
	return 0;
}

void dumper_done(struct dumper *d)
{
	free(d->buffer);
	*d = (struct dumper){0};
}

static struct nlmsghdr *put_request(struct dumper *d, void *room, uint16_t flags, uint8_t family,
	uint8_t protocol, uint32_t states, struct inet_diag_req_v2 **ret)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct inet_diag_req_v2 *body;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++d->sequence;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->sdiag_family = family;
	body->sdiag_protocol = protocol;
	body->idiag_states = states;
	*ret = body;
	return message;
}

/* The code inside NLMSG_DONE or NLMSG_ERROR: a missing handler answers in the former. */
static int message_code(const struct nlmsghdr *message)
{
	int code;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(code))
		return -EBADMSG;
	memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	/* An acknowledgement, which nobody asked for, is not the end of a dump. */
	return code < 0 ? code : message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
}

/* mnl_nlmsg_ok() takes lengths of 2 GiB and more for negative ones, up to libmnl 1.0.4. */
static bool message_fits(const struct nlmsghdr *message, size_t left)
{
	return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= left;
}

struct reading {
	uint8_t protocol;
	socket_fn found;
	void *userdata;
	int outcome;
	bool ended;
};

/* Takes one message of ours. 0, or the negative errno that ends the dump. */
static int read_message(const struct nlmsghdr *message, struct reading *reading)
{
	struct socket socket;
	int r;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		reading->outcome |= DUMP_INTERRUPTED;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		reading->ended = true;
		r = message_code(message);
		break;
	case SOCK_DIAG_BY_FAMILY:
		r = decode_inet(message, reading->protocol, &socket);
		if (r >= 0)
			return reading->found(&socket, reading->userdata);
		break;
	default:
		return 0;
	}
	if (r != -EBADMSG)
		return r;
	reading->outcome |= DUMP_DAMAGED;
	return 0;
}

/* Takes one datagram apart. 0, or the negative errno that ends the dump. */
static int read_datagram(struct dumper *d, size_t length, struct reading *reading)
{
	const char *at = d->buffer;
	size_t left = length, step;

	for (; !reading->ended && message_fits((const void *)at, left); at += step, left -= step) {
		const struct nlmsghdr *message = (const void *)at;
		int r;

		step = MIN(MNL_ALIGN((size_t)message->nlmsg_len), left);
		if (message->nlmsg_seq != d->sequence ||
			(d->transport->port_id && message->nlmsg_pid != d->transport->port_id))
			continue;
		r = read_message(message, reading);
		if (r < 0)
			return r;
	}
	/* The kernel sends no empty datagram, and nothing behind the end of a dump. */
	if (left || !length)
		reading->outcome |= DUMP_DAMAGED;
	return 0;
}

static int read_answer(struct dumper *d, struct reading *reading)
{
	while (!reading->ended) {
		ssize_t n = d->transport->receive(d->transport, d->buffer, DUMP_BUFFER);
		int r;

		if (n == -EAGAIN || n == -ENOBUFS) {
			reading->outcome |= DUMP_DAMAGED;
			break;
		}
		if (n < 0)
			return n;
		if (n > DUMP_BUFFER) {
			reading->outcome |= DUMP_DAMAGED;
			n = DUMP_BUFFER;
		}
		r = read_datagram(d, n, reading);
		if (r < 0)
			return r;
	}
	return reading->outcome;
}

int dumper_run(
	struct dumper *d, const struct dump_request *request, socket_fn found, void *userdata)
{
	size_t room = NLMSG_SPACE(sizeof(struct inet_diag_req_v2)) + NLA_HDRLEN +
		      MNL_ALIGN(request->bytecode_length);
	struct reading reading = {
		.protocol = request->protocol, .found = found, .userdata = userdata};
	AUTO_FREE void *buffer = NULL;
	struct nlmsghdr *message;
	struct inet_diag_req_v2 *body;
	int r;

	if (!kernel_states(request))
		return DUMP_DONE;
	buffer = calloc(1, room);
	if (!buffer)
		return -ENOMEM;
	message = put_request(d, buffer, NLM_F_DUMP, request->family, request->protocol,
		kernel_states(request), &body);
	if (request->bytecode)
		mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, request->bytecode_length,
			request->bytecode);
	r = d->transport->send(d->transport, message, message->nlmsg_len);
	return r < 0 ? r : read_answer(d, &reading);
}

static int compare_cookie(const struct socket *socket, void *userdata)
{
	struct socket *wanted = userdata;

	if (socket->cookie == wanted->cookie)
		wanted->present = 0;
	return -ECANCELED;
}

/* UDP wants them the other way round: "src and dst are swapped for historical reasons", says
 * udp_dump_one() in net/ipv4/udp_diag.c. */
static void put_ends(const struct socket *wanted, struct inet_diag_sockid *id)
{
	bool swap = wanted->protocol == IPPROTO_UDP;

	id->idiag_sport = htons(swap ? wanted->remote_port : wanted->local_port);
	id->idiag_dport = htons(swap ? wanted->local_port : wanted->remote_port);
	memcpy(swap ? id->idiag_dst : id->idiag_src, wanted->local_address, sizeof(id->idiag_src));
	memcpy(swap ? id->idiag_src : id->idiag_dst, wanted->remote_address, sizeof(id->idiag_dst));
}

int dumper_lookup(struct dumper *d, const struct socket *wanted)
{
	char room[NLMSG_SPACE(sizeof(struct inet_diag_req_v2))] __attribute__((aligned(8))) = {0};
	struct socket copy = *wanted;
	struct reading reading = {
		.protocol = wanted->protocol, .found = compare_cookie, .userdata = &copy};
	struct inet_diag_req_v2 *body;
	struct nlmsghdr *message =
		put_request(d, room, 0, wanted->family, wanted->protocol, ~0u, &body);
	int r;

	put_ends(wanted, &body->id);
	body->id.idiag_if = wanted->ifindex;
	body->id.idiag_cookie[0] = wanted->cookie;
	body->id.idiag_cookie[1] = wanted->cookie >> 32;
	r = d->transport->send(d->transport, message, message->nlmsg_len);
	if (r < 0)
		return r;
	r = read_answer(d, &reading);
	if (r == -ECANCELED)
		return copy.present == 0;
	/* Nobody is there, or somebody else. */
	if (r == -ENOENT || r == -ESTALE)
		return 0;
	return r < 0 ? r : -EBADMSG;
}
