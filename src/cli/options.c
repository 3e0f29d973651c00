/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table and its reading. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/out.h"
#include "util/suggest.h"

/* Options without a letter are numbered from here. */
#define LONG_ONLY 256

enum {
	OPTION_JSON_LINES = LONG_ONLY,
	OPTION_CSV,
	OPTION_COLUMNS,
	OPTION_SORT,
	OPTION_LIST_FIELDS,
	OPTION_COLOR,
	OPTION_VERBOSE,
};

static const struct {
	int id; /* its letter, or one of the above */
	struct option_spec shown;
} table[] = {
	{'l', {'l', "listening", NULL, "what listens: TCP in listen, UDP unconnected"}},
	{'a', {'a', "all", NULL, "what listens and what is connected, in every state"}},
	{'t', {'t', "tcp", NULL, "TCP alone"}},
	{'u', {'u', "udp", NULL, "UDP alone"}},
	{'4', {'4', "ipv4", NULL, "IPv4 alone, dual-stack sockets among it"}},
	{'6', {'6', "ipv6", NULL, "IPv6 alone"}},
	{'n', {'n', "numeric", NULL, "no names of users; services keep theirs"}},
	{'p', {'p', "processes", NULL, "every process that holds a socket"}},
	{'H', {'H', "no-header", NULL, "no line of titles"}},
	{'j', {'j', "json", NULL, "one JSON document"}},
	{OPTION_JSON_LINES, {0, "json-lines", NULL, "one JSON record a line, as they come"}},
	{OPTION_CSV, {0, "csv", NULL, "comma-separated values for spreadsheets"}},
	{OPTION_COLUMNS, {0, "columns", "LIST", "fields to show; +LIST adds to the default ones"}},
	{OPTION_SORT, {0, "sort", "LIST", "fields to sort by; -FIELD from high to low"}},
	{OPTION_LIST_FIELDS, {0, "list-fields", NULL, "name all fields and end"}},
	{OPTION_COLOR, {0, "color", "WHEN", "auto, always or never"}},
	{OPTION_VERBOSE, {0, "verbose", NULL, "say more about how the answer came about"}},
	{'h', {'h', "help", NULL, "this help"}},
	{'V', {'V', "version", NULL, "the version"}},
};

/* What ss(8) of iproute2 takes and this program does not. */
static const char letters_of_ss[] = "xw0SKEfoemibsNzZDAFQdOBMrTvL";

const struct option_spec *option_at(size_t i)
{
	return i < ARRAY_SIZE(table) ? &table[i].shown : NULL;
}

static void fill_getopt(char *letters, struct option *longs)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].shown.letter)
			*letters++ = table[i].shown.letter;
		longs[i] = (struct option){
			.name = table[i].shown.name,
			.has_arg = table[i].shown.argument ? required_argument : no_argument,
			.val = table[i].id,
		};
	}
	*letters = 0;
}

/* Writes the options that an abbreviation may mean; returns how many, the last one in `ret`. */
static size_t find_long(const char *name, struct out *list, const struct option_spec **ret)
{
	size_t length = strlen(name), n = 0;

	for (size_t i = 0; length && i < ARRAY_SIZE(table); i++)
		if (!strncmp(table[i].shown.name, name, length)) {
			*ret = &table[i].shown;
			if (!(*ret)->name[length])
				return 1;
			out_format(list, "%s--%s", n++ ? ", " : "", (*ret)->name);
		}
	return n;
}

static int wrong_long(const char *word)
{
	AUTO_OUT struct out list = {.fd = -1};
	const char *names[ARRAY_SIZE(table)];
	const struct option_spec *found;
	char name[64];
	const char *near;
	size_t n;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		names[i] = table[i].shown.name;
	n = find_long(name, &list, &found);
	near = suggest(name, names, ARRAY_SIZE(names));
	if (n == 1 && found->argument)
		message("option --%s needs an argument: --%s=%s", found->name, found->name,
			found->argument);
	else if (n == 1)
		message("option --%s takes no argument", found->name);
	else if (n > 1)
		message("option --%s may mean %.*s", name, (int)list.used, list.buffer);
	else if (near)
		message("unknown option --%s; did you mean --%s?", name, near);
	else
		message("unknown option --%s; see portscope --help", name);
	return STATUS_USAGE;
}

static int wrong_letter(char letter)
{
	if (strchr(letters_of_ss, letter))
		message("option -%c of ss is not covered by portscope: use ss", letter);
	else
		message("unknown option -%c; see portscope --help", letter);
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

static int apply(struct options *o, int id)
{
	switch (id) {
	case 'l':
		o->listening = true;
		return 0;
	case 'a':
		o->all = true;
		return 0;
	case 't':
		o->protocols |= PORTSCOPE_TCP;
		return 0;
	case 'u':
		o->protocols |= PORTSCOPE_UDP;
		return 0;
	case '4':
		o->families |= PORTSCOPE_INET;
		return 0;
	case '6':
		o->families |= PORTSCOPE_INET6;
		return 0;
	case 'n':
		o->numeric = true;
		return 0;
	case 'p':
		o->processes = true;
		return 0;
	case 'H':
		o->no_header = true;
		return 0;
	case 'j':
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
	case OPTION_LIST_FIELDS:
		o->list_fields = true;
		return 0;
	case OPTION_COLOR:
		return set_colour(o, optarg);
	case OPTION_VERBOSE:
		o->verbose = true;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	case 'V':
		o->version = true;
		return 0;
	}
	return STATUS_USAGE;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	char letters[2 * ARRAY_SIZE(table) + 1];
	struct option longs[ARRAY_SIZE(table) + 1] = {0};
	struct options o = {0};
	int id;

	fill_getopt(letters, longs);
	opterr = 0;
	for (;;) {
		/* Where getopt stands before it reads on: it may end up elsewhere after a mistake.
		 */
		int at = optind;

		id = getopt_long(argc, argv, letters, longs, NULL);
		if (id == -1)
			break;
		if (id == '?' && optopt && optopt < LONG_ONLY &&
			!strncmp(argv[optind - 1], "--", 2) && strlen(argv[optind - 1]) > 2)
			return wrong_long(argv[optind - 1]);
		if (id == '?' && optopt && optopt < LONG_ONLY)
			return wrong_letter(optopt);
		if (id == '?')
			return wrong_long(argv[optind - 1 > at ? optind - 1 : at]);
		if (apply(&o, id))
			return STATUS_USAGE;
	}
	o.words = argv + optind;
	o.n_words = argc - optind;
	*ret = o;
	return 0;
}
