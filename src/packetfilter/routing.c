/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four dumps: links, addresses, routes, rules. Sysctls of single interfaces come with the links;
 * those of all interfaces are read from /proc.
 */
#include "packetfilter/routing.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "packetfilter/attributes.h"
#include "util/file.h"

static void *add(void *array, size_t *count, size_t *space, size_t size)
{
	void **items = array, *grown;
	size_t room = *space ? *space * 2 : 16;

	if (*count == *space) {
		grown = reallocarray(*items, room, size);
		if (!grown)
			return NULL;
		*items = grown;
		*space = room;
	}
	grown = (char *)*items + (*count)++ * size;
	memset(grown, 0, size);
	return grown;
}

/* The attributes behind a head of `head` bytes. */
static bool take_apart(
	const struct nlmsghdr *message, unsigned type, size_t head, struct attributes *ret)
{
	size_t length = message->nlmsg_len - NLMSG_HDRLEN;

	return message->nlmsg_type == type && length >= NLMSG_ALIGN(head) &&
	       attributes_parse((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(head),
		       length - NLMSG_ALIGN(head), ret);
}

/* The value of a sysctl of one interface, out of the array that comes with it. */
static uint32_t devconf(const struct nlattr *array, unsigned index)
{
	uint32_t value = 0;

	if (array && attribute_length(array) >= (index + 1) * sizeof(value))
		memcpy(&value, (const char *)attribute_bytes(array) + index * sizeof(value),
			sizeof(value));
	return value;
}

static void take_sysctls(const struct nlattr *specific, struct link *link)
{
	struct attributes families, inet;
	const struct nlattr *array;

	if (!attributes_nested(specific, &families) ||
		!attributes_nested(families.at[AF_INET], &inet))
		return;
	array = inet.at[IFLA_INET_CONF];
	link->rp_filter = (uint8_t)devconf(array, IPV4_DEVCONF_RP_FILTER - 1);
	link->forwarding = devconf(array, IPV4_DEVCONF_FORWARDING - 1);
	link->route_localnet = devconf(array, IPV4_DEVCONF_ROUTE_LOCALNET - 1);
	link->accept_local = devconf(array, IPV4_DEVCONF_ACCEPT_LOCAL - 1);
}

/*
 * Of macvlan only listed senders get in (mode source), of ipvlan the rules of the interface below
 * see packets first (mode L3S), and what comes to a tap goes to a program.
 */
static bool is_picky(const char *kind, const struct nlattr *data)
{
	struct attributes a;
	uint16_t mode = 0;

	if (!strcmp(kind, "macvtap") || !strcmp(kind, "ipvtap"))
		return true;
	if (!data || !attributes_nested(data, &a))
		return false;
	if (!strcmp(kind, "macvlan"))
		return attribute_u32(a.at[IFLA_MACVLAN_MODE], 0) == MACVLAN_MODE_SOURCE;
	if (strcmp(kind, "ipvlan") || !a.at[IFLA_IPVLAN_MODE] ||
		attribute_length(a.at[IFLA_IPVLAN_MODE]) != sizeof(mode))
		return false;
	memcpy(&mode, attribute_bytes(a.at[IFLA_IPVLAN_MODE]), sizeof(mode));
	return mode == IPVLAN_MODE_L3S;
}

static int take_link(const struct nlmsghdr *message, void *userdata)
{
	const struct ifinfomsg *head = NLMSG_DATA(message);
	struct routing *routing = userdata;
	struct attributes a, info, xdp;
	struct link *link;
	const char *kind, *name;

	if (!take_apart(message, RTM_NEWLINK, sizeof(*head), &a) ||
		!attributes_nested(a.at[IFLA_LINKINFO], &info) || head->ifi_index <= 0)
		return -EBADMSG;
	link = add(&routing->links, &routing->n_links, &routing->links_space, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->index = (uint32_t)head->ifi_index;
	link->type = head->ifi_type;
	link->flags = head->ifi_flags;
	name = attribute_text(a.at[IFLA_IFNAME]);
	kind = attribute_text(info.at[IFLA_INFO_KIND]);
	snprintf(link->name, sizeof(link->name), "%s", name ? name : "");
	snprintf(link->kind, sizeof(link->kind), "%s", kind ? kind : "");
	link->master = attribute_u32(a.at[IFLA_MASTER], 0);
	link->picky = is_picky(link->kind, info.at[IFLA_INFO_DATA]);
	/* Of veth it is the other end. */
	if (strcmp(link->kind, "veth"))
		link->lower = attribute_u32(a.at[IFLA_LINK], 0);
	/* Above the highest type that the table of attributes has. */
	EACH_ATTRIBUTE(one, (const char *)head + NLMSG_ALIGN(sizeof(*head)),
		message->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(sizeof(*head)))
	{
		if (attribute_type(one) == IFLA_XDP && attributes_nested(one, &xdp))
			link->xdp = xdp.at[IFLA_XDP_ATTACHED] &&
				    attribute_length(xdp.at[IFLA_XDP_ATTACHED]) &&
				    *(const uint8_t *)attribute_bytes(xdp.at[IFLA_XDP_ATTACHED]);
		if (attribute_type(one) == IFLA_AF_SPEC)
			take_sysctls(one, link);
		if (attribute_type(one) == IFLA_GROUP)
			link->group = attribute_u32(one, 0);
		/* The number of an interface of another namespace. */
		if (attribute_type(one) == IFLA_LINK_NETNSID)
			link->lower = 0;
	}
	return 0;
}

static int take_address(const struct nlmsghdr *message, void *userdata)
{
	const struct ifaddrmsg *head = NLMSG_DATA(message);
	struct routing *routing = userdata;
	struct local_address *address;
	const struct nlattr *bytes;
	struct attributes a;
	size_t n;

	if (!take_apart(message, RTM_NEWADDR, sizeof(*head), &a))
		return -EBADMSG;
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return 0;
	n = family_bytes(head->ifa_family);
	/* Of a point-to-point interface IFA_ADDRESS is the other end. */
	bytes = a.at[IFA_LOCAL] ? a.at[IFA_LOCAL] : a.at[IFA_ADDRESS];
	if (!bytes || attribute_length(bytes) != n)
		return -EBADMSG;
	address = add(&routing->addresses, &routing->n_addresses, &routing->addresses_space,
		sizeof(*address));
	if (!address)
		return -ENOMEM;
	address->family = head->ifa_family;
	address->prefix = head->ifa_prefixlen;
	address->link = head->ifa_index;
	address->scope = head->ifa_scope;
	address->flags = attribute_u32(a.at[IFA_FLAGS], head->ifa_flags);
	memcpy(address->bytes, attribute_bytes(bytes), n);
	if (a.at[IFA_BROADCAST] && attribute_length(a.at[IFA_BROADCAST]) == 4) {
		memcpy(address->broadcast, attribute_bytes(a.at[IFA_BROADCAST]), 4);
		address->has_broadcast = true;
	}
	return 0;
}

static void add_route_link(struct route *route, uint32_t link)
{
	if (!link)
		return;
	if (route->n_links == ROUTE_LINKS)
		route->more_links = true;
	else
		route->links[route->n_links++] = link;
}

static int take_route(const struct nlmsghdr *message, void *userdata)
{
	const struct rtmsg *head = NLMSG_DATA(message);
	struct routing *routing = userdata;
	const struct nlattr *destination, *several;
	struct route *route;
	struct attributes a;

	if (!take_apart(message, RTM_NEWROUTE, sizeof(*head), &a))
		return -EBADMSG;
	if ((head->rtm_family != AF_INET && head->rtm_family != AF_INET6) ||
		head->rtm_flags & RTM_F_CLONED || head->rtm_type == RTN_MULTICAST)
		return 0;
	destination = a.at[RTA_DST];
	if (destination && attribute_length(destination) != family_bytes(head->rtm_family))
		return -EBADMSG;
	route = add(&routing->routes, &routing->n_routes, &routing->routes_space, sizeof(*route));
	if (!route)
		return -ENOMEM;
	route->family = head->rtm_family;
	route->prefix = head->rtm_dst_len;
	route->type = head->rtm_type;
	route->table = attribute_u32(a.at[RTA_TABLE], head->rtm_table);
	route->metric = attribute_u32(a.at[RTA_PRIORITY], 0);
	if (destination)
		memcpy(route->address, attribute_bytes(destination), attribute_length(destination));
	add_route_link(route, attribute_u32(a.at[RTA_OIF], 0));
	several = a.at[RTA_MULTIPATH];
	if (several) {
		const char *at = attribute_bytes(several);
		size_t left = attribute_length(several);

		while (left >= sizeof(struct rtnexthop)) {
			const struct rtnexthop *hop = (const void *)at;
			size_t step = MIN((size_t)RTNH_ALIGN(hop->rtnh_len), left);

			if (hop->rtnh_len < sizeof(*hop))
				break;
			add_route_link(route, (uint32_t)hop->rtnh_ifindex);
			at += step;
			left -= step;
		}
	}
	return 0;
}

/* The rules that every namespace has: all look-ups in local, main and (IPv4) default. */
static bool is_usual(const struct fib_rule_hdr *head, const struct attributes *a)
{
	uint32_t priority = attribute_u32(a->at[FRA_PRIORITY], 0);
	uint32_t table = attribute_u32(a->at[FRA_TABLE], head->table);

	if (head->action != FR_ACT_TO_TBL || head->src_len || head->dst_len || head->tos ||
		head->flags || a->at[FRA_IIFNAME] || a->at[FRA_OIFNAME] || a->at[FRA_FWMARK] ||
		a->at[FRA_UID_RANGE] || a->at[FRA_IP_PROTO] || a->at[FRA_SPORT_RANGE] ||
		a->at[FRA_DPORT_RANGE] || a->at[FRA_TUN_ID] || a->at[FRA_L3MDEV])
		return false;
	return (table == RT_TABLE_LOCAL && priority == 0) ||
	       (table == RT_TABLE_MAIN && priority == 32766) ||
	       (table == RT_TABLE_DEFAULT && priority == 32767);
}

static int take_rule(const struct nlmsghdr *message, void *userdata)
{
	const struct fib_rule_hdr *head = NLMSG_DATA(message);
	struct routing *routing = userdata;
	struct attributes a;

	if (!take_apart(message, RTM_NEWRULE, sizeof(*head), &a))
		return -EBADMSG;
	if ((head->family == AF_INET || head->family == AF_INET6) && !is_usual(head, &a))
		routing->rules[head->family == AF_INET6] = true;
	return 0;
}

/* Where tables stand in the order of look-ups; others are not looked into. */
static int table_rank(uint32_t table)
{
	return table == RT_TABLE_LOCAL ? 0 : table == RT_TABLE_MAIN ? 1 : 2;
}

static int compare_routes(const void *x, const void *y)
{
	const struct route *a = x, *b = y;
	int rank = table_rank(a->table) - table_rank(b->table);

	if (rank)
		return rank;
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? 1 : -1;
	return a->metric < b->metric ? -1 : a->metric > b->metric;
}

static bool read_flag(int proc_fd, const char *path, uint32_t *ret)
{
	AUTO_FREE char *text = NULL;

	return proc_fd >= 0 && file_read_line(proc_fd, path, &text) >= 0 &&
	       sscanf(text, "%u", ret) == 1;
}

/* What is set for all interfaces counts beside what is set for one (ip-sysctl in the kernel). */
static void apply_all(struct routing *routing, int proc_fd)
{
	uint32_t rp_filter = 0, localnet = 0, accept = 0, forwarding6 = 0;

	read_flag(proc_fd, "sys/net/ipv4/conf/all/rp_filter", &rp_filter);
	read_flag(proc_fd, "sys/net/ipv4/conf/all/route_localnet", &localnet);
	read_flag(proc_fd, "sys/net/ipv4/conf/all/accept_local", &accept);
	read_flag(proc_fd, "sys/net/ipv6/conf/all/forwarding", &forwarding6);
	routing->forwarding6 = forwarding6;
	for (size_t i = 0; i < routing->n_links; i++) {
		struct link *link = &routing->links[i];

		link->rp_filter = (uint8_t)MAX(link->rp_filter, rp_filter);
		link->route_localnet |= localnet != 0;
		link->accept_local |= accept != 0;
	}
}

static int ask(struct netlink *netlink, unsigned type, netlink_message_fn take, void *userdata)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg body; /* as long as what other kinds begin with, or longer */
		uint32_t room;
	} request = {
		.head = {.nlmsg_len = sizeof(request),
			.nlmsg_type = (uint16_t)type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};

	request.head.nlmsg_len =
		NLMSG_LENGTH(type == RTM_GETLINK ? sizeof(struct ifinfomsg) : sizeof(struct rtmsg));
	return netlink_ask(netlink, &request.head, take, userdata);
}

int routing_read(struct transport *transport, int proc_fd, struct routing *ret)
{
	static const struct {
		unsigned type;
		netlink_message_fn take;
	} kinds[] = {
		{RTM_GETLINK, take_link},
		{RTM_GETADDR, take_address},
		{RTM_GETROUTE, take_route},
		{RTM_GETRULE, take_rule},
	};
	struct routing routing = {0};
	struct netlink netlink;
	int r = netlink_init(&netlink, transport);

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r >= 0; i++)
		r = ask(&netlink, kinds[i].type, kinds[i].take, &routing);
	netlink_done(&netlink);
	if (r < 0) {
		routing_done(&routing);
		return r;
	}
	if (routing.n_routes)
		qsort(routing.routes, routing.n_routes, sizeof(*routing.routes), compare_routes);
	apply_all(&routing, proc_fd);
	*ret = routing;
	return 0;
}

