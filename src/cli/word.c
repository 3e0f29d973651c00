/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One of a few words, and what portscope says where it is none of them. */
#include "cli/word.h"

#include <string.h>

#include "cli/message.h"
#include "util/out.h"
#include "util/suggest.h"

int word_find(const char *what, const char *word, const char *const *words)
{
	AUTO_OUT struct out list = OUT_MEMORY;
	const char *near;
	size_t n = 0;

	for (; words[n]; n++)
		if (!strcmp(words[n], word))
			return n;
	for (size_t i = 0; i < n; i++)
		out_format(&list, "%s%s", i ? (i + 1 < n ? ", " : " or ") : "", words[i]);
	near = suggest(word, words, n);
	message("%s %.*s, not '%s'%s%s%s", what, (int)list.used, list.buffer, word,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return -1;
}
