/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is new or changed since a baseline was taken. */
#include "audit/baseline.h"

#include <string.h>

#include "document/compare.h"
#include "document/take.h"
#include "util/out.h"

static int check(const struct portscope_document *baseline, char **ret_error)
{
	const struct portscope_document_head *b = &baseline->head;

	if (b->protocols == (PORTSCOPE_TCP | PORTSCOPE_UDP) &&
		b->families == (PORTSCOPE_INET | PORTSCOPE_INET6) && !b->filter &&
		(b->states & PORTSCOPE_STATES_LISTENING) == PORTSCOPE_STATES_LISTENING)
		return 0;
	*ret_error = strdup("a baseline must list everything that listens: take it with portscope "
			    "-l --json, without a filter");
	return *ret_error ? -EINVAL : -ENOMEM;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "none";
}

/* What became of a socket that the baseline knows, in words. */
static char *tell_change(const struct portscope_diff *diff, const struct change *c)
{
	AUTO_OUT struct out o = OUT_MEMORY;
	struct portscope_side before, after;
	const char *separator = "";

	document_side(diff->documents[0], c->before, &before);
	document_side(diff->documents[1], c->after, &after);
	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++) {
		if (!(c->differs >> i & 1))
			continue;
		out_text(&o, separator);
		out_text(&o, portscope_aspect_name(i));
		out_text(&o, " was ");
		out_text(&o, or_nothing(before.aspects[i]));
		out_text(&o, " and is ");
		out_text(&o, or_nothing(after.aspects[i]));
		separator = ", ";
	}
	for (size_t i = 0; i < o.used; i++)
		if (o.buffer[i] == '\n')
			o.buffer[i] = '+';
	return out_string(&o) ? STEAL(o.buffer) : NULL;
}

static int hand_out_fresh(const struct portscope_diff *diff, struct baseline_row *rows)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct change *c = &diff->changes[i];

		if (c->kind == PORTSCOPE_OPENED)
			rows[c->after].opened = true;
		if (c->kind != PORTSCOPE_CHANGED)
			continue;
		rows[c->after].changed = tell_change(diff, c);
		if (!rows[c->after].changed)
			return -ENOMEM;
	}
	return 0;
}

int baseline_compare(const struct portscope_document *baseline, struct portscope_snapshot *snapshot,
	struct baseline_row *rows, char **ret_error)
{
	CLEANUP(portscope_document_free_cleanup) struct portscope_document *document = NULL;
	CLEANUP(portscope_diff_free_cleanup) struct portscope_diff *diff = NULL;
	int r = check(baseline, ret_error);

	if (r >= 0)
		r = document_take_snapshot(baseline, snapshot, &document);
	if (r >= 0)
		r = documents_compare(baseline, document, true, &diff);
	/* What makes the snapshot incomplete is among its warnings already. */
	for (size_t i = 0; r >= 0 && i < diff->warnings.count; i++) {
		const struct portscope_warning *w = &diff->warnings.items[i];

		if (!w->incomplete || !baseline->head.complete)
			r = warnings_add(&snapshot->warnings,
				w->incomplete ? WARNING_INCOMPLETE : WARNING_NOTE, "%s", w->text);
	}
	return r < 0 ? r : hand_out_fresh(diff, rows);
}

void baseline_rows_free(struct baseline_row *rows, size_t n)
{
	for (size_t i = 0; rows && i < n; i++)
		free(rows[i].changed);
	free(rows);
}
