/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls that are made to fail. What errors each can have is in errors.py; a call that
 * cannot fail, or whose failure means nothing (close, munmap), is not here, and neither is clone(),
 * before which the C library blocks the signal that tells of calls.
 */
#ifndef PORTSCOPE_FAULTS_CALLS_H
#define PORTSCOPE_FAULTS_CALLS_H

#include <sys/syscall.h>

struct call {
	const char *name;
	short number;
	signed char path; /* which argument is a path; -1: none */
};

#define CALL(name, path)                                                                           \
	{                                                                                          \
#name, SYS_##name, path                                                            \
	}

static const struct call calls[] = {
#ifdef SYS_open
	CALL(open, 0),
	CALL(stat, 0),
	CALL(lstat, 0),
	CALL(access, 0),
	CALL(readlink, 0),
	CALL(poll, -1),
#endif
	CALL(openat, 1),
	CALL(openat2, 1),
	CALL(newfstatat, 1),
	CALL(statx, 1),
	CALL(faccessat, 1),
	CALL(faccessat2, 1),
	CALL(readlinkat, 1),
	CALL(ppoll, -1),
	CALL(fstat, -1),
	CALL(fstatfs, -1),
	CALL(statfs, 0),
	CALL(getdents64, -1),
	CALL(read, -1),
	CALL(pread64, -1),
	CALL(write, -1),
	CALL(writev, -1),
	CALL(lseek, -1),
	CALL(fcntl, -1),
	CALL(mmap, -1),
	CALL(mremap, -1),
	CALL(socket, -1),
	CALL(bind, -1),
	CALL(connect, -1),
	CALL(listen, -1),
	CALL(getsockname, -1),
	CALL(setsockopt, -1),
	CALL(getsockopt, -1),
	CALL(sendto, -1),
	CALL(sendmsg, -1),
	CALL(recvfrom, -1),
	CALL(recvmsg, -1),
	CALL(bpf, -1),
	CALL(kcmp, -1),
	CALL(kill, -1),
	CALL(capget, -1),
	CALL(capset, -1),
	CALL(prctl, -1),
	CALL(seccomp, -1),
	CALL(setns, -1),
	CALL(unshare, -1),
	CALL(prlimit64, -1),
	CALL(name_to_handle_at, 1),
	CALL(open_by_handle_at, -1),
	CALL(perf_event_open, -1),
	CALL(getrandom, -1),
	CALL(pipe2, -1),
	CALL(dup, -1),
};

#endif
