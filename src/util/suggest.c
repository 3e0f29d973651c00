/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nearest word of a list: Damerau-Levenshtein distance (in its restricted form, where no
 * stretch is edited twice), because a swap of two neighbours is the commonest slip of the hand.
 */
#include "util/suggest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "util/macros.h"

/** Longer words are not typing errors of anything we know. */
#define WORD_MAX 48

static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= n_b; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned *oldest = before;

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);

			now[j] = MIN(last[j] + 1, now[j - 1] + 1);
			now[j] = MIN(now[j], last[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
				cb == tolower((unsigned char)a[i - 2]))
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = oldest;
	}
	return last[n_b];
}

const char *suggest(const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word);
	const char *nearest = NULL;
	/* One slip in a short word, one in three letters of a long one: more is another. */
	unsigned best = MAX(1u, (unsigned)length / 3);

	if (!length || length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t n_candidate = candidates[i] ? strlen(candidates[i]) : 0;
		unsigned d;

		if (!n_candidate || n_candidate > WORD_MAX)
			continue;
		/* An abbreviation is as near as a slip. */
		if (length >= 3 && !strncasecmp(word, candidates[i], length))
			d = n_candidate == length ? 0 : 1;
		else
			d = distance(word, length, candidates[i], n_candidate);
		/* A word that keeps none of its letters in place is not a suggestion. */
		if (d >= MAX(length, n_candidate))
			continue;
		if (d < best || (!nearest && d == best)) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
