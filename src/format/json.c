/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON: one document, or one record a line. Both describe a socket by the same function. */
#include "format/format.h"

#include <stdio.h>
#include <sys/socket.h>

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
		json_write_key(j, "start_time");
		out_char(j->out, '"');
		text_time(j->out, p->start_time);
		out_char(j->out, '"');
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

/* The members of one socket, without its braces; there is at least one. */
static void put_members(struct printer *p, const struct portscope_row *row, bool comma)
{
	for (size_t i = 0; i < p->listing->n_columns; i++) {
		struct portscope_value value;

		if (comma || i)
			out_char(p->out, ',');
		out_char(p->out, '"');
		out_text(p->out, portscope_field_at(p->listing->columns[i])->name);
		out_bytes(p->out, "\":", 2);
		portscope_get(row, p->listing->columns[i], &value);
		put_value(p->out, &value);
	}
}

static void put_host(struct json *j, const struct portscope_host *host)
{
	json_write_open(j, "host", '{');
	json_write_text(j, "name", host->name);
	json_write_text(j, "machine_id", host->machine_id);
	json_write_text(j, "boot_id", host->boot_id);
	json_write_text(j, "kernel", host->kernel);
	if (host->netns)
		json_write_number(j, "netns", host->netns);
	else
		json_write_null(j, "netns");
	json_write_text(j, "collector", host->collector);
	json_write_text(j, "owner_backend", host->owner_backend);
	json_write_close(j, '}');
}

static void put_query(struct json *j, const struct listing *listing)
{
	const struct portscope_query *q = listing->query;

	json_write_open(j, "query", '{');
	json_write_text(j, "command", listing->command);
	json_write_open(j, "protocols", '[');
	if (q->protocols & PORTSCOPE_TCP)
		json_write_text(j, NULL, "tcp");
	if (q->protocols & PORTSCOPE_UDP)
		json_write_text(j, NULL, "udp");
	json_write_close(j, ']');
	json_write_open(j, "families", '[');
	if (q->families & PORTSCOPE_INET)
		json_write_text(j, NULL, "inet");
	if (q->families & PORTSCOPE_INET6)
		json_write_text(j, NULL, "inet6");
	json_write_close(j, ']');
	json_write_open(j, "states", '[');
	for (unsigned state = 0; state < 32; state++)
		if (q->states >> state & 1 && portscope_field_word(PORTSCOPE_FIELD_STATE, state))
			json_write_text(
				j, NULL, portscope_field_word(PORTSCOPE_FIELD_STATE, state));
	json_write_close(j, ']');
	json_write_text(j, "filter", q->filter ? portscope_filter_text(q->filter) : NULL);
	json_write_open(j, "columns", '[');
	for (size_t i = 0; i < listing->n_columns; i++)
		json_write_text(j, NULL, portscope_field_at(listing->columns[i])->name);
	json_write_close(j, ']');
	json_write_close(j, '}');
}

static void put_warning(struct json *j, const char *text, bool incomplete)
{
	json_write_open(j, NULL, '{');
	json_write_text(j, "text", text);
	json_write_bool(j, "incomplete", incomplete);
	json_write_close(j, '}');
}

void format_json_warnings(
	struct json *j, const struct portscope_warning *w, size_t n, bool verbose, int cut)
{
	bool complete = !cut;
	char text[128];

	for (size_t i = 0; i < n; i++)
		complete = complete && !w[i].incomplete;
	json_write_bool(j, "complete", complete);
	json_write_open(j, "warnings", '[');
	for (size_t i = 0; i < n; i++)
		if (!w[i].detail || verbose)
			put_warning(j, w[i].text, w[i].incomplete);
	if (cut) {
		snprintf(text, sizeof(text), "the listing ended early: %s", strerror(-cut));
		put_warning(j, text, true);
	}
	json_write_close(j, ']');
}

/* `complete` and `warnings`: together, since the one follows from the other. */
static void put_completeness(struct json *j, const struct listing *listing)
{
	size_t n;
	const struct portscope_warning *w = portscope_get_warnings(listing->snapshot, &n);

	format_json_warnings(j, w, n, listing->verbose, listing->cut);
}

static void json_put_time(struct json *j, const struct listing *listing)
{
	json_write_key(j, "time");
	out_char(j->out, '"');
	text_time(j->out, portscope_get_time(listing->snapshot));
	out_char(j->out, '"');
}

void format_json_about(struct json *j, const struct listing *listing)
{
	json_put_time(j, listing);
	put_host(j, portscope_get_host(listing->snapshot));
	put_query(j, listing);
	put_completeness(j, listing);
}

void format_json_socket(
	struct out *o, const struct listing *listing, const struct portscope_row *row)
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
	json_write_text(&j, "schema", PORTSCOPE_SCHEMA);
	format_json_about(&j, p->listing);
	json_write_open(&j, "sockets", '[');
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
	const struct portscope_host *host = portscope_get_host(p->listing->snapshot);
	struct json j = {.out = &p->scratch};

	p->scratch = (struct out)OUT_FOR(p->out);
	json_write_open(&j, NULL, '{');
	json_write_text(&j, "record", "socket");
	json_write_text(&j, "host", host->name);
	json_write_text(&j, "machine_id", host->machine_id);
	json_put_time(&j, p->listing);
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
	const struct portscope_host *host = portscope_get_host(p->listing->snapshot);
	struct json j = {.out = p->out};

	json_write_open(&j, NULL, '{');
	json_write_text(&j, "record", "end");
	json_write_text(&j, "schema", PORTSCOPE_SCHEMA);
	json_put_time(&j, p->listing);
	put_host(&j, host);
	put_query(&j, p->listing);
	json_write_number(&j, "sockets", p->rows);
	put_completeness(&j, p->listing);
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
