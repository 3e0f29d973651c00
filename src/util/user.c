/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One entry of the user database, however long it is. */
#include "util/user.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/** Nobody's entry is larger; a name service that says so is broken. */
#define ENTRY_MAX (1 << 20)

/* The C library opens /etc/passwd and waits: where it is a pipe, that takes for ever. */
static int check_file(void)
{
	struct stat st;

	if (stat("/etc/passwd", &st) < 0)
		return 0;
	return S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) ? 0 : -ESPIPE;
}

const char *user_error(int error)
{
	return error == -ESPIPE ? "/etc/passwd is not a regular file" : strerror(-error);
}

/* Which errno says that there is none depends on the service (getpwnam(3)). */
static bool is_nobody(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* The entry of `name`, or where that is NULL of `uid`; its texts stand in `*ret_space`. */
static int read_entry(const char *name, uint32_t uid, struct passwd *ret, char **ret_space)
{
	struct passwd *found = NULL;
	int error = check_file();

	if (error < 0)
		return error;
	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		AUTO_FREE char *space = malloc(size);

		if (!space)
			return -ENOMEM;
		errno = 0;
		error = name ? getpwnam_r(name, ret, space, size, &found)
			     : getpwuid_r(uid, ret, space, size, &found);
		if (error == ERANGE)
			continue;
		if (!found)
			return is_nobody(error) ? -ENOENT : -error;
		*ret_space = STEAL(space);
		return 0;
	}
	return -ERANGE;
}

int user_name(uint32_t uid, bool numeric, char **ret)
{
	AUTO_FREE char *space = NULL;
	struct passwd entry;
	int r = numeric ? -ENOENT : read_entry(NULL, uid, &entry, &space);
	char *name;

	if (r < 0 && r != -ENOENT)
		return r;
	if (r >= 0)
		name = strdup(entry.pw_name);
	else if (asprintf(&name, "%" PRIu32, uid) < 0)
		name = NULL;
	if (!name)
		return -ENOMEM;
	*ret = name;
	return 0;
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
