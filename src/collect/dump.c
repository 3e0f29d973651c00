/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to sock_diag. */
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

static struct nlmsghdr *put_request(void *room, uint16_t flags, uint8_t family, uint8_t protocol,
	uint32_t states, struct inet_diag_req_v2 **ret)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct inet_diag_req_v2 *body;

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->sdiag_family = family;
	body->sdiag_protocol = protocol;
	body->idiag_states = states;
	*ret = body;
	return message;
}

struct reading {
	uint8_t protocol;
	socket_fn found;
	void *userdata;
};

static int read_message(const struct nlmsghdr *message, void *userdata)
{
	const struct reading *reading = userdata;
	struct socket socket;
	int r;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	r = decode_inet(message, reading->protocol, &socket);
	return r < 0 ? r : reading->found(&socket, reading->userdata);
}

int dump_sockets(
	struct netlink *n, const struct dump_request *request, socket_fn found, void *userdata)
{
	size_t room = NLMSG_SPACE(sizeof(struct inet_diag_req_v2)) + NLA_HDRLEN +
		      MNL_ALIGN(request->bytecode_length);
	struct reading reading = {
		.protocol = request->protocol, .found = found, .userdata = userdata};
	AUTO_FREE void *buffer = NULL;
	struct nlmsghdr *message;
	struct inet_diag_req_v2 *body;

	if (!kernel_states(request))
		return NETLINK_DONE;
	buffer = calloc(1, room);
	if (!buffer)
		return -ENOMEM;
	message = put_request(buffer, NLM_F_DUMP, request->family, request->protocol,
		kernel_states(request), &body);
	if (request->bytecode)
		mnl_attr_put(message, INET_DIAG_REQ_BYTECODE, request->bytecode_length,
			request->bytecode);
	return netlink_ask(n, message, read_message, &reading);
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

int dump_lookup(struct netlink *n, const struct socket *wanted)
{
	char room[NLMSG_SPACE(sizeof(struct inet_diag_req_v2))] __attribute__((aligned(8))) = {0};
	struct socket copy = *wanted;
	struct reading reading = {
		.protocol = wanted->protocol, .found = compare_cookie, .userdata = &copy};
	struct inet_diag_req_v2 *body;
	struct nlmsghdr *message =
		put_request(room, 0, wanted->family, wanted->protocol, ~0u, &body);
	int r;

	put_ends(wanted, &body->id);
	body->id.idiag_if = wanted->ifindex;
	body->id.idiag_cookie[0] = wanted->cookie;
	body->id.idiag_cookie[1] = wanted->cookie >> 32;
	r = netlink_ask(n, message, read_message, &reading);
	if (r == -ECANCELED)
		return copy.present == 0;
	/* Nobody is there, or somebody else. */
	if (r == -ENOENT || r == -ESTALE)
		return 0;
	return r < 0 ? r : -EBADMSG;
}
