/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can drop, redirect or take packets beside the rules that are read: seen and named, never
 * looked into. Whatever is found makes answers uncertain, for one interface or for all.
 */
#include "packetfilter/filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "packetfilter/attributes.h"
#include "util/file.h"

/* Newer than the headers that this may be built with. */
#define LINK_TYPE_NETFILTER 10

static int doubt_all(struct packetfilter *pf, struct warnings *warnings, const char *what)
{
	pf->doubt = true;
	return warnings_add(warnings, WARNING_NOTE,
		"reach is not certain: %s can drop or redirect packets and is not inspected", what);
}

static int add_doubtful(struct packetfilter *pf, const struct link *link)
{
	uint32_t *grown = reallocarray(pf->doubtful, pf->n_doubtful + 1, sizeof(*pf->doubtful));

	if (!grown)
		return -ENOMEM;
	pf->doubtful = grown;
	pf->doubtful[pf->n_doubtful++] = link->index;
	return 0;
}

static int doubt_link(struct packetfilter *pf, struct warnings *warnings, const struct link *link,
	const char *what)
{
	if (add_doubtful(pf, link) < 0)
		return -ENOMEM;
	return warnings_add(warnings, WARNING_NOTE,
		"reach by %s is not certain: %s can drop or redirect packets there and is not "
		"inspected",
		link->name, what);
}

/** A walk over the queueing disciplines. */
struct qdiscs {
	struct packetfilter *pf;
	struct warnings *warnings;
	int error;
};

/* Programs of traffic control see packets that come in where there is one of these two. */
static int take_qdisc(const struct nlmsghdr *message, void *userdata)
{
	const struct tcmsg *head = NLMSG_DATA(message);
	size_t length = message->nlmsg_len - NLMSG_HDRLEN;
	struct qdiscs *q = userdata;
	struct attributes a;
	const char *kind;
	const struct link *link;

	if (message->nlmsg_type != RTM_NEWQDISC || length < sizeof(*head) ||
		!attributes_parse(head + 1, length - sizeof(*head), &a))
		return -EBADMSG;
	kind = attribute_text(a.at[TCA_KIND]);
	link = routing_link(&q->pf->routing, (uint32_t)head->tcm_ifindex);
	if (!kind || !link || (strcmp(kind, "ingress") && strcmp(kind, "clsact")))
		return 0;
	return doubt_link(q->pf, q->warnings, link, "traffic control (tc)");
}

static int dump(int protocol, unsigned type, size_t body, netlink_message_fn take, void *userdata)
{
	struct {
		struct nlmsghdr head;
		char body[256];
	} request = {0};
	struct transport transport;
	struct netlink netlink;
	int r = transport_open_kernel(protocol, &transport);

	if (r < 0)
		return r;
	request.head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
	request.head.nlmsg_type = (uint16_t)type;
	request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	r = netlink_init(&netlink, &transport);
	if (r >= 0)
		r = netlink_ask(&netlink, &request.head, take, userdata);
	netlink_done(&netlink);
	transport_close(&transport);
	return r;
}

static int take_policy(const struct nlmsghdr *message, void *userdata)
{
	const struct xfrm_userpolicy_info *policy = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*policy)))
		return -EBADMSG;
	if (policy->dir == XFRM_POLICY_IN || policy->dir == XFRM_POLICY_FWD)
		*(bool *)userdata = true;
	return 0;
}

/* True if a BPF program hangs at a hook of netfilter. */
static bool has_bpf_link(void)
{
	union bpf_attr attr = {0};

	while (syscall(SYS_bpf, BPF_LINK_GET_NEXT_ID, &attr, sizeof(attr)) == 0) {
		struct bpf_link_info info = {0};
		union bpf_attr open = {.link_id = attr.next_id}, ask = {0};
		int fd = (int)syscall(SYS_bpf, BPF_LINK_GET_FD_BY_ID, &open, sizeof(open));

		attr.start_id = attr.next_id;
		if (fd < 0)
			continue;
		ask.info.bpf_fd = (uint32_t)fd;
		ask.info.info_len = sizeof(info);
		ask.info.info = (uintptr_t)&info;
		if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask)) < 0)
			info.type = 0;
		close(fd);
		if (info.type == LINK_TYPE_NETFILTER)
			return true;
	}
	return false;
}

/* True if a file of /proc has a line that begins with one of the letters. */
static bool has_line(int proc_fd, const char *path, const char *letters)
{
	AUTO_FREE char *text = NULL;
	const char *at;

	if (proc_fd < 0 || file_read(proc_fd, path, 1 << 20, &text, NULL) < 0)
		return false;
	for (at = text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!letters || strchr(letters, *at))
			return true;
	return false;
}

