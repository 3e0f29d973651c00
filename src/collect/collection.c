/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all backends share: the way to sock_diag, what is said of a list, and the stream. */
#include "collect/backends.h"

#include <time.h>

/* A stream that takes longer than this, and this for each socket, was slowed by its reader. */
#define STREAM_NANOSECONDS 50000000
#define SOCKET_NANOSECONDS 10000

const struct collect_kind collect_protocols[] = {
	{IPPROTO_TCP, PORTSCOPE_TCP, "TCP"},
	{IPPROTO_UDP, PORTSCOPE_UDP, "UDP"},
};

const struct collect_kind collect_families[] = {
	{AF_INET, PORTSCOPE_INET, "IPv4"},
	{AF_INET6, PORTSCOPE_INET6, "IPv6"},
};

int collection_begin(struct collection *c)
{
	struct transport *transport = c->sources->transport;

	if (!transport) {
		c->refusal = transport_open_kernel(NETLINK_SOCK_DIAG, &c->kernel);
		if (c->refusal < 0)
			return 0;
		transport = &c->kernel;
	}
	return netlink_init(&c->netlink, transport);
}

void collection_end(struct collection *c)
{
	netlink_done(&c->netlink);
	transport_close(&c->kernel);
}

int collection_warn(struct collection *c, int verdict, const char *what)
{
	if (verdict & PASSES_COMPARE)
		c->compare = true;
	if (verdict & PASSES_DAMAGED)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"the kernel's answer about %s sockets was cut short or damaged", what);
	if (verdict & PASSES_UNSURE)
		return warnings_add(c->warnings, WARNING_INCOMPLETE,
			"%s sockets opened and closed while they were listed: some may be missing "
			"(best-effort snapshot)",
			what);
	return 0;
}

static int64_t nanoseconds_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int stream_add(const struct socket *socket, void *userdata)
{
	struct streaming *s = userdata;
	int r;

	if (socket->present & SOCKET_HAS_COOKIE && recent_cookies_add(&s->recent, socket->cookie)) {
		s->duplicates++;
		return 0;
	}
	s->count++;
	r = s->found(socket, s->userdata);
	if (r < 0)
		s->stopped = r;
	return r;
}

void stream_begin(struct streaming *s)
{
	s->duplicates = s->count = 0;
	s->begin = nanoseconds_now();
}

bool stream_is_unsure(const struct streaming *s)
{
	return s->duplicates || nanoseconds_now() - s->begin >
					STREAM_NANOSECONDS + (int64_t)s->count * SOCKET_NANOSECONDS;
}
