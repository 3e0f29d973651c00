/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Expressions of nf_tables, one decoder each, in a table by name. What they mean stands in
 * linux/netfilter/nf_tables.h; a decoder only turns attributes into members, and refuses what does
 * not fit, so that the machine needs no checks of registers and lengths.
 */
#include "packetfilter/decode.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables_compat.h>

/** What a decoder reads and writes. */
struct decoding {
	struct rules *rules;
	uint32_t table;
	struct attributes a; /**< of the expression */
	struct operation *op;
};

/* Registers 1 to 4 have 16 bytes, 8 to 23 have 4 and lie over them. */
static bool register_offset(const struct nlattr *a, size_t length, uint8_t *ret)
{
	uint32_t number = attribute_be32(a, NOTHING);
	size_t offset;

	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		offset = (number - NFT_REG_1) * 16;
	else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		offset = (number - NFT_REG32_00) * 4;
	else
		return false;
	if (length > REGISTER_BYTES - offset)
		return false;
	*ret = (uint8_t)offset;
	return true;
}

/* A register of an address or port: 16 bytes may lie there, or only up to the end. */
static bool optional_register(const struct nlattr *a, uint8_t *ret)
{
	*ret = NO_REGISTER;
	return !a || register_offset(a, 2, ret);
}

/* The bytes of NFTA_DATA_VALUE, copied. */
static const uint8_t *data_value(struct decoding *d, const struct nlattr *a, size_t *ret_length)
{
	struct attributes data;
	const struct nlattr *value;

	if (!a || !attributes_nested(a, &data) || !(value = data.at[NFTA_DATA_VALUE]))
		return NULL;
	*ret_length = attribute_length(value);
	if (!*ret_length || *ret_length > REGISTER_BYTES)
		return NULL;
	return (const uint8_t *)arena_copy(&d->rules->arena, attribute_bytes(value), *ret_length);
}

int decode_verdict(
	struct rules *r, uint32_t table, const struct nlattr *verdict, struct verdict *ret)
{
	struct attributes a;
	const char *name;

	if (!verdict || !attributes_nested(verdict, &a) || !a.at[NFTA_VERDICT_CODE])
		return -EBADMSG;
	ret->code = (int32_t)attribute_be32(a.at[NFTA_VERDICT_CODE], 0);
	ret->chain = NOTHING;
	name = attribute_text(a.at[NFTA_VERDICT_CHAIN]);
	if (name)
		ret->chain = rules_find_chain(r, table, name);
	return 0;
}

static bool decode_payload(struct decoding *d)
{
	struct operation *op = d->op;
	uint32_t base = attribute_be32(d->a.at[NFTA_PAYLOAD_BASE], NOTHING);
	uint32_t offset = attribute_be32(d->a.at[NFTA_PAYLOAD_OFFSET], NOTHING);
	uint32_t length = attribute_be32(d->a.at[NFTA_PAYLOAD_LEN], NOTHING);

	if (base > UINT8_MAX || offset > UINT16_MAX || !length || length > REGISTER_BYTES)
		return false;
	op->base = (uint8_t)base;
	op->offset = (uint16_t)offset;
	op->length = (uint8_t)length;
	if (d->a.at[NFTA_PAYLOAD_SREG]) {
		op->kind = OP_PAYLOAD_SET;
		return register_offset(d->a.at[NFTA_PAYLOAD_SREG], length, &op->source);
	}
	return register_offset(d->a.at[NFTA_PAYLOAD_DREG], length, &op->destination);
}

/* Names of interfaces and kinds take 16 bytes, times 8, everything else at most 4. */
static uint8_t meta_length(uint32_t key)
{
	switch (key) {
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
	case NFT_META_BRI_IIFNAME:
	case NFT_META_BRI_OIFNAME:
	case NFT_META_IIFKIND:
	case NFT_META_OIFKIND:
	case NFT_META_SDIFNAME:
		return 16;
	case NFT_META_TIME_NS:
		return 8;
	case NFT_META_PROTOCOL:
	case NFT_META_IFTYPE:
	case NFT_META_OIFTYPE:
		return 2;
	case NFT_META_NFPROTO:
	case NFT_META_L4PROTO:
	case NFT_META_PKTTYPE:
	case NFT_META_SECPATH:
	case NFT_META_TIME_DAY:
		return 1;
	default:
		return 4;
	}
}

