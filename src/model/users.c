/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users of one answer. A look-up may ask a server: nobody is looked up twice. */
#include "model/users.h"

#include "util/array.h"
#include "util/user.h"

static uint32_t hash_user(const void *items, size_t position)
{
	return table_hash(((const struct user *)items)[position].uid);
}

static const struct user *find(const struct users *users, uint32_t uid)
{
	uint32_t at = table_hash(uid), position;

	while ((position = table_next(&users->by_uid, &at)) != TABLE_END)
		if (users->items[position].uid == uid)
			return &users->items[position];
	return NULL;
}

int users_add(struct users *users, uint32_t uid, const char **ret_name)
{
	const struct user *known = find(users, uid);
	AUTO_FREE char *name = NULL;
	struct user *added;
	int r;

	if (known) {
		*ret_name = known->name;
		return 0;
	}
	r = user_name(uid, users->numeric, &name);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		users->failed++;
		users->failure = r;
	}
	r = table_grow(&users->by_uid, users->count, hash_user, users->items);
	if (r < 0)
		return r;
	added = ARRAY_ADD(users->items, users->count);
	if (!added)
		return -ENOMEM;
	*added = (struct user){.uid = uid, .name = STEAL(name)};
	table_add(&users->by_uid, table_hash(uid), (uint32_t)users->count - 1);
	*ret_name = added->name;
	return 0;
}

const char *users_name(const struct users *users, uint32_t uid)
{
	const struct user *user = find(users, uid);

	return user ? user->name : NULL;
}

int users_warn(const struct users *users, struct warnings *warnings)
{
	if (!users->failed)
		return 0;
	return warnings_add(warnings, WARNING_INCOMPLETE,
		"the names of %zu user%s could not be looked up: %s", users->failed,
		users->failed == 1 ? "" : "s", user_error(users->failure));
}

void users_done(struct users *users)
{
	for (size_t i = 0; i < users->count; i++)
		free(users->items[i].name);
	free(users->items);
	table_done(&users->by_uid);
	*users = (struct users){0};
}
