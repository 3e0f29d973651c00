/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs one command and says what it cost:
 *
 *     measure NETNS-FILE|- COMMAND [ARGUMENT]...
 *
 * enters the network namespace (`-`: stays), starts the command without a shell, and writes to
 * descriptor 3 `WALL-NANOSECONDS USER-MICROSECONDS SYSTEM-MICROSECONDS PEAK-KIB WAIT-STATUS`.
 * Only from the fork to the end of the command is measured.
 *
 * This is no part of the driver because Linux counts to a process's peak what its parent had when
 * it was forked: a child of an interpreter never seems smaller than the interpreter. A child of
 * this program starts with next to nothing.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	long long begin, end;
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "-") != 0) {
		int fd = open(argv[1], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
			perror(argv[1]);
			return 1;
		}
	}
	if (fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
		return 2;
	begin = now();
	pid = vfork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	end = now();
	dprintf(3, "%lld %lld %lld %ld %d\n", end - begin,
		usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec,
		usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec, usage.ru_maxrss,
		status);
	return 0;
}