static bool is_doubtful(const struct packetfilter *pf, const struct link *link)
{
	for (size_t i = 0; i < pf->n_doubtful; i++)
		if (pf->doubtful[i] == link->index)
			return true;
	return false;
}

bool packetfilter_doubts(const struct packetfilter *pf, const struct link *link)
{
	return pf->doubt || is_doubtful(pf, link);
}

/* True if a chain of a single device sees the packets of this interface. */
static bool has_ingress_chain(const struct packetfilter *pf, const struct link *link)
{
	for (size_t i = 0; i < pf->rules.n_chains; i++)
		if (pf->rules.chains[i].base && judge_has_device(&pf->rules.chains[i], link))
			return true;
	return false;
}

/* Who takes packets from this interface: what it is part of, or what stands on it. */
static bool is_above(const struct link *upper, const struct link *link)
{
	return link->master == upper->index || upper->lower == link->index;
}

/*
 * What sees packets at an interface sees those of a bridge, bond, VLAN or macvlan above it as
 * well; only the uppermost one is judged, so the doubt climbs.
 */
static int climb_from(struct packetfilter *pf, struct warnings *warnings, const struct link *link)
{
	int r = 0;

	for (size_t i = 0; i < pf->routing.n_links && r >= 0; i++) {
		const struct link *upper = &pf->routing.links[i];

		if (!is_above(upper, link) || is_doubtful(pf, upper))
			continue;
		r = add_doubtful(pf, upper);
		if (r >= 0)
			r = warnings_add(warnings, WARNING_NOTE,
				"reach by %s is not certain: packets come to it through %s, where "
				"more can decide than is inspected",
				upper->name, link->name);
	}
	return r;
}

static int climb(struct packetfilter *pf, struct warnings *warnings)
{
	size_t before;
	int r = 0;

	do {
		before = pf->n_doubtful;
		for (size_t i = 0; i < pf->routing.n_links && r >= 0; i++) {
			const struct link *link = &pf->routing.links[i];

			if (is_doubtful(pf, link) || has_ingress_chain(pf, link))
				r = climb_from(pf, warnings, link);
		}
	} while (r >= 0 && pf->n_doubtful != before);
	return r;
}

/* What a master other than these does with packets is its own affair. */
static const char *doubt_of_link(const struct packetfilter *pf, const struct link *link)
{
	const struct link *master = link->master ? routing_link(&pf->routing, link->master) : NULL;

	if (!strcmp(link->kind, "vrf") || (master && !strcmp(master->kind, "vrf")))
		return "a VRF with routes of its own";
	if (link->picky)
		return "its mode of macvlan or ipvlan";
	if (link->master &&
		(!master || (strcmp(master->kind, "bridge") && strcmp(master->kind, "bond") &&
				    strcmp(master->kind, "team"))))
		return "the interface that it is part of";
	return link->xdp ? "an XDP program" : NULL;
}

int outside_look_at_links(struct packetfilter *pf, struct warnings *warnings)
{
	int r = 0;

	for (size_t i = 0; i < pf->routing.n_links && r >= 0; i++) {
		const struct link *link = &pf->routing.links[i];
		const char *what = doubt_of_link(pf, link);

		if (what && !is_doubtful(pf, link))
			r = doubt_link(pf, warnings, link, what);
	}
	return r < 0 ? r : climb(pf, warnings);
}

int outside_look(struct packetfilter *pf, int proc_fd, struct warnings *warnings)
{
	struct qdiscs qdiscs = {.pf = pf, .warnings = warnings};
	bool policies = false;
	int r;

	r = dump(NETLINK_ROUTE, RTM_GETQDISC, sizeof(struct tcmsg), take_qdisc, &qdiscs);
	/* A kernel without traffic control has none to reckon with. */
	r = r == -EOPNOTSUPP ? 0 : r;
	if (r >= 0)
		r = outside_look_at_links(pf, warnings);
	if (r >= 0 && dump(NETLINK_XFRM, XFRM_MSG_GETPOLICY, 0, take_policy, &policies) >= 0 &&
		policies)
		r = doubt_all(pf, warnings, "an IPsec policy");
	if (r >= 0 && has_bpf_link())
		r = doubt_all(pf, warnings, "a BPF program at netfilter's hooks");
	if (r >= 0 && has_line(proc_fd, "net/ip_vs", "TUFS"))
		r = doubt_all(pf, warnings, "IPVS");
	return r;
}
