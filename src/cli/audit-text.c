/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Findings for a reader: a line each, the worst first; below it all that is known of it where that
 * was asked for or there are few; then what the whole comes to, and what to type next.
 */
#include "cli/audit.h"

#include <limits.h>
#include <string.h>

#include "cli/page.h"
#include "format/cell.h"
#include "format/fit.h"
#include "format/text.h"
#include "util/text.h"

#define INDENT     2
#define COLOUR_OFF "\033[0m"
/** So many findings are shown with their details. */
#define FEW 5

enum { SEVERITY, PORT, SERVICE, EXPOSURE, HOLDER, WHAT, CELLS };

static const char *const titles[CELLS] = {
	"SEVERITY", "PORT", "SERVICE", "EXPOSURE", "HELD BY", "WHAT"};

static const char *const colours[PORTSCOPE_SEVERITIES] = {
	[PORTSCOPE_INFO] = "\033[2m",
	[PORTSCOPE_LOW] = NULL,
	[PORTSCOPE_MEDIUM] = "\033[33m",
	[PORTSCOPE_HIGH] = "\033[31m",
	[PORTSCOPE_CRITICAL] = "\033[1;31m",
};

static void report_row(struct printer *p, const struct portscope_row *row)
{
	const struct report *r = p->listing->kind->of;
	int failed = audit_lines_add(r->lines, row);

	if (failed)
		out_fail(p->out, failed);
	p->rows++;
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
		{"port", "only the port"},
		{"port+process", "port and process"},
		{"process", "the process"},
		{"contradicted", "the process contradicts the port"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i][0], evidence))
			return words[i][1];
	return evidence;
}

/** The lines on their way out. */
struct text_lines {
	const struct printer *printer;
	const struct report *report;
	struct fit_column columns[CELLS];
	bool details;
	size_t shown;  /**< lines that are severe enough */
	size_t hidden; /**< sockets with findings that are not */
	const struct audit_line *worst;
};

static void put_port(struct out *o, const struct audit_line *line)
{
	out_format(o, "%u", line->low);
	if (line->high != line->low)
		out_format(o, "-%u", line->high);
	out_format(o, "/%s", line->protocol);
}

static void put_cell(struct out *o, const struct audit_line *line, unsigned cell)
{
	switch (cell) {
	case SEVERITY:
		out_text(o, line->severity);
		break;
	case PORT:
		put_port(o, line);
		break;
	case SERVICE:
		out_text(o, line->service);
		break;
	case EXPOSURE:
		out_text(o, portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, line->exposure));
		break;
	case HOLDER:
		out_text(o, line->holder);
		break;
	default:
		out_text(o, line->what);
	}
}

/* The same text, measured. */
static unsigned put_measured(struct out *o, const struct audit_line *line, unsigned cell)
{
	AUTO_OUT struct out text = OUT_FOR(o);

	if (line)
		put_cell(&text, line, cell);
	else
		out_text(&text, titles[cell]);
	return text_visible(o, text.buffer, text.used);
}

static bool is_shown(const struct text_lines *page, const struct audit_line *line)
{
	return line->rank >= page->report->least;
}

/* Information is counted by rule, unless all there is to say of it is asked for. */
static bool is_folded(const struct text_lines *page, const struct audit_line *line)
{
	return line->rank == PORTSCOPE_INFO && !page->report->details;
}

static void choose_widths(struct text_lines *page)
{
	static const struct fit_column columns[CELLS] = {
		[SEVERITY] = {.kind = FIT_WHOLE},
		[PORT] = {.kind = FIT_WHOLE},
		[SERVICE] = {.kind = FIT_NAME, .least = 8, .narrowest = 4},
		[EXPOSURE] = {.kind = FIT_WHOLE, .give_way = FIT_LIGHT + 1},
		[HOLDER] = {.kind = FIT_NAME, .least = 12, .narrowest = 4},
		[WHAT] = {.kind = FIT_NAME, .least = 32, .narrowest = 8},
	};
	const struct audit_lines *lines = page->report->lines;
	unsigned width = page->printer->listing->width;

	for (unsigned c = 0; c < CELLS; c++) {
		struct fit_column *column = &page->columns[c];

		*column = columns[c];
		column->natural = strlen(titles[c]);
		for (size_t i = 0; i < lines->count; i++) {
			AUTO_OUT struct out cell = OUT_FOR(page->printer->out);
			unsigned wide;

			if (!is_shown(page, &lines->lines[i]) || is_folded(page, &lines->lines[i]))
				continue;
			wide = put_measured(&cell, &lines->lines[i], c);
			column->natural = MAX(column->natural, wide);
		}
		if (column->kind == FIT_WHOLE)
			column->least = column->narrowest = column->natural;
		column->least = MIN(column->least, column->natural);
		column->narrowest = MIN(column->narrowest, column->natural);
	}
	fit_columns(page->columns, CELLS, width ? width : UINT_MAX / 2);
}

/* A line of cells; `line` NULL: the titles. */
static void put_cells(const struct text_lines *page, const struct audit_line *line)
{
	struct out *o = page->printer->out;
	const char *colour = NULL;
	unsigned due = 0;

	if (page->printer->listing->colour)
		colour = line ? colours[line->rank] : "\033[1m";
	for (unsigned c = 0; c < CELLS; c++) {
		AUTO_OUT struct out text = OUT_FOR(o);
		struct cell cell;
		size_t position = 0;
		unsigned used;

		if (!page->columns[c].width)
			continue;
		cell.width = put_measured(&text, line, c);
		cell.text = text.buffer;
		cell.length = text.used;
		out_blanks(o, due);
		if (colour && (c == SEVERITY || !line))
			out_text(o, colour);
		used = cell_put(o, CELL_NAME, &cell, page->columns[c].width, &position);
		if (colour && (c == SEVERITY || !line))
			out_text(o, COLOUR_OFF);
		due = page->columns[c].width - used + FIT_GAP;
	}
	out_char(o, '\n');
}

