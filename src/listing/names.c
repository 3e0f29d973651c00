/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public filter, and where the names in it are looked up. Parsing and judging are the filter's
 * own (src/filter).
 */
#include "listing/names.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <portscope.h>

#include "annotate/service.h"
#include "collect/cgroup.h"
#include "collect/interfaces.h"
#include "registry/registry.h"
#include "util/capability.h"
#include "util/file.h"
#include "util/user.h"

struct portscope_filter {
	char *text;
	struct filter *parsed;
};

/* This site's names of services; NULL: none. */
static const struct service_names *site_names(struct filter_lookup *lookup)
{
	struct warnings warnings = {0};

	if (!lookup->loaded) {
		AUTO_CLOSE int etc_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* The listing says what is wrong with the files; here they only lend names. */
		if (etc_fd >= 0)
			service_names_load(etc_fd, &warnings, &lookup->services);
		warnings_done(&warnings);
		lookup->loaded = true;
	}
	return lookup->services;
}

/* A word that people use (dns), where it stands for its ports without further words. */
static size_t find_everyday(const char *name, struct filter_service *ret, size_t max)
{
	struct registry_everyday row;
	size_t found = 0;

	for (size_t i = 0; registry_next_everyday_of(name, &i, &row);) {
		if (row.note)
			continue;
		if (found < max)
			ret[found] = (struct filter_service){row.protocol, row.port};
		found++;
	}
	return found;
}

static size_t find_service(void *userdata, const char *name, struct filter_service *ret, size_t max)
{
	AUTO_FREE struct service_port *ports = NULL;
	size_t n = 0, found = 0;

	if (service_ports(site_names(userdata), name, PORTSCOPE_TCP | PORTSCOPE_UDP, &ports, &n) <
		0)
		return find_everyday(name, ret, max);
	for (size_t i = 0; i < n; i++)
		for (unsigned port = ports[i].low; port <= ports[i].high; port++, found++)
			if (found < max)
				ret[found] = (struct filter_service){ports[i].protocol, port};
	return found;
}

static const char *find_similar_service(void *userdata, const char *name)
{
	const char *near;

	return service_similar(site_names(userdata), name, &near, 1) ? near : NULL;
}

static size_t find_host(void *userdata, const char *name, struct filter_address *ret, size_t max)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all;
	size_t n = 0;

	if (getaddrinfo(name, NULL, &hints, &all))
		return 0;
	for (struct addrinfo *a = all; a; a = a->ai_next) {
		struct filter_address address = {.family = a->ai_family};

		if (a->ai_family == AF_INET)
			memcpy(address.bytes, &((struct sockaddr_in *)a->ai_addr)->sin_addr, 4);
		else if (a->ai_family == AF_INET6)
			memcpy(address.bytes, &((struct sockaddr_in6 *)a->ai_addr)->sin6_addr, 16);
		else
			continue;
		if (n < max)
			ret[n] = address;
		n++;
	}
	freeaddrinfo(all);
	return n;
}

static int find_interface(void *userdata, const char *name, uint32_t *ret_index)
{
	int r = collect_interface_index(name, ret_index);

	/* -EINVAL is what a filter that is wrong ends with. */
	return r == -EINVAL ? -EIO : r;
}

/* The id of a cgroup is the inode of its directory, here below a mount of the hierarchy. */
static int find_cgroup_below_mounts(const char *path, uint64_t *ret_id)
{
	AUTO_FREE char *text = NULL;
	struct cgroup_mount mounts[8];
	size_t n;
	int r = file_read(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text, NULL);

	if (r < 0)
		return r;
	n = cgroup_mounts_parse(text, mounts, ARRAY_SIZE(mounts));
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *full = NULL;
		struct stat status;

		if (asprintf(&full, "%s/%s", mounts[i].point, path) < 0) {
			full = NULL;
			return -ENOMEM;
		}
		if (stat(full, &status) == 0) {
			*ret_id = status.st_ino;
			return 0;
		}
	}
	return -ENOENT;
}

