/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports and hosts as ss(8) writes them: [FAMILY:]ADDRESS[/PREFIX][:PORT], where either may be `*`.
 * Plain addresses and plain ports of a list are one leaf; one that has both is a condition of
 * two, and the list a choice of such.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "filter/parser.h"

/** A host or service name that stands for more is refused, never cut short. */
#define MEANINGS_MAX 64

/* A list on its way: a choice of these three. */
struct choices {
	struct node *ports;
	struct node *addresses;
	struct node *others;
	bool all; /* a `*` was among them */
};

/* One value, cut into its parts; all of it points into value.word. */
struct parts {
	uint8_t family; /* 0: not said */
	const char *address;
	size_t n_address;
	const char *prefix; /* NULL: none */
	size_t n_prefix;
	const char *port; /* NULL: none */
	bool bracketed;
};

static void choices_done(struct choices *c)
{
	node_free(c->ports);
	node_free(c->addresses);
	node_free(c->others);
}

static size_t at(const struct value *v, const char *part)
{
	return (size_t)(part - v->word);
}

static int fail_part(
	struct value *v, const char *part, size_t length, const char *hint, const char *message)
{
	return parser_fail(v->parser, v->offset + at(v, part), length, hint, "%s", message);
}

/* Takes the family off the front of a value. */
static int take_family(struct value *v, const char **text, uint8_t *ret_family)
{
	static const char *const foreign[] = {"unix:", "link:", "netlink:", "vsock:", "packet:"};

	*ret_family = 0;
	if (!strncmp(*text, "inet:", 5)) {
		*ret_family = AF_INET;
		*text += 5;
	} else if (!strncmp(*text, "inet6:", 6)) {
		*ret_family = AF_INET6;
		*text += 6;
	}
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (!strncmp(*text, foreign[i], strlen(foreign[i])))
			return fail_part(v, *text, strlen(foreign[i]),
				"inet and inet6 are; use ss for others", "family not covered");
	return 0;
}

static int add_port(struct node *node, enum token_kind comparison, uint16_t low, uint16_t high)
{
	struct port_span *range;
	uint64_t l = low, h = high;

	if (low == high && !number_range_of(comparison, low, UINT16_MAX, &l, &h))
		return 0;
	range = node_grow(node, sizeof(*range));
	if (!range)
		return -ENOMEM;
	*range = (struct port_span){(uint16_t)l, (uint16_t)h};
	return 0;
}

/* A node of this kind and side, which `*node` already is or becomes. */
static int want_node(struct node **node, enum node_kind kind, uint8_t side)
{
	if (*node)
		return 0;
	*node = node_new(kind);
	if (!*node)
		return -ENOMEM;
	(*node)->side = side;
	return 0;
}

/* True if the service has this port for the other protocol as well. */
static bool serves_both(const struct filter_service *services, size_t n, size_t i)
{
	for (size_t j = 0; j < n; j++)
		if (services[j].port == services[i].port &&
			services[j].protocol != services[i].protocol)
			return true;
	return false;
}

/* A port of one protocol only is a condition on both. */
static int join_service(
	struct value *v, const struct filter_service *service, uint8_t side, struct node **choice)
{
	AUTO_NODE struct node *port = NULL, *protocol = NULL;
	int r = want_node(&port, NODE_PORT, side);

	if (r >= 0)
		r = add_port(port, v->comparison, service->port, service->port);
	if (r >= 0)
		r = want_node(&protocol, NODE_PROTOCOL, 0);
	if (r < 0)
		return r;
	protocol->mask = service->protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;
	r = node_join(NODE_AND, &port, &protocol);
	return r < 0 ? r : node_join(NODE_OR, choice, &port);
}

static int fail_unknown_service(struct value *v, const char *name)
{
	const char *near = similar_service(v->parser, name);
	struct quote q = quote_word(name, strlen(name));
	char hint[sizeof(v->parser->error->hint)] = "expected a port number or service name";

	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	return parser_fail(v->parser, v->offset + at(v, name), strlen(name), hint,
		"unknown service '%s'", q.text);
}

