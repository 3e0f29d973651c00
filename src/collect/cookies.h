/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sockets were seen already, by cookie. A dump resumes by position in a hash bucket, so a
 * socket may be told twice when the bucket changes meanwhile.
 */
#ifndef PORTSCOPE_COLLECT_COOKIES_H
#define PORTSCOPE_COLLECT_COOKIES_H

#include <sys/types.h>

#include "model/socket.h"
#include "util/radix.h"

/** The cookies of a list of sockets, in order; a list without doubles. */
struct cookie_index {
	struct keyed *items; /**< key: the cookie; position: in the list */
	size_t count;
};

/**
 * Makes the index of `sockets` and removes doubles from them: the state told last stays, in the
 * place of the first. `ret_doubles` is how many were removed. -ENOMEM at worst.
 */
int cookie_index_make(struct sockets *sockets, struct cookie_index *ret, size_t *ret_doubles);
/** Position of the socket with `cookie`, or -ENOENT. */
ssize_t cookie_index_find(const struct cookie_index *index, uint64_t cookie);
void cookie_index_done(struct cookie_index *index);

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
