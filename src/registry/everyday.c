/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports in everyday language: what one does in a sentence, and the words that people use. */
#include "registry/registry.h"

#include <strings.h>

#include "registry/tables.h"

static uint32_t place(uint8_t protocol, uint16_t port)
{
	return (uint32_t)protocol << 16 | port;
}

const char *registry_purpose(uint8_t protocol, uint16_t port)
{
	size_t low = 0, high = registry_purpose_rows_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct registry_purpose_row *row = &registry_purpose_rows[middle];

		if (place(row->protocol, row->port) == place(protocol, port))
			return registry_text(row->what);
		if (place(row->protocol, row->port) < place(protocol, port))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool registry_next_everyday(size_t *position, struct registry_everyday *ret)
{
	const struct registry_everyday_row *row;

	if (*position >= registry_everyday_rows_count)
		return false;
	row = &registry_everyday_rows[(*position)++];
	*ret = (struct registry_everyday){
		.word = registry_text(row->word),
		.note = registry_text(row->note),
		.protocol = row->protocol,
		.port = row->port,
	};
	return true;
}

bool registry_next_everyday_of(const char *word, size_t *position, struct registry_everyday *ret)
{
	struct registry_everyday row;

	while (registry_next_everyday(position, &row))
		if (!strcasecmp(row.word, word)) {
			*ret = row;
			return true;
		}
	return false;
}
