/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no lister of sockets can go below: receives the same dumps as portscope does and counts the
 * messages, nothing else. `floor` asks for every state of TCP and UDP over IPv4 and IPv6, `floor
 * -l` for what listens. Writes the number of sockets.
 */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/** States as the kernel numbers them; 13 is bound-inactive. */
enum { LISTENING = 1 << 10, UNCONNECTED = 1 << 7, ALL = 0x3fff };

/** More than the kernel ever puts into a datagram of a dump. */
static char buffer[65536] __attribute__((aligned(8)));

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

/** Counts one dump; -1 if it failed. */
static long dump(int fd, unsigned protocol, unsigned family, unsigned states)
{
	struct request request = {
		.header = {.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = family,
			.sdiag_protocol = protocol,
			.idiag_states = states},
	};
	long count = 0;

	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		return -1;
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *h = (const struct nlmsghdr *)buffer;

		if (n <= 0)
			return -1;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR)
				return -1;
			if (h->nlmsg_type == NLMSG_DONE)
				return *(const int *)NLMSG_DATA(h) < 0 ? -1 : count;
			count++;
		}
	}
}

int main(int argc, char **argv)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	static const int families[] = {AF_INET, AF_INET6};
	int listening = argc > 1 && !strcmp(argv[1], "-l");
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	long total = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return 1;
	for (int i = 0; i < 2; i++) {
		long tcp = dump(fd, IPPROTO_TCP, families[i], listening ? LISTENING : ALL);
		long udp = dump(fd, IPPROTO_UDP, families[i], listening ? UNCONNECTED : ALL);

		if (tcp < 0 || udp < 0)
			return 1;
		total += tcp + udp;
	}
	printf("%ld\n", total);
	return 0;
}
