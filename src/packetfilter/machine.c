/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations of one rule, one after the other. A comparison takes away the sources that it
 * does not hold for; a map whose answers differ by source sends each part on its own way.
 */
#include "packetfilter/run.h"

#include <linux/rtnetlink.h>

static void walk(struct run *run, struct path *path, uint32_t from);

static void emit(
	struct run *run, const struct path *path, struct condition c, struct verdict verdict)
{
	if (c.never)
		return;
	if (run->n_found == MAX_FOUND) {
		/* Too many ways: the last one stands for all that may come. */
		run->found[MAX_FOUND - 1].verdict.code = VERDICT_ANYTHING;
		run->found[MAX_FOUND - 1].maybe = true;
		run->found[MAX_FOUND - 1].n = 0;
		return;
	}
	run->found[run->n_found++] = (struct found){
		.verdict = verdict,
		.spans = c.where ? c.spans : NULL,
		.n = c.where ? c.n : 0,
		.maybe = c.maybe,
		.facts = path->facts,
	};
}

static void emit_code(struct run *run, const struct path *path, int32_t code)
{
	emit(run, path, path->matched, (struct verdict){code, NOTHING});
}

/* Goes on where the condition holds; where not, what was changed so far stays. */
static bool narrow(struct run *run, struct path *path, struct condition c)
{
	struct machine *m = run->m;

	if (path->changed && (c.never || c.where || c.maybe)) {
		struct condition rest = condition_and(m, path->matched, condition_not(m, c));

		emit(run, path, rest, (struct verdict){NFT_CONTINUE, NOTHING});
	}
	path->matched = condition_and(m, path->matched, c);
	return !path->matched.never;
}

static struct condition compare(struct run *run, const struct operation *op, struct path *path)
{
	static const uint8_t lowest[REGISTER_BYTES];
	uint8_t highest[REGISTER_BYTES];
	const struct symbol *r = path->r + op->source;
	struct machine *m = run->m;

	memset(highest, 0xff, op->length);
	switch (op->how) {
	case NFT_CMP_EQ:
		return condition_equal(m, &path->facts, r, op->data, op->length);
	case NFT_CMP_NEQ:
		return condition_not(m, condition_equal(m, &path->facts, r, op->data, op->length));
	case NFT_CMP_LTE:
		return condition_between(m, &path->facts, r, lowest, op->data, op->length);
	case NFT_CMP_GTE:
		return condition_between(m, &path->facts, r, op->data, highest, op->length);
	case NFT_CMP_LT:
		return condition_not(
			m, condition_between(m, &path->facts, r, op->data, highest, op->length));
	default:
		return condition_not(
			m, condition_between(m, &path->facts, r, lowest, op->data, op->length));
	}
}

static void bitwise(const struct operation *op, struct path *path)
{
	struct symbol result[REGISTER_BYTES];

	for (size_t i = 0; i < op->length; i++) {
		struct symbol s = path->r[op->source + i];

		if (op->how != NFT_BITWISE_MASK_XOR) {
			result[i] = (struct symbol){.tag = s.tag};
			if (s.tag >= TAG_PORT_HIGH && s.tag <= TAG_PORT_MIXED)
				result[i].tag = TAG_PORT_MIXED;
			continue;
		}
		if (s.source)
			s.known &= op->data[i];
		else
			s.known |= (uint8_t)~op->data[i]; /* what is masked out is zero */
		s.value = (uint8_t)((s.value & op->data[i]) ^ op->data2[i]);
		if (s.tag >= TAG_PORT_HIGH && s.tag <= TAG_PORT_MIXED &&
			(op->data[i] != 0xff || op->data2[i]))
			s.tag = TAG_PORT_MIXED;
		result[i] = s;
	}
	memcpy(path->r + op->destination, result, op->length * sizeof(*result));
}

/* To the byte order of the network and back are the same. */
static void byteorder(const struct operation *op, struct path *path)
{
	struct symbol result[REGISTER_BYTES];
	size_t size = op->how, length = op->length;

	for (size_t i = 0; i < length; i++) {
		size_t word = i / size * size, swapped = word + size - 1 - (i - word);

		result[i] = swapped < length ? path->r[op->source + swapped] : (struct symbol){0};
		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			result[i] = path->r[op->source + i];
		if (result[i].tag == TAG_PORT_HIGH || result[i].tag == TAG_PORT_LOW)
			result[i].tag = TAG_PORT_MIXED;
	}
	memcpy(path->r + op->destination, result, length * sizeof(*result));
}

