/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Walks all descriptors of all tasks inside the kernel and writes a record for each TCP or UDP
 * socket among them, and one for each io_uring ring, whose own files the kernel does not walk.
 *
 * The few structures it needs are declared here, with the few members that it reads; CO-RE moves
 * the offsets to where the running kernel has them. No kernel symbol is named: socket_file_ops is
 * missing from kernels without KALLSYMS_ALL, and bpf_sock_from_file() tells a socket as well.
 */
#include <stddef.h>

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u32 uint32_t;
typedef __u64 uint64_t;

/* bpf_helper_defs.h names it and takes it from <linux/bpf.h>, of which nothing else is needed. */
enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "owner-record.h"

#define AF_INET       2
#define AF_INET6      10
#define IPPROTO_TCP   6
#define IPPROTO_UDP   17
#define IPPROTO_MPTCP 262

#define KERNEL_TYPE __attribute__((preserve_access_index))

struct pid_namespace;

/* The same in every kernel that this can run on, as are those of the iterator below. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL_TYPE;

struct task_struct {
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
} KERNEL_TYPE;

struct sock_common {
	unsigned short skc_family;
	struct {
		__s64 counter;
	} skc_cookie;
} KERNEL_TYPE;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
} KERNEL_TYPE;

struct socket {
	struct sock *sk;
} KERNEL_TYPE;

struct inode {
	unsigned long i_ino;
} KERNEL_TYPE;

struct qstr {
	__u32 len;
	const unsigned char *name;
} KERNEL_TYPE;

struct dentry {
	struct qstr d_name;
} KERNEL_TYPE;

struct path {
	struct dentry *dentry;
} KERNEL_TYPE;

struct file {
	struct inode *f_inode;
	struct path f_path;
} KERNEL_TYPE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

/*
 * Pointers are followed with BPF_CORE_READ(): for each pointer that is loaded directly the verifier
 * searches all types of the kernel by name, several times over, which made loading take three times
 * as long. For the same reason the types above are few: each is searched for once after boot, and
 * every time if its name shares one of the kernel's 31 cache slots with another, as `net` does with
 * `inode`.
 */

/*
 * Whether this is the file of an io_uring ring, by its name. A file elsewhere may bear that name:
 * the reader looks again, at the link in /proc, which no user can forge.
 */
static __always_inline int is_ring(struct file *file)
{
	static const char ring[] = "[io_uring]";
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	char text[sizeof(ring)] = {};

	if (BPF_CORE_READ(dentry, d_name.len) != sizeof(ring) - 1)
		return 0;
	if (bpf_probe_read_kernel(text, sizeof(text) - 1, BPF_CORE_READ(dentry, d_name.name)))
		return 0;
#pragma unroll
	for (int i = 0; i < (int)sizeof(ring) - 1; i++)
		if (text[i] != "[io_uring]"[i])
			return 0;
	return 1;
}

/* The number of a task in the pid namespace of the reader, whose own pid there is `mine`. */
static __always_inline __u32 number_in(struct pid *mine, unsigned int level, struct pid *theirs)
{
	struct upid here = {}, there = {};

	/* A pid has a number in each namespace from the first down to its own. */
	if (BPF_CORE_READ(theirs, level) < level)
		return 0;
	bpf_core_read(&here, sizeof(here), &mine->numbers[level]);
	bpf_core_read(&there, sizeof(there), &theirs->numbers[level]);
	return there.ns == here.ns ? (__u32)there.nr : 0;
}

/* Whose descriptor it is, as the reader numbers processes; false: out of its sight. */
static __always_inline int set_holder(struct owner_bpf_record *record, struct task_struct *task)
{
	struct task_struct *reader = bpf_get_current_task_btf();
	struct pid *mine = BPF_CORE_READ(reader, thread_pid);
	unsigned int level = BPF_CORE_READ(mine, level);
	int leads = task->pid == task->tgid;

	record->start =
		leads ? task->start_boottime : BPF_CORE_READ(task, group_leader, start_boottime);
	if (level == 0) {
		record->pid = (__u32)task->tgid;
		record->tid = (__u32)task->pid;
		return 1;
	}
	record->pid = number_in(mine, level, BPF_CORE_READ(task, group_leader, thread_pid));
	record->tid = leads ? record->pid : number_in(mine, level, BPF_CORE_READ(task, thread_pid));
	return record->pid != 0;
}

SEC("iter/task_file")
int owners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner_bpf_record record = {};
	struct socket *socket;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (socket) {
		struct sock *sk = BPF_CORE_READ(socket, sk);
		__u32 family = BPF_CORE_READ(sk, __sk_common.skc_family);
		__u32 protocol = BPF_CORE_READ(sk, sk_protocol);

		if (family != AF_INET && family != AF_INET6)
			return 0;
		/* Not made if it has none: a socket that was listed got its cookie then. */
		if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
			record.cookie = (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
		else if (protocol != IPPROTO_MPTCP)
			return 0;
		record.inode = BPF_CORE_READ(file, f_inode, i_ino);
	} else if (is_ring(file)) {
		record.flags = OWNER_RECORD_RING;
	} else {
		return 0;
	}
	if (!set_holder(&record, task))
		return 0;
	record.fd = ctx->fd;
	/* 1 asks to be called again with room: the buffer was full. */
	return bpf_seq_write(ctx->meta->seq, &record, sizeof(record)) ? 1 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
