/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that takes what the kernel tells of sockets can leave out its own; it seldom thinks of
 * bind(2), which says that the address is in use all the same. Between a bind and a listing a
 * socket may come or go, so that a port counts only if it was taken twice and never shown.
 *
 * Older kernels list no TCP socket that is bound and neither listens nor is connected. There every
 * such socket would seem hidden, so that TCP is left out.
 */
#include "audit/hidden.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "collect/trial.h"

/** How often a port must be found taken and not shown. */
#define ROUNDS 2

static bool has_port(const struct port_set *set, uint16_t port)
{
	return set->bits[port / 8] >> port % 8 & 1;
}

static void add_port(struct port_set *set, uint16_t port)
{
	set->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

/* Takes the ports out of `taken` that a fresh listing shows. */
static int drop_shown(const struct hidden_view *view, unsigned protocol, struct port_set *taken)
{
	struct port_set shown = {0};
	int r = view->list(view->userdata, protocol, &shown);

	for (size_t i = 0; r >= 0 && i < sizeof(taken->bits); i++)
		taken->bits[i] &= (uint8_t)~shown.bits[i];
	return r;
}

/* Takes the ports out of `taken` that can be bound; the number of those that may not be tried. */
static size_t drop_free(const struct hidden_view *view, unsigned protocol, struct port_set *taken)
{
	size_t denied = 0;

	for (unsigned port = 1; port <= UINT16_MAX; port++) {
		int r;

		if (!has_port(taken, (uint16_t)port))
			continue;
		r = view->bind(view->userdata, protocol, (uint16_t)port);
		denied += r == -EACCES || r == -EPERM;
		if (r != -EADDRINUSE)
			taken->bits[port / 8] &= (uint8_t) ~(1u << port % 8);
	}
	return denied;
}

static int add_hidden(struct hidden_report *report, unsigned protocol, const struct port_set *taken)
{
	int r = 0;

	for (unsigned port = 1; port <= UINT16_MAX && r >= 0; port++) {
		struct socket socket = {
			.protocol = protocol == PORTSCOPE_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			.family = AF_INET6,
			.state = protocol == PORTSCOPE_TCP ? PORTSCOPE_LISTEN
							   : PORTSCOPE_UNCONNECTED,
			.local_port = (uint16_t)port,
		};

		if (has_port(taken, (uint16_t)port))
			r = sockets_add(&socket, &report->sockets);
	}
	return r;
}

static int find_in(const struct hidden_view *view, unsigned protocol, struct hidden_report *report)
{
	struct port_set taken;
	int r = 0;

	/* Nothing is known to be free at first. */
	memset(&taken, 0xff, sizeof(taken));
	r = drop_shown(view, protocol, &taken);
	for (int i = 0; i < ROUNDS && r >= 0; i++) {
		size_t denied = drop_free(view, protocol, &taken);

		report->denied += i ? 0 : denied;
		r = drop_shown(view, protocol, &taken);
	}
	return r < 0 ? r : add_hidden(report, protocol, &taken);
}

int hidden_find(const struct hidden_view *view, struct hidden_report *ret)
{
	struct hidden_report report = {0};
	int shows = view->shows_bound(view->userdata), r = MIN(shows, 0);

	report.tcp_skipped = shows == 0;
	if (r >= 0 && !report.tcp_skipped)
		r = find_in(view, PORTSCOPE_TCP, &report);
	if (r >= 0)
		r = find_in(view, PORTSCOPE_UDP, &report);
	if (r < 0)
		sockets_done(&report.sockets);
	else
		*ret = report;
	return r;
}

/** This system. */
struct here {
	const struct sources *sources;
	enum portscope_collector collector;
	struct warnings *warnings;
	struct trial trials[2]; /**< of TCP and of UDP */
};

static int list_here(void *userdata, unsigned protocol, struct port_set *ret)
{
	const struct here *here = userdata;
	struct collect_request request = {0};
	struct collect_report report = {0};
	struct sockets sockets = {0};
	int r;

	collect_request_fill(
		&request, protocol, PORTSCOPE_INET | PORTSCOPE_INET6, PORTSCOPE_STATES_ALL);
	request.collector = here->collector;
	r = collect_all(here->sources, &request, &sockets, &report, here->warnings);
	for (size_t i = 0; r >= 0 && i < sockets.count; i++)
		add_port(ret, sockets.items[i].local_port);
	sockets_done(&sockets);
	return r;
}

static int bind_here(void *userdata, unsigned protocol, uint16_t port)
{
	const struct here *here = userdata;
	int r = trial_bind(&here->trials[protocol == PORTSCOPE_UDP], port);

	return r == TRIAL_BUSY ? -EADDRINUSE : r == TRIAL_REFUSED ? -EACCES : MIN(r, 0);
}

static int shows_bound_here(void *userdata)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	struct port_set shown = {0};
	int r;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	r = list_here(userdata, PORTSCOPE_TCP, &shown);
	return r < 0 ? r : has_port(&shown, ntohs(address.sin_port));
}

int hidden_find_here(const struct sources *sources, enum portscope_collector collector,
	struct warnings *warnings, struct hidden_report *ret)
{
	struct here here = {
		.sources = sources,
		.collector = collector,
		.warnings = warnings,
		.trials = {{.protocols = PORTSCOPE_TCP}, {.protocols = PORTSCOPE_UDP}},
	};
	const struct hidden_view view = {list_here, bind_here, shows_bound_here, &here};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(here.trials) && r >= 0; i++)
		r = trial_prepare(&here.trials[i]);
	return r < 0 ? r : hidden_find(&view, ret);
}
