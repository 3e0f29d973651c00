/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the reader of a comparison should know. */
#include "document/compare.h"

#include <string.h>

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
			"%s comes from another host than %s: %s and then %s", side_name(d, 0),
			side_name(d, 1), b->host ? b->host : b->machine_id,
			a->host ? a->host : a->machine_id);
	if (r >= 0 && a->time < b->time)
		r = warnings_add(&d->warnings, WARNING_NOTE,
			"%s is newer than %s: 'opened' and 'closed' are swapped", side_name(d, 0),
			side_name(d, 1));
	return r;
}

/* Columns that one of the documents lacks hide differences. */
static int warn_columns(struct portscope_diff *d)
{
	AUTO_OUT struct out list = OUT_MEMORY;

	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++)
		if (!(d->compared >> i & 1))
			out_format(&list, "%s%s", list.used ? ", " : "", portscope_aspect_name(i));
	if (!list.used)
		return 0;
	if (!out_string(&list))
		return list.error;
	return warnings_add(&d->warnings, WARNING_NOTE,
		"not compared, since the columns of %s lack it: %s",
		d->listening ? side_name(d, 0) : "a document", list.buffer);
}

int comparison_warn(struct portscope_diff *d)
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
			"could not tell whether %zu socket%s changed owner: who held %s is not "
			"known for both times",
			d->unseen, d->unseen == 1 ? "" : "s", d->unseen == 1 ? "it" : "them");
	return r;
}
