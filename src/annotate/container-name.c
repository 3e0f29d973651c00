/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where runtimes keep the names of their containers:
 *
 * - Docker: DATA-ROOT/containers/ID/config.v2.json, "Name": "/web". DATA-ROOT is /var/lib/docker,
 *   another where the package or /etc/docker/daemon.json says so.
 * - Podman and CRI-O: STORAGE/overlay-containers/containers.json of containers-storage.conf(5), and
 *   volatile-containers.json for those that go when they end: [{"id": ..., "names": ["web"]}].
 *   The kubelet's containers have names of the form k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT.
 * - containerd: /run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json, the OCI
 *   bundle, with the name among its annotations.
 *
 * All of it is root's. The state of a user's own containers lies in the user's home, which may be
 * on a file system that hangs, or one made to hang whoever enters: it is read only for that user.
 */
#include "annotate/container-name.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "util/file.h"
#include "util/macros.h"
#include "util/user.h"

/** A store of a thousand containers has about 2 MiB. */
enum { STATE_LIMIT = 64 << 20 };

DEFINE_CLEANUP(json_t *, json_decref)
#define AUTO_JSON CLEANUP(json_decref_cleanup)

/** Stores of containers-storage: where they are below the root. */
static const char *const stores[] = {
	"var/lib/containers/storage/overlay-containers/containers.json",
	"var/lib/containers/storage/overlay-containers/volatile-containers.json",
	"run/containers/storage/overlay-containers/volatile-containers.json",
};

/** The same below a home. */
static const char *const home_stores[] = {
	".local/share/containers/storage/overlay-containers/containers.json",
	".local/share/containers/storage/overlay-containers/volatile-containers.json",
};

/** Where Docker keeps its data by default. */
static const char *const docker_roots[] = {
	"var/lib/docker", "var/snap/docker/common/var-lib-docker"};

struct container_names {
	int root_fd;
	struct warnings *warnings;
	json_t *stores[ARRAY_SIZE(stores)]; /**< NULL: not read yet; JSON's null: unreadable */
	json_t *home_stores[ARRAY_SIZE(home_stores)];
	json_t *docker; /**< /etc/docker/daemon.json, likewise */
	char *home;     /**< of this user; NULL: not looked up */
};

int container_names_open(int root_fd, struct warnings *warnings, struct container_names **ret)
{
	struct container_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->root_fd = root_fd;
	names->warnings = warnings;
	*ret = names;
	return 0;
}

struct container_names *container_names_close(struct container_names *names)
{
	if (!names)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++)
		json_decref(names->stores[i]);
	for (size_t i = 0; i < ARRAY_SIZE(home_stores); i++)
		json_decref(names->home_stores[i]);
	json_decref(names->docker);
	free(names->home);
	free(names);
	return NULL;
}

/** Reads a document. What is not there or is not JSON comes out as JSON's null. */
static int state_read(const struct container_names *names, const char *path, json_t **ret)
{
	AUTO_FREE char *text = NULL;
	size_t length;
	json_t *json = NULL;
	int r = file_read(names->root_fd, path, STATE_LIMIT, &text, &length);

	if (r == -ENOMEM)
		return r;
	if (!r)
		json = json_loadb(text, length, JSON_ALLOW_NUL, NULL);
	if (r == -EACCES || r == -EPERM)
		r = warnings_add(names->warnings, WARNING_DETAIL,
			"the names of containers are not readable by this user");
	else if (r < 0 ? r != -ENOENT && r != -ENOTDIR : !json)
		r = warnings_add(names->warnings, WARNING_INCOMPLETE,
			"cannot read the names of containers in /%s", path);
	else
		r = 0;
	if (r < 0) {
		json_decref(json);
		return r;
	}
	*ret = json ?: json_null();
	return 0;
}

/** 1, or 0 for an empty name, which is none. */
static int name_set(struct unit_parts *parts, const char *name, size_t length)
{
	if (!length)
		return 0;
	parts->name = strndup(name, length);
	return parts->name ? 1 : -ENOMEM;
}

/** This user's home, if the container belongs to a manager of this user. */
static int home_get(struct container_names *names, const struct unit_parts *parts, const char **ret)
{
	int r = 0;

	*ret = NULL;
	if (!parts->has_uid || parts->uid != geteuid())
		return 0;
	if (!names->home)
		r = user_home(parts->uid, &names->home);
	if (r == -ENOENT || r == -ENOMEM)
		return r == -ENOENT ? 0 : r;
	if (r < 0)
		return warnings_add(names->warnings, WARNING_INCOMPLETE,
			"this user's home could not be looked up, nor the names of containers "
			"there: %s",
			user_error(r));
	*ret = names->home + strspn(names->home, "/");
	return 0;
}

