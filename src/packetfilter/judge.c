/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stations: ingress of the interface, prerouting with connection tracking and NAT in their
 * places, the routing decision with its look at the source, then input, or forward and postrouting.
 */
#include "packetfilter/judge.h"

#include <linux/if_packet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "packetfilter/states.h"
#include "util/address.h"

/* Hooks of netdev tables, beside those of NF_INET_*. */
#define HOOK_NETDEV_INGRESS 100

static uint8_t hook_of(const struct rules *r, const struct chain *chain)
{
	if (r->tables[chain->table].family == NFPROTO_NETDEV)
		return chain->hook == 0 ? HOOK_NETDEV_INGRESS : UINT8_MAX;
	return chain->hook == NF_INET_INGRESS ? HOOK_NETDEV_INGRESS : chain->hook;
}

static bool is_nat(const struct chain *chain)
{
	return chain->type && !strcmp(chain->type, "nat");
}

static bool is_ours(const struct judge *j, const struct chain *chain)
{
	const struct nft_table *table = &j->rules->tables[chain->table];

	return !table->dormant &&
	       (table->family == NFPROTO_INET || table->family == NFPROTO_NETDEV ||
		       table->family == (j->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6));
}

static int compare_chains(const void *x, const void *y, void *userdata)
{
	const struct rules *r = userdata;
	const struct chain *a = &r->chains[*(const uint32_t *)x];
	const struct chain *b = &r->chains[*(const uint32_t *)y];
	int hooks = hook_of(r, a) - hook_of(r, b);

	if (hooks)
		return hooks;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	/* Of equal ones the one registered last comes first (nf_hook_entries_grow). */
	return *(const uint32_t *)x > *(const uint32_t *)y ? -1 : 1;
}

static int list_chains(struct judge *j)
{
	j->chains = reallocarray(NULL, j->rules->n_chains + 1, sizeof(*j->chains));
	if (!j->chains)
		return -ENOMEM;
	for (size_t i = 0; i < j->rules->n_chains; i++) {
		const struct chain *chain = &j->rules->chains[i];

		if (chain->base && is_ours(j, chain))
			j->chains[j->n_chains++] = (uint32_t)i;
		else if (chain->base && j->rules->tables[chain->table].family == NFPROTO_BRIDGE)
			j->bridged = true;
	}
	if (j->n_chains)
		qsort_r(j->chains, j->n_chains, sizeof(*j->chains), compare_chains,
			(void *)j->rules);
	return 0;
}

/** Prefixes that no packet from outside comes from (ip_route_input_slow, ip6_rcv_core). */
static const struct {
	uint8_t bytes[16];
	uint8_t prefix;
} impossible4[] =
	{
		{{0}, 8},
		{{127}, 8},
		{{224}, 4},
		{{255, 255, 255, 255}, 32},
},
  impossible6[] = {
	  {{0}, 127}, /* :: and ::1 */
	  {{[10] = 0xff, [11] = 0xff}, 96},
	  {{0xff}, 8},
};

/* Notes them in the space, or once that is sealed marks them. */
static int each_impossible(struct judge *j, int (*take)(struct judge *j, struct interval i))
{
	bool four = j->family == AF_INET;
	size_t n = four ? ARRAY_SIZE(impossible4) : ARRAY_SIZE(impossible6);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = take(j, interval_of_prefix(four ? impossible4[i].bytes : impossible6[i].bytes,
				    family_bytes(j->family),
				    four ? impossible4[i].prefix : impossible6[i].prefix));
	for (size_t i = 0; i < j->routing->n_addresses && r >= 0; i++)
		if (j->routing->addresses[i].family == j->family)
			r = take(j, interval_of_prefix(j->routing->addresses[i].bytes,
					    family_bytes(j->family), 128));
	return r;
}

static int note_impossible(struct judge *j, struct interval interval)
{
	return space_add(&j->space, interval);
}

