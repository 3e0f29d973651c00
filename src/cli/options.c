/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table and its reading. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/out.h"
#include "util/suggest.h"

/* Options are numbered from here, so that no number is a letter. */
#define FIRST_OPTION 256

enum option_id {
	OPTION_LISTENING = FIRST_OPTION,
	OPTION_ALL,
	OPTION_TCP,
	OPTION_UDP,
	OPTION_IPV4,
	OPTION_IPV6,
	OPTION_NUMERIC,
	OPTION_PROCESSES,
	OPTION_NO_HEADER,
	OPTION_JSON,
	OPTION_JSON_LINES,
	OPTION_CSV,
	OPTION_COLUMNS,
	OPTION_SORT,
	OPTION_FILTER,
	OPTION_EXPLAIN_FILTER,
	OPTION_LIST_FIELDS,
	OPTION_COLOR,
	OPTION_VERBOSE,
	OPTION_LIST,
	OPTION_INSECURE,
	OPTION_RANGE,
	OPTION_PROTOCOL,
	OPTION_COUNT,
	OPTION_CONSECUTIVE,
	OPTION_RANDOM,
	OPTION_FIRST,
	OPTION_REGISTERED,
	OPTION_ADDRESS,
	OPTION_WITH,
	OPTION_FAIL_ON_CHANGE,
	OPTION_POLICY,
	OPTION_BASELINE,
	OPTION_FAIL_ON,
	OPTION_LIST_RULES,
	OPTION_EXPLAIN_RULE,
	OPTION_SARIF,
	OPTION_HELP,
	OPTION_VERSION,
};

