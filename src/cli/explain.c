/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `explain`: from words to ports, and from ports to pages or a table. */
#include "cli/explain.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "cli/explain-open.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/ports.h"
#include "format/json-head.h"

/* A word that means more ports than these gets a table, not pages. */
#define PAGES_MAX 8
/* Set beside the protocols of a port that gets a page. */
#define PAGE 16
/* Lines get no longer than this: prose of 200 columns is hard to read. */
#define WIDTH_MAX 100
#define WIDTH_MIN 40

struct explain {
	struct options options;
	bool list, insecure;
	unsigned protocols;
	bool json;
	const struct portscope_range *range;
	bool start; /**< nothing is asked for: where to begin */
	struct portscope_knowledge *knowledge;
	struct explain_open open;
	struct portscope_identity *identity; /**< for JSON where nothing is listed */
	const char *note;                    /**< on an everyday word; NULL: none */
	bool pages;                          /**< at least one port gets a page */
	bool unknown;                        /**< a name that nobody has was asked for */
	struct portscope_warning *warnings;  /**< of both phases; the array is owned */
	size_t n_warnings;
	uint8_t wanted[65536]; /**< protocols of each port, and PAGE */
};

/* What is asked of how many ports decides what they get; false if all have other protocols. */
static bool want(
	struct explain *e, const struct portscope_place *places, size_t n, unsigned protocols)
{
	size_t ports = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		ports += places[i].high - places[i].low + 1;
	for (size_t i = 0; i < n; i++)
		for (unsigned port = places[i].low; port <= places[i].high; port++) {
			unsigned bits = places[i].protocol
						? explain_protocol_bit(places[i].protocol)
						: EXPLAIN_ALL;

			e->wanted[port] |= bits & protocols & e->protocols;
			any = any || bits & protocols & e->protocols;
			if (e->wanted[port] && ports <= PAGES_MAX) {
				e->wanted[port] |= PAGE;
				e->pages = true;
			}
		}
	return any;
}

static void unknown_name(struct explain *e, const char *name)
{
	AUTO_OUT struct out list = OUT_MEMORY;
	const char *near[3];
	size_t n = portscope_similar_names(e->knowledge, name, near, ARRAY_SIZE(near));

	for (size_t i = 0; i < n; i++)
		out_format(&list, "%s%s", i ? (i + 1 == n ? " or " : ", ") : "", near[i]);
	if (n)
		message("no service is called '%s'; did you mean %.*s?", name, (int)list.used,
			list.buffer);
	else
		message("no service is called '%s'", name);
	e->unknown = true;
}

static int want_name(struct explain *e, const char *name, unsigned protocols)
{
	AUTO_FREE struct portscope_place *places = NULL;
	size_t n;
	int r = portscope_find_ports(e->knowledge, name, &places, &n);

	if (r >= 0) {
		if (!want(e, places, n, protocols)) {
			message("no service of the protocols asked for is called '%s'", name);
			e->unknown = true;
		}
		for (size_t i = 0; i < n && !e->note; i++)
			e->note = places[i].note;
		return 0;
	}
	if (r != -ENOENT) {
		message("cannot look '%s' up: %s", name, strerror(-r));
		return STATUS_FAILED;
	}
	if (!isalpha((unsigned char)*name) && !strpbrk(name, "*?[")) {
		message("'%s' is neither a port, 0 to 65535, nor a service", name);
		return STATUS_USAGE;
	}
	unknown_name(e, name);
	return 0;
}

