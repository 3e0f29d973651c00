/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a BPF program writes of one socket: shared by the programs and their reader, which both
 * have the fixed-width types from elsewhere. The values are those that sock_diag gives.
 */
#ifndef PORTSCOPE_MODEL_SOCKET_RECORD_H
#define PORTSCOPE_MODEL_SOCKET_RECORD_H

struct socket_record {
	uint64_t cookie;
	uint64_t cgroup;
	uint8_t local_address[16];
	uint8_t remote_address[16];
	uint16_t local_port; /**< ports in host byte order */
	uint16_t remote_port;
	uint8_t protocol;
	uint8_t family;
	uint8_t state; /**< the kernel's number */
	uint8_t flags; /**< SOCKET_RECORD_* */
	uint32_t ifindex;
	uint32_t recv_q;
	uint32_t send_q;
	uint32_t uid;
	uint32_t inode;
	uint32_t mark;
};

#define SOCKET_RECORD_CGROUP 1
#define SOCKET_RECORD_MARK   2
#define SOCKET_RECORD_V6ONLY 4 /* whether it takes IPv4 is known: */
#define SOCKET_RECORD_V6     8 /* it does not */
/* No socket: the walk came to its end. */
#define SOCKET_RECORD_END 64
/* In that record: this kernel walks each socket exactly once. */
#define SOCKET_RECORD_EXACT 128

#endif