/* The condition that a service name is. */
static int service_node(struct value *v, const char *name, uint8_t side, struct node **ret)
{
	const struct filter_names *names = v->parser->names;
	struct filter_service services[MEANINGS_MAX];
	AUTO_NODE struct node *ports = NULL, *choice = NULL;
	size_t n = 0;
	int r = 0;

	if (names->service)
		n = names->service(names->userdata, name, services, MEANINGS_MAX);
	if (!n)
		return fail_unknown_service(v, name);
	if (n > MEANINGS_MAX)
		return fail_part(v, name, strlen(name), "write the numbers",
			"the name stands for too many ports");
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (services[i].port != services[0].port && !comparison_is_set(v->comparison))
			return fail_part(v, name, strlen(name), "write a number",
				"the name stands for several ports, which have no order");
		if (services[i].protocol && !serves_both(services, n, i)) {
			r = join_service(v, &services[i], side, &choice);
			continue;
		}
		r = want_node(&ports, NODE_PORT, side);
		if (r >= 0)
			r = add_port(ports, v->comparison, services[i].port, services[i].port);
	}
	if (r >= 0 && ports)
		ports_normalize(ports->ports, &ports->n);
	if (r >= 0)
		r = node_join(NODE_OR, &ports, &choice);
	if (r < 0)
		return r;
	*ret = STEAL(ports);
	return 0;
}

/* True if nothing but digits and one dash between them is in `text`. */
static const char *find_dash(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	const char *dash = text + digits;

	return digits && *dash == '-' && dash[1] && !dash[1 + strspn(dash + 1, "0123456789")]
		       ? dash
		       : NULL;
}

/* The condition that a port or a range of them, without its colon, is. */
static int port_node(struct value *v, const char *text, uint8_t side, struct node **ret)
{
	const char *dash = find_dash(text);
	size_t length = dash ? (size_t)(dash - text) : strlen(text);
	AUTO_NODE struct node *node = NULL;
	uint64_t low, high;
	int r = number_parse(text, length, UINT16_MAX, &low);

	if (r == -ERANGE)
		return fail_part(v, text, length, "a port is 0 to 65535", "port out of range");
	if (r < 0)
		return service_node(v, text, side, ret);
	high = low;
	if (dash && number_parse(dash + 1, strlen(dash + 1), UINT16_MAX, &high) < 0)
		return fail_part(
			v, dash + 1, strlen(dash + 1), "a port is 0 to 65535", "port out of range");
	if (dash && !comparison_is_set(v->comparison))
		return fail_part(
			v, text, strlen(text), "expected a single port", "a range has no order");
	if (low > high)
		return fail_part(
			v, text, strlen(text), "write the smaller port first", "empty range");
	r = want_node(&node, NODE_PORT, side);
	if (r >= 0)
		r = add_port(node, v->comparison, (uint16_t)low, (uint16_t)high);
	if (r < 0)
		return r;
	*ret = STEAL(node);
	return 0;
}

/* Adds a leaf to those of its kind before it, anything else to the other choices. */
static int choose(struct choices *c, struct node **node)
{
	struct node **list = (*node)->kind == NODE_ADDRESS ? &c->addresses : &c->ports;
	size_t size = (*node)->kind == NODE_ADDRESS ? sizeof(struct filter_address)
						    : sizeof(struct port_span);

	if ((*node)->kind != NODE_ADDRESS && (*node)->kind != NODE_PORT)
		return node_join(NODE_OR, &c->others, node);
	if (!*list) {
		*list = STEAL(*node);
		return 0;
	}
	for (size_t i = 0; i < (*node)->n; i++) {
		void *item = node_grow(*list, size);

		if (!item)
			return -ENOMEM;
		memcpy(item, (const char *)(*node)->array + i * size, size);
	}
	return 0;
}