static int mark_impossible(struct judge *j, struct interval interval)
{
	struct span span;

	if (space_span(&j->space, interval, &span))
		bits_set(j->impossible, span);
	return 0;
}

/* Notes every source that a rule names, so that elementary intervals tell them apart. */
static int collect(struct judge *j)
{
	struct packet packet = {.family = j->family, .tracking_known = true, .tracked = true};
	struct found found[MAX_FOUND];
	struct facts facts = {0};
	struct machine *m = &j->machine;

	m->collecting = true;
	for (size_t i = 0; i < j->rules->n_rules && !m->error; i++) {
		const struct rule *rule = &j->rules->rules[i];

		if (!is_ours(j, &j->rules->chains[rule->chain]))
			continue;
		machine_run(m, rule, &packet, &facts, found);
		arena_done(&m->scratch);
	}
	for (size_t i = 0; i < j->routing->n_links && !m->error; i++)
		if (j->family == AF_INET && j->routing->links[i].rp_filter && !m->source_rules) {
			m->error = routing_add_to(j->routing, j->family, &j->space);
			m->source_rules = true;
		}
	m->collecting = false;
	return m->error;
}

/* How many addresses: of IPv6 those that are given out to the world (2000::/3) count. */
static double weight_of(const struct space *space, uint32_t i)
{
	struct interval in = space_interval(space, i), world = {0, space_highest(space)};

	if (space->bits == 128) {
		world.low = (source_number)1 << 125;
		world.high = world.low + (world.low - 1);
	}
	in.low = MAX(in.low, world.low);
	in.high = MIN(in.high, world.high);
	return in.low > in.high ? 0 : (double)(in.high - in.low) + 1;
}

static int weigh(struct judge *j)
{
	j->weights = calloc((size_t)j->space.n + 1, sizeof(*j->weights));
	for (uint32_t i = 0; j->weights && i < j->space.n; i++)
		j->weights[i] = weight_of(&j->space, i);
	return j->weights ? 0 : -ENOMEM;
}

int judge_open(
	const struct rules *rules, const struct routing *routing, uint8_t family, struct judge *ret)
{
	struct judge *j = ret;
	int r;

	*j = (struct judge){
		.rules = rules,
		.routing = routing,
		.family = family,
		.space = {.bits = family == AF_INET ? 32 : 128},
	};
	j->machine = (struct machine){
		.rules = rules,
		.routing = routing,
		.space = &j->space,
		.family = family,
		.touched = calloc(rules->n_sets + 1, sizeof(bool)),
	};
	r = j->machine.touched ? list_chains(j) : -ENOMEM;
	if (r >= 0)
		r = collect(j);
	if (r >= 0)
		r = each_impossible(j, note_impossible);
	if (r >= 0)
		r = space_seal(&j->space);
	if (r >= 0)
		r = weigh(j);
	if (r >= 0) {
		j->impossible = calloc(bits_words(j->space.n) + 1, sizeof(*j->impossible));
		r = j->impossible ? each_impossible(j, mark_impossible) : -ENOMEM;
	}
	if (r < 0)
		judge_close(j);
	return r;
}

void judge_close(struct judge *j)
{
	arena_done(&j->machine.scratch);
	space_done(&j->space);
	free(j->machine.touched);
	free(j->chains);
	free(j->impossible);
	free(j->weights);
	*j = (struct judge){0};
}

bool judge_has_device(const struct chain *chain, const struct link *link)
{
	for (size_t i = 0; i < chain->n_devices; i++) {
		size_t n = strlen(chain->devices[i]);

		/* A name that ends with a star means all that begin so. */
		if (!strcmp(chain->devices[i], link->name) ||
			(n && chain->devices[i][n - 1] == '*' &&
				!strncmp(chain->devices[i], link->name, n - 1)))
			return true;
	}
	return false;
}

