/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Internet addresses as bytes: writing them, and what their prefixes mean. */
#ifndef PORTSCOPE_UTIL_ADDRESS_H
#define PORTSCOPE_UTIL_ADDRESS_H

#include <netinet/in.h>

#include "util/out.h"

/** True for ::ffff:a.b.c.d, by which an IPv6 socket talks to an IPv4 peer. */
static inline bool address_is_mapped(uint8_t family, const uint8_t *address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return family == AF_INET6 && !memcmp(address, prefix, sizeof(prefix));
}

/** The IPv4 address in `address`: its own bytes, or those of a v4-mapped one; NULL for IPv6. */
static inline const uint8_t *address_as_ipv4(uint8_t family, const uint8_t *address)
{
	return family == AF_INET                    ? address
	       : address_is_mapped(family, address) ? address + 12
						    : NULL;
}

/** True for 0.0.0.0, :: and ::ffff:0.0.0.0. */
static inline bool address_is_wildcard(uint8_t family, const uint8_t *address)
{
	static const uint8_t zero[16];
	const uint8_t *ipv4 = address_as_ipv4(family, address);

	return ipv4 ? !memcmp(ipv4, zero, 4) : !memcmp(address, zero, 16);
}

/** True for fe80::/10. */
static inline bool address_is_link_local6(uint8_t family, const uint8_t *address)
{
	return family == AF_INET6 && address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/** How many characters address_write() writes for an IPv4 address. */
static inline size_t address_ipv4_width(const uint8_t *a)
{
	size_t n = 7;

	for (int i = 0; i < 4; i++)
		n += (a[i] > 9) + (a[i] > 99);
	return n;
}

/** Writes an address as RFC 5952 has it; returns its length. */
size_t address_write(struct out *o, uint8_t family, const uint8_t *address);

#endif
