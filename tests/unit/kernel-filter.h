/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel does with a program (net/ipv4/inet_diag.c), as far as a test has to know: the
 * audit that refuses a bad one, and the run over a socket.
 */
#ifndef PORTSCOPE_TESTS_KERNEL_FILTER_H
#define PORTSCOPE_TESTS_KERNEL_FILTER_H

#include <string.h>
#include <linux/inet_diag.h>

#include "model/socket.h"
#include "util/macros.h"

/* The facts that the kernel runs a program on; the socket's own marks and cgroup do not count. */
struct kernel_socket {
	const struct socket *socket;
	uint32_t mark;
	uint64_t cgroup;
	bool autobound;
};

static inline struct inet_diag_bc_op program_op(const uint8_t *program, size_t at)
{
	struct inet_diag_bc_op op;

	memcpy(&op, program + at, sizeof(op));
	return op;
}

/* The length of an operation with its operands; 0: unknown or cut off. */
static inline size_t program_op_size(
	const uint8_t *program, size_t at, size_t length, bool may_mark)
{
	struct inet_diag_hostcond host;
	size_t size = sizeof(struct inet_diag_bc_op), left = length - at;

	switch (program_op(program, at).code) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return size;
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
		size += sizeof(struct inet_diag_bc_op);
		break;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		size += sizeof(host);
		if (left < size)
			return 0;
		memcpy(&host, program + at + 4, sizeof(host));
		if (host.family != AF_INET && host.family != AF_INET6)
			return 0;
		if (host.prefix_len > (host.family == AF_INET ? 32 : 128))
			return 0;
		size += host.family == AF_INET ? 4 : 16;
		break;
	case INET_DIAG_BC_DEV_COND:
		size += sizeof(uint32_t);
		break;
	case INET_DIAG_BC_MARK_COND:
		if (!may_mark)
			return 0;
		size += sizeof(struct inet_diag_markcond);
		break;
	case INET_DIAG_BC_CGROUP_COND:
		size += sizeof(uint64_t);
		break;
	default:
		return 0;
	}
	return left < size ? 0 : size;
}

/* True if following `yes` from the start leads to `target`. */
static inline bool program_reaches(const uint8_t *program, size_t length, size_t target)
{
	size_t at = 0;

	while (at < target && at < length)
		at += program_op(program, at).yes;
	return at == target;
}

static inline bool program_audit(const uint8_t *program, size_t length, bool may_mark)
{
	size_t at = 0;

	while (at < length) {
		struct inet_diag_bc_op op = program_op(program, at);
		size_t size = program_op_size(program, at, length, may_mark), left = length - at;

		if (!size)
			return false;
		if (op.code != INET_DIAG_BC_NOP) {
			if (op.no < size || op.no > left + 4 || op.no & 3)
				return false;
			if (op.no < left && !program_reaches(program, length, at + op.no))
				return false;
		}
		if (op.yes < size || op.yes > left + 4 || op.yes & 3)
			return false;
		at += op.yes;
	}
	return at == length;
}

static inline bool program_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static inline bool program_host(const uint8_t *data, const struct socket *s, bool local)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *address = local ? s->local_address : s->remote_address;
	struct inet_diag_hostcond host;

	memcpy(&host, data, sizeof(host));
	if (host.port != -1 && host.port != (local ? s->local_port : s->remote_port))
		return false;
	if (host.family == s->family)
		return program_bits(address, data + sizeof(host), host.prefix_len);
	return s->family == AF_INET6 && host.family == AF_INET && !memcmp(address, mapped, 12) &&
	       program_bits(address + 12, data + sizeof(host), host.prefix_len);
}

static inline bool program_step(const uint8_t *program, size_t at, const struct kernel_socket *k)
{
	struct inet_diag_bc_op op = program_op(program, at);
	const uint8_t *data = program + at + sizeof(op);
	struct inet_diag_markcond mark;
	uint16_t port;
	uint32_t device;
	uint64_t cgroup;

	switch (op.code) {
	case INET_DIAG_BC_NOP:
		return true;
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
		memcpy(&port, data + 2, sizeof(port));
		return op.code == INET_DIAG_BC_S_GE   ? k->socket->local_port >= port
		       : op.code == INET_DIAG_BC_S_LE ? k->socket->local_port <= port
		       : op.code == INET_DIAG_BC_D_GE ? k->socket->remote_port >= port
						      : k->socket->remote_port <= port;
	case INET_DIAG_BC_AUTO:
		return k->autobound;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		return program_host(data, k->socket, op.code == INET_DIAG_BC_S_COND);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&device, data, sizeof(device));
		return device == k->socket->ifindex;
	case INET_DIAG_BC_MARK_COND:
		memcpy(&mark, data, sizeof(mark));
		return (k->mark & mark.mask) == mark.mark;
	case INET_DIAG_BC_CGROUP_COND:
		memcpy(&cgroup, data, sizeof(cgroup));
		return cgroup == k->cgroup;
	default:
		return false; /* a jump */
	}
}

static inline bool program_run(const uint8_t *program, size_t length, const struct kernel_socket *k)
{
	size_t at = 0;

	while (at < length) {
		struct inet_diag_bc_op op = program_op(program, at);

		at += program_step(program, at, k) ? op.yes : op.no;
	}
	return at == length;
}

#endif
