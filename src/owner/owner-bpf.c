/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bpf backend: loads the iterator over all descriptors and reads what it writes. The program
 * comes as a light skeleton, a byte array that the kernel itself relocates: no library is needed.
 * It sees every process of our pid namespace, whoever we are, and not a single one without
 * CAP_BPF and CAP_PERFMON in the first user namespace.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "util/array.h"
#include "util/capability.h"
#include "owner/owner-record.h"
#include "owner/scan.h"
#include "util/file.h"
/* Generated code, not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "owner.skel.h"
#pragma GCC diagnostic pop

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

/* Why the kernel did not take the program: the first reason that is known to stand in the way. */
static int refused(struct owner_scan *scan, const char *what, int error)
{
	struct utsname system;
	char *reason = scan->reason;

	if (uname(&system) == 0 && kernel_is_old(system.release))
		snprintf(reason, sizeof(scan->reason), "Linux %s is older than %d.%d",
			system.release, KERNEL_MAJOR, KERNEL_MINOR);
	else if (access("/sys/kernel/btf/vmlinux", F_OK) < 0 && errno == ENOENT &&
		 access("/sys/kernel", F_OK) == 0 && error != -EPERM)
		snprintf(reason, sizeof(scan->reason),
			"this kernel has no type information (CONFIG_DEBUG_INFO_BTF)");
	else if (error == -EPERM)
		snprintf(reason, sizeof(scan->reason),
			"the kernel forbids it (%s: a user namespace, lockdown or a security "
			"module)",
			what);
	else
		snprintf(reason, sizeof(scan->reason), "%s failed: %s", what, strerror(-error));
	return -EOPNOTSUPP;
}

/* A failed try costs a millisecond; this tells at once and with better words. */
static bool permitted(struct owner_scan *scan)
{
	uint64_t have = capability_effective();

	if (have & 1ULL << CAP_SYS_ADMIN || (have & 1ULL << CAP_BPF && have & 1ULL << CAP_PERFMON))
		return true;
	snprintf(scan->reason, sizeof(scan->reason), "it needs %s%s%s",
		have & 1ULL << CAP_BPF ? "" : "CAP_BPF",
		have & (1ULL << CAP_BPF | 1ULL << CAP_PERFMON) ? "" : " and ",
		have & 1ULL << CAP_PERFMON ? "" : "CAP_PERFMON");
	return false;
}

static void destroy_cleanup(struct owner_bpf **skel)
{
	owner_bpf__destroy(*skel);
}

/* Loads the program and opens a descriptor that runs it when read. */
static int open_iterator(struct owner_scan *scan, int *ret)
{
	CLEANUP(destroy_cleanup) struct owner_bpf *skel = NULL;
	union bpf_attr attr = {0};
	int fd, r;

	skel = owner_bpf__open();
	if (!skel)
		return -ENOMEM;
	r = owner_bpf__load(skel);
	if (r < 0)
		return refused(scan, "loading the program", r);
	r = owner_bpf__attach(skel);
	if (r < 0)
		return refused(scan, "attaching the program", -errno);
	attr.iter_create.link_fd = (uint32_t)skel->links.owners_fd;
	fd = skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return refused(scan, "running the program", -errno);
	*ret = fd;
	return 0;
}

/** Rings that were met, to be asked once the kernel is done with the descriptors. */
struct rings {
	struct owner_bpf_record *items;
	size_t count;
};

static int add_ring(struct rings *rings, const struct owner_bpf_record *ring)
{
	struct owner_bpf_record *added = ARRAY_ADD(rings->items, rings->count);

	if (!added)
		return -ENOMEM;
	*added = *ring;
	return 0;
}

/** What turns the kernel's nanoseconds since boot into the ticks of /proc. */
struct clock {
	uint64_t tick;  /**< in nanoseconds */
	int64_t offset; /**< /proc counts from the boot that a time namespace pretends */
	bool known;
};

