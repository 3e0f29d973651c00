/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `diff`: two documents, or one and now, and what differs between them for a reader. */
#include "cli/diff.h"

#include <sys/socket.h>

#include "cli/command.h"
#include "cli/document.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "format/text.h"
#include "util/text.h"

/** A comparison under way. */
struct comparison {
	struct options options;
	bool fail_on_change;
	struct portscope_document *before, *after;
	struct portscope_diff *diff;
};

static const struct {
	const char *sign, *colour;
} kinds[] = {
	[PORTSCOPE_OPENED] = {"+", "\x1b[32m"},
	[PORTSCOPE_CLOSED] = {"-", "\x1b[31m"},
	[PORTSCOPE_CHANGED] = {"~", "\x1b[33m"},
};

static int take_now(struct comparison *c, const char *before)
{
	AUTO_FREE char *wrong = NULL;
	int r = portscope_document_take(c->before, &c->after, &wrong);

	if (r == -EINVAL && wrong) {
		message("%s: its filter cannot be asked again here", before);
		message_lines(wrong);
		return STATUS_USAGE;
	}
	if (r < 0)
		message("cannot list the sockets: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}

static int compare(struct comparison *c)
{
	AUTO_FREE char *wrong = NULL;
	int r = portscope_diff(c->before, c->after, &c->diff, &wrong);

	if (wrong)
		message_lines(wrong);
	else if (r < 0)
		message("cannot compare: %s", strerror(-r));
	return wrong ? STATUS_USAGE : r < 0 ? STATUS_FAILED : 0;
}

static int gather(struct comparison *c)
{
	char **words = c->options.words;
	int r;

	if (c->options.n_words == 2 && !strcmp(words[0], "-") && !strcmp(words[1], "-")) {
		message("only one of the two documents can be the standard input");
		return STATUS_USAGE;
	}
	r = cli_document_read(words[0], &c->before);
	if (!r)
		r = c->options.n_words == 2 ? cli_document_read(words[1], &c->after)
					    : take_now(c, words[0]);
	return r ? r : compare(c);
}

/* Who holds a socket together is joined as in `nginx+sh`; nothing is `-`. */
static void put_aspect(struct out *o, const char *text)
{
	if (!text)
		out_char(o, '-');
	for (; text && *text; text += *text == '\n') {
		size_t length = strcspn(text, "\n");

		text_visible(o, text, length);
		text += length;
		if (*text)
			out_text(o, "+");
	}
}

static void put_endpoint(struct out *o, const struct portscope_endpoint *endpoint)
{
	struct portscope_value v = {
		.type = PORTSCOPE_ENDPOINT,
		.known = true,
		.endpoint = *endpoint,
	};

	text_value(o, &v, TEXT_TABLE);
}

/* Who holds it: what a listing has in its columns. */
static void put_holder(struct out *o, const struct portscope_side *side)
{
	static const unsigned shown[] = {PORTSCOPE_ASPECT_PROGRAM, PORTSCOPE_ASPECT_USER,
		PORTSCOPE_ASPECT_UNIT, PORTSCOPE_ASPECT_CONTAINER, PORTSCOPE_ASPECT_EXPOSURE};
	const char *separator = "  ";

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (!side->aspects[shown[i]])
			continue;
		out_format(o, "%s%s ", separator, portscope_aspect_name(shown[i]));
		put_aspect(o, side->aspects[shown[i]]);
		separator = ", ";
	}
}

static void put_differences(struct out *o, const struct portscope_change *c)
{
	const char *separator = "  ";

	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++) {
		if (!(c->differs >> i & 1))
			continue;
		out_format(o, "%s%s ", separator, portscope_aspect_name(i));
		put_aspect(o, c->before.aspects[i]);
		out_text(o, " → ");
		put_aspect(o, c->after.aspects[i]);
		separator = ", ";
	}
}

static void put_change(struct out *o, const struct portscope_change *c, bool colour)
{
	const struct portscope_side *side = c->kind == PORTSCOPE_CLOSED ? &c->before : &c->after;

	if (colour)
		out_text(o, kinds[c->kind].colour);
	out_text(o, kinds[c->kind].sign);
	if (colour)
		out_text(o, "\x1b[0m");
	out_text(o, c->protocol == PORTSCOPE_TCP ? " tcp " : " udp ");
	put_endpoint(o, &side->local);
	if (side->peer.family) {
		out_text(o, " → ");
		put_endpoint(o, &side->peer);
	}
	if (c->count > 1)
		out_format(o, " (%zu sockets)", c->count);
	if (c->kind == PORTSCOPE_CHANGED)
		put_differences(o, c);
	else
		put_holder(o, side);
	out_char(o, '\n');
}

