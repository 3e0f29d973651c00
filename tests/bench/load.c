/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load of sockets for the benchmarks, in a network namespace of its own:
 *
 *     load [-c CONNECTED] [-l LISTENING] [-i IDLE] [-k]
 *
 * makes CONNECTED established TCP sockets (each connection is two: both ends are here) and
 * LISTENING listeners, spread over as many processes as the limit on descriptors asks for, and IDLE
 * processes more that hold none. With -k each listener is called once more. Writes
 * `ready SOCKETS PROCESSES` when all is there, stays until stdin is closed. Whoever measures enters
 * /proc/PID/ns/net of this process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/** Descriptors that a process needs for itself. */
enum { SPARE = 32 };
/** No process gets more, however high the limit is: real hosts have many processes. */
enum { PER_PROCESS = 20000 };
/** Ports of the listeners, spread over addresses when they do not suffice. */
enum { FIRST_PORT = 10000, N_PORTS = 4000 };

/** What one process makes. */
struct share {
	unsigned number; /**< of the process, from 0 */
	unsigned pairs;
	unsigned first_listener;
	unsigned listeners;
	bool called; /**< each listener has a client */
};

/**
 * Connections end with a reset, also those accepted, which inherit it: what is measured next would
 * walk over 100,000 of them in time-wait.
 */
static const struct linger reset = {.l_onoff = 1};

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static void namespace_enter(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("lo");
	close(fd);
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
}

/** The loopback address number `host`, with a port. */
static struct sockaddr_in address(unsigned host, unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK + host)},
	};
}

static int listener(struct sockaddr_in at)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 16) < 0)
		die("listener");
	return fd;
}

static void client(struct sockaddr_in server)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
		connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		die("connect");
}

/** Makes the sockets of one process; they stay open until it ends. */
static void share_make(const struct share *share)
{
	struct sockaddr_in server = address(0x10000 + share->number, 443);
	int accepting;

	for (unsigned i = 0; i < share->listeners; i++) {
		unsigned n = share->first_listener + i;

		listener(address(0x20000 + n / N_PORTS, FIRST_PORT + n % N_PORTS));
		if (share->called)
			client(address(0x20000 + n / N_PORTS, FIRST_PORT + n % N_PORTS));
	}
	if (!share->pairs)
		return;
	/* A server for each process, so that the tuples of addresses and ports suffice. */
	accepting = listener(server);
	for (unsigned i = 0; i < share->pairs; i++) {
		client(server);
		if (accept4(accepting, NULL, NULL, SOCK_CLOEXEC) < 0)
			die("accept");
	}
	close(accepting);
}

/** One process: makes its share, tells so, and stays until the pipe is closed. */
static void process_run(const struct share *share, int ready, int stay)
{
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	share_make(share);
	if (write(ready, &byte, 1) != 1)
		die("ready");
	while (read(stay, &byte, 1) > 0)
		;
	_exit(0);
}

static unsigned descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("setrlimit");
	if (limit.rlim_cur < 4 * SPARE) {
		errno = EMFILE;
		die("descriptors");
	}
	return (limit.rlim_cur < PER_PROCESS ? limit.rlim_cur : PER_PROCESS) - SPARE;
}

/** The part of `total` that falls to `number` of `processes`, after those before it. */
static unsigned part(unsigned total, unsigned number, unsigned processes)
{
	return (unsigned long)total * (number + 1) / processes -
	       (unsigned long)total * number / processes;
}

int main(int argc, char **argv)
{
	unsigned connected = 0, listening = 0, idle = 0, each, processes, first = 0;
	bool called = false;
	int c, ready[2], stay[2];
	char byte;

	while ((c = getopt(argc, argv, "c:l:i:k")) >= 0) {
		unsigned n = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (c == 'c')
			connected = n;
		else if (c == 'l')
			listening = n;
		else if (c == 'i')
			idle = n;
		else if (c == 'k')
			called = true;
		else
			return 2;
	}
	each = descriptors_raise();
	processes = (connected + listening + each - 1) / each;
	namespace_enter();
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(stay, O_CLOEXEC) < 0)
		die("pipe");
	for (unsigned i = 0; i < processes + idle; i++) {
		struct share share = {.number = i, .first_listener = first, .called = called};
		pid_t pid;

		if (i < processes) {
			share.pairs = part(connected / 2, i, processes);
			share.listeners = part(listening, i, processes);
			first += share.listeners;
		}
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			close(ready[0]);
			close(stay[1]);
			process_run(&share, ready[1], stay[0]);
		}
	}
	close(ready[1]);
	for (unsigned i = 0; i < processes + idle; i++)
		if (read(ready[0], &byte, 1) != 1)
			return 1; /* a process failed and said why */
	printf("ready %u %u\n", connected / 2 * 2 + listening, processes + idle);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	/* All is gone when this process is. */
	close(stay[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
