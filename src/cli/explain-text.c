/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port's page. */
#include "cli/explain.h"

#include <stdio.h>

#define USE_INDENT  2 /* protocol and name */
#define FACT_INDENT 6 /* what is known of them */
#define HANG        8 /* its following lines */
#define NAME_COLUMN 11
#define TEXT_COLUMN 26

static const char *const protocol_names[] = {"tcp", "udp", "sctp", "dccp"};

const char *explain_protocol_at(unsigned i)
{
	return i < ARRAY_SIZE(protocol_names) ? protocol_names[i] : NULL;
}

unsigned explain_protocol_bit(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(protocol_names); i++)
		if (!strcasecmp(name, protocol_names[i]))
			return 1u << i;
	return 0;
}

static void put_kernel(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port)
{
	struct portscope_kernel_ports kernel = portscope_kernel_ports(knowledge);

	if (port->privileged)
		page_words(p, "Here, binding it needs privilege.");
	else if (kernel.privileged_known && port->port < 1024)
		page_words(p, "Here, any user may bind it.");
	if (port->reserved)
		page_words(p, "This kernel has it reserved and does not hand it out by itself "
			      "(ip_local_reserved_ports).");
	else if (port->ephemeral)
		page_format(p,
			"This kernel hands it out by itself, as the local port of a connection "
			"(ephemeral, %u-%u).",
			kernel.ephemeral_low, kernel.ephemeral_high);
	else if (kernel.ephemeral_known && port->range->low >= 1024)
		page_format(p, "This kernel does not hand it out by itself (ephemeral are %u-%u).",
			kernel.ephemeral_low, kernel.ephemeral_high);
}

static void put_head(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port)
{
	page_line(p, 0, 2);
	if (!port->port) {
		page_words(p, "0 is reserved: no service has it. A program that binds it asks the "
			      "kernel for any free port.");
		return;
	}
	page_format(p, "%u is a %s port (%u-%u: %s).", port->port, port->range->name,
		port->range->low, port->range->high, port->range->brief);
	put_kernel(p, knowledge, port);
}

/* The text that goes with the canonical name, or NULL. */
static const char *describe(const struct portscope_use *use)
{
	for (size_t i = 0; i < use->n_registrations; i++)
		if (!strcmp(use->registrations[i].name, use->name))
			return use->registrations[i].description;
	return use->de_facto && !strcmp(use->de_facto->name, use->name) ? use->de_facto->software
									: NULL;
}

static void put_name(struct page *p, const char *protocols, const struct portscope_use *use)
{
	char name[128];
	const char *description;

	page_line(p, USE_INDENT, HANG);
	page_cell(p, protocols, NAME_COLUMN);
	if (!use->name) {
		page_words(p, use->n_risks ? "not registered" : "no service is known");
		return;
	}
	snprintf(name, sizeof(name), "%s%s", use->name, use->hint ? "?" : "");
	description = describe(use);
	if (description) {
		page_cell(p, name, TEXT_COLUMN);
		page_words(p, description);
	} else {
		page_words(p, name);
	}
}

static void fact(struct page *p)
{
	page_line(p, FACT_INDENT, HANG);
}

static void put_registrations(struct page *p, const struct portscope_use *use)
{
	bool any = false;

	for (size_t i = 0; i < use->n_registrations; i++) {
		const struct portscope_registration *r = &use->registrations[i];
		bool last = true;

		if (!strcmp(r->name, use->name)) {
			if (r->low != r->high) {
				fact(p);
				page_format(p, "Registered for all of %u-%u.", r->low, r->high);
			}
			continue;
		}
		if (!any)
			fact(p);
		for (size_t k = i + 1; k < use->n_registrations; k++)
			last = last && !strcmp(use->registrations[k].name, use->name);
		page_format(p, "%s%s%s%s%s%s", any ? "" : "Registered as ", r->name,
			r->description ? " (" : "", r->description ? r->description : "",
			r->description ? ")" : "", last ? "." : ",");
		any = true;
	}
}