/* clang-format off */
static const struct {
	enum option_id id;
	struct option_spec shown;
} table[] = {
#define OPTION(id, letter, name, argument, commands, help) \
	{OPTION_##id, {letter, name, argument, help, commands}}
	OPTION(LISTENING,   'l', "listening",   NULL,   COMMAND_LIST, "what listens: TCP in listen, UDP unconnected"),
	OPTION(ALL,         'a', "all",         NULL,   COMMAND_LIST, "what listens and what is connected, in every state"),
	OPTION(TCP,         't', "tcp",         NULL,   COMMAND_ALL & ~COMMAND_DIFF, "TCP alone"),
	OPTION(UDP,         'u', "udp",         NULL,   COMMAND_ALL & ~COMMAND_DIFF, "UDP alone"),
	OPTION(IPV4,        '4', "ipv4",        NULL,   COMMAND_LIST, "IPv4 alone, dual-stack sockets among it"),
	OPTION(IPV6,        '6', "ipv6",        NULL,   COMMAND_LIST, "IPv6 alone"),
	OPTION(NUMERIC,     'n', "numeric",     NULL,   COMMAND_LIST | COMMAND_AUDIT, "no names of users; services keep theirs"),
	OPTION(PROCESSES,   'p', "processes",   NULL,   COMMAND_LIST, "every process that holds a socket"),
	OPTION(NO_HEADER,   'H', "no-header",   NULL,   COMMAND_LIST | COMMAND_EXPLAIN | COMMAND_AUDIT, "no line of titles"),
	OPTION(JSON,        'j', "json",        NULL,   COMMAND_ALL, "one JSON document"),
	OPTION(JSON_LINES,  0,   "json-lines",  NULL,   COMMAND_LIST | COMMAND_AUDIT, "one JSON record a line"),
	OPTION(CSV,         0,   "csv",         NULL,   COMMAND_LIST | COMMAND_AUDIT, "comma-separated values for spreadsheets"),
	OPTION(COLUMNS,     0,   "columns",     "LIST", COMMAND_LIST, "fields to show; +LIST adds to the default ones"),
	OPTION(SORT,        0,   "sort",        "LIST", COMMAND_LIST, "fields to sort by; -FIELD from high to low"),
	OPTION(FILTER,      'F', "filter",      "FILE", COMMAND_LIST | COMMAND_AUDIT, "read the filter from a file; - is the standard input"),
	OPTION(EXPLAIN_FILTER, 0, "explain-filter", NULL, COMMAND_LIST, "say how the filter was understood, and end"),
	OPTION(LIST_FIELDS, 0,   "list-fields", NULL,   COMMAND_LIST, "name all fields and end"),
	OPTION(COLOR,       0,   "color",       "WHEN", COMMAND_LIST | COMMAND_AUDIT | COMMAND_DIFF, "auto, always or never"),
	OPTION(VERBOSE,     0,   "verbose",     NULL,   COMMAND_ALL & ~COMMAND_DIFF, "say more about how the answer came about"),
	OPTION(LIST,        0,   "list",        NULL,   COMMAND_EXPLAIN, "the whole table of knowledge"),
	OPTION(INSECURE,    0,   "insecure",    NULL,   COMMAND_EXPLAIN, "with --list, only what may be insecure"),
	OPTION(RANGE,       0,   "range",       "RANGE", COMMAND_EXPLAIN, "explain a range, or --list its ports"),
	OPTION(PROTOCOL,    0,   "protocol",    "PROTO", COMMAND_EXPLAIN | COMMAND_FREE, "tcp, udp or both"),
	OPTION(COUNT,       'n', "count",       "N",    COMMAND_FREE, "how many; one unless told otherwise"),
	OPTION(CONSECUTIVE, 0,   "consecutive", NULL,   COMMAND_FREE, "one after the other"),
	OPTION(RANDOM,      0,   "random",      NULL,   COMMAND_FREE, "any of them, which is the default"),
	OPTION(FIRST,       0,   "first",       NULL,   COMMAND_FREE, "the lowest ones"),
	OPTION(REGISTERED,  0,   "registered",  NULL,   COMMAND_FREE, "allow ports that belong to a service"),
	OPTION(ADDRESS,     0,   "address",     "ADDR", COMMAND_FREE, "free on this address alone"),
	OPTION(WITH,        0,   "with",        "FILE", COMMAND_FREE, "free too on the host whose -a --json FILE is"),
	OPTION(FAIL_ON_CHANGE, 0, "fail-on-change", NULL, COMMAND_DIFF, "exit with status 1 where something differs"),
	OPTION(POLICY,      0,   "policy",      "FILE", COMMAND_AUDIT, "what is normal; else /etc/portscope/policy"),
	OPTION(BASELINE,    0,   "baseline",    "FILE", COMMAND_AUDIT, "report what FILE, an earlier -l --json, lacks"),
	OPTION(FAIL_ON,     0,   "fail-on",     "SEVERITY", COMMAND_AUDIT, "exit 1 for a finding so bad: high, or none"),
	OPTION(LIST_RULES,  0,   "list-rules",  NULL,   COMMAND_AUDIT, "name all rules and end"),
	OPTION(EXPLAIN_RULE, 0,  "explain",     "RULE", COMMAND_AUDIT, "say what a rule looks at, and end"),
	OPTION(SARIF,       0,   "sarif",       NULL,   COMMAND_AUDIT, "SARIF 2.1.0 for dashboards"),
	OPTION(HELP,        'h', "help",        NULL,   COMMAND_ALL,  "this help"),
	OPTION(VERSION,     'V', "version",     NULL,   COMMAND_ALL,  "the version"),
};
/* clang-format on */

/* What ss(8) of iproute2 takes and this program does not. */
static const char letters_of_ss[] = "xw0SKEfoemibsNzZDAQdOBMrTvL";

const struct option_spec *option_at(size_t i)
{
	return i < ARRAY_SIZE(table) ? &table[i].shown : NULL;
}

static void fill_getopt(const struct command *command, char *letters, struct option *longs)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct option_spec *shown = &table[i].shown;

		if (!(shown->commands & command->bit))
			continue;
		if (shown->letter) {
			*letters++ = shown->letter;
			if (shown->argument)
				*letters++ = ':';
		}
		*longs++ = (struct option){
			.name = shown->name,
			.has_arg = shown->argument ? required_argument : no_argument,
			.val = table[i].id,
		};
	}
	*letters = 0;
}

/* Where a mistake sends its maker. */
static const char *help_of(const struct command *command)
{
	return command == commands[0] ? "" : command->name;
}

/* Writes the options that an abbreviation may mean; returns how many, the last one in `ret`. */
static size_t find_long(const struct command *command, const char *name, struct out *list,
	const struct option_spec **ret)
{
	size_t length = strlen(name), n = 0;

	for (size_t i = 0; length && i < ARRAY_SIZE(table); i++)
		if (table[i].shown.commands & command->bit &&
			!strncmp(table[i].shown.name, name, length)) {
			*ret = &table[i].shown;
			if (!(*ret)->name[length])
				return 1;
			out_format(list, "%s--%s", n++ ? ", " : "", (*ret)->name);
		}
	return n;
}

/* The command that takes an option which this one does not, or NULL. */
static const struct command *command_with(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].shown.name, name))
			for (const struct command *const *c = commands; *c; c++)
				if (table[i].shown.commands & (*c)->bit)
					return *c;
	return NULL;
}