/* One port, range or name, perhaps with a protocol and an address: 22, tcp/22, 10.0.0.1:22. */
static int want_word(struct explain *e, const char *word)
{
	unsigned protocols = EXPLAIN_ALL;
	struct portscope_place ports = {0};
	struct place place;

	if (!place_parse(word, &place) || !place.port) {
		message("'%s' is neither a port, 0 to 65535, nor a service", word);
		return STATUS_USAGE;
	}
	if (place.protocol) {
		protocols = explain_protocol_bit(place.protocol);
		if (!protocols) {
			message("'%s': the protocol is tcp, udp, sctp or dccp, not '%s'", word,
				place.protocol);
			return STATUS_USAGE;
		}
		if (!(protocols & e->protocols)) {
			message("'%s': --protocol leaves this protocol out", word);
			return STATUS_USAGE;
		}
	}
	if (!ports_are_numeric(place.port))
		return want_name(e, place.port, protocols);
	if (ports_parse(place.port, &ports.low, &ports.high))
		return STATUS_USAGE;
	want(e, &ports, 1, protocols);
	return 0;
}

/* A word that is the name of a range means its page, alone. */
static const struct portscope_range *find_range(const struct explain *e)
{
	const struct portscope_range *range;

	for (unsigned i = 0; e->options.n_words == 1 && (range = portscope_range_at(i)); i++)
		if (!strcmp(e->options.words[0], range->name))
			return range;
	return NULL;
}

static void want_all(struct explain *e)
{
	const struct portscope_range *r = e->range;

	for (unsigned port = r ? r->low : 0; port <= (r ? r->high : 65535u); port++)
		e->wanted[port] = e->protocols;
}

/* A word may be several, as in 22,23. */
static int want_list(struct explain *e, const char *list)
{
	AUTO_FREE char *words = strdup(list);
	char *rest = words, *word;
	int status = 0;

	if (!words) {
		message("out of memory");
		return STATUS_FAILED;
	}
	if (!*words)
		return want_word(e, words);
	while (!status && (word = strsep(&rest, ",")))
		if (*word)
			status = want_word(e, word);
	return status;
}

static int want_words(struct explain *e)
{
	int status = 0;

	e->range = e->range ? e->range : find_range(e);
	e->start = !e->options.n_words && !e->list && !e->range;
	for (int i = 0; i < e->options.n_words && !e->range && !status; i++)
		status = want_list(e, e->options.words[i]);
	return status;
}

static int check_usage(struct explain *e)
{
	const struct options *o = &e->options;

	e->protocols = o->protocols ? o->protocols : EXPLAIN_ALL;
	e->json = o->format;
	if (e->insecure && !e->list)
		message("--insecure goes with --list");
	else if (o->n_words && (e->list || e->range))
		message("%s explains no single port: leave out '%s'",
			e->list ? "--list" : "--range", o->words[0]);
	else
		return 0;
	return STATUS_USAGE;
}

/* The protocols of a port that a table or a list has, for it is named there. */
static unsigned in_table(const struct explain *e, const struct portscope_port *port)
{
	unsigned wanted = e->wanted[port->port];

	if (wanted & PAGE || !port->named)
		return 0;
	return e->insecure ? wanted & explain_insecure(port) : wanted;
}

static int put_pages(struct explain *e, struct page *p)
{
	bool first = true;
	int r = 0;

	if (e->note) {
		page_line(p, 0, 2);
		page_words(p, e->note);
		page_end(p);
	}
	for (unsigned n = 0; n < ARRAY_SIZE(e->wanted) && r >= 0; n++) {
		struct portscope_port *port;

		if (!(e->wanted[n] & PAGE))
			continue;
		r = portscope_explain(e->knowledge, n, &port);
		if (r < 0)
			break;
		if (!first)
			out_char(p->out, '\n');
		first = false;
		explain_text(p, e->knowledge, port, e->wanted[n], e->options.verbose);
		r = explain_open_text(&e->open, p, n, e->wanted[n]);
		portscope_port_free(port);
	}
	if (r >= 0 && !first && isatty(STDOUT_FILENO)) {
		page_line(p, 0, 0);
		page_words(p, "Names come from the port number: a hint, not proof.");
		page_line(p, 0, 0);
		page_words(p, "More: portscope explain well-known | registered | dynamic");
		page_end(p);
	}
	return r;
}

