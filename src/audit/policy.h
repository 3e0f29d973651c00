/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy: what is normal on this host. Each line is a verdict, a filter, for an allowance maybe
 * the day until which it holds, and a reason after `#`;
 * the first line that matches a socket decides about it.
 */
#ifndef PORTSCOPE_AUDIT_POLICY_H
#define PORTSCOPE_AUDIT_POLICY_H

#include "filter/filter.h"

/** A file larger than this is not a policy. */
#define POLICY_MAX (1 << 20)

enum policy_verdict {
	POLICY_ALLOW, /**< findings on the socket are silenced, and counted */
	POLICY_DENY,  /**< a finding of its own */
	POLICY_WARN,  /**< a lesser one */
};

struct policy_line {
	unsigned number; /**< in the file, from 1 */
	enum policy_verdict verdict;
	struct filter *filter;
	char *text;   /**< of the filter */
	char *reason; /**< NULL: none */
	char until[sizeof(
		"2027-01-31")]; /**< the last day of an allowance; empty: it does not end */
	bool expired;           /**< that day is over */
};

/** How a line was of use. */
struct policy_use {
	size_t matched; /**< sockets */
	size_t by_name; /**< sockets that it would match if a name could be trusted */
};

struct portscope_policy {
	char *path;
	struct policy_line *lines;
	size_t count;
};

/**
 * Parses the text of a policy. -EINVAL: `ret_error` says what is wrong in which line and column,
 * in lines that the caller frees. `names` as in filter_parse().
 */
int policy_parse(const char *path, const char *text, const struct filter_names *names,
	struct portscope_policy **ret, char **ret_error);

/**
 * Reads the text of a policy if it can be trusted: a regular file of at most POLICY_MAX bytes that,
 * where `root` reads it, belongs to root and nobody else may write to. -EPERM: `ret_error` says
 * why not.
 */
int policy_read_text(const char *path, bool root, char **ret, char **ret_error);

/**
 * The line that decides about a row, or NULL; counts in `uses`, one a line, each line that matches
 * it. What allows does not rest on names: see filter_restrict(). An allowance whose day is over
 * decides nothing; `ret_expired` is the one that would have, or NULL.
 */
const struct policy_line *policy_judge(const struct portscope_policy *policy,
	const struct portscope_row *row, struct policy_use *uses,
	const struct policy_line **ret_expired);

#endif
