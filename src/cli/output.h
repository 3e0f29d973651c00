/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every command does with stdout: how wide it is, whether it has colour, how it ends. */
#ifndef PORTSCOPE_CLI_OUTPUT_H
#define PORTSCOPE_CLI_OUTPUT_H

#include "cli/options.h"
#include "util/out.h"

/** Columns of the terminal that stdout is; 0: it is none. */
unsigned output_width(void);
/** True if colour is wanted on stdout: --color, then NO_COLOR, then whether it is a terminal. */
bool output_colour(const struct options *options);
/** Writes what is left; an exit status. A closed pipe ends quietly: its reader has seen enough. */
int output_finish(struct out *o);
/** Tells a reader what the answer lacks; the exit status that follows from it. */
int output_warnings(const struct portscope_warning *warnings, size_t n, bool verbose);
/** Writes one text; an exit status. */
int output_text(void (*write_text)(struct out *o));

#endif