/** Looks into one data root of Docker: 1 if the container is there. */
static int docker_root_get(const struct container_names *names, const char *root, const char *below,
	struct unit_parts *parts)
{
	AUTO_JSON json_t *config = NULL;
	AUTO_FREE char *path = NULL;
	const char *name;
	int r;

	if (asprintf(&path, "%s%s/containers/%s/config.v2.json", root, below, parts->id) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = state_read(names, path, &config);
	if (r < 0)
		return r;
	name = json_string_value(json_object_get(config, "Name"));
	if (!name)
		return 0;
	name += *name == '/';
	return name_set(parts, name, strlen(name));
}

static int docker_get(struct container_names *names, struct unit_parts *parts)
{
	const char *home, *configured;
	int r = names->docker ? 0 : state_read(names, "etc/docker/daemon.json", &names->docker);

	if (!r)
		r = home_get(names, parts, &home);
	if (r < 0)
		return r;
	configured = json_string_value(json_object_get(names->docker, "data-root"));
	if (configured && *configured == '/')
		r = docker_root_get(names, configured + strspn(configured, "/"), "", parts);
	for (size_t i = 0; !r && i < ARRAY_SIZE(docker_roots); i++)
		r = docker_root_get(names, docker_roots[i], "", parts);
	if (!r && home)
		r = docker_root_get(names, home, "/.local/share/docker", parts);
	return r;
}

/** Cuts the container's own name out of one that the kubelet made; others stay whole. */
static void kubelet_name_cut(const char **name, size_t *length)
{
	if (strncmp(*name, "k8s_", 4) != 0)
		return;
	*name += 4;
	*length = strcspn(*name, "_");
}

/** Looks into one list of containers-storage: 1 if the container is there. */
static int store_get(const json_t *store, struct unit_parts *parts)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(store, i, entry)
	{
		const char *id = json_string_value(json_object_get(entry, "id"));
		const char *name =
			json_string_value(json_array_get(json_object_get(entry, "names"), 0));
		size_t length;

		if (!id || !name || strcmp(id, parts->id) != 0)
			continue;
		length = strlen(name);
		if (!strcmp(parts->runtime, "cri-o"))
			kubelet_name_cut(&name, &length);
		return name_set(parts, name, length);
	}
	return 0;
}

static int storage_get(struct container_names *names, struct unit_parts *parts)
{
	const char *home;
	int r = home_get(names, parts, &home);

	for (size_t i = 0; !r && home && i < ARRAY_SIZE(home_stores); i++) {
		AUTO_FREE char *path = NULL;

		if (!names->home_stores[i]) {
			if (asprintf(&path, "%s/%s", home, home_stores[i]) < 0) {
				path = NULL;
				return -ENOMEM;
			}
			r = state_read(names, path, &names->home_stores[i]);
		}
		if (!r)
			r = store_get(names->home_stores[i], parts);
	}
	/* The containers of users are in none of root's lists. */
	for (size_t i = 0; !r && !parts->has_uid && i < ARRAY_SIZE(stores); i++) {
		if (!names->stores[i])
			r = state_read(names, stores[i], &names->stores[i]);
		if (!r)
			r = store_get(names->stores[i], parts);
	}
	return r;
}

/** Looks into the OCI bundle of a container in one namespace of containerd. */
static int bundle_get(const struct container_names *names, const char *tasks, const char *namespace,
	struct unit_parts *parts)
{
	static const char *const keys[] = {"io.kubernetes.cri.container-name", "nerdctl/name"};
	AUTO_JSON json_t *config = NULL;
	AUTO_FREE char *path = NULL;
	int r;

	if (asprintf(&path, "%s/%s/%s/config.json", tasks, namespace, parts->id) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = state_read(names, path, &config);
	for (size_t i = 0; !r && i < ARRAY_SIZE(keys); i++) {
		const json_t *annotations = json_object_get(config, "annotations");
		const char *name = json_string_value(json_object_get(annotations, keys[i]));

		if (name)
			r = name_set(parts, name, strlen(name));
	}
	return r;
}

static int containerd_get(struct container_names *names, struct unit_parts *parts)
{
	static const char *const places[] = {"run/containerd/io.containerd.runtime.v2.task",
		"run/k3s/containerd/io.containerd.runtime.v2.task"};
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(places); i++) {
		AUTO_CLOSE int fd =
			openat(names->root_fd, places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		const struct dirent *entry;

		if (fd < 0 && errno == EACCES)
			r = warnings_add(names->warnings, WARNING_DETAIL,
				"the names of containers are not readable by this user");
		if (!dir)
			continue;
		steal_fd(&fd);
		while (!r && (entry = readdir(dir)))
			if (entry->d_name[0] != '.')
				r = bundle_get(names, places[i], entry->d_name, parts);
		closedir(dir);
	}
	return r;
}

/** Asks the runtimes one after the other whose container it is. */
static int find_runtime(struct container_names *names, struct unit_parts *parts)
{
	static const struct {
		const char *runtime;
		int (*get)(struct container_names *names, struct unit_parts *parts);
	} runtimes[] = {
		{"docker", docker_get}, {"podman", storage_get}, {"containerd", containerd_get}};
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(runtimes); i++) {
		r = runtimes[i].get(names, parts);
		if (r > 0)
			parts->runtime = runtimes[i].runtime;
	}
	return r;
}

