/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From judgements to a word: what may come of packets from all sources, by every interface, to
 * every address that a socket takes, is put together. A socket is wide open where at least half of
 * the sources that can arrive by an interface to the world get in: a ban list changes nothing of
 * that, a list of those who may come in does.
 */
#include "packetfilter/filter.h"

#include "util/address.h"

/** Who decides for how many sources. */
struct deciding {
	uint32_t by;
	double weight;
};

/* Of very many the most are of no weight: a place is enough for those that have some. */
#define DECIDING 64

/** What is put together for one socket. */
struct sum {
	struct packetfilter *pf;
	const struct socket *socket;
	bool may_wide, must_wide;
	bool may_any, must_any;
	struct deciding accepts[DECIDING], drops[DECIDING];
	/* Of the family and interface at hand. */
	struct judge *judge;
	const struct link *link;
	uint64_t *universe, *may, *must;
	size_t words;
	uint16_t low, high; /**< ports for which the same can be said */
};

static void add_weight(struct deciding list[DECIDING], uint32_t by, double weight)
{
	size_t i = table_hash(by) % DECIDING, tries = 4;

	if (by == BY_NOBODY)
		return;
	while (list[i].by && list[i].by != by && --tries)
		i = (i + 1) % DECIDING;
	if (!tries)
		return;
	list[i].by = by;
	list[i].weight += weight;
}

static uint32_t heaviest(const struct deciding list[DECIDING])
{
	size_t most = 0;

	for (size_t i = 1; i < DECIDING; i++)
		if (list[i].weight > list[most].weight)
			most = i;
	return list[most].by;
}

/* True if the sources cannot be, or have no way here: no rule decides that. */
static bool is_no_source(const struct sum *s, const struct judgement *j, uint32_t i)
{
	if (packetfilter_doubts(s->pf, s->link))
		return !bit_at(j->universe, i);
	return !bit_at(j->universe, i) ||
	       ((j->drop_by[i] == BY_ROUTING || j->drop_by[i] == BY_RP_FILTER) &&
		       judgement_count(j, i) == 1 && bit_at(j->dropped, i));
}

/* Adds what becomes of packets to one address. `port`: only what ends there; 0: all. */
static void add_judgement(struct sum *s, const struct judgement *j, unsigned port)
{
	for (uint32_t i = 0; i < s->judge->space.n; i++) {
		bool accepted = false, dropped = bit_at(j->dropped, i);
		uint64_t bit = UINT64_C(1) << i % 64;
		double weight;

		if (is_no_source(s, j, i))
			continue;
		for (size_t k = 0; k < j->n_endings && !accepted; k++)
			accepted = bit_at(j->endings[k].bits, i) &&
				   (!port || (j->endings[k].kind == ENDING_LOCAL &&
						     j->endings[k].facts.port == port));
		if (port && !accepted)
			continue;
		weight = s->judge->weights[i];
		s->universe[i / 64] |= bit;
		if (accepted || bit_at(j->anything, i)) {
			s->may[i / 64] |= bit;
			add_weight(s->accepts, j->accept_by[i], weight);
		}
		if (accepted && !dropped && !bit_at(j->anything, i))
			s->must[i / 64] |= bit;
		if (dropped)
			add_weight(s->drops, j->drop_by[i], weight);
	}
}

static int ask(struct sum *s, const uint8_t *address, unsigned to, unsigned port)
{
	struct question q = {.protocol = s->socket->protocol, .port = (uint16_t)to, .in = s->link};
	const struct judgement *j;
	int r;

	memcpy(q.address, address, family_bytes(s->judge->family));
	r = packetfilter_ask(s->pf, s->judge->family, &q, &j);
	if (r < 0)
		return r;
	add_judgement(s, j, port);
	s->low = MAX(s->low, j->validity.low);
	s->high = MIN(s->high, j->validity.high);
	return 0;
}

static bool takes_address(const struct sum *s, const uint8_t *address)
{
	const struct socket *k = s->socket;
	const uint8_t *own = s->judge->family == AF_INET
				     ? address_as_ipv4(k->family, k->local_address)
				     : k->local_address;

	if (address_is_wildcard(k->family, k->local_address))
		return true;
	return own && !memcmp(own, address, family_bytes(s->judge->family));
}

static bool is_loopback(uint8_t family, const uint8_t *a)
{
	static const uint8_t loopback[16] = {[15] = 1};

	return family == AF_INET ? a[0] == 127 : !memcmp(a, loopback, sizeof(loopback));
}

/*
 * Packets to the socket's own port, at every address that it takes: those that are only of this
 * link, or the others.
 */
static int ask_directly(struct sum *s, bool on_link)
{
	const struct routing *routing = &s->pf->routing;
	uint8_t family = s->judge->family;
	int r = 0;

	for (size_t i = 0; i < routing->n_addresses && r >= 0; i++) {
		const struct local_address *a = &routing->addresses[i];

		if (a->family != family || !takes_address(s, a->bytes) ||
			(is_loopback(family, a->bytes) && !s->link->route_localnet) ||
			address_is_link_local6(family, a->bytes) != on_link ||
			(on_link && a->link != s->link->index))
			continue;
		r = ask(s, a->bytes, s->socket->local_port, 0);
	}
	return r;
}

