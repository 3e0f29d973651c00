/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The findings of an audit as lines for a reader: what differs only in its address, its family or
 * its worker, or in a port beside the other, is one.
 */
#ifndef PORTSCOPE_CLI_AUDIT_LINES_H
#define PORTSCOPE_CLI_AUDIT_LINES_H

#include <portscope.h>

#include "util/out.h"

struct audit_line {
	const char *severity;
	unsigned rank; /**< of the severity */
	const char *rule;
	const char *evidence;
	const char *protocol;
	uint16_t low, high; /**< ports */
	unsigned exposure;  /**< the rank of the widest */
	char *service;      /**< this and what follows is owned, and printable */
	char *holder;
	char *what;
	char *text;
	char *advice;     /**< NULL: none */
	char *references; /**< NULL: none */
	char *started_by; /**< NULL: not known */
	struct out addresses;
	size_t sockets;
};

struct audit_lines {
	struct audit_line *lines;
	size_t count;
};

/** What audit_lines_add() reads. */
#define AUDIT_LINES_READS 17
extern const uint16_t audit_lines_reads[AUDIT_LINES_READS];

/** Adds a finding to the line that it belongs to, or as a new one. -ENOMEM at worst. */
int audit_lines_add(struct audit_lines *lines, const struct portscope_row *row);
/** Frees the lines. */
void audit_lines_done(struct audit_lines *lines);

#endif
