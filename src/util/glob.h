/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns: `*`, `?`, `[a-z]`, `[!a-z]`, a backslash before a character that is meant as itself.
 * Unlike fnmatch(3) it works on bytes whatever the locale and never takes exponential time, which
 * matters for patterns and texts that may both come from strangers.
 */
#ifndef PORTSCOPE_UTIL_GLOB_H
#define PORTSCOPE_UTIL_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_match(const char *pattern, const char *text);
/** The same where upper and lower case of ASCII letters do not differ. */
bool glob_match_caseless(const char *pattern, const char *text);
/** The same as glob_match() for `length` bytes. */
bool glob_match_bytes(const char *pattern, const char *text, size_t length);

#endif
