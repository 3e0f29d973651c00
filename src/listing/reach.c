/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who can reach the sockets of an answer: the packet filter is read once, and asked for each. */
#include "listing/snapshot.h"

#include "annotate/annotate.h"
#include "model/field.h"
#include "packetfilter/packetfilter.h"

int snapshot_gather_reach(struct portscope_snapshot *s)
{
	int r;

	/* What is not of this host has another packet filter. */
	if (!(s->needs & NEED_REACH) || s->lent)
		return 0;
	r = packetfilter_open(s->sources.proc_fd, &s->warnings, &s->packetfilter);
	if (r < 0)
		return warnings_miss(&s->warnings, r, "the rules of the packet filter");
	for (size_t i = 0; i < s->wanted && r >= 0; i++) {
		const struct socket *socket = &s->sockets.items[i];
		const struct reach *reach;

		r = packetfilter_reach(
			s->packetfilter, socket, exposure_of(socket, &s->host), &reach);
	}
	return r;
}
