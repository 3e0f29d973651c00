/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that stay beside sockets that come and go, in the network namespace that it is started
 * in:
 *
 *     churn LISTENERS CONNECTIONS MEMBERS
 *
 * makes LISTENERS listening TCP sockets on ports of their own, both ends of CONNECTIONS
 * connections, and one REUSEPORT group of MEMBERS for each of TCP and UDP. All of these stay, and
 * each is written to stdout: `listener|connection|group|datagram COOKIE PORT PEER`, with the cookie
 * in hexadecimal. Then `ready`. Beside them four processes open and close connections, listeners,
 * and other members of both groups, in bursts that leave the machine some time for others, until
 * stdin is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HUB_PORT = 8000,   /**< of the connections that stay */
	CHURN_PORT = 8001, /**< of those that do not */
	GROUP_PORT = 9000,
	FIRST_PORT = 10000,  /**< of the listeners that stay */
	FIRST_CHURN = 30000, /**< of those that do not */
	N_CHURN = 1000,
	AT_ONCE = 200, /**< sockets that a churning process holds */
	BURST = 20,    /**< sockets that it opens without a pause */
	PAUSE = 300,   /**< microseconds */
};

static void die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;
	bool group = port == GROUP_PORT;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, group ? SO_REUSEPORT : SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		(type == SOCK_DGRAM || listen(fd, 4096) == 0))
		return fd;
	close(fd);
	return -1;
}

static int must_bind(int type, uint16_t port)
{
	int fd = bound(type, port);

	if (fd < 0)
		die("binding");
	return fd;
}

static int connected(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void tell(const char *what, int fd)
{
	struct sockaddr_in here = {0}, there = {0};
	socklen_t length = sizeof(here), size = sizeof(uint64_t);
	uint64_t cookie;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0)
		die("SO_COOKIE");
	getsockname(fd, (struct sockaddr *)&here, &length);
	length = sizeof(there);
	getpeername(fd, (struct sockaddr *)&there, &length);
	printf("%s %llx %u %u\n", what, (unsigned long long)cookie, ntohs(here.sin_port),
		ntohs(there.sin_port));
}

static void stay(unsigned listeners, unsigned connections, unsigned members)
{
	int hub = must_bind(SOCK_STREAM, HUB_PORT);

	tell("listener", hub);
	for (unsigned i = 0; i < listeners; i++)
		tell("listener", must_bind(SOCK_STREAM, (uint16_t)(FIRST_PORT + i)));
	for (unsigned i = 0; i < connections; i++) {
		int here = connected(HUB_PORT), there = accept4(hub, NULL, NULL, SOCK_CLOEXEC);

		if (here < 0 || there < 0)
			die("connecting");
		tell("connection", here);
		tell("connection", there);
	}
	for (unsigned i = 0; i < members; i++) {
		tell("group", must_bind(SOCK_STREAM, GROUP_PORT));
		tell("datagram", must_bind(SOCK_DGRAM, GROUP_PORT));
	}
}

/* A pause after each burst. */
static void rest(unsigned n)
{
	if (n % BURST == 0)
		usleep(PAUSE);
}

/* Every other connection ends with a reset, so that not all of them stay in time-wait. */
static void churn_connections(void)
{
	static const struct linger reset = {.l_onoff = 1};
	int hub = must_bind(SOCK_STREAM, CHURN_PORT);

	for (unsigned n = 0;; n++) {
		int here = connected(CHURN_PORT), there = -1;

		if (here >= 0)
			there = accept4(hub, NULL, NULL, SOCK_CLOEXEC);
		if (n % 2)
			setsockopt(here, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(here);
		close(there);
		rest(n);
	}
}

static void churn_bound(int type, bool group)
{
	int held[AT_ONCE];

	memset(held, -1, sizeof(held));
	for (unsigned n = 0;; n++) {
		unsigned i = (unsigned)random() % AT_ONCE;

		if (held[i] >= 0)
			close(held[i]);
		held[i] = bound(
			type, (uint16_t)(group ? GROUP_PORT : FIRST_CHURN + random() % N_CHURN));
		rest(n);
	}
}

static void start(unsigned which)
{
	pid_t parent = getpid();

	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		exit(0);
	srandom(which);
	close(STDOUT_FILENO);
	if (which == 0)
		churn_connections();
	else
		churn_bound(which == 1 ? SOCK_DGRAM : SOCK_STREAM, which != 3);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	char byte;

	if (argc != 4)
		return 2;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	signal(SIGPIPE, SIG_IGN);
	stay((unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	fflush(stdout);
	for (unsigned i = 0; i < 4; i++)
		start(i);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