/* Packets to other ports that a rule sends to this socket. */
static int ask_redirected(struct sum *s)
{
	int r = 0;

	for (size_t i = 0; i < s->pf->n_publications && r >= 0; i++) {
		const struct publication *p = &s->pf->publications[i];
		unsigned port = s->socket->local_port, to = p->low;

		if (p->family != s->judge->family || p->protocol != s->socket->protocol ||
			strcmp(p->interface, s->link->name) || !takes_address(s, p->target))
			continue;
		if (!p->one_port &&
			(port < p->target_low || port - p->target_low > (unsigned)p->high - p->low))
			continue;
		if (p->one_port && port != p->target_low)
			continue;
		if (!p->one_port)
			to = p->low + (port - p->target_low);
		r = ask(s, p->address, to, port);
	}
	return r;
}

/* Datagrams to everybody reach a wildcard socket too; nobody beyond the link sends them. */
static int ask_groups(struct sum *s)
{
	static const uint8_t everybody[4] = {255, 255, 255, 255};
	uint8_t family = s->judge->family;
	int r = 0;

	if (s->socket->protocol != IPPROTO_UDP ||
		!address_is_wildcard(s->socket->family, s->socket->local_address))
		return 0;
	if (family == AF_INET)
		r = ask(s, everybody, s->socket->local_port, 0);
	for (size_t i = 0; i < s->pf->n_groups && r >= 0; i++)
		if (s->pf->groups[i].family == family)
			r = ask(s, s->pf->groups[i].address, s->socket->local_port, 0);
	return r;
}

/* True if this interface leads to the world: it has a default route, or none has. */
static bool leads_out(const struct sum *s)
{
	bool any = false;

	for (size_t i = 0; i < s->pf->routing.n_routes; i++) {
		const struct route *route = &s->pf->routing.routes[i];

		if (route->family != s->judge->family || route->prefix || !route->n_links)
			continue;
		if (route_uses(route, s->link->index))
			return true;
		any = true;
	}
	return !any;
}

static double weigh(const struct sum *s, const uint64_t *bits)
{
	double sum = 0;

	for (uint32_t i = 0; i < s->judge->space.n; i++)
		if (bit_at(bits, i))
			sum += s->judge->weights[i];
	return sum;
}

/* What one interface and family add to the sum. */
static void conclude(struct sum *s, bool groups)
{
	double all = weigh(s, s->universe);
	bool wide = leads_out(s) && !groups && all > 0;

	if (packetfilter_doubts(s->pf, s->link)) {
		memcpy(s->may, s->universe, s->words * sizeof(*s->may));
		memset(s->must, 0, s->words * sizeof(*s->must));
	}
	s->may_any |= bits_any(s->may, s->words);
	s->must_any |= bits_any(s->must, s->words);
	s->may_wide |= wide && weigh(s, s->may) * 2 >= all;
	s->must_wide |= wide && weigh(s, s->must) * 2 >= all;
}

static void reset(struct sum *s)
{
	memset(s->universe, 0, s->words * sizeof(*s->universe));
	memset(s->may, 0, s->words * sizeof(*s->may));
	memset(s->must, 0, s->words * sizeof(*s->must));
}

static int add_link(struct sum *s, bool *near)
{
	bool any;
	int r;

	reset(s);
	r = ask_directly(s, false);
	if (r >= 0)
		r = ask_redirected(s);
	if (r < 0)
		return r;
	conclude(s, false);
	any = s->may_any;
	reset(s);
	r = ask_directly(s, true);
	if (r >= 0)
		r = ask_groups(s);
	conclude(s, true);
	*near |= s->may_any && !any;
	return r;
}

static bool takes_family(const struct socket *k, uint8_t family)
{
	if (k->family == AF_INET || address_is_mapped(k->family, k->local_address))
		return family == AF_INET;
	return family == AF_INET6 || (address_is_wildcard(k->family, k->local_address) &&
					     !(k->present & SOCKET_HAS_V6ONLY && k->v6only));
}

static int add_family(struct sum *s, uint8_t family, bool *near)
{
	AUTO_FREE uint64_t *bits = NULL;
	int r = packetfilter_judge(s->pf, family, &s->judge);

	if (r < 0)
		return r;
	s->words = bits_words(s->judge->space.n);
	bits = calloc(s->words * 3 + 1, sizeof(*bits));
	if (!bits)
		return -ENOMEM;
	s->universe = bits;
	s->may = bits + s->words;
	s->must = s->may + s->words;
	for (size_t i = 0; i < s->pf->routing.n_links && r >= 0; i++) {
		s->link = &s->pf->routing.links[i];
		if (!packetfilter_enters(s->pf, s->link) ||
			(s->socket->ifindex && s->socket->ifindex != s->link->index))
			continue;
		r = add_link(s, near);
	}
	return r;
}

