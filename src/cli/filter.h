/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filter of a command line: its words, or a file. */
#ifndef PORTSCOPE_CLI_FILTER_H
#define PORTSCOPE_CLI_FILTER_H

#include "cli/options.h"

/**
 * Reads the filter that the words of the command line or -F give; NULL if there is none. On a
 * mistake it says so on stderr and returns the exit status, else 0. The caller frees the filter.
 */
int cli_filter_read(const struct options *options, struct portscope_filter **ret);

/** The text of the filter, from either; to be freed. 0, or the exit status after a message. */
int cli_filter_text(const struct options *options, char **ret);
/** Says that this is wrong with it; STATUS_USAGE. */
int cli_filter_refuse(const struct options *options, const char *wrong);

#endif
