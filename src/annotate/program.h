/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs that hold a socket, and what the registry knows that they speak. What is not in its
 * table says nothing.
 */
#ifndef PORTSCOPE_ANNOTATE_PROGRAM_H
#define PORTSCOPE_ANNOTATE_PROGRAM_H

#include "model/row.h"
#include "registry/registry.h"

/** Looks a process up once, so that program_of() need not for each of its sockets. */
void program_look_up(struct process *process);

/**
 * The program that is holder `i` of a row, by its executable, else by the name that it gave
 * itself. `ret_sure` is true for an executable that is trusted: the name, and a path that others
 * than root can write to, anybody may choose. NULL: not in the table.
 */
const struct registry_program *program_of(
	const struct portscope_row *row, size_t i, bool *ret_sure);

/** True if `service` is among the services of the program. */
bool program_speaks(const struct registry_program *program, const char *service);
/** True if any program of the table is known to speak `service`. */
bool program_table_speaks(const char *service);
/** What it speaks on whatever port of a protocol it is told; false: nothing. */
bool program_speaks_anywhere(
	const struct registry_program *program, uint8_t protocol, struct registry_speech *ret);
/** True if the port is one of the program's own, by any name that the port has. */
bool program_at_home(const struct registry_program *program, uint8_t protocol, uint16_t port);

#endif
