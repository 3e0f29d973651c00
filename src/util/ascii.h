/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comparison of words that are ASCII by definition, whatever the locale: in a Turkish one
 * strcasecmp(3) does not find `IMAP` and `imap` alike.
 */
#ifndef PORTSCOPE_UTIL_ASCII_H
#define PORTSCOPE_UTIL_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/** True if the string `a` and the `length` bytes at `b` are the same but for case. */
static inline bool ascii_same(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (a[i] == '\0' || ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return a[length] == '\0';
}

#endif
