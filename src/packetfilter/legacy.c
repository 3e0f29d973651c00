/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of iptables-legacy is one block of entries. A chain of the kernel's own begins at an
 * offset that the table names and ends with its policy; each chain of the user begins behind an
 * entry with the target ERROR, which holds its name. Offsets are what jumps lead to.
 */
#include "packetfilter/legacy.h"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "util/file.h"

/* Both families have the same structs but for what an entry begins with, and the same numbers. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one for both");

/** One entry, taken apart. */
struct entry {
	size_t offset, next;
	const uint8_t *header; /**< struct ipt_ip or ip6t_ip6 */
	const uint8_t *matches;
	size_t matches_length;
	const struct xt_entry_target *target;
	size_t target_length; /**< of its data */
	bool to_chain;        /**< IPT_F_GOTO */
};

/** A table that is read. */
struct reading {
	struct rules *rules;
	uint8_t family; /**< NFPROTO_IPV4 or NFPROTO_IPV6 */
	uint32_t table;
	struct ipt_getinfo info;
	const uint8_t *entries;
	uint32_t *chains; /**< by offset: the chain that begins there; NOTHING: none */
};

static size_t header_size(const struct reading *r)
{
	return r->family == NFPROTO_IPV4 ? sizeof(struct ipt_ip) : sizeof(struct ip6t_ip6);
}

static size_t entry_size(const struct reading *r)
{
	return r->family == NFPROTO_IPV4 ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
}

static int take_apart(const struct reading *r, size_t offset, struct entry *ret)
{
	const uint8_t *at = r->entries + offset;
	size_t left = r->info.size - offset, target, next;

	if (left < entry_size(r))
		return -EBADMSG;
	if (r->family == NFPROTO_IPV4) {
		const struct ipt_entry *e = (const void *)at;

		target = e->target_offset;
		next = e->next_offset;
		ret->to_chain = e->ip.flags & IPT_F_GOTO;
	} else {
		const struct ip6t_entry *e = (const void *)at;

		target = e->target_offset;
		next = e->next_offset;
		ret->to_chain = e->ipv6.flags & IP6T_F_GOTO;
	}
	if (target < entry_size(r) || next > left || next < target + sizeof(*ret->target))
		return -EBADMSG;
	ret->offset = offset;
	ret->next = offset + next;
	ret->header = at;
	ret->matches = at + entry_size(r);
	ret->matches_length = target - entry_size(r);
	ret->target = (const void *)(at + target);
	ret->target_length = next - target - sizeof(*ret->target);
	return 0;
}

static bool is_target(const struct entry *e, const char *name)
{
	return !strncmp(e->target->u.user.name, name, sizeof(e->target->u.user.name));
}

static bool is_error(const struct entry *e)
{
	return is_target(e, XT_ERROR_TARGET) && e->target_length >= XT_FUNCTION_MAXNAMELEN;
}

/* The verdict of a standard target; false: it is another one. */
static bool standard(const struct entry *e, int *ret)
{
	if (!is_target(e, XT_STANDARD_TARGET) || e->target_length < sizeof(*ret))
		return false;
	memcpy(ret, e->target->data, sizeof(*ret));
	return true;
}

static int32_t priority_of(const char *table, unsigned hook)
{
	if (!strcmp(table, "raw"))
		return -300;
	if (!strcmp(table, "mangle"))
		return -150;
	if (!strcmp(table, "nat"))
		return hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_OUT ? -100 : 100;
	return !strcmp(table, "security") ? 50 : 0;
}

static int add_chain(struct reading *r, size_t offset, const char *name, size_t length, int hook)
{
	struct arena *arena = &r->rules->arena;
	const char *table = r->rules->tables[r->table].name;
	struct chain chain = {
		.table = r->table, .policy = NF_ACCEPT, .legacy = true, .base = hook >= 0};

	chain.name = arena_copy(arena, name, strnlen(name, length));
	if (!chain.name)
		return -ENOMEM;
	if (hook >= 0) {
		chain.hook = (uint8_t)hook;
		chain.type = !strcmp(table, "nat") ? "nat" : "filter";
		chain.priority = priority_of(table, chain.hook);
	}
	r->chains[offset] = (uint32_t)r->rules->n_chains;
	return rules_add_chain(r->rules, &chain);
}

