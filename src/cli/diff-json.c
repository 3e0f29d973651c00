/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A diff as JSON: the head of both documents, what was compared, and one object a change. */
#include <sys/socket.h>
#include <time.h>

#include "cli/diff.h"
#include "format/json-head.h"
#include "util/text.h"
#include "util/address.h"
#include "util/json.h"

const char *diff_kind_name(enum portscope_change_kind kind)
{
	static const char *const names[] = {
		[PORTSCOPE_OPENED] = "opened",
		[PORTSCOPE_CLOSED] = "closed",
		[PORTSCOPE_CHANGED] = "changed",
	};

	return names[kind];
}

static void put_document(
	struct json *j, const char *key, const struct portscope_document_head *head)
{
	json_write_open(j, key, '{');
	json_write_time(j, "time", head->time);
	json_write_open(j, "host", '{');
	json_write_text(j, "name", head->host);
	json_write_text(j, "machine_id", head->machine_id);
	json_write_close(j, '}');
	json_write_bool(j, "complete", head->complete);
	json_write_number(j, "count", head->sockets);
	json_write_close(j, '}');
}

static void put_address(struct json *j, const char *address_key, const char *port_key,
	const struct portscope_endpoint *e)
{
	if (!e->family) {
		json_write_null(j, address_key);
		json_write_null(j, port_key);
		return;
	}
	json_write_key(j, address_key);
	out_char(j->out, '"');
	address_write(j->out, e->family, e->address);
	out_char(j->out, '"');
	json_write_number(j, port_key, e->port);
}

/* Lists are arrays, everything else is a text. */
static void put_list(struct json *j, const char *key, const char *list)
{
	if (!list) {
		json_write_null(j, key);
		return;
	}
	json_write_open(j, key, '[');
	while (*list) {
		AUTO_FREE char *name = strndup(list, strcspn(list, "\n"));

		if (!name)
			out_fail(j->out, -ENOMEM);
		json_write_text(j, NULL, name);
		list += strcspn(list, "\n");
		list += *list == '\n';
	}
	json_write_close(j, ']');
}

static void put_side(struct json *j, const char *key, const struct portscope_side *side,
	unsigned compared, bool there)
{
	if (!there) {
		json_write_null(j, key);
		return;
	}
	json_write_open(j, key, '{');
	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++) {
		const char *name = portscope_aspect_name(i), *text = side->aspects[i];

		if (!(compared >> i & 1))
			continue;
		if (i == PORTSCOPE_ASPECT_PROGRAM || i == PORTSCOPE_ASPECT_EXECUTABLE)
			put_list(j, name, text);
		else if (i == PORTSCOPE_ASPECT_DUAL_STACK && text)
			json_write_bool(j, name, !strcmp(text, "yes"));
		else
			json_write_text(j, name, text);
	}
	json_write_close(j, '}');
}

static void put_change(struct json *j, const struct portscope_change *c, unsigned compared)
{
	const struct portscope_side *side = c->kind == PORTSCOPE_CLOSED ? &c->before : &c->after;

	json_write_key(j, NULL);
	j->comma = false;
	out_char(j->out, '\n');
	json_write_open(j, NULL, '{');
	json_write_text(j, "change", diff_kind_name(c->kind));
	json_write_number(j, "count", c->count);
	json_write_text(j, "protocol", c->protocol == PORTSCOPE_TCP ? "tcp" : "udp");
	put_address(j, "local_address", "local_port", &side->local);
	put_address(j, "remote_address", "remote_port", &side->peer);
	json_write_text(j, "interface", side->local.interface);
	json_write_bits(j, "differs", c->differs, portscope_aspect_name);
	put_side(j, "before", &c->before, compared, c->kind != PORTSCOPE_OPENED);
	put_side(j, "after", &c->after, compared, c->kind != PORTSCOPE_CLOSED);
	json_write_close(j, '}');
}

void diff_json_write(const struct diff_json *d)
{
	const struct portscope_document_head *asked = portscope_document_get_head(d->before);
	unsigned compared = portscope_diff_get_compared(d->diff);
	struct portscope_change change;
	struct json j = {.out = d->out};

	json_write_open(&j, NULL, '{');
	json_head_open(&j, time(NULL), d->host, "diff");
	json_query_masks(&j, asked->protocols, asked->families, asked->states);
	json_write_text(&j, "filter", asked->filter);
	json_head_close(&j, d->warnings, d->n_warnings, false, 0);
	put_document(&j, "before", asked);
	put_document(&j, "after", portscope_document_get_head(d->after));
	json_write_bits(&j, "compared", compared, portscope_aspect_name);
	json_write_open(&j, "changes", '[');
	for (size_t i = 0; portscope_diff_at(d->diff, i, &change); i++)
		put_change(&j, &change, compared);
	if (portscope_diff_at(d->diff, 0, &change))
		out_char(d->out, '\n');
	json_write_close(&j, ']');
	json_write_close(&j, '}');
	out_char(d->out, '\n');
}
