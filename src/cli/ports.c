/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading ports. */
#include "cli/ports.h"

#include <string.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/word.h"

static const char digits[] = "0123456789";

bool ports_are_numeric(const char *word)
{
	size_t n = strspn(word, digits);

	if (n && word[n] == '-' && strspn(word + n + 1, digits))
		n += 1 + strspn(word + n + 1, digits);
	return n && !word[n];
}

/* Reads the digits that `text` starts with; more than a port has becomes 65536. */
static unsigned read_port(const char **text)
{
	unsigned port = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++)
		port = MIN(port * 10 + (**text - '0'), 65536u);
	return port;
}

int ports_parse(const char *word, uint16_t *ret_low, uint16_t *ret_high)
{
	const char *at = word;
	unsigned low = read_port(&at), high = low;

	if (*at == '-') {
		at++;
		high = read_port(&at);
	}
	if (low > 65535 || high > 65535) {
		message("'%s': a port is 0 to 65535", word);
		return STATUS_USAGE;
	}
	if (low > high) {
		message("'%s': a range must start with the lower port", word);
		return STATUS_USAGE;
	}
	*ret_low = low;
	*ret_high = high;
	return 0;
}

const struct portscope_range *ports_range(const char *what, const char *name)
{
	const struct portscope_range *range;
	const char *names[8] = {0};
	int found;

	for (unsigned n = 0; n + 1 < ARRAY_SIZE(names) && (range = portscope_range_at(n)); n++)
		names[n] = range->name;
	found = word_find(what, name, names);
	return found < 0 ? NULL : portscope_range_at(found);
}
