/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host index: what the rows of one answer share. It is filled in the first phase, by need,
 * and only read afterwards; the annotator looks things up in it, the field getters name them.
 */
#ifndef PORTSCOPE_MODEL_HOST_H
#define PORTSCOPE_MODEL_HOST_H

#include "model/row.h"
#include "model/users.h"

/** One address of an interface. */
struct interface_address {
	uint8_t family;
	bool has_broadcast;
	uint8_t address[16];
	uint8_t broadcast[4]; /**< of an IPv4 address */
};

struct interface {
	uint32_t index;
	char name[16]; /**< IFNAMSIZ */
	struct interface_address *addresses;
	size_t n_addresses;
};

/** The interfaces of the namespace. */
struct interfaces {
	struct interface *items;
	size_t count;
};

/** Ports that this kernel hands out by itself: ip_local_port_range less the reserved ones. */
struct ephemeral_ports {
	uint16_t low;      /**< 0 with `high` 0: unknown, none is ephemeral */
	uint16_t high;     /**< inclusive */
	uint8_t *reserved; /**< bitmap of 65,536 bits, or NULL */
};

struct service_names;
struct unit_index;

struct host {
	struct portscope_host shown; /**< its strings are owned */
	int64_t time;                /**< when the answer was taken: seconds since the epoch */
	struct interfaces interfaces;
	bool say_public; /**< the label of a wildcard says whether there is a public address */
	struct ephemeral_ports ephemeral;
	struct users users;
	struct sockets listeners; /**< TCP, by local port: no filter has thinned them out */
	struct service_names *services;
	struct owner_index *owners;
	struct unit_index *units;
};

/** Name of an interface, or NULL. */
const char *host_interface_name(const struct host *host, uint32_t index);
/** The interface with this index, or NULL. */
const struct interface *host_interface(const struct host *host, uint32_t index);
/** True if the kernel may hand out `port` by itself. */
static inline bool host_port_is_ephemeral(const struct host *host, uint16_t port)
{
	const struct ephemeral_ports *e = &host->ephemeral;

	return port && port >= e->low && port <= e->high &&
	       !(e->reserved && (e->reserved[port / 8] >> port % 8 & 1));
}

#endif
