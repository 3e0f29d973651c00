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

/* The columns of the line that starts a finding. */
#define CELLS 6
/* What it reads; of these the first are the cells. */
static const uint16_t fields_read[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_LOCAL,
	PORTSCOPE_FIELD_SERVICE, PORTSCOPE_FIELD_PROCESS, PORTSCOPE_FIELD_WORKLOAD,
	PORTSCOPE_FIELD_EXPOSURE, PORTSCOPE_FIELD_SEVERITY, PORTSCOPE_FIELD_RULE,
	PORTSCOPE_FIELD_EVIDENCE, PORTSCOPE_FIELD_TEXT, PORTSCOPE_FIELD_ADVICE,
	PORTSCOPE_FIELD_REFERENCES, PORTSCOPE_FIELD_SOCKETS, PORTSCOPE_FIELD_STARTED_BY};

static const char *const colours[PORTSCOPE_SEVERITIES] = {
	[PORTSCOPE_INFO] = "\033[2m",
	[PORTSCOPE_LOW] = NULL,
	[PORTSCOPE_MEDIUM] = "\033[33m",
	[PORTSCOPE_HIGH] = "\033[31m",
	[PORTSCOPE_CRITICAL] = "\033[1;31m",
};

/* The cell's text in `o`; its width. */
static size_t put_cell(struct out *o, const struct portscope_row *row, size_t i)
{
	struct portscope_value value;

	portscope_get(row, fields_read[i], &value);
	return text_value(o, &value, TEXT_TABLE);
}

static void report_measure(struct printer *p, const struct portscope_row *row)
{
	for (size_t i = 0; i < CELLS; i++) {
		AUTO_OUT struct out cell = OUT_FOR(p->out);
		unsigned width = put_cell(&cell, row, i);

		p->widths[i] = MAX(p->widths[i], width);
	}
}

