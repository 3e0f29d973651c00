/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bpf backend: loads the iterator over all descriptors and reads what it writes. It sees every
 * process of our pid namespace, whoever we are, and not a single one without CAP_BPF and
 * CAP_PERFMON in the first user namespace.
 */
#include <stdio.h>
#include <string.h>

#include "owner/scan.h"
#include "owner/owner-record.h"
#include "util/array.h"
#include "util/bpf.h"
#include "util/file.h"
/* Generated code, not written for our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "owner.skel.h"
#pragma GCC diagnostic pop

static void destroy_cleanup(struct owner_bpf **skel)
{
	owner_bpf__destroy(*skel);
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

/** A scan and what it needs while the kernel walks. */
struct walk {
	struct owner_scan *scan;
	struct clock clock;
	struct rings rings;
};

static int take_records(const void *records, size_t count, void *userdata)
{
	const struct owner_bpf_record *items = records;
	struct walk *walk = userdata;
	int r;

	for (size_t i = 0; i < count; i++) {
		if (items[i].flags & OWNER_RECORD_RING) {
			r = add_ring(&walk->rings, &items[i]);
		} else {
			struct owner_record record = record_of(&items[i], &walk->clock);

			r = walk->scan->found(&record, walk->scan->userdata);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Loads the program and runs it. */
static int run_program(struct walk *walk)
{
	CLEANUP(destroy_cleanup) struct owner_bpf *skel = NULL;
	char *reason = walk->scan->reason;
	int r;

	skel = owner_bpf__open();
	if (!skel)
		return -ENOMEM;
	r = owner_bpf__load(skel);
	if (r < 0)
		return bpf_refused("loading the program", r, reason);
	r = owner_bpf__attach(skel);
	if (r < 0)
		return bpf_refused("attaching the program", -errno, reason);
	return bpf_iterate(
		skel->links.owners_fd, sizeof(struct owner_bpf_record), take_records, walk, reason);
}

/* What a ring holds is only in /proc. */
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
	struct walk walk = {.scan = scan, .clock = read_clock(scan)};
	int r;

	if (!bpf_permitted(scan->reason))
		return -EOPNOTSUPP;
	r = run_program(&walk);
	if (r >= 0)
		r = ask_rings(scan, &walk.rings, &walk.clock);
	free(walk.rings.items);
	return r;
}
