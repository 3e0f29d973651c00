/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `list`: from options to a query, from rows to a format, and what stderr hears. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/filter.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/pids.h"
#include "cli/started.h"

static const uint16_t listening_columns[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_LOCAL,
	PORTSCOPE_FIELD_SERVICE, PORTSCOPE_FIELD_PORT_RANGE, PORTSCOPE_FIELD_EXPOSURE,
	PORTSCOPE_FIELD_PROCESS, PORTSCOPE_FIELD_USER, PORTSCOPE_FIELD_WORKLOAD};
static const uint16_t connection_columns[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_STATE,
	PORTSCOPE_FIELD_RECV_Q, PORTSCOPE_FIELD_SEND_Q, PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_PEER,
	PORTSCOPE_FIELD_SERVICE, PORTSCOPE_FIELD_DIRECTION, PORTSCOPE_FIELD_PROCESS};
static const uint16_t port_columns[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_STATE,
	PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_PEER, PORTSCOPE_FIELD_SERVICE,
	PORTSCOPE_FIELD_PORT_RANGE, PORTSCOPE_FIELD_EXPOSURE, PORTSCOPE_FIELD_PROCESS};

static const struct listing_kind sockets = {
	.command = "list",
	.rows = "sockets",
	.record = "socket",
};

/** A listing under way: what it counts for the footer, and the formatter. */
struct list {
	struct options options;
	bool listening, all;
	unsigned families; /**< of enum portscope_family; 0: not said */
	bool processes;
	bool extended; /**< with uid, inode, cookie and cgroup */
	bool explain_filter;
	bool nothing;         /**< what was asked for by name is not there */
	bool turned;          /**< from the local port to that of the peer */
	bool pids;            /**< nothing but who holds what was found */
	unsigned width_asked; /**< 0: that of the terminal */
	bool wide;            /**< nothing is cut */
	bool each;            /**< nothing is merged */
	bool footer;          /**< a reader learns what it amounts to */
	struct portscope_query query;
	struct listing listing;
	struct ask ask;
	const struct ask_reading *reading; /**< the one that is tried, or was found */
	bool named;                        /**< something is asked for by name */
	const struct format *format;
	struct printer printer;
	struct columns columns;
	int exposure;      /**< field id, or -1: the footer does not tell */
	size_t reached[8]; /**< rows by rank of exposure */
	size_t insecure;   /**< rows that an audit would speak of */
	struct out hidden; /**< titles of the columns that did not fit */
	bool tells_start;  /**< the footer says how the holder came to run */
	struct started started;
};

