/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing addresses: IPv4 by hand, because a listing writes two for each socket. */
#include "util/address.h"

#include <arpa/inet.h>

static size_t write_ipv4(struct out *o, const uint8_t *a)
{
	char *room = out_reserve(o, sizeof("255.255.255.255"));
	size_t n = 0;

	if (!room)
		return 0;
	for (int i = 0; i < 4; i++) {
		if (i)
			room[n++] = '.';
		n += out_digits(room + n, a[i]);
	}
	o->used += n;
	return n;
}

size_t address_write(struct out *o, uint8_t family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	if (family == AF_INET)
		return write_ipv4(o, address);
	if (!inet_ntop(AF_INET6, address, text, sizeof(text)))
		return 0;
	out_text(o, text);
	return strlen(text);
}
