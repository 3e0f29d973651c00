/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The least that a listing with owners can cost here: receives the dump of all sockets of this
 * network namespace and reads the owner iterator, and only counts. `-l` asks for what listens.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "owner/scan.h"
#include "portscope.h"

#include <netinet/in.h>

static size_t count_dump(int fd, int family, int protocol, uint32_t states)
{
	static char buffer[65536] __attribute__((aligned(16)));
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = (uint8_t)family,
			.sdiag_protocol = (uint8_t)protocol,
			.idiag_states = states},
	};
	size_t count = 0;

	if (send(fd, &message, sizeof(message), 0) < 0)
		return 0;
	for (;;) {
		ssize_t length = recv(fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *header = (const void *)buffer;

		if (length <= 0)
			return count;
		for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
			if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
				return count;
			count++;
		}
	}
}

static int count_record(const struct owner_record *record, void *userdata)
{
	++*(size_t *)userdata;
	return 0;
}

int main(int argc, char **argv)
{
	bool listening = argc > 1 && !strcmp(argv[1], "-l");
	uint32_t tcp = listening ? 1u << PORTSCOPE_LISTEN : UINT32_MAX;
	uint32_t udp = listening ? 1u << PORTSCOPE_UNCONNECTED : UINT32_MAX;
	size_t sockets = 0, descriptors = 0;
	struct owner_scan scan = {.proc_fd = -1, .found = count_record, .userdata = &descriptors};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0) {
		perror("socket");
		return 1;
	}
	sockets += count_dump(fd, AF_INET, IPPROTO_TCP, tcp);
	sockets += count_dump(fd, AF_INET6, IPPROTO_TCP, tcp);
	sockets += count_dump(fd, AF_INET, IPPROTO_UDP, udp);
	sockets += count_dump(fd, AF_INET6, IPPROTO_UDP, udp);
	close(fd);
	if (owner_bpf_scan(&scan) < 0) {
		fprintf(stderr, "owner-floor: %s\n", scan.reason);
		return 1;
	}
	printf("%zu sockets, %zu descriptors\n", sockets, descriptors);
	return 0;
}
