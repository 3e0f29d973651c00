/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables, chains, sets with their elements, objects and rules, in this order, so that each finds
 * by name what it refers to. The kernel numbers each state of its rules; the number is asked for
 * before and after, and a reading that was overtaken is made again.
 */
#include "packetfilter/read.h"

#include <linux/netfilter/nfnetlink.h>

#include "packetfilter/decode.h"

/* How often an overtaken reading is made again. */
#define ATTEMPTS 4

struct reading {
	struct netlink netlink;
	struct rules *rules;
	uint32_t set; /**< whose elements come in */
	char request[512];
};

/** A message of nf_tables, taken apart. */
struct arrived {
	uint8_t family;
	struct attributes a;
};

static int take_apart(const struct nlmsghdr *message, unsigned type, struct arrived *ret)
{
	const struct nfgenmsg *head = NLMSG_DATA(message);
	size_t length = message->nlmsg_len - NLMSG_HDRLEN;

	if (length < sizeof(*head))
		return -EBADMSG;
	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | type))
		return -EBADMSG;
	ret->family = head->nfgen_family;
	return attributes_parse(head + 1, length - sizeof(*head), &ret->a) ? 0 : -EBADMSG;
}

static char *copy_text(struct rules *r, const struct nlattr *a, int *error)
{
	const char *text = attribute_text(a);
	char *copy = text ? arena_copy(&r->arena, text, strlen(text)) : NULL;

	if (!copy)
		*error = text ? -ENOMEM : -EBADMSG;
	return copy;
}

static int take_generation(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct arrived m;
	int e = take_apart(message, NFT_MSG_NEWGEN, &m);

	if (e >= 0)
		reading->rules->generation = attribute_be32(m.a.at[NFTA_GEN_ID], 0);
	return e;
}

static int take_table(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct nft_table table = {0};
	struct arrived m;
	int e = take_apart(message, NFT_MSG_NEWTABLE, &m);

	if (e < 0)
		return e;
	table.family = m.family;
	table.name = copy_text(reading->rules, m.a.at[NFTA_TABLE_NAME], &e);
	table.dormant = attribute_be32(m.a.at[NFTA_TABLE_FLAGS], 0) & NFT_TABLE_F_DORMANT;
	return e < 0 ? e : rules_add_table(reading->rules, &table);
}

/* The table that a message belongs to. */
static uint32_t table_of(
	const struct reading *reading, const struct arrived *m, const struct nlattr *name)
{
	const char *text = attribute_text(name);

	return text ? rules_find_table(reading->rules, m->family, text) : NOTHING;
}

