/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rtnetlink says of this namespace, as far as it decides where a packet goes: interfaces,
 * local addresses, routes, and whether there are rules of routing beside the usual ones.
 */
#ifndef PORTSCOPE_PACKETFILTER_ROUTING_H
#define PORTSCOPE_PACKETFILTER_ROUTING_H

#include <net/if.h>
#include <sys/socket.h>

#include "packetfilter/space.h"
#include "util/netlink.h"

struct link {
	uint32_t index;
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ]; /**< veth, bridge, ...; empty: none */
	uint32_t group;
	uint32_t flags;  /**< IFF_* */
	uint32_t master; /**< index of the bridge or VRF that it belongs to; 0: none */
	uint32_t lower;  /**< index of the interface here that its packets come through; 0: none */
	uint16_t type;   /**< ARPHRD_* */
	bool xdp;        /**< an XDP program sees packets first */
	bool picky;      /**< not all packets for its address get in: a mode of macvlan or ipvlan */
	uint8_t rp_filter;
	bool forwarding, route_localnet, accept_local;
};

struct local_address {
	uint8_t family;
	uint8_t prefix;
	uint8_t bytes[16];
	uint8_t broadcast[4];
	bool has_broadcast;
	uint8_t scope;  /**< RT_SCOPE_* */
	uint32_t flags; /**< IFA_F_* */
	uint32_t link;  /**< index of the interface */
};

/** No more next hops than this are distinguished; a route with more is only known by its type. */
#define ROUTE_LINKS 4

struct route {
	uint8_t family;
	uint8_t prefix;
	uint8_t type; /**< RTN_* */
	uint8_t n_links;
	bool more_links;
	uint8_t address[16];
	uint32_t table, metric;
	uint32_t links[ROUTE_LINKS];
};

struct routing {
	struct link *links;
	struct local_address *addresses;
	struct route *routes; /**< in the order in which they are tried */
	size_t n_links, n_addresses, n_routes;
	size_t links_space, addresses_space, routes_space;
	bool rules[2]; /**< IPv4, IPv6: rules of routing beside the kernel's own: look-ups are not
			    known */
	bool forwarding6;
};

/** Reads it over an open NETLINK_ROUTE transport; `proc_fd` is /proc. 0 or a negative errno. */
int routing_read(struct transport *transport, int proc_fd, struct routing *ret);
void routing_done(struct routing *routing);

const struct link *routing_link(const struct routing *routing, uint32_t index);
/**
 * The route of an address: NULL: none. `ret_known` false: it depends on what was not looked into.
 */
const struct route *routing_find(
	const struct routing *routing, uint8_t family, const uint8_t *address, bool *ret_known);
/** The same of the local table alone, which holds the host's own addresses. */
const struct route *routing_find_local(
	const struct routing *routing, uint8_t family, const uint8_t *address);
/** True if a route leads through this interface. */
bool route_uses(const struct route *route, uint32_t link);
/** True for an address of IPv6 that this interface itself has. */
bool routing_is_own_on(const struct routing *routing, const uint8_t *address, uint32_t link);
/** True if a link-local address of IPv6 has a route through this interface. */
bool routing_is_on_link(const struct routing *routing, const uint8_t *address, uint32_t link);
/** True for an address of an interface of ours. */
bool routing_is_own(const struct routing *routing, uint8_t family, const uint8_t *address);
/** Notes the prefixes of all routes of a family in a space. */
int routing_add_to(const struct routing *routing, uint8_t family, struct space *space);

/** 4 or 16. */
static inline size_t family_bytes(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

#endif