void routing_done(struct routing *routing)
{
	free(routing->links);
	free(routing->addresses);
	free(routing->routes);
	*routing = (struct routing){0};
}

const struct link *routing_link(const struct routing *routing, uint32_t index)
{
	for (size_t i = 0; i < routing->n_links; i++)
		if (routing->links[i].index == index)
			return &routing->links[i];
	return NULL;
}

static bool covers(const struct route *route, const uint8_t *address)
{
	size_t whole = route->prefix / 8;
	uint8_t rest = (uint8_t)(0xff00u >> route->prefix % 8);

	return !memcmp(route->address, address, whole) &&
	       !(route->prefix % 8 && (route->address[whole] ^ address[whole]) & rest);
}

const struct route *routing_find(
	const struct routing *routing, uint8_t family, const uint8_t *address, bool *ret_known)
{
	*ret_known = !routing->rules[family == AF_INET6];
	for (size_t i = 0; i < routing->n_routes; i++) {
		const struct route *route = &routing->routes[i];

		if (route->family != family || !covers(route, address) ||
			(route->table != RT_TABLE_LOCAL && route->table != RT_TABLE_MAIN &&
				route->table != RT_TABLE_DEFAULT))
			continue;
		if (route->type == RTN_THROW)
			*ret_known = false;
		/* The rule of the local table comes first of all, unless somebody moved it. */
		return route;
	}
	return NULL;
}

