/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options. Each command has a table of them beside it, one line an option; getopt, --help and the
 * checks of the completions and of the manual all go by these tables. A line says where its option
 * is kept, so that a new one is a line and its use. Letters of `list` mean what they mean in ss(8).
 */
#ifndef PORTSCOPE_CLI_OPTIONS_H
#define PORTSCOPE_CLI_OPTIONS_H

#include <portscope.h>

#include "cli/command.h"
#include "format/format.h"

/** What several commands take. It is the first member of whatever a command reads into. */
struct options {
	const struct command *command;
	const struct command *const *commands; /**< the table that it stands in */
	unsigned protocols;                    /**< of enum portscope_protocol; 0: not said */
	bool numeric;
	bool no_header;
	bool verbose;
	bool help, version;
	const char *filter_file;     /**< -F; `-` is the standard input */
	const struct format *format; /**< NULL: for a reader */
	unsigned colour;             /**< of enum colour_when; 0: not said */
	unsigned collector;          /**< enum portscope_collector, counted from 1; 0: not said */
	char **words;                /**< what is not an option; ends in NULL */
	const char *columns, *sort;  /**< NULL: the default ones */
	bool list_fields;
	int n_words;
};

enum colour_when {
	COLOUR_AUTO = 1,
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/** What an option does. Its place is `offset` bytes into what the command reads into. */
enum option_kind {
	OPTION_FLAG,    /**< a bool becomes true */
	OPTION_NOTHING, /**< it is so anyway */
	OPTION_REFUSED, /**< not taken, for the reason in `help`; --help does not name it */
	OPTION_BITS,    /**< an unsigned gets the bits of `value`, or with `words` those of what
			   OPTION_WORD would give for each word of a list */
	OPTION_CHOICE,  /**< a pointer becomes `choice`; two choices for one place are a mistake */
	OPTION_TEXT,    /**< a const char * becomes the argument */
	OPTION_WORD,    /**< an unsigned becomes the position of the argument in `words`, from 1 */
	OPTION_NUMBER,  /**< an unsigned becomes the argument, which is from 1 to `value` */
	OPTION_SET,     /**< whatever `set` does */
};

struct option_spec {
	char letter;          /**< 0: none */
	const char *name;     /**< NULL: the end of the table */
	const char *argument; /**< name of its argument in --help; NULL: it takes none */
	enum option_kind kind;
	size_t offset;
	const char *help;
	unsigned value;
	const void *choice;
	const char *const *words; /**< ends with NULL */
	/** Takes the argument; where it is wrong, says so and returns STATUS_USAGE, else 0. */
	int (*set)(void *state, const char *argument);
};

/* The lines of options that several commands take. */
/* clang-format off */
#define OPTIONS_AT(member) offsetof(struct options, member)
#define OPTION_FORMAT(letter, which, name, help) \
	{letter, name, NULL, OPTION_CHOICE, OPTIONS_AT(format), help, .choice = &format_##which}
#define OPTION_TCP        {'t', "tcp", NULL, OPTION_BITS, OPTIONS_AT(protocols), "only TCP", PORTSCOPE_TCP}
#define OPTION_UDP        {'u', "udp", NULL, OPTION_BITS, OPTIONS_AT(protocols), "only UDP", PORTSCOPE_UDP}
#define OPTION_PROTOCOL \
	{0, "protocol", "PROTO", OPTION_BITS, OPTIONS_AT(protocols), "tcp, udp or both", .words = option_protocol_words}
#define OPTION_NUMERIC \
	{'n', "numeric", NULL, OPTION_FLAG, OPTIONS_AT(numeric), "show user ids; service names are kept"}
#define OPTION_FILTER \
	{'F', "filter", "FILE", OPTION_TEXT, OPTIONS_AT(filter_file), "read the filter from a file; - is the standard input"}
#define OPTION_JSON       OPTION_FORMAT('j', json, "json", "one JSON document")
#define OPTION_JSON_LINES OPTION_FORMAT(0, json_lines, "json-lines", "one JSON record a line")
#define OPTION_CSV        OPTION_FORMAT(0, csv, "csv", "comma-separated values for spreadsheets")
#define OPTION_COLUMNS \
	{0, "columns", "LIST", OPTION_TEXT, OPTIONS_AT(columns), "fields to show; +LIST adds to the default ones"}
#define OPTION_SORT \
	{0, "sort", "LIST", OPTION_TEXT, OPTIONS_AT(sort), "fields to sort by; -FIELD from high to low"}
#define OPTION_LIST_FIELDS \
	{0, "list-fields", NULL, OPTION_FLAG, OPTIONS_AT(list_fields), "name all fields and exit"}
#define OPTION_NO_HEADER  {'H', "no-header", NULL, OPTION_FLAG, OPTIONS_AT(no_header), "no line of titles"}
#define OPTION_COLOR \
	{0, "color", "WHEN", OPTION_WORD, OPTIONS_AT(colour), "auto, always or never", .words = option_colour_words}
#define OPTION_COLLECTOR \
	{0, "collector", "WHICH", OPTION_WORD, OPTIONS_AT(collector), "where sockets come from: auto, bpf, netlink or procfs", .words = option_collector_words}
#define OPTION_VERBOSE \
	{'v', "verbose", NULL, OPTION_FLAG, OPTIONS_AT(verbose), "say more about how the answer was found"}
/* What every command has, and the end of its table. */
#define OPTIONS_END \
	{'h', "help", NULL, OPTION_FLAG, OPTIONS_AT(help), "this help"}, \
	{'V', "version", NULL, OPTION_FLAG, OPTIONS_AT(version), "the version"}, \
	{0}
/* clang-format on */

extern const char *const option_colour_words[], *const option_protocol_words[],
							*const option_family_words[],
								*const option_collector_words[];

/** What --collector says. */
enum portscope_collector options_collector(const struct options *options);

/**
 * Reads the words of options->command, its name in argv[0], into the struct that `options` starts.
 * Returns 0, or the exit status after it has said on stderr what is wrong.
 */
int options_parse(struct options *options, int argc, char **argv);

#endif