/* A line of its own: what it is about, and the words. */
static void put_line(struct out *o, unsigned width, const char *label, const char *text)
{
	struct page p = {.out = o, .width = width ? width : UINT_MAX};

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

/* The same of a field. */
static void put_field(
	struct printer *p, const struct portscope_row *row, const char *label, unsigned field)
{
	AUTO_OUT struct out text = OUT_FOR(p->out);
	struct portscope_value value;

	portscope_get(row, field, &value);
	if (!value.known)
		return;
	if (value.type == PORTSCOPE_TEXT)
		out_bytes(&text, value.text.text, value.text.length);
	else
		text_value(&text, &value, TEXT_PLAIN);
	if (text.used && out_string(&text))
		put_line(p->out, p->listing->width, label, text.buffer);
}

static bool is_too_wide(const struct printer *p)
{
	size_t width = INDENT;

	for (size_t i = 0; i < CELLS; i++)
		width += p->widths[i] + GAP;
	/* The last one may be followed by a number of sockets. */
	return p->listing->width && width + sizeof("(9999 sockets)") - 1 > p->listing->width;
}

/** The line of a socket under way. */
struct cells {
	const struct printer *printer;
	bool narrow; /**< nothing is padded, and what does not fit goes to a line of its own */
	size_t column;
	size_t gap; /**< due before the next cell */
};

static void add_cell(struct cells *c, const struct out *text, size_t width, size_t padded)
{
	struct out *o = c->printer->out;

	if (c->narrow && c->column > INDENT &&
		c->column + c->gap + width > c->printer->listing->width) {
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

static void put_socket(struct printer *p, const struct portscope_row *row)
{
	struct cells c = {.printer = p, .narrow = is_too_wide(p), .column = INDENT};
	struct portscope_value sockets;

	for (size_t i = 0; i < CELLS; i++) {
		AUTO_OUT struct out cell = OUT_FOR(p->out);
		size_t width = put_cell(&cell, row, i);

		add_cell(&c, &cell, width, p->widths[i]);
	}
	portscope_get(row, PORTSCOPE_FIELD_SOCKETS, &sockets);
	if (sockets.number > 1) {
		AUTO_OUT struct out cell = OUT_FOR(p->out);

		out_format(&cell, "(%zu sockets)", (size_t)sockets.number);
		add_cell(&c, &cell, cell.used, 0);
	}
	out_char(p->out, '\n');
}

static void put_severity(struct printer *p, const struct portscope_row *row)
{
	struct portscope_value severity;
	const char *colour;
	size_t n = 0;

	portscope_get(row, PORTSCOPE_FIELD_SEVERITY, &severity);
	colour = p->listing->colour ? colours[severity.word.rank] : NULL;
	if (colour)
		out_text(p->out, colour);
	for (const char *name = severity.word.name; name[n] && n < INDENT; n++)
		out_char(p->out, name[n] - 'a' + 'A');
	if (colour)
		out_text(p->out, COLOUR_OFF);
	out_blanks(p->out, INDENT - n);
}

/* Whether how the first holder came to run says how all did. */
static bool has_one_holder(const struct portscope_row *row)
{
	struct portscope_value value;

	portscope_get(row, PORTSCOPE_FIELD_PROCESS, &value);
	return value.known && value.processes.count == 1;
}

static void report_row(struct printer *p, const struct portscope_row *row)
{
	struct portscope_value evidence, rule;
	char rests[128];

	put_severity(p, row);
	put_socket(p, row);
	put_field(p, row, "", PORTSCOPE_FIELD_TEXT);
	if (has_one_holder(row))
		put_field(p, row, "Started by:", PORTSCOPE_FIELD_STARTED_BY);
	put_field(p, row, "What to do:", PORTSCOPE_FIELD_ADVICE);
	put_field(p, row, "See:", PORTSCOPE_FIELD_REFERENCES);
	portscope_get(row, PORTSCOPE_FIELD_EVIDENCE, &evidence);
	portscope_get(row, PORTSCOPE_FIELD_RULE, &rule);
	snprintf(rests, sizeof(rests), "%s. Rule: %s", evidence_words(evidence.text.text),
		rule.text.text);
	put_line(p->out, p->listing->width, "Evidence:", rests);
	p->rows++;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Counts that are not 0, from the worst: `: 1 high, 2 low`. */
static void put_counts(struct out *o, const size_t *counts, size_t n, const char *before,
	const char *(*name)(size_t rank))
{
	for (size_t i = n; i-- > 0;)
		if (counts[i]) {
			out_format(o, "%s%zu %s", before, counts[i], name(i));
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

static void report_end(struct printer *p)
{
	const struct report *r = p->listing->kind->of;
	struct portscope_audit_counts c = portscope_audit_count(r->audit);
	struct out *o = p->out;

	if (c.findings)
		out_format(o, "%zu finding%s", c.findings, plural(c.findings));
	else
		out_text(o, "No findings");
	out_format(o, " in %zu listening socket%s", c.sockets, plural(c.sockets));
	put_counts(o, c.by_severity, PORTSCOPE_SEVERITIES, ": ", severity_name);
	put_counts(o, c.by_exposure, ARRAY_SIZE(c.by_exposure), "; ", exposure_name);
	out_text(o, ".");
	if (r->policy && c.allowed) {
		out_format(o, " %zu socket%s allowed by ", c.allowed, plural(c.allowed));
		text_visible(o, r->policy, strlen(r->policy));
		if (c.silenced)
			out_format(o, " (%zu finding%s silenced)", c.silenced, plural(c.silenced));
		out_text(o, ",");
	}
	out_format(o, " %zu raise%s nothing.\n", c.quiet, c.quiet == 1 ? "s" : "");
}

const struct format format_report = {
	.name = "report",
	.reads = fields_read,
	.n_reads = ARRAY_SIZE(fields_read),
	.measure = report_measure,
	.row = report_row,
	.end = report_end,
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
	out_format(o, "%s: %s\n", rule->id, rule->title);
	put_line(o, width, "Severity:", portscope_severity_name(rule->severity));
	put_line(o, width, "", rule->about);
	put_line(o, width, "See:", rule->references);
}