static int add_address(struct node *node, const struct filter_address *address)
{
	struct filter_address *added = node_grow(node, sizeof(*added));
	size_t bits;

	if (!added)
		return -ENOMEM;
	*added = *address;
	/* What the prefix leaves out is zero, so that equal conditions look equal. */
	bits = added->prefix;
	for (size_t i = 0; i < sizeof(added->bytes); i++, bits -= MIN(bits, 8u))
		added->bytes[i] &= (uint8_t)(0xff00 >> MIN(bits, 8u));
	return 0;
}

/* Any address of a family, at one side. */
static int family_node(uint8_t family, uint8_t side, struct node **ret)
{
	AUTO_NODE struct node *node = NULL;
	struct filter_address any = {.family = family};
	int r = want_node(&node, NODE_ADDRESS, side);

	if (r >= 0)
		r = add_address(node, &any);
	if (r < 0)
		return r;
	*ret = STEAL(node);
	return 0;
}

static int take_port(struct value *v, void *userdata)
{
	struct choices *c = userdata;
	AUTO_NODE struct node *ports = NULL, *family_of = NULL;
	const char *text = v->word;
	uint8_t family;
	int r = take_family(v, &text, &family);

	if (r < 0)
		return r;
	if (!strncmp(text, "*:", 2))
		text++;
	if (*text == ':')
		text++;
	if (!*text)
		return fail_part(
			v, v->word, v->length, "expected a port number or service name", "no port");
	if (!strcmp(text, "*")) {
		if (!comparison_is_set(v->comparison))
			return fail_part(v, text, 1, "expected a port number or service name",
				"'*' has no order");
		if (!family) {
			c->all = true;
			return 0;
		}
		r = family_node(family, v->predicate->side, &family_of);
		return r < 0 ? r : node_join(NODE_OR, &c->others, &family_of);
	}
	r = port_node(v, text, v->predicate->side, &ports);
	if (r >= 0 && family) {
		r = family_node(family, v->predicate->side, &family_of);
		if (r >= 0)
			r = node_join(NODE_AND, &ports, &family_of);
	}
	return r < 0 ? r : choose(c, &ports);
}

/* Cuts a host into its parts. Two colons without brackets are an IPv6 address without a port. */
static int split_host(struct value *v, struct parts *ret)
{
	struct parts parts = {0};
	const char *text = v->word, *end, *colon, *slash;
	int r = take_family(v, &text, &parts.family);

	if (r < 0)
		return r;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end)
			return fail_part(v, text, strlen(text), "expected a ']' after the address",
				"the bracket is not closed");
		parts.bracketed = true;
		parts.address = text + 1;
		parts.n_address = (size_t)(end - parts.address);
		end++;
		colon = strchr(end, ':');
		if (*end && *end != '/' && *end != ':')
			return fail_part(v, end, strlen(end), "expected :port or /prefix here",
				"unexpected text after the address");
		slash = *end == '/' ? end : memchr(parts.address, '/', parts.n_address);
		if (slash && slash < end)
			parts.n_prefix = (size_t)(end - 1 - slash - 1);
		else if (slash)
			parts.n_prefix = (colon ? (size_t)(colon - slash) : strlen(slash)) - 1;
		if (slash && slash < end)
			parts.n_address = (size_t)(slash - parts.address);
	} else {
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		parts.address = text;
		parts.n_address = colon ? (size_t)(colon - text) : strlen(text);
		slash = memchr(text, '/', parts.n_address);
		if (slash) {
			parts.n_prefix = parts.n_address - (size_t)(slash - text) - 1;
			parts.n_address = (size_t)(slash - text);
		}
	}
	parts.prefix = slash ? slash + 1 : NULL;
	parts.port = colon ? colon + 1 : NULL;
	*ret = parts;
	return 0;
}

/* `10/8` and `192.0.2/24`, as ss has them: what is missing is zero. */
static bool parse_short_ipv4(const char *text, uint8_t bytes[4])
{
	size_t n = 0;

	while (n < 4) {
		size_t digits = strspn(text, "0123456789");
		uint64_t byte;

		if (number_parse(text, digits, 255, &byte) < 0)
			return false;
		bytes[n++] = (uint8_t)byte;
		text += digits;
		if (!*text)
			return true;
		if (*text++ != '.')
			return false;
	}
	return false;
}

