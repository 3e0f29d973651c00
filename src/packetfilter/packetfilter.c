/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading all of it, remembering judgements, and telling rules in words. */
#include "packetfilter/filter.h"

#include <stdio.h>
#include <linux/if_link.h>

#include "packetfilter/legacy.h"
#include "packetfilter/read.h"
#include "registry/registry.h"
#include "util/file.h"

static int read_rules(struct packetfilter *pf, struct warnings *warnings)
{
	struct transport transport;
	int r = transport_open_kernel(NETLINK_NETFILTER, &transport);

	/* A kernel without netfilter or nf_tables has no rules of it. */
	if (r == -EPROTONOSUPPORT)
		return 0;
	if (r < 0)
		return r;
	r = rules_read(&transport, &pf->rules);
	transport_close(&transport);
	if (r == -EOPNOTSUPP || r == -EINVAL)
		return 0;
	if (r == -EPERM || r == -EACCES) {
		pf->blind = true;
		return warnings_add(warnings, WARNING_NOTE,
			"reach is only what the address says: this user may not read the rules of "
			"the "
			"packet filter");
	}
	if (r <= 0)
		return r;
	pf->doubt = true;
	return warnings_add(warnings, WARNING_INCOMPLETE, "%s",
		r & READ_UNSTABLE ? "the rules of the packet filter changed while they were read"
				  : "not all rules of the packet filter could be read");
}

/* A table that cannot be read, or makes no sense, may drop anything. */
static int read_legacy(struct packetfilter *pf, int proc_fd, struct warnings *warnings)
{
	int r = legacy_read(proc_fd, &pf->rules);

	if (r >= 0 || r == -ENOMEM)
		return r;
	pf->doubt = true;
	r = warnings_miss(warnings, r, "the tables of iptables-legacy");
	return r < 0 ? r : rules_order(&pf->rules);
}

static int read_routing(struct packetfilter *pf, int proc_fd)
{
	struct transport transport;
	int r = transport_open_kernel(NETLINK_ROUTE, &transport);

	if (r < 0)
		return r;
	r = routing_read(&transport, proc_fd, &pf->routing);
	transport_close(&transport);
	return r;
}

