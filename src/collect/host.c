/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ephemeral ports and the identity of the host. */
#include "collect/host.h"

#include <fcntl.h>
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

int collect_netns(int proc_fd, uint32_t *ret)
{
	char link[64];
	ssize_t n = proc_fd < 0 ? -1 : readlinkat(proc_fd, "self/ns/net", link, sizeof(link) - 1);
	unsigned inode;

	if (n < 0)
		return proc_fd < 0 ? -ENOENT : -errno;
	link[n] = 0;
	if (sscanf(link, "net:[%u]", &inode) != 1)
		return -EBADMSG;
	*ret = inode;
	return 0;
}

/* One that does not exist is a fact that others have to say. */
static int open_folder(const char *path, struct warnings *warnings, int *ret)
{
	*ret = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret >= 0 || errno == ENOENT || !warnings ? 0
							 : warnings_miss(warnings, -errno, path);
}

int sources_open(struct sources *ret, struct warnings *warnings)
{
	int r;

	*ret = (struct sources){.proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	r = open_folder("/proc", warnings, &ret->proc_fd);
	if (r >= 0)
		r = open_folder("/etc", warnings, &ret->etc_fd);
	return r < 0 ? r : open_folder("/", warnings, &ret->root_fd);
}

void sources_close(struct sources *sources)
{
	sources->proc_fd = close_fd(sources->proc_fd);
	sources->etc_fd = close_fd(sources->etc_fd);
	sources->root_fd = close_fd(sources->root_fd);
}

int collect_identity(
	const struct sources *sources, struct portscope_host *ret, const char **ret_what)
{
	const struct {
		int dir;
		const char *path, *what;
		const char **line;
	} files[] = {
		{sources->proc_fd, "sys/kernel/hostname", "the name of the host", &ret->name},
		{sources->proc_fd, "sys/kernel/osrelease", "the release of the kernel",
			&ret->kernel},
		{sources->proc_fd, "sys/kernel/random/boot_id", "the id of the boot",
			&ret->boot_id},
		{sources->etc_fd, "machine-id", "the id of the machine", &ret->machine_id},
	};
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *line;
		int r = files[i].dir < 0 ? -ENOENT
					 : file_read_line(files[i].dir, files[i].path, &line);

		if (r >= 0)
			*files[i].line = line;
		if (r >= 0 || r == -ENOENT || result < 0)
			continue;
		result = r;
		*ret_what = files[i].what;
	}
	return result;
}

void identity_done(struct portscope_host *host)
{
	free((char *)host->public_address);
	free((char *)host->name);
	free((char *)host->kernel);
	free((char *)host->boot_id);
	free((char *)host->machine_id);
	*host = (struct portscope_host){0};
}
