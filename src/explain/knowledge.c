/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gathers the knowledge: the site's files and the kernel's settings. */
#include "explain/knowledge.h"

#include <string.h>

#include "collect/host.h"
#include "registry/registry.h"

static void mark(uint8_t *ports, unsigned low, unsigned high)
{
	for (unsigned port = low; port <= high; port++)
		ports[port / 8] |= 1u << port % 8;
}

static void mark_spoken(struct portscope_knowledge *k)
{
	const struct registry_program *program;
	struct registry_speech speech;

	for (size_t i = 0; (program = registry_program_at(i)); i++)
		for (size_t n = 0; registry_next_speech(program, &n, &speech);)
			if (!speech.any && !speech.chosen)
				mark(k->spoken, speech.low, speech.high);
}

static void mark_special(struct portscope_knowledge *k)
{
	struct registry_de_facto de_facto;
	struct registry_preferred preferred;
	struct registry_insecure insecure;
	struct registry_pair pair;

	for (size_t i = 0; registry_next_de_facto_of_all(&i, &de_facto);)
		mark(k->special, de_facto.port, de_facto.port);
	for (size_t i = 0; registry_next_preferred_of_all(&i, &preferred);)
		mark(k->special, preferred.port, preferred.port);
	for (size_t i = 0; registry_next_insecure_of_all(&i, &insecure);)
		mark(k->special, insecure.low, insecure.high);
	for (size_t i = 0; registry_next_pair_of_all(&i, &pair);) {
		mark(k->special, pair.port, pair.port);
		mark(k->special, pair.secure_port, pair.secure_port);
	}
}

static int read_kernel(struct portscope_knowledge *k, int proc_fd)
{
	int r = collect_ephemeral(proc_fd, &k->ephemeral);

	if (r < 0)
		r = warnings_miss(&k->warnings, r, "the kernel's ephemeral port range");
	if (r < 0)
		return r;
	k->kernel.ephemeral_known = k->ephemeral.high != 0;
	k->kernel.ephemeral_low = k->ephemeral.low;
	k->kernel.ephemeral_high = k->ephemeral.high;
	r = collect_unprivileged_start(proc_fd, &k->kernel.unprivileged_from);
	k->kernel.privileged_known = r >= 0;
	return r < 0 ? warnings_miss(&k->warnings, r, "which ports need a privilege here") : 0;
}

static int read_sources(struct portscope_knowledge *k, const struct sources *sources)
{
	int r = read_kernel(k, sources->proc_fd);

	if (r >= 0 && sources->etc_fd >= 0)
		r = service_names_load(sources->etc_fd, &k->warnings, &k->services);
	return r;
}

/* `given` may be NULL: the sources of this system. */
static int open_knowledge(const struct sources *given, struct portscope_knowledge **ret)
{
	struct portscope_knowledge *k = calloc(1, sizeof(*k));
	struct sources own;
	int r = 0;

	if (!k)
		return -ENOMEM;
	mark_special(k);
	mark_spoken(k);
	if (!given)
		r = sources_open(&own, &k->warnings);
	if (r >= 0)
		r = read_sources(k, given ? given : &own);
	if (!given)
		sources_close(&own);
	if (r < 0) {
		portscope_knowledge_close(k);
		return r;
	}
	*ret = k;
	return 0;
}

int knowledge_open_from(const struct sources *sources, struct portscope_knowledge **ret)
{
	return open_knowledge(sources, ret);
}

int portscope_knowledge_open(struct portscope_knowledge **ret)
{
	return open_knowledge(NULL, ret);
}

struct portscope_knowledge *portscope_knowledge_close(struct portscope_knowledge *k)
{
	if (!k)
		return NULL;
	service_names_free(k->services);
	ephemeral_done(&k->ephemeral);
	warnings_done(&k->warnings);
	free(k);
	return NULL;
}

const struct portscope_warning *portscope_knowledge_warnings(
	const struct portscope_knowledge *k, size_t *ret_count)
{
	*ret_count = k->warnings.count;
	return k->warnings.items;
}

struct portscope_kernel_ports portscope_kernel_ports(const struct portscope_knowledge *k)
{
	return k->kernel;
}

const char *knowledge_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	}
	return NULL;
}