/* For a reader at a terminal, who would take silence for a program that hangs. */
static void put_footer(struct out *o, const struct comparison *c)
{
	const size_t *counts = portscope_diff_get_counts(c->diff);
	size_t n = portscope_document_get_head(c->after)->sockets;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (counts[i]) {
			out_format(o, "%s%zu %s", any ? ", " : "", counts[i], diff_kind_name(i));
			any = true;
		}
	out_format(o, "%s in %zu socket%s.\n", any ? "" : "no differences", n, n == 1 ? "" : "s");
}

static void put_text(struct out *o, const struct comparison *c)
{
	bool colour = output_colour(&c->options);
	struct portscope_change change;

	for (size_t i = 0; portscope_diff_at(c->diff, i, &change) && !o->error; i++)
		put_change(o, &change, colour);
	if (output_width())
		put_footer(o, c);
}

static int report_json(const struct comparison *c, struct out *o)
{
	AUTO_FREE struct portscope_warning *all = NULL;
	struct portscope_identity *identity;
	size_t n;
	const struct portscope_warning *w = portscope_diff_get_warnings(c->diff, &n);
	int r = portscope_identity_open(&identity);

	if (r < 0)
		return r;
	all = output_join_warnings(w, n, identity->warnings, identity->n_warnings, &n);
	if (all)
		diff_json_write(&(struct diff_json){.out = o,
			.host = &identity->host,
			.warnings = all,
			.n_warnings = n,
			.diff = c->diff,
			.before = c->before,
			.after = c->after});
	portscope_identity_close(identity);
	return all ? 0 : -ENOMEM;
}

static int report(const struct comparison *c)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	const size_t *counts = portscope_diff_get_counts(c->diff);
	bool changed =
		counts[PORTSCOPE_OPENED] || counts[PORTSCOPE_CLOSED] || counts[PORTSCOPE_CHANGED];
	int status, written, r = 0;
	size_t n;
	const struct portscope_warning *w = portscope_diff_get_warnings(c->diff, &n);

	if (c->options.format)
		r = report_json(c, &out);
	else
		put_text(&out, c);
	if (r < 0) {
		message("cannot compare: %s", strerror(-r));
		return STATUS_FAILED;
	}
	written = output_finish(&out);
	status = output_warnings(w, n, false);
	if (written)
		return written;
	return changed && c->fail_on_change ? STATUS_FOUND : status;
}

static int run_diff(void *state)
{
	struct comparison *c = state;
	int r;

	if (c->options.n_words < 1 || c->options.n_words > 2) {
		message("diff needs one or two files; see portscope diff --help");
		return STATUS_USAGE;
	}
	r = gather(c);
	if (!r)
		r = report(c);
	portscope_diff_free(c->diff);
	portscope_document_free(c->before);
	portscope_document_free(c->after);
	return r;
}

#define AT(member) offsetof(struct comparison, member)

/* clang-format off */
static const struct option_spec options[] = {
	OPTION_JSON,
	OPTION_COLOR,
	{0, "fail-on-change", NULL, OPTION_FLAG, AT(fail_on_change), "exit with status 1 where something differs"},
	OPTIONS_END,
};
/* clang-format on */

const struct command command_diff = {
	.name = "diff",
	.options = options,
	.size = sizeof(struct comparison),
	.arguments = "BEFORE [AFTER]",
	.help = "what opened, closed, changed hands",
	.usage = "diff [OPTIONS] BEFORE [AFTER]",
	.about = "What opened, what closed and what changed hands between two listings.\n"
		 "\n"
		 "BEFORE and AFTER are files that portscope --json wrote; - is the standard\n"
		 "input. Without AFTER it is taken now, as BEFORE was.\n",
	.closing = "\nExamples:\n"
		   "  sudo portscope -l --json >normal.json     keep what is normal\n"
		   "  sudo portscope diff normal.json           what is not\n"
		   "\n"
		   "Exit status: 0 done, 1 something differs (only with --fail-on-change),\n"
		   "2 wrong usage, 3 failed, 4 something could not be seen.\n",
	.run = run_diff,
};
