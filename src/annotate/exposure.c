/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far an address reaches, by what the address is (RFC 1918, 3927, 4193, 4291, 6598). Routing,
 * firewalls and address translation are not looked at: this is the widest place, not the real one.
 */
#include "annotate/annotate.h"

#include <string.h>

#include "util/address.h"

static enum exposure classify_ipv4(const uint8_t *a)
{
	if (a[0] == 127)
		return EXPOSURE_LOOPBACK;
	if ((a[0] == 169 && a[1] == 254) || a[0] >> 4 == 14 ||
		(a[0] == 255 && a[1] == 255 && a[2] == 255 && a[3] == 255))
		return EXPOSURE_LINK;
	if (a[0] == 10 || (a[0] == 172 && a[1] >> 4 == 1) || (a[0] == 192 && a[1] == 168) ||
		(a[0] == 100 && a[1] >> 6 == 1))
		return EXPOSURE_PRIVATE;
	return EXPOSURE_PUBLIC;
}

static enum exposure classify(uint8_t family, const uint8_t *a)
{
	static const uint8_t loopback[16] = {[15] = 1};
	const uint8_t *ipv4 = address_as_ipv4(family, a);

	if (ipv4)
		return classify_ipv4(ipv4);
	if (!memcmp(a, loopback, sizeof(loopback)))
		return EXPOSURE_LOOPBACK;
	if (address_is_link_local6(family, a) || a[0] == 0xff)
		return EXPOSURE_LINK;
	return (a[0] & 0xfe) == 0xfc ? EXPOSURE_PRIVATE : EXPOSURE_PUBLIC;
}

/* True if a wildcard socket takes what comes to an address of `family`. */
static bool takes_family(const struct socket *s, uint8_t family)
{
	if (s->family == AF_INET || address_is_mapped(s->family, s->local_address))
		return family == AF_INET;
	return family == AF_INET6 || !(s->present & SOCKET_HAS_V6ONLY && s->v6only);
}

/* A wildcard bound to an interface reaches as far as the addresses of that interface. */
static enum exposure widest_of(const struct socket *s, const struct interface *interface)
{
	enum exposure widest = EXPOSURE_LINK;
	bool any = false;

	if (!interface)
		return EXPOSURE_UNKNOWN;
	for (size_t i = 0; i < interface->n_addresses; i++) {
		const struct interface_address *a = &interface->addresses[i];
		enum exposure one;

		if (!takes_family(s, a->family))
			continue;
		one = classify(a->family, a->address);
		widest = any ? MAX(widest, one) : one;
		any = true;
	}
	return widest;
}

/* The broadcast address of a network of ours: nothing beyond the link sends to it. */
static bool is_broadcast(const struct host *host, const uint8_t *ipv4)
{
	for (size_t i = 0; i < host->interfaces.count; i++) {
		const struct interface *interface = &host->interfaces.items[i];

		for (size_t j = 0; j < interface->n_addresses; j++)
			if (interface->addresses[j].has_broadcast &&
				!memcmp(interface->addresses[j].broadcast, ipv4, 4))
				return true;
	}
	return false;
}

enum exposure exposure_of(const struct socket *socket, const struct host *host)
{
	const uint8_t *ipv4 = address_as_ipv4(socket->family, socket->local_address);
	enum exposure exposure;

	if (address_is_wildcard(socket->family, socket->local_address)) {
		if (!socket->ifindex)
			return EXPOSURE_ANY;
		return widest_of(socket, host_interface(host, socket->ifindex));
	}
	exposure = classify(socket->family, socket->local_address);
	return ipv4 && exposure > EXPOSURE_LINK && is_broadcast(host, ipv4) ? EXPOSURE_LINK
									    : exposure;
}

static int write_public(struct host *host, const struct interface_address *address)
{
	AUTO_OUT struct out text = {.fd = -1};

	address_write(&text, address->family, address->address);
	out_char(&text, 0);
	if (text.error)
		return text.error;
	host->shown.public_address = strdup(text.buffer);
	return host->shown.public_address ? 0 : -ENOMEM;
}

int exposure_find_public(struct host *host)
{
	for (size_t i = 0; i < host->interfaces.count; i++) {
		const struct interface *interface = &host->interfaces.items[i];

		for (size_t j = 0; j < interface->n_addresses; j++) {
			const struct interface_address *a = &interface->addresses[j];

			if (classify(a->family, a->address) == EXPOSURE_PUBLIC)
				return write_public(host, a);
		}
	}
	return 0;
}