static bool decode_meta(struct decoding *d)
{
	struct operation *op = d->op;

	op->key = attribute_be32(d->a.at[NFTA_META_KEY], NOTHING);
	op->length = meta_length(op->key);
	if (d->a.at[NFTA_META_SREG]) {
		op->kind = OP_META_SET;
		return register_offset(d->a.at[NFTA_META_SREG], op->length, &op->source);
	}
	return register_offset(d->a.at[NFTA_META_DREG], op->length, &op->destination);
}

static uint8_t ct_length(uint32_t key)
{
	switch (key) {
	case NFT_CT_DIRECTION:
	case NFT_CT_L3PROTOCOL:
	case NFT_CT_PROTOCOL:
		return 1;
	case NFT_CT_PROTO_SRC:
	case NFT_CT_PROTO_DST:
	case NFT_CT_ZONE:
		return 2;
	case NFT_CT_PKTS:
	case NFT_CT_BYTES:
	case NFT_CT_AVGPKT:
		return 8;
	case NFT_CT_HELPER:
	case NFT_CT_LABELS:
	case NFT_CT_SRC:
	case NFT_CT_DST:
	case NFT_CT_SRC_IP6:
	case NFT_CT_DST_IP6:
		return 16;
	default:
		return 4;
	}
}

static bool decode_ct(struct decoding *d)
{
	struct operation *op = d->op;
	const struct nlattr *direction = d->a.at[NFTA_CT_DIRECTION];

	op->key = attribute_be32(d->a.at[NFTA_CT_KEY], NOTHING);
	op->length = ct_length(op->key);
	op->how = direction && attribute_length(direction) == 1
			  ? *(const uint8_t *)attribute_bytes(direction)
			  : UINT8_MAX;
	if (d->a.at[NFTA_CT_SREG]) {
		op->kind = OP_CT_SET;
		return register_offset(d->a.at[NFTA_CT_SREG], op->length, &op->source);
	}
	return register_offset(d->a.at[NFTA_CT_DREG], op->length, &op->destination);
}

static bool decode_cmp(struct decoding *d)
{
	struct operation *op = d->op;
	uint32_t how = attribute_be32(d->a.at[NFTA_CMP_OP], NOTHING);

	op->data = data_value(d, d->a.at[NFTA_CMP_DATA], &op->data_length);
	if (!op->data || how > NFT_CMP_GTE)
		return false;
	op->how = (uint8_t)how;
	op->length = (uint8_t)op->data_length;
	return register_offset(d->a.at[NFTA_CMP_SREG], op->length, &op->source);
}

static bool decode_range(struct decoding *d)
{
	struct operation *op = d->op;
	uint32_t how = attribute_be32(d->a.at[NFTA_RANGE_OP], NOTHING);
	size_t length = 0;

	op->data = data_value(d, d->a.at[NFTA_RANGE_FROM_DATA], &op->data_length);
	op->data2 = data_value(d, d->a.at[NFTA_RANGE_TO_DATA], &length);
	if (!op->data || !op->data2 || length != op->data_length || how > NFT_RANGE_NEQ)
		return false;
	op->invert = how == NFT_RANGE_NEQ;
	op->length = (uint8_t)length;
	return register_offset(d->a.at[NFTA_RANGE_SREG], length, &op->source);
}

static bool decode_bitwise(struct decoding *d)
{
	struct operation *op = d->op;
	uint32_t length = attribute_be32(d->a.at[NFTA_BITWISE_LEN], NOTHING);
	uint32_t how = attribute_be32(d->a.at[NFTA_BITWISE_OP], NFT_BITWISE_MASK_XOR);
	size_t n = 0, m = 0;

	if (!length || length > REGISTER_BYTES || how > UINT8_MAX)
		return false;
	op->length = (uint8_t)length;
	op->how = (uint8_t)how;
	if (how == NFT_BITWISE_MASK_XOR) {
		op->data = data_value(d, d->a.at[NFTA_BITWISE_MASK], &n);
		op->data2 = data_value(d, d->a.at[NFTA_BITWISE_XOR], &m);
		if (!op->data || !op->data2 || n != length || m != length)
			return false;
	}
	return register_offset(d->a.at[NFTA_BITWISE_SREG], length, &op->source) &&
	       register_offset(d->a.at[NFTA_BITWISE_DREG], length, &op->destination);
}

