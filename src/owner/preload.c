/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LD_PRELOAD as it was when the program was started stands in /proc/PID/environ, and anybody may
 * have changed what stands there since: so a library counts only where the process has it mapped.
 * Libraries of the system, an allocator for instance, are nothing to speak of.
 */
#include "owner/preload.h"

#include <string.h>

#include "util/file.h"

/** The most of an environment and of a map that is read. */
#define ENVIRON_MAX (256 << 10)
#define MAPS_MAX    (16 << 20)

void preload_done(struct preload *preload)
{
	free(preload->host);
}

static bool is_systems(const char *path)
{
	static const char *const folders[] = {"/lib", "/usr/lib", "/usr/local/lib", "/usr/libexec/",
		"/nix/store/", "/gnu/store/", "/snap/"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	return false;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The path of a mapped library with this file name, outside of the system's folders: a link may
 * lead to it, so that its path need not be the one that was asked for. `maps` is taken apart.
 */
static const char *find_mapped(char *maps, const char *library)
{
	char *rest;

	for (char *line = strtok_r(maps, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *path = strchr(line, '/');

		if (path && !is_systems(path) && !strcmp(file_name(path), file_name(library)))
			return path;
	}
	return NULL;
}

/* One library that was asked for. */
static int look_for(int dir, const char *library, char **ret)
{
	AUTO_FREE char *maps = NULL;
	const char *path;
	int r;

	if (is_systems(library) || !*file_name(library))
		return 0;
	r = file_read(dir, "maps", MAPS_MAX, &maps, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	path = find_mapped(maps, library);
	if (!path)
		return 0;
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

/* Those of a list that is separated by blanks or colons (ld.so(8)); it is taken apart. */
static int look_for_all(int dir, char *list, char **ret)
{
	char *rest;
	int r = 0;

	for (char *name = strtok_r(list, " :\t\n", &rest); name && r == 0 && !*ret;
		name = strtok_r(NULL, " :\t\n", &rest))
		if (strchr(name, '/'))
			r = look_for(dir, name, ret);
	return r;
}

static int look_at_host(struct preload *preload, int dir, char **ret)
{
	AUTO_FREE char *list = NULL;

	if (!preload->read)
		file_read(-1, "/etc/ld.so.preload", 65536, &preload->host, NULL);
	preload->read = true;
	if (!preload->host)
		return 0;
	list = strdup(preload->host);
	return list ? look_for_all(dir, list, ret) : -ENOMEM;
}

int preload_find(struct preload *preload, int dir, char **ret)
{
	static const char name[] = "LD_PRELOAD=";
	AUTO_FREE char *contents = NULL;
	size_t length;
	int r;

	*ret = NULL;
	r = file_read(dir, "environ", ENVIRON_MAX, &contents, &length);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = 0;
	for (size_t at = 0; at < length && r == 0 && !*ret;) {
		size_t n = strlen(contents + at);

		if (!strncmp(contents + at, name, sizeof(name) - 1))
			r = look_for_all(dir, contents + at + sizeof(name) - 1, ret);
		at += n + 1;
	}
	return r < 0 || *ret ? r : look_at_host(preload, dir, ret);
}