const struct route *routing_find_local(
	const struct routing *routing, uint8_t family, const uint8_t *address)
{
	bool known;
	const struct route *route = routing_find(routing, family, address, &known);

	return route && route->table == RT_TABLE_LOCAL ? route : NULL;
}

bool route_uses(const struct route *route, uint32_t link)
{
	for (size_t i = 0; i < route->n_links; i++)
		if (route->links[i] == link)
			return true;
	return false;
}

bool routing_is_own_on(const struct routing *routing, const uint8_t *address, uint32_t link)
{
	for (size_t i = 0; i < routing->n_addresses; i++)
		if (routing->addresses[i].family == AF_INET6 &&
			routing->addresses[i].link == link &&
			!memcmp(routing->addresses[i].bytes, address, 16))
			return true;
	return false;
}

bool routing_is_on_link(const struct routing *routing, const uint8_t *address, uint32_t link)
{
	for (size_t i = 0; i < routing->n_routes; i++) {
		const struct route *route = &routing->routes[i];

		if (route->family == AF_INET6 && route->table == RT_TABLE_MAIN &&
			route->type == RTN_UNICAST && covers(route, address) &&
			route_uses(route, link))
			return true;
	}
	return false;
}

bool routing_is_own(const struct routing *routing, uint8_t family, const uint8_t *address)
{
	for (size_t i = 0; i < routing->n_addresses; i++)
		if (routing->addresses[i].family == family &&
			!memcmp(routing->addresses[i].bytes, address, family_bytes(family)))
			return true;
	return false;
}

int routing_add_to(const struct routing *routing, uint8_t family, struct space *space)
{
	int r = 0;

	for (size_t i = 0; i < routing->n_routes && r >= 0; i++)
		if (routing->routes[i].family == family)
			r = space_add(
				space, interval_of_prefix(routing->routes[i].address,
					       family_bytes(family), routing->routes[i].prefix));
	for (size_t i = 0; i < routing->n_addresses && r >= 0; i++)
		if (routing->addresses[i].family == family)
			r = space_add(space, interval_of_prefix(routing->addresses[i].bytes,
						     family_bytes(family), 128));
	return r;
}