static bool decode_byteorder(struct decoding *d)
{
	struct operation *op = d->op;
	uint32_t length = attribute_be32(d->a.at[NFTA_BYTEORDER_LEN], NOTHING);
	uint32_t size = attribute_be32(d->a.at[NFTA_BYTEORDER_SIZE], NOTHING);

	if (!length || length > REGISTER_BYTES || (size != 2 && size != 4 && size != 8))
		return false;
	op->length = (uint8_t)length;
	op->how = (uint8_t)size;
	return register_offset(d->a.at[NFTA_BYTEORDER_SREG], length, &op->source) &&
	       register_offset(d->a.at[NFTA_BYTEORDER_DREG], length, &op->destination);
}

static bool decode_immediate(struct decoding *d)
{
	struct operation *op = d->op;
	struct attributes data;

	if (!attributes_nested(d->a.at[NFTA_IMMEDIATE_DATA], &data))
		return false;
	if (attribute_be32(d->a.at[NFTA_IMMEDIATE_DREG], NOTHING) == NFT_REG_VERDICT) {
		op->kind = OP_VERDICT;
		return decode_verdict(
			       d->rules, d->table, data.at[NFTA_DATA_VERDICT], &op->verdict) >= 0;
	}
	op->data = data_value(d, d->a.at[NFTA_IMMEDIATE_DATA], &op->data_length);
	if (!op->data)
		return false;
	op->length = (uint8_t)op->data_length;
	return register_offset(d->a.at[NFTA_IMMEDIATE_DREG], op->length, &op->destination);
}

static bool decode_lookup(struct decoding *d)
{
	struct operation *op = d->op;
	const char *name = attribute_text(d->a.at[NFTA_LOOKUP_SET]);
	const struct set *set;

	op->set = name ? rules_find_set(d->rules, d->table, name) : NOTHING;
	op->invert = attribute_be32(d->a.at[NFTA_LOOKUP_FLAGS], 0) & NFT_LOOKUP_F_INV;
	op->has_destination = d->a.at[NFTA_LOOKUP_DREG] != NULL;
	op->to_verdict = op->has_destination &&
			 attribute_be32(d->a.at[NFTA_LOOKUP_DREG], NOTHING) == NFT_REG_VERDICT;
	if (op->set == NOTHING)
		return false;
	set = &d->rules->sets[op->set];
	op->length = set->key_length;
	if (op->has_destination && !op->to_verdict &&
		!register_offset(d->a.at[NFTA_LOOKUP_DREG], set->data_length, &op->destination))
		return false;
	return register_offset(d->a.at[NFTA_LOOKUP_SREG], set->key_length, &op->source);
}

bool decode_is_over(uint32_t type, const struct nlattr *data)
{
	struct attributes a;

	if (!attributes_nested(data, &a))
		return false;
	switch (type) {
	case NFT_OBJECT_LIMIT:
		return attribute_be32(a.at[NFTA_LIMIT_FLAGS], 0) & NFT_LIMIT_F_INV;
	case NFT_OBJECT_QUOTA:
		return attribute_be32(a.at[NFTA_QUOTA_FLAGS], 0) & NFT_QUOTA_F_INV;
	case NFT_OBJECT_CONNLIMIT:
		return attribute_be32(a.at[NFTA_CONNLIMIT_FLAGS], 0) & NFT_CONNLIMIT_F_INV;
	}
	return false;
}

/* The kind of limit that an expression called `name` is; 0: none, UINT32_MAX: not known. */
static uint32_t limit_type(const char *name)
{
	if (!name)
		return UINT32_MAX;
	if (!strcmp(name, "limit"))
		return NFT_OBJECT_LIMIT;
	if (!strcmp(name, "quota"))
		return NFT_OBJECT_QUOTA;
	if (!strcmp(name, "connlimit"))
		return NFT_OBJECT_CONNLIMIT;
	return !strcmp(name, "counter") || !strcmp(name, "last") ? 0 : UINT32_MAX;
}

static void note_element_expression(const struct nlattr *expression, struct element *ret)
{
	struct attributes a;
	uint32_t type = UINT32_MAX;

	if (attributes_nested(expression, &a))
		type = limit_type(attribute_text(a.at[NFTA_EXPR_NAME]));
	if (type == UINT32_MAX)
		ret->unknown = true;
	if (type == UINT32_MAX || !type)
		return;
	ret->limits = true;
	ret->over |= decode_is_over(type, a.at[NFTA_EXPR_DATA]);
}

