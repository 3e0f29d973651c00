/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How `explain` says it, as text and as JSON. What is known of a port comes from the library;
 * which ports were asked for, and who has them open, from explain.c.
 */
#ifndef PORTSCOPE_CLI_EXPLAIN_H
#define PORTSCOPE_CLI_EXPLAIN_H

#include <portscope.h>

#include "cli/page.h"
#include "util/json.h"

/** Protocols as bits; the first two are those of enum portscope_protocol. */
enum explain_protocol {
	EXPLAIN_SCTP = 4,
	EXPLAIN_DCCP = 8,
	EXPLAIN_ALL = 15,
};

/** The bit of a protocol's name, 0 for no name of one. */
unsigned explain_protocol_bit(const char *name);
/** Name of protocol `i`, in the order of their bits; NULL after the last. */
const char *explain_protocol_at(unsigned i);

/** What is known of a port on the protocols asked for, in short or all; not who has it open. */
void explain_text(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port, unsigned protocols, bool details);

/** Titles of the table of many ports. */
void explain_table_titles(struct out *o);
/** A table under way: its buffers are for `out`, the counts start at zero. */
struct explain_table {
	struct out *out;
	unsigned width; /**< lines are cut there; 0: they are not */
	unsigned low;   /**< of the ports that the next line is about */
	unsigned high;
	size_t lines;
	struct out line; /**< the rest of that line */
	struct out next; /**< the same of the port under way */
};

/** Adds a port's lines; neighbours of which the same is known become one. */
void explain_table_add(
	struct explain_table *t, const struct portscope_port *port, unsigned protocols);
/** Writes the last line and frees what the table holds. */
void explain_table_end(struct explain_table *t);

/** What a range is for, with numbers from the tables. */
void explain_range_text(struct page *p, const struct portscope_knowledge *knowledge,
	const struct portscope_range *range);

/** Where to begin: what ports are, and what to ask next. */
void explain_start_text(struct page *p, const struct portscope_knowledge *knowledge);

/** The members of one port, without its braces. */
void explain_json(struct json *j, const struct portscope_knowledge *knowledge,
	const struct portscope_port *port, unsigned protocols);
/** An object of a range. */
void explain_range_json(struct json *j, const struct portscope_knowledge *knowledge,
	const struct portscope_range *range);

/** What is known of the ports of a range. */
struct explain_counts {
	size_t tcp, udp; /**< ports with a registered name */
	size_t insecure; /**< ports with a service that may be insecure */
};

struct explain_counts explain_count(
	const struct portscope_knowledge *knowledge, const struct portscope_range *range);

/** The protocols on which a service is known that may be insecure, by more than a note. */
unsigned explain_insecure(const struct portscope_port *port);

#endif