/* The interfaces of a chain of netdev, one or several. */
static int take_devices(struct rules *r, const struct attributes *hook, struct chain *chain)
{
	const struct nlattr *list = hook->at[NFTA_HOOK_DEVS];
	const char **devices;
	/* The kernel gives a single one in both ways. */
	const struct nlattr *only = list ? NULL : hook->at[NFTA_HOOK_DEV];
	size_t n = only != NULL, at = 0;
	int e = 0;

	if (list) {
		EACH_ATTRIBUTE(d, attribute_bytes(list), attribute_length(list))
		n++;
	}
	devices = arena_take(&r->arena, (n + 1) * sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	if (only)
		devices[at++] = copy_text(r, only, &e);
	if (list) {
		EACH_ATTRIBUTE(d, attribute_bytes(list), attribute_length(list))
		devices[at++] = copy_text(r, d, &e);
	}
	chain->devices = devices;
	chain->n_devices = at;
	return e;
}

static int take_chain(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct rules *r = reading->rules;
	struct chain chain = {.policy = NF_ACCEPT};
	struct attributes hook;
	struct arrived m;
	int e = take_apart(message, NFT_MSG_NEWCHAIN, &m);

	if (e < 0)
		return e;
	chain.table = table_of(reading, &m, m.a.at[NFTA_CHAIN_TABLE]);
	chain.name = copy_text(r, m.a.at[NFTA_CHAIN_NAME], &e);
	chain.handle = attribute_be64(m.a.at[NFTA_CHAIN_HANDLE], 0);
	if (chain.table == NOTHING || e < 0 || !attributes_nested(m.a.at[NFTA_CHAIN_HOOK], &hook))
		return e == -ENOMEM ? e : -EBADMSG;
	if (m.a.at[NFTA_CHAIN_HOOK]) {
		chain.base = true;
		chain.hook = (uint8_t)attribute_be32(hook.at[NFTA_HOOK_HOOKNUM], UINT8_MAX);
		chain.priority = (int32_t)attribute_be32(hook.at[NFTA_HOOK_PRIORITY], 0);
		chain.policy = (uint8_t)attribute_be32(m.a.at[NFTA_CHAIN_POLICY], NF_ACCEPT);
		chain.type = copy_text(r, m.a.at[NFTA_CHAIN_TYPE], &e);
		if (e >= 0)
			e = take_devices(r, &hook, &chain);
	}
	return e < 0 ? e : rules_add_chain(r, &chain);
}

/* Lengths of the fields of a concatenation, in bytes. */
static void take_fields(const struct nlattr *description, struct set *set)
{
	struct attributes a, field;

	if (!attributes_nested(description, &a) || !a.at[NFTA_SET_DESC_CONCAT])
		return;
	EACH_ATTRIBUTE(f, attribute_bytes(a.at[NFTA_SET_DESC_CONCAT]),
		attribute_length(a.at[NFTA_SET_DESC_CONCAT]))
	{
		uint32_t length;

		if (!attributes_nested(f, &field) || set->n_fields == ARRAY_SIZE(set->fields))
			return;
		length = attribute_be32(field.at[NFTA_SET_FIELD_LEN], 0);
		set->fields[set->n_fields++] = (uint8_t)MIN(length, REGISTER_BYTES);
	}
}

static int take_set(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct set set = {0};
	struct arrived m;
	uint32_t key, data;
	int e = take_apart(message, NFT_MSG_NEWSET, &m);

	if (e < 0)
		return e;
	set.table = table_of(reading, &m, m.a.at[NFTA_SET_TABLE]);
	set.name = copy_text(reading->rules, m.a.at[NFTA_SET_NAME], &e);
	set.flags = attribute_be32(m.a.at[NFTA_SET_FLAGS], 0);
	key = attribute_be32(m.a.at[NFTA_SET_KEY_LEN], 0);
	data = attribute_be32(m.a.at[NFTA_SET_DATA_LEN], 0);
	if (e < 0 || set.table == NOTHING || !key || key > REGISTER_BYTES)
		return e == -ENOMEM ? e : -EBADMSG;
	set.key_length = (uint8_t)key;
	set.data_length = (uint8_t)MIN(data, REGISTER_BYTES);
	take_fields(m.a.at[NFTA_SET_DESC], &set);
	return rules_add_set(reading->rules, &set);
}

/* A key of a set, as long as the set says. */
static const uint8_t *copy_key(
	struct rules *r, const struct set *set, const struct nlattr *a, int *error)
{
	struct attributes data;
	const uint8_t *copy;

	if (!attributes_nested(a, &data) || !data.at[NFTA_DATA_VALUE] ||
		attribute_length(data.at[NFTA_DATA_VALUE]) != set->key_length) {
		*error = -EBADMSG;
		return NULL;
	}
	copy = (const uint8_t *)arena_copy(
		&r->arena, attribute_bytes(data.at[NFTA_DATA_VALUE]), set->key_length);
	if (!copy)
		*error = -ENOMEM;
	return copy;
}

static int take_data(
	struct rules *r, const struct set *set, const struct nlattr *a, struct element *element)
{
	struct attributes data;
	uint8_t *copy;

	if (!attributes_nested(a, &data))
		return -EBADMSG;
	if (data.at[NFTA_DATA_VERDICT])
		return decode_verdict(r, set->table, data.at[NFTA_DATA_VERDICT], &element->verdict);
	if (!data.at[NFTA_DATA_VALUE])
		return -EBADMSG;
	copy = arena_take(&r->arena, REGISTER_BYTES);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, attribute_bytes(data.at[NFTA_DATA_VALUE]),
		MIN(attribute_length(data.at[NFTA_DATA_VALUE]), REGISTER_BYTES));
	element->data = copy;
	return 0;
}