void decode_element_expressions(
	const struct nlattr *one, const struct nlattr *list, struct element *ret)
{
	if (one)
		note_element_expression(one, ret);
	if (!list)
		return;
	EACH_ATTRIBUTE(e, attribute_bytes(list), attribute_length(list))
	{
		if (attribute_type(e) == NFTA_LIST_ELEM)
			note_element_expression(e, ret);
	}
}

/* What a dynset does to the packet depends on the limits that it keeps in the element. */
static bool decode_dynset(struct decoding *d)
{
	struct operation *op = d->op;
	const char *name = attribute_text(d->a.at[NFTA_DYNSET_SET_NAME]);
	struct element element = {0};

	op->set = name ? rules_find_set(d->rules, d->table, name) : NOTHING;
	op->invert = attribute_be32(d->a.at[NFTA_DYNSET_FLAGS], 0) & NFT_DYNSET_F_INV;
	op->how = (uint8_t)attribute_be32(d->a.at[NFTA_DYNSET_OP], UINT8_MAX);
	decode_element_expressions(
		d->a.at[NFTA_DYNSET_EXPR], d->a.at[NFTA_DYNSET_EXPRESSIONS], &element);
	op->flags = element.limits | (uint32_t)element.over << 1;
	return op->set != NOTHING && !element.unknown;
}

static bool decode_limit(struct decoding *d)
{
	d->op->invert = attribute_be32(d->a.at[NFTA_LIMIT_FLAGS], 0) & NFT_LIMIT_F_INV;
	return true;
}

static bool decode_quota(struct decoding *d)
{
	d->op->invert = attribute_be32(d->a.at[NFTA_QUOTA_FLAGS], 0) & NFT_QUOTA_F_INV;
	return true;
}

static bool decode_connlimit(struct decoding *d)
{
	d->op->key = NFT_OBJECT_CONNLIMIT;
	d->op->invert = attribute_be32(d->a.at[NFTA_CONNLIMIT_FLAGS], 0) & NFT_CONNLIMIT_F_INV;
	return true;
}

static bool decode_objref(struct decoding *d)
{
	struct operation *op = d->op;
	const char *name = attribute_text(d->a.at[NFTA_OBJREF_IMM_NAME]);
	uint32_t type = attribute_be32(d->a.at[NFTA_OBJREF_IMM_TYPE], NOTHING);

	if (!name)
		return false; /* chosen by a map */
	op->object = rules_find_object(d->rules, d->table, name, type);
	return op->object != NOTHING;
}

static bool decode_fib(struct decoding *d)
{
	struct operation *op = d->op;

	op->key = attribute_be32(d->a.at[NFTA_FIB_RESULT], NOTHING);
	op->flags = attribute_be32(d->a.at[NFTA_FIB_FLAGS], NOTHING);
	op->length =
		op->key == NFT_FIB_RESULT_OIFNAME && !(op->flags & NFTA_FIB_F_PRESENT) ? 16 : 4;
	if (op->flags & NFTA_FIB_F_PRESENT)
		op->length = 1;
	return register_offset(d->a.at[NFTA_FIB_DREG], op->length, &op->destination);
}

static bool decode_nat(struct decoding *d)
{
	struct operation *op = d->op;

	op->key = attribute_be32(d->a.at[NFTA_NAT_FLAGS], 0);
	op->how = (uint8_t)attribute_be32(d->a.at[NFTA_NAT_TYPE], UINT8_MAX);
	op->family = (uint8_t)attribute_be32(d->a.at[NFTA_NAT_FAMILY], 0);
	return optional_register(d->a.at[NFTA_NAT_REG_ADDR_MIN], &op->source) &&
	       optional_register(d->a.at[NFTA_NAT_REG_ADDR_MAX], &op->source_max) &&
	       optional_register(d->a.at[NFTA_NAT_REG_PROTO_MIN], &op->last) &&
	       optional_register(d->a.at[NFTA_NAT_REG_PROTO_MAX], &op->last_max) &&
	       (op->source == NO_REGISTER ||
		       op->source <= REGISTER_BYTES - (op->family == NFPROTO_IPV6 ? 16 : 4));
}

