/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all users of BPF iterators share: whether this process may load programs, why the kernel
 * did not take one, and the reading of what an iterator writes. The programs come as light
 * skeletons, byte arrays that the kernel itself relocates: no library is needed.
 */
#ifndef PORTSCOPE_UTIL_BPF_H
#define PORTSCOPE_UTIL_BPF_H

#include "util/macros.h"

/** Room for why a program could not be used, in words that follow a colon. */
#define BPF_REASON 192

/** True if this process may load programs; else `reason` says what it lacks. */
bool bpf_permitted(char reason[static BPF_REASON]);

/** Says why the kernel did not do `what`, which ended with `error`; always -EOPNOTSUPP. */
int bpf_refused(const char *what, int error, char reason[static BPF_REASON]);

/** Takes records of an iterator; a negative result ends the reading and is its result. */
typedef int (*bpf_records_fn)(const void *records, size_t count, void *userdata);

/**
 * Runs the iterator behind a link and hands out all that it writes, in records of one size.
 * -EOPNOTSUPP: it could not be run or read to its end, `reason` says why; records may have been
 * handed out before.
 */
int bpf_iterate(int link_fd, size_t record_size, bpf_records_fn found, void *userdata,
	char reason[static BPF_REASON]);

#endif