/* The columns of a table; -p shows every holder where otherwise the first one stands. */
static size_t table_columns(const struct list *l, uint16_t *ret)
{
	const uint16_t *columns = connection_columns;
	size_t n = ARRAY_SIZE(connection_columns);

	if (!(l->query.states & ~PORTSCOPE_STATES_LISTENING)) {
		columns = listening_columns;
		n = ARRAY_SIZE(listening_columns);
	} else if (l->named) {
		columns = port_columns;
		n = ARRAY_SIZE(port_columns);
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = columns[i] == PORTSCOPE_FIELD_PROCESS && l->processes
				 ? PORTSCOPE_FIELD_PROCESSES
				 : columns[i];
	return n;
}

/* What ss and netstat show by -e. */
static void add_extended(struct columns *columns)
{
	static const uint16_t extended[] = {PORTSCOPE_FIELD_UID, PORTSCOPE_FIELD_INODE,
		PORTSCOPE_FIELD_COOKIE, PORTSCOPE_FIELD_CGROUP};

	for (size_t i = 0; i < ARRAY_SIZE(extended); i++)
		columns_show(columns, extended[i]);
}

static int choose_columns(struct list *l)
{
	uint16_t defaults[PORTSCOPE_FIELDS];
	size_t n = l->format->all_fields ? columns_of_format(l->format, false, defaults)
					 : table_columns(l, defaults);
	int r;

	l->columns = (struct columns){0};
	r = columns_choose(&l->columns, &l->options, false, defaults, n);
	if (l->extended)
		add_extended(&l->columns);
	if (l->exposure >= 0)
		columns_read(&l->columns, l->exposure);
	for (size_t i = 0; l->tells_start && i < STARTED_FIELDS; i++)
		columns_read(&l->columns, started_fields[i]);
	l->listing.columns = l->columns.ids;
	l->listing.n_columns = l->columns.n;
	l->listing.n_default = l->columns.n_default;
	l->query.fields = l->columns.ids;
	l->query.n_fields = l->columns.n_read;
	l->query.sort = l->columns.sort;
	l->query.n_sort = l->columns.n_sort;
	return r;
}

static bool only_listening(const struct list *l)
{
	return l->listening && !l->all;
}

/* What is asked for by name is meant in every state; -l narrows it to what listens all the same. */
static uint32_t choose_states(const struct list *l)
{
	/* Who is connected to a port is not who holds it. */
	bool listening = l->pids && (l->reading->listening || l->ask.kind == ASK_PORT);
	uint32_t states = l->all         ? PORTSCOPE_STATES_ALL
			  : l->listening ? PORTSCOPE_STATES_LISTENING
					 : PORTSCOPE_STATES_CONNECTED;

	if (listening)
		return PORTSCOPE_STATES_LISTENING;
	if (!l->query.filter)
		return states;
	if (!only_listening(l) && (l->named || portscope_filter_asks_holder(l->query.filter)))
		states = PORTSCOPE_STATES_ALL;
	if (only_listening(l) && portscope_filter_is_lone(l->query.filter))
		return states;
	return portscope_filter_states(l->query.filter, states);
}

static bool listens_only(const struct list *l)
{
	return l->query.states == PORTSCOPE_STATES_LISTENING;
}

/* A table looks as on a terminal where it is to fit some width, too. */
static void choose_look(struct list *l)
{
	bool table = l->format == &format_table;
	unsigned terminal = table ? output_width() : 0;

	l->listing.screen = table && (terminal || l->width_asked);
	l->listing.width = l->wide ? 0 : l->width_asked ? l->width_asked : terminal;
	l->listing.colour = table && output_colour(&l->options);
	l->listing.merge = terminal && listens_only(l) && !l->all && !l->each &&
			   !l->options.columns && !l->options.sort &&
			   !(l->query.filter && portscope_filter_is_one_port(l->query.filter));
	l->query.say_public = l->listing.screen;
	l->footer = terminal && !l->options.no_header;
}

/* The pids of holders, and nothing that would be read in vain. */
static void ask_for_pids(struct list *l)
{
	static const uint16_t processes = PORTSCOPE_FIELD_PROCESSES;

	l->query.fields = &processes;
	l->query.n_fields = 1;
	l->query.n_sort = 0;
	l->query.unsorted = false;
}

static int prepare(struct list *l)
{
	const struct options *o = &l->options;

	l->format = o->format ? o->format : &format_table;
	l->query.protocols = o->protocols ? o->protocols : PORTSCOPE_TCP | PORTSCOPE_UDP;
	if (l->ask.protocols)
		l->query.protocols &= l->ask.protocols;
	l->query.families = l->families ? l->families : PORTSCOPE_INET | PORTSCOPE_INET6;
	l->query.states = choose_states(l);
	l->query.numeric = o->numeric;
	l->query.collector = options_collector(o);
	l->query.identity = l->format != &format_table && l->format != &format_csv;
	choose_look(l);
	l->exposure = l->footer || l->listing.colour ? PORTSCOPE_FIELD_EXPOSURE : -1;
	l->tells_start = l->named && l->footer;
	if (choose_columns(l))
		return STATUS_USAGE;
	/* Whether anything has this name has to be known before the first row is written. */
	l->query.unsorted = l->format->any_order && !o->sort && !l->named;
	if (l->pids)
		ask_for_pids(l);
	l->listing.query = &l->query;
	l->listing.kind = &sockets;
	l->listing.no_header = o->no_header;
	l->listing.verbose = o->verbose;
	return 0;
}

static int measure_row(const struct portscope_row *row, void *userdata)
{
	struct list *l = userdata;

	l->format->measure(&l->printer, row);
	return 0;
}

static int print_row(const struct portscope_row *row, void *userdata)
{
	struct list *l = userdata;
	struct portscope_value value;

	l->format->row(&l->printer, row);
	if (l->exposure >= 0) {
		portscope_get(row, l->exposure, &value);
		if (value.known && value.word.rank < ARRAY_SIZE(l->reached))
			l->reached[value.word.rank]++;
		l->insecure += listens_only(l) && portscope_insecurity(row) >= PORTSCOPE_MEDIUM;
	}
	if (l->tells_start)
		started_take(&l->started, row);
	return l->printer.out->error;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void put_reach(const struct list *l, struct page *page)
{
	AUTO_OUT struct out text = OUT_FOR(page->out);
	bool any = false;

	out_format(&text, "%zu listening", l->printer.rows);
	for (size_t i = ARRAY_SIZE(l->reached); i-- > 0;)
		if (l->reached[i]) {
			out_format(&text, "%s %zu %s", any ? "," : ":", l->reached[i],
				portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, i));
			any = true;
		}
	out_char(&text, '.');
	if (l->insecure)
		out_format(&text, " %zu may be insecure: portscope audit", l->insecure);
	page_words(page, out_string(&text) ? text.buffer : "");
}

/* The titles of the columns that a narrow table left out; none: no text. */
static void name_hidden(struct list *l)
{
	size_t position = 0;
	const char *title;

	while (l->listing.screen && (title = table_left_out(&l->printer, &position)))
		out_format(&l->hidden, "%s%s", l->hidden.used ? ", " : "", title);
	out_char(&l->hidden, 0);
}

/* For a reader at a terminal: how many, from how far they can be reached, what did not fit. */
static void put_footer(struct list *l)
{
	struct page page = {.out = l->printer.out, .width = output_width()};

	if (l->tells_start)
		started_put(&l->started, portscope_get_time(l->listing.snapshot), 0, &page);
	page_line(&page, 0, 0);
	if (listens_only(l))
		put_reach(l, &page);
	else
		page_format(&page, "%zu socket%s.", l->printer.rows, plural(l->printer.rows));
	if (*l->hidden.buffer) {
		page_line(&page, 0, 0);
		page_format(&page, "Hidden to fit %u columns: %s (pipe or -W shows all).",
			l->listing.width, l->hidden.buffer);
	}
	page_end(&page);
}

static int print_all(struct list *l, struct portscope_snapshot *snapshot)
{
	int r = 0;

	if (l->pids) {
		ssize_t n = pids_write(snapshot, l->printer.out);

		l->nothing = n == 0;
		return (int)MIN(n, 0);
	}
	l->listing.snapshot = snapshot;
	l->printer.listing = &l->listing;
	/* The line on stderr is all that there is to say. */
	if (l->nothing && l->format == &format_table)
		return 0;
	if (l->format->begin)
		l->format->begin(&l->printer);
	if (l->format->measure)
		r = portscope_each(snapshot, measure_row, l);
	if (r >= 0)
		r = portscope_each(snapshot, print_row, l);
	l->listing.cut = MIN(r, 0);
	if (l->format->end)
		l->format->end(&l->printer);
	if (r < 0 || l->printer.out->error)
		return r < 0 ? r : l->printer.out->error;
	name_hidden(l);
	if (l->footer && !l->hidden.error)
		put_footer(l);
	return l->hidden.error;
}

/* Owners that this user may not see do not make the answer incomplete, but worth a word. */
static void report_hidden(const struct portscope_snapshot *snapshot)
{
	struct portscope_counts counts = portscope_get_counts(snapshot);

	if (counts.hidden_owners)
		message("%zu of %zu owners are hidden from this user%s", counts.hidden_owners,
			counts.rows, geteuid() ? "; run it as root to see them" : "");
}

/* Says how the words were understood where they can mean more than one thing. */
static void say_reading(const struct list *l)
{
	const char *text = l->ask.text;

	if (l->reading->peer || (l->ask.kind == ASK_PORT && l->turned))
		message("no local port %s; showing connections to remote port %s", text, text);
	else if (l->reading->as)
		message("taking '%s' as %s: %s", text, l->reading->as, l->reading->filter);
	else if (l->ask.kind != ASK_PORT && !l->all && !only_listening(l) && l->query.filter &&
		 portscope_filter_asks_holder(l->query.filter))
		message("showing sockets in every state (-a), because the filter asks who holds "
			"them");
}

/* Bare, portscope lists connections: where there are none, that may not be what was meant. */
static void say_how_many_listen(const struct list *l)
{
	struct portscope_query query = l->query;
	struct portscope_snapshot *snapshot;
	size_t n;

	query.states = PORTSCOPE_STATES_LISTENING;
	query.n_fields = query.n_sort = 0;
	query.unsorted = query.identity = false;
	if (portscope_open(&query, &snapshot) < 0)
		return;
	n = portscope_count(snapshot);
	if (n)
		message("no connections; %zu socket%s listen%s: portscope -l", n, plural(n),
			n == 1 ? "s" : "");
	portscope_close(snapshot);
}

/* A table of connections, and nothing that narrows it or says that it is read by a program. */
static bool is_bare(const struct list *l)
{
	return !l->query.filter && !l->all && !l->listening && l->format == &format_table &&
	       !l->options.columns && !l->options.no_header;
}

static void say_nothing(struct list *l)
{
	if (l->named)
		ask_say_nothing(&l->ask, only_listening(l) || (l->pids && l->ask.kind == ASK_PORT));
	else if (is_bare(l))
		say_how_many_listen(l);
	l->nothing = l->named;
}

/* Where no socket has a lone port as its own, the peers' ports are meant; what listens has none. */
static int open_reading(struct list *l, struct portscope_snapshot **ret)
{
	int r = portscope_open(&l->query, ret);

	if (r < 0 || l->ask.kind != ASK_PORT || portscope_count(*ret) || only_listening(l) ||
		l->pids)
		return r;
	portscope_close(*ret);
	portscope_filter_turn_to_peer(l->query.filter);
	l->turned = true;
	return portscope_open(&l->query, ret);
}

static int explain_filter(const struct list *l)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	AUTO_FREE char *text = NULL;
	int r;

	if (!l->query.filter) {
		message("--explain-filter: there is no filter to explain");
		return STATUS_USAGE;
	}
	r = portscope_filter_explain(l->query.filter, l->query.states, &text);
	if (r < 0) {
		message("cannot explain the filter: %s", strerror(-r));
		return STATUS_FAILED;
	}
	out_text(&out, text);
	return output_finish(&out);
}