static int parse_prefix(struct value *v, const struct parts *parts, uint8_t family, uint8_t *ret)
{
	uint64_t prefix, max = family == AF_INET ? 32 : 128;
	const char *hint = family == AF_INET ? "a prefix length is 0 to 32 here"
					     : "a prefix length is 0 to 128";

	if (!parts->prefix) {
		*ret = (uint8_t)max;
		return 0;
	}
	if (number_parse(parts->prefix, parts->n_prefix, max, &prefix) < 0)
		return fail_part(v, parts->prefix, parts->n_prefix, hint,
			parts->n_prefix && strspn(parts->prefix, "0123456789") == parts->n_prefix
				? "prefix length out of range"
				: "not a prefix length");
	*ret = (uint8_t)prefix;
	return 0;
}

static int add_host_name(
	struct value *v, const struct parts *parts, const char *name, struct node *node)
{
	const struct filter_names *names = v->parser->names;
	struct filter_address found[MEANINGS_MAX];
	struct quote q = quote_word(name, strlen(name));
	size_t n = names->host ? names->host(names->userdata, name, found, MEANINGS_MAX) : 0;

	if (n > MEANINGS_MAX)
		return fail_part(v, parts->address, parts->n_address, "write the addresses",
			"the name stands for too many addresses");
	for (size_t i = 0; i < n; i++) {
		int r;

		if (parts->family && found[i].family != parts->family)
			continue;
		r = parse_prefix(v, parts, found[i].family, &found[i].prefix);
		if (r >= 0)
			r = add_address(node, &found[i]);
		if (r < 0)
			return r;
	}
	if (!node->n)
		return parser_fail(v->parser, v->offset + at(v, parts->address), parts->n_address,
			"expected an address, [address]:port or host name", "unknown host '%s'",
			q.text);
	return 0;
}

/* Adds the addresses that the parts stand for; `*ret_scope` names an interface, or NULL. */
static int add_host_address(
	struct value *v, const struct parts *parts, struct node *node, char **ret_scope)
{
	AUTO_FREE char *text = strndup(parts->address, parts->n_address);
	struct filter_address address = {0};
	char *scope;
	int r;

	if (!text)
		return -ENOMEM;
	if (inet_pton(AF_INET, text, address.bytes) == 1 ||
		(parts->prefix && parse_short_ipv4(text, address.bytes))) {
		address.family = AF_INET;
	} else {
		scope = strchr(text, '%');
		if (scope)
			*scope++ = '\0';
		if (inet_pton(AF_INET6, text, address.bytes) == 1) {
			address.family = AF_INET6;
			if (scope && !(*ret_scope = strdup(scope)))
				return -ENOMEM;
		} else if (scope) {
			scope[-1] = '%';
		}
	}
	if (!address.family) {
		if (text[strspn(text, "0123456789.")] && !strchr(text, ':') && !parts->bracketed)
			return add_host_name(v, parts, text, node);
		return fail_part(v, parts->address, parts->n_address,
			"write 192.0.2.1, 192.0.2.0/24, ::1 or [::1]:80", "not an address");
	}
	if (parts->family && parts->family != address.family)
		return fail_part(v, parts->address, parts->n_address, "",
			"the address is not of this family");
	r = parse_prefix(v, parts, address.family, &address.prefix);
	return r < 0 ? r : add_address(node, &address);
}

