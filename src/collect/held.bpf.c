/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Walks all descriptors of all tasks inside the kernel and writes a record for each TCP and UDP
 * socket of the reader's network namespace, once for each descriptor.
 */
#include "model/socket.bpf.h"

struct file;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct nsproxy {
	struct net *net_ns;
} KERNEL_TYPE;

struct task_struct {
	struct nsproxy *nsproxy;
} KERNEL_TYPE;

/** Bits 1 << state, of TCP and of UDP: what others are is not written. */
const volatile __u32 tcp_states = ~0u;
const volatile __u32 udp_states = ~0u;

SEC("iter/task_file")
int sockets(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct file *file = ctx->file;
	struct socket_record record = {};
	struct socket *socket;
	struct tcp_sock *tcp;
	struct sock *sk;
	__u32 protocol;

	if (!ctx->task)
		return write_end(seq, 1);
	if (!file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	protocol = BPF_CORE_READ((struct inet_sock *)sk, sk.sk_protocol);
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return 0;
	record_common(&record, (struct inet_sock *)sk);
	if (record.family != AF_INET && record.family != AF_INET6)
		return 0;
	if (!((protocol == IPPROTO_TCP ? tcp_states : udp_states) >> (record.state & 31) & 1))
		return 0;
	if (BPF_CORE_READ((struct inet_sock *)sk, sk.__sk_common.skc_net.net) !=
		BPF_CORE_READ(bpf_get_current_task_btf(), nsproxy, net_ns))
		return 0;
	record.protocol = protocol;
	record.uid = BPF_CORE_READ((struct inet_sock *)sk, sk.sk_uid.val);
	record_whole(&record, (struct inet_sock *)sk);
	if (protocol == IPPROTO_UDP) {
		record_udp(&record, (struct inet_sock *)sk);
	} else {
		tcp = bpf_skc_to_tcp_sock(sk);
		if (!tcp)
			return 0;
		record_tcp(&record, (struct inet_sock *)tcp);
	}
	record.cookie = bpf_get_socket_cookie(sk);
	return bpf_seq_write(seq, &record, sizeof(record)) ? 1 : 0;
}
