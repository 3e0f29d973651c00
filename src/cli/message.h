/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to stderr: one clear line, escaped, under the program's name. */
#ifndef PORTSCOPE_CLI_MESSAGE_H
#define PORTSCOPE_CLI_MESSAGE_H

#include "util/macros.h"

/** Prints one line; whatever is in it cannot move the cursor. */
void message(const char *format, ...) PRINTF_LIKE(1, 2);

/** Prints lines of text that is printable already, under the program's name. */
void message_lines(const char *text);

#endif
