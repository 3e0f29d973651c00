/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the words of a listing ask for: a filter as it stands, or what people type instead of one,
 * put into the language of filters: ports (80/tcp, tcp/80, *:80, 80 443), addresses, and names.
 */
#ifndef PORTSCOPE_CLI_ASK_H
#define PORTSCOPE_CLI_ASK_H

#include "cli/options.h"

/** As what the words are asked for. */
enum ask_kind {
	ASK_FILTER, /**< a filter, or none: that nothing matches is an answer */
	ASK_PORT,   /**< a lone port: the local one, else the peer's */
	ASK_PLACE,  /**< ports and addresses */
	ASK_NAME,   /**< a lone name: of a service, a process or a unit */
	ASK_HOLDER, /**< pid N, process X, unit X, user X, container X */
};

/** One way to understand the words; NULL members: not said. */
struct ask_reading {
	char *filter;
	const char *as; /**< "a process" */
	bool peer;      /**< by the other end of a connection */
	bool listening; /**< for --pids only what listens is meant */
};

#define ASK_READINGS_MAX 8

/** Everything zero before, ask_done() after. */
struct ask {
	enum ask_kind kind;
	struct ask_reading readings[ASK_READINGS_MAX]; /**< the first that finds a socket counts */
	size_t n;
	char *text;         /**< the words, joined */
	char *similar;      /**< of a name: "did you mean ...?"; NULL: nothing is like it */
	unsigned protocols; /**< all ports are of these; 0: not said */
};

/**
 * Reads the words of the command line, or -F. On a mistake it says so on stderr and returns the
 * exit status, else 0.
 */
int ask_read(const struct options *options, struct ask *ret);
void ask_done(struct ask *ask);
/** Says that nothing was found. */
void ask_say_nothing(const struct ask *ask, bool listening);

#endif
