/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of the user database, however long it is. */
#include "util/user.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/** Nobody's entry is larger; a name service that says so is broken. */
#define ENTRY_MAX (1 << 20)

/* The entry of `name`, or where that is NULL of `uid`; its texts stand in `*ret_space`. */
static int read_entry(const char *name, uint32_t uid, struct passwd *ret, char **ret_space)
{
	struct passwd *found = NULL;

	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		AUTO_FREE char *space = malloc(size);
		int error;

		if (!space)
			return -ENOMEM;
		error = name ? getpwnam_r(name, ret, space, size, &found)
			     : getpwuid_r(uid, ret, space, size, &found);
		if (error == ERANGE)
			continue;
		/* Which errno says that there is none depends on the service (getpwnam(3)). */
		if (error == ENOMEM)
			return -ENOMEM;
		if (error || !found)
			return -ENOENT;
		*ret_space = STEAL(space);
		return 0;
	}
	return -ENOENT;
}

char *user_name(uint32_t uid, bool numeric)
{
	AUTO_FREE char *space = NULL;
	struct passwd entry;
	char *name;

	if (!numeric && read_entry(NULL, uid, &entry, &space) >= 0)
		return strdup(entry.pw_name);
	return asprintf(&name, "%" PRIu32, uid) < 0 ? NULL : name;
}

int user_find(const char *name, uint32_t *ret_uid)
{
	AUTO_FREE char *space = NULL;
	struct passwd entry;
	int r = read_entry(name, 0, &entry, &space);

	if (r >= 0)
		*ret_uid = entry.pw_uid;
	return r;
}

int user_home(uint32_t uid, char **ret)
{
	AUTO_FREE char *space = NULL;
	struct passwd entry;
	int r = read_entry(NULL, uid, &entry, &space);
	char *home;

	if (r < 0)
		return r;
	if (entry.pw_dir[0] != '/')
		return -ENOENT;
	home = strdup(entry.pw_dir);
	if (!home)
		return -ENOMEM;
	*ret = home;
	return 0;
}