static void unknown_long(const struct command *command, const char *name)
{
	const char *names[ARRAY_SIZE(table)], *help = help_of(command), *near;
	const struct command *other = command_with(name);
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].shown.commands & command->bit)
			names[n++] = table[i].shown.name;
	near = suggest(name, names, n);
	if (other)
		message("--%s is an option of %s, not of %s", name, other->name, command->name);
	else if (near)
		message("unknown option --%s; did you mean --%s?", name, near);
	else
		message("unknown option --%s; see portscope %s%s--help", name, help,
			*help ? " " : "");
}

static int wrong_long(const struct command *command, const char *word)
{
	AUTO_OUT struct out list = {.fd = -1};
	const struct option_spec *found;
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	n = find_long(command, name, &list, &found);
	if (n == 1 && found->argument)
		message("option --%s needs an argument: --%s=%s", found->name, found->name,
			found->argument);
	else if (n == 1)
		message("option --%s takes no argument", found->name);
	else if (n > 1)
		message("option --%s may mean %.*s", name, (int)list.used, list.buffer);
	else
		unknown_long(command, name);
	return STATUS_USAGE;
}

/* The line of the table with this letter, or NULL. */
static const struct option_spec *find_letter(const struct command *command, char letter)
{
	for (size_t i = 0; letter && i < ARRAY_SIZE(table); i++)
		if (table[i].shown.letter == letter && table[i].shown.commands & command->bit)
			return &table[i].shown;
	return NULL;
}

static int wrong_letter(const struct command *command, char letter)
{
	const struct option_spec *found = find_letter(command, letter);
	const char *help = help_of(command);

	if (found)
		message("option -%c needs an argument: -%c %s", letter, letter, found->argument);
	else if (command->bit == COMMAND_LIST && strchr(letters_of_ss, letter))
		message("option -%c of ss is not covered by portscope: use ss", letter);
	else if (command->bit != COMMAND_LIST && letter >= '0' && letter <= '9')
		message("unknown option -%c; a port is a number from 0 to 65535", letter);
	else
		message("unknown option -%c; see portscope %s%s--help", letter, help,
			*help ? " " : "");
	return STATUS_USAGE;
}

static int set_format(struct options *o, const struct format *format)
{
	if (o->format && o->format != format) {
		message("--%s and --%s exclude each other", o->format->name, format->name);
		return STATUS_USAGE;
	}
	o->format = format;
	return 0;
}

static int set_colour(struct options *o, const char *when)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(when, words[i])) {
			o->colour = i;
			return 0;
		}
	near = suggest(when, words, ARRAY_SIZE(words));
	message("--color is auto, always or never, not '%s'%s%s%s", when,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return STATUS_USAGE;
}

static int set_protocol(struct options *o, const char *name)
{
	static const char *const words[] = {
		[PORTSCOPE_TCP] = "tcp",
		[PORTSCOPE_UDP] = "udp",
		[PORTSCOPE_TCP | PORTSCOPE_UDP] = "both",
	};
	const char *near;

	for (size_t i = 1; i < ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i])) {
			o->protocols |= i;
			return 0;
		}
	near = suggest(name, words, ARRAY_SIZE(words));
	message("--protocol is tcp, udp or both, not '%s'%s%s%s", name,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return STATUS_USAGE;
}

static int set_count(struct options *o, const char *text)
{
	unsigned n = 0;

	for (const char *at = text; *at; at++)
		n = *at >= '0' && *at <= '9' ? MIN(n * 10 + (*at - '0'), 65536u) : 65536;
	if (!n || n > 65535) {
		message("--count is 1 to 65535, not '%s'", text);
		return STATUS_USAGE;
	}
	o->count = n;
	return 0;
}

static int set_order(struct options *o, int order)
{
	if (o->order && o->order != (unsigned)order) {
		message("--random and --first exclude each other");
		return STATUS_USAGE;
	}
	o->order = order;
	return 0;
}