static bool is_any(const struct parts *parts)
{
	static const char *const words[] = {"", "*", "any", "all"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (parts->n_address == strlen(words[i]) &&
			!memcmp(parts->address, words[i], parts->n_address))
			return !parts->bracketed && !parts->prefix;
	return false;
}

static int scope_node(
	struct value *v, const struct parts *parts, const char *scope, struct node **ret)
{
	const struct filter_names *names = v->parser->names;
	struct number_span *range;
	uint64_t number = 0;
	uint32_t index = 0;
	int r = number_parse(scope, strlen(scope), UINT32_MAX, &number);

	if (r < 0) {
		r = names->interface ? names->interface(names->userdata, scope, &index) : -ENODEV;
		number = index;
	}
	if (r == -ENODEV)
		return fail_part(v, parts->address, parts->n_address, "",
			"the interface of the address is unknown");
	if (r < 0)
		return r;
	*ret = node_new(NODE_DEVICE);
	range = *ret ? node_grow(*ret, sizeof(*range)) : NULL;
	if (!range)
		return -ENOMEM;
	*range = (struct number_span){number, number};
	return 0;
}

/* The condition on one side that a host with a port or a scope is. */
static int host_node(struct value *v, const struct parts *parts, uint8_t side, struct node **ret)
{
	AUTO_NODE struct node *all = NULL, *part = NULL;
	AUTO_FREE char *scope = NULL;
	int r = 0;

	if (!is_any(parts)) {
		r = want_node(&all, NODE_ADDRESS, side);
		if (r >= 0)
			r = add_host_address(v, parts, all, &scope);
	} else if (parts->family) {
		r = family_node(parts->family, side, &all);
	}
	if (r >= 0 && scope) {
		r = scope_node(v, parts, scope, &part);
		if (r >= 0)
			r = node_join(NODE_AND, &all, &part);
	}
	if (r >= 0 && parts->port && strcmp(parts->port, "*")) {
		if (!*parts->port)
			return fail_part(v, v->word, v->length,
				"expected a port number or service name after the colon",
				"no port");
		r = port_node(v, parts->port, side, &part);
		if (r >= 0)
			r = node_join(NODE_AND, &all, &part);
	}
	if (r < 0)
		return r;
	*ret = STEAL(all);
	return 0;
}

static int take_host(struct value *v, void *userdata)
{
	static const uint8_t sides[] = {SIDE_LOCAL, SIDE_REMOTE};
	struct choices *c = userdata;
	struct parts parts;
	int r = split_host(v, &parts);

	if (r < 0)
		return r;
	/* A lone bracket, colon or nothing at all, as from an empty variable of a script. */
	if (!*v->word || (parts.bracketed && !parts.n_address))
		return fail_part(v, v->word, v->length,
			"expected an address, [address]:port or host name", "no address");
	/* Either side: address and port have to be of the same. */
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		AUTO_NODE struct node *node = NULL;

		if (!(v->predicate->side & sides[i]))
			continue;
		r = host_node(v, &parts, sides[i], &node);
		if (r < 0)
			return r;
		if (!node) {
			c->all = true;
			return 0;
		}
		if (node->kind == NODE_ADDRESS || node->kind == NODE_PORT) {
			/* Alone it is a leaf for both sides. */
			node->side = v->predicate->side;
			return choose(c, &node);
		}
		r = choose(c, &node);
		if (r < 0)
			return r;
	}
	return 0;
}

int endpoint_parse(struct value *v, struct node **ret)
{
	CLEANUP(choices_done) struct choices c = {0};
	AUTO_NODE struct node *node = NULL;
	int r = value_each(v, v->predicate->kind == VALUE_PORT ? take_port : take_host, &c);

	if (r >= 0 && c.ports)
		ports_normalize(c.ports->ports, &c.ports->n);
	if (r >= 0 && c.all) {
		r = want_node(&node, NODE_ALL, 0);
	} else if (r >= 0) {
		r = node_join(NODE_OR, &node, &c.addresses);
		if (r >= 0)
			r = node_join(NODE_OR, &node, &c.ports);
		if (r >= 0)
			r = node_join(NODE_OR, &node, &c.others);
	}
	if (r >= 0 && v->comparison == TOKEN_UNEQUAL)
		r = node_negate(&node);
	if (r < 0)
		return r;
	*ret = STEAL(node);
	return 0;
}
