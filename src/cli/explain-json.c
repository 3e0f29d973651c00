/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port and a range as JSON: the same as the page, key by key. */
#include "cli/explain.h"

static void put_registrations(struct json *j, const struct portscope_use *use)
{
	json_write_open(j, "registrations", '[');
	for (size_t i = 0; i < use->n_registrations; i++) {
		const struct portscope_registration *r = &use->registrations[i];

		json_write_open(j, NULL, '{');
		json_write_text(j, "name", r->name);
		json_write_text(j, "description", r->description);
		json_write_number(j, "low", r->low);
		json_write_number(j, "high", r->high);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

static void put_de_facto(struct json *j, const struct portscope_de_facto *d)
{
	if (!d) {
		json_write_null(j, "de_facto");
		return;
	}
	json_write_open(j, "de_facto", '{');
	json_write_text(j, "name", d->name);
	json_write_text(j, "software", d->software);
	json_write_bool(j, "ambiguous", d->ambiguous);
	json_write_text(j, "source", d->source);
	json_write_close(j, '}');
}

static void put_risks(struct json *j, const struct portscope_use *use)
{
	json_write_open(j, "risks", '[');
	for (size_t i = 0; i < use->n_risks; i++) {
		const struct portscope_risk *r = &use->risks[i];

		json_write_open(j, NULL, '{');
		json_write_text(j, "key", r->key);
		json_write_text(j, "risk", r->risk);
		json_write_text(j, "severity", r->severity);
		json_write_text(j, "why", r->why);
		json_write_text(j, "instead", r->safer);
		json_write_text(j, "reference", r->reference);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

static void put_counterparts(
	struct json *j, const char *key, const struct portscope_counterpart *items, size_t n)
{
	json_write_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		json_write_open(j, NULL, '{');
		json_write_text(j, "protocol", items[i].protocol);
		json_write_number(j, "port", items[i].port);
		json_write_text(j, "name", items[i].name);
		json_write_text(j, "relation", items[i].relation);
		json_write_text(j, "mechanism", items[i].mechanism);
		json_write_text(j, "reference", items[i].reference);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

static void put_family(struct json *j, const struct portscope_use *use)
{
	if (!use->family) {
		json_write_null(j, "family");
		return;
	}
	json_write_open(j, "family", '{');
	json_write_text(j, "name", use->family);
	json_write_open(j, "members", '[');
	for (size_t i = 0; i < use->n_members; i++) {
		const struct portscope_member *m = &use->members[i];

		json_write_open(j, NULL, '{');
		json_write_text(j, "protocol", m->protocol);
		json_write_number(j, "port", m->port);
		json_write_text(j, "name", m->name);
		json_write_text(j, "role", m->role);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
}

static void put_speakers(struct json *j, const struct portscope_use *use)
{
	json_write_open(j, "programs", '[');
	for (size_t i = 0; i < use->n_speakers; i++) {
		const struct portscope_speaker *s = &use->speakers[i];

		json_write_open(j, NULL, '{');
		json_write_text(j, "program", s->program);
		json_write_text(j, "match", s->match);
		json_write_text(j, "service", s->service);
		json_write_text(j, "source", s->source);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

static void put_use(struct json *j, const struct portscope_use *use)
{
	json_write_open(j, NULL, '{');
	json_write_text(j, "protocol", use->protocol);
	json_write_text(j, "service", use->name);
	json_write_text(j, "service_source", use->source);
	if (use->name)
		json_write_bool(j, "service_hint", use->hint);
	else
		json_write_null(j, "service_hint");
	json_write_text(j, "purpose", use->purpose);
	json_write_text(j, "reason", use->reason);
	put_registrations(j, use);
	put_de_facto(j, use->de_facto);
	put_risks(j, use);
	put_counterparts(j, "protected_by", use->protected_by, use->n_protected_by);
	put_counterparts(j, "protects", use->protects, use->n_protects);
	put_family(j, use);
	put_speakers(j, use);
	json_write_close(j, '}');
}

void explain_json(struct json *j, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port, unsigned protocols)
{
	struct portscope_kernel_ports kernel = portscope_kernel_ports(knowledge);

	json_write_number(j, "port", port->port);
	json_write_text(j, "port_range", port->range->name);
	if (kernel.ephemeral_known) {
		json_write_bool(j, "ephemeral", port->ephemeral);
		json_write_bool(j, "reserved", port->reserved);
	} else {
		json_write_null(j, "ephemeral");
		json_write_null(j, "reserved");
	}
	if (kernel.privileged_known)
		json_write_bool(j, "privileged", port->privileged);
	else
		json_write_null(j, "privileged");
	json_write_open(j, "protocols", '[');
	for (size_t i = 0; i < port->n_uses; i++)
		if (explain_protocol_bit(port->uses[i].protocol) & protocols)
			put_use(j, &port->uses[i]);
	json_write_close(j, ']');
}

void explain_range_json(struct json *j, const struct portscope_knowledge *knowledge,
	const struct portscope_range *range)
{
	struct explain_counts counts = explain_count(knowledge, range);

	json_write_open(j, NULL, '{');
	json_write_text(j, "name", range->name);
	json_write_number(j, "low", range->low);
	json_write_number(j, "high", range->high);
	json_write_text(j, "brief", range->brief);
	json_write_text(j, "purpose", range->purpose);
	json_write_text(j, "reference", range->reference);
	json_write_number(j, "registered_tcp", counts.tcp);
	json_write_number(j, "registered_udp", counts.udp);
	json_write_number(j, "insecure", counts.insecure);
	json_write_close(j, '}');
}
