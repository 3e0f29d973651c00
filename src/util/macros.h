/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few macros that every file uses: ownership by cleanup attribute and `steal`, array sizes,
 * static assertions on layout. Nothing here knows what a socket is.
 */
#ifndef PORTSCOPE_UTIL_MACROS_H
#define PORTSCOPE_UTIL_MACROS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a)        (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)            ((a) < (b) ? (a) : (b))
#define MAX(a, b)            ((a) > (b) ? (a) : (b))
#define CLEANUP(f)           __attribute__((cleanup(f)))
#define PRINTF_LIKE(fmt, va) __attribute__((format(printf, fmt, va)))
#define UNUSED               __attribute__((unused))
#define likely(x)            __builtin_expect(!!(x), 1)
#define unlikely(x)          __builtin_expect(!!(x), 0)

/** Declares `func##_cleanup` for CLEANUP(), from a destructor that accepts NULL. */
#define DEFINE_CLEANUP(type, func)                                                                 \
	static inline void func##_cleanup(type *p)                                                 \
	{                                                                                          \
		func(*p);                                                                          \
	}

static inline void free_cleanup(void *p)
{
	free(*(void **)p);
}

/** Closes a descriptor unless it is negative; returns -1, so that `fd = close_fd(fd)` is safe. */
static inline int close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

static inline void close_cleanup(int *fd)
{
	*fd = close_fd(*fd);
}

/** Frees a malloc()ed object when the variable leaves its scope. */
#define AUTO_FREE CLEANUP(free_cleanup)
/** Closes a descriptor when the variable leaves its scope. */
#define AUTO_CLOSE CLEANUP(close_cleanup)

static inline void *steal_pointer(void *p)
{
	void *v = *(void **)p;

	*(void **)p = NULL;
	return v;
}

/** Moves a pointer out of a variable that would otherwise clean it up. */
#define STEAL(p) ((__typeof__(p))steal_pointer(&(p)))

static inline int steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif
