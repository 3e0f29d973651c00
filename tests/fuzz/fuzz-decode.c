/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Datagrams of any content, fed to the collector in place of the kernel's. An input is one byte
 * that chooses what is asked, then datagrams: two bytes of length (least significant first) and
 * that many bytes. Messages that can be walked get the sequence number that is waited for, unless
 * the highest bit of their flags is set: no fuzzer should have to guess it.
 */
#include "fuzz.h"

#include <linux/netlink.h>
#include <string.h>

#include "collect/collect.h"

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

struct feed {
	struct transport transport;
	const uint8_t *data;
	size_t left;
	uint32_t sequence; /**< of the last request */
};

static int feed_send(struct transport *t, const void *message, size_t length)
{
	struct feed *f = (struct feed *)t;

	HOLDS(length >= sizeof(struct nlmsghdr));
	f->sequence = ((const struct nlmsghdr *)message)->nlmsg_seq;
	return 0;
}

static void number_messages(const struct feed *f, char *buffer, size_t length)
{
	struct nlmsghdr m;

	for (size_t at = 0; at + sizeof(m) <= length; at += NLMSG_ALIGN(m.nlmsg_len)) {
		memcpy(&m, buffer + at, sizeof(m));
		if (!(m.nlmsg_flags & 0x8000))
			m.nlmsg_seq = f->sequence;
		memcpy(buffer + at, &m, sizeof(m));
		if (m.nlmsg_len < sizeof(m) || m.nlmsg_len > length - at)
			return;
	}
}

static ssize_t feed_receive(struct transport *t, void *buffer, size_t size)
{
	struct feed *f = (struct feed *)t;
	size_t n;

	ASAN_UNPOISON_MEMORY_REGION(buffer, size);
	if (f->left < 2)
		return -EAGAIN;
	n = f->data[0] | f->data[1] << 8;
	f->data += 2;
	f->left -= 2;
	n = MIN(n, f->left);
	HOLDS(n <= size);
	if (n)
		memcpy(buffer, f->data, n);
	f->data += n;
	f->left -= n;
	number_messages(f, buffer, n);
	ASAN_POISON_MEMORY_REGION((char *)buffer + n, size - n);
	return n;
}

static int check_socket(const struct socket *s, void *userdata)
{
	const uint8_t *protocol = userdata;

	HOLDS(s->family == AF_INET || s->family == AF_INET6);
	HOLDS(s->protocol == *protocol);
	HOLDS(s->v6only <= 1);
	return 0;
}

static void check_sockets(const struct sockets *sockets, uint8_t *protocol)
{
	for (size_t i = 0; i < sockets->count; i++) {
		check_socket(&sockets->items[i], protocol);
		for (size_t k = 0; k < i && k < 64; k++)
			HOLDS(sockets->items[i].cookie != sockets->items[k].cookie);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = {.transport = {.send = feed_send, .receive = feed_receive}};
	struct sources sources = {
		.transport = &feed.transport, .proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	struct collect_request request = {0};
	uint8_t protocol;
	struct collect_report report = {0};
	struct sockets sockets = {0};
	struct warnings warnings = {0};

	if (!size)
		return 0;
	protocol = data[0] & 1 ? IPPROTO_TCP : IPPROTO_UDP;
	collect_request_fill(&request, data[0] & 1 ? PORTSCOPE_TCP : PORTSCOPE_UDP,
		data[0] & 2 ? PORTSCOPE_INET : PORTSCOPE_INET6, PORTSCOPE_STATES_ALL);
	feed.data = data + 1;
	feed.left = size - 1;
	if (data[0] & 4)
		collect_stream(&sources, &request, check_socket, &protocol, &report, &warnings);
	else if (collect_all(&sources, &request, &sockets, &report, &warnings) >= 0)
		check_sockets(&sockets, &protocol);
	sockets_done(&sockets);
	warnings_done(&warnings);
	return 0;
}
