/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON: one document, or one record a line. Both describe a row by the same function. */
#include "format/format.h"

#include <sys/socket.h>

#include "format/json-head.h"
#include "format/text.h"
#include "util/address.h"
#include "util/json.h"
#include "util/text.h"

static void put_quoted(struct out *o, const char *text, size_t length)
{
	out_char(o, '"');
	text_json(o, text, length);
	out_char(o, '"');
}

static void put_process(struct json *j, const struct portscope_process *p)
{
	json_write_open(j, NULL, '{');
	json_write_number(j, "pid", p->pid);
	json_write_open(j, "fds", '[');
	for (size_t i = 0; i < p->n_fds; i++)
		json_write_number(j, NULL, p->fds[i]);
	json_write_close(j, ']');
	json_write_text(j, "program", p->program);
	json_write_text(j, "title", p->title);
	json_write_text(j, "comm", p->comm);
	json_write_text(j, "exe", p->exe);
	if (p->exe)
		json_write_bool(j, "exe_deleted", p->exe_deleted);
	else
		json_write_null(j, "exe_deleted");
	if (p->exe_trust_known)
		json_write_bool(j, "exe_trusted", p->exe_trusted);
	else
		json_write_null(j, "exe_trusted");
	json_write_text(j, "cmdline", p->cmdline);
	if (p->start_time) {
		json_write_time(j, "start_time", p->start_time);
	} else {
		json_write_null(j, "start_time");
	}
	json_write_text(j, "user", p->user);
	json_write_close(j, '}');
}

static void put_processes(struct out *o, const struct portscope_value *v)
{
	struct json j = {.out = o};

	json_write_open(&j, NULL, '[');
	for (size_t i = 0; i < v->processes.count; i++) {
		const struct portscope_process *p = &v->processes.items[i];

		if (v->type == PORTSCOPE_PROCESSES)
			put_process(&j, p);
		else if (v->type == PORTSCOPE_PIDS)
			json_write_number(&j, NULL, p->pid);
		else
			json_write_text(&j, NULL, p->program);
	}
	json_write_close(&j, ']');
}

static void put_container(struct out *o, const struct portscope_container *c)
{
	struct json j = {.out = o};

	json_write_open(&j, NULL, '{');
	json_write_text(&j, "runtime", c->runtime);
	json_write_text(&j, "id", c->id);
	json_write_text(&j, "name", c->name);
	json_write_text(&j, "pod", c->pod);
	json_write_close(&j, '}');
}

static void put_texts(struct out *o, const struct portscope_value *v)
{
	struct json j = {.out = o};

	json_write_open(&j, NULL, '[');
	for (size_t i = 0; i < v->texts.count; i++)
		json_write_text(&j, NULL, v->texts.items[i]);
	json_write_close(&j, ']');
}

/* The name of an interface in it may hold any byte. */
static void put_endpoint(struct out *o, const struct portscope_value *v)
{
	AUTO_OUT struct out text = OUT_FOR(o);

	text_value(&text, v, TEXT_EXACT);
	put_quoted(o, text.buffer, text.used);
}

static void put_value(struct out *o, const struct portscope_value *v)
{
	if (!v->known) {
		out_bytes(o, "null", 4);
		return;
	}
	switch (v->type) {
	case PORTSCOPE_BOOL:
	case PORTSCOPE_NUMBER:
		text_value(o, v, TEXT_PLAIN);
		return;
	case PORTSCOPE_TEXT:
		put_quoted(o, v->text.text, v->text.length);
		return;
	case PORTSCOPE_WORD:
	case PORTSCOPE_HEX:
	case PORTSCOPE_ADDRESS:
	case PORTSCOPE_TIME:
		/* Nothing in these needs an escape. */
		out_char(o, '"');
		text_value(o, v, TEXT_PLAIN);
		out_char(o, '"');
		return;
	case PORTSCOPE_ENDPOINT:
		put_endpoint(o, v);
		return;
	case PORTSCOPE_PROCESSES:
	case PORTSCOPE_NAMES:
	case PORTSCOPE_PIDS:
		put_processes(o, v);
		return;
	case PORTSCOPE_CONTAINER:
		put_container(o, v->container);
		return;
	case PORTSCOPE_TEXTS:
		put_texts(o, v);
		return;
	}
}

