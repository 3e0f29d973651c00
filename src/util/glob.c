/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Patterns, matched by going back only to the last star: no earlier one can do better. */
#include "util/glob.h"

#include <string.h>

#include "util/ascii.h"

/* Matches the class after a `[`: its end in `*ret_end`, NULL if it has none. */
static bool match_class(const char *p, unsigned char c, bool fold, const char **ret_end)
{
	bool negated = *p == '!' || *p == '^', found = false;
	unsigned char lower = ascii_lower(c), upper = ascii_upper(c);

	p += negated;
	/* A `]` in first place is a character of the class. */
	for (bool first = true; *p && (first || *p != ']'); first = false) {
		unsigned char low = (unsigned char)*p++, high = low;

		if (*p == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
		}
		found |= c >= low && c <= high;
		found |= fold &&
			 ((lower >= low && lower <= high) || (upper >= low && upper <= high));
	}
	*ret_end = *p ? p + 1 : NULL;
	return found != negated;
}

/* Matches one character other than a star; the rest of the pattern, or NULL. */
static const char *match_one(const char *p, unsigned char c, bool fold)
{
	const char *end;
	bool found;

	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		found = match_class(p + 1, c, fold, &end);
		if (end)
			return found ? end : NULL;
	} else if (*p == '\\' && p[1]) {
		p++;
	}
	if (*p && fold && ascii_lower(*p) == ascii_lower((char)c))
		return p + 1;
	return *p && (unsigned char)*p == c ? p + 1 : NULL;
}

static bool match(const char *pattern, const char *text, size_t length, bool fold)
{
	const char *end = text + length, *star = NULL, *resume = text, *next;

	while (text < end) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
			continue;
		}
		next = match_one(pattern, (unsigned char)*text, fold);
		if (next) {
			pattern = next;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

bool glob_match(const char *pattern, const char *text)
{
	return match(pattern, text, strlen(text), false);
}

bool glob_match_caseless(const char *pattern, const char *text)
{
	return match(pattern, text, strlen(text), true);
}

bool glob_match_bytes(const char *pattern, const char *text, size_t length)
{
	return match(pattern, text, length, false);
}
