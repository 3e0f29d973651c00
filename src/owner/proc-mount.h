/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of /proc we were given, and what it keeps from us. */
#ifndef PORTSCOPE_OWNER_PROC_MOUNT_H
#define PORTSCOPE_OWNER_PROC_MOUNT_H

#include "util/macros.h"

/** Whether there is such a folder with a process in it; an unmounted /proc is empty. */
bool proc_has_processes(int proc_fd);

/** Whether the folder is a procfs at all. */
bool proc_is_real(int proc_fd);

/** Positive if it numbers processes as our own pid namespace does; 0: not, negative: not known. */
int proc_is_own(int proc_fd);

/**
 * Positive if we are in the first pid namespace, so that no holder can be outside; 0: not,
 * negative: not known.
 */
int proc_is_first(int proc_fd);

/**
 * The value of hidepid= if it takes processes out of sight, else an empty string. Negative: not
 * known.
 */
int proc_hidepid(int proc_fd, char *ret, size_t size);

#endif