/* The options of the commands beside `list`. */
static int apply_other(struct options *o, int id)
{
	switch (id) {
	case OPTION_LIST:
		o->list = true;
		return 0;
	case OPTION_INSECURE:
		o->insecure = true;
		return 0;
	case OPTION_RANGE:
		o->range = optarg;
		return 0;
	case OPTION_PROTOCOL:
		return set_protocol(o, optarg);
	case OPTION_COUNT:
		return set_count(o, optarg);
	case OPTION_CONSECUTIVE:
		o->consecutive = true;
		return 0;
	case OPTION_RANDOM:
		return set_order(o, ORDER_RANDOM);
	case OPTION_FIRST:
		return set_order(o, ORDER_FIRST);
	case OPTION_REGISTERED:
		o->registered = true;
		return 0;
	case OPTION_ADDRESS:
		o->address = optarg;
		return 0;
	case OPTION_WITH:
		o->with = optarg;
		return 0;
	case OPTION_BASELINE:
		o->baseline = optarg;
		return 0;
	case OPTION_POLICY:
		o->policy = optarg;
		return 0;
	case OPTION_FAIL_ON:
		o->fail_on = optarg;
		return 0;
	case OPTION_LIST_RULES:
		o->list_rules = true;
		return 0;
	case OPTION_EXPLAIN_RULE:
		o->explain_rule = optarg;
		return 0;
	case OPTION_SARIF:
		o->sarif = true;
		return 0;
	}
	return STATUS_USAGE;
}

static int apply(struct options *o, int id)
{
	switch (id) {
	case OPTION_LISTENING:
		o->listening = true;
		return 0;
	case OPTION_ALL:
		o->all = true;
		return 0;
	case OPTION_TCP:
		o->protocols |= PORTSCOPE_TCP;
		return 0;
	case OPTION_UDP:
		o->protocols |= PORTSCOPE_UDP;
		return 0;
	case OPTION_IPV4:
		o->families |= PORTSCOPE_INET;
		return 0;
	case OPTION_IPV6:
		o->families |= PORTSCOPE_INET6;
		return 0;
	case OPTION_NUMERIC:
		o->numeric = true;
		return 0;
	case OPTION_PROCESSES:
		o->processes = true;
		return 0;
	case OPTION_NO_HEADER:
		o->no_header = true;
		return 0;
	case OPTION_JSON:
		return set_format(o, &format_json);
	case OPTION_JSON_LINES:
		return set_format(o, &format_json_lines);
	case OPTION_CSV:
		return set_format(o, &format_csv);
	case OPTION_COLUMNS:
		o->columns = optarg;
		return 0;
	case OPTION_SORT:
		o->sort = optarg;
		return 0;
	case OPTION_FILTER:
		o->filter_file = optarg;
		return 0;
	case OPTION_EXPLAIN_FILTER:
		o->explain_filter = true;
		return 0;
	case OPTION_LIST_FIELDS:
		o->list_fields = true;
		return 0;
	case OPTION_COLOR:
		return set_colour(o, optarg);
	case OPTION_VERBOSE:
		o->verbose = true;
		return 0;
	case OPTION_FAIL_ON_CHANGE:
		o->fail_on_change = true;
		return 0;
	case OPTION_HELP:
		o->help = true;
		return 0;
	case OPTION_VERSION:
		o->version = true;
		return 0;
	}
	return apply_other(o, id);
}

/* What getopt_long() gave, as a number of the table; 0: a mistake. */
static int option_of(const struct command *command, int id)
{
	if (id >= FIRST_OPTION)
		return id;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].shown.letter == id && table[i].shown.commands & command->bit)
			return table[i].id;
	return 0;
}

/* Says what is wrong with the word before which getopt_long() stood. */
static int wrong_option(const struct command *command, char **argv, int at)
{
	const char *last = argv[optind - 1];

	if (optopt && optopt < FIRST_OPTION && (strncmp(last, "--", 2) != 0 || !last[2]))
		return wrong_letter(command, optopt);
	return wrong_long(command,
		optopt && optopt < FIRST_OPTION ? last : argv[optind - 1 > at ? optind - 1 : at]);
}

int options_parse(const struct command *command, int argc, char **argv, struct options *ret)
{
	char letters[2 * ARRAY_SIZE(table) + 2] = "";
	struct option longs[ARRAY_SIZE(table) + 1] = {0};
	struct options o = {0};

	fill_getopt(command, letters, longs);
	opterr = 0;
	for (;;) {
		/* Where getopt stands before it reads on: it may end up elsewhere after a mistake.
		 */
		int at = optind;
		int id = getopt_long(argc, argv, letters, longs, NULL);

		if (id == -1)
			break;
		id = option_of(command, id);
		if (!id)
			return wrong_option(command, argv, at);
		if (apply(&o, id))
			return STATUS_USAGE;
	}
	o.words = argv + optind;
	o.n_words = argc - optind;
	*ret = o;
	return 0;
}
