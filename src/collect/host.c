/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ephemeral ports, users and the identity of the host. */
#include "collect/host.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/file.h"

/* Marks "8080,9000-9010" in a bitmap of all ports. */
static int parse_reserved(const char *text, uint8_t **ret)
{
	AUTO_FREE uint8_t *map = NULL;
	unsigned low, high;
	int n;

	for (; sscanf(text, " %u%n", &low, &n) == 1; text += *text == ',') {
		text += n;
		high = low;
		if (sscanf(text, "-%u%n", &high, &n) == 1)
			text += n;
		if (!map)
			map = calloc(1, 65536 / 8);
		if (!map)
			return -ENOMEM;
		for (unsigned port = low; port <= MIN(high, 65535u); port++)
			map[port / 8] |= 1u << port % 8;
	}
	*ret = STEAL(map);
	return 0;
}

int collect_ephemeral(int proc_fd, struct ephemeral_ports *ret)
{
	AUTO_FREE char *range = NULL;
	AUTO_FREE char *reserved = NULL;
	unsigned low, high;
	int r = file_read_line(proc_fd, "sys/net/ipv4/ip_local_port_range", &range);

	if (r < 0)
		return r;
	if (sscanf(range, "%u %u", &low, &high) != 2 || low > high || high > 65535)
		return -EBADMSG;
	ret->low = low;
	ret->high = high;
	/* The list may be long: 65,536 ports with commas. */
	r = file_read(proc_fd, "sys/net/ipv4/ip_local_reserved_ports", 1 << 20, &reserved, NULL);
	return r < 0 ? r : parse_reserved(reserved, &ret->reserved);
}

int collect_unprivileged_start(int proc_fd, uint16_t *ret)
{
	AUTO_FREE char *text = NULL;
	unsigned start;
	int r = file_read_line(proc_fd, "sys/net/ipv4/ip_unprivileged_port_start", &text);

	if (r < 0)
		return r;
	if (sscanf(text, "%u", &start) != 1 || start > 65535)
		return -EBADMSG;
	*ret = start;
	return 0;
}

void ephemeral_done(struct ephemeral_ports *ports)
{
	free(ports->reserved);
	*ports = (struct ephemeral_ports){0};
}

static char *name_of(uint32_t uid, bool numeric)
{
	struct passwd entry, *found = NULL;
	char buffer[4096], *name;

	if (!numeric && getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		return strdup(found->pw_name);
	return asprintf(&name, "%u", uid) < 0 ? NULL : name;
}

/* Keeps the table sorted; there are few users. */
static int add_user(struct users *users, uint32_t uid, bool numeric)
{
	size_t at = users->count;

	for (size_t i = 0; i < users->count; i++)
		if (users->items[i].uid == uid)
			return 0;
	if (!ARRAY_ADD(users->items, users->count))
		return -ENOMEM;
	for (; at && users->items[at - 1].uid > uid; at--)
		users->items[at] = users->items[at - 1];
	users->items[at] = (struct user){.uid = uid, .name = name_of(uid, numeric)};
	return users->items[at].name ? 0 : -ENOMEM;
}

int collect_users(const struct sockets *sockets, bool numeric, struct users *ret)
{
	struct users users = {0};
	uint32_t last = UINT32_MAX;
	int r = 0;

	for (size_t i = 0; i < sockets->count && r >= 0; i++) {
		const struct socket *s = &sockets->items[i];

		if (!(s->present & SOCKET_HAS_UID) || s->uid == last)
			continue;
		r = add_user(&users, s->uid, numeric);
		last = s->uid;
	}
	if (r < 0) {
		users_done(&users);
		return r;
	}
	*ret = users;
	return 0;
}

void users_done(struct users *users)
{
	for (size_t i = 0; i < users->count; i++)
		free(users->items[i].name);
	free(users->items);
	*users = (struct users){0};
}

uint32_t collect_netns(int proc_fd)
{
	char link[64];
	ssize_t n = readlinkat(proc_fd, "self/ns/net", link, sizeof(link) - 1);
	unsigned inode;

	if (n <= 0)
		return 0;
	link[n] = 0;
	return sscanf(link, "net:[%u]", &inode) == 1 ? inode : 0;
}

/* One line of a file, or NULL where it cannot be read. */
static char *line_of(int dirfd, const char *path)
{
	char *line;

	return dirfd < 0 || file_read_line(dirfd, path, &line) < 0 ? NULL : line;
}

int collect_identity(const struct sources *sources, struct portscope_host *ret)
{
	ret->name = line_of(sources->proc_fd, "sys/kernel/hostname");
	ret->kernel = line_of(sources->proc_fd, "sys/kernel/osrelease");
	ret->boot_id = line_of(sources->proc_fd, "sys/kernel/random/boot_id");
	ret->machine_id = line_of(sources->etc_fd, "machine-id");
	return 0;
}

void identity_done(struct portscope_host *host)
{
	free((char *)host->name);
	free((char *)host->kernel);
	free((char *)host->boot_id);
	free((char *)host->machine_id);
	*host = (struct portscope_host){0};
}
