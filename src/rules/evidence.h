/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What speaks for a protocol on a port beside the port's number: the programs that hold it. A
 * table says which services a program is known to speak; what is not in it says nothing.
 */
#ifndef PORTSCOPE_RULES_EVIDENCE_H
#define PORTSCOPE_RULES_EVIDENCE_H

#include "model/row.h"

/** A program, and what it is known for. */
struct program {
	const char *name; /**< a glob(7) of the file's name, or of its path where it has a `/` */
	const char *services; /**< keys of insecure.tsv and names of services, by blanks */
	const char *plain;    /**< the insecure one that it speaks on whatever port; NULL: none */
	bool carrier; /**< it may carry anything else as well: what it holds elsewhere says nothing
		       */
};

/** What speaks for a service on a socket. */
enum evidence {
	EVIDENCE_PORT,         /**< the port's number alone */
	EVIDENCE_PROCESS,      /**< a holder is known to speak it */
	EVIDENCE_CONTRADICTED, /**< all holders are known to speak something else */
};

/** Program `i` of the table, NULL after the last. */
const struct program *program_at(size_t i);

/**
 * The program of a process, by its executable, else by the name that it gave itself. That name
 * anybody may choose: `ret_sure` is false then. NULL: not in the table.
 */
const struct program *program_of(const struct portscope_process *process, bool *ret_sure);

/** True if `service` is among the services of the program. */
bool program_speaks(const struct program *program, const char *service);
/** True if the port is one of the program's own, by any name that the port has. */
bool program_at_home(const struct program *program, uint8_t protocol, uint16_t port);

/**
 * What the holders say of `service` on the socket of `row`. `ret_holder` is the one that decided,
 * NULL for EVIDENCE_PORT; a name that a process gave itself never contradicts.
 */
enum evidence evidence_of(const struct portscope_row *row, const char *service,
	const struct program **ret_program, const struct portscope_process **ret_holder);

#endif
