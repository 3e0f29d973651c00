/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Walks the UDP sockets of a network namespace inside the kernel and writes a record for each. */
#include "model/socket.bpf.h"

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
	__u32 uid;
};

/* In kernels that keep what is left of a bucket by cookie, not by position (Linux 6.16). */
union bpf_udp_iter_batch_item {
	struct sock *sk;
	__u64 cookie;
};

/** Bits 1 << state: what others are is not written. */
const volatile __u32 states = ~0u;

SEC("iter/udp")
int sockets(struct bpf_iter__udp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct udp_sock *udp = ctx->udp_sk;
	struct inet_sock *inet = (struct inet_sock *)udp;
	struct socket_record record = {};

	if (!udp)
		return write_end(seq, bpf_core_type_exists(union bpf_udp_iter_batch_item));
	record_common(&record, inet);
	record.protocol = IPPROTO_UDP;
	if (!(states >> (record.state & 31) & 1))
		return 0;
	record.uid = ctx->uid;
	record_whole(&record, inet);
	record_udp(&record, inet);
	record.cookie = bpf_get_socket_cookie(udp);
	return bpf_seq_write(seq, &record, sizeof(record)) ? 1 : 0;
}
