/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When passes are believed. One that is exact is, and one without doubles whose sockets will be
 * compared with their holders. Else two passes with the same sockets are enough. Where sockets
 * come and go no two are the same; then three are taken, and tell whether the source misses
 * sockets: what an earlier and a later pass list was there for the pass between, too. A socket
 * that one pass in a thousand misses is then missing from all three once in 10^9 times; what was
 * born or ended meanwhile proves nothing and is not a reason for doubt.
 */
#include "collect/passes.h"

#include <string.h>

#include "collect/cookies.h"

/* So many passes at most, and so many where no two are alike but nothing speaks against them. */
#define PASSES        5
#define PASSES_ENOUGH 3

/** One pass. */
struct pass {
	struct sockets sockets;
	struct cookie_index index;
	size_t doubles;
	int outcome;
	bool exact;
};

static void pass_done(struct pass *p)
{
	sockets_done(&p->sockets);
	cookie_index_done(&p->index);
}

static int pass_take(const struct pass_source *source, struct pass *p)
{
	int r = source->take(source->userdata, &p->sockets, &p->exact);

	if (r < 0)
		return r;
	p->outcome = r;
	return cookie_index_make(&p->sockets, &p->index, &p->doubles);
}

static bool is_clean(const struct pass *p)
{
	return !p->doubles && p->outcome == NETLINK_DONE;
}

static bool are_alike(const struct pass *a, const struct pass *b)
{
	if (a->outcome != NETLINK_DONE || b->outcome != NETLINK_DONE ||
		a->index.count != b->index.count)
		return false;
	for (size_t i = 0; i < a->index.count; i++)
		if (a->index.items[i].key != b->index.items[i].key)
			return false;
	return true;
}

/* Whether `between`, a whole pass, lacks a socket that both others have. */
static bool has_missed(
	const struct pass *before, const struct pass *between, const struct pass *after)
{
	if (between->outcome != NETLINK_DONE)
		return false;
	for (size_t i = 0; i < before->index.count; i++) {
		uint64_t cookie = before->index.items[i].key;

		if (cookie_index_find(&between->index, cookie) < 0 &&
			cookie_index_find(&after->index, cookie) >= 0)
			return true;
	}
	return false;
}

/* Whether a pass before the last is known to have missed a socket. */
static bool disagree(const struct pass *passes, int n)
{
	for (int between = 1; between < n - 1; between++)
		for (int before = 0; before < between; before++)
			if (has_missed(&passes[before], &passes[between], &passes[n - 1]))
				return true;
	return false;
}

/** Passes that were taken, and what they say of each other. */
struct judged {
	struct pass passes[PASSES];
	int n;
	int verdict;
};

/* Whether the last pass ends the matter; sets the verdict if so. */
static bool is_settled(const struct pass_source *source, struct judged *j)
{
	const struct pass *last = &j->passes[j->n - 1];

	j->verdict = PASSES_UNSURE | (source->compared ? PASSES_COMPARE : 0);
	if (last->exact && is_clean(last)) {
		j->verdict = PASSES_SURE;
		return true;
	}
	if (source->compared &&
		(is_clean(last) || (source->held && last->outcome == NETLINK_DONE))) {
		j->verdict = PASSES_COMPARE;
		return true;
	}
	/* More passes would not make the one that missed something whole. */
	if (disagree(j->passes, j->n))
		return true;
	for (int i = 0; i < j->n - 1; i++)
		if (are_alike(&j->passes[i], last)) {
			j->verdict = PASSES_SURE;
			return true;
		}
	if (j->n < PASSES_ENOUGH || !is_clean(last))
		return false;
	j->verdict = PASSES_SURE;
	return true;
}

static int take_passes(const struct pass_source *source, struct judged *j)
{
	do {
		int r = pass_take(source, &j->passes[j->n++]);

		if (r < 0)
			return r;
	} while (!is_settled(source, j) && j->n < PASSES);
	if (j->verdict & PASSES_UNSURE && j->passes[j->n - 1].outcome & NETLINK_DAMAGED)
		j->verdict |= PASSES_DAMAGED;
	return 0;
}

/* The exact look-up finds one of those that share an address and a port: only a connection, which
 * shares them with nobody, is proven gone when it is not found. */
static bool can_be_looked_up(const struct pass_source *source, const struct socket *s)
{
	return source->netlink && source->netlink->transport && s->protocol == IPPROTO_TCP &&
	       s->remote_port;
}

/* Adds to the last pass what only an earlier one saw, unless it is known to be gone. */
static int adopt(const struct pass_source *source, struct pass *last, const struct pass *earlier)
{
	struct sockets *into = &last->sockets;
	size_t before = into->count;
	int r = 0;

	for (size_t i = 0; i < earlier->sockets.count && r >= 0; i++) {
		struct socket s = earlier->sockets.items[i];
		int found = -EOPNOTSUPP;

		if (cookie_index_find(&last->index, s.cookie) >= 0)
			continue;
		if (can_be_looked_up(source, &s))
			found = dump_lookup(source->netlink, &s);
		if (found == -ENOMEM)
			return found;
		if (found < 0)
			s.present |= SOCKET_EARLIER;
		if (found)
			r = sockets_add(&s, into);
	}
	if (r < 0 || into->count == before)
		return r;
	cookie_index_done(&last->index);
	return cookie_index_make(into, &last->index, &(size_t){0});
}

int passes_take(const struct pass_source *source, struct sockets *ret)
{
	struct judged j = {0};
	int r = take_passes(source, &j);

	if (r >= 0) {
		struct pass *last = &j.passes[j.n - 1];

		for (int i = j.n - 2; i >= 0 && r >= 0; i--)
			r = adopt(source, last, &j.passes[i]);
		if (r >= 0)
			r = sockets_append(ret, &last->sockets);
	}
	for (size_t i = 0; i < PASSES; i++)
		pass_done(&j.passes[i]);
	return r < 0 ? r : j.verdict;
}
