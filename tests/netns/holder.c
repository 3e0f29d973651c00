/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds sockets, for the test of the audit: a copy of it under the name of a daemon is that daemon
 * as far as an executable tells.
 *
 * usage: holder UID (tcp|udp),ADDRESS,PORT ...
 *
 * It binds everything, becomes the user, says "ready" and waits for the end of its input.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void hold(const char *what)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	char kind[4], address[32];
	unsigned port;
	int one = 1, fd;

	if (sscanf(what, "%3[a-z],%31[0-9.],%u", kind, address, &port) != 3 ||
		inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(1, "what is %s?", what);
	to.sin_port = htons(port);
	fd = socket(AF_INET, strcmp(kind, "tcp") ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", what);
	if (!strcmp(kind, "tcp") && listen(fd, 64) < 0)
		err(1, "%s", what);
}

int main(int argc, char **argv)
{
	uid_t user = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	char byte;

	for (int i = 2; i < argc; i++)
		hold(argv[i]);
	if (user && (setgid(user) < 0 || setuid(user) < 0))
		err(1, "setuid");
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
