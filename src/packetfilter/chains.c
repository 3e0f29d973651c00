/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running chains: every rule on every kind of packet that reaches it. Jumps come back with what
 * the other chain let fall through; what became alike again is put together.
 */
#include "packetfilter/states.h"

#include "util/macros.h"

/* As deep as the kernel lets chains call each other (NFT_JUMP_STACK_SIZE). */
#define MAX_DEPTH 16
/* More kinds of packets at a time are not told apart. */
#define MAX_STATES 256
/* Chains that call each other again and again have an end. */
#define MAX_STEPS 20000000

uint64_t *bits_take(struct course *c)
{
	uint64_t *bits;

	if (c->n_spare) {
		bits = c->spare[--c->n_spare];
		memset(bits, 0, c->words * sizeof(*bits));
		return bits;
	}
	bits = calloc(c->words + 1, sizeof(*bits));
	if (!bits)
		c->error = -ENOMEM;
	return bits;
}

void bits_give(struct course *c, uint64_t *bits)
{
	size_t room = c->spare_room ? c->spare_room * 2 : 16;

	if (c->n_spare == c->spare_room) {
		uint64_t **grown = reallocarray(c->spare, room, sizeof(*grown));

		if (!grown) {
			free(bits);
			return;
		}
		c->spare = grown;
		c->spare_room = room;
	}
	c->spare[c->n_spare++] = bits;
}

static struct state *find_state(struct states *s, const struct facts *facts)
{
	for (size_t i = 0; i < s->n; i++)
		if (!memcmp(&s->items[i].facts, facts, sizeof(*facts)))
			return &s->items[i];
	return NULL;
}

void states_add(struct course *c, struct states *s, const struct facts *facts, const uint64_t *bits)
{
	struct state *to;

	if (!bits_any(bits, c->words))
		return;
	to = find_state(s, facts);
	if (!to && s->n == MAX_STATES) {
		course_give_up(c, bits);
		return;
	}
	if (!to && s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 4;
		struct state *grown = reallocarray(s->items, room, sizeof(*grown));

		if (!grown) {
			c->error = -ENOMEM;
			return;
		}
		s->items = grown;
		s->room = room;
	}
	if (!to) {
		uint64_t *taken = bits_take(c);

		if (!taken)
			return;
		to = &s->items[s->n++];
		to->facts = *facts;
		to->bits = taken;
	}
	for (size_t w = 0; w < c->words; w++)
		to->bits[w] |= bits[w];
}

void states_move(struct course *c, struct states *to, struct states *from)
{
	for (size_t i = 0; i < from->n; i++) {
		states_add(c, to, &from->items[i].facts, from->items[i].bits);
		bits_give(c, from->items[i].bits);
	}
	from->n = 0;
}

void states_tidy(struct course *c, struct states *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (bits_any(s->items[i].bits, c->words))
			s->items[kept++] = s->items[i];
		else
			bits_give(c, s->items[i].bits);
	}
	s->n = kept;
}

void states_done(struct course *c, struct states *s)
{
	for (size_t i = 0; i < s->n; i++)
		bits_give(c, s->items[i].bits);
	free(s->items);
	*s = (struct states){0};
}

static void note_by(struct course *c, uint32_t *by, const uint64_t *bits, uint32_t who)
{
	for (size_t w = 0; w < c->words; w++)
		for (uint64_t left = bits[w]; left; left &= left - 1)
			by[w * 64 + (unsigned)__builtin_ctzll(left)] = who;
}

void course_drop(struct course *c, const uint64_t *bits, uint32_t by)
{
	for (size_t w = 0; w < c->words; w++)
		c->result->dropped[w] |= bits[w];
	note_by(c, c->result->drop_by, bits, by);
}

void course_give_up(struct course *c, const uint64_t *bits)
{
	for (size_t w = 0; w < c->words; w++)
		c->result->anything[w] |= bits[w];
}

/* The sources in `bits` that a found way is about. */
static void piece_of(
	const struct course *c, const struct found *f, const uint64_t *bits, uint64_t *ret)
{
	memset(ret, 0, c->words * sizeof(*ret));
	if (!f->n) {
		memcpy(ret, bits, c->words * sizeof(*ret));
		return;
	}
	for (uint32_t i = 0; i < f->n; i++)
		for (uint32_t w = f->spans[i].from / 64; w <= (f->spans[i].to - 1) / 64; w++)
			ret[w] |= bits[w] & bits_mask(f->spans[i], w);
}

static void run_chain(struct course *c, uint32_t chain, struct states *s, unsigned depth);

static void jump(struct course *c, const struct found *f, const uint64_t *piece, struct states *to,
	unsigned depth)
{
	struct states sub = {0};

	if (f->verdict.chain >= c->judge->rules->n_chains || depth >= MAX_DEPTH) {
		course_give_up(c, piece);
		return;
	}
	states_add(c, &sub, &f->facts, piece);
	if (sub.n)
		run_chain(c, f->verdict.chain, &sub, depth + 1);
	states_move(c, to, &sub);
	states_done(c, &sub);
}

static bool is_last(const struct course *c)
{
	return c->packet.hook == NF_INET_LOCAL_IN || c->packet.hook == NF_INET_FORWARD;
}