/* Where an interval set has an end, `high` is NULL until the set is sealed. */
static int take_element(struct rules *r, struct set *set, const struct nlattr *from)
{
	struct element element = {0}, *kept;
	struct attributes a;
	uint32_t flags;
	int e = 0;

	if (!attributes_nested(from, &a))
		return -EBADMSG;
	flags = attribute_be32(a.at[NFTA_SET_ELEM_FLAGS], 0);
	decode_element_expressions(
		a.at[NFTA_SET_ELEM_EXPR], a.at[NFTA_SET_ELEM_EXPRESSIONS], &element);
	if (a.at[NFTA_SET_ELEM_DATA])
		e = take_data(r, set, a.at[NFTA_SET_ELEM_DATA], &element);
	if (e < 0)
		return e;
	if (flags & NFT_SET_ELEM_CATCHALL) {
		kept = arena_take(&r->arena, sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		*kept = element;
		set->catch_all = kept;
		return 0;
	}
	element.low = copy_key(r, set, a.at[NFTA_SET_ELEM_KEY], &e);
	element.high = flags & NFT_SET_ELEM_INTERVAL_END ? NULL : element.low;
	if (a.at[NFTA_SET_ELEM_KEY_END])
		element.high = copy_key(r, set, a.at[NFTA_SET_ELEM_KEY_END], &e);
	return e < 0 ? e : set_add_element(set, &element);
}

static int take_elements(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct set *set = &reading->rules->sets[reading->set];
	struct arrived m;
	const struct nlattr *list;
	int e = take_apart(message, NFT_MSG_NEWSETELEM, &m);

	list = e < 0 ? NULL : m.a.at[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!list)
		return e;
	EACH_ATTRIBUTE(element, attribute_bytes(list), attribute_length(list))
	{
		e = take_element(reading->rules, set, element);
		if (e == -EBADMSG)
			set->damaged = true;
		if (e < 0)
			return e;
	}
	return 0;
}

static int take_object(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct object object = {0};
	struct arrived m;
	int e = take_apart(message, NFT_MSG_NEWOBJ, &m);

	if (e < 0)
		return e;
	object.table = table_of(reading, &m, m.a.at[NFTA_OBJ_TABLE]);
	object.name = copy_text(reading->rules, m.a.at[NFTA_OBJ_NAME], &e);
	object.type = attribute_be32(m.a.at[NFTA_OBJ_TYPE], NOTHING);
	object.invert = decode_is_over(object.type, m.a.at[NFTA_OBJ_DATA]);
	if (e < 0 || object.table == NOTHING)
		return e == -ENOMEM ? e : -EBADMSG;
	return rules_add_object(reading->rules, &object);
}

/*
 * The comment that nft keeps with a rule: records of a type, a length and bytes. Type 0 is the
 * comment, NUL included (seen in what the kernel gives back).
 */
static const char *comment_of(struct rules *r, const struct nlattr *a)
{
	const uint8_t *at = a ? attribute_bytes(a) : NULL;
	size_t left = a ? attribute_length(a) : 0;

	while (left >= 2 && at[1] <= left - 2) {
		if (at[0] == 0 && at[1] && at[1 + at[1]] == 0)
			return arena_copy(&r->arena, at + 2, at[1]);
		left -= 2u + at[1];
		at += 2u + at[1];
	}
	return NULL;
}

static int take_rule(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;
	struct rules *r = reading->rules;
	struct rule rule = {.chain = r->last_chain};
	const char *chain;
	struct arrived m;
	uint32_t table;
	int e = take_apart(message, NFT_MSG_NEWRULE, &m);

	if (e < 0)
		return e;
	table = table_of(reading, &m, m.a.at[NFTA_RULE_TABLE]);
	chain = attribute_text(m.a.at[NFTA_RULE_CHAIN]);
	if (table == NOTHING || !chain)
		return -EBADMSG;
	if (rule.chain >= r->n_chains || r->chains[rule.chain].table != table ||
		strcmp(r->chains[rule.chain].name, chain))
		rule.chain = rules_find_chain(r, table, chain);
	if (rule.chain == NOTHING)
		return -EBADMSG;
	r->last_chain = rule.chain;
	rule.handle = attribute_be64(m.a.at[NFTA_RULE_HANDLE], 0);
	rule.comment = comment_of(r, m.a.at[NFTA_RULE_USERDATA]);
	if (m.a.at[NFTA_RULE_EXPRESSIONS]) {
		e = decode_expressions(r, table, m.a.at[NFTA_RULE_EXPRESSIONS], &rule.operations,
			&rule.n_operations);
		if (e == -ENOMEM)
			return e;
		if (e < 0) {
			/* The rule is there: what it does is not known. */
			static const struct operation unknown = {.kind = OP_UNKNOWN};

			rule.operations = &unknown;
			rule.n_operations = 1;
		}
	}
	decode_shortcut(&rule);
	return rules_add_rule(r, &rule);
}

static int take_flowtable(const struct nlmsghdr *message, void *userdata)
{
	struct reading *reading = userdata;

	reading->rules->n_flowtables++;
	return 0;
}

static struct nlmsghdr *begin(
	struct reading *reading, unsigned type, unsigned flags, uint8_t family)
{
	struct nlmsghdr *message = (struct nlmsghdr *)reading->request;
	struct nfgenmsg *head = NLMSG_DATA(message);

	memset(reading->request, 0, NLMSG_LENGTH(sizeof(*head)));
	message->nlmsg_len = NLMSG_LENGTH(sizeof(*head));
	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return message;
}

static int put_text(struct reading *reading, unsigned type, const char *text)
{
	struct nlmsghdr *message = (struct nlmsghdr *)reading->request;
	size_t length = strlen(text) + 1;
	struct nlattr *a = (struct nlattr *)(reading->request + message->nlmsg_len);

	if (message->nlmsg_len + NLA_HDRLEN + NLA_ALIGN(length) > sizeof(reading->request))
		return -E2BIG;
	a->nla_type = (uint16_t)type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + length);
	memset(a + 1, 0, NLA_ALIGN(length));
	memcpy(a + 1, text, length);
	message->nlmsg_len += NLA_HDRLEN + (uint32_t)NLA_ALIGN(length);
	return 0;
}