static void put_origin(struct page *p, const struct portscope_use *use)
{
	const struct portscope_de_facto *d = use->de_facto;

	if (use->source && !strcmp(use->source, "portscope-services")) {
		fact(p);
		page_words(p, "This site calls it so (/etc/portscope/services).");
	} else if (use->source && !strcmp(use->source, "site-services")) {
		fact(p);
		page_words(p, "This site calls it so (/etc/services).");
	}
	if (d) {
		fact(p);
		if (strcmp(d->name, use->name) != 0 || describe(use) != d->software)
			page_format(p, "Commonly runs here: %s, called %s.", d->software, d->name);
		page_format(p, "%s Source: %s",
			d->ambiguous ? "The name is a guess among several."
				     : "The name is usual, not registered.",
			d->source);
	}
	if (use->reason) {
		fact(p);
		page_format(p, "%s.", use->reason);
	}
}

static void put_risk(struct page *p, const struct portscope_risk *risk)
{
	fact(p);
	page_format(p, "%s (%s, %s): %s", risk->rank ? "Insecure" : "Worth a note", risk->severity,
		risk->risk, risk->why);
	fact(p);
	page_format(p, "Instead: %s.", risk->safer);
	if (risk->reference) {
		fact(p);
		page_format(p, "See %s", risk->reference);
	}
}

/* `imaps 993/tcp`, and how it relates. */
static void put_counterpart(struct page *p, const char *before,
	const struct portscope_counterpart *c, const char *after)
{
	fact(p);
	page_format(p, "%s %s%s%u/%s%s: %s. See %s", before, c->name ? c->name : "",
		c->name ? " " : "", c->port, c->protocol, after, c->mechanism, c->reference);
}

static void put_pairs(struct page *p, const struct portscope_use *use)
{
	static const struct {
		const char *relation, *before, *after;
	} words[] = {
		{"replace", "Protected counterpart:", ", in its place"},
		{"upgrade-in-place", "Can be protected on its own port:", ""},
		{"companion", "Protected companion:", ", beside it"},
		{"alternative", "Protected alternative:", ""},
	};

	for (size_t i = 0; i < use->n_protected_by; i++)
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (!strcmp(words[k].relation, use->protected_by[i].relation))
				put_counterpart(
					p, words[k].before, &use->protected_by[i], words[k].after);
	for (size_t i = 0; i < use->n_protects; i++)
		put_counterpart(p, "Protects", &use->protects[i], "");
}

static void put_members(struct page *p, const struct portscope_use *use)
{
	char place[32];

	page_line(p, USE_INDENT, HANG);
	page_format(p, "Together with it in the family %s:", use->family);
	for (size_t i = 0; i < use->n_members; i++) {
		const struct portscope_member *m = &use->members[i];

		page_line(p, FACT_INDENT, FACT_INDENT + 28);
		snprintf(place, sizeof(place), "%u/%s", m->port, m->protocol);
		page_cell(p, place, FACT_INDENT + 11);
		page_cell(p, m->name ? m->name : "-", FACT_INDENT + 28);
		page_words(p, m->role);
	}
}

/* The families of the protocols shown, each once. */
static void put_families(struct page *p, const struct portscope_port *port, unsigned protocols)
{
	for (size_t i = 0; i < port->n_uses; i++) {
		const struct portscope_use *use = &port->uses[i];
		bool said = !use->family || !(explain_protocol_bit(use->protocol) & protocols);

		for (size_t k = 0; k < i && !said; k++)
			said = explain_protocol_bit(port->uses[k].protocol) & protocols &&
			       port->uses[k].family && !strcmp(port->uses[k].family, use->family);
		if (!said)
			put_members(p, use);
	}
}

/** A page names no more programs than this; JSON has them all. */
#define SPEAKERS_MAX 13

/* A glob as a reader reads it, without the stars and slashes around it. */
static int trim_glob(const char *glob, const char **ret)
{
	size_t length;

	glob += strspn(glob, "*/");
	length = strlen(glob);
	while (length > 1 && strchr("*/", glob[length - 1]))
		length--;
	*ret = glob;
	return (int)length;
}

/* What is run, and in brackets what runs it: `gunicorn (python3)`. */
static void put_speaker(
	struct page *p, const struct portscope_speaker *s, const char *service, const char *after)
{
	const char *name, *runner = "";
	int length = trim_glob(s->match ? strchr(s->match, '=') + 1 : s->program, &name);
	int runner_length = s->match ? trim_glob(s->program, &runner) : 0;
	bool other = !service || strcmp(s->service, service) != 0;