/* First all chains, so that jumps find them. */
static int find_chains(struct reading *r)
{
	static const char *const names[NF_INET_NUMHOOKS] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
	struct entry e;
	int error = 0;

	for (unsigned i = 0; i < NF_INET_NUMHOOKS && error >= 0; i++)
		if (r->info.valid_hooks >> i & 1) {
			if (r->info.hook_entry[i] >= r->info.size)
				return -EBADMSG;
			error = add_chain(
				r, r->info.hook_entry[i], names[i], strlen(names[i]), (int)i);
		}
	for (size_t at = 0; at < r->info.size && error >= 0; at = e.next) {
		error = take_apart(r, at, &e);
		/* The last entry is such a one too: nothing follows it. */
		if (error >= 0 && is_error(&e) && e.next < r->info.size)
			error = add_chain(r, e.next, (const char *)e.target->data,
				XT_FUNCTION_MAXNAMELEN, -1);
	}
	return error;
}

static int add_operation(struct reading *r, struct operation *op, uint8_t kind, const char *name,
	size_t name_length, uint8_t revision, const uint8_t *data, size_t length)
{
	struct arena *arena = &r->rules->arena;

	*op = (struct operation){
		.kind = kind, .revision = revision, .set = NOTHING, .object = NOTHING};
	op->name = arena_copy(arena, name, strnlen(name, name_length));
	op->data = (const uint8_t *)arena_copy(arena, data, length);
	op->data_length = length;
	return op->name && op->data ? 0 : -ENOMEM;
}

/* A rule has no more than these. */
#define MAX_PARTS 64

static int decode_matches(
	struct reading *r, const struct entry *e, struct operation *ops, uint32_t *n)
{
	size_t left = e->matches_length;
	const uint8_t *at = e->matches;
	int error =
		add_operation(r, &ops[(*n)++], OP_IP_HEADER, "", 0, 0, e->header, header_size(r));

	while (left && error >= 0) {
		const struct xt_entry_match *m = (const void *)at;
		size_t size = left < sizeof(*m) ? 0 : m->u.match_size;

		if (size < sizeof(*m) || size > left || *n >= MAX_PARTS - 1)
			return -EBADMSG;
		error = add_operation(r, &ops[(*n)++], OP_XT_MATCH, m->u.user.name,
			sizeof(m->u.user.name), m->u.user.revision, m->data, size - sizeof(*m));
		at += size;
		left -= size;
	}
	return error;
}

/* XT_RETURN and the verdicts of netfilter are stored as one less than their negative. */
static struct verdict verdict_of(const struct reading *r, const struct entry *e, int stored)
{
	struct verdict v = {NFT_CONTINUE, NOTHING};

	if (stored == XT_RETURN)
		v.code = NFT_RETURN;
	else if (stored < 0)
		v.code = -stored - 1;
	else if ((size_t)stored != e->next) {
		v.code = e->to_chain ? NFT_GOTO : NFT_JUMP;
		v.chain = (size_t)stored < r->info.size ? r->chains[stored] : NOTHING;
	}
	return v;
}

static int decode_rule(struct reading *r, const struct entry *e, uint32_t chain, uint64_t number)
{
	struct operation ops[MAX_PARTS];
	struct rule rule = {.chain = chain, .handle = number};
	int stored, error = decode_matches(r, e, ops, &rule.n_operations);

	if (error < 0)
		return error;
	if (standard(e, &stored)) {
		struct verdict v = verdict_of(r, e, stored);

		if (v.code != NFT_CONTINUE)
			ops[rule.n_operations++] = (struct operation){.kind = OP_VERDICT,
				.verdict = v,
				.set = NOTHING,
				.object = NOTHING};
	} else {
		error = add_operation(r, &ops[rule.n_operations++], OP_XT_TARGET,
			e->target->u.user.name, sizeof(e->target->u.user.name),
			e->target->u.user.revision, e->target->data, e->target_length);
	}
	rule.operations = (const struct operation *)arena_copy(
		&r->rules->arena, ops, rule.n_operations * sizeof(*ops));
	if (error < 0 || !rule.operations)
		return -ENOMEM;
	return rules_add_rule(r->rules, &rule);
}

