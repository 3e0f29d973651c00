/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports that NAT sends elsewhere. Every port of every address is asked for, but an answer says for
 * which ports it holds, so that a few questions are enough.
 */
#include "packetfilter/filter.h"

#include <linux/rtnetlink.h>

#include "util/address.h"

/** A walk over the ports of one address. */
struct sweep {
	struct packetfilter *pf;
	struct judge *judge;
	publication_fn take;
	void *userdata;
};

/* True if every source that there can be ends here, and nowhere else. */
static bool is_certain(const struct sweep *s, const struct judgement *j, const struct ending *e)
{
	for (uint32_t i = 0; i < s->judge->space.n; i++)
		if (bit_at(j->universe, i) && (!bit_at(e->bits, i) || judgement_count(j, i) != 1))
			return false;
	return true;
}

static int tell(const struct sweep *s, const struct question *q, const struct judgement *j)
{
	int r = 0;

	for (size_t i = 0; i < j->n_endings && r >= 0; i++) {
		const struct ending *e = &j->endings[i];
		struct publication p = {
			.protocol = q->protocol,
			.family = s->judge->family,
			.low = q->port,
			.high = j->validity.high,
			.one_port = !e->facts.same_port,
			.interface = q->in->name,
		};
		bool known;
		const struct route *route;

		if (!e->facts.translated)
			continue;
		p.target_low = e->facts.same_port ? q->port : e->facts.port;
		p.certain = is_certain(s, j, e);
		memcpy(p.address, q->address, sizeof(p.address));
		memcpy(p.target, e->facts.address, sizeof(p.target));
		route = routing_find(&s->pf->routing, p.family, p.target, &known);
		p.local = route && route->type == RTN_LOCAL;
		r = s->take(&p, s->userdata);
	}
	return r;
}

static int sweep_ports(const struct sweep *s, struct question *q)
{
	int r = 0;

	for (uint32_t port = 1; port <= UINT16_MAX && r >= 0;) {
		struct judgement j;

		q->port = (uint16_t)port;
		r = judge_ask(s->judge, q, &j);
		if (r < 0)
			return r;
		r = tell(s, q, &j);
		port = (uint32_t)j.validity.high + 1;
		judgement_done(&j);
	}
	return r;
}

static int sweep_addresses(struct sweep *s, const struct link *link)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	const struct routing *routing = &s->pf->routing;
	int r = 0;

	for (size_t i = 0; i < routing->n_addresses && r >= 0; i++) {
		const struct local_address *a = &routing->addresses[i];
		const struct link *own = routing_link(routing, a->link);

		if (a->family != s->judge->family || !own || own->flags & IFF_LOOPBACK ||
			(own != link && address_is_link_local6(a->family, a->bytes)))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(protocols) && r >= 0; k++) {
			struct question q = {
				.protocol = protocols[k], .in = link, .prerouting = true};

			memcpy(q.address, a->bytes, sizeof(q.address));
			r = sweep_ports(s, &q);
		}
	}
	return r;
}

int packetfilter_publications(struct packetfilter *pf, publication_fn take, void *userdata)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int r = pf->blind ? -EPERM : 0;

	for (size_t i = 0; pf->redirects && i < pf->routing.n_links && r >= 0; i++) {
		if (!packetfilter_enters(pf, &pf->routing.links[i]))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(families) && r >= 0; k++) {
			struct sweep s = {.pf = pf, .take = take, .userdata = userdata};

			r = packetfilter_judge(pf, families[k], &s.judge);
			if (r >= 0)
				r = sweep_addresses(&s, &pf->routing.links[i]);
		}
	}
	return r;
}
