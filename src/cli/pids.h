/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --pids: who holds what was listed, as numbers for kill(1). */
#ifndef PORTSCOPE_CLI_PIDS_H
#define PORTSCOPE_CLI_PIDS_H

#include <portscope.h>

#include "util/out.h"

/**
 * Writes the pids of all holders in a snapshot that was asked for PORTSCOPE_FIELD_PROCESSES, one a
 * line, each once, from low to high; names on stderr those that had better not be ended. Returns
 * how many it wrote, or a negative errno.
 */
ssize_t pids_write(struct portscope_snapshot *snapshot, struct out *o);

#endif
