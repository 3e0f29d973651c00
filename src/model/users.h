/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users of one answer: each is looked up once, whatever of it is that user's. */
#ifndef PORTSCOPE_MODEL_USERS_H
#define PORTSCOPE_MODEL_USERS_H

#include "model/warnings.h"
#include "util/table.h"

struct user {
	uint32_t uid;
	char *name; /**< its number as text where it has none; NULL: it could not be looked up */
};

struct users {
	struct user *items;
	size_t count;
	struct table by_uid;
	bool numeric;  /**< no name is looked up */
	size_t failed; /**< those that could not be looked up, */
	int failure;   /**< and the last reason */
};

/** Looks a user up, unless it is known; `ret_name` is as in struct user and stays. -ENOMEM. */
int users_add(struct users *users, uint32_t uid, const char **ret_name);

/** The name of a user that was added, or NULL. */
const char *users_name(const struct users *users, uint32_t uid);

/** Warns of those that could not be looked up. */
int users_warn(const struct users *users, struct warnings *warnings);

/** Frees what `users` holds, not `users` itself. */
void users_done(struct users *users);

#endif
