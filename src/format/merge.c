/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Within a port sockets and families are merged, then ports that follow each other. */
#include "format/merge.h"

#include <sys/socket.h>

#include "format/text.h"
#include "util/address.h"

/* A shorter run gains nothing over its rows. */
#define SHORTEST_RUN 3

/** A merge under way. */
struct merge {
	struct merge_item *items;
	merge_same_fn same;
	const void *userdata;
	size_t *next;   /**< the row of the following port, or 0 */
	size_t *length; /**< of the run that a row starts; 0: it is within one */
};

void merge_item_init(
	struct merge_item *item, const struct portscope_endpoint *local, uint64_t others)
{
	*item = (struct merge_item){
		.local = *local, .others = others, .copies = 1, .last = local->port};
}

static bool alike(const struct merge *m, size_t a, size_t b)
{
	return !m->items[a].gone && !m->items[b].gone && m->items[a].others == m->items[b].others &&
	       m->items[a].local.ifindex == m->items[b].local.ifindex && m->same(a, b, m->userdata);
}

static bool same_address(const struct merge_item *a, const struct merge_item *b)
{
	return a->local.family == b->local.family && a->local.any_family == b->local.any_family &&
	       a->localhost == b->localhost &&
	       !memcmp(a->local.address, b->local.address, a->local.family == AF_INET ? 4 : 16);
}

static bool is_ipv4(const struct merge_item *item, uint32_t address)
{
	uint32_t own;

	memcpy(&own, item->local.address, sizeof(own));
	return item->local.family == AF_INET && own == htonl(address);
}

static bool is_ipv6(const struct merge_item *item, uint8_t last)
{
	static const uint8_t zero[15];

	return item->local.family == AF_INET6 && !item->local.any_family &&
	       !memcmp(item->local.address, zero, sizeof(zero)) && item->local.address[15] == last;
}

static void merge_copies(struct merge *m, size_t begin, size_t end)
{
	for (size_t a = begin; a < end; a++)
		for (size_t b = a + 1; b < end && !m->items[a].gone; b++) {
			if (!alike(m, a, b) || !same_address(&m->items[a], &m->items[b]))
				continue;
			m->items[a].copies += m->items[b].copies;
			m->items[b].gone = true;
		}
}

static void merge_families(struct merge *m, size_t begin, size_t end)
{
	for (size_t a = begin; a < end; a++) {
		bool any = is_ipv4(&m->items[a], INADDR_ANY);

		if (!any && !is_ipv4(&m->items[a], INADDR_LOOPBACK))
			continue;
		for (size_t b = begin; b < end && !m->items[a].gone; b++) {
			if (!is_ipv6(&m->items[b], !any) || !alike(m, a, b) ||
				m->items[a].copies != m->items[b].copies)
				continue;
			m->items[a].local.any_family = any;
			m->items[a].localhost = !any;
			m->items[b].gone = true;
		}
	}
}

/* Ties each row of a port to the one of the port before that it continues. */
static void tie_runs(struct merge *m, size_t before, size_t begin, size_t end)
{
	for (size_t b = begin; b < end; b++) {
		m->length[b] = !m->items[b].gone;
		for (size_t a = before; a < begin && m->length[b]; a++) {
			if (m->next[a] || !alike(m, a, b) ||
				m->items[a].copies != m->items[b].copies ||
				!same_address(&m->items[a], &m->items[b]))
				continue;
			m->next[a] = b;
			m->length[b] = 0;
		}
	}
}

static void merge_run(struct merge *m, size_t first)
{
	size_t length = 1;

	for (size_t i = first; m->next[i]; i = m->next[i])
		length++;
	if (length < SHORTEST_RUN)
		return;
	for (size_t i = m->next[first]; i; i = m->next[i]) {
		m->items[first].last = m->items[i].local.port;
		m->items[i].gone = true;
	}
}

int merge_rows(struct merge_item *items, size_t n, merge_same_fn same, const void *userdata)
{
	AUTO_FREE size_t *next = calloc(n + 1, sizeof(*next));
	AUTO_FREE size_t *length = calloc(n + 1, sizeof(*length));
	struct merge m = {items, same, userdata, next, length};

	if (!next || !length)
		return -ENOMEM;
	for (size_t before = 0, begin = 0, end; begin < n; before = begin, begin = end) {
		uint16_t port = items[begin].local.port;

		for (end = begin + 1; end < n && items[end].local.port == port; end++)
			;
		merge_copies(&m, begin, end);
		merge_families(&m, begin, end);
		if (begin && items[before].local.port + 1 != port)
			before = begin;
		tie_runs(&m, before, begin, end);
	}
	for (size_t i = 0; i < n; i++)
		if (length[i])
			merge_run(&m, i);
	return 0;
}

size_t merge_put_endpoint(struct out *o, const struct merge_item *item)
{
	struct portscope_value value = {
		.type = PORTSCOPE_ENDPOINT, .known = true, .endpoint = item->local};
	size_t n;

	if (item->localhost) {
		out_text(o, "localhost:");
		n = sizeof("localhost:") - 1 + out_number(o, item->local.port);
	} else {
		n = text_value(o, &value, TEXT_TABLE);
	}
	if (item->last != item->local.port) {
		out_char(o, '-');
		n += 1 + out_number(o, item->last);
	}
	if (item->copies > 1) {
		out_text(o, " ×");
		n += 2 + out_number(o, item->copies);
	}
	return n;
}
