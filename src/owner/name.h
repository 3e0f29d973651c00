/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process is called: decided here once, for every command and format. */
#ifndef PORTSCOPE_OWNER_NAME_H
#define PORTSCOPE_OWNER_NAME_H

#include "util/macros.h"

/** What /proc says of a process that has to do with its name. */
struct name_facts {
	const char *comm;      /**< NULL: not readable */
	const char *exe;       /**< path, without the mark of deletion; NULL: not readable */
	const char *arguments; /**< text of /proc/PID/cmdline: each argument ends with a NUL */
	size_t length;         /**< of that text, after which a NUL stands */
};

/** The names; strings are the caller's to free. */
struct names {
	char *program;      /**< `nginx`, `gunicorn (python3.11)`; NULL: nothing is known */
	size_t name_length; /**< of `program` without the interpreter in brackets */
	char *title;        /**< what the process wrote over its arguments; NULL: nothing */
};

/**
 * Names a process. `program` is the file name of its executable; of an interpreter the script,
 * module or archive that it runs, with the interpreter in brackets; of a file that is many
 * programs, such as busybox, the one that it was called as. Where the executable cannot be seen it
 * is the kernel's name, which argv[0] completes if it was cut. -ENOMEM at worst.
 */
int names_make(const struct name_facts *facts, struct names *ret);

/** The argument after `option` in the text of /proc/PID/cmdline; NULL: it is not there. */
const char *names_find_option(const char *arguments, size_t length, const char *option);

#endif