static void put_details(const struct text_lines *page, struct audit_line *line)
{
	struct out *o = page->printer->out;
	unsigned width = page->printer->listing->width;
	AUTO_OUT struct out rests = OUT_FOR(o);

	put_line(o, width, "", line->text);
	put_line(o, width, "What to do:", line->advice);
	if (out_string(&line->addresses))
		put_line(o, width,
			line->sockets == 1 ? "Socket:" : "Sockets:", line->addresses.buffer);
	put_line(o, width, "Started by:", line->started_by);
	out_format(&rests, "%s. Rule: %s.", evidence_words(line->evidence), line->rule);
	if (line->references)
		out_format(&rests, " See: %s", line->references);
	if (out_string(&rests))
		put_line(o, width, "Evidence:", rests.buffer);
}

/* How many sockets have information of a rule, a line a rule. */
static void put_folded(const struct text_lines *page)
{
	const struct audit_lines *lines = page->report->lines;
	const struct portscope_rule *rule;

	for (unsigned i = 0; (rule = portscope_rule_at(i)); i++) {
		size_t n = 0;

		for (size_t k = 0; k < lines->count; k++)
			if (is_folded(page, &lines->lines[k]) &&
				!strcmp(lines->lines[k].rule, rule->id))
				n += lines->lines[k].sockets;
		if (n)
			out_format(page->printer->out, "info      %zu x %s: %s\n", n, rule->id,
				rule->title);
	}
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* What the policy took away and what is not shown. */
static void put_rest(
	const struct text_lines *page, const struct portscope_audit_counts *c, struct out *o)
{
	const struct report *r = page->report;
	const char *before = " ";

	if (c->quiet) {
		out_format(
			o, "%s%zu socket%s without findings", before, c->quiet, plural(c->quiet));
		before = ", ";
	}
	if (r->policy && c->allowed) {
		out_format(o, "%s%zu allowed by ", before, c->allowed);
		text_visible(o, r->policy, strlen(r->policy));
		out_format(o, " (%zu finding%s silenced)", c->silenced, plural(c->silenced));
		before = ", ";
	}
	if (page->hidden) {
		out_format(o, "%s%zu %s%s hidden", before, page->hidden,
			r->least <= PORTSCOPE_LOW ? "note" : "lesser finding",
			plural(page->hidden));
		before = ", ";
	}
	if (before[0] == ',')
		out_char(o, '.');
	if (page->shown && !page->columns[EXPOSURE].width)
		out_format(o, " Hidden to fit %u columns: EXPOSURE (a pipe shows all).",
			page->printer->listing->width);
}

static void put_more(const struct text_lines *page, struct out *o)
{
	const char *before = "More: ";

	if (page->shown && !page->details) {
		out_format(o, "%s--details", before);
		before = ", ";
	}
	if (page->hidden) {
		out_format(o, "%s--min-severity info", before);
		before = ", ";
	}
	if (page->worst)
		out_format(o, "%s--explain %s", before, page->worst->rule);
}

static void put_summary(const struct text_lines *page)
{
	struct portscope_audit_counts c = portscope_audit_count(page->report->audit);
	unsigned width = page->printer->listing->width;
	struct page text = {.out = page->printer->out, .width = width ? width : UINT_MAX};
	AUTO_OUT struct out sum = OUT_FOR(page->printer->out);
	AUTO_OUT struct out more = OUT_FOR(page->printer->out);

	if (page->shown)
		out_format(&sum, "%zu finding%s", page->shown, plural(page->shown));
	else
		out_text(&sum, "No findings");
	out_format(&sum, " in %zu listening socket%s", c.sockets, plural(c.sockets));
	if (page->worst) {
		out_format(&sum, ", the worst: %s, ", page->worst->severity);
		put_port(&sum, page->worst);
		if (strcmp(page->worst->service, "-"))
			out_format(&sum, " %s", page->worst->service);
	}
	out_char(&sum, '.');
	put_rest(page, &c, &sum);
	put_more(page, &more);
	if (out_string(&sum))
		page_words(&text, sum.buffer);
	page_end(&text);
	text.space = false;
	if (more.used && out_string(&more))
		page_words(&text, more.buffer);
	page_end(&text);
}

static void report_end(struct printer *p)
{
	const struct report *r = p->listing->kind->of;
	struct text_lines page = {.printer = p, .report = r};

	for (size_t i = 0; i < r->lines->count; i++) {
		const struct audit_line *line = &r->lines->lines[i];

		if (!is_shown(&page, line)) {
			page.hidden += line->sockets;
			continue;
		}
		page.shown += !is_folded(&page, line);
		if (!page.worst || line->rank > page.worst->rank)
			page.worst = line;
	}
	page.details = r->details || page.shown <= FEW;
	choose_widths(&page);
	if (page.shown && !p->listing->no_header)
		put_cells(&page, NULL);
	for (size_t i = 0; i < r->lines->count; i++) {
		struct audit_line *line = &r->lines->lines[i];

		if (!is_shown(&page, line) || is_folded(&page, line))
			continue;
		put_cells(&page, line);
		if (page.details)
			put_details(&page, line);
	}
	if (r->least == PORTSCOPE_INFO)
		put_folded(&page);
	put_summary(&page);
}

const struct format format_report = {
	.name = "report",
	.reads = audit_lines_reads,
	.n_reads = AUDIT_LINES_READS,
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
