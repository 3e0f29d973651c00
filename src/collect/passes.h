/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From several passes over the kernel's sockets to one list, for sources whose single pass is not
 * exact: they resume by position, so that a socket which stays may be told twice or not at all
 * while its neighbours come and go.
 */
#ifndef PORTSCOPE_COLLECT_PASSES_H
#define PORTSCOPE_COLLECT_PASSES_H

#include "collect/dump.h"

/** Where passes come from. */
struct pass_source {
	/**
	 * Takes one pass: returns enum netlink_outcome or a negative errno; `ret_exact` is set if
	 * this pass cannot have missed a socket.
	 */
	int (*take)(void *userdata, struct sockets *into, bool *ret_exact);
	void *userdata;
	struct netlink *netlink; /**< to look connections up; NULL: there is none */
	/** Whoever asks compares with the holders of sockets: one pass will do if nothing in it
	 *  was told twice. */
	bool compared;
	/** And whatever is asked for has a holder as long as it is there. */
	bool held;
};

/** What can be said of a list; bits. */
enum passes_verdict {
	PASSES_SURE = 0,
	PASSES_UNSURE = 1,  /**< sockets came and went so that some may be missing */
	PASSES_DAMAGED = 2, /**< the last answer was cut short or damaged */
	PASSES_COMPARE = 4, /**< rests on the comparison with what processes hold */
};

/**
 * Takes passes until they settle, five at most, and merges them: by cookie, the last state wins.
 * A socket that the last pass lacks is kept, unless it is a connection that an exact look-up does
 * not find any more; one that could not be looked up has SOCKET_EARLIER. Appends to `ret` and
 * returns enum passes_verdict, or a negative errno.
 */
int passes_take(const struct pass_source *source, struct sockets *ret);

#endif
