/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A listing: what was asked, what the kernel said, what was gathered beside it. The stages of the
 * engine fill it one after the other; what comes right of the engine reads its rows.
 */
#ifndef PORTSCOPE_LISTING_SNAPSHOT_H
#define PORTSCOPE_LISTING_SNAPSHOT_H

#include "listing/found.h"
#include "listing/request.h"
#include "model/host.h"
#include "rules/rules.h"

struct found;
struct packetfilter;

struct portscope_snapshot {
	struct portscope_query query;
	uint16_t *fields; /**< owned copies of the query's arrays */
	struct portscope_sort *sort;
	struct filter *filter; /**< borrowed from the query; NULL: none */
	struct filter_programs programs;
	uint64_t *autobound; /**< cookies that the filter borrows */
	unsigned needs;      /**< of enum field_need */
	bool streaming;
	bool spent; /**< a stream that has run */
	struct sources sources;
	bool lent; /**< they are the caller's */
	struct host host;
	/** Those that the query wants; while it is filled also the other listeners, after them. */
	struct sockets sockets;
	size_t wanted;                     /**< how many of them the query wants */
	struct rules_index rules;          /**< filled by NEED_RULES */
	struct found *found;               /**< the findings by socket; NULL: not asked for */
	struct packetfilter *packetfilter; /**< NULL: not asked for */
	uint32_t *order;                   /**< of a buffered snapshot */
	struct warnings warnings;
	struct portscope_counts counts;
};

/**
 * portscope_open() with more: `needs`, of enum field_need, is gathered beside what the fields need,
 * and the facts come from `sources`, which must outlive the snapshot; NULL: from this system.
 */
int snapshot_open(const struct portscope_query *query, unsigned needs,
	const struct sources *sources, struct portscope_snapshot **ret);

/** Row `i` of a buffered snapshot, in the order of portscope_each(); its socket stays. */
void snapshot_row(const struct portscope_snapshot *snapshot, size_t i, struct portscope_row *ret);

/* The stages. */

/** What is understood of a socket, and what the rules have to say of it. */
void snapshot_understand(const struct portscope_snapshot *snapshot, const struct socket *socket,
	struct portscope_row *ret);
/** Notes where the sockets come from. */
void snapshot_note_collector(
	struct portscope_snapshot *snapshot, const struct collect_report *report);
/** Takes the sockets of a buffered listing from the kernel. */
int snapshot_collect(struct portscope_snapshot *snapshot);
/** Gathers what the rows need beside the sockets. */
int snapshot_gather(struct portscope_snapshot *snapshot);
/** Reads the packet filter, and works out who can reach what the query wants. */
int snapshot_gather_reach(struct portscope_snapshot *snapshot);
/** Finds out what the rules have to say, and lets go of what the query does not want. */
int snapshot_judge(struct portscope_snapshot *snapshot);
/** The last word of the filter, when everything that it reads is there. */
int snapshot_keep_matching(struct portscope_snapshot *snapshot);

#endif
