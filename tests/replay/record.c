/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records what sock_diag says in this network namespace, as replay.h describes it, on standard
 * output: the dump of every socket and the one of the listeners. record.py runs it in a namespace
 * that has a socket of every kind.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "collect/collect.h"
#include "replay.h"

struct recorder {
	struct transport transport;
	struct transport kernel;
};

static void write_block(char kind, const void *bytes, uint32_t length)
{
	unsigned char head[5] = {
		kind, length & 255, length >> 8 & 255, length >> 16 & 255, length >> 24};

	if (fwrite(head, sizeof(head), 1, stdout) != 1 || fwrite(bytes, length, 1, stdout) != 1)
		err(1, "cannot write");
}

static int record_send(struct transport *t, const void *message, size_t length)
{
	struct recorder *r = (struct recorder *)t;

	write_block('Q', message, length);
	return r->kernel.send(&r->kernel, message, length);
}

static ssize_t record_receive(struct transport *t, void *buffer, size_t size)
{
	struct recorder *r = (struct recorder *)t;
	ssize_t n = r->kernel.receive(&r->kernel, buffer, size);

	if (n > 0 && (size_t)n <= size)
		write_block('A', buffer, n);
	return n;
}

static void record(struct recorder *r, unsigned protocols, uint32_t states)
{
	struct sources sources = {
		.transport = &r->transport, .proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	struct collect_request request = {0};
	struct collect_report report = {0};
	struct warnings warnings = {0};
	struct sockets sockets = {0};
	int n;

	collect_request_fill(&request, protocols, PORTSCOPE_INET | PORTSCOPE_INET6, states);
	n = collect_all(&sources, &request, &sockets, &report, &warnings);
	if (n < 0)
		errx(1, "cannot list the sockets: %s", strerror(-n));
	if (warnings.count)
		errx(1, "%s", warnings.items[0].text);
	sockets_done(&sockets);
	warnings_done(&warnings);
}

int main(void)
{
	struct recorder r = {.transport = {.send = record_send, .receive = record_receive}};
	int n = transport_open_kernel(NETLINK_SOCK_DIAG, &r.kernel);

	if (n < 0)
		errx(1, "no sock_diag: %s", strerror(-n));
	r.transport.port_id = r.kernel.port_id;
	fputs(RECORDING_MAGIC, stdout);
	record(&r, PORTSCOPE_TCP | PORTSCOPE_UDP, PORTSCOPE_STATES_ALL);
	record(&r, PORTSCOPE_TCP | PORTSCOPE_UDP, PORTSCOPE_STATES_LISTENING);
	transport_close(&r.kernel);
	return fflush(stdout) ? 1 : 0;
}
