/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `tcp, bound to every address: blocked from outside by inet filter input policy drop` */
#include "cli/reaching.h"

#include <arpa/inet.h>
#include <string.h>

#include "util/address.h"
#include "util/macros.h"

const uint16_t reaching_fields[REACHING_FIELDS] = {PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_LOCAL_ADDRESS, PORTSCOPE_FIELD_LOCAL_PORT, PORTSCOPE_FIELD_REACH,
	PORTSCOPE_FIELD_REACH_CERTAIN, PORTSCOPE_FIELD_REACH_RULE};

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool has_item(const struct reaching *r, size_t item)
{
	for (size_t i = 0; i < item; i++)
		if (is_same_text(r->items[i].protocol, r->items[item].protocol) &&
			r->items[i].at.family == r->items[item].at.family &&
			!memcmp(r->items[i].at.address, r->items[item].at.address,
				sizeof(r->items[i].at.address)) &&
			is_same_text(r->items[i].reach, r->items[item].reach) &&
			r->items[i].certain == r->items[item].certain &&
			is_same_text(r->items[i].rule, r->items[item].rule))
			return true;
	return false;
}

void reaching_take(struct reaching *r, const struct portscope_row *row)
{
	struct portscope_value reach, certain, rule, value;

	portscope_get(row, PORTSCOPE_FIELD_REACH, &reach);
	portscope_get(row, PORTSCOPE_FIELD_REACH_CERTAIN, &certain);
	portscope_get(row, PORTSCOPE_FIELD_REACH_RULE, &rule);
	/* Without the rules the word is only what the address says. */
	if (r->n == REACHING_MAX || !reach.known || (!certain.flag && !rule.known) ||
		!strcmp(reach.word.name, "loopback"))
		return;
	r->items[r->n].reach = reach.word.name;
	r->items[r->n].certain = certain.flag;
	r->items[r->n].rule = rule.known ? rule.text.text : NULL;
	portscope_get(row, PORTSCOPE_FIELD_PROTOCOL, &value);
	r->items[r->n].protocol = value.word.name;
	portscope_get(row, PORTSCOPE_FIELD_LOCAL_ADDRESS, &value);
	r->items[r->n].at = value.endpoint;
	if (!has_item(r, r->n))
		r->n++;
}

static void put_address(const struct portscope_endpoint *at, struct page *page)
{
	char text[INET6_ADDRSTRLEN];

	if (address_is_wildcard(at->family, at->address))
		page_words(page, at->family == AF_INET ? "bound to every IPv4 address:"
						       : "bound to every address:");
	else if (inet_ntop(at->family, at->address, text, sizeof(text)))
		page_format(page, "bound to %s:", text);
}

/* How each word is put, where a rule decides and where none does. */
static const struct {
	const char *reach, *by, *alone;
} sentences[] = {
	{"blocked", "blocked from outside by", "not reachable from outside"},
	{"limited", "open only to sources or interfaces that rules name, accepted by",
		"open only to some sources or interfaces"},
	{"link", "open to the networks of this host's interfaces, accepted by",
		"open to the networks of this host's interfaces; no rule decides for them"},
	{NULL, "open to most sources outside, accepted by",
		"open to most sources outside; no rule decides for them"},
};

void reaching_put(const struct reaching *r, unsigned indent, struct page *page)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *rule = r->items[i].rule;
		size_t k = 0;

		while (sentences[k].reach && strcmp(sentences[k].reach, r->items[i].reach) != 0)
			k++;
		page_line(page, indent, indent + 2);
		page_format(page, "%s,", r->items[i].protocol);
		put_address(&r->items[i].at, page);
		if (!r->items[i].certain)
			page_format(page,
				"reach is not certain, at most %s; decided for most by %s",
				r->items[i].reach, rule);
		else if (rule)
			page_format(page, "%s %s", sentences[k].by, rule);
		else
			page_words(page, sentences[k].alone);
		page_end(page);
	}
}
