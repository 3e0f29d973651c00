/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking apart what people type for a port. */
#include "cli/place.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/macros.h"

static bool is_protocol(const char *text)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "dccp"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(text, names[i]))
			return true;
	return false;
}

/* What stands before the port: the colon that ends an address, or NULL. */
static char *find_colon(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return NULL;
	/* Of an IPv6 address only the colon behind its brackets ends it. */
	if (*text == '[')
		return colon > text && colon[-1] == ']' ? colon : NULL;
	return strchr(text, ':') == colon ? colon : NULL;
}

static const char *unbracket(char *address)
{
	size_t length = strlen(address);

	if (*address == '[' && length > 1 && address[length - 1] == ']') {
		address[length - 1] = 0;
		address++;
	}
	return *address && strcmp(address, "*") != 0 ? address : NULL;
}

bool place_parse(const char *word, struct place *ret)
{
	int length = snprintf(ret->text, sizeof(ret->text), "%s", word);
	char *rest = ret->text, *slash, *colon;

	ret->address = ret->port = ret->protocol = NULL;
	if (length < 0 || (size_t)length >= sizeof(ret->text))
		return false;
	slash = strchr(rest, '/');
	if (slash) {
		*slash = 0;
		if (is_protocol(rest)) {
			ret->protocol = rest;
			rest = slash + 1;
		} else {
			ret->protocol = slash + 1;
		}
	}
	colon = find_colon(rest);
	if (colon) {
		*colon = 0;
		ret->address = unbracket(rest);
		rest = colon + 1;
	}
	ret->port = *rest ? rest : NULL;
	return true;
}
