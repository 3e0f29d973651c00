/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A port's page. In short: what each protocol of the port is for, what is wrong with it and what to
 * use instead. With details also where all of that comes from and what else is known.
 */
#include "cli/explain.h"

#include <stdio.h>
#include <string.h>

#define INDENT 2 /* of a protocol */
/* A short page names no more programs than this. */
#define SPEAKERS_MAX 6

static const char *const protocol_names[] = {"tcp", "udp", "sctp", "dccp"};

/** A page under way. */
struct writer {
	struct page *page;
	const struct portscope_port *port;
	unsigned protocols; /**< those that are asked for */
	bool details;
	unsigned name_column, text_column; /**< where names and their descriptions stand */
};

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

static bool is_asked(const struct writer *w, const struct portscope_use *use)
{
	return explain_protocol_bit(use->protocol) & w->protocols;
}

static void put_head(struct writer *w, const struct portscope_knowledge *knowledge)
{
	struct portscope_kernel_ports kernel = portscope_kernel_ports(knowledge);
	const struct portscope_port *port = w->port;
	const char *binding = "";

	page_line(w->page, 0, INDENT);
	if (!port->port) {
		page_words(w->page, "0 is reserved: no service has it. A program that binds it "
				    "asks the kernel for any free port.");
		return;
	}
	if (port->privileged)
		binding = "; binding one needs privilege here";
	else if (kernel.privileged_known && port->port < 1024)
		binding = "; any user may bind one here";
	page_format(w->page, "%u is a %s port (%u-%u, %s%s).", port->port, port->range->name,
		port->range->low, port->range->high, port->range->brief, binding);
	if (port->reserved)
		page_words(w->page, "This kernel keeps it back and never hands it out by itself "
				    "(ip_local_reserved_ports).");
	else if (port->ephemeral)
		page_format(w->page,
			"This kernel also gives it to outgoing connections (ephemeral ports: "
			"%u-%u).",
			kernel.ephemeral_low, kernel.ephemeral_high);
}

/* The text that goes with the name, or NULL. */
static const char *describe(const struct portscope_use *use)
{
	for (size_t i = 0; i < use->n_registrations; i++)
		if (!strcmp(use->registrations[i].name, use->name))
			return use->registrations[i].description;
	return use->de_facto && !strcmp(use->de_facto->name, use->name) ? use->de_facto->software
									: NULL;
}

static const char *name_of(const struct portscope_use *use, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", use->name ? use->name : "", use->hint ? "?" : "");
	return buffer;
}

static void put_name(struct writer *w, const char *protocols, const struct portscope_use *use)
{
	char name[128];
	const char *description = use->name ? describe(use) : NULL;

	page_line(w->page, INDENT, w->name_column + 2);
	page_cell(w->page, protocols, w->name_column);
	if (!use->name) {
		page_words(w->page, use->n_risks ? "not registered" : "no known service");
		return;
	}
	name_of(use, name, sizeof(name));
	if (description) {
		page_cell(w->page, name, w->text_column);
		page_words(w->page, description);
	} else {
		page_words(w->page, name);
	}
}

static void fact(struct writer *w)
{
	page_line(w->page, w->name_column, w->name_column + 2);
}

/* The first of several references, or all of them. */
static void put_reference(struct writer *w, const char *before, const char *references)
{
	const char *end = references ? strstr(references, "; ") : NULL;
	size_t length = references ? strlen(references) : 0;

	if (!references)
		return;
	page_format(w->page, "%s%.*s", before,
		(int)(end && !w->details ? (size_t)(end - references) : length), references);
}

static void put_risk(struct writer *w, const struct portscope_risk *risk)
{
	fact(w);
	if (w->details)
		page_format(w->page, "%s: %s (%s). %s", risk->rank ? "Risk" : "Note",
			risk->severity, risk->risk, risk->why);
	else if (risk->rank)
		page_format(w->page, "Risk: %s. %s", risk->severity, risk->why);
	else
		page_format(w->page, "Note: %s", risk->why);
	fact(w);
	page_format(w->page, "Use instead: %s.", risk->safer);
	put_reference(w, "", risk->reference);
}

/* `imaps, 993/tcp (implicit TLS)`. */
static void put_counterpart(
	struct writer *w, const char *before, const struct portscope_counterpart *c)
{
	fact(w);
	page_format(w->page, "%s %s%s%u/%s (%s).", before, c->name ? c->name : "",
		c->name ? ", " : "", c->port, c->protocol, c->mechanism);
	put_reference(w, "", c->reference);
}