/* A policy decides where no rule of another chain did. */
static void note_policy(struct course *c, const uint64_t *bits, uint32_t chain)
{
	uint32_t *by = c->result->accept_by;

	for (size_t w = 0; is_last(c) && w < c->words; w++)
		for (uint64_t left = bits[w]; left; left &= left - 1) {
			uint32_t *one = &by[w * 64 + (unsigned)__builtin_ctzll(left)];

			*one = *one ? *one : BY_POLICY(chain);
		}
}

/** Where packets go from a chain: on in it, or back to where it was called from. */
struct ways {
	struct states *on, *back;
};

static void apply(struct course *c, uint32_t rule, const struct found *f, const uint64_t *piece,
	struct ways *ways, unsigned depth)
{
	switch (f->verdict.code) {
	case VERDICT_REJECT:
		for (size_t w = 0; w < c->words; w++)
			c->result->rejected[w] |= piece[w];
		course_drop(c, piece, BY_RULE(rule));
		break;
	case NF_DROP:
		course_drop(c, piece, BY_RULE(rule));
		break;
	case NF_QUEUE:
		/* The program that gets it may accept it or not. */
		course_drop(c, piece, BY_RULE(rule));
		course_give_up(c, piece);
		break;
	case NF_ACCEPT:
		/* What earlier hooks let pass decides nothing yet. */
		if (is_last(c))
			note_by(c, c->result->accept_by, piece, BY_RULE(rule));
		states_add(c, &c->accepted, &f->facts, piece);
		break;
	case NFT_CONTINUE:
		states_add(c, ways->on, &f->facts, piece);
		break;
	case NFT_JUMP:
		jump(c, f, piece, ways->on, depth);
		break;
	case NFT_GOTO:
		jump(c, f, piece, ways->back, depth);
		break;
	case NFT_RETURN:
		states_add(c, ways->back, &f->facts, piece);
		break;
	default:
		course_give_up(c, piece);
		break;
	}
}

/* Drops are what long lists of rules are made of: nothing is copied for them. */
static void drop_directly(struct course *c, uint32_t rule, const struct found *f, uint64_t *bits)
{
	struct span all = {0, c->judge->space.n};
	const struct span *spans = f->n ? f->spans : &all;

	for (uint32_t i = 0; i < (f->n ? f->n : 1); i++)
		for (uint32_t w = spans[i].from / 64; w <= (spans[i].to - 1) / 64; w++) {
			uint64_t hit = bits[w] & bits_mask(spans[i], w);

			c->result->dropped[w] |= hit;
			for (uint64_t left = hit; left; left &= left - 1)
				c->result->drop_by[w * 64 + (unsigned)__builtin_ctzll(left)] =
					BY_RULE(rule);
			bits[w] &= ~hit;
		}
}

static void clear_found(const struct course *c, const struct found *f, uint64_t *bits)
{
	if (!f->n)
		memset(bits, 0, c->words * sizeof(*bits));
	for (uint32_t i = 0; i < f->n; i++)
		bits_clear(bits, f->spans[i]);
}

/* One rule on the state at `at`; what it sends on comes after all others. */
static void run_rule(struct course *c, uint32_t rule, struct states *s, size_t at,
	struct states *next, struct states *back, unsigned depth)
{
	struct ways ways = {next, back};
	struct found found[MAX_FOUND];
	size_t n = machine_run(&c->judge->machine, &c->judge->rules->rules[rule], &c->packet,
		&s->items[at].facts, found);
	uint64_t *bits, *piece;

	if (!n)
		return;
	bits = s->items[at].bits;
	if (n == 1 && found[0].verdict.code == NF_DROP && !found[0].maybe) {
		drop_directly(c, rule, &found[0], bits);
		return;
	}
	piece = bits_take(c);
	for (size_t i = 0; piece && i < n; i++) {
		piece_of(c, &found[i], bits, piece);
		if (bits_any(piece, c->words))
			apply(c, rule, &found[i], piece, &ways, depth);
	}
	for (size_t i = 0; i < n; i++)
		if (!found[i].maybe)
			clear_found(c, &found[i], bits);
	if (piece)
		bits_give(c, piece);
}

static void run_chain(struct course *c, uint32_t number, struct states *s, unsigned depth)
{
	const struct chain *chain = &c->judge->rules->chains[number];
	struct states back = {0}, next = {0};

	for (uint32_t i = 0; i < chain->n_rules && s->n && !c->error; i++) {
		uint32_t rule = c->judge->rules->order[chain->first + i];

		for (size_t k = 0; k < s->n && !c->error; k++) {
			if (++c->steps > MAX_STEPS) {
				for (size_t l = 0; l < s->n; l++)
					course_give_up(c, s->items[l].bits);
				break;
			}
			run_rule(c, rule, s, k, &next, &back, depth);
		}
		if (next.n)
			states_move(c, s, &next);
		if (c->judge->machine.error)
			c->error = c->judge->machine.error;
		states_tidy(c, s);
	}
	states_move(c, s, &back);
	states_done(c, &back);
	states_done(c, &next);
}

void course_base_chain(struct course *c, uint32_t number, struct states *s)
{
	const struct chain *chain = &c->judge->rules->chains[number];

	run_chain(c, number, s, 0);
	for (size_t i = 0; i < s->n; i++) {
		if (chain->policy == NF_DROP) {
			course_drop(c, s->items[i].bits, BY_POLICY(number));
			continue;
		}
		note_policy(c, s->items[i].bits, number);
		states_add(c, &c->accepted, &s->items[i].facts, s->items[i].bits);
	}
	states_done(c, s);
	*s = c->accepted;
	c->accepted = (struct states){0};
}
