/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading needs rights and a kernel that is young enough; reading needs a loop. */
#include "util/bpf.h"

#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "util/capability.h"

/** The kernel fills at most 32 KiB a read (bpf_seq_read). */
#define BUFFER_SIZE 65536

/* Kernels from this on relocate the program themselves (in-kernel CO-RE). */
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 17

static bool kernel_is_old(const char *release)
{
	unsigned major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR));
}

/* The first reason that is known to stand in the way. */
int bpf_refused(const char *what, int error, char reason[static BPF_REASON])
{
	struct utsname system;

	if (uname(&system) == 0 && kernel_is_old(system.release))
		snprintf(reason, BPF_REASON, "Linux %s is older than %d.%d", system.release,
			KERNEL_MAJOR, KERNEL_MINOR);
	else if (access("/sys/kernel/btf/vmlinux", F_OK) < 0 && errno == ENOENT &&
		 access("/sys/kernel", F_OK) == 0 && error != -EPERM)
		snprintf(reason, BPF_REASON,
			"this kernel has no type information (CONFIG_DEBUG_INFO_BTF)");
	else if (error == -EPERM)
		snprintf(reason, BPF_REASON,
			"the kernel forbids it (%s: a user namespace, lockdown or a security "
			"module)",
			what);
	else
		snprintf(reason, BPF_REASON, "%s failed: %s", what, strerror(-error));
	return -EOPNOTSUPP;
}

/* A failed try costs a millisecond; this tells at once and with better words. */
bool bpf_permitted(char reason[static BPF_REASON])
{
	uint64_t have = capability_effective();

	if (have & 1ULL << CAP_SYS_ADMIN || (have & 1ULL << CAP_BPF && have & 1ULL << CAP_PERFMON))
		return true;
	snprintf(reason, BPF_REASON, "it needs %s%s%s", have & 1ULL << CAP_BPF ? "" : "CAP_BPF",
		have & (1ULL << CAP_BPF | 1ULL << CAP_PERFMON) ? "" : " and ",
		have & 1ULL << CAP_PERFMON ? "" : "CAP_PERFMON");
	return false;
}

static int read_records(int fd, size_t record_size, bpf_records_fn found, void *userdata,
	char reason[static BPF_REASON])
{
	AUTO_FREE char *buffer = malloc(BUFFER_SIZE);
	size_t kept = 0;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t length = read(fd, buffer + kept, BUFFER_SIZE - kept);
		size_t count;
		int r;

		/* EAGAIN: a million objects of which none was written, and more to come. */
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length < 0)
			return bpf_refused("reading the iterator", -errno, reason);
		if (length == 0)
			return 0;
		kept += (size_t)length;
		count = kept / record_size;
		r = found(buffer, count, userdata);
		if (r < 0)
			return r;
		kept -= count * record_size;
		memmove(buffer, buffer + count * record_size, kept);
	}
}

int bpf_iterate(int link_fd, size_t record_size, bpf_records_fn found, void *userdata,
	char reason[static BPF_REASON])
{
	union bpf_attr attr = {0};
	AUTO_CLOSE int fd = -1;

	attr.iter_create.link_fd = (uint32_t)link_fd;
	fd = (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return bpf_refused("running the program", -errno, reason);
	return read_records(fd, record_size, found, userdata, reason);
}
