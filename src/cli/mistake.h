/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What portscope says of an option that a command cannot take. */
#ifndef PORTSCOPE_CLI_MISTAKE_H
#define PORTSCOPE_CLI_MISTAKE_H

#include "cli/options.h"

/** The line of a table with this letter, or NULL. */
const struct option_spec *option_with_letter(const struct option_spec *table, char letter);

/**
 * Says what is wrong with the option at which getopt_long() failed: `at` is where it stood before,
 * `letter` the option's letter, or 0 where it has none. Returns STATUS_USAGE.
 */
int mistake_option(const struct options *options, char **argv, int at, char letter);

#endif