static int put_table(struct explain *e, struct out *o)
{
	struct explain_table table = {
		.out = o,
		.width = output_width(),
		.line = OUT_FOR(o),
		.next = OUT_FOR(o),
	};
	bool any = false;
	int r = 0;

	for (unsigned n = 0; n < ARRAY_SIZE(e->wanted) && r >= 0; n++) {
		struct portscope_port *port;

		if (!e->wanted[n] || e->wanted[n] & PAGE)
			continue;
		r = portscope_explain(e->knowledge, n, &port);
		if (r < 0)
			break;
		if (!any && e->pages)
			out_char(o, '\n');
		if (!any && !e->options.no_header)
			explain_table_titles(o);
		any = true;
		explain_table_add(&table, port, in_table(e, port));
		portscope_port_free(port);
	}
	explain_table_end(&table);
	if (any && table.width && !e->options.no_header)
		out_format(o, "%zu line%s. Names come from the port number: a hint, not proof.\n",
			table.lines, table.lines == 1 ? "" : "s");
	return r;
}

static int put_text(struct explain *e, struct out *o)
{
	unsigned width = output_width();
	struct page page = {
		.out = o,
		.width = MAX(MIN(width ? width : WIDTH_MAX, WIDTH_MAX), WIDTH_MIN),
	};
	int r;

	if (e->start || (e->range && !e->list)) {
		if (e->start)
			explain_start_text(&page, e->knowledge);
		else
			explain_range_text(&page, e->knowledge, e->range);
		return 0;
	}
	r = put_pages(e, &page);
	return r < 0 ? r : put_table(e, o);
}

/* What both phases warned of, or the one there is and the look at this host. */
static int merge_warnings(struct explain *e)
{
	size_t n, m = 0;
	const struct portscope_warning *own = portscope_knowledge_warnings(e->knowledge, &n);
	const struct portscope_warning *other = NULL;

	if (e->open.snapshot) {
		other = portscope_get_warnings(e->open.snapshot, &m);
	} else if (e->identity) {
		other = e->identity->warnings;
		m = e->identity->n_warnings;
	}
	e->warnings = output_join_warnings(own, n, other, m, &e->n_warnings);
	return e->warnings ? 0 : -ENOMEM;
}

static void put_json_head(struct explain *e, struct json *j)
{
	const struct portscope_snapshot *s = e->open.snapshot;

	json_write_open(j, NULL, '{');
	json_head_open(j, s ? portscope_get_time(s) : time(NULL),
		s ? portscope_get_host(s) : &e->identity->host, "explain");
	json_write_open(j, "words", '[');
	for (int i = 0; i < e->options.n_words; i++)
		json_write_text(j, NULL, e->options.words[i]);
	json_write_close(j, ']');
	json_write_text(j, "range", e->range ? e->range->name : NULL);
	json_write_bits(j, "protocols", e->protocols, explain_protocol_at);
	json_write_bool(j, "list", e->list);
	json_write_bool(j, "insecure", e->insecure);
	json_head_close(j, e->warnings, e->n_warnings, e->options.verbose, 0);
}

static int put_json_ports(struct explain *e, struct json *j)
{
	int r = 0;

	json_write_open(j, "ports", '[');
	for (unsigned n = 0; n < ARRAY_SIZE(e->wanted) && r >= 0; n++) {
		struct portscope_port *port;
		bool page = e->wanted[n] & PAGE;
		unsigned protocols;

		if (!e->wanted[n])
			continue;
		r = portscope_explain(e->knowledge, n, &port);
		if (r < 0)
			break;
		protocols = page ? e->wanted[n] : in_table(e, port);
		if (protocols) {
			json_write_open(j, NULL, '{');
			explain_json(j, e->knowledge, port, protocols);
			if (page)
				r = explain_open_json(&e->open, j, n, protocols);
			json_write_close(j, '}');
		}
		portscope_port_free(port);
	}
	if (r >= 0)
		json_write_close(j, ']');
	return r;
}

