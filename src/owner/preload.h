/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Libraries that were put into a process with LD_PRELOAD or /etc/ld.so.preload. */
#ifndef PORTSCOPE_OWNER_PRELOAD_H
#define PORTSCOPE_OWNER_PRELOAD_H

#include "util/macros.h"

/** What this host puts into every process; read once. */
struct preload {
	char *host; /**< text of /etc/ld.so.preload; NULL: there is none, or it is not readable */
	bool read;
};

void preload_done(struct preload *preload);

/**
 * The path of a library outside of the system's folders that LD_PRELOAD or /etc/ld.so.preload
 * names and that is mapped into the process of this folder. NULL: none; the caller frees it. What
 * may not be read of the process says nothing. -ENOMEM at worst.
 */
int preload_find(struct preload *preload, int dir, char **ret);

#endif
