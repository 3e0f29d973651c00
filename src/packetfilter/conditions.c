/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conditions and their combination, and comparing registers with constants. A comparison that
 * involves the destination port also narrows for which other ports the answer would be the same.
 */
#include "packetfilter/run.h"

void *machine_take(struct machine *m, size_t size)
{
	void *taken = arena_take(&m->scratch, size);

	if (!taken)
		m->error = -ENOMEM;
	return taken;
}

/* The spans that are in both. */
static struct condition intersect(struct machine *m, struct condition a, struct condition b)
{
	struct span *spans = machine_take(m, ((size_t)a.n + b.n) * sizeof(*spans) + 1);
	struct condition c = {.where = true, .maybe = a.maybe || b.maybe, .spans = spans};
	uint32_t i = 0, k = 0;

	while (spans && i < a.n && k < b.n) {
		struct span both = {
			MAX(a.spans[i].from, b.spans[k].from), MIN(a.spans[i].to, b.spans[k].to)};

		if (both.from < both.to)
			spans[c.n++] = both;
		if (a.spans[i].to < b.spans[k].to)
			i++;
		else
			k++;
	}
	c.never = !c.n;
	return c;
}

struct condition condition_and(struct machine *m, struct condition a, struct condition b)
{
	if (a.never || b.never)
		return condition_of(false);
	if (a.where && b.where)
		return intersect(m, a, b);
	if (b.where)
		a.where = true, a.spans = b.spans, a.n = b.n;
	a.maybe |= b.maybe;
	return a;
}

struct condition condition_not(struct machine *m, struct condition c)
{
	struct span *spans;
	struct condition negated = {.where = true};
	uint32_t at = 0;

	if (c.never)
		return condition_of(true);
	/* What may hold anywhere may fail everywhere that it may hold, and fails elsewhere. */
	if (c.maybe)
		return condition_unknown();
	if (!c.where)
		return condition_of(false);
	spans = machine_take(m, ((size_t)c.n + 1) * sizeof(*spans));
	for (uint32_t i = 0; spans && i < c.n; i++) {
		if (at < c.spans[i].from)
			spans[negated.n++] = (struct span){at, c.spans[i].from};
		at = c.spans[i].to;
	}
	if (spans && at < m->space->n)
		spans[negated.n++] = (struct span){at, m->space->n};
	negated.spans = spans;
	negated.never = !negated.n;
	return negated;
}

/* Both lists of spans put into one, in order. */
struct condition condition_or(struct machine *m, struct condition a, struct condition b)
{
	struct span *spans;
	struct condition c = {.where = true};
	uint32_t i = 0, k = 0;

	if (a.never)
		return b;
	if (b.never)
		return a;
	if ((!a.where && !a.maybe) || (!b.where && !b.maybe))
		return condition_of(true);
	if (!a.where || !b.where)
		return condition_unknown();
	spans = machine_take(m, ((size_t)a.n + b.n) * sizeof(*spans));
	while (spans && (i < a.n || k < b.n)) {
		bool first = k == b.n || (i < a.n && a.spans[i].from <= b.spans[k].from);
		struct span next = first ? a.spans[i++] : b.spans[k++];

		if (c.n && spans[c.n - 1].to >= next.from)
			spans[c.n - 1].to = MAX(spans[c.n - 1].to, next.to);
		else
			spans[c.n++] = next;
	}
	c.spans = spans;
	c.maybe = a.maybe || b.maybe;
	return c;
}

struct condition condition_source(
	struct machine *m, const struct facts *facts, const struct interval *in, size_t n)
{
	struct condition c = {.where = true};
	struct span *spans;

	for (size_t i = 0; m->collecting && i < n && !m->error; i++)
		m->error = space_add(m->space, in[i]);
	if (m->collecting || facts->source_lost)
		return condition_unknown();
	spans = machine_take(m, n * sizeof(*spans) + 1);
	for (size_t i = 0; spans && i < n; i++) {
		struct span span;

		if (in[i].low > in[i].high)
			continue;
		if (!space_span(m->space, in[i], &span))
			return condition_unknown();
		if (c.n && spans[c.n - 1].to >= span.from)
			spans[c.n - 1].to = MAX(spans[c.n - 1].to, span.to);
		else
			spans[c.n++] = span;
	}
	c.spans = spans;
	c.never = !c.n;
	return c;
}

/* A mask with holes makes many intervals: more than these are not told apart. */
#define MAX_PATTERN 1024

struct condition condition_source_masked(
	struct machine *m, const struct facts *facts, source_number value, source_number mask)
{
	struct interval intervals[MAX_PATTERN];
	size_t n = intervals_of_pattern(value, mask, m->space->bits, intervals, MAX_PATTERN);

	return n ? condition_source(m, facts, intervals, n) : condition_unknown();
}

/* Ports below and above `port` give another answer: the validity ends before it. */
static void exclude_ports(struct machine *m, unsigned port, unsigned low, unsigned high)
{
	struct validity *v = &m->validity;

	if (port < low)
		v->high = (uint16_t)MIN(v->high, low - 1);
	else if (port > high)
		v->low = (uint16_t)MAX(v->low, high + 1);
	else {
		v->low = (uint16_t)MAX(v->low, low);
		v->high = (uint16_t)MIN(v->high, high);
	}
}