/* The members of a row, without its braces; those of the answer stand in its head. */
static void put_members(struct printer *p, const struct portscope_row *row, bool comma)
{
	for (size_t i = 0; i < p->listing->n_columns; i++) {
		const struct portscope_field *field = portscope_field_at(p->listing->columns[i]);
		struct portscope_value value;

		if (field->of_answer)
			continue;
		if (comma)
			out_char(p->out, ',');
		comma = true;
		out_char(p->out, '"');
		out_text(p->out, field->name);
		out_bytes(p->out, "\":", 2);
		portscope_get(row, p->listing->columns[i], &value);
		put_value(p->out, &value);
	}
}

/* The first members of a document, `schema` to `warnings`. */
static void put_head(struct json *j, const struct listing *listing)
{
	const struct portscope_query *q = listing->query;
	size_t n;
	const struct portscope_warning *w = portscope_get_warnings(listing->snapshot, &n);

	json_head_open(j, portscope_get_time(listing->snapshot),
		portscope_get_host(listing->snapshot), listing->kind->command);
	json_query_masks(j, q->protocols, q->families, q->states);
	json_write_text(j, "filter", q->filter ? portscope_filter_text(q->filter) : NULL);
	json_write_open(j, "columns", '[');
	for (size_t i = 0; i < listing->n_columns; i++)
		if (!portscope_field_at(listing->columns[i])->of_answer)
			json_write_text(j, NULL, portscope_field_at(listing->columns[i])->name);
	json_write_close(j, ']');
	json_head_close(j, w, n, listing->verbose, listing->cut);
}

/* Opens a record of JSON lines with what tells the hosts of a fleet apart. */
static void open_record(struct json *j, const struct listing *listing)
{
	const struct portscope_host *host = portscope_get_host(listing->snapshot);

	json_write_open(j, NULL, '{');
	json_write_text(j, "record", listing->kind->record);
	json_write_time(j, "time", portscope_get_time(listing->snapshot));
	json_write_open(j, "host", '{');
	json_write_text(j, "name", host->name);
	json_write_text(j, "machine_id", host->machine_id);
	json_write_text(j, "boot_id", host->boot_id);
	json_write_close(j, '}');
}

void format_json_row(struct out *o, const struct listing *listing, const struct portscope_row *row)
{
	struct printer p = {.listing = listing, .out = o};

	out_char(o, '{');
	put_members(&p, row, false);
	out_char(o, '}');
}

static void document_begin(struct printer *p)
{
	struct json j = {.out = p->out};

	json_write_open(&j, NULL, '{');
	put_head(&j, p->listing);
	if (p->listing->kind->more)
		p->listing->kind->more(&j, p->listing->kind->of);
	json_write_open(&j, p->listing->kind->rows, '[');
}

static void document_row(struct printer *p, const struct portscope_row *row)
{
	out_text(p->out, p->rows++ ? ",\n{" : "\n{");
	put_members(p, row, false);
	out_char(p->out, '}');
}

static void document_end(struct printer *p)
{
	if (!p->listing->cut)
		out_text(p->out, p->rows ? "\n]}\n" : "]}\n");
}

/* What every record starts with: enough to tell the hosts of a fleet apart. */
static void lines_begin(struct printer *p)
{
	struct json j = {.out = &p->scratch};

	p->scratch = (struct out)OUT_FOR(p->out);
	open_record(&j, p->listing);
}

static void lines_row(struct printer *p, const struct portscope_row *row)
{
	p->rows++;
	out_bytes(p->out, p->scratch.buffer, p->scratch.used);
	put_members(p, row, true);
	out_bytes(p->out, "}\n", 2);
}

static void lines_end(struct printer *p)
{
	struct json j = {.out = p->out};

	json_write_open(&j, NULL, '{');
	json_write_text(&j, "record", "end");
	put_head(&j, p->listing);
	json_write_number(&j, "count", p->rows);
	if (p->listing->kind->more)
		p->listing->kind->more(&j, p->listing->kind->of);
	json_write_close(&j, '}');
	out_char(p->out, '\n');
	out_done(&p->scratch);
}

const struct format format_json = {
	.name = "json",
	.all_fields = true,
	.begin = document_begin,
	.row = document_row,
	.end = document_end,
};

const struct format format_json_lines = {
	.name = "json-lines",
	.any_order = true,
	.all_fields = true,
	.begin = lines_begin,
	.row = lines_row,
	.end = lines_end,
};