static void put_protected_by(struct writer *w, const struct portscope_use *use)
{
	static const struct {
		const char *relation, *before;
		bool said; /**< a risk of the service names it already */
	} words[] = {
		{"replace", "Encrypted replacement:", true},
		{"upgrade-in-place", "Can be encrypted on its own port:", false},
		{"companion", "Encrypted companion:", false},
		{"alternative", "Encrypted alternative:", true},
	};

	for (size_t i = 0; i < use->n_protected_by; i++)
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (!strcmp(words[k].relation, use->protected_by[i].relation) &&
				(w->details || !words[k].said || !use->n_risks))
				put_counterpart(w, words[k].before, &use->protected_by[i]);
}

static void put_protects(struct writer *w, const struct portscope_use *use)
{
	if (!use->n_protects)
		return;
	fact(w);
	page_words(w->page, "Safe replacement for");
	for (size_t i = 0; i < use->n_protects; i++) {
		const struct portscope_counterpart *c = &use->protects[i];

		page_format(w->page, "%s%s%u/%s (%s%s%s)%s", c->name ? c->name : "",
			c->name ? " " : "", c->port, c->protocol, c->mechanism,
			w->details ? "; " : "", w->details ? c->reference : "",
			i + 1 == use->n_protects ? "." : ",");
	}
}

static void put_origin(struct writer *w, const struct portscope_use *use)
{
	static const struct {
		const char *source, *file;
	} files[] = {
		{"portscope-services", "/etc/portscope/services"},
		{"site-services", "/etc/services"},
	};
	const struct portscope_de_facto *d = use->de_facto;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (use->source && !strcmp(use->source, files[i].source)) {
			fact(w);
			page_format(w->page, "Named in this host's %s.", files[i].file);
		}
	if (d && (w->details || strcmp(d->name, use->name) != 0)) {
		fact(w);
		if (strcmp(d->name, use->name) != 0 || describe(use) != d->software)
			page_format(w->page, "Commonly runs here: %s, called %s.", d->software,
				d->name);
		page_words(w->page, d->ambiguous
					    ? "The name is a guess: several programs use this port."
					    : "The name is common, not registered.");
		if (w->details)
			page_format(w->page, "Source: %s", d->source);
	} else if (d && d->ambiguous) {
		fact(w);
		page_words(w->page, "The name is a guess: several programs use this port.");
	}
	if (use->reason && w->details) {
		fact(w);
		page_format(w->page, "%s.", use->reason);
	}
}

/* What else the port is registered for: names that nobody may use. */
static void put_registrations(struct writer *w, const struct portscope_use *use)
{
	bool any = false;

	for (size_t i = 0; i < use->n_registrations; i++) {
		const struct portscope_registration *r = &use->registrations[i];
		bool last = true;

		if (!strcmp(r->name, use->name)) {
			if (r->low != r->high) {
				fact(w);
				page_format(
					w->page, "Registered for all of %u-%u.", r->low, r->high);
			}
			continue;
		}
		if (!any)
			fact(w);
		for (size_t k = i + 1; k < use->n_registrations; k++)
			last = last && !strcmp(use->registrations[k].name, use->name);
		page_format(w->page, "%s%s%s%s%s%s", any ? "" : "Registered as ", r->name,
			r->description ? " (" : "", r->description ? r->description : "",
			r->description ? ")" : "", last ? "." : ",");
		any = true;
	}
}

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
	struct writer *w, const struct portscope_speaker *s, const char *service, const char *after)
{
	const char *name, *runner = "";
	int length = trim_glob(s->match ? strchr(s->match, '=') + 1 : s->program, &name);
	int runner_length = s->match ? trim_glob(s->program, &runner) : 0;
	bool other = !service || strcmp(s->service, service) != 0;

	page_format(w->page, "%.*s%s%.*s%s%s%s%s", length, name, s->match ? " (" : "",
		runner_length, runner, s->match ? ")" : "", other ? " for " : "",
		other ? s->service : "", after);
}

/* True for what a package of Debian installs under its own name: most readers have one of these. */
static bool is_common(const struct portscope_speaker *s)
{
	return !s->match && !strstr(s->source, "not in Debian");
}

static void put_speakers(struct writer *w, const struct portscope_use *use)
{
	size_t most =
		w->details || use->n_speakers <= SPEAKERS_MAX ? use->n_speakers : SPEAKERS_MAX - 1;
	size_t n = 0;

	if (!most)
		return;
	fact(w);
	page_words(w->page, "Listen here by default:");
	for (unsigned common = 2; common-- > 0;)
		for (size_t i = 0; i < use->n_speakers && n < most; i++)
			if (is_common(&use->speakers[i]) == common)
				put_speaker(w, &use->speakers[i], use->name,
					++n < use->n_speakers ? "," : ".");
	if (n < use->n_speakers)
		page_format(w->page, "and %zu more.", use->n_speakers - n);
}