static void run_one(struct course *c, uint32_t number, struct states *s)
{
	const struct chain *chain = &c->judge->rules->chains[number];
	bool before = chain->hook == NF_INET_PRE_ROUTING || c->packet.hook == HOOK_NETDEV_INGRESS;

	c->packet.tracking_known = !before || chain->priority != NF_IP_PRI_CONNTRACK;
	c->packet.tracked = c->packet.hook != HOOK_NETDEV_INGRESS &&
			    (!before || chain->priority > NF_IP_PRI_CONNTRACK);
	course_base_chain(c, number, s);
}

/* One NAT chain: those for which NAT has been decided, or that are not tracked, pass it by. */
static void run_nat_chain(struct course *c, uint32_t number, struct states *s)
{
	struct states done = {0}, left = {0};

	for (size_t k = 0; k < s->n; k++)
		states_add(c,
			s->items[k].facts.nat_done || s->items[k].facts.untracked ? &done : &left,
			&s->items[k].facts, s->items[k].bits);
	states_done(c, s);
	run_one(c, number, &left);
	states_move(c, s, &left);
	states_move(c, s, &done);
	states_done(c, &done);
	states_done(c, &left);
}

static void states_copy(struct course *c, struct states *to, const struct states *from)
{
	for (size_t i = 0; i < from->n; i++)
		states_add(c, to, &from->items[i].facts, from->items[i].bits);
}

/* Adds the sources for which a chain alone would decide; gives up those that are there already. */
static void note_decided(
	struct course *c, uint32_t number, const struct states *before, uint64_t *decided)
{
	struct states alone = {0};
	uint64_t *twice = bits_take(c), *once = bits_take(c);

	states_copy(c, &alone, before);
	run_nat_chain(c, number, &alone);
	for (size_t i = 0; twice && once && i < alone.n; i++)
		for (size_t w = 0; alone.items[i].facts.nat_done && w < c->words; w++)
			once[w] |= alone.items[i].bits[w];
	for (size_t w = 0; twice && once && w < c->words; w++) {
		twice[w] = decided[w] & once[w];
		decided[w] |= once[w];
	}
	if (twice && once) {
		course_give_up(c, twice);
		bits_give(c, twice);
		bits_give(c, once);
	}
	states_done(c, &alone);
}

/* True if these NAT chains have the same priority in different tables. */
static bool is_rival(const struct judge *j, size_t a, size_t b)
{
	const struct chain *x = &j->rules->chains[j->chains[a]];
	const struct chain *y = &j->rules->chains[j->chains[b]];

	return is_nat(x) && is_nat(y) && x->table != y->table && x->priority == y->priority &&
	       hook_of(j->rules, x) == hook_of(j->rules, y);
}

/*
 * Of tables with the same priority that one is first which was registered last, and the kernel
 * does not tell which: where both would decide, nothing is known.
 */
static void look_for_rivals(struct course *c, size_t at, const struct states *s)
{
	const struct judge *j = c->judge;
	uint64_t *decided;

	if (at + 1 >= j->n_chains || !is_rival(j, at, at + 1) || (at && is_rival(j, at - 1, at)))
		return;
	decided = bits_take(c);
	for (size_t i = at; decided && i < j->n_chains && (i == at || is_rival(j, i - 1, i)); i++)
		note_decided(c, j->chains[i], s, decided);
	if (decided)
		bits_give(c, decided);
}

static void run_nat(struct course *c, struct states *s)
{
	for (size_t i = 0; i < c->judge->n_chains && !c->error; i++) {
		const struct chain *chain = &c->judge->rules->chains[c->judge->chains[i]];

		if (hook_of(c->judge->rules, chain) != c->packet.hook || !is_nat(chain))
			continue;
		look_for_rivals(c, i, s);
		run_nat_chain(c, c->judge->chains[i], s);
	}
	/* What is decided of the destination says nothing of the source. */
	for (size_t i = 0; i < s->n; i++)
		s->items[i].facts.nat_done = false;
}