static bool decode_redir(struct decoding *d)
{
	struct operation *op = d->op;

	op->key = attribute_be32(d->a.at[NFTA_REDIR_FLAGS], 0);
	return optional_register(d->a.at[NFTA_REDIR_REG_PROTO_MIN], &op->last) &&
	       optional_register(d->a.at[NFTA_REDIR_REG_PROTO_MAX], &op->last_max);
}

/* What writes a value that is not foreseen; the lengths of registers as the kernel has them. */
static bool decode_random(struct decoding *d)
{
	d->op->length = 4;
	return register_offset(d->a.at[NFTA_NG_DREG], 4, &d->op->destination);
}

static bool decode_hash(struct decoding *d)
{
	d->op->length = 4;
	return register_offset(d->a.at[NFTA_HASH_DREG], 4, &d->op->destination);
}

static bool decode_osf(struct decoding *d)
{
	d->op->length = 16;
	return register_offset(d->a.at[NFTA_OSF_DREG], 16, &d->op->destination);
}

static bool decode_xfrm(struct decoding *d)
{
	d->op->length = 16;
	return register_offset(d->a.at[NFTA_XFRM_DREG], 4, &d->op->destination);
}

static bool decode_tunnel(struct decoding *d)
{
	d->op->length = 4;
	return register_offset(d->a.at[NFTA_TUNNEL_DREG], 4, &d->op->destination);
}

static bool decode_socket(struct decoding *d)
{
	d->op->length = 8;
	return register_offset(d->a.at[NFTA_SOCKET_DREG], 4, &d->op->destination);
}

static bool decode_rt(struct decoding *d)
{
	d->op->length = 16;
	return register_offset(d->a.at[NFTA_RT_DREG], 4, &d->op->destination);
}

static bool decode_exthdr(struct decoding *d)
{
	uint32_t length = attribute_be32(d->a.at[NFTA_EXTHDR_LEN], NOTHING);

	if (!d->a.at[NFTA_EXTHDR_DREG]) {
		d->op->kind = OP_NOTHING; /* writes or removes a TCP option */
		return true;
	}
	d->op->length = (uint8_t)MIN(length, REGISTER_BYTES);
	return register_offset(d->a.at[NFTA_EXTHDR_DREG], 4, &d->op->destination);
}

static bool decode_xt(struct decoding *d)
{
	struct operation *op = d->op;
	/* The numbers of NFTA_MATCH_* and NFTA_TARGET_* are the same. */
	const char *name = attribute_text(d->a.at[NFTA_MATCH_NAME]);
	const struct nlattr *info = d->a.at[NFTA_MATCH_INFO];

	if (!name || !info)
		return false;
	op->name = arena_copy(&d->rules->arena, name, strlen(name));
	op->revision = (uint8_t)attribute_be32(d->a.at[NFTA_MATCH_REV], UINT8_MAX);
	op->data_length = attribute_length(info);
	op->data = (const uint8_t *)arena_copy(
		&d->rules->arena, attribute_bytes(info), op->data_length);
	return op->name && op->data;
}

static bool decode_nothing(struct decoding *d)
{
	return true;
}

