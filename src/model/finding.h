/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A finding: what is wrong with a socket that listens. It is a row with more fields; a row without
 * one is that of a listing.
 */
#ifndef PORTSCOPE_MODEL_FINDING_H
#define PORTSCOPE_MODEL_FINDING_H

#include <portscope.h>

struct finding {
	const char *rule;  /**< its id */
	const char *title; /**< of the rule */
	enum portscope_severity severity;
	/** What speaks for it: `port`, `port+process`, `process` (whatever the port),
	   `contradicted` (the program speaks something else), `observed` (a fact), `policy`. */
	const char *evidence;
	const char *what;              /**< the same in a few words */
	const char *text;              /**< what is wrong; may hold unsafe bytes from outside */
	const char *advice;            /**< what to do; NULL: nothing in particular */
	const char *const *references; /**< constants that need no escape */
	size_t n_references;
	const char *verdict; /**< of the policy: `deny` or `warn`; NULL: none */
	size_t sockets;      /**< how many sockets with this address share it */
};

#endif
