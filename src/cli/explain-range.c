/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages of the three ranges, and the page for those who do not know what to ask. */
#include "cli/explain.h"

#include <string.h>

struct explain_counts explain_count(
	const struct portscope_knowledge *knowledge, const struct portscope_range *range)
{
	struct explain_counts counts = {0};

	for (unsigned n = range->low; n <= range->high; n++) {
		struct portscope_port *port;

		if (portscope_explain(knowledge, n, &port) < 0)
			continue;
		counts.tcp += port->uses[0].n_registrations != 0;
		counts.udp += port->uses[1].n_registrations != 0;
		counts.insecure += explain_insecure(port) != 0;
		portscope_port_free(port);
	}
	return counts;
}

static void put_kernel(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_range *range)
{
	struct portscope_kernel_ports kernel = portscope_kernel_ports(knowledge);
	unsigned low = MAX(kernel.ephemeral_low, range->low);
	unsigned high = MIN(kernel.ephemeral_high, range->high);

	page_line(p, 2, 2);
	if (kernel.privileged_known && kernel.unprivileged_from > range->low)
		page_format(p, "On this host, binding a port below %u needs privilege.",
			kernel.unprivileged_from);
	else if (kernel.privileged_known)
		page_words(p, "On this host, any user may bind them.");
	if (kernel.ephemeral_known && low <= high)
		page_format(
			p, "Its kernel gives %u-%u of them to outgoing connections.", low, high);
	else if (kernel.ephemeral_known)
		page_words(p, "Its kernel gives none of them to outgoing connections.");
}

/* How two hosts come to use the same port of a range from which nobody assigns one. */
static void put_agreement(struct page *p)
{
	static const char *const steps[] = {
		"1. On one host: portscope -a --json > first.json",
		"2. On the other: portscope free --with first.json",
		"3. Start the service there with the port it prints, and tell the first host: in a "
		"configuration file, by mDNS, by a portmapper or in the connection that the two "
		"already have.",
	};

	page_line(p, 2, 2);
	page_words(p, "Nobody assigns these ports, so two hosts have to agree on one before they "
		      "can meet there. One that is free on both:");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		page_line(p, 4, 7);
		page_words(p, steps[i]);
	}
}

void explain_range_text(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_range *range)
{
	struct explain_counts counts = explain_count(knowledge, range);

	page_line(p, 0, 2);
	page_format(
		p, "The %s ports, %u-%u: %s.", range->name, range->low, range->high, range->brief);
	page_line(p, 2, 2);
	page_words(p, range->purpose);
	page_format(p, "See %s.", range->reference);
	if (!strcmp(range->name, "dynamic"))
		put_agreement(p);
	page_line(p, 2, 2);
	page_format(p,
		"Of its %u ports %zu have a registered service for TCP and %zu for UDP; on %zu a "
		"service is known that may be insecure.",
		range->high - range->low + 1, counts.tcp, counts.udp, counts.insecure);
	put_kernel(p, knowledge, range);
	page_end(p);
}

static void put_examples(struct page *p)
{
	static const char *const examples[][2] = {
		{"portscope explain 443", "one port: what it does, its risks, who has it open"},
		{"portscope explain dns", "a service, by its name or by the word that people use"},
		{"portscope explain 22,80 53/udp", "several ports"},
		{"portscope explain dynamic", "a range, and how two hosts agree on a port of it"},
		{"portscope explain --list --insecure", "every known port that may be insecure"},
		{"portscope -l", "what listens on this host now"},
		{"portscope free", "a port that nobody uses"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		page_line(p, 2, 39);
		page_cell(p, examples[i][0], 39);
		page_words(p, examples[i][1]);
	}
}

void explain_start_text(struct page *p, const struct portscope_knowledge *knowledge)
{
	struct portscope_kernel_ports kernel = portscope_kernel_ports(knowledge);
	const struct portscope_range *range;

	page_line(p, 0, 0);
	page_words(p, "A port is a number from 0 to 65535 that tells the programs of one host "
		      "apart: a server listens on one, and a client connects to it from one of its "
		      "own. TCP and UDP have 65536 each. Who assigns them:");
	for (unsigned i = 0; (range = portscope_range_at(i)); i++) {
		page_line(p, 2, 29);
		page_format(p, "%5u-%u", range->low, range->high);
		page_cell(p, "", 16);
		page_cell(p, range->name, 29);
		page_words(p, range->brief);
	}
	if (kernel.ephemeral_known) {
		page_line(p, 0, 0);
		page_format(p, "The clients of this host get theirs from %u-%u (ephemeral ports).",
			kernel.ephemeral_low, kernel.ephemeral_high);
	}
	page_line(p, 0, 0);
	page_words(p, "Ask for more:");
	put_examples(p);
	page_end(p);
}