/* As ss has it a path of the file system; or one of the hierarchy, as the column shows it. */
static int find_cgroup(void *userdata, const char *path, uint64_t *ret_id)
{
	struct stat status;

	if (find_cgroup_below_mounts(path, ret_id) == 0)
		return 0;
	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	*ret_id = status.st_ino;
	return 0;
}

static int find_user(void *userdata, const char *name, uint32_t *ret_uid)
{
	return user_find(name, ret_uid);
}

void filter_lookup_init(struct filter_lookup *lookup)
{
	*lookup = (struct filter_lookup){
		.names =
			{
				.service = find_service,
				.similar_service = find_similar_service,
				.host = find_host,
				.interface = find_interface,
				.cgroup = find_cgroup,
				.user = find_user,
				.userdata = lookup,
			},
	};
}

void filter_lookup_done(struct filter_lookup *lookup)
{
	service_names_free(lookup->services);
}

/* The error as lines of text that the caller frees. */
static char *error_text(const struct filter_error *error, const char *text)
{
	AUTO_OUT struct out out = OUT_MEMORY;

	filter_error_write(error, text, &out);
	return out_string(&out) ? STEAL(out.buffer) : NULL;
}

int portscope_filter_parse(const char *text, struct portscope_filter **ret, char **ret_error)
{
	struct filter_lookup lookup;
	struct portscope_filter *filter = calloc(1, sizeof(*filter));
	struct filter_error error;
	int r;

	if (!filter)
		return -ENOMEM;
	filter->text = strdup(text);
	filter_lookup_init(&lookup);
	lookup.names.findings = true;
	r = filter->text ? filter_parse(text, &lookup.names, &filter->parsed, &error) : -ENOMEM;
	filter_lookup_done(&lookup);
	if (r >= 0) {
		*ret = filter;
		return 0;
	}
	if (r == -EINVAL) {
		char *wrong = error_text(&error, text);

		if (wrong)
			*ret_error = wrong;
		else
			r = -ENOMEM;
	}
	portscope_filter_free(filter);
	return r;
}

struct portscope_filter *portscope_filter_free(struct portscope_filter *filter)
{
	if (!filter)
		return NULL;
	filter_free(filter->parsed);
	free(filter->text);
	free(filter);
	return NULL;
}

struct filter *portscope_filter_parsed(const struct portscope_filter *filter)
{
	return filter->parsed;
}

const char *portscope_filter_text(const struct portscope_filter *filter)
{
	return filter->text;
}

bool portscope_filter_is_lone(const struct portscope_filter *filter)
{
	return filter_is_lone(filter->parsed);
}

bool portscope_filter_is_word(const char *word)
{
	return filter_is_word(word);
}

bool portscope_filter_asks_holder(const struct portscope_filter *filter)
{
	return filter_asks_holder(filter->parsed);
}

bool portscope_filter_is_one_port(const struct portscope_filter *filter)
{
	return filter_is_one_port(filter->parsed);
}

void portscope_filter_turn_to_peer(struct portscope_filter *filter)
{
	filter_turn_to_peer(filter->parsed);
}

uint32_t portscope_filter_states(const struct portscope_filter *filter, uint32_t states)
{
	return filter_states(filter->parsed, states);
}

/* A mark is visible only to those who may administrate the network. */
unsigned filter_compile_flags(void)
{
	return capability_effective() >> CAP_NET_ADMIN & 1 ? FILTER_MAY_MARK : 0;
}

int portscope_filter_explain(
	const struct portscope_filter *filter, uint32_t states, char **ret_text)
{
	AUTO_OUT struct out out = OUT_MEMORY;

	filter_explain(filter->parsed, filter_compile_flags(), states, &out);
	if (!out_string(&out))
		return out.error;
	*ret_text = STEAL(out.buffer);
	return 0;
}

bool portscope_filter_is_of_findings(const struct portscope_filter *filter)
{
	return filter_is_of_findings(filter->parsed);
}