static void set_mark(struct mark *mark, const struct symbol *r)
{
	for (size_t i = 0; i < sizeof(mark->value); i++) {
		mark->known[i] = r[i].source ? 0 : r[i].known;
		mark->value[i] = r[i].value & mark->known[i];
	}
}

/* A value made of the port, the address or the interface makes the answer depend on it. */
static void pin(struct run *run, const struct path *path, const struct symbol *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r[i].tag >= TAG_PORT_HIGH && r[i].tag <= TAG_PORT_MIXED)
			run->m->validity.low = run->m->validity.high = path->facts.port;
		run->m->validity.address |= r[i].tag == TAG_ADDRESS;
		run->m->validity.link |= r[i].tag == TAG_LINK;
	}
}

static void set_meta(struct run *run, const struct operation *op, struct path *path)
{
	const struct symbol *r = path->r + op->source;

	pin(run, path, r, op->length);
	path->changed = true;
	if (op->kind == OP_CT_SET && op->key == NFT_CT_MARK)
		set_mark(&path->facts.ct_mark, r);
	else if (op->kind == OP_META_SET && op->key == NFT_META_MARK)
		set_mark(&path->facts.mark, r);
	else if (op->kind == OP_META_SET && op->key == NFT_META_PKTTYPE)
		path->facts.type_lost = true;
}

/* True if writing there changes where the packet goes, or what later rules see of it. */
static bool payload_matters(const struct run *run, const struct operation *op)
{
	size_t end = op->offset + op->length;

	if (op->base == NFT_PAYLOAD_TRANSPORT_HEADER)
		return op->offset < 4 || run->packet->protocol == IPPROTO_TCP;
	if (op->base != NFT_PAYLOAD_NETWORK_HEADER)
		return false;
	if (run->packet->family == AF_INET)
		return end > 12 || (op->offset <= 9 && end > 9) || op->offset == 0;
	return end > 8 || (op->offset <= 6 && end > 6) || op->offset == 0;
}

/* What does not fill its last register is followed by zeros. */
static void pad(struct path *path, size_t offset, size_t length)
{
	for (size_t i = offset + length; i % 4 && i < REGISTER_BYTES; i++)
		path->r[i] = (struct symbol){.known = 0xff};
}

/* A lookup whose answers may have changed, or cannot be told apart. */
static bool lookup_unsure(struct run *run, struct path *path, const struct operation *op)
{
	if (op->to_verdict) {
		path->matched.maybe = true;
		emit_code(run, path, VERDICT_ANYTHING);
		return false;
	}
	if (op->has_destination)
		load_unknown(path->r + op->destination, run->m->rules->sets[op->set].data_length);
	return narrow(run, path, condition_unknown());
}

/* Each answer goes its own way. Returns false: nothing is left to do here. */
static bool fork_answers(struct run *run, struct path *path, uint32_t next,
	const struct operation *op, const struct answer *answers, int n)
{
	size_t length = op->kind == OP_FIB ? op->length : run->m->rules->sets[op->set].data_length;

	for (int i = 0; i < n; i++) {
		const struct answer *answer = &answers[i];
		struct path part = *path;

		part.matched = condition_and(run->m, path->matched, answer->condition);
		part.facts.limited |= answer->limited;
		part.changed |= answer->limited;
		if (part.matched.never)
			continue;
		if (op->to_verdict) {
			const struct verdict *v = &answer->element->verdict;

			emit(run, &part, part.matched, *v);
			continue;
		}
		if (answer->element->data)
			load_value(part.r + op->destination, answer->element->data, length);
		else
			load_unknown(part.r + op->destination, length);
		pad(&part, op->destination, length);
		walk(run, &part, next);
	}
	return false;
}

static bool run_lookup(
	struct run *run, struct path *path, const struct operation *op, uint32_t next)
{
	const struct set *set = &run->m->rules->sets[op->set];
	struct answer answers[MAX_ANSWERS];
	struct condition hit = condition_of(false);
	bool limited = false;
	int n;