/* clang-format off */
static const struct {
	const char *name;
	enum operation_kind kind;
	bool (*decode)(struct decoding *d);
} expressions[] = {
	{"payload",   OP_PAYLOAD,    decode_payload},
	{"cmp",       OP_CMP,        decode_cmp},
	{"meta",      OP_META,       decode_meta},
	{"immediate", OP_IMMEDIATE,  decode_immediate},
	{"counter",   OP_NOTHING,    decode_nothing},
	{"match",     OP_XT_MATCH,   decode_xt},
	{"target",    OP_XT_TARGET,  decode_xt},
	{"lookup",    OP_LOOKUP,     decode_lookup},
	{"bitwise",   OP_BITWISE,    decode_bitwise},
	{"ct",        OP_CT,         decode_ct},
	{"range",     OP_RANGE,      decode_range},
	{"reject",    OP_REJECT,     decode_nothing},
	{"log",       OP_NOTHING,    decode_nothing},
	{"limit",     OP_LIMIT,      decode_limit},
	{"quota",     OP_LIMIT,      decode_quota},
	{"connlimit", OP_LIMIT,      decode_connlimit},
	{"byteorder", OP_BYTEORDER,  decode_byteorder},
	{"dynset",    OP_DYNSET,     decode_dynset},
	{"objref",    OP_OBJECT,     decode_objref},
	{"fib",       OP_FIB,        decode_fib},
	{"nat",       OP_NAT,        decode_nat},
	{"redir",     OP_REDIRECT,   decode_redir},
	{"masq",      OP_MASQUERADE, decode_nothing},
	{"notrack",   OP_NOTRACK,    decode_nothing},
	{"queue",     OP_QUEUE,      decode_nothing},
	{"tproxy",    OP_TPROXY,     decode_nothing},
	{"synproxy",  OP_SYNPROXY,   decode_nothing},
	{"numgen",    OP_RANDOM,     decode_random},
	{"hash",      OP_RANDOM,     decode_hash},
	{"osf",       OP_RANDOM,     decode_osf},
	{"xfrm",      OP_RANDOM,     decode_xfrm},
	{"tunnel",    OP_RANDOM,     decode_tunnel},
	{"socket",    OP_RANDOM,     decode_socket},
	{"rt",        OP_RANDOM,     decode_rt},
	{"exthdr",    OP_RANDOM,     decode_exthdr},
	{"dup",       OP_NOTHING,    decode_nothing},
	{"last",      OP_NOTHING,    decode_nothing},
	{"secmark",   OP_NOTHING,    decode_nothing},
	{"flow_offload", OP_NOTHING, decode_nothing}, /* takes established connections */
};
/* clang-format on */

static int decode_expression(
	struct rules *r, uint32_t table, const struct nlattr *expression, struct operation *op)
{
	struct decoding d = {.rules = r, .table = table, .op = op};
	struct attributes a;
	const char *name;

	*op = (struct operation){.kind = OP_UNKNOWN, .set = NOTHING, .object = NOTHING};
	if (!attributes_nested(expression, &a))
		return -EBADMSG;
	name = attribute_text(a.at[NFTA_EXPR_NAME]);
	if (!name || !attributes_nested(a.at[NFTA_EXPR_DATA], &d.a))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(expressions); i++) {
		if (strcmp(name, expressions[i].name))
			continue;
		op->kind = expressions[i].kind;
		if (expressions[i].decode(&d))
			return 0;
		break;
	}
	op->kind = OP_UNKNOWN;
	op->name = arena_copy(&r->arena, name, strlen(name));
	return op->name ? 0 : -ENOMEM;
}

int decode_expressions(struct rules *r, uint32_t table, const struct nlattr *list,
	const struct operation **ret, uint32_t *ret_count)
{
	struct operation some[MAX_OPERATIONS];
	uint32_t n = 0;

	EACH_ATTRIBUTE(e, attribute_bytes(list), attribute_length(list))
	{
		int e_result;

		if (attribute_type(e) != NFTA_LIST_ELEM)
			continue;
		if (n == MAX_OPERATIONS)
			return -EBADMSG;
		e_result = decode_expression(r, table, e, &some[n++]);
		if (e_result < 0)
			return e_result;
	}
	*ret = (const struct operation *)arena_copy(&r->arena, some, n * sizeof(*some));
	*ret_count = n;
	return *ret ? 0 : -ENOMEM;
}

/* The common beginning of a rule: protocol and destination port compared with constants. */
void decode_shortcut(struct rule *rule)
{
	for (uint32_t i = 0; i + 1 < rule->n_operations; i++) {
		const struct operation *load = &rule->operations[i], *cmp = load + 1;
		bool compared = cmp->kind == OP_CMP && cmp->how == NFT_CMP_EQ &&
				cmp->source == load->destination;

		if (load->kind == OP_META && load->key == NFT_META_L4PROTO && compared &&
			cmp->length == 1)
			rule->protocol = cmp->data[0];
		else if (load->kind == OP_PAYLOAD && load->base == NFT_PAYLOAD_TRANSPORT_HEADER &&
			 load->offset == 2 && load->length == 2 && compared && cmp->length == 2) {
			rule->by_port = true;
			rule->low = rule->high = (uint16_t)(cmp->data[0] << 8 | cmp->data[1]);
			return;
		} else if (load->kind != OP_META && load->kind != OP_PAYLOAD &&
			   load->kind != OP_CMP && load->kind != OP_CT && load->kind != OP_BITWISE)
			return;
	}
}
