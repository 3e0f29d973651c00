/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two dumps of rtnetlink over one socket: links, then addresses. The C library's getifaddrs() and
 * if_nametoindex() are not used: the one believes datagrams from anybody in the namespace and
 * waits for them without end, the other opens a socket for each name.
 */
#include "collect/interfaces.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "util/array.h"

/* Interfaces come and go one at a time; a host where five readings in a row meet that is sick. */
#define READINGS 5

/* Room for a request with a name of up to ALTIFNAMSIZ bytes. */
#define REQUEST_ROOM 256

/** One reading of both tables. */
struct reading {
	struct interfaces list;
	bool stranger; /**< an address of an interface that the dump of links did not have */
};

/* The payload of a text, which ends inside it; NULL where it does not, or is longer than `max`. */
static const char *text_of(const struct nlattr *attribute, size_t max)
{
	const char *text = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);

	return memchr(text, '\0', MIN(length, max)) ? text : NULL;
}

static int add_interface(struct reading *reading, uint32_t index, const char *name)
{
	struct interfaces *list = &reading->list;
	struct interface *added = ARRAY_ADD(list->items, list->count);

	if (!added)
		return -ENOMEM;
	*added = (struct interface){.index = index};
	strcpy(added->name, name);
	return 0;
}

static int take_link(const struct nlmsghdr *message, void *userdata)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link) || link->ifi_index <= 0)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, sizeof(*link))
	{
		const char *name;

		if (mnl_attr_get_type(attribute) != IFLA_IFNAME)
			continue;
		name = text_of(attribute, sizeof(((struct interface *)0)->name));
		return name ? add_interface(userdata, (uint32_t)link->ifi_index, name) : -EBADMSG;
	}
	return -EBADMSG;
}

static int compare_index(const void *a, const void *b)
{
	uint32_t x = ((const struct interface *)a)->index, y = ((const struct interface *)b)->index;

	return x < y ? -1 : x > y;
}

/* The address of this host and, of IPv4, the broadcast address; by the attributes' numbers. */
static int read_address(const struct nlmsghdr *message, struct interface_address *ret)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	size_t length = head->ifa_family == AF_INET ? 4 : 16;
	const struct nlattr *attribute;
	bool found = false, local = false;

	*ret = (struct interface_address){.family = head->ifa_family};
	mnl_attr_for_each(attribute, message, sizeof(*head))
	{
		uint16_t type = mnl_attr_get_type(attribute);

		if (type != IFA_ADDRESS && type != IFA_LOCAL && type != IFA_BROADCAST)
			continue;
		if (mnl_attr_get_payload_len(attribute) != length)
			return -EBADMSG;
		if (type == IFA_BROADCAST && length == 4) {
			memcpy(ret->broadcast, mnl_attr_get_payload(attribute), 4);
			ret->has_broadcast = true;
		} else if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) {
			/* Where both are there, IFA_ADDRESS is the other end's (rtnetlink(7)). */
			memcpy(ret->address, mnl_attr_get_payload(attribute), length);
			local = type == IFA_LOCAL;
			found = true;
		}
	}
	return found ? 0 : -EBADMSG;
}

static int take_address(const struct nlmsghdr *message, void *userdata)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct reading *reading = userdata;
	struct interface_address address, *added;
	struct interface key = {0}, *interface = NULL;
	int r;

	if (message->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return -EBADMSG;
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return 0;
	r = read_address(message, &address);
	if (r < 0)
		return r;
	key.index = head->ifa_index;
	if (reading->list.count)
		interface = bsearch(&key, reading->list.items, reading->list.count,
			sizeof(*interface), compare_index);
	if (!interface) {
		reading->stranger = true;
		return 0;
	}
	added = ARRAY_ADD(interface->addresses, interface->n_addresses);
	if (!added)
		return -ENOMEM;
	*added = address;
	return 0;
}

static int ask_links(struct netlink *n, struct reading *reading)
{
	char room[REQUEST_ROOM] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return netlink_ask(n, message, take_link, reading);
}

static int ask_addresses(struct netlink *n, struct reading *reading)
{
	char room[REQUEST_ROOM] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);

	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifaddrmsg));
	return netlink_ask(n, message, take_address, reading);
}

/* Reads both tables; a positive result means that they changed meanwhile or were damaged. */
static int read_once(struct netlink *n, struct interfaces *ret)
{
	struct reading reading = {0};
	int r = ask_links(n, &reading);

	if (r == NETLINK_DONE) {
		if (reading.list.count)
			qsort(reading.list.items, reading.list.count, sizeof(*reading.list.items),
				compare_index);
		r = ask_addresses(n, &reading);
	}
	if (r == NETLINK_DONE && reading.stranger)
		r = NETLINK_INTERRUPTED;
	if (r == NETLINK_DONE)
		*ret = reading.list;
	else
		interfaces_done(&reading.list);
	return r;
}

int collect_interfaces_over(struct transport *transport, struct interfaces *ret)
{
	struct netlink n;
	int r = netlink_init(&n, transport);

	if (r < 0)
		return r;
	r = NETLINK_INTERRUPTED;
	/* The end of a damaged answer may be missing: then waiting again would take as long. */
	for (int i = 0; i < READINGS && r == NETLINK_INTERRUPTED; i++)
		r = read_once(&n, ret);
	netlink_done(&n);
	return r > 0 ? -EAGAIN : r;
}

int collect_interfaces(struct interfaces *ret)
{
	struct transport kernel = {0};
	int r = transport_open_kernel(NETLINK_ROUTE, &kernel);

	if (r >= 0)
		r = collect_interfaces_over(&kernel, ret);
	transport_close(&kernel);
	return r;
}

void interfaces_done(struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		free(interfaces->items[i].addresses);
	free(interfaces->items);
	*interfaces = (struct interfaces){0};
}

static int take_index(const struct nlmsghdr *message, void *userdata)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*link) || link->ifi_index <= 0)
		return -EBADMSG;
	*(uint32_t *)userdata = (uint32_t)link->ifi_index;
	return 0;
}

static int ask_index(struct netlink *n, const char *name, uint32_t *ret)
{
	char room[REQUEST_ROOM] __attribute__((aligned(8))) = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	uint32_t index = 0;
	bool alternative = strlen(name) >= IF_NAMESIZE;
	int r;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, alternative ? IFLA_ALT_IFNAME : IFLA_IFNAME, name);
	r = netlink_ask(n, message, take_index, &index);
	/* Before Linux 5.5 no interface had a second name, and asking for one was wrong. */
	if (r == -EINVAL && alternative)
		return -ENODEV;
	if (r > 0 || (!r && !index))
		return -EBADMSG;
	if (!r)
		*ret = index;
	return r;
}

int collect_interface_index(const char *name, uint32_t *ret)
{
	struct transport kernel = {0};
	struct netlink n = {0};
	int r;

	/* What no interface can be called is not asked for (ALTIFNAMSIZ in linux/netdevice.h). */
	if (!*name || strlen(name) >= 128)
		return -ENODEV;
	r = transport_open_kernel(NETLINK_ROUTE, &kernel);
	if (r >= 0)
		r = netlink_init(&n, &kernel);
	if (r >= 0)
		r = ask_index(&n, name, ret);
	netlink_done(&n);
	transport_close(&kernel);
	return r;
}
