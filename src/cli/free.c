/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `free`: from a wish to a choice, and why there is none. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/document.h"
#include "cli/free-why.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/ports.h"
#include "format/json-head.h"
#include "util/address.h"
#include "util/json.h"

/** A command under way. */
struct free_command {
	struct options options;
	unsigned count; /**< 0: not said */
	bool consecutive, registered;
	const char *order;                /**< `random` or `first`; NULL: not said */
	const char *address_asked, *with; /**< NULL: not said */
	struct portscope_wish wish;
	struct portscope_endpoint address;
	struct portscope_document *other;
	struct portscope_choice *choice;
	struct portscope_identity *identity; /**< only for JSON */
	struct portscope_warning *warnings;  /**< of the choice, and of the other host; owned */
	size_t n_warnings;
	char *lack; /**< the text of the last warning; owned */
};

/* The last of ICANN's ranges is the one that is never assigned. */
static const struct portscope_range *dynamic_range(void)
{
	unsigned i = 0;

	while (portscope_range_at(i + 1))
		i++;
	return portscope_range_at(i);
}

static int take_range(struct free_command *f)
{
	const struct options *o = &f->options;
	const struct portscope_range *range;

	if (o->n_words > 1) {
		message("only one range at a time: leave out '%s'", o->words[1]);
		return STATUS_USAGE;
	}
	if (o->n_words && ports_are_numeric(o->words[0])) {
		if (ports_parse(o->words[0], &f->wish.low, &f->wish.high))
			return STATUS_USAGE;
		if (f->wish.low)
			return 0;
		message("'%s': no socket has port 0", o->words[0]);
		return STATUS_USAGE;
	}
	range = o->n_words ? ports_range("a range is LO-HI or", o->words[0]) : dynamic_range();
	if (!range)
		return STATUS_USAGE;
	f->wish.low = MAX(range->low, 1);
	f->wish.high = range->high;
	return 0;
}

static int take_count(struct free_command *f)
{
	size_t most = f->wish.high - f->wish.low + 1;

	f->wish.count = f->count ? f->count : 1;
	if (f->wish.count <= most)
		return 0;
	message("%u-%u has %zu port%s, not %zu", f->wish.low, f->wish.high, most,
		most == 1 ? "" : "s", f->wish.count);
	return STATUS_USAGE;
}