	if (set->damaged || (run->m->touched && run->m->touched[op->set]))
		return lookup_unsure(run, path, op);
	n = lookup(run, path, set, path->r + op->source, answers);
	if (n < 0 || run->m->collecting)
		return lookup_unsure(run, path, op);
	for (int i = 0; i < n; i++) {
		hit = condition_or(run->m, hit, answers[i].condition);
		limited |= answers[i].limited;
	}
	if (!op->has_destination) {
		path->facts.limited |= limited;
		path->changed |= limited;
		return narrow(run, path, op->invert ? condition_not(run->m, hit) : hit);
	}
	if (path->changed)
		emit(run, path, condition_and(run->m, path->matched, condition_not(run->m, hit)),
			(struct verdict){NFT_CONTINUE, NOTHING});
	return fork_answers(run, path, next, op, answers, n);
}

static bool run_fib(struct run *run, struct path *path, const struct operation *op, uint32_t next)
{
	struct answer answers[MAX_ANSWERS];
	int n = fib(run, op, path, answers);

	if (n >= 0 && !run->m->collecting)
		return fork_answers(run, path, next, op, answers, n);
	load_unknown(path->r + op->destination, op->length);
	return true;
}

/* A limit counts as not reached: what matches only above it does not match. */
static bool run_limit(struct run *run, struct path *path, uint32_t type, bool over)
{
	/* The number of connections is conntrack's; what that does not see may be dropped. */
	if (type == NFT_OBJECT_CONNLIMIT && (!run->packet->tracked || path->facts.untracked)) {
		emit_code(run, path, VERDICT_ANYTHING);
		return false;
	}
	path->facts.limited = true;
	path->changed = true;
	return narrow(run, path, condition_of(!over));
}

static bool run_object(struct run *run, struct path *path, const struct operation *op)
{
	const struct object *object = &run->m->rules->objects[op->object];

	switch (object->type) {
	case NFT_OBJECT_LIMIT:
	case NFT_OBJECT_QUOTA:
	case NFT_OBJECT_CONNLIMIT:
		return run_limit(run, path, object->type, object->invert);
	case NFT_OBJECT_SYNPROXY:
		path->matched.maybe = true;
		emit_code(run, path, VERDICT_ANYTHING);
		return false;
	}
	return true;
}

/* What is written to a set may be found there by a later rule, or by the next packet. */
static bool run_dynset(struct run *run, struct path *path, const struct operation *op)
{
	if (run->m->touched)
		run->m->touched[op->set] = true;
	if (op->how == NFT_DYNSET_OP_DELETE)
		return true;
	if (op->flags & 1 && !run_limit(run, path, NFT_OBJECT_LIMIT, op->flags & 2))
		return false;
	return narrow(run, path, condition_of(!op->invert));
}

/* What only fills registers or notes something; false: it is none of these. */
static bool step_value(struct run *run, struct path *path, const struct operation *op)
{
	switch (op->kind) {
	case OP_NOTHING:
		return true;
	case OP_META_SET:
	case OP_CT_SET:
		set_meta(run, op, path);
		return true;
	case OP_PAYLOAD_SET:
		return !payload_matters(run, op);
	case OP_BITWISE:
		bitwise(op, path);
		pad(path, op->destination, op->length);
		return true;
	case OP_BYTEORDER:
		byteorder(op, path);
		return true;
	case OP_IMMEDIATE:
		load_value(path->r + op->destination, op->data, op->length);
		pad(path, op->destination, op->length);
		return true;
	case OP_NOTRACK:
		path->facts.untracked |= !run->packet->tracked;
		path->changed = true;
		return true;
	}
	return false;
}

