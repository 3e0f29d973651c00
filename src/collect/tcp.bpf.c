/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Walks the TCP sockets of a network namespace inside the kernel and writes a record for each. */
#include "model/socket.bpf.h"

struct inet_timewait_sock {
	__u32 tw_mark;
	unsigned char tw_substate;
} KERNEL_TYPE;

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
} KERNEL_TYPE;

struct inet_request_sock {
	__u32 ir_mark;
} KERNEL_TYPE;

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	__u32 uid;
};

/* In kernels that keep what is left of a bucket by cookie, not by position (Linux 6.17). */
union bpf_tcp_iter_batch_item {
	struct sock *sk;
	__u64 cookie;
};

/** Bits 1 << state, as sock_diag counts them: what others are is not written. */
const volatile __u32 states = ~0u;

static __always_inline void record_whole_tcp(
	struct socket_record *record, struct sock_common *skc, __u32 uid)
{
	struct inet_sock *inet = (struct inet_sock *)bpf_skc_to_tcp_sock(skc);

	if (!inet)
		return;
	record->uid = uid;
	record_whole(record, inet);
	record_tcp(record, inet);
}

/* What stands for a connection that is not there yet, or not any more. */
static __always_inline void record_part(struct socket_record *record, struct sock_common *skc)
{
	if (record->state == NEW_SYN_RECV) {
		record->state = SYN_RECV;
		record->mark = BPF_CORE_READ((struct inet_request_sock *)skc, ir_mark);
	} else {
		record->state = BPF_CORE_READ((struct tcp_timewait_sock *)skc, tw_sk.tw_substate);
		record->mark = BPF_CORE_READ((struct tcp_timewait_sock *)skc, tw_sk.tw_mark);
	}
	record->flags |= SOCKET_RECORD_MARK;
}

SEC("iter/tcp")
int sockets(struct bpf_iter__tcp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct sock_common *skc = ctx->sk_common;
	struct socket_record record = {};
	int whole;

	if (!skc)
		return write_end(seq, bpf_core_type_exists(union bpf_tcp_iter_batch_item));
	record_common(&record, (struct inet_sock *)skc);
	record.protocol = IPPROTO_TCP;
	whole = record.state != NEW_SYN_RECV && record.state != TIME_WAIT;
	if (!whole)
		record_part(&record, skc);
	if (!(states >> (record.state & 31) & 1))
		return 0;
	if (whole)
		record_whole_tcp(&record, skc, ctx->uid);
	record.cookie = bpf_get_socket_cookie(skc);
	return bpf_seq_write(seq, &record, sizeof(record)) ? 1 : 0;
}
