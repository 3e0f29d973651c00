/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binds without SO_REUSEADDR, so that a socket in time-wait is in the way as it should, and with
 * IPV6_V6ONLY, so that the two families are tried apart and both are held at the same time.
 */
#include "collect/trial.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

#include "util/macros.h"

static socklen_t fill_address(struct sockaddr_storage *to, int family,
	const struct portscope_endpoint *from, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = family;
	if (family == AF_INET) {
		v4->sin_port = htons(port);
		if (from)
			memcpy(&v4->sin_addr, from->address, 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	if (from) {
		memcpy(&v6->sin6_addr, from->address, 16);
		v6->sin6_scope_id = from->ifindex;
	}
	return sizeof(*v6);
}

/*
 * A socket that takes nothing. Between bind() and close() a datagram may come that is meant for
 * somebody who comes after us: the filter drops it, and it is not lost in a queue that nobody
 * reads. Where the kernel has no room for another filter (net.core.bpf_jit_limit) the port is tried
 * without.
 */
static int deaf_socket(int type, int family)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog filter = {.len = 1, .filter = &drop};
	AUTO_CLOSE int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)))
		return -errno;
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
	return steal_fd(&fd);
}

/* Binds a socket, which `ret` receives, to be closed later. Of enum trial_outcome, or negative. */
static int bind_one(const struct trial *trial, int type, int family, uint16_t port, int *ret)
{
	AUTO_CLOSE int fd = deaf_socket(type, family);
	struct sockaddr_storage address;
	socklen_t length = fill_address(&address, family, trial->address, port);

	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&address, length) < 0)
		return errno == EADDRINUSE                 ? TRIAL_BUSY
		       : errno == EACCES || errno == EPERM ? TRIAL_REFUSED
							   : -errno;
	*ret = steal_fd(&fd);
	return TRIAL_FREE;
}

int trial_bind(const struct trial *trial, uint16_t port)
{
	static const struct {
		unsigned protocol;
		int type;
		unsigned family;
		int domain;
	} kinds[] = {
		{PORTSCOPE_TCP, SOCK_STREAM, PORTSCOPE_INET, AF_INET},
		{PORTSCOPE_TCP, SOCK_STREAM, PORTSCOPE_INET6, AF_INET6},
		{PORTSCOPE_UDP, SOCK_DGRAM, PORTSCOPE_INET, AF_INET},
		{PORTSCOPE_UDP, SOCK_DGRAM, PORTSCOPE_INET6, AF_INET6},
	};
	int fds[ARRAY_SIZE(kinds)], n = 0, r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == TRIAL_FREE; i++) {
		if (!(kinds[i].protocol & trial->protocols && kinds[i].family & trial->families))
			continue;
		r = bind_one(trial, kinds[i].type, kinds[i].domain, port, &fds[n]);
		n += r == TRIAL_FREE;
	}
	while (n)
		close(fds[--n]);
	return r;
}

int trial_prepare(struct trial *trial)
{
	static const unsigned families[] = {PORTSCOPE_INET, PORTSCOPE_INET6};
	unsigned found = 0;
	int r, failed = -EAFNOSUPPORT;

	if (trial->address)
		trial->families =
			trial->address->family == AF_INET ? PORTSCOPE_INET : PORTSCOPE_INET6;
	else
		trial->families = PORTSCOPE_INET | PORTSCOPE_INET6;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct trial one = *trial;

		one.families &= families[i];
		if (!one.families)
			continue;
		r = trial_bind(&one, 0);
		if (r >= 0)
			found |= families[i];
		else if (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL)
			return r;
		else
			failed = r;
	}
	trial->families = found;
	return found ? 0 : failed;
}