	page_format(p, "%.*s%s%.*s%s%s%s%s", length, name, s->match ? " (" : "", runner_length,
		runner, s->match ? ")" : "", other ? " for " : "", other ? s->service : "", after);
}

/* True for what a package of Debian installs under its own name: most readers have one of these. */
static bool is_common(const struct portscope_speaker *s)
{
	return !s->match && !strstr(s->source, "not in Debian");
}

static void put_speakers(struct page *p, const struct portscope_use *use)
{
	size_t most = use->n_speakers <= SPEAKERS_MAX ? use->n_speakers : SPEAKERS_MAX - 1;
	size_t n = 0;

	if (!most)
		return;
	fact(p);
	page_words(p, "Listen here by default:");
	for (unsigned common = 2; common-- > 0;)
		for (size_t i = 0; i < use->n_speakers && n < most; i++)
			if (is_common(&use->speakers[i]) == common)
				put_speaker(p, &use->speakers[i], use->name,
					++n < use->n_speakers ? "," : ".");
	if (n < use->n_speakers)
		page_format(p, "and %zu more.", use->n_speakers - n);
}

/* True if what would be written of both is the same but for the protocol. */
static bool same_use(const struct portscope_use *a, const struct portscope_use *b)
{
	if (!a->name || !b->name)
		return a->name == b->name && !a->n_risks && !b->n_risks && !a->n_speakers &&
		       !b->n_speakers;
	if (strcmp(a->name, b->name) != 0 || strcmp(a->source, b->source) != 0 ||
		a->n_registrations != b->n_registrations || a->n_risks != b->n_risks ||
		a->de_facto || b->de_facto || a->reason || b->reason || a->n_protected_by ||
		b->n_protected_by || a->n_protects || b->n_protects)
		return false;
	if (a->n_speakers != b->n_speakers)
		return false;
	for (size_t i = 0; i < a->n_speakers; i++)
		if (strcmp(a->speakers[i].program, b->speakers[i].program) != 0 ||
			strcmp(a->speakers[i].service, b->speakers[i].service) != 0)
			return false;
	if ((a->family || b->family) && !(a->family && b->family && !strcmp(a->family, b->family)))
		return false;
	for (size_t i = 0; i < a->n_registrations; i++) {
		const struct portscope_registration *x = &a->registrations[i];
		const struct portscope_registration *y = &b->registrations[i];

		if (strcmp(x->name, y->name) != 0 || !x->description != !y->description ||
			(x->description && strcmp(x->description, y->description) != 0))
			return false;
	}
	for (size_t i = 0; i < a->n_risks; i++)
		if (strcmp(a->risks[i].why, b->risks[i].why) != 0)
			return false;
	return true;
}

/* Protocols of which a port has no use, not even one without a name: SCTP and DCCP. */
static void put_unused(struct page *p, unsigned asked)
{
	const char *name;

	for (unsigned i = 0; (name = explain_protocol_at(i)); i++)
		if (explain_protocol_bit(name) & asked)
			put_name(p, name, &(struct portscope_use){.protocol = name});
}

void explain_text(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port, unsigned protocols)
{
	bool any = false;

	put_head(p, knowledge, port);
	for (size_t i = 0; i < port->n_uses && port->port; i++) {
		const struct portscope_use *use = &port->uses[i];
		char names[32];

		if (!(explain_protocol_bit(use->protocol) & protocols))
			continue;
		any = true;
		snprintf(names, sizeof(names), "%s", use->protocol);
		while (i + 1 < port->n_uses && same_use(use, &port->uses[i + 1]) &&
			explain_protocol_bit(port->uses[i + 1].protocol) & protocols) {
			size_t length = strlen(names);

			i++;
			snprintf(names + length, sizeof(names) - length, "/%s",
				port->uses[i].protocol);
		}
		put_name(p, names, use);
		if (use->name) {
			put_origin(p, use);
			put_registrations(p, use);
		}
		put_speakers(p, use);
		for (size_t k = 0; k < use->n_risks; k++)
			put_risk(p, &use->risks[k]);
		put_pairs(p, use);
	}
	if (!any && port->port)
		put_unused(p, protocols);
	put_families(p, port, protocols);
	page_end(p);
}
