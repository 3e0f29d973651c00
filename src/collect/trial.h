/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trying a port: whether bind(2) takes it says more than any list of who has it. */
#ifndef PORTSCOPE_COLLECT_TRIAL_H
#define PORTSCOPE_COLLECT_TRIAL_H

#include "model/row.h"

struct trial {
	unsigned protocols;                       /**< of enum portscope_protocol */
	unsigned families;                        /**< of enum portscope_family */
	const struct portscope_endpoint *address; /**< NULL: the wildcards of the families */
};

/**
 * Finds out what can be bound at all: without an address, families that this kernel lacks are left
 * out. The errno of bind(2), negative, if there is nothing.
 */
int trial_prepare(struct trial *trial);

/** What became of a port that was tried. */
enum trial_outcome {
	TRIAL_FREE,
	TRIAL_BUSY,    /**< somebody has it */
	TRIAL_REFUSED, /**< it needs a privilege, or a security module has it for itself */
};

/**
 * Binds a port for a moment, everywhere at once. Negative: it could not be tried, which says
 * nothing about the port.
 */
int trial_bind(const struct trial *trial, uint16_t port);

#endif
