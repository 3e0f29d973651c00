/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The executable of a process, whose link any process may try to dress up. */
#ifndef PORTSCOPE_OWNER_EXECUTABLE_H
#define PORTSCOPE_OWNER_EXECUTABLE_H

#include "util/macros.h"

/**
 * Reads the link `exe` of the folder of a process or of a thread. -ENOENT: the process has none,
 * as a kernel thread, or it ended. Only a link that ends as that of a deleted file makes it look
 * at the file, and then at nothing that its file system would have to fetch.
 */
int executable_read(int dir, char **ret_path, bool *ret_deleted);

/**
 * Opens the folder of a thread of the process that still runs, where the first one has ended: it
 * took its links with it, and the threads have them. `dir` is the process's folder. -ENOENT: every
 * thread ended.
 */
int executable_open_thread(int dir);

#endif