/* The policy of one of the kernel's chains stands where the table says. */
static bool is_policy(const struct reading *r, size_t offset)
{
	for (unsigned i = 0; i < NF_INET_NUMHOOKS; i++)
		if (r->info.valid_hooks >> i & 1 && r->info.underflow[i] == offset)
			return true;
	return false;
}

static int decode_rules(struct reading *r)
{
	uint32_t chain = NOTHING;
	uint64_t number = 0;
	struct entry e;
	int error = 0, stored;

	for (size_t at = 0; at < r->info.size && error >= 0; at = e.next) {
		error = take_apart(r, at, &e);
		if (error < 0 || is_error(&e))
			continue;
		if (r->chains[at] != NOTHING) {
			chain = r->chains[at];
			number = 0;
		}
		if (chain == NOTHING)
			return -EBADMSG;
		if (is_policy(r, at) && standard(&e, &stored))
			r->rules->chains[chain].policy =
				stored == -NF_DROP - 1 ? NF_DROP : NF_ACCEPT;
		else
			error = decode_rule(r, &e, chain, ++number);
	}
	return error;
}

static int add_table(struct rules *rules, uint8_t family, const char *name,
	const struct ipt_getinfo *info, const uint8_t *entries)
{
	struct reading r = {.rules = rules,
		.family = family,
		.table = (uint32_t)rules->n_tables,
		.info = *info,
		.entries = entries};
	struct nft_table table = {.family = family, .legacy = true};
	AUTO_FREE uint32_t *chains = reallocarray(NULL, (size_t)info->size + 1, sizeof(*chains));
	int error;

	table.name = arena_copy(&rules->arena, name, strlen(name));
	if (!chains || !table.name)
		return -ENOMEM;
	memset(chains, 0xff, ((size_t)info->size + 1) * sizeof(*chains));
	r.chains = chains;
	error = rules_add_table(rules, &table);
	if (error >= 0)
		error = find_chains(&r);
	return error < 0 ? error : decode_rules(&r);
}

static int read_table(int fd, struct rules *rules, uint8_t family, const char *name)
{
	int level = family == NFPROTO_IPV4 ? IPPROTO_IP : IPPROTO_IPV6;
	AUTO_FREE struct ipt_get_entries *entries = NULL;
	struct ipt_getinfo info = {0};
	socklen_t length = sizeof(info);

	snprintf(info.name, sizeof(info.name), "%s", name);
	if (getsockopt(fd, level, IPT_SO_GET_INFO, &info, &length) < 0)
		return -errno;
	/* The struct of IPv6 begins alike, the entries stand at the same place. */
	length = (socklen_t)(sizeof(*entries) + info.size);
	entries = calloc(1, length);
	if (!entries)
		return -ENOMEM;
	snprintf(entries->name, sizeof(entries->name), "%s", name);
	entries->size = info.size;
	if (getsockopt(fd, level, IPT_SO_GET_ENTRIES, entries, &length) < 0)
		return -errno;
	return add_table(rules, family, name, &info, (const uint8_t *)entries->entrytable);
}

static int read_family(int proc_fd, struct rules *rules, uint8_t family)
{
	bool four = family == NFPROTO_IPV4;
	AUTO_FREE char *names = NULL;
	AUTO_CLOSE int fd = -1;
	char *rest = NULL;
	int r = file_read(proc_fd, four ? "net/ip_tables_names" : "net/ip6_tables_names", 1 << 16,
		&names, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!*names)
		return 0;
	fd = socket(four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (char *name = strtok_r(names, "\n", &rest); name && r >= 0;
		name = strtok_r(NULL, "\n", &rest))
		r = read_table(fd, rules, family, name);
	return r;
}

int legacy_read(int proc_fd, struct rules *rules)
{
	int r = proc_fd < 0 ? 0 : read_family(proc_fd, rules, NFPROTO_IPV4);

	if (r >= 0 && proc_fd >= 0)
		r = read_family(proc_fd, rules, NFPROTO_IPV6);
	return r < 0 ? r : rules_order(rules);
}