/* Reads an address, in brackets or not, with a scope where it has one. */
static int take_address(struct free_command *f)
{
	const char *text = f->address_asked, *scope;
	char plain[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
	size_t length = text ? strlen(text) : 0;
	const uint8_t *mapped;
	char *percent;

	if (!text)
		return 0;
	if (*text == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	snprintf(plain, sizeof(plain), "%.*s", (int)MIN(length, sizeof(plain) - 1), text);
	percent = strchr(plain, '%');
	scope = percent ? percent + 1 : NULL;
	if (percent)
		*percent = 0;
	f->address.family = strchr(plain, ':') ? AF_INET6 : AF_INET;
	if (length >= sizeof(plain) ||
		inet_pton(f->address.family, plain, f->address.address) != 1 ||
		(scope && f->address.family != AF_INET6)) {
		message("--address takes an IPv4 or IPv6 address, not '%s'", f->address_asked);
		return STATUS_USAGE;
	}
	if (scope) {
		f->address.ifindex = if_nametoindex(scope);
		if (!f->address.ifindex) {
			message("--address: there is no interface '%s'", scope);
			return STATUS_USAGE;
		}
	}
	mapped = address_as_ipv4(f->address.family, f->address.address);
	if (mapped && f->address.family == AF_INET6) {
		memmove(f->address.address, mapped, 4);
		f->address.family = AF_INET;
	}
	f->wish.address = &f->address;
	return 0;
}

static const char *name_of_other(const struct free_command *f)
{
	return strcmp(f->with, "-") != 0 ? f->with : "standard input";
}

static int take_other(struct free_command *f)
{
	int r = f->with ? cli_document_read(f->with, &f->other) : 0;

	f->wish.other = f->other;
	return r;
}

static int prepare(struct free_command *f)
{
	const struct options *o = &f->options;
	int status;

	f->wish.protocols = o->protocols ? o->protocols : PORTSCOPE_TCP | PORTSCOPE_UDP;
	f->wish.consecutive = f->consecutive;
	f->wish.first = f->order && !strcmp(f->order, "first");
	f->wish.registered = f->registered;
	/* The kernel may take a port of its own range at any time, and audit reports a listener
	 * there. */
	f->wish.lasting = !o->n_words;
	status = take_range(f);
	if (!status)
		status = take_count(f);
	if (!status)
		status = take_address(f);
	return status ? status : take_other(f);
}

static void put_json(const struct free_command *f, struct out *o)
{
	const struct portscope_choice *c = f->choice;
	const struct portscope_wish *w = &f->wish;
	struct json j = {.out = o};

	json_write_open(&j, NULL, '{');
	json_head_open(&j, time(NULL), &f->identity->host, "free");
	json_write_number(&j, "low", w->low);
	json_write_number(&j, "high", w->high);
	json_write_number(&j, "count", w->count);
	json_query_masks(&j, w->protocols, 0, 0);
	json_write_bool(&j, "consecutive", w->consecutive);
	json_write_text(&j, "order", w->first ? "first" : "random");
	json_write_bool(&j, "registered", w->registered);
	json_write_text(&j, "address", f->address_asked);
	json_write_text(&j, "with", f->with);
	json_head_close(&j, f->warnings, f->n_warnings, f->options.verbose, 0);
	json_write_text(&j, "other_host_lacks", c->other_lacks);
	json_write_open(&j, "ports", '[');
	for (size_t i = 0; i < c->n_ports; i++)
		json_write_number(&j, NULL, c->ports[i]);
	json_write_close(&j, ']');
	json_write_open(&j, "not_free", '{');
	json_write_number(&j, "in_use", c->in_use);
	json_write_number(&j, "in_use_elsewhere", c->elsewhere);
	json_write_number(&j, "reserved", c->reserved);
	json_write_number(&j, "registered", c->registered);
	json_write_number(&j, "ephemeral", c->ephemeral);
	json_write_number(&j, "refused", c->refused);
	json_write_close(&j, '}');
	json_write_close(&j, '}');
	out_char(o, '\n');
}

/* Why there are not as many as were wanted. */
static void explain_lack(const struct free_command *f)
{
	const struct portscope_choice *c = f->choice;
	const struct portscope_wish *w = &f->wish;
	const struct {
		size_t n;
		const char *what, *more;
	} reasons[] = {
		{c->in_use, "in use", ""},
		{c->elsewhere, "in use on the other host", ""},
		{c->reserved, "reserved (ip_local_reserved_ports)", ""},
		{c->registered, "registered to a service", " (--registered allows them)"},
		{c->ephemeral, "ephemeral ports", ""},
		{c->refused, "refused: ", c->refused ? strerror(c->refusal) : ""},
	};
	AUTO_OUT struct out text = OUT_MEMORY;

	if (w->low == w->high) {
		free_say_why(w, c);
		return;
	}
	if (w->consecutive && c->available)
		out_format(&text, "no %zu ports in a row are free in %u-%u", w->count, w->low,
			w->high);
	else if (c->available)
		out_format(&text, "only %zu of %zu ports are free in %u-%u", c->available, w->count,
			w->low, w->high);
	else
		out_format(&text, "nothing is free in %u-%u", w->low, w->high);
	if (w->consecutive && c->available)
		out_format(&text, ": %zu free", c->available);
	else
		out_char(&text, ':');
	for (size_t i = 0, n = w->consecutive && c->available; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].n)
			out_format(&text, "%s%zu %s%s", n++ ? ", " : " ", reasons[i].n,
				reasons[i].what, reasons[i].more);
	message("%.*s", (int)text.used, text.buffer);
}

/* What the choice warned of, the look at this host, and what the other host's listing lacks. */
static int gather_warnings(struct free_command *f)
{
	const struct portscope_choice *c = f->choice;
	const struct portscope_identity *identity = f->identity;

	f->warnings = output_join_warnings(c->warnings, c->n_warnings,
		identity ? identity->warnings : NULL, identity ? identity->n_warnings : 0,
		&f->n_warnings);
	if (!f->warnings)
		return -ENOMEM;
	if (!c->other_lacks)
		return 0;
	if (asprintf(&f->lack,
		    "%s leaves out %s: more may be in use there; portscope -a --json lists all",
		    name_of_other(f), c->other_lacks) < 0) {
		f->lack = NULL;
		return -ENOMEM;
	}
	f->warnings[f->n_warnings++] =
		(struct portscope_warning){.text = f->lack, .incomplete = true};
	return 0;
}

static int print_all(struct free_command *f)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	const struct portscope_choice *c = f->choice;
	int status, written;

	if (f->options.format)
		put_json(f, &out);
	else
		for (size_t i = 0; i < c->n_ports; i++)
			out_format(&out, "%u\n", c->ports[i]);
	written = output_finish(&out);
	status = output_warnings(f->warnings, f->n_warnings, f->options.verbose);
	if (!c->n_ports) {
		explain_lack(f);
		status = STATUS_FOUND;
	}
	return written ? written : status;
}

