/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a word to ports: names, aliases and globs over all that the registry and the site know. */
#include "explain/knowledge.h"

#include <string.h>
#include <strings.h>

#include "registry/registry.h"
#include "util/array.h"
#include "util/glob.h"

/** The places found so far. */
struct places {
	struct portscope_place *items;
	size_t count;
};

static int add_place(struct places *places, uint8_t protocol, uint16_t low, uint16_t high)
{
	struct portscope_place *added = ARRAY_ADD(places->items, places->count);

	if (!added)
		return -ENOMEM;
	*added = (struct portscope_place){
		.protocol = knowledge_protocol_name(protocol), .low = low, .high = high};
	return 0;
}

/* All that carry exactly this name; finding nobody is not a failure here. */
static int add_named(const struct portscope_knowledge *k, const char *name, struct places *places)
{
	AUTO_FREE struct service_port *ports = NULL;
	int id = registry_find_name(name, strlen(name));
	struct registry_place place;
	size_t n = 0;
	int r = service_ports(k->services, name, PORTSCOPE_TCP | PORTSCOPE_UDP, &ports, &n);

	if (r == -ENOENT)
		r = 0;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = add_place(places, ports[i].protocol, ports[i].low, ports[i].high);
	for (size_t i = 0; id >= 0 && r >= 0 && registry_next_place(id, &i, &place);)
		if (place.protocol != IPPROTO_TCP && place.protocol != IPPROTO_UDP)
			r = add_place(places, place.protocol, place.low, place.high);
	return r;
}

/* By the keys of the facts on risks, which call some ports as their software does: php-fpm. */
static int add_by_risk(const char *pattern, struct places *places)
{
	struct registry_insecure row;
	int r = 0;

	for (size_t i = 0; r >= 0 && registry_next_insecure_of_all(&i, &row);)
		if (glob_match_caseless(pattern, row.key))
			r = add_place(places, row.protocol, row.low, row.high);
	return r;
}

/* By the words that people use: dns, samba. */
static int add_everyday(const char *word, struct places *places)
{
	struct registry_everyday row;
	int r = 0;

	for (size_t i = 0; r >= 0 && registry_next_everyday_of(word, &i, &row);) {
		r = add_place(places, row.protocol, row.port, row.port);
		if (r >= 0)
			places->items[places->count - 1].note = row.note;
	}
	return r;
}

static int add_matching(
	const struct portscope_knowledge *k, const char *pattern, struct places *places)
{
	const char *word;
	int r = 0;

	for (size_t id = 0; id < registry_name_total() && r >= 0; id++)
		if (glob_match_caseless(pattern, registry_name_at(id)))
			r = add_named(k, registry_name_at(id), places);
	for (size_t i = 0; r >= 0 && service_next_word(k->services, &i, &word);)
		if (!registry_knows_name(word, strlen(word)) && glob_match_caseless(pattern, word))
			r = add_named(k, word, places);
	return r;
}

static int compare_places(const void *a, const void *b)
{
	const struct portscope_place *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return strcmp(x->protocol, y->protocol);
}

/* Orders the places and drops doubles. */
static void order_places(struct places *places)
{
	size_t n = 0;

	qsort(places->items, places->count, sizeof(*places->items), compare_places);
	for (size_t i = 0; i < places->count; i++)
		if (!n || compare_places(&places->items[n - 1], &places->items[i]) != 0)
			places->items[n++] = places->items[i];
	places->count = n;
}

int portscope_find_ports(const struct portscope_knowledge *k, const char *name,
	struct portscope_place **ret, size_t *ret_count)
{
	bool glob = strpbrk(name, "*?[") != NULL;
	struct places places = {0};
	int r = glob ? add_matching(k, name, &places) : add_named(k, name, &places);

	if (r >= 0 && !glob)
		r = add_everyday(name, &places);
	if (r >= 0 && (glob || !places.count))
		r = add_by_risk(name, &places);
	if (r >= 0 && !places.count)
		r = -ENOENT;
	if (r < 0) {
		free(places.items);
		return r;
	}
	order_places(&places);
	*ret = places.items;
	*ret_count = places.count;
	return 0;
}

size_t portscope_similar_names(
	const struct portscope_knowledge *k, const char *word, const char **ret, size_t n)
{
	return service_similar(k->services, word, ret, n);
}
