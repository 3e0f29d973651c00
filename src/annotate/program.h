/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs that hold a socket, and what the registry knows that they speak. What is not in its
 * table says nothing.
 */
#ifndef PORTSCOPE_ANNOTATE_PROGRAM_H
#define PORTSCOPE_ANNOTATE_PROGRAM_H

#include "model/row.h"
#include "registry/registry.h"

/** What it rests on that a process is a program of the table. */
enum program_proof {
	PROGRAM_BY_NAME,      /**< its name, or a file that others than root can change */
	PROGRAM_BY_ARGUMENTS, /**< a trusted executable, of which the arguments tell what it runs */
	PROGRAM_BY_EXECUTABLE, /**< a trusted executable, which is this program and no other */
};

/** Looks a process up once, so that program_of() need not for each of its sockets. */
void program_look_up(struct process *process);

/**
 * The program that is holder `i` of a row, by its executable, else by the name that it gave
 * itself. Any process may choose that name and its arguments. NULL: not in the table; `ret_proof`
 * is PROGRAM_BY_NAME then.
 */
const struct registry_program *program_of(
	const struct portscope_row *row, size_t i, enum program_proof *ret_proof);

/** True if `service` is among the services of the program. */
bool program_speaks(const struct registry_program *program, const char *service);
/** What it speaks on whatever port of a protocol it is given; false: nothing. */
bool program_speaks_anywhere(
	const struct registry_program *program, uint8_t protocol, struct registry_speech *ret);
/** True if the port is one of the program's own, or has the name of what it speaks. */
bool program_at_home(const struct registry_program *program, uint8_t protocol, uint16_t port);

#endif
