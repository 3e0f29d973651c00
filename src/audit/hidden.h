/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports that are taken though nothing shows who has them. */
#ifndef PORTSCOPE_AUDIT_HIDDEN_H
#define PORTSCOPE_AUDIT_HIDDEN_H

#include "collect/collect.h"

/** The ports of one protocol, a bit each. */
struct port_set {
	uint8_t bits[65536 / 8];
};

/** What is asked of the kernel; a test gives its own answers. */
struct hidden_view {
	/** Fills in the local ports of all sockets of a protocol, whatever their family and state.
	 */
	int (*list)(void *userdata, unsigned protocol, struct port_set *ret);
	/** Binds a port of all addresses for a moment; the errno of bind(2), negative. */
	int (*bind)(void *userdata, unsigned protocol, uint16_t port);
	/** Whether a listing shows a TCP socket that is bound and nothing more. */
	int (*shows_bound)(void *userdata);
	void *userdata;
};

/** What was found, and what could not be looked at. */
struct hidden_report {
	struct sockets sockets; /**< invented: of each port that is hidden one */
	size_t denied;          /**< ports that this user may not bind */
	bool tcp_skipped;       /**< this kernel does not show sockets that are only bound */
};

/**
 * Finds the ports that bind(2) calls taken twice, while every listing in between and afterwards
 * shows no socket that has them.
 */
int hidden_find(const struct hidden_view *view, struct hidden_report *ret);

/** The same on this system. */
int hidden_find_here(const struct sources *sources, enum portscope_collector collector,
	struct warnings *warnings, struct hidden_report *ret);

#endif
