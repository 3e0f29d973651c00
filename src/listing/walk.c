/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two drivers that hand out rows: the buffered one walks records that are there, the streaming
 * one takes them as they come from the kernel.
 */
#include "listing/snapshot.h"

#include "model/field.h"

/** A walk over the rows. */
struct walk {
	struct portscope_snapshot *snapshot;
	portscope_row_fn row;
	void *userdata;
	int stopped; /**< what the callback returned, if it was not 0 */
};

static int hand_out(const struct socket *socket, void *userdata)
{
	struct walk *walk = userdata;
	struct portscope_snapshot *s = walk->snapshot;
	struct portscope_row row;

	if (s->streaming && !request_wants(&s->query, socket))
		return 0;
	snapshot_understand(s, socket, &row);
	if (s->streaming && s->filter && !filter_match(s->filter, &row))
		return 0;
	s->counts.rows++;
	s->counts.hidden_owners += row.owner == OWNER_HIDDEN;
	walk->stopped = walk->row(&row, walk->userdata);
	return walk->stopped ? -ECANCELED : 0;
}

static int each_streaming(struct portscope_snapshot *s, struct walk *walk)
{
	struct collect_request request;
	struct collect_report report = {0};
	int r;

	if (s->spent)
		return -EALREADY;
	s->spent = true;
	r = request_make(&s->query, false, &request, &s->programs, &s->warnings);
	request.needs_netlink = s->needs & NEED_NETLINK;
	if (r >= 0)
		r = collect_stream(&s->sources, &request, hand_out, walk, &report, &s->warnings);
	snapshot_note_collector(s, &report);
	return r;
}

/* In sorted order the sockets lie scattered: each is fetched into the cache a while before. */
#define FETCH_AHEAD 12

static int each_buffered(struct portscope_snapshot *s, struct walk *walk)
{
	int r = 0;

	for (size_t i = 0; i < s->sockets.count && r >= 0; i++) {
		if (i + FETCH_AHEAD < s->sockets.count) {
			const char *next =
				(const char *)&s->sockets.items[s->order[i + FETCH_AHEAD]];

			__builtin_prefetch(next);
			__builtin_prefetch(next + sizeof(struct socket) - 1);
		}
		r = hand_out(&s->sockets.items[s->order[i]], walk);
	}
	return r;
}

int portscope_each(struct portscope_snapshot *s, portscope_row_fn row, void *userdata)
{
	struct walk walk = {.snapshot = s, .row = row, .userdata = userdata};
	int r = 0;

	s->counts = (struct portscope_counts){0};
	if (s->streaming)
		r = each_streaming(s, &walk);
	else
		r = each_buffered(s, &walk);
	return walk.stopped ? walk.stopped : r;
}
