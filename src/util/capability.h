/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which capabilities this thread has in effect: asked, never changed, to say in words why something
 * was not permitted. One system call, so that the library needs no other library for it.
 */
#ifndef PORTSCOPE_UTIL_CAPABILITY_H
#define PORTSCOPE_UTIL_CAPABILITY_H

#include <linux/capability.h>
#include <sys/syscall.h>

#include "util/macros.h"

/** The effective set as bits, 1 << CAP_*; empty if it cannot be read. */
static inline uint64_t capability_effective(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

#endif
