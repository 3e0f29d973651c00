/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports and ranges of ports, as they stand on a command line. A mistake is said on stderr. */
#ifndef PORTSCOPE_CLI_PORTS_H
#define PORTSCOPE_CLI_PORTS_H

#include <portscope.h>

/** True for `22` and `137-139`, be they ports or not. */
bool ports_are_numeric(const char *word);
/** Reads such a word; a single port is a range of one. STATUS_USAGE after a mistake, else 0. */
int ports_parse(const char *word, uint16_t *ret_low, uint16_t *ret_high);
/** ICANN's range of this name, or NULL after a mistake: `what` starts the message (`it is`). */
const struct portscope_range *ports_range(const char *what, const char *name);

#endif
