/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The word that somebody probably meant: the nearest of a list, or nothing. */
#ifndef PORTSCOPE_UTIL_SUGGEST_H
#define PORTSCOPE_UTIL_SUGGEST_H

#include <stddef.h>

/**
 * The candidate nearest to `word`, or NULL when none is near enough to be worth naming. Letter case
 * does not count; of equally near ones the first wins. NULL candidates are skipped.
 */
const char *suggest(const char *word, const char *const *candidates, size_t n);

#endif