struct condition condition_port(
	struct machine *m, const struct facts *facts, unsigned low, unsigned high)
{
	if (m->collecting)
		return condition_unknown();
	if (facts->same_port)
		exclude_ports(m, facts->port, low, high);
	return condition_of(facts->port >= low && facts->port <= high);
}

bool destination_changed(struct machine *m, const struct packet *packet, const struct facts *facts)
{
	if (!facts->translated)
		return false;
	m->validity.address = true;
	if (!facts->same_port)
		exclude_ports(m, packet->port, facts->port, facts->port);
	return facts->port != packet->port ||
	       memcmp(facts->address, packet->address, sizeof(facts->address)) != 0;
}

/* The answer holds for the port that it was made for, and no other. */
static void pin_port(struct machine *m, const struct facts *facts)
{
	m->validity.low = m->validity.high = facts->port;
}

static void note_tag(struct machine *m, const struct facts *facts, const struct symbol *r, size_t i,
	size_t length, const uint8_t *low, const uint8_t *high)
{
	switch (r[i].tag) {
	case TAG_PORT_HIGH:
		if (i + 1 < length && r[i + 1].tag == TAG_PORT_LOW && !memcmp(low, high, i))
			exclude_ports(m, facts->port, low[i] << 8 | low[i + 1],
				high[i] << 8 | high[i + 1]);
		else
			pin_port(m, facts);
		break;
	case TAG_PORT_LOW:
		if (!i || r[i - 1].tag != TAG_PORT_HIGH)
			pin_port(m, facts);
		break;
	case TAG_PORT_MIXED:
		pin_port(m, facts);
		break;
	case TAG_ADDRESS:
		m->validity.address = true;
		break;
	case TAG_LINK:
		m->validity.link = true;
		break;
	}
}

/** Of a comparison, what concerns the source: it & mask == value. */
struct pattern {
	source_number value, mask;
	bool any;
	bool contradiction;
};

static void pattern_add(struct pattern *p, const struct symbol *r, uint8_t data, unsigned bits)
{
	unsigned shift = bits - 8 - r->index * 8u;
	source_number mask = (source_number)r->known << shift;
	uint8_t wanted = data ^ r->value;
	source_number value = (source_number)(wanted & r->known) << shift;

	p->any = true;
	if (wanted & ~r->known || (p->value ^ value) & p->mask & mask)
		p->contradiction = true;
	p->value |= value;
	p->mask |= mask;
}

struct condition condition_equal(struct machine *m, const struct facts *facts,
	const struct symbol *r, const uint8_t *data, size_t length)
{
	struct pattern p = {0};
	struct condition c = {0};
	bool differs = false, by_port = false;

	for (size_t i = 0; i < length; i++) {
		if (r[i].source) {
			pattern_add(&p, &r[i], data[i], m->space->bits);
			continue;
		}
		if (r[i].tag >= TAG_PORT_HIGH && r[i].tag <= TAG_PORT_MIXED)
			by_port |= ((r[i].value ^ data[i]) & r[i].known) != 0;
		else if ((r[i].value ^ data[i]) & r[i].known) {
			/* The port is of no matter where something else differs anyway. */
			note_tag(m, facts, r, i, length, data, data);
			return condition_of(false);
		}
		c.maybe |= r[i].known != 0xff;
	}
	for (size_t i = 0; i < length; i++)
		note_tag(m, facts, r, i, length, data, data);
	differs = by_port || p.contradiction;
	if (differs)
		return condition_of(false);
	return p.any ? condition_and(m, c, condition_source_masked(m, facts, p.value, p.mask)) : c;
}

/* All bytes are the source's own, from its first on. */
static bool is_plain_source(const struct symbol *r, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!r[i].source || r[i].index != i || r[i].known != 0xff || r[i].value)
			return false;
	return true;
}

static bool is_plain_value(const struct symbol *r, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (r[i].source || r[i].known != 0xff)
			return false;
	return true;
}

struct condition condition_between(struct machine *m, const struct facts *facts,
	const struct symbol *r, const uint8_t *low, const uint8_t *high, size_t length)
{
	uint8_t value[REGISTER_BYTES], from[16], to[16];
	size_t bytes = m->space->bits / 8;

	if (!memcmp(low, high, length))
		return condition_equal(m, facts, r, low, length);
	if (length <= bytes && is_plain_source(r, length)) {
		struct interval interval;

		memset(from, 0, sizeof(from));
		memset(to, 0xff, sizeof(to));
		memcpy(from, low, length);
		memcpy(to, high, length);
		interval.low = source_of_bytes(from, bytes);
		interval.high = source_of_bytes(to, bytes);
		if (interval.low > interval.high)
			return condition_of(false);
		return condition_source(m, facts, &interval, 1);
	}
	for (size_t i = 0; i < length; i++) {
		note_tag(m, facts, r, i, length, low, high);
		value[i] = r[i].value;
	}
	if (!is_plain_value(r, length))
		return condition_unknown();
	return condition_of(memcmp(value, low, length) >= 0 && memcmp(value, high, length) <= 0);
}
