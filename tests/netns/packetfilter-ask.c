/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the packet filter of this namespace does, as portscope understands it. Reads questions from
 * standard input, one a line: protocol, interface, destination, port, source; writes for each what
 * may become of such a packet: `local ADDRESS PORT`, `forward ADDRESS PORT`, `drop BY`, `?`,
 * several of them separated by `;`. An argument names a file to record the kernel's datagrams in:
 * two bytes of length, least significant first, and that many bytes, as the fuzz target reads them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "packetfilter/judge.h"
#include "packetfilter/legacy.h"
#include "packetfilter/read.h"

struct asked {
	bool valid;
	struct question question;
	uint8_t family;
	struct judgement judgement;
};

static void write_by(const struct rules *rules, uint32_t by)
{
	const struct chain *chain;

	if (BY_IS_RULE(by)) {
		const struct rule *rule = &rules->rules[BY_NUMBER(by)];

		chain = &rules->chains[rule->chain];
		printf(" %s/%s/%llu", rules->tables[chain->table].name, chain->name,
			(unsigned long long)rule->handle);
	} else if (BY_IS_POLICY(by)) {
		chain = &rules->chains[BY_NUMBER(by)];
		printf(" %s/%s/policy", rules->tables[chain->table].name, chain->name);
	} else {
		printf(" %s", by == BY_ROUTING     ? "routing"
			      : by == BY_RP_FILTER ? "rp_filter"
						   : "-");
	}
}

/* The same ending by way of a limit is told once. */
static bool is_told(const struct judgement *j, size_t i, uint32_t at)
{
	for (size_t k = 0; k < i; k++)
		if (bit_at(j->endings[k].bits, at) &&
			ending_is_same(&j->endings[k], &j->endings[i]))
			return true;
	return false;
}

static void write_answer(
	const struct judge *judge, const struct judgement *j, uint8_t family, source_number source)
{
	uint32_t at = 0;
	bool more = false;
	char text[INET6_ADDRSTRLEN];

	while (at + 1 < judge->space.n && judge->space.starts[at + 1] <= source)
		at++;
	for (size_t i = 0; i < j->n_endings; i++) {
		const struct ending *e = &j->endings[i];

		if (!bit_at(e->bits, at) || is_told(j, i, at))
			continue;
		inet_ntop(family, e->facts.address, text, sizeof(text));
		printf("%s%s %s %u%s", more ? "; " : "",
			e->kind == ENDING_FORWARD ? "forward" : "local", text, e->facts.port,
			e->facts.limited ? " limited" : "");
		more = true;
	}
	if (bit_at(j->dropped, at)) {
		printf("%s%s", more ? "; " : "", bit_at(j->rejected, at) ? "reject" : "drop");
		write_by(judge->rules, j->drop_by[at]);
		more = true;
	}
	if (bit_at(j->anything, at))
		printf("%s?", more ? "; " : "");
	else if (!more)
		printf("nothing");
	printf("\n");
}

/* The sockets of one question are those of the next as long as only the source differs. */
static int answer(struct judge judges[2], struct asked *last, const char *protocol, const char *in,
	const char *destination, unsigned port, const char *from)
{
	uint8_t source[16] = {0};
	struct question q = {.protocol = !strcmp(protocol, "tcp") ? IPPROTO_TCP : IPPROTO_UDP,
		.port = (uint16_t)port};
	uint8_t family = strchr(destination, ':') ? AF_INET6 : AF_INET;
	struct judge *judge = &judges[family == AF_INET6];
	const struct routing *routing = judge->routing;

	for (size_t i = 0; i < routing->n_links; i++)
		if (!strcmp(routing->links[i].name, in))
			q.in = &routing->links[i];
	if (!q.in || inet_pton(family, destination, q.address) != 1 ||
		inet_pton(family, from, source) != 1)
		return -EINVAL;
	if (!last->valid || last->family != family || memcmp(&last->question, &q, sizeof(q)) != 0) {
		int r;

		if (last->valid)
			judgement_done(&last->judgement);
		last->valid = false;
		r = judge_ask(judge, &q, &last->judgement);
		if (r < 0)
			return r;
		last->valid = true;
		last->family = family;
		last->question = q;
	}
	write_answer(
		judge, &last->judgement, family, source_of_bytes(source, family_bytes(family)));
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/** The kernel's transport, and what came of it. */
struct recorder {
	struct transport transport, kernel;
	FILE *file;
};

static int record_send(struct transport *t, const void *message, size_t length)
{
	struct transport *kernel = &((struct recorder *)t)->kernel;

	return kernel->send(kernel, message, length);
}

static ssize_t record_receive(struct transport *t, void *buffer, size_t size)
{
	struct recorder *r = (struct recorder *)t;
	ssize_t n = r->kernel.receive(&r->kernel, buffer, size);

	if (n >= 0 && r->file) {
		fputc((int)(n & 0xff), r->file);
		fputc((int)(n >> 8), r->file);
		fwrite(buffer, 1, (size_t)n, r->file);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct recorder filter = {.transport = {.send = record_send, .receive = record_receive}};
	struct transport route;
	struct rules rules = {0};
	struct routing routing = {0};
	struct judge judges[2];
	struct asked last = {0};
	char protocol[8], in[32], destination[64], from[64];
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY), r, outcome;
	double begin = now(), read, ready;
	unsigned port;

	if (argc > 1)
		filter.file = fopen(argv[1], "w");
	r = transport_open_kernel(NETLINK_NETFILTER, &filter.kernel);
	filter.transport.port_id = filter.kernel.port_id;
	if (r >= 0)
		r = rules_read(&filter.transport, &rules);
	if (filter.file)
		fclose(filter.file);
	outcome = r;
	if (r >= 0)
		r = legacy_read(proc_fd, &rules);
	if (r >= 0)
		fprintf(stderr, "read: %d\n", outcome);
	read = now();
	if (r >= 0)
		r = transport_open_kernel(NETLINK_ROUTE, &route);
	if (r >= 0)
		r = routing_read(&route, proc_fd, &routing);
	if (r >= 0)
		r = judge_open(&rules, &routing, AF_INET, &judges[0]);
	if (r >= 0)
		r = judge_open(&rules, &routing, AF_INET6, &judges[1]);
	if (r < 0) {
		fprintf(stderr, "%s\n", strerror(-r));
		return 1;
	}
	ready = now();
	fprintf(stderr, "%zu chains, %zu rules, %zu sets; read %.2f ms, prepared %.2f ms\n",
		rules.n_chains, rules.n_rules, rules.n_sets, read - begin, ready - read);
	begin = now();
	while (scanf("%7s %31s %63s %u %63s", protocol, in, destination, &port, from) == 5) {
		r = answer(judges, &last, protocol, in, destination, port, from);
		if (r < 0) {
			fprintf(stderr, "%s %s: %s\n", in, destination, strerror(-r));
			return 1;
		}
	}
	fprintf(stderr, "answered in %.2f ms\n", now() - begin);
	if (last.valid)
		judgement_done(&last.judgement);
	judge_close(&judges[0]);
	judge_close(&judges[1]);
	rules_done(&rules);
	routing_done(&routing);
	transport_close(&filter.kernel);
	transport_close(&route);
	return 0;
}