static void run_hook(struct course *c, uint8_t hook, int32_t nat_priority, struct states *s)
{
	bool nat = false;

	c->packet.hook = hook;
	for (size_t i = 0; i < c->judge->n_chains && !c->error; i++) {
		uint32_t number = c->judge->chains[i];
		const struct chain *chain = &c->judge->rules->chains[number];

		if (hook_of(c->judge->rules, chain) != hook || is_nat(chain))
			continue;
		if (hook == HOOK_NETDEV_INGRESS && !judge_has_device(chain, c->packet.in))
			continue;
		if (!nat && chain->priority > nat_priority) {
			run_nat(c, s);
			nat = true;
		}
		run_one(c, number, s);
	}
	if (!nat && !c->error)
		run_nat(c, s);
}

static void add_ending(struct course *c, enum ending_kind kind, const struct state *s)
{
	struct judgement *j = c->result;
	struct ending *grown;

	for (size_t i = 0; i < j->n_endings; i++)
		if (j->endings[i].kind == kind &&
			!memcmp(&j->endings[i].facts, &s->facts, sizeof(s->facts))) {
			for (size_t w = 0; w < c->words; w++)
				j->endings[i].bits[w] |= s->bits[w];
			return;
		}
	grown = reallocarray(j->endings, j->n_endings + 1, sizeof(*grown));
	if (!grown) {
		c->error = -ENOMEM;
		return;
	}
	j->endings = grown;
	grown += j->n_endings;
	*grown = (struct ending){.kind = kind, .facts = s->facts, .bits = bits_take(c)};
	if (!grown->bits)
		return;
	memcpy(grown->bits, s->bits, c->words * sizeof(*s->bits));
	j->n_endings++;
}

/* Marks, NAT and the like no longer tell endings apart. */
static struct facts final_facts(struct course *c, const struct facts *facts)
{
	struct facts f;

	memset(&f, 0, sizeof(f));
	memcpy(f.address, facts->address, sizeof(f.address));
	f.port = facts->port;
	f.translated = destination_changed(&c->judge->machine, &c->packet, facts);
	f.same_port = facts->same_port;
	f.limited = facts->limited;
	return f;
}

static void end_all(struct course *c, enum ending_kind kind, struct states *s)
{
	for (size_t i = 0; i < s->n && !c->error; i++) {
		s->items[i].facts = final_facts(c, &s->items[i].facts);
		add_ending(c, kind, &s->items[i]);
	}
	states_done(c, s);
}

/* Sources whose way back does not lead through the interface are dropped (rp_filter). */
static void filter_sources(struct course *c, struct states *s)
{
	const struct link *in = c->packet.in;
	struct condition good;
	uint64_t *bad = bits_take(c);

	if (!bad)
		return;
	good = condition_source_route(
		&c->judge->machine, &c->packet, in->rp_filter == 2, in->accept_local);
	for (size_t i = 0; i < s->n; i++) {
		memcpy(bad, s->items[i].bits, c->words * sizeof(*bad));
		for (uint32_t k = 0; k < good.n && good.where; k++)
			bits_clear(bad, good.spans[k]);
		if (!good.where && !good.never)
			memset(bad, 0, c->words * sizeof(*bad));
		course_drop(c, bad, BY_RP_FILTER);
		for (size_t w = 0; w < c->words; w++)
			s->items[i].bits[w] &= ~bad[w];
		if (good.maybe)
			course_drop(c, s->items[i].bits, BY_RP_FILTER);
	}
	bits_give(c, bad);
	states_tidy(c, s);
}

enum decision { DECIDE_LOCAL, DECIDE_FORWARD, DECIDE_DROP, DECIDE_UNKNOWN };

