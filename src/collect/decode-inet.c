/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding of inet_diag_msg and its attributes. Lengths are checked to the byte, those of
 * attributes that nobody reads too: a wrong one means that what follows is not what it seems.
 */
#include "collect/decode-inet.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <string.h>

#include "util/macros.h"

/* Payloads of the attributes that the kernel adds unasked; 0: any length. */
static const uint8_t attribute_length[] = {
	[INET_DIAG_TOS] = 1,
	[INET_DIAG_TCLASS] = 1,
	[INET_DIAG_SHUTDOWN] = 1,
	[INET_DIAG_MARK] = 4,
	[INET_DIAG_SKV6ONLY] = 1,
	[INET_DIAG_CLASS_ID] = 4,
	[INET_DIAG_CGROUP_ID] = 8,
	[INET_DIAG_SOCKOPT] = 2,
};

static void apply_attribute(const struct nlattr *attribute, struct socket *s)
{
	const void *payload = mnl_attr_get_payload(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case INET_DIAG_SKV6ONLY:
		s->v6only = *(const uint8_t *)payload != 0;
		s->present |= SOCKET_HAS_V6ONLY;
		break;
	case INET_DIAG_CGROUP_ID:
		memcpy(&s->cgroup, payload, sizeof(s->cgroup));
		s->present |= SOCKET_HAS_CGROUP;
		break;
	case INET_DIAG_MARK:
		memcpy(&s->mark, payload, sizeof(s->mark));
		s->present |= SOCKET_HAS_MARK;
		break;
	}
}

static int decode_attributes(const char *at, size_t left, struct socket *s)
{
	while (left) {
		const struct nlattr *attribute = (const struct nlattr *)at;
		size_t step;
		uint16_t type;

		if (left < sizeof(*attribute) || attribute->nla_len < sizeof(*attribute))
			return -EBADMSG;
		/* The kernel pads the last one too (nla_put() in lib/nlattr.c). */
		step = MNL_ALIGN((size_t)attribute->nla_len);
		if (step > left)
			return -EBADMSG;
		type = mnl_attr_get_type(attribute);
		if (type == INET_DIAG_NONE)
			return -EBADMSG;
		if (type < ARRAY_SIZE(attribute_length) && attribute_length[type] &&
			mnl_attr_get_payload_len(attribute) != attribute_length[type])
			return -EBADMSG;
		apply_attribute(attribute, s);
		at += step;
		left -= step;
	}
	return 0;
}

/* The kernel has one number for "close"; what it means depends on the protocol. */
static uint8_t state_of(uint8_t protocol, uint8_t state)
{
	return protocol == IPPROTO_TCP && state == PORTSCOPE_UNCONNECTED ? PORTSCOPE_BOUND_INACTIVE
									 : state;
}

int decode_inet(const struct nlmsghdr *message, uint8_t protocol, struct socket *ret)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(message);
	size_t length = mnl_nlmsg_get_payload_len(message);
	struct socket s;

	if (message->nlmsg_len < NLMSG_HDRLEN || length < sizeof(*m))
		return -EBADMSG;
	if (m->idiag_family != AF_INET && m->idiag_family != AF_INET6)
		return -EBADMSG;
	s = (struct socket){
		.protocol = protocol,
		.family = m->idiag_family,
		.state = state_of(protocol, m->idiag_state),
		.present = SOCKET_HAS_COOKIE | SOCKET_HAS_SEND_Q,
		.local_port = ntohs(m->id.idiag_sport),
		.remote_port = ntohs(m->id.idiag_dport),
		.cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0],
		.ifindex = m->id.idiag_if,
		.recv_q = m->idiag_rqueue,
		.send_q = m->idiag_wqueue,
		.uid = m->idiag_uid,
		.inode = m->idiag_inode,
	};
	/* Of an AF_INET socket the kernel fills four bytes; the others may be anything. */
	memcpy(s.local_address, m->id.idiag_src, m->idiag_family == AF_INET ? 4 : 16);
	memcpy(s.remote_address, m->id.idiag_dst, m->idiag_family == AF_INET ? 4 : 16);
	if (s.inode)
		s.present |= SOCKET_HAS_INODE;
	if (s.inode || s.uid)
		s.present |= SOCKET_HAS_UID;
	if (decode_attributes((const char *)m + MNL_ALIGN(sizeof(*m)), length - sizeof(*m), &s) < 0)
		return -EBADMSG;
	*ret = s;
	return 0;
}
