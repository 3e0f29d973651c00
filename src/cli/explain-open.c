/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a port open: the listing is taken once and walked for each port. */
#include "cli/explain-open.h"

#include <unistd.h>

#include "cli/columns.h"
#include "cli/reaching.h"
#include "cli/started.h"

/* A busy server has thousands of connections on its port; its page shows the first. */
#define ROWS_MAX 20

static const uint16_t text_columns[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_STATE,
	PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_PEER, PORTSCOPE_FIELD_DIRECTION,
	PORTSCOPE_FIELD_PROCESS, PORTSCOPE_FIELD_USER};

/* What chooses the rows. */
static const uint16_t read_here[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_LOCAL_PORT,
	PORTSCOPE_FIELD_REMOTE_PORT, PORTSCOPE_FIELD_OWNER};

static void take_field(uint16_t *ids, size_t *n, uint16_t id)
{
	for (size_t i = 0; i < *n; i++)
		if (ids[i] == id)
			return;
	if (*n < FORMAT_COLUMNS_MAX)
		ids[(*n)++] = id;
}

int explain_open(struct explain_open *open, bool json)
{
	size_t n = 0;

	*open = (struct explain_open){
		.query =
			{
				.protocols = PORTSCOPE_TCP | PORTSCOPE_UDP,
				.families = PORTSCOPE_INET | PORTSCOPE_INET6,
				.states = PORTSCOPE_STATES_ALL,
			},
	};
	if (json)
		n = columns_of_format(&format_json, false, open->columns);
	for (size_t i = 0; !json && i < ARRAY_SIZE(text_columns); i++)
		take_field(open->columns, &n, text_columns[i]);
	open->listing = (struct listing){
		.query = &open->query,
		.columns = open->columns,
		.n_columns = n,
	};
	memcpy(open->fields, open->columns, sizeof(open->fields));
	for (size_t i = 0; i < ARRAY_SIZE(read_here); i++)
		take_field(open->fields, &n, read_here[i]);
	for (size_t i = 0; !json && i < STARTED_FIELDS; i++)
		take_field(open->fields, &n, started_fields[i]);
	/* Others may not read the rules; a page on a port is not the place to say so. */
	for (size_t i = 0; !json && geteuid() == 0 && i < REACHING_FIELDS; i++)
		take_field(open->fields, &n, reaching_fields[i]);
	open->query.fields = open->fields;
	open->query.n_fields = n;
	open->query.identity = json;
	return portscope_open(&open->query, &open->snapshot);
}

void explain_open_close(struct explain_open *open)
{
	open->snapshot = portscope_close(open->snapshot);
}

/** A walk over the sockets of a port. */
struct walk {
	struct explain_open *open;
	uint16_t port;
	unsigned protocols;
	struct printer printer;
	void (*take)(struct printer *p, const struct portscope_row *row);
	size_t most;
	size_t found;
	size_t hidden;    /**< of those taken */
	bool tells_start; /**< how the holder came to run was asked for */
	struct started started;
	struct reaching reaching;
};

/* Sockets of SCTP and DCCP are in no listing. */
static bool is_listed(unsigned protocols)
{
	return protocols & (PORTSCOPE_TCP | PORTSCOPE_UDP);
}

static bool is_port(const struct portscope_row *row, unsigned field, uint16_t port)
{
	struct portscope_value value;

	portscope_get(row, field, &value);
	return value.known && value.number == port;
}

static bool is_hidden(const struct portscope_row *row)
{
	struct portscope_value value;

	portscope_get(row, PORTSCOPE_FIELD_OWNER, &value);
	return value.known && !strcmp(value.word.name, "hidden");
}

static int take_row(const struct portscope_row *row, void *userdata)
{
	struct walk *w = userdata;
	struct portscope_value protocol;

	portscope_get(row, PORTSCOPE_FIELD_PROTOCOL, &protocol);
	if (!(explain_protocol_bit(protocol.word.name) & w->protocols) ||
		(!is_port(row, PORTSCOPE_FIELD_LOCAL_PORT, w->port) &&
			!is_port(row, PORTSCOPE_FIELD_REMOTE_PORT, w->port)))
		return 0;
	/* A connection to the port elsewhere is not held for the port. */
	if (w->tells_start && is_port(row, PORTSCOPE_FIELD_LOCAL_PORT, w->port)) {
		started_take(&w->started, row);
		reaching_take(&w->reaching, row);
	}
	if (w->found++ < w->most) {
		w->take(&w->printer, row);
		w->hidden += is_hidden(row);
	}
	return 0;
}

static int walk(struct walk *w, void (*take)(struct printer *p, const struct portscope_row *row))
{
	w->take = take;
	w->found = w->hidden = 0;
	return portscope_each(w->open->snapshot, take_row, w);
}

static void put_indented(struct out *o, const char *text, size_t length)
{
	for (const char *end = text + length; text < end;) {
		const char *stop = memchr(text, '\n', end - text);
		size_t line = stop ? (size_t)(stop - text) + 1 : (size_t)(end - text);

		out_blanks(o, 2);
		out_bytes(o, text, line);
		text += line;
	}
}

int explain_open_text(struct explain_open *open, struct page *p, uint16_t port, unsigned protocols)
{
	AUTO_OUT struct out table = OUT_FOR(p->out);
	struct walk w = {
		.open = open,
		.port = port,
		.protocols = protocols,
		.printer = {.listing = &open->listing, .out = &table},
		.most = ROWS_MAX,
		.tells_start = true,
	};
	int r;

	if (!is_listed(protocols)) {
		page_line(p, 0, 0);
		page_words(p, "Open sockets are shown for TCP and UDP only.");
		page_end(p);
		return 0;
	}
	open->listing.snapshot = open->snapshot;
	format_table.begin(&w.printer);
	r = walk(&w, format_table.measure);
	if (r >= 0)
		r = walk(&w, format_table.row);
	open->hidden += w.hidden;
	page_line(p, 0, 0);
	if (w.found) {
		format_table.end(&w.printer);
		page_words(p, "On this host now:");
		page_end(p);
		put_indented(p->out, table.buffer, table.used);
		if (w.found > ROWS_MAX) {
			page_line(p, 2, 2);
			page_format(p, "and %zu more: portscope -a port = %u", w.found - ROWS_MAX,
				port);
		}
		reaching_put(&w.reaching, 2, p);
		started_put(&w.started, portscope_get_time(open->snapshot), 2, p);
	} else {
		out_done(&w.printer.scratch);
		page_words(p, "On this host now: nothing.");
	}
	page_end(p);
	return r;
}

int explain_open_json(struct explain_open *open, struct json *j, uint16_t port, unsigned protocols)
{
	struct walk w = {
		.open = open,
		.port = port,
		.protocols = protocols,
		.printer = {.listing = &open->listing, .out = j->out},
		.most = SIZE_MAX,
	};
	int r;

	if (!is_listed(protocols)) {
		json_write_null(j, "sockets");
		return 0;
	}
	json_write_open(j, "sockets", '[');
	r = walk(&w, format_json.row);
	open->hidden += w.hidden;
	json_write_close(j, ']');
	return r;
}