static enum decision route_ipv4(
	const struct course *c, const uint8_t *a, const struct link **ret_out)
{
	const struct routing *routing = c->judge->routing;
	const struct link *in = c->packet.in;
	const struct route *route;
	bool known;

	if (a[0] == 127)
		return in->route_localnet ? DECIDE_LOCAL : DECIDE_DROP;
	if ((a[0] & a[1] & a[2] & a[3]) == 255 || a[0] >> 4 == 14)
		return DECIDE_LOCAL;
	route = routing_find(routing, AF_INET, a, &known);
	if (route && route->table == RT_TABLE_LOCAL)
		return route->type == RTN_LOCAL || route->type == RTN_BROADCAST ? DECIDE_LOCAL
										: DECIDE_UNKNOWN;
	if (!known)
		return DECIDE_UNKNOWN;
	if (!route || route->type != RTN_UNICAST || !in->forwarding)
		return DECIDE_DROP;
	if (route->more_links || route->n_links != 1)
		return DECIDE_UNKNOWN;
	*ret_out = routing_link(routing, route->links[0]);
	return *ret_out ? DECIDE_FORWARD : DECIDE_UNKNOWN;
}

static enum decision route_ipv6(
	const struct course *c, const uint8_t *a, const struct link **ret_out)
{
	static const uint8_t loopback[16] = {[15] = 1};
	const struct routing *routing = c->judge->routing;
	const struct route *route;
	bool known;

	if (!memcmp(a, loopback, sizeof(loopback)))
		return DECIDE_UNKNOWN;
	if (a[0] == 0xff)
		return DECIDE_LOCAL;
	route = routing_find(routing, AF_INET6, a, &known);
	if (route && route->table == RT_TABLE_LOCAL)
		return route->type == RTN_LOCAL || route->type == RTN_ANYCAST ? DECIDE_LOCAL
									      : DECIDE_UNKNOWN;
	if (!known)
		return DECIDE_UNKNOWN;
	if (!route || route->type != RTN_UNICAST || !routing->forwarding6)
		return DECIDE_DROP;
	if (route->more_links || route->n_links != 1 || address_is_link_local6(AF_INET6, a))
		return DECIDE_UNKNOWN;
	*ret_out = routing_link(routing, route->links[0]);
	return *ret_out ? DECIDE_FORWARD : DECIDE_UNKNOWN;
}

static void deliver(struct course *c, struct states *one, const struct link *out)
{
	c->packet.out = out;
	if (!out) {
		run_hook(c, NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC, one);
		end_all(c, ENDING_LOCAL, one);
		return;
	}
	run_hook(c, NF_INET_FORWARD, INT32_MAX, one);
	run_hook(c, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, one);
	c->packet.out = NULL;
	end_all(c, ENDING_FORWARD, one);
}

/* The routing decision, for each kind of packet, and what comes after it. */
static void route(struct course *c, struct states *s)
{
	for (size_t i = 0; i < s->n && !c->error; i++) {
		const struct link *out = NULL;
		struct states one = {0};
		const uint8_t *a = s->items[i].facts.address;
		enum decision decision = c->judge->family == AF_INET ? route_ipv4(c, a, &out)
								     : route_ipv6(c, a, &out);

		if (decision == DECIDE_DROP) {
			course_drop(c, s->items[i].bits, BY_ROUTING);
			continue;
		}
		if (decision == DECIDE_UNKNOWN) {
			course_give_up(c, s->items[i].bits);
			continue;
		}
		states_add(c, &one, &s->items[i].facts, s->items[i].bits);
		deliver(c, &one, decision == DECIDE_FORWARD ? out : NULL);
		states_done(c, &one);
	}
}

static uint8_t packet_type(const struct judge *j, const uint8_t *a)
{
	const struct route *route;

	if (j->family == AF_INET6)
		return a[0] == 0xff ? PACKET_MULTICAST : PACKET_HOST;
	if (a[0] >> 4 == 14)
		return PACKET_MULTICAST;
	route = routing_find_local(j->routing, AF_INET, a);
	return (a[0] & a[1] & a[2] & a[3]) == 255 || (route && route->type == RTN_BROADCAST)
		       ? PACKET_BROADCAST
		       : PACKET_HOST;
}

