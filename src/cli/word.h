/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments that are one of a few words. */
#ifndef PORTSCOPE_CLI_WORD_H
#define PORTSCOPE_CLI_WORD_H

/**
 * The position of `word` in `words`, which end with NULL; or -1 after a message that starts with
 * `what` ("--color is") and names them all.
 */
int word_find(const char *what, const char *word, const char *const *words);

#endif