/* What ends the rule: with which verdict. Whatever is not known may do anything. */
static void step_end(struct run *run, struct path *path, const struct operation *op)
{
	struct verdict verdict = {VERDICT_ANYTHING, NOTHING};

	switch (op->kind) {
	case OP_VERDICT:
		verdict = op->verdict;
		break;
	case OP_NAT:
	case OP_REDIRECT:
	case OP_MASQUERADE:
		if (op->kind == OP_MASQUERADE || (op->kind == OP_NAT && op->how != NFT_NAT_DNAT)) {
			path->facts.nat_done = path->facts.source_lost = true;
			verdict.code = NF_ACCEPT;
		} else if (nat_apply(run, op, path)) {
			verdict.code = NF_ACCEPT;
		}
		break;
	case OP_REJECT:
		verdict.code = VERDICT_REJECT;
		break;
	case OP_QUEUE:
		verdict.code = NF_QUEUE;
		break;
	default:
		path->matched.maybe |= op->kind == OP_UNKNOWN || op->kind == OP_SYNPROXY;
		break;
	}
	emit(run, path, path->matched, verdict);
}

/* Loads, which end the rule where there is nothing to load. */
static bool step_load(struct run *run, struct path *path, const struct operation *op)
{
	bool loaded = true;

	pad(path, op->destination, op->length);
	if (op->kind == OP_PAYLOAD)
		loaded = load_payload(run, op, path);
	else if (op->kind == OP_META)
		loaded = load_meta(run, op, path);
	else
		loaded = load_ct(run, op, path);
	return loaded || narrow(run, path, condition_of(false));
}

/* One operation; false: the rule has ended. */
static bool step(struct run *run, struct path *path, uint32_t i)
{
	const struct operation *op = &run->rule->operations[i];
	struct condition c;
	struct verdict verdict;

	if (step_value(run, path, op))
		return true;
	switch (op->kind) {
	case OP_PAYLOAD:
	case OP_META:
	case OP_CT:
		return step_load(run, path, op);
	case OP_CMP:
		return narrow(run, path, compare(run, op, path));
	case OP_RANGE:
		c = condition_between(run->m, &path->facts, path->r + op->source, op->data,
			op->data2, op->length);
		return narrow(run, path, op->invert ? condition_not(run->m, c) : c);
	case OP_LOOKUP:
		return run_lookup(run, path, op, i + 1);
	case OP_DYNSET:
		return run_dynset(run, path, op);
	case OP_LIMIT:
		return run_limit(run, path, op->key, op->invert);
	case OP_OBJECT:
		return run_object(run, path, op);
	case OP_FIB:
		return run_fib(run, path, op, i + 1);
	case OP_RANDOM:
		load_unknown(path->r + op->destination,
			MIN(op->length, REGISTER_BYTES - op->destination));
		return narrow(run, path, condition_unknown());
	case OP_XT_MATCH:
	case OP_IP_HEADER:
		return narrow(run, path, xt_match(run, op, path));
	case OP_XT_TARGET:
		if (!xt_target(run, op, path, &verdict))
			return true;
		emit(run, path, path->matched, verdict);
		return false;
	}
	step_end(run, path, op);
	return false;
}

static void walk(struct run *run, struct path *path, uint32_t from)
{
	/* Maps within maps: deeper than this no rule goes. */
	if (run->depth >= 8) {
		emit_code(run, path, VERDICT_ANYTHING);
		return;
	}
	run->depth++;
	for (uint32_t i = from; i < run->rule->n_operations; i++)
		if (!step(run, path, i) || run->m->error) {
			run->depth--;
			return;
		}
	run->depth--;
	if (path->changed)
		emit_code(run, path, NFT_CONTINUE);
}

/* Most rules are about another port or protocol. */
static bool passed_over(struct machine *m, const struct rule *rule, const struct packet *packet,
	const struct facts *facts)
{
	if (m->collecting)
		return false;
	if (rule->protocol && rule->protocol != packet->protocol)
		return true;
	return rule->by_port && condition_port(m, facts, rule->low, rule->high).never;
}

size_t machine_run(struct machine *m, const struct rule *rule, const struct packet *packet,
	const struct facts *facts, struct found found[MAX_FOUND])
{
	struct run run = {.m = m, .packet = packet, .rule = rule, .found = found};
	struct path path;

	if (passed_over(m, rule, packet, facts))
		return 0;
	memset(path.r, 0, sizeof(path.r));
	path.facts = *facts;
	path.changed = false;
	path.matched = condition_of(true);
	walk(&run, &path, 0);
	return run.n_found;
}
