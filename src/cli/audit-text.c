/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings for a reader: a line that names the socket, and below it what is wrong. */
#include "cli/audit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/page.h"
#include "format/text.h"
#include "util/text.h"

#define INDENT     10
#define GAP        2
#define COLOUR_OFF "\033[0m"

const uint16_t findings_text_columns[FINDING_CELLS] = {PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_SERVICE, PORTSCOPE_FIELD_PROCESS,
	PORTSCOPE_FIELD_UNIT, PORTSCOPE_FIELD_EXPOSURE};

static const char *const colours[PORTSCOPE_SEVERITIES] = {
	[PORTSCOPE_INFO] = "\033[2m",
	[PORTSCOPE_LOW] = NULL,
	[PORTSCOPE_MEDIUM] = "\033[33m",
	[PORTSCOPE_HIGH] = "\033[31m",
	[PORTSCOPE_CRITICAL] = "\033[1;31m",
};

/* The cell's text in `o`; its width. */
static size_t put_cell(struct out *o, const struct portscope_finding *f, size_t i)
{
	struct portscope_value value;

	portscope_get(f->row, findings_text_columns[i], &value);
	return text_value(o, &value, TEXT_TABLE);
}

static void text_measure(struct report *r, const struct portscope_finding *f)
{
	for (size_t i = 0; i < FINDING_CELLS; i++) {
		AUTO_OUT struct out cell = OUT_FOR(r->out);
		unsigned width = put_cell(&cell, f, i);

		r->widths[i] = MAX(r->widths[i], width);
	}
}

/* A line of its own: what it is about, and the words. */
static void put_line(struct report *r, const char *label, const char *text)
{
	unsigned width = r->listing->width;
	struct page p = {.out = r->out, .width = width ? width : UINT_MAX};

	if (!text)
		return;
	page_line(&p, INDENT, INDENT);
	page_words(&p, label);
	page_words(&p, text);
	page_end(&p);
}

static const char *evidence_words(const char *evidence)
{
	static const char *const words[][2] = {
		{"port", "the port alone"},
		{"port+process", "port and process"},
		{"process", "the process"},
		{"contradicted", "the process contradicts the port"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i][0], evidence))
			return words[i][1];
	return evidence;
}

static bool is_too_wide(const struct report *r)
{
	size_t width = INDENT;

	for (size_t i = 0; i < FINDING_CELLS; i++)
		width += r->widths[i] + GAP;
	/* The last one may be followed by a number of sockets. */
	return r->listing->width && width + sizeof("(9999 sockets)") - 1 > r->listing->width;
}

/** The line of a socket under way. */
struct cells {
	struct report *report;
	bool narrow; /**< nothing is padded, and what does not fit goes to a line of its own */
	size_t column;
	size_t gap; /**< due before the next cell */
};

static void add_cell(struct cells *c, const struct out *text, size_t width, size_t padded)
{
	struct out *o = c->report->out;

	if (c->narrow && c->column > INDENT &&
		c->column + c->gap + width > c->report->listing->width) {
		out_char(o, '\n');
		out_blanks(o, INDENT);
		c->column = INDENT;
	} else {
		out_blanks(o, c->gap);
		c->column += c->gap;
	}
	out_bytes(o, text->buffer, text->used);
	c->column += width;
	c->gap = GAP + (!c->narrow && padded > width ? padded - width : 0);
}

static void put_socket(struct report *r, const struct portscope_finding *f)
{
	struct cells c = {.report = r, .narrow = is_too_wide(r), .column = INDENT};

	for (size_t i = 0; i < FINDING_CELLS; i++) {
		AUTO_OUT struct out cell = OUT_FOR(r->out);
		size_t width = put_cell(&cell, f, i);

		add_cell(&c, &cell, width, r->widths[i]);
	}
	if (f->sockets > 1) {
		AUTO_OUT struct out cell = OUT_FOR(r->out);

		out_format(&cell, "(%zu sockets)", f->sockets);
		add_cell(&c, &cell, cell.used, 0);
	}
	out_char(r->out, '\n');
}

static void text_finding(struct report *r, const struct portscope_finding *f)
{
	const char *colour = r->listing->colour ? colours[f->severity] : NULL;
	const char *name = portscope_severity_name(f->severity);
	char shout[INDENT + 1];
	char rests[128];
	size_t n = 0;

	for (; name[n] && n < INDENT; n++)
		shout[n] = name[n] - 'a' + 'A';
	if (colour)
		out_text(r->out, colour);
	out_bytes(r->out, shout, n);
	if (colour)
		out_text(r->out, COLOUR_OFF);
	out_blanks(r->out, INDENT - n);
	put_socket(r, f);
	put_line(r, "", f->text);
	put_line(r, "What to do:", f->advice);
	put_line(r, "See:", f->references);
	snprintf(rests, sizeof(rests), "%s. Rule: %s", evidence_words(f->evidence), f->rule->id);
	put_line(r, "Evidence:", rests);
	r->findings++;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Counts that are not 0, from the worst: `: 1 high, 2 low`. */
static void put_counts(struct report *r, const size_t *counts, size_t n, const char *before,
	const char *(*name)(size_t rank))
{
	for (size_t i = n; i-- > 0;)
		if (counts[i]) {
			out_format(r->out, "%s%zu %s", before, counts[i], name(i));
			before = ", ";
		}
}

static const char *severity_name(size_t rank)
{
	return portscope_severity_name(rank);
}

static const char *exposure_name(size_t rank)
{
	return portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, rank);
}

static void text_end(struct report *r)
{
	struct portscope_audit_counts c = portscope_audit_count(r->audit);

	if (c.findings)
		out_format(r->out, "%zu finding%s", c.findings, plural(c.findings));
	else
		out_text(r->out, "No findings");
	out_format(r->out, " in %zu listening socket%s", c.sockets, plural(c.sockets));
	put_counts(r, c.by_severity, PORTSCOPE_SEVERITIES, ": ", severity_name);
	put_counts(r, c.by_exposure, ARRAY_SIZE(c.by_exposure), "; ", exposure_name);
	out_text(r->out, ".");
	if (r->policy && c.allowed) {
		out_format(r->out, " %zu socket%s allowed by ", c.allowed, plural(c.allowed));
		text_visible(r->out, r->policy, strlen(r->policy));
		if (c.silenced)
			out_format(r->out, " (%zu finding%s silenced)", c.silenced,
				plural(c.silenced));
		out_format(r->out, ", %zu raise%s nothing.", c.quiet, c.quiet == 1 ? "s" : "");
	} else {
		out_format(r->out, " %zu raise%s nothing.", c.quiet, c.quiet == 1 ? "s" : "");
	}
	out_char(r->out, '\n');
}

const struct findings_format findings_text = {
	.name = "table",
	.measure = text_measure,
	.finding = text_finding,
	.end = text_end,
};

void rules_write(struct out *o)
{
	const struct portscope_rule *rule;

	for (unsigned i = 0; (rule = portscope_rule_at(i)); i++)
		out_format(o, "%-31s %-9s %s\n", rule->id, portscope_severity_name(rule->severity),
			rule->title);
}

void rule_write(struct out *o, const struct portscope_rule *rule, unsigned width)
{
	struct listing listing = {.width = width};
	struct report r = {.listing = &listing, .out = o};

	out_format(o, "%s: %s\n", rule->id, rule->title);
	put_line(&r, "Severity:", portscope_severity_name(rule->severity));
	put_line(&r, "", rule->about);
	put_line(&r, "See:", rule->references);
}
