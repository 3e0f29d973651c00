/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading options by the table of a command. */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/habits.h"
#include "cli/message.h"
#include "cli/mistake.h"
#include "cli/word.h"

/* Options are numbered from here, so that no number is a letter. */
#define FIRST_OPTION 256

const char *const option_colour_words[] = {
	[COLOUR_AUTO - 1] = "auto",
	[COLOUR_ALWAYS - 1] = "always",
	[COLOUR_NEVER - 1] = "never",
	NULL,
};

const char *const option_protocol_words[] = {
	[PORTSCOPE_TCP - 1] = "tcp",
	[PORTSCOPE_UDP - 1] = "udp",
	[(PORTSCOPE_TCP | PORTSCOPE_UDP) - 1] = "both",
	NULL,
};

const char *const option_family_words[] = {
	[PORTSCOPE_INET - 1] = "inet",
	[PORTSCOPE_INET6 - 1] = "inet6",
	NULL,
};

const char *const option_collector_words[] = {
	[PORTSCOPE_COLLECTOR_AUTO] = "auto",
	[PORTSCOPE_COLLECTOR_BPF] = "bpf",
	[PORTSCOPE_COLLECTOR_NETLINK] = "netlink",
	[PORTSCOPE_COLLECTOR_PROCFS] = "procfs",
	NULL,
};

enum portscope_collector options_collector(const struct options *options)
{
	return options->collector ? options->collector - 1 : PORTSCOPE_COLLECTOR_AUTO;
}

static int set_choice(const struct options *options, void *place, const struct option_spec *option)
{
	const struct option_spec *other = options->command->options;
	const void *before;

	/* Whatever the pointer there points to, it is copied as bytes. */
	memcpy(&before, place, sizeof(before));
	if (!before || before == option->choice) {
		memcpy(place, &option->choice, sizeof(before));
		return 0;
	}
	while (other->offset != option->offset || other->choice != before)
		other++;
	message("--%s and --%s cannot be combined", other->name, option->name);
	return STATUS_USAGE;
}

/* The position of the argument among the words, from 1; 0: it is none of them. */
static unsigned position(const struct option_spec *option, const char *argument)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s is", option->name);
	return word_find(what, argument, option->words) + 1;
}

static int set_word(unsigned *place, const struct option_spec *option, const char *argument)
{
	unsigned found = position(option, argument);

	if (!found)
		return STATUS_USAGE;
	*place = found;
	return 0;
}

/* The bits of each word of a list. */
static int set_bits(unsigned *place, const struct option_spec *option, const char *list)
{
	AUTO_FREE char *words = strdup(list);
	char *rest = words, *word;

	if (!words) {
		message("out of memory");
		return STATUS_FAILED;
	}
	while ((word = strsep(&rest, ","))) {
		unsigned found = position(option, word);

		if (!found)
			return STATUS_USAGE;
		*place |= found;
	}
	return 0;
}

/* The reason stands in the table. */
static int refuse(const struct option_spec *option)
{
	message("option -%c (--%s) is not supported: %s", option->letter, option->name,
		option->help);
	return STATUS_USAGE;
}

static int set_number(unsigned *place, const struct option_spec *option, const char *argument)
{
	uint64_t n = 0;

	for (const char *at = argument; *at; at++)
		n = *at >= '0' && *at <= '9' ? MIN(n * 10 + (*at - '0'), UINT32_MAX) : UINT32_MAX;
	if (!n || n > option->value) {
		message("--%s is 1 to %u, not '%s'", option->name, option->value, argument);
		return STATUS_USAGE;
	}
	*place = n;
	return 0;
}

static int apply(struct options *options, const struct option_spec *option, const char *argument)
{
	void *place = (char *)options + option->offset;

	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)place = true;
		return 0;
	case OPTION_NOTHING:
		return 0;
	case OPTION_REFUSED:
		return refuse(option);
	case OPTION_BITS:
		if (option->words)
			return set_bits(place, option, argument);
		*(unsigned *)place |= option->value;
		return 0;
	case OPTION_CHOICE:
		return set_choice(options, place, option);
	case OPTION_TEXT:
		*(const char **)place = argument;
		return 0;
	case OPTION_WORD:
		return set_word(place, option, argument);
	case OPTION_NUMBER:
		return set_number(place, option, argument);
	case OPTION_SET:
		return option->set(options, argument);
	}
	return STATUS_USAGE;
}

/* Both end in zeros that are there already. */
static void fill_getopt(const struct option_spec *table, char *letters, struct option *longs)
{
	for (int i = 0; table[i].name; i++) {
		if (table[i].letter) {
			*letters++ = table[i].letter;
			if (table[i].argument)
				*letters++ = ':';
		}
		*longs++ = (struct option){
			.name = table[i].name,
			.has_arg = table[i].argument ? required_argument : no_argument,
			.val = FIRST_OPTION + i,
		};
	}
}

/* The option that getopt_long() found, or NULL: a mistake. */
static const struct option_spec *option_of(const struct option_spec *table, int id)
{
	if (id >= FIRST_OPTION)
		return &table[id - FIRST_OPTION];
	return option_with_letter(table, id);
}

static size_t option_count(const struct option_spec *table)
{
	size_t n = 0;

	while (table[n].name)
		n++;
	return n;
}

int options_parse(struct options *options, int argc, char **argv)
{
	const struct option_spec *table = options->command->options, *option;
	size_t n = option_count(table);
	AUTO_FREE struct option *longs = calloc(n + 1, sizeof(*longs));
	AUTO_FREE char *letters = calloc(2 * n + 1, 1);
	int status;

	if (!longs || !letters) {
		message("out of memory");
		return STATUS_FAILED;
	}
	fill_getopt(table, letters, longs);
	opterr = 0;
	for (;;) {
		/* Where getopt stands before it reads on: a mistake may leave it elsewhere. */
		int at = optind;
		int id = getopt_long(argc, argv, letters, longs, NULL);

		if (id == -1)
			break;
		option = option_of(table, id);
		if (!option) {
			if (habits_answer(options, argc, argv))
				return STATUS_USAGE;
			return mistake_option(
				options, argv, at, optopt < FIRST_OPTION ? optopt : 0);
		}
		status = apply(options, option, optarg);
		if (status)
			return status;
	}
	options->words = argv + optind;
	options->n_words = argc - optind;
	return 0;
}
