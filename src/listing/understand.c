/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a socket of the answer to a row. */
#include "listing/snapshot.h"

#include "annotate/annotate.h"
#include "packetfilter/packetfilter.h"

void snapshot_understand(
	const struct portscope_snapshot *s, const struct socket *socket, struct portscope_row *ret)
{
	annotate(socket, &s->host, s->needs, ret);
	/* It was worked out when the rules were read: looking it up again needs no memory. */
	if (s->packetfilter)
		packetfilter_reach(s->packetfilter, socket, ret->exposure, &ret->reach);
	if (s->found)
		found_get(s->found, (size_t)(socket - s->sockets.items), ret);
}

void snapshot_row(const struct portscope_snapshot *s, size_t i, struct portscope_row *ret)
{
	snapshot_understand(s, &s->sockets.items[s->order[i]], ret);
}