/* All of one kind. */
static int ask(struct reading *reading, unsigned type, netlink_message_fn take)
{
	return netlink_ask(
		&reading->netlink, begin(reading, type, NLM_F_DUMP, NFPROTO_UNSPEC), take, reading);
}

static int ask_generation(struct reading *reading, uint32_t *ret)
{
	int e = netlink_ask(&reading->netlink,
		begin(reading, NFT_MSG_GETGEN, NLM_F_ACK, NFPROTO_UNSPEC), take_generation,
		reading);

	*ret = reading->rules->generation;
	return e;
}

/* The elements of each set; one that has gone by now is a sign that the rules changed. */
static int ask_elements(struct reading *reading)
{
	struct rules *r = reading->rules;
	int outcome = 0;

	for (size_t i = 0; i < r->n_sets; i++) {
		const struct nft_table *table = &r->tables[r->sets[i].table];
		struct nlmsghdr *request =
			begin(reading, NFT_MSG_GETSETELEM, NLM_F_DUMP, table->family);
		int e = put_text(reading, NFTA_SET_ELEM_LIST_TABLE, table->name);

		reading->set = (uint32_t)i;
		if (e >= 0)
			e = put_text(reading, NFTA_SET_ELEM_LIST_SET, r->sets[i].name);
		if (e >= 0)
			e = netlink_ask(&reading->netlink, request, take_elements, reading);
		if (e == -ENOENT)
			e = NETLINK_INTERRUPTED;
		if (e < 0)
			return e;
		if (e & NETLINK_DAMAGED)
			r->sets[i].damaged = true;
		outcome |= e;
	}
	return outcome;
}

static int read_once(struct reading *reading)
{
	/* Sets before objects is of no matter; rules need all others. */
	static const struct {
		uint8_t type;
		netlink_message_fn take;
	} kinds[] = {
		{NFT_MSG_GETTABLE, take_table},
		{NFT_MSG_GETCHAIN, take_chain},
		{NFT_MSG_GETSET, take_set},
		{NFT_MSG_GETOBJ, take_object},
		{NFT_MSG_GETFLOWTABLE, take_flowtable},
		{NFT_MSG_GETRULE, take_rule},
	};
	uint32_t before = 0, after = 0;
	int outcome = ask_generation(reading, &before), e = 0;

	if (outcome < 0)
		return outcome;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		/* Of an empty rule set nothing else need be asked. */
		if (i && !reading->rules->n_tables)
			return outcome;
		e = ask(reading, kinds[i].type, kinds[i].take);
		if (e == -EOPNOTSUPP && kinds[i].type == NFT_MSG_GETFLOWTABLE)
			e = 0;
		if (e < 0)
			return e;
		outcome |= e;
	}
	e = ask_elements(reading);
	if (e >= 0)
		outcome |= e;
	if (e >= 0)
		e = ask_generation(reading, &after);
	if (e < 0)
		return e;
	return before == after ? outcome | e : outcome | e | NETLINK_INTERRUPTED;
}

int rules_read(struct transport *transport, struct rules *ret)
{
	struct rules rules = {0};
	struct reading reading = {.rules = &rules};
	int e = netlink_init(&reading.netlink, transport), outcome;

	if (e < 0)
		return e;
	for (int i = 0;; i++) {
		outcome = read_once(&reading);
		if (outcome < 0 || !(outcome & NETLINK_INTERRUPTED) || i + 1 == ATTEMPTS)
			break;
		rules_done(&rules);
	}
	netlink_done(&reading.netlink);
	if (outcome >= 0)
		e = rules_seal(&rules);
	if (outcome < 0 || e < 0) {
		rules_done(&rules);
		return outcome < 0 ? outcome : e;
	}
	*ret = rules;
	return (outcome & NETLINK_INTERRUPTED ? READ_UNSTABLE : 0) |
	       (outcome & NETLINK_DAMAGED ? READ_DAMAGED : 0);
}
