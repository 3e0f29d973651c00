/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What speaks for a protocol on a port beside the port's number: the programs that hold it.
 */
#ifndef PORTSCOPE_RULES_EVIDENCE_H
#define PORTSCOPE_RULES_EVIDENCE_H

#include "annotate/program.h"

/** What speaks for a service on a socket. */
enum evidence {
	EVIDENCE_PORT,         /**< only the port's number */
	EVIDENCE_PROCESS,      /**< a holder is known to speak it */
	EVIDENCE_CONTRADICTED, /**< all holders are known to speak something else */
};

/**
 * What the holders say of `service` on the socket of `row`. `ret_holder` is the one that decided,
 * NULL for EVIDENCE_PORT; a name that a process gave itself never contradicts.
 */
enum evidence evidence_of(const struct portscope_row *row, const char *service,
	const struct registry_program **ret_program, const struct portscope_process **ret_holder);

#endif
