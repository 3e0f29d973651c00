/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets of a listing. Where the rules are asked, one answer serves them and the query: what
 * the query wants comes first, the other listeners follow until the rules have seen them.
 */
#include "listing/snapshot.h"

#include "model/field.h"

void snapshot_note_collector(struct portscope_snapshot *s, const struct collect_report *report)
{
	s->host.shown.collector = report->used_procfs ? "procfs"
				  : report->used_bpf  ? "bpf"
						      : "netlink";
}

static void keep_wanted(struct portscope_snapshot *s)
{
	struct sockets *sockets = &s->sockets;
	size_t kept = 0;

	for (size_t i = 0; i < sockets->count; i++)
		if (request_wants(&s->query, &sockets->items[i]))
			sockets->items[kept++] = sockets->items[i];
	sockets->count = kept;
}

static void swap(struct socket *a, struct socket *b)
{
	struct socket c = *a;

	*a = *b;
	*b = c;
}

/* Brings forward what is wanted, and drops what is neither that nor a listener. */
static void part(struct portscope_snapshot *s)
{
	struct sockets *sockets = &s->sockets;
	size_t kept = 0;

	s->wanted = 0;
	for (size_t i = 0; i < sockets->count; i++) {
		struct socket *socket = &sockets->items[i];
		bool wanted = request_asked(&s->query, socket) && request_wants(&s->query, socket);

		if (!wanted && !rules_judge_socket(socket))
			continue;
		sockets->items[kept] = *socket;
		if (wanted)
			swap(&sockets->items[s->wanted++], &sockets->items[kept]);
		kept++;
	}
	sockets->count = kept;
}

int snapshot_collect(struct portscope_snapshot *s)
{
	struct collect_request request;
	struct collect_report report = {0};
	bool rules = s->needs & NEED_RULES;
	int r = request_make(&s->query, rules, &request, &s->programs, &s->warnings);

	request.needs_netlink = s->needs & NEED_NETLINK;
	request.compared = s->needs & NEED_OWNERS;
	if (r >= 0)
		r = collect_all(&s->sources, &request, &s->sockets, &report, &s->warnings);
	if (r >= 0 && s->filter && filter_uses_autobound(s->filter))
		r = filter_ask_autobound(
			s->filter, &s->sources, &request, &s->autobound, &s->warnings);
	snapshot_note_collector(s, &report);
	if (r >= 0 && rules)
		r = rules_index_gather(&s->rules, &s->sockets);
	if (r < 0)
		return r;
	if (rules) {
		part(s);
	} else {
		keep_wanted(s);
		s->wanted = s->sockets.count;
	}
	return 0;
}

static void keep(struct portscope_snapshot *s, size_t from, size_t to)
{
	s->sockets.items[to] = s->sockets.items[from];
	if (s->found)
		found_move(s->found, from, to);
}

/* The last word of the filter, when everything that it reads is there. */
int snapshot_keep_matching(struct portscope_snapshot *s)
{
	size_t kept = 0, hidden = 0;

	for (size_t i = 0; i < s->sockets.count; i++) {
		struct portscope_row row;

		snapshot_understand(s, &s->sockets.items[i], &row);
		if (filter_match(s->filter, &row))
			keep(s, i, kept++);
		else if (row.owner == OWNER_HIDDEN && filter_is_undecided(s->filter, &row))
			hidden++;
	}
	s->sockets.count = kept;
	if (!hidden)
		return 0;
	/* Shown, such a socket would say itself that its owner is hidden. */
	return warnings_add(&s->warnings, WARNING_INCOMPLETE,
		"the filter asks for owners, and %zu socket%s left out because %s hidden from this "
		"user",
		hidden, hidden == 1 ? " is" : "s are",
		hidden == 1 ? "its owner is" : "their owners are");
}
