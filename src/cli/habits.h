/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines of lsof(8) and fuser(1), typed with portscope's name. */
#ifndef PORTSCOPE_CLI_HABITS_H
#define PORTSCOPE_CLI_HABITS_H

#include "cli/options.h"

/**
 * Of a command line that the options of `list` do not take: where lsof or fuser would, says what to
 * type instead and returns true. False: it is neither of them.
 */
bool habits_answer(const struct options *options, int argc, char **argv);

#endif
