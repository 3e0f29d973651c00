/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between two listings that answer the same query. */
#include <string.h>

#include "document/compare.h"
#include "model/names.h"
#include "util/text.h"

static void put_words(struct out *o, uint32_t mask, const struct vocabulary *words)
{
	vocabulary_write(o, words, mask);
	if (!mask)
		out_text(o, "none");
}

static void put_difference(struct out *o, const char *what, uint32_t before, uint32_t after,
	const struct vocabulary *words)
{
	if (before == after)
		return;
	out_format(o, "\n    %s: ", what);
	put_words(o, before, words);
	out_text(o, " and then ");
	put_words(o, after, words);
}

static void put_filter(struct out *o, const char *text)
{
	if (text)
		text_visible(o, text, strlen(text));
	else
		out_text(o, "none");
}

static int check_queries(const struct portscope_document *before,
	const struct portscope_document *after, char **ret_error)
{
	const struct portscope_document_head *b = &before->head, *a = &after->head;
	bool same_filter =
		b->filter && a->filter ? !strcmp(b->filter, a->filter) : b->filter == a->filter;
	AUTO_OUT struct out o = OUT_MEMORY;

	if (b->protocols == a->protocols && b->families == a->families && b->states == a->states &&
		same_filter)
		return 0;
	out_text(&o, "the two documents do not answer the same query, so their difference would "
		     "say nothing:");
	put_difference(&o, "protocols", b->protocols, a->protocols, &protocol_words);
	put_difference(&o, "families", b->families, a->families, &family_words);
	put_difference(&o, "states", b->states, a->states, &state_words);
	if (!same_filter) {
		out_text(&o, "\n    filter: ");
		put_filter(&o, b->filter);
		out_text(&o, " and then ");
		put_filter(&o, a->filter);
	}
	if (!out_string(&o))
		return o.error;
	*ret_error = STEAL(o.buffer);
	return -EINVAL;
}

int portscope_diff(const struct portscope_document *before, const struct portscope_document *after,
	struct portscope_diff **ret, char **ret_error)
{
	int r = check_queries(before, after, ret_error);

	return r < 0 ? r : documents_compare(before, after, false, ret);
}

bool portscope_diff_at(const struct portscope_diff *diff, size_t i, struct portscope_change *ret)
{
	const struct change *c;
	const struct entry *e;

	if (i >= diff->count)
		return false;
	c = &diff->changes[i];
	*ret = (struct portscope_change){
		.kind = c->kind,
		.count = c->count,
		.differs = c->differs,
	};
	if (c->kind != PORTSCOPE_OPENED)
		document_side(diff->documents[0], c->before, &ret->before);
	if (c->kind != PORTSCOPE_CLOSED)
		document_side(diff->documents[1], c->after, &ret->after);
	e = c->kind == PORTSCOPE_CLOSED ? &diff->documents[0]->entries[c->before]
					: &diff->documents[1]->entries[c->after];
	ret->protocol = e->protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;
	return true;
}

const size_t *portscope_diff_get_counts(const struct portscope_diff *diff)
{
	return diff->counts;
}

unsigned portscope_diff_get_compared(const struct portscope_diff *diff)
{
	return diff->compared;
}

const struct portscope_warning *portscope_diff_get_warnings(
	const struct portscope_diff *diff, size_t *ret_count)
{
	*ret_count = diff->warnings.count;
	return diff->warnings.items;
}
