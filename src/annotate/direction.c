/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inference of who opened a connection, from the listeners of the namespace and the port. */
#include "annotate/annotate.h"

#include <string.h>

#include "util/address.h"
#include "util/macros.h"

static int compare_port(const void *a, const void *b)
{
	return (int)((const struct socket *)a)->local_port -
	       (int)((const struct socket *)b)->local_port;
}

void direction_prepare(struct sockets *listeners)
{
	if (listeners->count)
		qsort(listeners->items, listeners->count, sizeof(*listeners->items), compare_port);
}

/* The first listener with this port, or NULL. */
static const struct socket *first_with_port(const struct sockets *listeners, uint16_t port)
{
	size_t low = 0, high = listeners->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listeners->items[middle].local_port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low < listeners->count && listeners->items[low].local_port == port
		       ? &listeners->items[low]
		       : NULL;
}

static bool would_take(const struct socket *listener, const struct socket *s)
{
	const uint8_t *theirs = address_as_ipv4(listener->family, listener->local_address);
	const uint8_t *ours = address_as_ipv4(s->family, s->local_address);
	bool v6only = listener->present & SOCKET_HAS_V6ONLY && listener->v6only;

	if (listener->ifindex && listener->ifindex != s->ifindex)
		return false;
	if (address_is_wildcard(listener->family, listener->local_address))
		return theirs ? ours != NULL : !ours || !v6only;
	if (!theirs != !ours)
		return false;
	return theirs ? !memcmp(theirs, ours, 4)
		      : !memcmp(listener->local_address, s->local_address, 16);
}

static bool is_inbound(const struct socket *s, const struct sockets *listeners)
{
	const struct socket *end = listeners->items + listeners->count;
	const struct socket *l = first_with_port(listeners, s->local_port);

	for (; l && l < end && l->local_port == s->local_port; l++)
		if (would_take(l, s))
			return true;
	return false;
}

enum direction direction_of(const struct socket *socket, const struct host *host)
{
	switch (socket->state) {
	case PORTSCOPE_LISTEN:
		return DIRECTION_LISTENING;
	case PORTSCOPE_UNCONNECTED:
		return DIRECTION_LISTENING;
	case PORTSCOPE_SYN_SENT:
		return DIRECTION_OUTBOUND;
	case PORTSCOPE_SYN_RECV:
		return DIRECTION_INBOUND;
	case PORTSCOPE_BOUND_INACTIVE:
		return DIRECTION_UNKNOWN;
	}
	if (socket->protocol == IPPROTO_UDP)
		return DIRECTION_UNKNOWN;
	if (is_inbound(socket, &host->listeners))
		return DIRECTION_INBOUND;
	return host_port_is_ephemeral(host, socket->local_port) ? DIRECTION_OUTBOUND
								: DIRECTION_UNKNOWN;
}
