/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings as one JSON document, or one record a line, and as CSV. */
#include "format/findings.h"
#include "format/text.h"
#include "util/text.h"

/* One of several references: its length; `at` moves behind the separator. */
static size_t next_reference(const char **at)
{
	const char *end = strstr(*at, "; ");
	size_t length = end ? (size_t)(end - *at) : strlen(*at);

	*at += end ? length + 2 : length;
	return length;
}

static void put_references(struct json *j, const char *references)
{
	json_write_open(j, "references", '[');
	for (const char *at = references ? references : ""; *at;) {
		const char *reference = at;
		size_t length = next_reference(&at);

		json_write_key(j, NULL);
		out_char(j->out, '"');
		text_json(j->out, reference, length);
		out_char(j->out, '"');
	}
	json_write_close(j, ']');
}

static void put_members(struct json *j, const struct report *r, const struct portscope_finding *f)
{
	json_write_text(j, "rule", f->rule->id);
	json_write_text(j, "title", f->rule->title);
	json_write_text(j, "severity", portscope_severity_name(f->severity));
	json_write_text(j, "evidence", f->evidence);
	json_write_text(j, "text", f->text);
	json_write_text(j, "advice", f->advice);
	put_references(j, f->references);
	json_write_text(j, "verdict", f->verdict);
	json_write_number(j, "sockets", f->sockets);
	json_write_key(j, "socket");
	format_json_socket(j->out, r->listing, f->row);
}

void findings_put_summary(struct json *j, const struct report *r)
{
	struct portscope_audit_counts c = portscope_audit_count(r->audit);

	json_write_open(j, "summary", '{');
	json_write_number(j, "sockets", c.sockets);
	json_write_number(j, "findings", c.findings);
	json_write_open(j, "by_severity", '{');
	for (size_t i = PORTSCOPE_SEVERITIES; i-- > 0;)
		json_write_number(j, portscope_severity_name(i), c.by_severity[i]);
	json_write_close(j, '}');
	json_write_open(j, "by_exposure", '{');
	for (unsigned i = 0; portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, i); i++)
		json_write_number(
			j, portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, i), c.by_exposure[i]);
	json_write_close(j, '}');
	json_write_number(j, "allowed", c.allowed);
	json_write_number(j, "silenced", c.silenced);
	json_write_number(j, "quiet", c.quiet);
	json_write_number(j, "unseen", c.unseen);
	json_write_text(j, "policy", r->policy);
	json_write_text(j, "fail_on", r->fail_on);
	json_write_close(j, '}');
}

static void document_begin(struct report *r)
{
	struct json j = {.out = r->out};

	json_write_open(&j, NULL, '{');
	format_json_about(&j, r->listing);
	findings_put_summary(&j, r);
	json_write_open(&j, "findings", '[');
}

static void document_finding(struct report *r, const struct portscope_finding *f)
{
	struct json j = {.out = r->out};

	out_text(r->out, r->findings++ ? ",\n" : "\n");
	json_write_open(&j, NULL, '{');
	put_members(&j, r, f);
	json_write_close(&j, '}');
}

static void document_end(struct report *r)
{
	if (!r->listing->cut)
		out_text(r->out, r->findings ? "\n]}\n" : "]}\n");
}

static void lines_finding(struct report *r, const struct portscope_finding *f)
{
	struct json j = {.out = r->out};

	r->findings++;
	format_json_record(&j, r->listing, "finding");
	put_members(&j, r, f);
	json_write_close(&j, '}');
	out_char(r->out, '\n');
}

static void lines_end(struct report *r)
{
	struct json j = {.out = r->out};

	json_write_open(&j, NULL, '{');
	json_write_text(&j, "record", "end");
	format_json_about(&j, r->listing);
	json_write_number(&j, "count", r->findings);
	findings_put_summary(&j, r);
	json_write_close(&j, '}');
	out_char(r->out, '\n');
}

const struct findings_format findings_json = {
	.name = "json",
	.begin = document_begin,
	.finding = document_finding,
	.end = document_end,
};

const struct findings_format findings_json_lines = {
	.name = "json-lines",
	.finding = lines_finding,
	.end = lines_end,
};

static void put_text_cell(struct out *o, const char *text)
{
	AUTO_OUT struct out cell = OUT_FOR(o);

	if (text)
		text_visible(&cell, text, strlen(text));
	format_csv_cell(o, cell.buffer, cell.used);
	out_char(o, ',');
}

static void csv_begin(struct report *r)
{
	if (r->listing->no_header)
		return;
	for (unsigned id = PORTSCOPE_FIELD_SEVERITY; id <= PORTSCOPE_FIELD_SOCKETS; id++)
		out_format(r->out, "%s%s", id == PORTSCOPE_FIELD_SEVERITY ? "" : ",",
			portscope_field_at(id)->name);
	for (size_t i = 0; i < r->listing->n_columns; i++)
		out_format(r->out, ",%s", portscope_field_at(r->listing->columns[i])->name);
	out_char(r->out, '\n');
}

static void csv_finding(struct report *r, const struct portscope_finding *f)
{
	put_text_cell(r->out, portscope_severity_name(f->severity));
	put_text_cell(r->out, f->rule->id);
	put_text_cell(r->out, f->rule->title);
	put_text_cell(r->out, f->evidence);
	put_text_cell(r->out, f->text);
	put_text_cell(r->out, f->advice);
	put_text_cell(r->out, f->references);
	put_text_cell(r->out, f->verdict);
	out_number(r->out, f->sockets);
	for (size_t i = 0; i < r->listing->n_columns; i++) {
		AUTO_OUT struct out cell = OUT_FOR(r->out);
		struct portscope_value value;

		portscope_get(f->row, r->listing->columns[i], &value);
		text_value(&cell, &value, TEXT_PLAIN);
		out_char(r->out, ',');
		format_csv_cell(r->out, cell.buffer, cell.used);
	}
	out_char(r->out, '\n');
}

const struct findings_format findings_csv = {
	.name = "csv",
	.begin = csv_begin,
	.finding = csv_finding,
};
