/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rules have to say of each socket that listens. The index of the rules is made of the
 * same answer as the rows.
 */
#include "listing/snapshot.h"

#include "collect/host.h"
#include "model/field.h"
#include "owner/proc-mount.h"

/* Which rules a row breaks: bits 1 << the position in the table. */
static int broken_rules(
	const struct portscope_row *row, const struct rules_index *index, uint32_t *ret)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		struct verdict v = {0};
		int r = rule->judge ? rule->judge(row, index, &v) : 0;

		if (r < 0)
			return r;
		if (r > 0)
			*ret |= UINT32_C(1) << i;
		verdict_done(&v);
	}
	return 0;
}

static int find_all(struct portscope_snapshot *s, struct found *f)
{
	size_t judged = 0, unseen = 0;

	for (size_t i = 0; i < s->sockets.count; i++) {
		const struct socket *socket = &s->sockets.items[i];
		struct portscope_row row;
		uint32_t rules = 0;
		int r;

		if (!rules_judge_socket(socket))
			continue;
		snapshot_understand(s, socket, &row);
		r = broken_rules(&row, &s->rules, &rules);
		if (r < 0)
			return r;
		judged++;
		unseen += rules_lack_owner(&row, &s->rules);
		r = found_set(f, i, rules);
		if (r < 0)
			return r;
	}
	return rules_warn_unseen(unseen, judged, &s->warnings);
}

/* The index: what is understood of every listener, whatever the query wants. */
static int describe_listeners(struct portscope_snapshot *s)
{
	int proc_fd = s->sources.proc_fd, r;

	s->rules.unprivileged_from = 1024;
	r = collect_unprivileged_start(proc_fd, &s->rules.unprivileged_from);
	if (r < 0)
		r = warnings_miss(&s->warnings, r, "the first port that needs no privilege");
	s->rules.all_processes = owner_index_saw_all(s->host.owners) && proc_is_first(proc_fd) > 0;
	for (size_t i = 0; i < s->sockets.count; i++) {
		struct portscope_row row;

		if (!rules_judge_socket(&s->sockets.items[i]))
			continue;
		snapshot_understand(s, &s->sockets.items[i], &row);
		rules_index_describe(&s->rules, &row);
	}
	return r;
}

int snapshot_judge(struct portscope_snapshot *s)
{
	int r = s->needs & NEED_RULES ? describe_listeners(s) : 0;
	struct found *found;

	s->sockets.count = s->wanted;
	if (r < 0 || !(s->needs & NEED_FINDINGS))
		return r;
	found = found_new(s->sockets.count);
	r = found ? find_all(s, found) : -ENOMEM;
	if (r < 0) {
		found_free(found);
		return r;
	}
	s->found = found;
	return 0;
}
