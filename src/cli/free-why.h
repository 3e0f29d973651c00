/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a single port is not free. */
#ifndef PORTSCOPE_CLI_FREE_WHY_H
#define PORTSCOPE_CLI_FREE_WHY_H

#include <portscope.h>

/** Says on stderr why `free` did not print the one port that was wished for. */
void free_say_why(const struct portscope_wish *wish, const struct portscope_choice *choice);

#endif