static int put_json(struct explain *e, struct out *o)
{
	struct json j = {.out = o};
	int r = 0;

	put_json_head(e, &j);
	if (e->start || (e->range && !e->list)) {
		json_write_open(&j, "ranges", '[');
		for (unsigned i = 0; portscope_range_at(i); i++)
			if (e->start || portscope_range_at(i) == e->range)
				explain_range_json(&j, e->knowledge, portscope_range_at(i));
		json_write_close(&j, ']');
	} else {
		r = put_json_ports(e, &j);
	}
	/* A document that lacks something is left open, since its head calls it whole. */
	if (r < 0)
		return r;
	json_write_close(&j, '}');
	out_char(o, '\n');
	return 0;
}

static int print_all(struct explain *e)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	int r = e->pages ? explain_open(&e->open, e->json) : 0, written;

	if (r >= 0 && e->json && !e->open.snapshot)
		r = portscope_identity_open(&e->identity);
	if (r >= 0)
		r = merge_warnings(e);
	if (r >= 0)
		r = e->json ? put_json(e, &out) : put_text(e, &out);
	written = output_finish(&out);
	if (r < 0) {
		message("cannot explain: %s", strerror(-r));
		return STATUS_FAILED;
	}
	r = output_warnings(e->warnings, e->n_warnings, e->options.verbose);
	if (e->open.hidden)
		message("%zu owner%s hidden from this user%s", e->open.hidden,
			e->open.hidden == 1 ? " is" : "s are",
			geteuid() ? "; run it as root to see them" : "");
	return written ? written : e->unknown ? STATUS_FOUND : r;
}

static int run(struct explain *e)
{
	int status, r = portscope_knowledge_open(&e->knowledge);

	if (r < 0) {
		message("cannot explain: %s", strerror(-r));
		return STATUS_FAILED;
	}
	if (e->list)
		want_all(e);
	status = want_words(e);
	if (!status)
		status = print_all(e);
	explain_open_close(&e->open);
	portscope_identity_close(e->identity);
	portscope_knowledge_close(e->knowledge);
	free(e->warnings);
	return status;
}

static int run_explain(void *state)
{
	struct explain *e = state;
	int status = check_usage(e);

	return status ? status : run(e);
}

static int set_range(void *state, const char *argument)
{
	struct explain *e = state;

	e->range = ports_range("--range is", argument);
	return e->range ? 0 : STATUS_USAGE;
}

#define AT(member) offsetof(struct explain, member)

/* clang-format off */
static const struct option_spec options[] = {
	OPTION_TCP,
	OPTION_UDP,
	OPTION_PROTOCOL,
	{0, "list", NULL, OPTION_FLAG, AT(list), "list every known port"},
	{0, "insecure", NULL, OPTION_FLAG, AT(insecure), "with --list, only what may be insecure"},
	{0, "range", "RANGE", OPTION_SET, 0, "explain a range, or --list its ports", .set = set_range},
	OPTION_NO_HEADER,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTIONS_END,
};
/* clang-format on */

const struct command command_explain = {
	.name = "explain",
	.options = options,
	.size = sizeof(struct explain),
	.arguments = "PORT|NAME...",
	.help = "what a port is for, its risks, and who uses it",
	.usage = "explain [OPTIONS] [PORT|PORT/PROTO|LO-HI|SERVICE|RANGE...]",
	.about = "What a port is for, whether that is safe, and who has it open on this host.\n"
		 "\n"
		 "SERVICE is a name, an everyday word such as dns, or a pattern such as 'snmp*';\n"
		 "RANGE is well-known, registered or dynamic. Without words: where to begin.\n",
	.closing = "\nExamples:\n"
		   "  portscope explain 143             one port\n"
		   "  portscope explain 53/udp ldaps    a port of one protocol, and a service\n"
		   "  portscope explain dynamic         what a range is for\n"
		   "  portscope explain --list --insecure\n"
		   "\n"
		   "Exit status: 0 done, 1 no such service, 2 wrong usage, 3 failed,\n"
		   "4 something could not be seen.\n",
	.run = run_explain,
};
