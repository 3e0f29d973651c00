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

struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL_TYPE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL_TYPE;

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
} KERNEL_TYPE;

struct timens_offsets {
	struct timespec64 boottime;
} KERNEL_TYPE;

struct time_namespace {
	struct timens_offsets offsets;
} KERNEL_TYPE;

struct nsproxy {
	struct time_namespace *time_ns;
} KERNEL_TYPE;

struct task_struct {
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct nsproxy *nsproxy;
} KERNEL_TYPE;

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct net {
	struct ns_common ns;
} KERNEL_TYPE;

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
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
} KERNEL_TYPE;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} KERNEL_TYPE;

/*
 * Whether this is the file of an io_uring ring, by its name. A file elsewhere may bear that name:
 * the reader looks again, at the link in /proc, which no user can forge.
 */
static __always_inline int is_ring(struct file *file)
{
	static const char ring[] = "[io_uring]";
	struct qstr *name = &file->f_path.dentry->d_name;
	char text[sizeof(ring)] = {};

	if (name->len != sizeof(ring) - 1)
		return 0;
	if (bpf_probe_read_kernel(text, sizeof(text) - 1, name->name))
		return 0;
#pragma unroll
	for (int i = 0; i < (int)sizeof(ring) - 1; i++)
		if (text[i] != "[io_uring]"[i])
			return 0;
	return 1;
}

/*
 * The number of `task` in the pid namespace of `reader`, and 0 outside of it. A pid has a number
 * in each namespace from the first down to its own.
 */
static __always_inline __u32 pid_seen_by(struct task_struct *reader, struct task_struct *task)
{
	struct pid *mine = reader->thread_pid;
	struct pid *theirs = task->thread_pid;
	unsigned int level = mine->level;
	struct upid here = {}, there = {};

	if (theirs->level < level)
		return 0;
	/* An array that ends a structure: its members lie beyond what the verifier lets us name. */
	bpf_core_read(&here, sizeof(here), &mine->numbers[level]);
	bpf_core_read(&there, sizeof(there), &theirs->numbers[level]);
	return there.ns == here.ns ? (__u32)there.nr : 0;
}

/* /proc counts start times from the boot that its reader's time namespace pretends. */
static __always_inline __u64 boottime_offset(struct task_struct *reader)
{
	struct timespec64 *offset;

	if (!bpf_core_field_exists(reader->nsproxy->time_ns))
		return 0;
	offset = &reader->nsproxy->time_ns->offsets.boottime;
	return (__u64)offset->tv_sec * 1000000000 + (__u64)offset->tv_nsec;
}

SEC("iter/task_file")
int owners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct task_struct *reader;
	struct owner_bpf_record record = {};
	struct socket *socket;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (socket) {
		struct sock *sk = socket->sk;
		__u32 family, protocol;

		if (!sk)
			return 0;
		family = sk->__sk_common.skc_family;
		if (family != AF_INET && family != AF_INET6)
			return 0;
		protocol = sk->sk_protocol;
		if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
			record.cookie = bpf_get_socket_cookie(sk);
		else if (protocol != IPPROTO_MPTCP)
			return 0;
		record.netns = sk->__sk_common.skc_net.net->ns.inum;
		record.inode = file->f_inode->i_ino;
	} else if (is_ring(file)) {
		record.flags = OWNER_RECORD_RING;
	} else {
		return 0;
	}
	reader = bpf_get_current_task_btf();
	record.pid = pid_seen_by(reader, task->group_leader);
	if (!record.pid)
		return 0;
	record.tid = task->pid == task->tgid ? record.pid : pid_seen_by(reader, task);
	record.start = task->group_leader->start_boottime + boottime_offset(reader);
	record.fd = ctx->fd;
	/* 1 asks to be called again with room: the buffer was full. */
	return bpf_seq_write(ctx->meta->seq, &record, sizeof(record)) ? 1 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
