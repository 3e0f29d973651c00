/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sockets were seen already, by cookie. A dump resumes by position in a hash bucket, so a
 * socket may be told twice when the bucket changes meanwhile.
 */
#ifndef PORTSCOPE_COLLECT_COOKIES_H
#define PORTSCOPE_COLLECT_COOKIES_H

#include "model/socket.h"
#include "util/macros.h"

/** All cookies of a list of sockets: a hash of positions in the list. */
struct cookie_set {
	uint32_t *slots; /**< position + 1; 0: free */
	size_t size;     /**< a power of two, or 0 */
	size_t count;
};

/** Position of the socket with `cookie` in `items`, or -ENOENT. */
ssize_t cookie_set_find(const struct cookie_set *set, const struct socket *items, uint64_t cookie);
/** Adds the socket at `position` of `items`, whose cookie must be new; -ENOMEM at worst. */
int cookie_set_add(struct cookie_set *set, const struct socket *items, size_t position);
void cookie_set_done(struct cookie_set *set);

#define RECENT_COOKIES 4096

/** The last few thousand cookies: two generations, the older one forgotten when the younger is
 *  full. Duplicates come from the bucket in which a dump resumed, so that is far enough back. */
struct recent_cookies {
	uint64_t slots[2][2 * RECENT_COOKIES];
	unsigned young;
	size_t count; /**< in the younger generation */
};

/** True if `cookie` was among the recent ones; it is now. */
bool recent_cookies_add(struct recent_cookies *recent, uint64_t cookie);

#endif
