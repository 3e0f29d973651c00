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
/**
 * Both lists of warnings in one, each text once: an array that the caller frees, with room for one
 * more, or NULL without memory. The texts stay where they are.
 */
struct portscope_warning *output_join_warnings(const struct portscope_warning *a, size_t n_a,
	const struct portscope_warning *b, size_t n_b, size_t *ret_count);
/** Writes one text; an exit status. */
int output_text(void (*write_text)(struct out *o));

#endif
