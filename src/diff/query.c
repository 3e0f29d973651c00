/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What two documents have to have in common, and what a reader should know where they have not. */
#include "diff/compare.h"

#include <string.h>

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

int diff_check_queries(const struct portscope_document *before,
	const struct portscope_document *after, char **ret_error)
{
	const struct portscope_document_head *b = &before->head, *a = &after->head;
	bool same_filter =
		b->filter && a->filter ? !strcmp(b->filter, a->filter) : b->filter == a->filter;
	AUTO_OUT struct out o = {.fd = -1};

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
	out_char(&o, 0);
	if (o.error)
		return o.error;
	*ret_error = STEAL(o.buffer);
	return -EINVAL;
}

int diff_check_baseline(const struct portscope_document *baseline, char **ret_error)
{
	const struct portscope_document_head *b = &baseline->head;

	if (b->protocols == (PORTSCOPE_TCP | PORTSCOPE_UDP) &&
		b->families == (PORTSCOPE_INET | PORTSCOPE_INET6) && !b->filter &&
		(b->states & PORTSCOPE_STATES_LISTENING) == PORTSCOPE_STATES_LISTENING)
		return 0;
	*ret_error = strdup("as a baseline it has to hold all that listened: take it by portscope "
			    "-l --json, without a filter");
	return *ret_error ? -EINVAL : -ENOMEM;
}

/* What a reader knows a document by. */
static const char *side_name(const struct portscope_diff *d, unsigned side)
{
	if (d->listening)
		return side ? "what was seen now" : "the baseline";
	return side ? "the second document" : "the first document";
}

static int warn_incomplete(struct portscope_diff *d, unsigned side)
{
	const struct portscope_document *document = d->documents[side];
	const char *reason = document->incomplete;

	if (document->head.complete)
		return 0;
	return warnings_add(&d->warnings, WARNING_INCOMPLETE,
		"%s is incomplete, so what differs may be what it lacks%s%s", side_name(d, side),
		reason ? ": " : "", reason ? reason : "");
}

static int warn_host(struct portscope_diff *d)
{
	const struct portscope_document_head *b = &d->documents[0]->head;
	const struct portscope_document_head *a = &d->documents[1]->head;
	int r = 0;

	if (b->machine_id && a->machine_id && strcmp(b->machine_id, a->machine_id) != 0)
		r = warnings_add(&d->warnings, WARNING_NOTE,
			"%s is of another host than %s: %s and then %s", side_name(d, 0),
			side_name(d, 1), b->host ? b->host : b->machine_id,
			a->host ? a->host : a->machine_id);
	if (r >= 0 && a->time < b->time)
		r = warnings_add(&d->warnings, WARNING_NOTE,
			"%s is newer than %s: what is called opened was closed", side_name(d, 0),
			side_name(d, 1));
	return r;
}

/* Columns that one of the documents lacks hide differences. */
static int warn_columns(struct portscope_diff *d)
{
	AUTO_OUT struct out list = {.fd = -1};

	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++)
		if (!(d->compared >> i & 1))
			out_format(&list, "%s%s", list.used ? ", " : "", document_aspect_name(i));
	if (!list.used)
		return 0;
	out_char(&list, 0);
	if (list.error)
		return list.error;
	return warnings_add(&d->warnings, WARNING_NOTE,
		"not compared, since the columns of %s lack it: %s",
		d->listening ? side_name(d, 0) : "a document", list.buffer);
}

int diff_warn(struct portscope_diff *d)
{
	int r = warn_incomplete(d, 0);

	if (r >= 0)
		r = warn_incomplete(d, 1);
	if (r >= 0)
		r = warn_host(d);
	if (r >= 0)
		r = warn_columns(d);
	if (r >= 0 && d->unseen)
		r = warnings_add(&d->warnings, WARNING_NOTE,
			"whether %zu socket%s changed hands is not known: who held %s is not "
			"known both times",
			d->unseen, d->unseen == 1 ? "" : "s", d->unseen == 1 ? "it" : "them");
	return r;
}
