# SPDX-License-Identifier: LGPL-2.1-or-later
"""The errors that a system call can plausibly end with (its manual page, and what the kernel does
when memory, descriptors or a security module fail it). "It is not there" (ENOENT, ESRCH) is an
answer and no failure: what a missing file means is tested where the file is read."""

FILE = 'EACCES EMFILE ENFILE ENOMEM EIO'
ERRORS = {
    'open': FILE, 'openat': FILE, 'openat2': FILE,
    'stat': 'EACCES ENOMEM EIO', 'lstat': 'EACCES ENOMEM EIO', 'newfstatat': 'EACCES ENOMEM EIO',
    'statx': 'EACCES ENOMEM EIO', 'fstat': 'EACCES EIO',
    'access': 'EACCES ENOMEM EIO', 'faccessat': 'EACCES ENOMEM EIO',
    'faccessat2': 'EACCES ENOMEM EIO',
    'readlink': 'EACCES ENOMEM EIO', 'readlinkat': 'EACCES ENOMEM EIO',
    'fstatfs': 'EACCES EIO', 'statfs': 'EACCES EIO',
    'getdents64': 'ENOMEM EIO', 'read': 'EINTR EIO ENOMEM EAGAIN', 'pread64': 'EIO',
    'write': 'EINTR EAGAIN ENOSPC EIO EFBIG', 'writev': 'EINTR EAGAIN ENOSPC EIO EFBIG',
    'lseek': 'EIO', 'fcntl': 'EPERM EMFILE',
    'mmap': 'ENOMEM', 'mremap': 'ENOMEM', 'poll': 'EINTR ENOMEM', 'ppoll': 'EINTR ENOMEM',
    'socket': 'EPERM EMFILE ENFILE ENOBUFS EAFNOSUPPORT EPROTONOSUPPORT',
    'bind': 'EPERM EADDRINUSE ENOMEM', 'connect': 'EPERM ENOMEM', 'listen': 'EADDRINUSE ENOMEM',
    'getsockname': 'ENOBUFS', 'setsockopt': 'EPERM ENOMEM ENOPROTOOPT',
    'getsockopt': 'EPERM ENOPROTOOPT',
    'sendto': 'EINTR EPERM ENOBUFS ENOMEM ECONNREFUSED',
    'sendmsg': 'EINTR EPERM ENOBUFS ENOMEM ECONNREFUSED',
    'recvfrom': 'EINTR EAGAIN ENOBUFS ENOMEM', 'recvmsg': 'EINTR EAGAIN ENOBUFS ENOMEM',
    'bpf': 'EPERM EACCES ENOMEM E2BIG EINVAL ENOSYS EINTR',
    'kcmp': 'EPERM ENOSYS', 'kill': 'EPERM', 'capget': 'EPERM ENOSYS', 'capset': 'EPERM ENOSYS',
    'prctl': 'EINVAL ENOSYS EPERM', 'seccomp': 'EINVAL ENOSYS EACCES',
    'setns': 'EPERM ENOMEM', 'unshare': 'EPERM ENOMEM',
    'prlimit64': 'EPERM', 'name_to_handle_at': 'EOPNOTSUPP ENOMEM',
    'open_by_handle_at': 'EPERM ESTALE ENOMEM', 'perf_event_open': 'EPERM ENOSYS',
    'getrandom': 'EINTR ENOSYS', 'pipe2': 'EMFILE ENFILE', 'dup': 'EMFILE',
}