static int add_group(struct packetfilter *pf, uint8_t family, const uint8_t *bytes)
{
	struct group *grown = reallocarray(pf->groups, pf->n_groups + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	pf->groups = grown;
	grown += pf->n_groups++;
	*grown = (struct group){.family = family};
	memcpy(grown->address, bytes, family_bytes(family));
	return 0;
}

/* /proc/net/igmp: the address as a number of the host, on lines that begin with tabs. */
static int take_group4(struct packetfilter *pf, const char *line)
{
	unsigned number;
	uint8_t bytes[4];

	if (sscanf(line, " %8X ", &number) != 1 || *line != '\t')
		return 0;
	memcpy(bytes, &number, 4);
	return add_group(pf, AF_INET, bytes);
}

/* /proc/net/igmp6: number and name of the interface, then the address in hexadecimal. */
static int take_group6(struct packetfilter *pf, const char *line)
{
	char text[33];
	uint8_t bytes[16];

	if (sscanf(line, "%*u %*s %32[0-9a-f]", text) != 1 || strlen(text) != 32)
		return 0;
	for (size_t i = 0; i < 16; i++) {
		unsigned byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return 0;
		bytes[i] = (uint8_t)byte;
	}
	return add_group(pf, AF_INET6, bytes);
}

static int read_groups(struct packetfilter *pf, int proc_fd, const char *path,
	int (*take)(struct packetfilter *pf, const char *line))
{
	AUTO_FREE char *text = NULL;
	int r = proc_fd < 0 ? -ENOENT : file_read(proc_fd, path, 1 << 20, &text, NULL);

	/* Without the file the kernel has no such groups. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (const char *at = text; at && *at && r >= 0;) {
		r = take(pf, at);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return r;
}

static bool changes_destinations(const struct rules *rules)
{
	for (size_t i = 0; i < rules->n_chains; i++)
		if (rules->chains[i].base && rules->chains[i].hook == NF_INET_PRE_ROUTING &&
			rules->chains[i].type && !strcmp(rules->chains[i].type, "nat"))
			return true;
	return false;
}

int packetfilter_open(int proc_fd, struct warnings *warnings, struct packetfilter **ret)
{
	struct packetfilter *pf = calloc(1, sizeof(*pf));
	int r = pf ? read_rules(pf, warnings) : -ENOMEM;

	if (r >= 0 && !pf->blind)
		r = read_legacy(pf, proc_fd, warnings);
	if (r >= 0 && !pf->blind)
		r = read_routing(pf, proc_fd);
	if (r >= 0 && !pf->blind)
		r = outside_look(pf, proc_fd, warnings);
	if (r >= 0 && !pf->blind)
		r = read_groups(pf, proc_fd, "net/igmp", take_group4);
	if (r >= 0 && !pf->blind)
		r = read_groups(pf, proc_fd, "net/igmp6", take_group6);
	if (r < 0) {
		packetfilter_close(pf);
		return r;
	}
	pf->redirects = changes_destinations(&pf->rules);
	*ret = pf;
	return 0;
}

struct packetfilter *packetfilter_close(struct packetfilter *pf)
{
	if (!pf)
		return NULL;
	for (size_t i = 0; i < pf->n_kept; i++)
		judgement_done(&pf->kept[i].judgement);
	for (size_t i = 0; i < pf->n_answers; i++)
		free(pf->answers[i]);
	for (size_t i = 0; i < 2; i++)
		if (pf->open[i])
			judge_close(&pf->judges[i]);
	free(pf->kept);
	free(pf->answers);
	free(pf->doubtful);
	free(pf->groups);
	free(pf->publications);
	arena_done(&pf->arena);
	rules_done(&pf->rules);
	routing_done(&pf->routing);
	free(pf);
	return NULL;
}

int packetfilter_judge(struct packetfilter *pf, uint8_t family, struct judge **ret)
{
	size_t i = family == AF_INET6;
	int r = 0;

	if (!pf->open[i])
		r = judge_open(&pf->rules, &pf->routing, family, &pf->judges[i]);
	if (r < 0)
		return r;
	pf->open[i] = true;
	*ret = &pf->judges[i];
	return 0;
}

static bool serves(const struct kept_judgement *k, uint8_t family, const struct question *q)
{
	const struct validity *v = &k->judgement.validity;

	return k->family == family && k->protocol == q->protocol && k->link == q->in->index &&
	       v->low <= q->port && q->port <= v->high &&
	       (!v->address || !memcmp(k->address, q->address, sizeof(k->address)));
}

/* An ending at the port that was asked for stands for the port of each question. */
int packetfilter_ask(struct packetfilter *pf, uint8_t family, const struct question *question,
	const struct judgement **ret)
{
	struct kept_judgement *kept;
	struct judge *judge;
	int r = packetfilter_judge(pf, family, &judge);

	for (size_t i = pf->n_kept; r >= 0 && i--;)
		if (serves(&pf->kept[i], family, question)) {
			*ret = &pf->kept[i].judgement;
			return 0;
		}
	if (r >= 0 && pf->n_kept == pf->kept_space) {
		size_t space = pf->kept_space ? pf->kept_space * 2 : 32;

		kept = reallocarray(pf->kept, space, sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		pf->kept = kept;
		pf->kept_space = space;
	}
	if (r < 0)
		return r;
	kept = &pf->kept[pf->n_kept];
	*kept = (struct kept_judgement){
		.family = family, .protocol = question->protocol, .link = question->in->index};
	memcpy(kept->address, question->address, sizeof(kept->address));
	r = judge_ask(judge, question, &kept->judgement);
	if (r < 0)
		return r;
	pf->n_kept++;
	*ret = &kept->judgement;
	return 0;
}

static const char *family_word(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "bridge";
	}
}

/* Whose chain it is, where its name or that of its table says so; NULL: not known. */
static const char *tool_of(const struct packetfilter *pf, const struct chain *chain)
{
	const char *tool = registry_filterer(REGISTRY_FILTERER_CHAIN, chain->name);

	return tool ? tool
		    : registry_filterer(
			      REGISTRY_FILTERER_TABLE, pf->rules.tables[chain->table].name);
}

const char *packetfilter_by(struct packetfilter *pf, uint32_t by)
{
	const struct rule *rule = BY_IS_RULE(by) ? &pf->rules.rules[BY_NUMBER(by)] : NULL;
	const struct chain *chain;
	const char *tool;
	char text[1024];
	int n;

	if (by == BY_RP_FILTER)
		return "rp_filter";
	if (by == BY_ROUTING)
		return "routing";
	if (!rule && !BY_IS_POLICY(by))
		return NULL;
	chain = &pf->rules.chains[rule ? rule->chain : BY_NUMBER(by)];
	n = snprintf(text, sizeof(text), "%s %s %s",
		family_word(pf->rules.tables[chain->table].family),
		pf->rules.tables[chain->table].name, chain->name);
	if (n < 0 || (size_t)n >= sizeof(text))
		return NULL;
	tool = tool_of(pf, chain);
	if (!rule)
		snprintf(text + n, sizeof(text) - (size_t)n, " policy %s%s%s%s",
			chain->policy == NF_DROP ? "drop" : "accept", tool ? " (" : "",
			tool ? tool : "", tool ? ")" : "");
	else
		snprintf(text + n, sizeof(text) - (size_t)n, " %s %llu%s%s%s%s%s%s",
			chain->legacy ? "rule" : "handle", (unsigned long long)rule->handle,
			tool ? " (" : "", tool ? tool : "", tool ? ")" : "",
			rule->comment ? " \"" : "", rule->comment ? rule->comment : "",
			rule->comment ? "\"" : "");
	return arena_copy(&pf->arena, text, strlen(text));
}

bool packetfilter_enters(const struct packetfilter *pf, const struct link *link)
{
	const struct link *master = link->master ? routing_link(&pf->routing, link->master) : NULL;

	if (!(link->flags & IFF_UP) || link->flags & IFF_LOOPBACK)
		return false;
	return !master || (strcmp(master->kind, "bridge") && strcmp(master->kind, "bond") &&
				  strcmp(master->kind, "team"));
}