int container_names_get(struct container_names *names, struct unit_parts *parts)
{
	int r = 0;

	if (!parts->runtime || parts->name)
		return 0;
	if (!strcmp(parts->runtime, "unknown"))
		r = find_runtime(names, parts);
	else if (!strcmp(parts->runtime, "docker"))
		r = docker_get(names, parts);
	else if (!strcmp(parts->runtime, "podman") || !strcmp(parts->runtime, "cri-o"))
		r = storage_get(names, parts);
	else if (!strcmp(parts->runtime, "containerd"))
		r = containerd_get(names, parts);
	if (!r && parts->pod && !strcmp(parts->runtime, "containerd")) {
		r = docker_get(names, parts);
		if (r > 0)
			parts->runtime = "docker";
	}
	return MIN(r, 0);
}

/** Whether a container has this address in one of its networks. */
static bool has_address(const json_t *config, const char *address)
{
	static const char *const keys[] = {"IPAddress", "GlobalIPv6Address"};
	json_t *networks = json_object_get(json_object_get(config, "NetworkSettings"), "Networks");
	const char *key;
	json_t *network;

	json_object_foreach(networks, key, network)
	{
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			const char *has = json_string_value(json_object_get(network, keys[i]));

			if (has && !strcmp(has, address))
				return true;
		}
	}
	return false;
}

/** Looks at one of Docker's containers: 1 if it has the address. */
static int docker_container_try(const struct container_names *names, const char *containers,
	const char *id, const char *address, struct unit_parts *parts)
{
	AUTO_JSON json_t *config = NULL;
	AUTO_FREE char *path = NULL;
	const char *name;
	int r;

	if (asprintf(&path, "%s/%s/config.v2.json", containers, id) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = state_read(names, path, &config);
	if (r < 0 || !has_address(config, address))
		return r;
	parts->id = strdup(id);
	if (!parts->id)
		return -ENOMEM;
	parts->runtime = "docker";
	name = json_string_value(json_object_get(config, "Name"));
	if (!name)
		return 1;
	name += *name == '/';
	r = name_set(parts, name, strlen(name));
	return r < 0 ? r : 1;
}

static int docker_root_find(const struct container_names *names, const char *root,
	const char *address, struct unit_parts *parts)
{
	AUTO_FREE char *containers = NULL;
	const struct dirent *entry;
	AUTO_CLOSE int fd = -1;
	DIR *dir;
	int r = 0;

	if (asprintf(&containers, "%s/containers", root) < 0) {
		containers = NULL;
		return -ENOMEM;
	}
	fd = openat(names->root_fd, containers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? warnings_add(names->warnings, WARNING_DETAIL,
						 "the names of containers are not readable by "
						 "this user")
				       : 0;
	dir = fdopendir(fd);
	if (!dir)
		return -ENOMEM;
	steal_fd(&fd);
	while (!r && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = docker_container_try(names, containers, entry->d_name, address, parts);
	closedir(dir);
	return r;
}

static int docker_find(struct container_names *names, const char *address, struct unit_parts *parts)
{
	const char *configured;
	int r = 0;

	if (!names->docker)
		r = state_read(names, "etc/docker/daemon.json", &names->docker);
	configured = json_string_value(json_object_get(names->docker, "data-root"));
	if (!r && configured && *configured == '/')
		r = docker_root_find(names, configured + strspn(configured, "/"), address, parts);
	for (size_t i = 0; !r && i < ARRAY_SIZE(docker_roots); i++)
		r = docker_root_find(names, docker_roots[i], address, parts);
	return MIN(r, 0);
}

int container_names_find(
	struct container_names *names, const struct carried *carried, struct unit_parts *parts)
{
	const char *container = carried->container;

	if (!carried->by_id)
		return strcmp(carried->runtime, "docker") ? 0
							  : docker_find(names, container, parts);
	if (strlen(container) != 64 || container[strspn(container, "0123456789abcdef")])
		return 0;
	parts->id = strdup(container);
	parts->runtime = carried->runtime;
	/* Wherever the cgroup of a user's process hangs. */
	if (carried->uid) {
		parts->uid = carried->uid;
		parts->has_uid = true;
	}
	return parts->id ? 0 : -ENOMEM;
}