static int show(struct list *l, struct portscope_snapshot *snapshot)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	const struct portscope_warning *warnings;
	int r, status, written;
	size_t n;

	l->printer.out = &out;
	out_init(&l->hidden, -1);
	r = print_all(l, snapshot);
	written = output_finish(&out);
	warnings = portscope_get_warnings(snapshot, &n);
	status = output_warnings(warnings, n, l->options.verbose);
	if (!l->footer && l->hidden.used > 1)
		message("hidden to fit %u columns: %s (-W shows all)", l->listing.width,
			l->hidden.buffer);
	out_done(&l->hidden);
	report_hidden(snapshot);
	if (r < 0 && !out.error) {
		message("the listing ended early: %s", strerror(-r));
		written = STATUS_FAILED;
	}
	if (!written && l->nothing)
		return STATUS_FOUND;
	return written ? written : status;
}

static int parse_reading(struct list *l)
{
	AUTO_FREE char *wrong = NULL;
	int r = 0;

	l->query.filter = portscope_filter_free(l->query.filter);
	if (l->reading->filter)
		r = portscope_filter_parse(l->reading->filter, &l->query.filter, &wrong);
	if (r == -EINVAL)
		return cli_filter_refuse(&l->options, wrong);
	if (r >= 0 && l->query.filter && portscope_filter_is_of_findings(l->query.filter)) {
		message("a listing has no findings to filter: portscope audit %s",
			l->reading->filter);
		return STATUS_USAGE;
	}
	if (r < 0)
		message("cannot read the filter: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}

/* Tries to find a socket by each reading; the last one that can be tried is shown, be it empty. */
static int run(struct list *l)
{
	struct portscope_snapshot *snapshot = NULL;
	size_t last = l->ask.n - 1;
	int r = 0;

	while (last && l->ask.readings[last].peer && (only_listening(l) || l->pids))
		last--;
	for (size_t i = 0; i <= last && !r; i++) {
		portscope_close(snapshot);
		snapshot = NULL;
		l->reading = &l->ask.readings[i];
		r = parse_reading(l);
		if (!r)
			r = prepare(l);
		if (r || l->explain_filter)
			return r ? r : explain_filter(l);
		r = open_reading(l, &snapshot);
		if (r < 0) {
			message("cannot list the sockets: %s", strerror(-r));
			return STATUS_FAILED;
		}
		if (portscope_count(snapshot))
			break;
	}
	if (portscope_count(snapshot) || l->query.unsorted)
		say_reading(l);
	else
		say_nothing(l);
	r = show(l, snapshot);
	portscope_close(snapshot);
	return r;
}

static int run_list(void *state)
{
	struct list *l = state;
	int r;

	if (l->pids && l->options.format) {
		message("--pids has no other format: it prints bare numbers");
		return STATUS_USAGE;
	}
	if (l->options.list_fields)
		return output_text(socket_fields_write);
	r = ask_read(&l->options, &l->ask);
	l->named = l->ask.kind != ASK_FILTER;
	if (!r)
		r = run(l);
	portscope_filter_free(l->query.filter);
	ask_done(&l->ask);
	return r;
}

/* What ss(8) of iproute2 takes and this command does not. */
static const char letters_of_ss[] = "xw0SKEomibsNzZDQdBMTL";

#define AT(member) offsetof(struct list, member)

/* clang-format off */
static const struct option_spec options[] = {
	{'l', "listening", NULL, OPTION_FLAG, AT(listening), "only listening sockets: TCP in listen, UDP unconnected"},
	{'a', "all", NULL, OPTION_FLAG, AT(all), "listening sockets and connections, in every state"},
	OPTION_TCP,
	OPTION_UDP,
	{'A', "query", "LIST", OPTION_BITS, OPTIONS_AT(protocols), "the same as a list: tcp,udp", .words = option_protocol_words},
	{'4', "ipv4", NULL, OPTION_BITS, AT(families), "only IPv4, including dual-stack sockets", .value = PORTSCOPE_INET},
	{'6', "ipv6", NULL, OPTION_BITS, AT(families), "only IPv6", .value = PORTSCOPE_INET6},
	{'f', "family", "FAMILY", OPTION_BITS, AT(families), "inet (as -4) or inet6 (as -6)", .words = option_family_words},
	{0, "inet", NULL, OPTION_BITS, AT(families), "as -4", .value = PORTSCOPE_INET},
	{0, "inet6", NULL, OPTION_BITS, AT(families), "as -6", .value = PORTSCOPE_INET6},
	OPTION_NUMERIC,
	{0, "numeric-ports", NULL, OPTION_NOTHING, 0, "accepted: ports are always numbers"},
	{'r', "resolve", NULL, OPTION_REFUSED, 0, "portscope asks no name server; for one address: getent hosts ADDRESS"},
	{'p', "processes", NULL, OPTION_FLAG, AT(processes), "every process that holds a socket"},
	{0, "pids", NULL, OPTION_FLAG, AT(pids), "only pids, for kill; for a port, those of its listeners"},
	{0, "programs", NULL, OPTION_FLAG, AT(processes), "as -p"},
	{'e', "extended", NULL, OPTION_FLAG, AT(extended), "add uid, inode, cookie and cgroup"},
	{'O', "oneline", NULL, OPTION_NOTHING, 0, "accepted: a socket is always one line"},
	OPTION_NO_HEADER,
	OPTION_JSON,
	OPTION_JSON_LINES,
	OPTION_CSV,
	OPTION_COLUMNS,
	OPTION_SORT,
	{0, "width", "N", OPTION_NUMBER, AT(width_asked), "fit the table to N columns, even in a pipe", .value = 10000},
	{'W', "wide", NULL, OPTION_FLAG, AT(wide), "do not fit the table to the terminal"},
	{0, "each", NULL, OPTION_FLAG, AT(each), "one row per socket: merge nothing"},
	OPTION_FILTER,
	{0, "explain-filter", NULL, OPTION_FLAG, AT(explain_filter), "explain the filter and exit"},
	OPTION_LIST_FIELDS,
	OPTION_COLOR,
	OPTION_COLLECTOR,
	OPTION_VERBOSE,
	OPTIONS_END,
};
/* clang-format on */

const struct command command_list = {
	.name = "list",
	.options = options,
	.uncovered = letters_of_ss,
	.size = sizeof(struct list),
	.arguments = "[OPTIONS] [FILTER]",
	.help = "which ports are open; the default",
	.usage = "[OPTIONS] [FILTER]",
	.about = "Which ports are open here, what each is for, who holds it, who can reach it.\n"
		 "\n"
		 "Bare, it lists connections, as ss does; with -l what listens.\n",
	.closing =
		"\nExamples:\n"
		"  sudo portscope -l                 what listens\n"
		"  portscope 3000                    who has port 3000; also: 80/tcp, nginx, ssh\n"
		"  portscope -tan                    every TCP socket\n"
		"  portscope --json -l | jq '.sockets[].local_port'\n"
		"\n"
		"Exit status: 0 done, 1 nothing has the port or name asked for, 2 wrong usage,\n"
		"3 failed, 4 something could not be seen.\n",
	.run = run_list,
};