/* Once more with fewer wishes; a port of `ephemeral` is worth a word. */
static int choose_again(struct free_command *f, bool ephemeral)
{
	int r;

	portscope_choice_free(f->choice);
	f->choice = NULL;
	r = portscope_choose(&f->wish, &f->choice);
	if (r >= 0 && f->choice->n_ports && ephemeral)
		message("no other ports are left: the kernel may hand out %s by itself",
			f->choice->n_ports == 1 ? "this one" : "these");
	return r;
}

/*
 * By default ports outside of the kernel's own range, if there are any; of a range that was typed
 * as numbers, names that somebody registered only count as long as there are ports without.
 */
static int choose(struct free_command *f)
{
	struct portscope_wish *wish = &f->wish;
	bool numbers = f->options.n_words && ports_are_numeric(f->options.words[0]);
	int r = portscope_choose(wish, &f->choice);

	if (r < 0 || f->choice->n_ports)
		return r;
	if (wish->lasting && f->choice->ephemeral) {
		wish->lasting = false;
		return choose_again(f, true);
	}
	if (numbers && wish->low > 1023 && wish->low < wish->high && f->choice->registered) {
		wish->registered = true;
		return choose_again(f, false);
	}
	return 0;
}

static int run(struct free_command *f)
{
	int r = choose(f);

	if (r < 0 && f->wish.address) {
		message("cannot bind to %s: %s", f->address_asked, strerror(-r));
		return STATUS_FAILED;
	}
	if (r < 0) {
		message("cannot look for free ports: %s", strerror(-r));
		return STATUS_FAILED;
	}
	r = f->options.format ? portscope_identity_open(&f->identity) : 0;
	if (f->identity)
		f->identity->host.collector = f->choice->collector;
	if (r >= 0)
		r = gather_warnings(f);
	if (r < 0)
		message("cannot look for free ports: %s", strerror(-r));
	r = r < 0 ? STATUS_FAILED : print_all(f);
	free(f->warnings);
	free(f->lack);
	portscope_identity_close(f->identity);
	portscope_choice_free(f->choice);
	portscope_document_free(f->other);
	return r;
}

static int run_free(void *state)
{
	struct free_command *f = state;
	int status = prepare(f);

	return status ? status : run(f);
}

#define AT(member) offsetof(struct free_command, member)

/* clang-format off */
static const struct option_spec options[] = {
	OPTION_TCP,
	OPTION_UDP,
	OPTION_PROTOCOL,
	{'n', "count", "N", OPTION_NUMBER, AT(count), "number of ports (default: 1)", .value = 65535},
	{0, "consecutive", NULL, OPTION_FLAG, AT(consecutive), "one after another"},
	{0, "random", NULL, OPTION_CHOICE, AT(order), "any of them (the default)", .choice = "random"},
	{0, "first", NULL, OPTION_CHOICE, AT(order), "the lowest ones", .choice = "first"},
	{0, "registered", NULL, OPTION_FLAG, AT(registered), "allow ports that belong to a service"},
	{0, "address", "ADDR", OPTION_TEXT, AT(address_asked), "free on this address only"},
	{0, "with", "FILE", OPTION_TEXT, AT(with), "also free on the host listed in FILE (from -a --json)"},
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTIONS_END,
};
/* clang-format on */

const struct command command_free = {
	.name = "free",
	.options = options,
	.size = sizeof(struct free_command),
	.arguments = "[RANGE]",
	.help = "ports that nobody uses",
	.usage = "free [OPTIONS] [LO-HI|RANGE]",
	.about = "Ports that nobody uses, one per line (default range: 49152-65535).\n"
		 "\n"
		 "No socket uses them, in any state; they are not reserved and belong to no\n"
		 "service; and each was briefly bound before it is printed.\n",
	.closing = "\nExamples:\n"
		   "  portscope free                    any port of the dynamic range\n"
		   "  portscope free 3000-3100 -n 3     three of these\n"
		   "  ssh HOST portscope -a --json | portscope free --with -\n"
		   "\n"
		   "Exit status: 0 done, 1 nothing is free, 2 wrong usage, 3 failed,\n"
		   "4 something could not be seen.\n",
	.run = run_free,
};
