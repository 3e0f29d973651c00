/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From the kernel's socket to a record, as inet_diag_msg_common_fill() and its neighbours in
 * net/ipv4/inet_diag.c do it, for the BPF programs that walk sockets.
 *
 * The few structures that this needs are declared here, with the few members that it reads; CO-RE
 * moves the offsets to where the running kernel has them.
 */
#ifndef PORTSCOPE_MODEL_SOCKET_BPF_H
#define PORTSCOPE_MODEL_SOCKET_BPF_H

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
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;

/* bpf_helper_defs.h names it and takes it from <linux/bpf.h>, of which nothing else is needed. */
enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "model/socket-record.h"

#define AF_INET      2
#define AF_INET6     10
#define IPPROTO_TCP  6
#define IPPROTO_UDP  17
#define CLOSE        7 /* enum tcp_states in include/net/tcp_states.h */
#define LISTEN       10
#define SYN_RECV     3
#define TIME_WAIT    6
#define NEW_SYN_RECV 12

#define KERNEL_TYPE __attribute__((preserve_access_index))

/*
 * A structure that is the root of an access is searched for by name among all types of the kernel:
 * once after boot, and every time if its name shares one of 31 cache slots with another that is
 * asked for. Hence inet_sock where sock would do, which shares its slot with kernfs_node.
 *
 * Pointers are followed with BPF_CORE_READ(): for each pointer that is loaded directly the verifier
 * searches all types several times over.
 */

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	int skc_bound_dev_if;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct {
		struct net *net;
	} skc_net;
} KERNEL_TYPE;

struct kernfs_node {
	__u64 id;
} KERNEL_TYPE;

struct cgroup {
	struct kernfs_node *kn;
} KERNEL_TYPE;

struct sock_cgroup_data {
	struct cgroup *cgroup;
} KERNEL_TYPE;

struct inode {
	unsigned long i_ino;
} KERNEL_TYPE;

struct socket {
	struct sock *sk;
} KERNEL_TYPE;

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
} KERNEL_TYPE;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	atomic_t refs;
} refcount_t;

struct sock {
	struct sock_common __sk_common;
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	refcount_t sk_wmem_alloc;
	struct socket *sk_socket;
	__u32 sk_mark;
	__u16 sk_protocol;
	struct {
		__u32 val;
	} sk_uid;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	unsigned long sk_ino; /* since Linux 6.18; before, the inode of the struct socket */
	struct sock_cgroup_data sk_cgrp_data;
} KERNEL_TYPE;

struct inet_sock {
	struct sock sk;
} KERNEL_TYPE;

struct tcp_sock {
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 snd_una;
	__u32 write_seq;
} KERNEL_TYPE;

/* A tcp_sock to begin with, under a name that is found faster. */
struct tcp6_sock {
	struct tcp_sock tcp;
} KERNEL_TYPE;

struct udp_sock {
	int forward_deficit;
} KERNEL_TYPE;

struct seq_file;

/* The same in every kernel that this can run on, as are those of the iterators. */
struct bpf_iter_meta {
	struct seq_file *seq;
};

/* What every socket has, time-wait and half-open ones too. */
static __always_inline void record_common(struct socket_record *record, struct inet_sock *inet)
{
	record->family = inet->sk.__sk_common.skc_family;
	record->state = inet->sk.__sk_common.skc_state;
	record->local_port = inet->sk.__sk_common.skc_num;
	record->remote_port = bpf_ntohs(inet->sk.__sk_common.skc_dport);
	record->ifindex = inet->sk.__sk_common.skc_bound_dev_if;
	if (record->family == AF_INET6) {
		__builtin_memcpy(record->local_address, &inet->sk.__sk_common.skc_v6_rcv_saddr, 16);
		__builtin_memcpy(record->remote_address, &inet->sk.__sk_common.skc_v6_daddr, 16);
	} else {
		__builtin_memcpy(record->local_address, &inet->sk.__sk_common.skc_rcv_saddr, 4);
		__builtin_memcpy(record->remote_address, &inet->sk.__sk_common.skc_daddr, 4);
	}
}

static __always_inline unsigned long inode_of(struct inet_sock *inet)
{
	struct socket *socket;

	if (bpf_core_field_exists(inet->sk.sk_ino))
		return inet->sk.sk_ino;
	socket = BPF_CORE_READ(inet, sk.sk_socket);
	return socket ? BPF_CORE_READ((struct socket_alloc *)socket, vfs_inode.i_ino) : 0;
}

/* What only whole sockets have. */
static __always_inline void record_whole(struct socket_record *record, struct inet_sock *inet)
{
	record->inode = inode_of(inet);
	record->mark = inet->sk.sk_mark;
	record->flags |= SOCKET_RECORD_MARK;
	if (bpf_core_field_exists(inet->sk.sk_cgrp_data)) {
		record->cgroup = BPF_CORE_READ(inet, sk.sk_cgrp_data.cgroup, kn, id);
		record->flags |= SOCKET_RECORD_CGROUP;
	}
	if (record->family == AF_INET6 && (record->state == LISTEN || record->state == CLOSE)) {
		record->flags |= SOCKET_RECORD_V6ONLY;
		if (BPF_CORE_READ_BITFIELD_PROBED(inet, sk.__sk_common.skc_ipv6only))
			record->flags |= SOCKET_RECORD_V6;
	}
}

/* The queues of a TCP socket that is whole. */
static __always_inline void record_tcp(struct socket_record *record, struct inet_sock *inet)
{
	struct tcp_sock *tcp = &((struct tcp6_sock *)inet)->tcp;
	__s32 unread;

	if (record->state == LISTEN) {
		record->recv_q = inet->sk.sk_ack_backlog;
		record->send_q = inet->sk.sk_max_ack_backlog;
		return;
	}
	unread = (__s32)(tcp->rcv_nxt - tcp->copied_seq);
	record->recv_q = unread > 0 ? unread : 0;
	record->send_q = tcp->write_seq - tcp->snd_una;
}

/* Those of a UDP socket. */
static __always_inline void record_udp(struct socket_record *record, struct inet_sock *inet)
{
	record->recv_q = inet->sk.sk_backlog.rmem_alloc.counter -
			 BPF_CORE_READ((struct udp_sock *)inet, forward_deficit);
	record->send_q = inet->sk.sk_wmem_alloc.refs.counter - 1;
}

/* The last record; 1 asks to be called again with room. */
static __always_inline int write_end(struct seq_file *seq, int exact)
{
	struct socket_record record = {};

	record.flags = SOCKET_RECORD_END | (exact ? SOCKET_RECORD_EXACT : 0);
	return bpf_seq_write(seq, &record, sizeof(record)) ? 1 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