static void start(struct course *c, struct states *s)
{
	struct facts facts;
	uint64_t *universe = c->result->universe;
	const struct judge *j = c->judge;

	memset(&facts, 0, sizeof(facts));
	facts.port = c->question->port;
	facts.same_port = true;
	memcpy(facts.address, c->question->address, sizeof(facts.address));
	memset(facts.mark.known, 0xff, sizeof(facts.mark.known));
	memset(facts.ct_mark.known, 0xff, sizeof(facts.ct_mark.known));
	bits_set(universe, (struct span){0, j->space.n});
	for (size_t w = 0; w < c->words; w++)
		universe[w] &= ~j->impossible[w];
	states_add(c, s, &facts, universe);
}

static int allocate(struct course *c)
{
	struct judgement *r = c->result;
	size_t n = c->judge->space.n;

	r->universe = bits_take(c);
	r->dropped = bits_take(c);
	r->anything = bits_take(c);
	r->rejected = bits_take(c);
	r->drop_by = calloc(n + 64, sizeof(*r->drop_by));
	r->accept_by = calloc(n + 64, sizeof(*r->accept_by));
	return c->error || !r->drop_by || !r->accept_by ? -ENOMEM : 0;
}

/* From station to station. */
static void follow(struct course *c, struct states *s)
{
	const struct link *in = c->question->in;

	/* What stands before the hooks, or beside them, may drop anything. */
	if (in->xdp || (c->judge->bridged && !strcmp(in->kind, "bridge")))
		course_drop(c, c->result->universe, BY_NOBODY);
	run_hook(c, HOOK_NETDEV_INGRESS, INT32_MAX, s);
	run_hook(c, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST, s);
	if (c->question->prerouting)
		end_all(c, ENDING_ROUTED, s);
	if (c->judge->family == AF_INET && in->rp_filter)
		filter_sources(c, s);
	route(c, s);
}

int judge_ask(struct judge *judge, const struct question *question, struct judgement *ret)
{
	struct judgement result = {0};
	struct course c = {
		.judge = judge,
		.question = question,
		.result = &result,
		.packet = {.family = judge->family,
			.protocol = question->protocol,
			.port = question->port,
			.in = question->in,
			.packet_type = packet_type(judge, question->address)},
		.words = bits_words(judge->space.n),
	};
	struct states s = {0};

	memcpy(c.packet.address, question->address, sizeof(c.packet.address));
	judge->machine.validity = (struct validity){.low = 0, .high = UINT16_MAX};
	memset(judge->machine.touched, 0, judge->rules->n_sets);
	c.error = allocate(&c);
	if (c.error >= 0) {
		start(&c, &s);
		follow(&c, &s);
	}
	result.validity = judge->machine.validity;
	states_done(&c, &s);
	states_done(&c, &c.accepted);
	for (size_t i = 0; i < c.n_spare; i++)
		free(c.spare[i]);
	free(c.spare);
	arena_done(&judge->machine.scratch);
	if (c.error < 0) {
		judgement_done(&result);
		return c.error;
	}
	*ret = result;
	return 0;
}

void judgement_done(struct judgement *j)
{
	for (size_t i = 0; i < j->n_endings; i++)
		free(j->endings[i].bits);
	free(j->endings);
	free(j->universe);
	free(j->dropped);
	free(j->anything);
	free(j->rejected);
	free(j->drop_by);
	free(j->accept_by);
	*j = (struct judgement){0};
}

bool ending_is_same(const struct ending *a, const struct ending *b)
{
	return a->kind == b->kind && a->facts.port == b->facts.port &&
	       !memcmp(a->facts.address, b->facts.address, sizeof(a->facts.address));
}

unsigned judgement_count(const struct judgement *j, uint32_t i)
{
	unsigned n = bit_at(j->dropped, i);
	const struct ending *first = NULL;

	if (bit_at(j->anything, i))
		return 2;
	for (size_t k = 0; k < j->n_endings; k++) {
		if (!bit_at(j->endings[k].bits, i) ||
			(first && ending_is_same(first, &j->endings[k])))
			continue;
		first = &j->endings[k];
		n++;
	}
	return n;
}