static struct clock read_clock(const struct owner_scan *scan)
{
	long ticks = sysconf(_SC_CLK_TCK), nanoseconds;
	struct clock clock = {
		.tick = 1000000000 / (uint64_t)(ticks > 0 ? ticks : 100),
		.known = true,
	};
	AUTO_FREE char *text = NULL;
	const char *boottime;
	long long seconds;
	int r = scan->proc_own ? file_read(scan->proc_fd, "self/timens_offsets", 4096, &text, NULL)
			       : -ENOENT;

	/* A wrong offset would make another process of each. */
	clock.known = r >= 0 || r == -ENOENT;
	if (r < 0)
		return clock;
	boottime = strstr(text, "boottime");
	if (boottime && sscanf(boottime, "boottime %lld %ld", &seconds, &nanoseconds) == 2)
		clock.offset = seconds * 1000000000 + nanoseconds;
	return clock;
}

static struct owner_record record_of(const struct owner_bpf_record *from, const struct clock *clock)
{
	uint64_t start = (uint64_t)((int64_t)from->start + clock->offset);

	return (struct owner_record){
		.cookie = from->cookie,
		.start = clock->known ? start / clock->tick : 0,
		.inode = from->inode,
		.pid = from->pid,
		.tid = from->tid,
		.fd = from->fd,
		.process_dir = -1,
	};
}

static int take_records(struct owner_scan *scan, const struct owner_bpf_record *records,
	size_t count, const struct clock *clock, struct rings *rings)
{
	struct owner_record record;
	int r;

	for (size_t i = 0; i < count; i++) {
		if (records[i].flags & OWNER_RECORD_RING) {
			r = add_ring(rings, &records[i]);
		} else {
			record = record_of(&records[i], clock);
			r = scan->found(&record, scan->userdata);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_records(
	struct owner_scan *scan, int fd, const struct clock *clock, struct rings *rings)
{
	AUTO_FREE char *buffer = malloc(BUFFER_SIZE);
	size_t kept = 0;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t length = read(fd, buffer + kept, BUFFER_SIZE - kept);
		size_t count;
		int r;

		/* EAGAIN: a million descriptors without a socket among them, and more to come. */
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length < 0)
			return refused(scan, "reading the iterator", -errno);
		if (length == 0)
			return 0;
		kept += (size_t)length;
		count = kept / sizeof(struct owner_bpf_record);
		r = take_records(scan, (const void *)buffer, count, clock, rings);
		if (r < 0)
			return r;
		kept -= count * sizeof(struct owner_bpf_record);
		memmove(buffer, buffer + count * sizeof(struct owner_bpf_record), kept);
	}
}

/* What a ring holds stands in /proc alone. */
static int ask_rings(struct owner_scan *scan, const struct rings *rings, const struct clock *clock)
{
	int r = 0;

	if (scan->proc_fd < 0 || !scan->proc_own) {
		scan->busy_rings += rings->count;
		return 0;
	}
	for (size_t i = 0; i < rings->count && r >= 0; i++) {
		const struct owner_bpf_record *ring = &rings->items[i];
		struct owner_record holder = record_of(ring, clock);
		char folder[32];

		snprintf(folder, sizeof(folder), "%u/task/%u", ring->pid, ring->tid);
		r = owner_proc_ring(scan, scan->proc_fd, folder, ring->fd, &holder);
	}
	return r;
}

int owner_bpf_scan(struct owner_scan *scan)
{
	struct clock clock = read_clock(scan);
	struct rings rings = {0};
	AUTO_CLOSE int fd = -1;
	int r;

	if (!permitted(scan))
		return -EOPNOTSUPP;
	r = open_iterator(scan, &fd);
	if (r < 0)
		return r;
	r = read_records(scan, fd, &clock, &rings);
	if (r >= 0)
		r = ask_rings(scan, &rings, &clock);
	free(rings.items);
	return r;
}
