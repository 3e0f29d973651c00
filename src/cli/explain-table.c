/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many ports at once: one line a port, or a stretch of ports, and the numbers of a range. */
#include "cli/explain.h"

#include <stdio.h>

#include "util/text.h"

#define PORT_WIDTH 13

static void put_padded(struct out *o, const char *text, size_t width)
{
	size_t columns = text_visible(o, text, strlen(text));

	out_blanks(o, columns < width - 2 ? width - columns : 2);
}

static void put_cells(struct out *o, const char *protocol, const char *name, const char *severity,
	const char *description)
{
	put_padded(o, protocol, 9);
	put_padded(o, name, 19);
	put_padded(o, severity, 10);
	text_visible(o, description, strlen(description));
	out_char(o, '\n');
}

void explain_table_titles(struct out *o)
{
	put_padded(o, "PORT", PORT_WIDTH);
	put_cells(o, "PROTO", "SERVICE", "RISK", "DESCRIPTION");
}

static const struct portscope_risk *worst_risk(const struct portscope_use *use)
{
	const struct portscope_risk *worst = NULL;

	for (size_t i = 0; i < use->n_risks; i++)
		if (!worst || use->risks[i].rank > worst->rank)
			worst = &use->risks[i];
	return worst;
}

unsigned explain_insecure(const struct portscope_port *port)
{
	unsigned protocols = 0;

	for (size_t i = 0; i < port->n_uses; i++) {
		const struct portscope_risk *worst = worst_risk(&port->uses[i]);

		if (worst && worst->rank)
			protocols |= explain_protocol_bit(port->uses[i].protocol);
	}
	return protocols;
}

static const char *description_of(const struct portscope_use *use)
{
	for (size_t i = 0; use->name && i < use->n_registrations; i++)
		if (!strcmp(use->registrations[i].name, use->name) &&
			use->registrations[i].description)
			return use->registrations[i].description;
	if (use->de_facto)
		return use->de_facto->software;
	return use->n_risks ? use->risks[0].why : "";
}

static void put_use(struct out *o, const char *protocol, const struct portscope_use *use)
{
	const struct portscope_risk *worst = worst_risk(use);
	char name[128];

	snprintf(name, sizeof(name), "%s%s", use->name ? use->name : "-", use->hint ? "?" : "");
	put_cells(o, protocol, name, worst ? worst->severity : "-", description_of(use));
}

static bool is_told(const struct portscope_use *use, unsigned protocols)
{
	return explain_protocol_bit(use->protocol) & protocols && (use->name || use->n_risks);
}

static bool same_line(const struct portscope_use *a, const struct portscope_use *b)
{
	const struct portscope_risk *x = worst_risk(a), *y = worst_risk(b);

	return a->name && b->name && !strcmp(a->name, b->name) && a->hint == b->hint &&
	       !strcmp(x ? x->severity : "-", y ? y->severity : "-") &&
	       !strcmp(description_of(a), description_of(b));
}

/* The lines of a port without its number: one a protocol, one for TCP and UDP if they are alike. */
static size_t put_uses(struct out *o, const struct portscope_port *port, unsigned protocols)
{
	size_t lines = 0;

	for (size_t i = 0; i < port->n_uses; i++) {
		const struct portscope_use *use = &port->uses[i];

		if (!is_told(use, protocols))
			continue;
		if (i == 0 && is_told(use + 1, protocols) && same_line(use, use + 1)) {
			put_use(o, "tcp/udp", use);
			i++;
		} else {
			put_use(o, use->protocol, use);
		}
		lines++;
	}
	return lines;
}

static void put_cut(struct out *o, const char *line, size_t length, unsigned width)
{
	size_t columns = 0, kept = width ? text_cut(o, line, length, width, &columns) : length;

	out_bytes(o, line, kept);
	out_char(o, '\n');
}

static void put_stretch(struct explain_table *t)
{
	char ports[32];
	const char *at = t->line.buffer, *end = at + t->line.used;

	if (t->low == t->high)
		snprintf(ports, sizeof(ports), "%u", t->low);
	else
		snprintf(ports, sizeof(ports), "%u-%u", t->low, t->high);
	while (at < end) {
		AUTO_OUT struct out line = OUT_FOR(t->out);
		const char *stop = memchr(at, '\n', end - at);

		/* Cut off for lack of memory, of which the output knows. */
		if (!stop)
			break;
		put_padded(&line, ports, PORT_WIDTH);
		out_bytes(&line, at, stop - at);
		put_cut(t->out, line.buffer, line.used, t->width);
		t->lines++;
		at = stop + 1;
	}
	t->line.used = 0;
}

void explain_table_add(
	struct explain_table *t, const struct portscope_port *port, unsigned protocols)
{
	struct out next;

	t->next.used = 0;
	if (!put_uses(&t->next, port, protocols))
		return;
	if (t->line.used == t->next.used && port->port == t->high + 1 &&
		!memcmp(t->line.buffer, t->next.buffer, t->next.used)) {
		t->high = port->port;
		return;
	}
	if (t->line.used)
		put_stretch(t);
	next = t->line;
	t->line = t->next;
	t->next = next;
	t->low = t->high = port->port;
}

void explain_table_end(struct explain_table *t)
{
	if (t->line.used)
		put_stretch(t);
	out_done(&t->line);
	out_done(&t->next);
}