static void put_use(struct writer *w, const char *protocols, const struct portscope_use *use)
{
	put_name(w, protocols, use);
	if (use->purpose) {
		fact(w);
		page_format(w->page, "What it does: %s", use->purpose);
	}
	if (use->name)
		put_origin(w, use);
	if (use->name && (w->details || use->source == NULL || use->de_facto))
		put_registrations(w, use);
	put_speakers(w, use);
	for (size_t i = 0; i < use->n_risks; i++)
		put_risk(w, &use->risks[i]);
	put_protected_by(w, use);
	put_protects(w, use);
}

static void put_family(struct writer *w, const struct portscope_use *use)
{
	page_line(w->page, INDENT, INDENT + 2);
	page_format(w->page, "Same family (%s):", use->family);
	for (size_t i = 0; i < use->n_members; i++) {
		const struct portscope_member *m = &use->members[i];
		const char *end = i + 1 == use->n_members ? "" : ",";

		if (w->details)
			page_format(w->page, "%u/%s %s (%s)%s", m->port, m->protocol,
				m->name ? m->name : "-", m->role, end);
		else
			page_format(w->page, "%u/%s %s%s", m->port, m->protocol,
				m->name ? m->name : "-", end);
	}
}

/* The families of the protocols shown, each once. */
static void put_families(struct writer *w)
{
	for (size_t i = 0; i < w->port->n_uses; i++) {
		const struct portscope_use *use = &w->port->uses[i];
		bool said = !use->family || !is_asked(w, use);

		for (size_t k = 0; k < i && !said; k++)
			said = is_asked(w, &w->port->uses[k]) && w->port->uses[k].family &&
			       !strcmp(w->port->uses[k].family, use->family);
		if (!said)
			put_family(w, use);
	}
}

/* True if what would be written of both is the same but for the protocol. */
static bool same_use(const struct portscope_use *a, const struct portscope_use *b)
{
	if (!a->purpose != !b->purpose || (a->purpose && strcmp(a->purpose, b->purpose) != 0))
		return false;
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
static void put_unused(struct writer *w)
{
	const char *name;

	for (unsigned i = 0; (name = explain_protocol_at(i)); i++)
		if (explain_protocol_bit(name) & w->protocols)
			put_name(w, name, &(struct portscope_use){.protocol = name});
}

/* The protocols from `*i` on that have the same use, as `tcp/udp`; `*i` becomes the last one. */
static void join_protocols(const struct writer *w, size_t *i, char *buffer, size_t size)
{
	const struct portscope_use *use = &w->port->uses[*i];

	snprintf(buffer, size, "%s", use->protocol);
	while (*i + 1 < w->port->n_uses && same_use(use, &w->port->uses[*i + 1]) &&
		is_asked(w, &w->port->uses[*i + 1])) {
		size_t length = strlen(buffer);

		++*i;
		snprintf(buffer + length, size - length, "/%s", w->port->uses[*i].protocol);
	}
}

/* Names and descriptions stand below each other. */
static void measure(struct writer *w)
{
	unsigned protocols = 3, names = 0;
	char text[128];

	for (size_t i = 0; i < w->port->n_uses; i++) {
		const struct portscope_use *use = &w->port->uses[i];

		if (!is_asked(w, use))
			continue;
		join_protocols(w, &i, text, sizeof(text));
		protocols = MAX(protocols, (unsigned)strlen(text));
		names = MAX(names, (unsigned)strlen(name_of(use, text, sizeof(text))));
	}
	w->name_column = INDENT + protocols + 2;
	w->text_column = w->name_column + MIN(names, 24u) + 2;
}

void explain_text(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port, unsigned protocols, bool details)
{
	struct writer w = {.page = p, .port = port, .protocols = protocols, .details = details};
	bool any = false;

	measure(&w);
	put_head(&w, knowledge);
	for (size_t i = 0; i < port->n_uses && port->port; i++) {
		const struct portscope_use *use = &port->uses[i];
		char names[32];

		if (!is_asked(&w, use))
			continue;
		any = true;
		join_protocols(&w, &i, names, sizeof(names));
		put_use(&w, names, use);
	}
	if (!any && port->port)
		put_unused(&w);
	put_families(&w);
	page_end(p);
}