static enum reach_word word_of_exposure(enum exposure exposure)
{
	static const enum reach_word words[] = {
		[EXPOSURE_LOOPBACK] = REACH_LOOPBACK,
		[EXPOSURE_LINK] = REACH_LINK,
		[EXPOSURE_PRIVATE] = REACH_PRIVATE,
		[EXPOSURE_PUBLIC] = REACH_PUBLIC,
		[EXPOSURE_ANY] = REACH_ANY,
	};

	return words[exposure];
}

static enum reach_word word_of(bool wide, bool any, enum exposure exposure)
{
	if (exposure == EXPOSURE_LOOPBACK)
		return any ? REACH_LINK : REACH_LOOPBACK;
	if (wide || (any && exposure == EXPOSURE_LINK))
		return word_of_exposure(exposure);
	return any ? REACH_LIMITED : REACH_BLOCKED;
}

static int keep_local(const struct publication *p, void *userdata)
{
	struct packetfilter *pf = userdata;
	struct publication *grown;

	if (!p->local)
		return 0;
	grown = reallocarray(pf->publications, pf->n_publications + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	pf->publications = grown;
	pf->publications[pf->n_publications++] = *p;
	return 0;
}

static int work_out(struct packetfilter *pf, const struct socket *socket, enum exposure exposure,
	struct reach_answer *answer)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct sum s = {.pf = pf, .socket = socket, .high = UINT16_MAX};
	bool near = false;
	struct reach *ret = &answer->reach;
	enum reach_word must;
	int r = 0;

	if (pf->blind) {
		*ret = (struct reach){.word = word_of_exposure(exposure)};
		return 0;
	}
	if (pf->redirects && !pf->swept)
		r = packetfilter_publications(pf, keep_local, pf);
	pf->swept = true;
	for (size_t i = 0; i < ARRAY_SIZE(families) && r >= 0; i++)
		if (takes_family(socket, families[i]))
			r = add_family(&s, families[i], &near);
	if (r < 0)
		return r;
	ret->word = word_of(s.may_wide, s.may_any, exposure);
	must = word_of(s.must_wide, s.must_any, exposure);
	/* Where only what is sent on the link, to everybody or to a link-local address, gets in. */
	if (near && ret->word == REACH_LIMITED && !s.may_wide) {
		ret->word = REACH_LINK;
		must = must == REACH_LIMITED ? REACH_LINK : must;
	}
	ret->certain = ret->word == must;
	ret->rule = packetfilter_by(pf, heaviest(s.may_any ? s.accepts : s.drops));
	/* A redirect may lead to each port from another one. */
	answer->low = pf->n_publications ? socket->local_port : s.low;
	answer->high = pf->n_publications ? socket->local_port : s.high;
	return 0;
}

/* Of the same kind of socket; the port decides which of its answers. */
static bool same_kind(const struct reach_answer *a, const struct reach_answer *b)
{
	return a->protocol == b->protocol && a->family == b->family && a->v6only == b->v6only &&
	       a->exposure == b->exposure && a->ifindex == b->ifindex &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

static int keep_answer(struct packetfilter *pf, const struct reach_answer *answer)
{
	struct reach_answer *kept;

	if (pf->n_answers == pf->answers_space) {
		size_t space = pf->answers_space ? pf->answers_space * 2 : 64;
		struct reach_answer **grown = reallocarray(pf->answers, space, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		pf->answers = grown;
		pf->answers_space = space;
	}
	kept = malloc(sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	*kept = *answer;
	pf->answers[pf->n_answers++] = kept;
	return 0;
}

int packetfilter_reach(struct packetfilter *pf, const struct socket *socket, enum exposure exposure,
	const struct reach **ret)
{
	struct reach_answer answer = {
		.protocol = socket->protocol,
		.family = socket->family,
		.v6only = socket->present & SOCKET_HAS_V6ONLY && socket->v6only,
		.exposure = (uint8_t)exposure,
		.low = socket->local_port,
		.high = socket->local_port,
		.ifindex = socket->ifindex,
	};
	int r;

	*ret = NULL;
	if (socket->state !=
		(socket->protocol == IPPROTO_TCP ? PORTSCOPE_LISTEN : PORTSCOPE_UNCONNECTED))
		return 0;
	memcpy(answer.address, socket->local_address, sizeof(answer.address));
	for (size_t i = 0; i < pf->n_answers; i++)
		if (pf->answers[i]->low <= socket->local_port &&
			socket->local_port <= pf->answers[i]->high &&
			same_kind(pf->answers[i], &answer)) {
			*ret = &pf->answers[i]->reach;
			return 0;
		}
	r = work_out(pf, socket, exposure, &answer);
	if (r >= 0)
		r = keep_answer(pf, &answer);
	if (r >= 0)
		*ret = &pf->answers[pf->n_answers - 1]->reach;
	return r;
}
