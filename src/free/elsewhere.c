/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports another host uses, and what its listing does not tell. */
#include "free/elsewhere.h"

#include "model/names.h"

void elsewhere_mark(
	const struct portscope_document *document, unsigned protocols, uint8_t map[65536 / 8])
{
	for (size_t i = 0; i < document->count; i++) {
		const struct entry *e = &document->entries[i];

		if (protocol_bit(e->protocol) & protocols)
			map[e->local_port / 8] |= (uint8_t)(1u << e->local_port % 8);
	}
}

static void lack(struct out *out, bool lacking, const char *what)
{
	if (lacking)
		out_format(out, "%s%s", out->used ? ", " : "", what);
}

void elsewhere_lack(const struct portscope_document *document, unsigned protocols, struct out *out)
{
	const struct portscope_document_head *head = &document->head;
	unsigned missing = protocols & ~head->protocols;

	lack(out, PORTSCOPE_STATES_ALL & ~head->states, "some states");
	lack(out, missing & PORTSCOPE_TCP, "TCP");
	lack(out, missing & PORTSCOPE_UDP, "UDP");
	lack(out, head->families != (PORTSCOPE_INET | PORTSCOPE_INET6), "a family of addresses");
	lack(out, head->filter, "what its filter left out");
	lack(out, !head->complete, "what that host could not see");
}
